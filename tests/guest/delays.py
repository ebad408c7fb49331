# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
"""Delays of known length in known places, and stamps held against clocks other than the tool's.

Emulated CPUs on a busy machine stop for milliseconds anywhere. So what must hold of every packet
is said as an order of events, which no noise can break; sizes are asked of most packets only.
"""

import json
import socket
import time

from guest.env import (ALIGN_NS, MS, clock_offset, median, part, receive, rx_lines, send_tcp,
                       send_udp, trace_eth0)
from lib.harness import Skip, check, later, test
from lib.records import Trace, at, between

DELAY_MS = 50


def check_waits(rows):
    """rows: (record, when the reader woke, when it had read), in the records' clock. The reader
    slept 50 ms between both, so the packet lay on the socket all that time, and nowhere else: in
    `run` if the reader was woken for it in poll(), and only then did something else."""
    for rec, woke, read in rows:
        said = f"woke {woke - rec['time_ns']}, read {read - rec['time_ns']}: {rec}"
        check(at(rec, "sock") <= woke + ALIGN_NS, f"on the socket after its reader woke; {said}")
        check(at(rec, "read") >= woke + DELAY_MS * MS - ALIGN_NS, f"read before it was; {said}")
        check(at(rec, "read") <= read + ALIGN_NS, f"read after it was; {said}")
        check(between(rec, "sock", "read") >= DELAY_MS * MS - ALIGN_NS,
              f"not on the socket; {said}")
    recs = [row[0] for row in rows]
    waits = [between(r, "sock", "read") for r in recs]
    # A reader that waited for it has run when it sleeps: that is its own time, after `run`.
    there = ("sock", "run")
    others = [max([0] + [s["ns"] for s in r["stages"] if s["stage"] not in there]) for r in recs]
    # The reader's sleep as it measured it: an emulated 5.10 oversleeps by milliseconds.
    near = part([abs(between(r, "sock", "read") - (read - woke)) for r, woke, read in rows], 5 * MS)
    small = part(others, 5 * MS)
    check(near >= 0.7, f"within 5 ms of the reader's own measure: {near:.0%}, median "
          f"{median(waits) / MS:.2f} ms")
    check(small >= 0.7 and min(others) < MS,
          f"no other stage of 5 ms: {small:.0%}, the longest at least "
          f"{min(others) / MS:.2f} ms")
    return (f"{len(rows)} packets, sock to read median {median(waits) / MS:.2f} ms, {near:.0%} "
            f"within 5 ms of the reader's own measure; longest other stage median "
            f"{median(others) / MS:.2f} ms, {small:.0%} < 5 ms")


@later
def a_slow_udp_reader_shows_in_sock(env):
    g, port, count = env.guest(), env.port(), 40
    with trace_eth0(g) as trace:
        out = send_udp(g, port, count, gap_us=90_000,
                       reader=("--timestamps", "--delay-ms", DELAY_MS))
        run = trace.stop()
    flow = run.flow(proto="udp", dport=port)
    offset, _ = clock_offset(out)
    check(len(flow) == count == len(rx_lines(out)), f"{len(flow)} records")
    return check_waits([(rec, row["woke"] + offset, row["read"] + offset)
                        for rec, row in zip(flow, rx_lines(out))])


@test
def a_slow_tcp_reader_shows_in_sock(env):
    g, port, count, size = env.guest(), env.port(), 40, 500
    with trace_eth0(g) as trace:
        out = send_tcp(g, port, count * size, sender=("--chunk", size, "--gap-us", 90_000),
                       reader=("--timestamps", "--delay-ms", DELAY_MS))
        run = trace.stop()
    flow = run.flow(proto="tcp", dport=port)
    base = next(r["end_seq"] for r in flow if r["tcp_flags"] == "S")
    offset, _ = clock_offset(out)
    ends = {row["rx"] + row["bytes"]: row for row in rx_lines(out)}
    rows = []
    for rec in flow:
        row = ends.get((rec["end_seq"] - base) % (1 << 32))
        # A segment that came while the reader slept waited shorter: not what is tested here.
        if rec["verdict"] == "delivered" and row and row["bytes"] == rec["data_len"]:
            rows.append((rec, row["woke"] + offset, row["read"] + offset))
    check(len(rows) >= count * 3 // 4, f"{len(rows)} of {count} segments were read one by one")
    return check_waits(rows)


@test
def a_segment_is_read_with_its_last_byte(env):
    """A reader that takes 700 bytes at a time, while more lies in the socket."""
    g, port, size, delay_ms = env.guest(), env.port(), 30_000, 5
    with trace_eth0(g) as trace:
        out = send_tcp(g, port, size, sender=("--chunk", 3000),
                       reader=("--timestamps", "--chunk", 700, "--delay-ms", delay_ms))
        run = trace.stop()
    flow = run.flow(proto="tcp", dport=port)
    base = next(r["end_seq"] for r in flow if r["tcp_flags"] == "S")
    offset, _ = clock_offset(out)
    reads, longest = rx_lines(out), 0
    recs = [r for r in flow if r["verdict"] == "delivered"]
    for rec in recs:
        # What GRO merged into it belongs to it: it is read with the last byte of the whole.
        whole = [rec] + [r for r in flow if r["parent"] == rec["id"]]
        end = max((r["end_seq"] - base) % (1 << 32) for r in whole)
        row = next(row for row in reads if row["rx"] < end <= row["rx"] + row["bytes"])
        first, last = row["woke"] + offset + delay_ms * MS, row["read"] + offset
        check(first - ALIGN_NS <= at(rec, "read") <= last + ALIGN_NS,
              f"read {at(rec, 'read') - first} ns after its reader called: {rec}")
        longest = max(longest, between(rec, "sock", "read"))
    check(len(recs) >= 3 and longest > 20 * delay_ms * MS,
          f"{len(recs)} segments, the longest waited {longest / MS:.1f} ms: nothing lay there")
    return (f"{len(recs)} of {len(recs)} in their own one of {len(reads)} reads, "
            f"up to {longest / MS:.0f} ms in sock")


@test
def the_kernels_own_receive_stamp_lies_between(env):
    """SO_TIMESTAMPNS is taken in netif_receive_skb_list_internal(), so between our stamps.

    The tool's wall clock is off by one constant, the time between its two clock readings. It is
    not known; but one number must fit all packets, and it must be small.
    """
    g, port, warm, count = env.guest(), env.port(), 30, 1000
    with trace_eth0(g) as trace:
        process = receive(g, "udp-recv", port, warm + count, "--timestamps")
        # The kernel begins to take stamps some time after they are asked for.
        g.traffic("udp-send", g.nics[0].guest, port, warm, "--gap-us", 10_000)
        g.traffic("udp-send", g.nics[0].guest, port, count, "--gap-us", 500)
        check(process.wait(60) == 1, "the reader did not see the warm-up's numbers twice")
        run = trace.stop()
    flow = run.flow(proto="udp", dport=port)[warm:]
    rows = rx_lines(process.out())[warm:]
    check(len(flow) == count == len(rows), f"{len(flow)} records, {len(rows)} datagrams read")
    check([row["rx"] for row in rows] == list(range(count)), "read in another order")
    true, width = clock_offset(process.out())
    low = high = tight_low = tight_high = None
    for rec, row in zip(flow, rows):
        bounds = (row["kernel"] - at(rec, "l4"), row["kernel"] - at(rec, "gro"),
                  row["kernel"] - at(rec, "netif"), row["kernel"] - at(rec, "flush"))
        low, high = max(low or bounds[0], bounds[0]), min(high or bounds[1], bounds[1])
        tight_low = max(tight_low or bounds[2], bounds[2])
        tight_high = min(tight_high or bounds[3], bounds[3])
    # Another bound: the reader had it after our read stamp.
    late = min(row["read"] + true + width - at(rec, "read") for rec, row in zip(flow, rows))
    check(low <= high,
          f"no constant fits: at least {low} ns for one packet, at most {high} for another")
    check(low <= late and high >= -width and -ALIGN_NS < low and high < ALIGN_NS,
          f"the constant is {low} to {high} ns, but the reader says at most {late}")
    fits = sum(at(rec, "gro") + tight_low <= row["kernel"] <= at(rec, "l4") + tight_low
               for rec, row in zip(flow, rows))
    check(fits == count, f"{fits} of {count} lie between gro and l4")
    inner = (f"; even between flush and netif with {tight_low} to {tight_high} ns"
             if tight_low <= tight_high else "")
    return (f"{fits} of {count} between gro and l4 with one constant of {low} to {high} ns"
            f"{inner}; the reader bounds it to {late} ns")


# --- a softirq that is kept busy ---------------------------------------------------------------

def spins(g):
    """When the spinning program began and ended, CLOCK_MONOTONIC."""
    rows = json.loads(g.check("bpftool map dump name spins -j"))
    values = [row["formatted"]["value"] for row in rows]
    return [(v["start_ns"], v["end_ns"]) for v in values if v["end_ns"]]


def spin_rounds(g, rounds, eth0_port, eth1_port):
    """A packet to eth1 starts a spin; in its middle comes one to eth0, on the same CPU."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    for i in range(rounds):
        sock.sendto(i.to_bytes(8, "little"), (g.nics[1].guest, eth1_port))
        time.sleep(0.008)
        sock.sendto(i.to_bytes(8, "little"), (g.nics[0].guest, eth0_port))
        time.sleep(0.09)
    sock.close()


def spin_run(g, rounds, ports):
    g.check("ip link set dev eth1 xdpgeneric obj /tmp/spin.bpf.o sec xdp")
    try:
        with Trace(g) as trace:
            readers = [receive(g, "udp-recv", port, rounds, "--timestamps") for port in ports]
            spin_rounds(g, rounds, *ports)
            check(all(r.wait(30) == 0 for r in readers), "a datagram was lost")
            run = trace.stop()
        return run, spins(g), clock_offset(readers[0].out())[0]
    finally:
        g.check("ip link set dev eth1 xdpgeneric off")


@test
def a_busy_softirq_shows_between_napi_and_poll(env):
    """A program on eth1 keeps the softirq for 30 ms; eth0's interrupt comes, its poll must wait."""
    g, rounds, ports = env.guest(), 30, (env.port(), env.port())
    if not g.has_bpftool:
        raise Skip("bpftool is not installed; run 'make deps'")
    run, spun, offset = spin_run(g, rounds, ports)
    ours, theirs = (run.flow(proto="udp", dport=port) for port in ports)
    check(len(ours) == len(theirs) == len(spun) == rounds,
          f"{len(ours)} and {len(theirs)} records, {len(spun)} spins")
    spun = [(start + offset, end + offset) for start, end in spun]
    for rec, (start, end) in zip(theirs, spun):
        # Generic XDP runs between tp netif_receive_skb and IP.
        check(at(rec, "netif") <= start + ALIGN_NS and at(rec, "ip") >= end - ALIGN_NS,
              f"the spin from {start} to {end} is not in netif: {rec}")
    met = [(rec, end) for rec in ours for start, end in spun if start < at(rec, "napi") < end]
    check(len(met) >= rounds // 3, f"only {len(met)} of {rounds} packets came during a spin")
    for rec, end in met:
        check(rec["cause"] == "irq" and at(rec, "poll") >= end - ALIGN_NS,
              f"polled before the spin's end: {rec}")
        check(between(rec, "napi", "poll") >= end - at(rec, "napi") - ALIGN_NS,
              f"lost delay: {rec}")
    left = [end - at(rec, "napi") for rec, end in met]
    more = [between(rec, "napi", "poll") - n for (rec, _), n in zip(met, left)]
    others = [rec["total_ns"] - between(rec, "napi", "poll") for rec, _ in met]
    # What the machine does besides can only add to these.
    check(min(more) < 5 * MS,
          f"napi to poll takes {min(more) / MS:.2f} ms more than the spin")
    check(min(others) < 5 * MS, f"the rest of the path takes {min(others) / MS:.2f} ms")
    return (f"{len(met)} of {rounds} packets came during a spin; of it were left "
            f"{min(left) / MS:.1f} to {max(left) / MS:.1f} ms, napi to poll took that + "
            f"{median(more) / MS:.2f} ms (median), everything else {median(others) / MS:.2f} ms")
