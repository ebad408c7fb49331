# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
"""The reader: who it is, whether it slept, what it does instead of a plain recv()."""

import re
import socket
import time

from guest.counts import OLD
from guest.env import (ALIGN_NS, MS, asleep, clock_offset, closed, median, receive, rx_lines,
                       send_tcp, trace_eth0, udp_counters)
from lib.guest import PATIENCE, GuestError
from lib.harness import Skip, check, later, test
from lib.records import Trace, at, spent, tally
from lib.tool import eventually

WAITS = {"recv": (), "poll": ("--poll",), "epoll": ("--epoll",), "io_uring": ("--uring",)}


def names(rec):
    return [row["stage"] for row in rec["stages"]]


def has(recs, stage):
    return [r for r in recs if stage in names(r)]


def pid_of(g):
    """Of the one traffic process that runs."""
    return int(g.check("pidof traffic"))


def covered(flow):
    """Bytes of a stream in records, each once."""
    return sum(r["data_len"] for r in flow if r["verdict"] in ("delivered", "merged"))


def check_woken(how, flow, count, pid):
    """Packets so far apart that their reader slept before each."""
    read = [r for r in flow if r["verdict"] == "delivered"]
    check(len(read) >= count, f"{how}: {len(read)} of {count} read: {tally(flow)}")
    check({(r["pid"], r["comm"]) for r in read} == {(pid, "traffic")},
          f"{how}: the reader is {pid} traffic, but: {tally(read, 'pid')} {tally(read, 'comm')}")
    woken = has(read, "wake")
    check(len(woken) >= 0.7 * len(read), f"{how}: {len(woken)} of {len(read)} were woken: "
          f"{[(names(r)[-3:], r['flags']) for r in read][:6]}")
    wait = median([spent(r, "wake") for r in woken])
    return f"{how} {len(woken)}/{len(read)} ({wait / 1000:.0f} µs)"


@test
def readers_that_sleep_are_woken_for_udp(env):
    g, count, said, rows = env.guest(), 20, [], []
    with trace_eth0(g) as trace:
        for how, words in WAITS.items():
            port = env.port()
            process = receive(g, "udp-recv", port, count, *words)
            rows.append((how, port, pid_of(g)))
            asleep(g, rows[-1][2])
            g.traffic("udp-send", g.nics[0].guest, port, count, "--gap-us", 20_000)
            check(process.wait(60) == 0, f"{how}: {process.out()}{process.err()}")
        run = trace.stop()
    for how, port, pid in rows:
        said.append(check_woken(how, run.flow(proto="udp", dport=port), count, pid))
    return "; ".join(said)


@later
def readers_that_sleep_are_woken_for_tcp(env):
    g, count, said, rows = env.guest(), 20, [], []
    with trace_eth0(g) as trace:
        for how, words in WAITS.items():
            port = env.port()
            process = receive(g, "tcp-recv", port, *words)
            rows.append((how, port, pid_of(g)))
            g.traffic("tcp-send", g.nics[0].guest, port, count * 500, "--chunk", 500,
                      "--gap-us", 20_000)
            check(process.wait(60) == 0, f"{how}: {process.out()}{process.err()}")
            closed(g, port)
        run = trace.stop()
    for how, port, pid in rows:
        said.append(check_woken(how, run.flow(proto="tcp", dport=port), count // 2, pid))
    return "; ".join(said)


@later
def a_busy_reader_is_awake(env):
    """A reader that runs while packets come sleeps for none of them."""
    g, port, size = env.guest(), env.port(), 4_000_000
    with trace_eth0(g, file=True) as trace:
        send_tcp(g, port, size)
        run = trace.stop()
    read = [r for r in run.flow(proto="tcp", dport=port) if r["verdict"] == "delivered"]
    awake = [r for r in read if "awake" in r["flags"]]
    check(awake, f"none of {len(read)} found its reader awake")
    return f"{len(awake)} of {len(read)} found it awake, {len(has(read, 'wake'))} asleep"


@test
def other_ways_to_read_cover_the_stream(env):
    g, size, said, rows = env.guest(), 200_000, [], []
    with trace_eth0(g) as trace:
        for how in ("--peek", "--splice", "--zerocopy"):
            port = env.port()
            process = receive(g, "tcp-recv", port, how)
            g.traffic("tcp-send", g.nics[0].guest, port, size)
            check(process.wait(60) == 0, f"{how}: {process.out()}{process.err()}")
            rows.append((how, port))
            closed(g, port)
        run = trace.stop()
    for how, port in rows:
        flow = run.flow(proto="tcp", dport=port)
        data = [r for r in flow if r["data_len"]]
        check(covered(flow) == size, f"{how}: {covered(flow)} of {size} bytes: {tally(data)}")
        # What a sender that got no answer for long sends again, the receiver has already.
        lost = [r for r in data if r["verdict"] not in ("delivered", "merged") and
                r["reason"] not in OLD]
        check(not lost, f"{how}: {tally(data)}, {lost[:1]}")
        said.append(f"{how[2:]} {len(data)} records")
    return f"{size} bytes each: " + ", ".join(said)


@later
def a_peek_does_not_end_a_datagram(env):
    g, port, count = env.guest(), env.port(), 10
    with trace_eth0(g) as trace:
        process = receive(g, "udp-recv", port, count, "--peek", "--delay-ms", 5)
        g.traffic("udp-send", g.nics[0].guest, port, count, "--gap-us", 20_000)
        check(process.wait(60) == 0, f"{process.out()}{process.err()}")
        run = trace.stop()
    flow = run.flow(proto="udp", dport=port)
    check(tally(flow) == {"delivered": count}, f"{tally(flow)}")
    return f"{count} of {count} delivered once"


@test
def what_nobody_accepts_is_closed_unread(env):
    g, port, size = env.guest(), env.port(), 3000
    with trace_eth0(g) as trace:
        process = receive(g, "tcp-recv", port, "--no-accept", "--delay-ms", 4000)
        try:
            g.traffic("tcp-send", g.nics[0].guest, port, size, "--timeout", 1)
        except GuestError:
            pass  # the connection is reset
        process.wait(60)
        closed(g, port)
        run = trace.stop()
    # The sender tries again what was reset.
    flow = run.flow(proto="tcp", dport=port)
    data = [r for r in flow if r["data_len"] and r["verdict"] != "merged"]
    unread = [r for r in data if r["reason"] == "socket closed unread"]
    check(unread and len(unread) == len(data), f"{tally(data)} {tally(data, 'reason')}")
    return f"{len(unread)} dropped as closed unread"


def on_loopback(g, port, size, *words):
    """A stream within the guest, which has what the host's kernel may lack."""
    process = receive(g, "tcp-recv", port, *words)
    g.check(["traffic", "tcp-send", "127.0.0.1", port, size, *words])
    check(process.wait(60) == 0, f"{words}: {process.out()}{process.err()}")
    closed(g, port)
    return process.out()


@later
def data_in_a_syn_is_read(env):
    g, port, size = env.guest(), env.port(), 700
    g.check("echo 3 > /proc/sys/net/ipv4/tcp_fastopen")
    with Trace(g, "-i", "lo") as trace:
        out = on_loopback(g, port, size, "--fastopen")
        run = trace.stop()
    check("syn-data 1" in out, f"no Fast Open: {out}")
    flow = run.flow(proto="tcp", dport=port)
    syn = [r for r in flow if r["tcp_flags"] == "S"]
    check([r["verdict"] for r in syn] == ["delivered"] and syn[0]["data_len"], f"{syn}")
    check(covered(flow) == size, f"{covered(flow)} of {size} bytes: {tally(flow)}")
    return f"{syn[0]['data_len']} bytes in the SYN, {', '.join(names(syn[0])[-4:])}"


def taken_below_the_reader(env, label, lacks, modules=()):
    """A stream of which a layer below takes the data; `lacks`: how traffic says there is none."""
    g, port, size = env.guest(), env.port(), 100_000
    # What is built in is no module.
    g.check(f"for m in {' '.join(modules) or 'none'}; do modprobe $m 2> /dev/null; done; :")
    with Trace(g, "-i", "lo") as trace:
        try:
            out = on_loopback(g, port, size, f"--{label.removeprefix('k')}")
        except GuestError as error:
            if lacks in str(error):
                raise Skip(f"this kernel has no {label}: "
                           f"{str(error).rsplit('traffic: ', 1)[-1]}") from None
            raise
        run = trace.stop()
    data = [r for r in run.flow(proto="tcp", dport=port) if r["data_len"]]
    took = [r for r in data if label in r["flags"]]
    check(tally(took) == {"consumed": len(took)}, f"{tally(took)}")
    # TLS begins within an established connection; the rest must be the layer's.
    check(sum(r["data_len"] for r in took) >= size and len(took) >= len(data) - 1,
          f"{len(took)} of {len(data)} are: {tally(data)}")
    return out, f"{len(took)} of {len(data)} consumed by {label}"


@test
def what_ktls_takes_is_labelled(env):
    return taken_below_the_reader(env, "ktls", "TCP_ULP tls",
                                  ("tls", "gcm", "ctr", "ghash_generic"))[1]


@later
def what_mptcp_takes_is_labelled(env):
    out, said = taken_below_the_reader(env, "mptcp", "mptcp socket")
    check("fallback 0" in out, "MPTCP fell back to TCP")
    return said


@later
def a_stopped_reader_shows_in_sock(env):
    """SIGSTOP, a packet, 100 ms, SIGCONT: the signal wakes it, not the packet."""
    g, port, count, hold_ms = env.guest(), env.port(), 8, 100
    with trace_eth0(g) as trace:
        process = receive(g, "udp-recv", port, count, "--timestamps")
        pid = pid_of(g)
        for _ in range(count):
            asleep(g, pid)  # back in its read
            g.check(f"kill -STOP {pid}; until grep -q '^State:.T' /proc/{pid}/status; do :; done")
            g.traffic("udp-send", g.nics[0].guest, port, 1)
            queued = f":{port:04X} 0.*:[0-9A-F]*[1-9A-F][0-9A-F]* 00:"  # rx_queue is not 0
            g.check(f"until grep -q '{queued}' /proc/net/udp*; do :; done; "
                    f"usleep {hold_ms * 1000}; kill -CONT {pid}")
        process.wait(60)
        run = trace.stop()
    flow = run.flow(proto="udp", dport=port)
    offset, _ = clock_offset(process.out())
    reads = [row["read"] + offset for row in rx_lines(process.out())]
    check(len(flow) == count == len(reads), f"{len(flow)} records, {len(reads)} reads")
    check(tally(flow) == {"delivered": count}, f"{tally(flow)}")
    for rec, read in zip(flow, reads):
        check(not {"wake", "run"} & set(names(rec)), f"woken, though it was stopped: {rec}")
        check(spent(rec, "sock") >= hold_ms * MS, f"not in sock: {rec}")
        check(at(rec, "sock") + hold_ms * MS <= read + MS, f"read at {read}: {rec}")
    late = [read - at(rec, "read") for rec, read in zip(flow, reads)]
    check(median(late) < hold_ms * MS // 10, f"its reader had it {median(late) / MS:.1f} ms later")
    waits = [spent(r, "sock") for r in flow]
    return (f"{count} of {count}: sock median {median(waits) / MS:.1f} ms, read "
            f"{median(late) / MS:.2f} ms before its reader said so")


@test
def a_reader_without_a_cpu_shows_in_wake(env):
    """A real-time task keeps the CPU for 300 ms while the packet comes and its reader is woken."""
    g, port, count = env.guest(), env.port(), 8
    spins, sent = [], 0
    with trace_eth0(g) as trace:
        process = receive(g, "udp-recv", port, count, "--timestamps", "--timeout", 60)
        pid = pid_of(g)
        for _ in range(count):
            asleep(g, pid)
            spin = g.start("traffic spin-fifo 300 0 50")
            spin.wait_for("ready", 20)
            time.sleep(0.02)
            g.traffic("udp-send", g.nics[0].guest, port, 1)
            spin.wait(20)
            spins.append([int(w) for w in spin.out().split("spin begin")[1].split()[0:3:2]])
            sent += 1
        process.wait(90)
        run = trace.stop()
    flow = run.flow(proto="udp", dport=port)
    offset, _ = clock_offset(process.out())
    check(len(flow) == sent, f"{len(flow)} records of {sent}")
    errors = []
    for rec, (begin, end) in zip(flow, spins):
        if "wake" not in names(rec) or not begin + offset < at(rec, "wake") < end + offset:
            continue  # the packet came before or after, or its softirq had to wait as well
        errors.append(abs(at(rec, "run") - (end + offset)))
        check(at(rec, "run") >= end + offset - MS, f"ran while the CPU was taken until "
              f"{end + offset - rec['time_ns']}: {rec}")
    check(len(errors) >= count // 2, f"{len(errors)} of {count} came meanwhile: "
          f"{[(names(r)[-4:], r['total_ns']) for r in flow]}")
    waits = [spent(r, "wake") for r in has(flow, "wake")]
    check(min(errors) < 10 * MS, f"ran {min(errors) / MS:.1f} ms after the CPU was free")
    return (f"{len(errors)} of {count} woken meanwhile, wake median {median(waits) / MS:.1f} ms, "
            f"ran {median(errors) / MS:.2f} ms after the CPU was free (median)")


@test
def only_what_a_reader_reads(env):
    """--pid, --comm and --cgroup; all else is counted as filtered."""
    g, count, said = env.guest(), 5, []
    g.check("mkdir -p /tmp/cg; grep -q /tmp/cg /proc/mounts || mount -t cgroup2 none /tmp/cg; "
            "mkdir -p /tmp/cg/a/b /tmp/cg/c")
    wanted, other = (env.port() for _ in range(2))
    # They outlive three traces, which take long to start here.
    one = g.start(["traffic", "udp-recv", wanted, 3 * count, "--timeout", 300])
    one.wait_for("ready", 20)
    pid = pid_of(g)
    g.check(f"cp /bin/traffic /tmp/other; echo {pid} > /tmp/cg/a/b/cgroup.procs")
    two = g.start(["/tmp/other", "udp-recv", other, 3 * count, "--timeout", 300])
    two.wait_for("ready", 20)
    for words in (("--pid", pid), ("--comm", "traffic"), ("--cgroup", "/tmp/cg/a")):
        with trace_eth0(g, *words) as trace:
            before = udp_counters(g)[0]
            for port in (wanted, other):
                g.traffic("udp-send", g.nics[0].guest, port, count, "--gap-us", 5000)
            eventually(lambda: udp_counters(g)[0] - before >= 2 * count)
            run = trace.stop()
        shown = tally(run.records, "dport")
        check(shown == {wanted: count}, f"{words}: {shown}")
        check(run.summary["filtered"] >= count, f"{words}: {run.summary}")
        said.append(f"{words[0]} {count} shown, {run.summary['filtered']} filtered")
    one.wait(60)
    two.wait(60)
    return "; ".join(said)


HELD = re.compile(r"^held begin (\d+) end (\d+) called (\d+) returned (\d+)", re.M)


def until(process, pattern, count):
    """Waits until the process has printed `count` lines that begin with `pattern`."""
    end = time.monotonic() + 20 * PATIENCE
    while len(re.findall(rf"^{pattern}", process.out(), re.M)) < count:
        check(time.monotonic() < end and process.returncode is None,
              f"not {count} times '{pattern}': {process.out()[-300:]}{process.err()}")
        time.sleep(0.005)


def send_into_locks(g, port, process, count):
    """`count` times: a segment whose read blocks with the socket locked, and one meanwhile. The
    same read takes both: tcp_recvmsg() looks at the backlog before it returns."""
    with socket.create_connection((g.nics[0].guest, port)) as sock:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for i in range(count):
            sock.sendall(bytes(400))
            until(process, "holding", i + 1)
            sock.sendall(bytes(600))
            until(process, "held begin", i + 1)


@test
def a_locked_socket_shows_in_held(env):
    """A read into a page that userfaultfd delays keeps the socket locked for 100 ms: what comes
    meanwhile waits in the backlog until that read returns, and nowhere else."""
    g, port, count, hold_ms = env.guest(), env.port(), 8, 100
    with trace_eth0(g) as trace:
        process = receive(g, "tcp-recv", port, "--timestamps", "--held-ms", hold_ms,
                          "--held-reads", count)
        send_into_locks(g, port, process, count)
        process.wait(30)
        run = trace.stop()
    offset, _ = clock_offset(process.out())
    locks = [[int(t) + offset for t in found] for found in HELD.findall(process.out())]
    # Who gets no answer for so long may send again: that ends as data which is there already.
    flow, again = {}, []
    for rec in run.flow(proto="tcp", dport=port, data_len=600):
        (again if rec["verdict"] == "dropped" else flow.setdefault(rec["end_seq"], [])).append(rec)
    check(set(tally(again, "reason")) <= OLD, f"{tally(again, 'reason')}")
    flow = [rec for recs in flow.values() for rec in recs]
    check(len(locks) == count == len(flow), f"{len(locks)} holds, {len(flow)} segments")
    check(tally(flow) == {"delivered": count} and len(has(flow, "held")) == count,
          f"{tally(flow)}, held {len(has(flow, 'held'))}")
    over = []
    for rec, (begin, end, _, returned) in zip(flow, locks):
        check(begin - ALIGN_NS <= at(rec, "held") <= end + ALIGN_NS, f"not held meanwhile: {rec}")
        check(at(rec, "sock") >= end - ALIGN_NS, f"let go before its owner was: {rec}")
        over.append(spent(rec, "held") - (end - at(rec, "held")))
    others = [max(s["ns"] for s in r["stages"] if s["stage"] not in ("held", "sock", "run"))
              for r in flow]
    check(median(over) <= hold_ms * MS // 10,
          f"held {median(over) / MS:.1f} ms longer than the lock")
    check(min(others) < MS, f"another stage took {min(others) / MS:.1f} ms")
    return (f"{count} held, median {median([spent(r, 'held') for r in flow]) / MS:.1f} ms, "
            f"{median(over) / MS:.2f} ms longer than the lock; "
            f"other stages {median(others) / MS:.2f} ms")
