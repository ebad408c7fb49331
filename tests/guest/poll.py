# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
"""Why each poll ran, where, and what it fetched: every cause provoked, and held against what the
kernel itself says of its interrupts, polls and budgets."""

import contextlib
import re
import time

from guest.env import (MS, clock_offset, closed, median, receive, send_tcp, send_udp, trace_eth0,
                       udp_counters)
from lib.harness import Skip, check, later, test
from lib.records import at, between, settle, spent, tally

SYS = "/sys/class/net/eth0"
BUDGET = 64  # netif_napi_add()'s weight: NAPI_POLL_WEIGHT


def polls(run):
    """The packets of each poll that was seen, [(first record, all of them)], in order of time."""
    found = {}
    for rec in run.records:
        cpu = next((row["cpu"] for row in rec["stages"] if row["stage"] == "poll"), None)
        if cpu is not None and rec["cause"] != "backlog":
            found.setdefault((at(rec, "poll"), cpu), []).append(rec)
    rows = [sorted(recs, key=lambda r: r["poll_index"]) for _, recs in sorted(found.items())]
    return [(recs[0], recs) for recs in rows]


def work_of(recs):
    """What a poll fetched, as the driver said, or None: none of its packets outlived it."""
    said = {r["poll_work"] for r in recs} - {None}
    check(len(said) < 2, f"one poll, several figures: {said}")
    return said.pop() if said else None


def check_polls(run):
    """Indices without gaps, as many as the driver says. Returns how many polls, and told of."""
    told = 0
    for first, recs in polls(run):
        indices = [r["poll_index"] for r in recs]
        check(indices == list(range(len(recs))), f"indices {indices} in one poll: {first}")
        for key in ("cause", "context", "poll_budget"):
            check(len({r[key] for r in recs}) == 1, f"{key} in one poll: {tally(recs, key)}")
        work = work_of(recs)
        check(work in (None, len(recs)), f"{len(recs)} records, but {work} fetched: {first}")
        check(first["poll_budget"] >= len(recs), f"more than its budget: {first}")
        told += work is not None
    check(told, "no poll of which the work is known")
    return len(polls(run)), told


def flood(g, port, count):
    """Back to back, into a reader's large buffer; some may be lost to the NIC's ring."""
    process = receive(g, "udp-recv", port, 0)
    g.traffic("udp-send", g.nics[0].guest, port, count)
    last, now = None, udp_counters(g)
    while now != last:
        time.sleep(0.5)
        last, now = now, udp_counters(g)
    process.signal()
    process.wait()


@contextlib.contextmanager
def setting(g, path, value):
    """A kernel's setting, for a while. Not before earlier traces have detached: Linux 6.1 turns
    ftrace off for good if hooks are detached while kernel.ftrace_enabled is 0, and notices when the
    last one goes (ftrace_shutdown())."""
    settle(g)
    before = g.check(["cat", path]).strip()
    rc, _, err = g.sh(f"echo {value} > {path}")
    if rc:
        raise Skip(f"this kernel has no {path}: {err.strip()}")
    try:
        yield
    finally:
        g.check(f"echo {before} > {path}")


def interrupts(g, device="eth0"):
    """How many interrupts the device's lines had, on all CPUs."""
    total = 0
    for line in g.check(["cat", "/proc/interrupts"]).splitlines():
        if re.search(rf"\b({device}|virtio\d+-input)", line):
            total += sum(int(word) for word in line.split()[1:1 + g.smp])
    return total


# --- interrupts ----------------------------------------------------------------------------------

def check_handler(env, nic, handler, driver_poll, count=40):
    """Paced packets: an interrupt each, and the kernel has counted as many."""
    g, port = env.guest(nic=nic), env.port()
    before = interrupts(g)
    with trace_eth0(g) as trace:
        send_udp(g, port, count, gap_us=20_000)
        run = trace.stop()
    counted = interrupts(g) - before
    hooks = {h["hook"] for h in run.hooks if h["backend"]}
    check({handler, driver_poll} <= hooks, f"{handler} or {driver_poll} not in use: {hooks}")
    other = "irq_handler_entry" in hooks
    check(other == (handler == "irq_handler_entry"), f"its own, or the general one: {hooks}")
    flow = run.flow(proto="udp", dport=port)
    irq = [r for r in flow if r["cause"] == "irq"]
    check(len(flow) == count and len(irq) >= count * 9 // 10, f"causes: {tally(flow, 'cause')}")
    distinct = {at(r, "irq") for r in run.records if at(r, "irq")}
    check(len(distinct) <= counted,
          f"{len(distinct)} interrupts in records, {counted} by the kernel")
    waits = median([between(r, "irq", "napi") for r in irq])
    check(waits < MS, f"scheduled {waits / MS:.2f} ms after the handler began")
    check_polls(run)
    return (f"{handler}: {len(irq)} of {count} polled for an interrupt, {len(distinct)} different "
            f"ones, {counted} by the kernel's count; napi {waits / 1000:.1f} µs after irq")


@test
def interrupts_of_e1000(env):
    return check_handler(env, "e1000", "e1000_intr", "e1000_clean")


@later
def interrupts_of_e1000e(env):
    return check_handler(env, "e1000e", "e1000_intr_msix_rx", "e1000e_poll")


@later
def interrupts_of_igb(env):
    return check_handler(env, "igb", "igb_msix_ring", "igb_poll")


@later
def interrupts_of_virtio(env):
    return check_handler(env, "virtio-net-pci", "irq_handler_entry", "virtnet_poll")


@later
def a_handler_that_two_drivers_have(env):
    """e1000 and e1000e both have an e1000_intr(); both are loaded, the traced one counts."""
    g, port = env.guest(), env.port()
    g.check("modprobe e1000e")
    said = []
    try:
        for backend in ("auto", "kprobe"):
            with trace_eth0(g, "--backend", backend) as trace:
                send_udp(g, port, 20, gap_us=20_000)
                run = trace.stop()
            flow = run.flow(proto="udp", dport=port)
            irq = [r for r in flow if r["cause"] == "irq"]
            check(len(irq) >= 18, f"{backend}: {tally(flow, 'cause')}")
            used = {h["backend"] for h in run.hooks if h["hook"] == "e1000_intr"}
            check(used == {"kprobe"}, f"fentry may take the other one's: {used}")
            said.append(f"{backend} {len(irq)} of {len(flow)}")
    finally:
        settle(g)  # a hook holds the module
        g.check("rmmod e1000e")
    return f"with both drivers loaded: {', '.join(said)} by their interrupt"


# --- what a poll fetched -------------------------------------------------------------------------

def check_bursts(env, nic="e1000", args=()):
    g, port = env.guest(nic=nic), env.port()
    with trace_eth0(g, *args, file=True) as trace:
        for _ in range(4):
            flood(g, port, 300)
        run = trace.stop()
    seen, told = check_polls(run)
    largest = max(len(recs) for _, recs in polls(run))
    check(largest > 1, "no poll fetched two packets")
    return (f"{len(run.records)} packets in {seen} polls, up to {largest} in one; "
            f"{told} said the same")


@test
def a_polls_packets_are_numbered(env):
    return check_bursts(env)


@later
def a_polls_packets_are_numbered_on_e1000e(env):
    return check_bursts(env, "e1000e")


@later
def a_polls_packets_are_numbered_on_igb(env):
    return check_bursts(env, "igb")


@later
def a_polls_packets_are_numbered_on_virtio(env):
    return check_bursts(env, "virtio-net-pci")


@later
def a_polls_merged_packets_are_numbered(env):
    g, port = env.guest(), env.port()
    with trace_eth0(g, file=True) as trace:
        process = receive(g, "tcp-recv", port)
        g.traffic("tcp-send", g.nics[0].guest, port, 2_000_000)
        check(process.wait(60) == 0, f"the reader: {process.err()}")
        closed(g, port)
        run = trace.stop()
    seen, told = check_polls(run)
    merged = tally(run.records).get("merged", 0)
    check(merged, f"nothing was merged: {tally(run.records)}")
    return (f"{len(run.records)} packets, {merged} of them merged, in {seen} polls; "
            f"{told} said the same")


# --- causes --------------------------------------------------------------------------------------

@test
def a_budget_used_up_is_a_repoll(env):
    """A poll is a repoll only after one that used up its budget, which is what the word says."""
    g, port = env.guest(), env.port()
    with trace_eth0(g, file=True) as trace:
        for _ in range(6):
            flood(g, port, 600)
        run = trace.stop()
    rows = polls(run)
    repolls = [(before, recs) for (_, before), (first, recs) in zip(rows, rows[1:])
               if first["cause"] == "repoll"]
    check(repolls, f"no repoll: {tally(run.records, 'cause')}")
    for before, recs in repolls:
        # What the poll says of itself: on a busy machine the ring may have lost a record.
        work = {r["poll_work"] for r in before} - {None} or {len(before)}
        check(work == {BUDGET} == {r["poll_budget"] for r in before},
              f"repoll after a poll of {work}, {len(before)} shown, {run.summary}: {recs[0]}")
        check(not at(recs[0], "irq") and not at(recs[0], "napi"), f"it was scheduled: {recs[0]}")
    return f"{len(repolls)} repolls, each after a poll of {BUDGET}, of {len(rows)} polls"


@later
def a_timer_polls(env):
    """gro_flush_timeout with napi_defer_hard_irqs: no interrupts, but a poll every 20 ms."""
    g, port, count, every = env.guest(), env.port(), 40, 20 * MS
    with setting(g, f"{SYS}/gro_flush_timeout", every), \
            setting(g, f"{SYS}/napi_defer_hard_irqs", 100_000):
        with trace_eth0(g) as trace:
            send_udp(g, port, count, gap_us=50_000)
            run = trace.stop()
    flow = run.flow(proto="udp", dport=port)
    timer = [r for r in flow if r["cause"] == "timer"]
    check(len(timer) >= count * 9 // 10, f"causes: {tally(flow, 'cause')}")
    check(not any(at(r, "irq") for r in timer), "a timer's poll with an interrupt")
    fired = sorted({at(r, "napi") for r in timer})  # what came during the poll shares it
    gaps = [after - before for before, after in zip(fired, fired[1:])]
    # Between two packets the timer fires twice or three times; each rearms it when it polls.
    check(all(gap >= 0.95 * every for gap in gaps), f"sooner than the timer: {min(gaps)}")
    check_polls(run)
    return (f"{len(timer)} of {count} by the timer of {every // MS} ms, "
            f"at least {min(gaps) / MS:.1f} ms apart")


ROUNDS = 40


def until_cause(trace, cause, provoke):
    """provoke(round) again and again until a record has the cause; the checked output."""
    for i in range(ROUNDS):
        provoke(i)
        if trace.wrote(f'"cause":"{cause}"'):
            break
    run = trace.stop()
    check(run.flow(cause=cause), f"{ROUNDS} times, but none: {tally(run.records, 'cause')}")
    return run


def check_missed(run):
    """Scheduled again from within the poll before, and not by an interrupt's handler."""
    rows = polls(run)
    missed = [(before, recs[0]) for (before, _), (first, recs) in zip(rows, rows[1:])
              if first["cause"] == "missed"]
    for before, rec in missed:
        check(not at(rec, "irq"), f"missed, but with an interrupt: {rec}")
        check(at(before, "poll") < at(rec, "napi") <= at(rec, "poll"),
              f"scheduled elsewhere: {rec}")
    check_polls(run)
    return f"{len(missed)} of {len(rows)} polls, each scheduled after the one before it began"


@later
def an_interrupt_during_a_poll_on_e1000e(env):
    """It masks its interrupt while it polls, but one may be on its way: its NIC throttles them.
    Not back to back, since the poll must find nothing more while the next one comes."""
    g = env.guest(nic="e1000e")

    def provoke(i):
        g.traffic("udp-send", g.nics[0].guest, closed, 200, "--gap-us", (50, 100, 200, 400)[i % 4])
        send_tcp(g, env.port(), 100_000)

    closed = env.port()
    with trace_eth0(g, file=True) as trace:
        return check_missed(until_cause(trace, "missed", provoke))


@later
def an_interrupt_during_a_poll_on_virtio(env):
    """It lets interrupts in when it finds no more, and then hands its packets up, each of which a
    program keeps for 30 ms: what comes meanwhile, the poll no longer fetches."""
    g, port = env.guest(nic="virtio-net-pci"), env.port()
    g.check("ip link set dev eth0 xdpgeneric obj /tmp/spin.bpf.o sec xdp.linger")
    try:
        with trace_eth0(g, file=True) as trace:
            run = until_cause(trace, "missed", lambda i: send_udp(g, port, 6, gap_us=10_000))
    finally:
        g.check("ip link set dev eth0 xdpgeneric off")
    return check_missed(run)


@test
def a_busy_poller_polls(env):
    """A reader with SO_BUSY_POLL's default set fetches its packets itself, on its own CPU."""
    g, port, count = env.guest(), env.port(), 100
    with setting(g, "/proc/sys/net/core/busy_read", 50_000):
        with trace_eth0(g) as trace:
            send_udp(g, port, count, gap_us=5_000)
            run = trace.stop()
    flow = run.flow(proto="udp", dport=port)
    busy = [r for r in flow if r["cause"] == "busy"]
    check(len(busy) >= count // 10, f"causes: {tally(flow, 'cause')}")
    for rec in busy:
        names = [row["stage"] for row in rec["stages"]]
        check(rec["context"] == "process" and names[0] == "poll", f"not by a process: {rec}")
        cpus = {row["stage"]: row["cpu"] for row in rec["stages"]}
        check(cpus["poll"] == cpus["read"], f"polled elsewhere than read: {rec}")
    budgets = tally(busy, "poll_budget")
    check(set(budgets) == {8}, f"BUSY_POLL_BUDGET is 8, not {budgets}")
    check_polls(run)
    return f"{len(busy)} of {count} polled by their reader, the others {tally(flow, 'cause')}"


def counter(g, name):
    """The kernel's counter of /proc/net/netstat."""
    lines = g.check(["cat", "/proc/net/netstat"]).splitlines()
    for names, values in zip(lines[::2], lines[1::2]):
        row = dict(zip(names.split(), values.split()))
        if name in row:
            return int(row[name])
    raise Skip(f"this kernel does not count {name}")


@later
def busy_polled_packets_are_as_many_as_the_kernel_counts(env):
    g, port, count = env.guest(), env.port(), 200
    with setting(g, "/proc/sys/net/core/busy_read", 50_000):
        with trace_eth0(g) as trace:
            before = counter(g, "BusyPollRxPackets")
            send_udp(g, port, count, gap_us=3_000)
            counted = counter(g, "BusyPollRxPackets") - before
            run = trace.stop()
    busy = [r for r in run.records if r["cause"] == "busy"]
    # busy_poll_stop() polls once more, and what that fetches the kernel does not count.
    check(counted <= len(busy) <= counted + count // 4,
          f"{len(busy)} records of busy polls, the kernel counted {counted}")
    return f"{len(busy)} records, {counted} by the kernel's count"


# --- where it ran --------------------------------------------------------------------------------

def thread_of(g, name):
    script = "for p in /proc/[0-9]*; do echo $p $(cat $p/comm 2>/dev/null); done"
    for line in g.check(script).splitlines():
        words = line.split()
        if len(words) == 2 and words[1].startswith(name):
            return words[0].removeprefix("/proc/")
    raise AssertionError(f"no thread {name}")


@contextlib.contextmanager
def threaded(g):
    if g.sh(["test", "-f", f"{SYS}/threaded"])[0]:
        raise Skip("this kernel has no threaded NAPI (it came with Linux 5.12)")
    with setting(g, f"{SYS}/threaded", 1):
        yield thread_of(g, "napi/eth0")


@later
def a_thread_polls(env):
    g, port, count = env.guest(), env.port(), 40
    with threaded(g), trace_eth0(g) as trace:
        send_udp(g, port, count, gap_us=20_000)
        run = trace.stop()
    flow = run.flow(proto="udp", dport=port)
    check(set(tally(flow, "context")) == {"thread"}, f"contexts: {tally(flow, 'context')}")
    by = [r for r in flow if r["cause"] == "threaded"]
    check(len(by) >= count * 9 // 10, f"causes: {tally(flow, 'cause')}")
    for rec in by:
        names = {row["stage"] for row in rec["stages"]}
        check({"irq", "napi", "poll"} <= names and "softirq" not in names, f"its stages: {rec}")
    check_polls(run)
    return f"{len(by)} of {count} by the NAPI's thread, with irq and napi, without softirq"


@test
def a_thread_that_gets_no_cpu_shows_in_napi(env):
    """A real-time task takes the NAPI thread's CPU; who waits is between `napi` and `poll`."""
    g, port, rounds, hold = env.guest(smp=2), env.port(), 12, 200
    waits, others = [], []
    with threaded(g) as pid:
        g.check(f"taskset -p 2 {pid}")
        with trace_eth0(g) as trace:
            reader = receive(g, "udp-recv", port, rounds, "--timestamps")
            ends = []
            for i in range(rounds):
                hog = g.start(["traffic", "spin-fifo", str(hold), "1", "50"])
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
    flow = run.flow(proto="udp", dport=port)
    check(len(flow) == rounds, f"{len(flow)} records of {rounds}")
    for rec, (begin, end) in zip(flow, ends):
        came = at(rec, "napi") - offset
        if not begin < came < end - 5 * MS:
            continue  # the machine was slow: it came when the CPU was free again
        waits.append(spent(rec, "napi") - (end - came))
        others.append(max(row["ns"] for row in rec["stages"]
                          if row["stage"] not in ("napi", "sock")))
        check(at(rec, "poll") - offset >= end - MS, f"polled while the CPU was taken: {rec}")
    check(len(waits) >= rounds // 2, f"{len(waits)} of {rounds} came while the CPU was taken")
    limit = max(MS, hold * MS // 10)
    check(abs(median(waits)) <= limit, f"napi is off by {median(waits) / MS:.2f} ms")
    check(min(others) <= limit, f"another stage took {min(others) / MS:.2f} ms")
    return (f"{len(waits)} packets: napi lasts until the CPU is free, off by "
            f"{median(waits) / MS:.2f} ms; longest other stage {median(others) / MS:.2f} ms")


def ran_ns(g, pid):
    return int(g.check(["cat", f"/proc/{pid}/schedstat"]).split()[0])


@test
def a_flood_goes_to_ksoftirqd(env):
    """One packet at a time is polled inline; a flood by the thread, which then has used the CPU."""
    g, port = env.guest(), env.port()
    pid = thread_of(g, "ksoftirqd/0")
    with trace_eth0(g) as trace:
        idle = ran_ns(g, pid)
        send_udp(g, port, 40, gap_us=20_000)
        idle = ran_ns(g, pid) - idle
        paced = trace.stop().flow(proto="udp", dport=port)
    with trace_eth0(g, file=True) as trace:
        busy = ran_ns(g, pid)
        for _ in range(6):
            flood(g, port, 600)
        busy = ran_ns(g, pid) - busy
        run = trace.stop()
    inline = tally(paced, "context").get("softirq", 0)
    check(inline >= 4, f"paced: {tally(paced, 'context')}")
    taken = tally(run.records, "context")
    check(set(taken) <= {"softirq", "ksoftirqd"} and taken.get("ksoftirqd"), f"flooded: {taken}")
    check(busy > 0, "ksoftirqd did not run in the flood")
    check(idle or inline == len(paced), f"ksoftirqd did not run, but {tally(paced, 'context')}")
    check_polls(run)
    return (f"paced {inline} of {len(paced)} inline; flooded {taken}, "
            f"while ksoftirqd ran {busy / MS:.0f} ms instead of {idle / MS:.0f}")


# --- the softirq's own account -------------------------------------------------------------------

def softnet(g):
    """(dropped, time_squeeze), summed over the CPUs."""
    rows = [line.split() for line in g.check(["cat", "/proc/net/softnet_stat"]).splitlines()]
    return sum(int(row[1], 16) for row in rows), sum(int(row[2], 16) for row in rows)


@later
def squeezes_are_counted_as_the_kernel_does(env):
    g, port = env.guest(), env.port()
    with setting(g, "/proc/sys/net/core/netdev_budget", 1):
        outer = softnet(g)
        with trace_eth0(g, file=True) as trace:
            inner = softnet(g)
            flood(g, port, 300)
            inner = [now - then for then, now in zip(inner, softnet(g))]
            run = trace.stop()
        outer = [now - then for then, now in zip(outer, softnet(g))]
    led = run.summary
    said = [led["softnet_dropped"], led["time_squeeze"]]
    check(all(i <= s <= o for i, s, o in zip(inner, said, outer)) and inner[1] > 0,
          f"at least {inner}, at most {outer}, but it says {said}")
    return f"time_squeeze {said[1]}, the kernel's own between {inner[1]} and {outer[1]}"
