# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
"""Interrupts whose handlers run in threads: by `threadirqs` on the kernel's command line, or
because the kernel is a PREEMPT_RT one. The cause is the interrupt, its stamp the hard interrupt's,
and what keeps its thread waiting shows between that and `irqthread`."""

import re
import time

from guest.env import MS, clock_offset, median, receive, send_tcp, send_udp, trace_eth0
from guest.poll import check_polls, interrupts
from lib.harness import check, later, test
from lib.kernels import RT
from lib.records import at, between, spent, tally


def threaded_guest(env, nic=None, smp=1):
    return env.guest(nic=nic, smp=smp, append="" if env.kernel.endswith(RT) else "threadirqs")


def irq_thread(g, device="eth0"):
    """(number of the device's interrupt, its thread), the first one that has one."""
    for line in g.check(["cat", "/proc/interrupts"]).splitlines():
        if not re.search(rf"\b({device}|virtio\d+-input)", line):
            continue
        number = line.split(":")[0].strip()
        script = (f"for p in /proc/[0-9]*; do read c < $p/comm && case $c in irq/{number}-*) "
                  "echo ${p#/proc/};; esac; done 2>/dev/null; true")
        pids = g.check(script).split()
        if pids:
            return number, pids[0]
    raise AssertionError(f"{device} has no interrupt's thread")


def check_flow(run, port, count):
    """Each packet of the flow has its interrupt, hard and in the thread."""
    flow = run.flow(proto="udp", dport=port)
    check(len(flow) == count, f"{len(flow)} records of {count}")
    check(tally(flow, "cause") == {"irq": count}, f"causes: {tally(flow, 'cause')}")
    for rec in flow:
        names = [row["stage"] for row in rec["stages"]]
        check(names[:3] == ["irq", "irqthread", "napi"], f"its stages: {rec}")
        check(at(rec, "irq") < at(rec, "irqthread") <= at(rec, "napi"), f"out of order: {rec}")
    return flow


def check_threads(env, nic=None, count=20):
    g, port = threaded_guest(env, nic), env.port()
    number, _ = irq_thread(g)
    before = interrupts(g)
    with trace_eth0(g) as trace:
        send_udp(g, port, count, gap_us=20_000)
        run = trace.stop()
    counted = interrupts(g) - before
    hooks = {h["hook"] for h in run.hooks if h["backend"]}
    check({"irq_handler_entry", "irq_forced_thread_fn"} <= hooks, f"not in use: {hooks}")
    flow = check_flow(run, port, count)
    distinct = {at(r, "irq") for r in flow}
    check(len(distinct) <= counted,
          f"{len(distinct)} interrupts in records, {counted} by the kernel")
    check_polls(run)
    waits = median([between(r, "irq", "irqthread") for r in flow])
    return (f"IRQ {number}: {len(flow)} of {count} for an interrupt, {len(distinct)} different "
            f"ones, {counted} by the kernel's count; its thread after {waits / 1000:.0f} µs")


@later
def interrupts_in_threads_of_e1000(env):
    return check_threads(env)


@later
def interrupts_in_threads_of_igb(env):
    return check_threads(env, "igb")


@later
def interrupts_in_threads_of_virtio(env):
    return check_threads(env, "virtio-net-pci")


@later
def a_stream_with_interrupts_in_threads(env):
    """Merged packets and ACKs as well; the bytes are the reader's."""
    g, port, size = threaded_guest(env), env.port(), 1_000_000
    with trace_eth0(g, file=True) as trace:
        send_tcp(g, port, size)
        run = trace.stop()
    flow = run.flow(proto="tcp", dport=port)
    data = sum(r["data_len"] for r in flow if r["verdict"] in ("delivered", "merged"))
    check(data == size, f"{data} bytes in records, {size} were read")
    causes = tally(run.records, "cause")
    check(set(causes) <= {"irq", "repoll", "missed", "backlog", "none"} and
          causes.get("irq", 0) > 0, f"causes: {causes}")
    check_polls(run)
    return f"{data} bytes in {len(flow)} packets, causes {causes}"


@test
def an_interrupts_thread_that_gets_no_cpu_shows_in_irq(env):
    """A real-time task takes the CPU of the interrupt's thread, not of the hard interrupt."""
    g, port, rounds, hold = threaded_guest(env, smp=2), env.port(), 12, 200
    waits, others = [], []
    number, _ = irq_thread(g)
    g.check(f"echo 2 > /proc/irq/{number}/smp_affinity")
    with trace_eth0(g) as trace:
        reader = receive(g, "udp-recv", port, rounds + 1, "--timestamps")
        # The first one takes the interrupt, and then its thread, to the other CPU.
        g.traffic("udp-send", g.nics[0].guest, port, 1)
        time.sleep(0.2)
        ends = []
        for _ in range(rounds):
            hog = g.start(["traffic", "spin-fifo", str(hold), "1", "80"])
            hog.wait_for("ready", 20)
            time.sleep(0.01)
            g.traffic("udp-send", g.nics[0].guest, port, 1)
            hog.wait(20)
            begin, end = re.search(r"begin (\d+) end (\d+)", hog.out()).groups()
            ends.append((int(begin), int(end)))
            time.sleep(0.05)
        reader.wait(60)
        run = trace.stop()
    offset, _ = clock_offset(reader.out())
    flow = check_flow(run, port, rounds + 1)[1:]
    for rec, (begin, end) in zip(flow, ends):
        came = at(rec, "irq") - offset
        if not begin < came < end - 5 * MS:
            continue  # the machine was slow: it came when the CPU was free again
        waits.append(spent(rec, "irq") - (end - came))
        others.append(max(row["ns"] for row in rec["stages"]
                          if row["stage"] not in ("irq", "sock")))
        check(at(rec, "irqthread") - offset >= end - MS, f"it ran while the CPU was taken: {rec}")
    check(len(waits) >= rounds // 2, f"{len(waits)} of {rounds} came while the CPU was taken")
    limit = max(MS, hold * MS // 10)
    check(abs(median(waits)) <= limit, f"irq is off by {median(waits) / MS:.2f} ms")
    check(median(others) <= limit, f"another stage took {median(others) / MS:.2f} ms")
    return (f"{len(waits)} packets: irq lasts until the CPU is free, off by "
            f"{median(waits) / MS:.2f} ms; longest other stage {median(others) / MS:.2f} ms")
