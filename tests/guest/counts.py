# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
"""Nothing is lost without a word: records held against what was sent, read, and counted
elsewhere."""

import subprocess

from guest.env import (Capture, MS, MSS, STREAM, closed, megabytes, receive, send_tcp, send_udp,
                       trace_eth0)
from lib.guest import build_dir
from lib.harness import check, later, test
from lib.records import NO_RECORD, at, spent, tally
from lib.tool import eventually

MUST = ("poll", "gro", "flush", "netif", "ip", "local", "l4", "sock", "read")
NOT_GIVEN = "no reason given"  # Linux before 5.17 has no reasons
# A duplicate of what the receiver has already; TLP and timeouts make some. Kernels have a reason of
# its own for those below the window (6.12); 6.1 gives that of any sequence outside of it.
OLD = {"TCP_OLD_DATA", "TCP_OLD_SEQUENCE", "TCP_INVALID_SEQUENCE", NOT_GIVEN}
OLD_OOO = {"TCP_OFOMERGE"}  # the same, of what waits out of order: only where segments are lost
SEQ = 1 << 32


# --- UDP -----------------------------------------------------------------------------------------

def thousand(env, smp, *args):
    """1,000 datagrams which all are read: the run, and the records of the flow."""
    g, port = env.guest(smp), env.port()
    with trace_eth0(g, *args) as trace:
        send_udp(g, port, 1000)
        run = trace.stop()
    flow = run.flow(proto="udp", dport=port)
    led = run.summary
    check(led["in_flight"] == 0, f"in flight at rest: {led}")
    check(led["ring_lost"] == 0 and led["inversions"] == 0, f"lost or inverted: {led}")
    check(len(flow) == led["seen"] - sum(led["untracked"][n] for n in NO_RECORD),
          f"{len(flow)} records of the flow, but a quiet wire: {led}")
    return run, flow


def complete(flow):
    """Every record is delivered and has all stages from the driver to the reader."""
    for rec in flow:
        names = {row["stage"] for row in rec["stages"]}
        check(rec["verdict"] == "delivered" and names >= set(MUST),
              f"{rec['verdict']}, without {set(MUST) - names}: {rec}")
        check("irq" in names or rec["cause"] not in ("none", "irq"),
              f"neither irq nor cause: {rec}")


def describe(flow):
    return f"{len(flow)} records, {tally(flow)}, causes {tally(flow, 'cause')}"


def check_thousand(env, smp):
    run, flow = thousand(env, smp)
    check("fentry" in run.backends(), f"backends: {run.backends()}")
    check(len(flow) == 1000 == run.summary["seen"], f"{len(flow)} records: {run.summary}")
    complete(flow)
    check({r["saddr"] for r in flow} == {"10.77.0.1"} and {r["len"] for r in flow} == {106} and
          {r["daddr"] for r in flow} == {"10.77.0.2"}, f"addresses or lengths: {flow[0]}")
    check(run.summary["coverage_percent"] == 100, f"coverage: {run.summary}")
    # They were sent one after the other, so each must have been handed up after the one before.
    order = [at(r, "gro") for r in sorted(flow, key=lambda r: r["seq"])]
    check(order == sorted(order), "the records are not in the order of arrival")
    return describe(flow)


def check_thousand_kprobe(env, smp, backend="kprobe"):
    run, flow = thousand(env, smp, "--backend", backend)
    led = run.summary
    check(run.backends() - {None} == {backend, "tp_btf"}, f"{run.backends()}")
    unborn = led["untracked"]["missed birth"] + led["untracked"]["table full"]
    check(len(flow) + unborn == 1000, f"{len(flow)} records + {unborn} missed births: {led}")
    delivered = [r for r in flow if r["verdict"] == "delivered"]
    check(len(delivered) + led["verdicts"]["untracked"] == 1000, f"other ends: {tally(flow)}")
    # A kprobe is skipped where an interrupt comes over another one: then the packet has holes.
    holes = {stage: sum(at(r, stage) is None for r in delivered) for stage in MUST}
    counted = {stage: count for stage, count in led["absent"].items() if count}
    for stage in ("poll", "netif", "ip", "local", "l4", "sock"):
        check(holes[stage] == counted.get(stage, 0), f"holes {holes}, counted {counted}")
    nameless = [r for r in flow if r["cause"] == "none"]
    check(run.may_skip() or not (counted or nameless or led["verdicts"]["untracked"]),
          f"holes {counted}, {len(nameless)} without cause, but no hook was skipped")
    # One after the other, they never fill a poll's budget of 64, unless the guest was stopped.
    polls = tally(flow, "time_ns")
    check(max(polls.values()) >= 60 or not run.flow(cause="repoll"), "a repoll after a short poll")
    check(len(nameless) <= 150 and max(holes.values()) <= 150,
          f"more than 15 % have holes: {holes}")
    return (f"{describe(flow)}, {unborn} missed births, stages missing: {counted}, kernel says "
            f"skipped: {run.missed() or 'nothing'}")


@test
def a_thousand_datagrams(env):
    return check_thousand(env, 1)


@test
def a_thousand_datagrams_by_kprobe(env):
    return check_thousand_kprobe(env, 1)


@test
def a_thousand_datagrams_by_kprobe_multi(env):
    """Where the kernel has no fprobe, the table says so, and tracepoints remain."""
    if env.kernel not in ("5.10", "6.1"):
        return check_thousand_kprobe(env, 1, "kprobe.multi")
    table = env.guest().check("pktpath probes --backend kprobe.multi").splitlines()
    without = [line for line in table if "this kernel has no kprobe.multi" in line]
    used = {word for line in table for word in line.split()[2:3]} & {"fentry", "kprobe", "tp_btf",
                                                                     "kprobe.multi"}
    check(used == {"tp_btf"} and any(line.startswith("l4 ") for line in without), "\n".join(table))
    return f"{len(without)} stages have no hook: {without[0].split(None, 3)[3]}"


@test
def twenty_pings_are_consumed(env):
    g = env.guest()
    with trace_eth0(g) as trace:
        subprocess.run(["ping", "-n", "-c", "3", "-i", "0.02", g.nics[1].guest], check=False,
                       stdout=subprocess.DEVNULL)  # of another interface: not asked for
        done = subprocess.run(["ping", "-n", "-c", "20", "-i", "0.02", g.nics[0].guest],
                              capture_output=True, text=True, check=False)
        check(" 20 received" in done.stdout, f"ping: {done.stdout[-200:]}{done.stderr}")
        run = trace.stop()
    flow = run.flow(proto="icmp")
    check(len(flow) == 20 == run.summary["seen"], f"{len(flow)} records: {run.summary}")
    check(tally(flow) == {"consumed": 20}, f"verdicts: {tally(flow)}")
    check(all(at(r, "l4") for r in flow), "an echo that never reached icmp_rcv")
    return describe(flow)


@test
def a_closed_port_drops(env):
    g, port = env.guest(), env.port()
    with trace_eth0(g) as trace:
        g.traffic("udp-send", g.nics[0].guest, port, 5, "--gap-us", 20000)
        run = trace.stop()
    flow = run.flow(proto="udp", dport=port)
    check(len(flow) == 5 and tally(flow) == {"dropped": 5}, f"{describe(flow)}")
    reason = NOT_GIVEN if env.kernel == "5.10" else "NO_SOCKET"
    for rec in flow:
        check(rec["reason"] == reason and "udp" in (rec["place"] or ""), f"reason or place: {rec}")
        check(at(rec, "l4") and not at(rec, "sock"), f"stages: {rec}")
    return f"5 dropped, {flow[0]['reason']} in {flow[0]['place']}"


@test
def a_full_socket_drops(env):
    """A reader that sleeps: the socket takes what fits, the rest is dropped, and named so."""
    g, port = env.guest(), env.port()
    with trace_eth0(g) as trace:
        process = receive(g, "udp-recv", port, 0, "--delay-ms", 1500, "--rcvbuf", 4096)
        before = g.nic_stats()["rx_packets"]
        g.traffic("udp-send", g.nics[0].guest, port, 100, "--size", 500, "--gap-us", 500)
        eventually(lambda: g.nic_stats()["rx_packets"] - before >= 100)
        process.signal()  # it leaves the rest unread, too
        process.wait()
        run = trace.stop()
    flow = run.flow(proto="udp", dport=port)
    reasons = tally(flow, "reason")
    unseen = run.unseen()  # frees of which the kernel says that it did not show them
    check(len(flow) + run.summary["in_flight"] == 100 == run.summary["seen"],
          f"{describe(flow)}: {run.summary}")
    check(reasons.get("SOCKET_RCVBUFF", 0) > 50, f"{describe(flow)}, reasons {reasons}")
    unread = [r for r in flow if r["verdict"] == "dropped" and at(r, "sock") and
              r["reason"] != "SOCKET_RCVBUFF"]
    check(unread and all(r["place"] for r in unread), f"no place: {unread[:1]}")
    check(len(unread) + reasons["SOCKET_RCVBUFF"] == 100 - unseen, f"{describe(flow)}, {reasons}")
    return f"{describe(flow)}, reasons {reasons}; unread in {tally(unread, 'place')}"


# --- TCP -----------------------------------------------------------------------------------------

def covered(flow, size, unseen=0, unqueued=0):
    """How many bytes reached the reader, from each frame's own place in the stream, of which no
    part may be missing. unseen: so many packets (Run.unseen()) had their data coalesced; unqueued:
    so many were put on the socket unseen, and look consumed."""
    syn = [r for r in flow if r["tcp_flags"] == "S"]
    check(len(syn) == 1, f"{len(syn)} SYNs")
    base, parts, gaps, reached = syn[0]["end_seq"], [], [], 0
    verdicts = {r["id"]: r["verdict"] for r in flow}
    got = ["delivered"] + ["untracked", None] * bool(unseen) + ["consumed"] * bool(unqueued)
    for rec in flow:
        merged = rec["verdict"] == "merged"
        verdict = verdicts.get(rec["parent"]) if merged else rec["verdict"]
        if verdict not in got or (verdict != "delivered" and not rec["data_len"]):
            continue  # verdict None: its parent is still in flight
        end = (rec["end_seq"] - base) % SEQ
        check(0 < rec["data_len"] <= end <= size, f"outside of the stream: {rec}")
        parts.append((end - rec["data_len"], end))
    for begin, end in sorted(parts) + [(size, size)]:
        if begin > reached:
            gaps.append((reached, begin))
        reached = max(reached, end)
    check(len(gaps) <= unseen, f"{len(gaps)} gaps in what was delivered, first {gaps[:3]}")
    return sum(end - begin for begin, end in parts)


def by_xdp(rec):
    return rec["verdict"] == "xdp-drop"


def thrown_away(rec):
    return rec["verdict"] == "dropped" or by_xdp(rec)


def check_stream(run, flow, size, losses=False):
    """What must hold of every transfer; returns it in words."""
    unseen = run.unseen()
    data = [r for r in flow if r["data_len"]]
    dropped = tally([r for r in data if r["verdict"] == "dropped"], "reason")
    check(set(dropped) <= (OLD | OLD_OOO if losses else OLD), f"dropped data: {dropped}")
    check(losses or not any(by_xdp(r) for r in data),
          "dropped by an XDP program which is not there")
    for rec in flow:
        if rec["verdict"] != "merged":
            continue
        parent = run.by_id.get(rec["parent"])
        if unseen and not parent:
            continue  # in flight
        check(parent, f"the parent is no record of this run: {rec}")
        check(parent["verdict"] != "merged" and parent["dport"] == rec["dport"] and
              parent["sport"] == rec["sport"], f"the parent is of another flow: {rec} {parent}")
        check(at(parent, "gro") <= at(rec, "gro"), f"merged into a later packet: {rec} {parent}")
    lost_bytes = sum(r["data_len"] for r in data if thrown_away(r))
    # A thread that unlocks its socket may be preempted in that program, or a softirq comes over it.
    unqueued = sum(r["verdict"] == "consumed" for r in data)
    skipped = run.missed().get("tcp_queue_rcv", 0)
    check(unqueued <= skipped, f"{unqueued} segments consumed, {skipped} not seen to be queued")
    ended = {"delivered", "merged", "dropped", "xdp-drop",
             "consumed"} | ({"untracked"} if unseen else set())
    check(all(r["verdict"] in ended for r in data), f"verdicts of data: {tally(data)}")
    arrived = sum(r["data_len"] for r in data if not thrown_away(r))
    old_parents = {r["id"] for r in data if thrown_away(r)}
    arrived -= sum(r["data_len"] for r in data if r["parent"] in old_parents)
    count = covered(flow, size, unseen, unqueued)
    check(arrived == count, f"{arrived} bytes were delivered of {size}, {count} by their place")
    return (f"{len(flow)} frames, {tally(flow)}, {arrived} bytes delivered, dropped {dropped} "
            f"({lost_bytes} bytes){f', the free of {unseen} was not shown' if unseen else ''}")


def transfer(env, smp, *args, size=STREAM, reader=(), sender=()):
    """One stream under trace, held against the NIC's own counter and a capture outside."""
    g, port = env.guest(smp), env.port()
    with trace_eth0(g, *args, file=True) as trace:
        capture = Capture(g.nics[0].tap)
        before = g.nic_stats()
        send_tcp(g, port, size, reader, sender)
        after = g.nic_stats()
        lengths = capture.stop()
        run = trace.stop()
    frames = after["rx_packets"] - before["rx_packets"]
    for name in ("rx_no_buffer_count", "rx_missed_errors", "rx_errors"):
        check(after[name] == before[name], f"the NIC lost frames: {name}")
    check(run.summary["seen"] == frames == len(lengths),
          f"seen {run.summary['seen']}, the NIC counted {frames}, outside {len(lengths)}")
    return run, run.flow(proto="tcp", dport=port), lengths


def check_transfer(env, smp):
    run, flow, lengths = transfer(env, smp)
    said = check_stream(run, flow, STREAM)
    check(sorted(r["len"] for r in run.records) == sorted(lengths), "other lengths than outside")
    check(tally(flow).get("merged", 0) > len(flow) / 2, f"GRO merged little: {said}")
    return f"{megabytes(STREAM)}: NIC = capture = seen = {said}"


@test
def a_large_stream(env):
    return check_transfer(env, 1)


@later
def a_stream_by_kprobe(env):
    size = 5_000_000
    run, flow, _ = transfer(env, 1, "--backend", "kprobe", size=size)
    led = run.summary
    if not led["verdicts"]["untracked"] and not led["in_flight"]:
        return f"{megabytes(size)}: {check_stream(run, flow, size)}, missed {run.missed()}"
    # Skipped probes cost records; then each loss has a name, and the kernel counted the miss.
    check(run.may_skip(), f"untracked or in flight, but no probe was skipped: {led}")
    return (f"{megabytes(size)}: {tally(flow)}, untracked {led['untracked']}, in flight "
            f"{led['in_flight']}, {run.missed()}")


@test
def a_stream_with_losses(env):
    """An XDP program drops every 37th data segment: out of order, sent again, and all named."""
    g, size = env.guest(), 2_000_000
    g.check("ip link set dev eth0 xdpgeneric obj /tmp/spin.bpf.o sec xdp.lose")
    try:
        run, flow, _ = transfer(env, 1, size=size)
        dump = g.check("bpftool map dump name lost -j") if g.has_bpftool else ""
    finally:
        g.check("ip link set dev eth0 xdpgeneric off")
    said = check_stream(run, flow, size, losses=True)
    dropped = [r for r in flow if by_xdp(r)]
    waited = [r for r in flow if at(r, "ooo")]
    check(len(dropped) > 10 and waited, f"{len(dropped)} lost, {len(waited)} out of order: {said}")
    check(f'"value":{len(dropped)}' in dump.replace(" ", "") or not dump,
          f"{len(dropped)} records, the program counted: {dump[-200:]}")
    late = [r for r in waited if r["verdict"] == "delivered" and not at(r, "sock")]
    check(not late, f"waited out of order, but never became readable: {late[:1]}")
    longest = max(spent(r, "ooo") for r in waited) / MS
    return f"{said}, {len(dropped)} lost, {len(waited)} waited out of order, up to {longest:.1f} ms"


@later
def a_slow_reader_with_a_small_buffer(env):
    run, flow, _ = transfer(env, 1, size=300_000,
                            reader=("--rcvbuf", 16384, "--chunk", 3000, "--delay-ms", 2))
    return check_stream(run, flow, 300_000)


@later
def a_reader_that_dies(env):
    """Data in the socket when it closes: ended as unread, not in flight for ever."""
    g, port = env.guest(), env.port()
    with trace_eth0(g, file=True) as trace:
        process = receive(g, "tcp-recv", port, "--delay-ms", 300_000)
        sender = subprocess.Popen(
            [str(build_dir() / "traffic"), "tcp-send", g.nics[0].guest, str(port), "50000"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        # CLOSE_WAIT: all has come, to the last byte.
        g.check(f"until grep -qsE ':{port:04X} [0-9A-F:]+ 08 ' /proc/net/tcp /proc/net/tcp6; do "
                "usleep 10000; done")
        process.signal(9)
        process.wait()
        sender.wait(60)
        closed(g, port)
        run = trace.stop()
    flow = run.flow(proto="tcp", dport=port)
    reasons = tally(flow, "reason")
    unseen = run.unseen()
    unread = [r for r in flow if r["reason"] == "socket closed unread"]
    check(unread and tally(flow).get("delivered", 0) == 0, f"{describe(flow)}, {reasons}")
    count = sum(r["data_len"] for r in flow if r["verdict"] in ("dropped", "merged"))
    check(count >= 50000 - MSS * unseen, f"{count} bytes: {describe(flow)}, {reasons}")
    return (f"{describe(flow)}, reasons {reasons}"
            f"{f', the free of {unseen} was not shown' if unseen else ''}")



