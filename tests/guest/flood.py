# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
"""Floods: tables that overrun, and skb addresses that come back as fast as the kernel can.

Whatever is lost has a column, and the columns are held against counts which are not ours. Each
datagram of udp-mix is told by its headers alone, so a record that has another packet's stamps
shows.
"""

import resource
import socket
import subprocess
import threading
import time

from guest.counts import check_stream
from guest.env import clock_offset, closed, receive, rx_lines, trace_eth0, udp_counters
from lib.guest import build_dir
from lib.harness import check, later, test
from lib.mix import check_own_stamps
from lib.records import NO_RECORD, at, tally

SEQ = 1 << 32
SENDER_PORT = 20_000
NO_ROOM = ("rx_no_buffer_count", "rx_missed_errors", "rx_errors")


# --- witnesses -----------------------------------------------------------------------------------

class Wire:
    """The NIC's own count of frames received, while this is open. None may have been lost there."""

    def __init__(self, g):
        self._g, self._before = g, g.nic_stats()

    def frames(self):
        now = self._g.nic_stats()
        for name in NO_ROOM:
            check(now[name] == self._before[name], f"the NIC lost frames: {name}")
        return now["rx_packets"] - self._before["rx_packets"]


def unborn(led):
    return sum(led["untracked"][name] for name in NO_RECORD)


def check_coverage(led, frames):
    """Every frame that the NIC counted was seen, once, and the coverage is what the columns say."""
    lost = sum(led["untracked"].values())
    check(led["seen"] == frames, f"the NIC received {frames} frames: {led}")
    check(sum(led["verdicts"].values()) + led["in_flight"] == frames, f"of {frames} frames: {led}")
    check(abs(led["coverage_percent"] - 100 * (frames - lost) / frames) < 0.01, f"coverage: {led}")
    return (f"{frames} frames, untracked { {k: v for k, v in led['untracked'].items() if v} }, "
            f"{led['ring_lost']} not shown, coverage {led['coverage_percent']:.2f} %")


# --- tables that overrun -------------------------------------------------------------------------

def hoard(g, kind, port, count):
    process = g.start(["traffic", kind, str(port), str(count)])
    process.wait_for("ready", 60)
    return process


def drained(process):
    """The hoard reads all that lies there: how many reads and bytes."""
    process.signal(10)  # SIGUSR1
    process.wait_for("reads ", 60)
    words = process.out().split("reads ")[1].split()
    return int(words[0]), int(words[2])


def spread(g, port, sockets, rounds, frames, size=16):
    """`rounds` datagrams to each of so many ports, never more ahead of the guest than the tap
    holds."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for n in range(1, rounds + 1):
            for i in range(sockets):
                sender.sendto(bytes(size), (g.nics[0].guest, port + i))
            until = time.monotonic() + 30
            while (n * sockets % 3000 < sockets and n * sockets - frames() > 3000 and
                   time.monotonic() < until):
                pass


def settle(frames, at_least=0):
    """Until the NIC has received that many frames, and for a while no other."""
    until, last = time.monotonic() + 60, -1
    while time.monotonic() < until and (last < at_least or frames() != last):
        last = frames()
        time.sleep(0.5)


def overrun_udp(env, args, sockets, rounds):
    """Unread datagrams on many sockets, which are all read in the end."""
    g, port = env.guest(), 30_000
    with trace_eth0(g, *args, file=True) as trace:
        wire, before = Wire(g), udp_counters(g)
        process = hoard(g, "udp-hoard", port, sockets)
        spread(g, port, sockets, rounds, wire.frames)
        settle(wire.frames, sockets * rounds)
        reads, _ = drained(process)
        process.signal()
        process.wait()
        taken, full = (now - then for now, then in zip(udp_counters(g), before))
        run = trace.stop()
        frames = wire.frames()
    led, sent = run.summary, sockets * rounds
    check(frames == sent == reads + full and taken == reads,
          f"{sent} sent, {frames} received, {reads} read, {full} refused, the kernel says {taken}")
    said = check_coverage(led, frames)
    check(led["in_flight"] == 0, f"all were read: {led}")
    lost = sum(led["untracked"].values())
    check(led["verdicts"]["delivered"] + led["verdicts"]["dropped"] == sent - lost, f"{led}")
    check(reads - lost <= led["verdicts"]["delivered"] <= reads and
          led["verdicts"]["dropped"] <= full,
          f"{reads} were read and {full} refused: {led}")
    return run, said, reads


@test
def unread_datagrams_fill_the_table_of_records(env):
    """1,024 records, 4,000 datagrams: what has no record is untracked, `table full`, and read."""
    run, said, reads = overrun_udp(env, ("--records", 1024), 40, 100)
    led = run.summary
    full, evicted = led["untracked"]["table full"], led["untracked"]["index full"]
    # Five of the addresses may fall into one of the index's sets of four; their records are free.
    check(evicted <= 20, f"{led}")
    check(full >= reads - 1024 - evicted > 0, f"{reads} were under way at once: {led}")
    check(full + evicted == sum(led["untracked"].values()) == reads - led["verdicts"]["delivered"],
          f"{reads} were read: {led}")
    return said


@later
def unread_datagrams_fill_the_index(env):
    """20,000 addresses at once, where the index holds 16,384 in sets of four."""
    run, said, reads = overrun_udp(env, (), 200, 100)
    led = run.summary
    evicted = led["untracked"]["index full"]
    check(evicted >= reads - 16_384 > 0, f"{reads} were under way at once: {led}")
    check(evicted == sum(led["untracked"].values()) == reads - led["verdicts"]["delivered"],
          f"{reads} were read: {led}")
    check(len(run.flow(verdict="untracked")) == evicted, f"not all shown: {led}")
    return said


def many_connections(g, port, count, size):
    """So many connections which each sent one segment. The sockets, open."""
    resource.setrlimit(resource.RLIMIT_NOFILE,
                       (count + 500, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
    sockets = []
    for _ in range(count):
        sockets.append(socket.create_connection((g.nics[0].guest, port), 30))
        sockets[-1].send(bytes(size))
    return sockets


@later
def unread_connections_have_a_place_each(env):
    """5,000 sockets with unread data: the table of sockets has two entries for each record."""
    g, port, count, size = env.guest(), env.port(), 5000, 100
    with trace_eth0(g, file=True) as trace:
        wire = Wire(g)
        process = hoard(g, "tcp-hoard", port, count)
        sockets = many_connections(g, port, count, size)
        process.wait_for("all connected", 60)
        settle(wire.frames)
        reads, size_read = drained(process)
        for sock in sockets:
            sock.close()
        settle(wire.frames)
        process.signal()
        process.wait()
        settle(wire.frames)
        run = trace.stop()
        frames = wire.frames()
    led = run.summary
    check((reads, size_read) == (count, count * size), f"{reads} reads of {size_read} bytes")
    said = check_coverage(led, frames)
    unseen, skipped = led["in_flight"] + led["untracked"]["stale"], run.skipped_ends()
    check(unseen <= skipped, f"all sockets are closed, {skipped} frees were skipped: {led}")
    data = [r for r in run.flow(proto="tcp", dport=port) if r["data_len"]]
    reasons = tally([r for r in data if r["verdict"] == "untracked"], "reason")
    full = led["untracked"]["socket table full"]
    # Of so many addresses, a few may want the same four neighbours.
    check(sum(reasons.values()) == full <= 5 and
          sum(led["untracked"].values()) == full + led["untracked"]["stale"], f"{reasons}: {led}")
    first = {(r["sport"], r["end_seq"]) for r in data if r["verdict"] in ("delivered", "untracked")}
    check(len(first) == count == reads, f"{len(first)} of {count} segments: {tally(data)}")
    return (f"{said}; {tally(data)} of {count} segments with data, "
            f"{unseen} of {skipped} skipped frees stayed")


@test
def a_reader_that_stops_loses_records_not_counts(env):
    """pktpath itself does not run for a while: the ring is full, every packet still counts."""
    g, port, count = env.guest(), env.port(), 5000
    g.check("echo 33554432 > /proc/sys/net/core/rmem_max")
    with trace_eth0(g, "--ring", 65_536, file=True) as trace:
        wire = Wire(g)
        process = receive(g, "udp-recv", port, count, "--rcvbuf", 1 << 24)
        g.check("kill -STOP $(pidof pktpath)")
        g.traffic("udp-send", g.nics[0].guest, port, count, "--gap-us", 200)
        check(process.wait(60) == 0, f"the reader: {process.out()}")
        g.check("kill -CONT $(pidof pktpath)")
        run = trace.stop()
        frames = wire.frames()
    led = run.summary
    said = check_coverage(led, frames)
    check(frames == count == led["verdicts"]["delivered"] and led["in_flight"] == 0, f"{led}")
    check(0 < led["ring_lost"] == count - len(run.records), f"{len(run.records)} shown: {led}")
    check(65_536 // 600 <= led["shown"] < count // 2, f"a ring of 64 kB: {led}")
    return said


# --- addresses that come back --------------------------------------------------------------------

class Opposite:
    """Datagrams from the guest to a socket outside, all the time: the same memory, transmitted."""

    def __init__(self, g, port, seconds):
        self._sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._sock.bind((g.nics[0].outside, port))
        self._process = g.start(["traffic", "udp-flood", g.nics[0].outside,
                                 str(port), str(seconds)])

    def __enter__(self):
        return self

    def stop(self):
        """How many were sent."""
        check(self._process.wait(60) == 0, self._process.err())
        return int(self._process.out().split()[1])

    def __exit__(self, *exc):
        self._sock.close()


def between_gro_and_l4(rec, before):
    """Where the kernel takes the time for SO_TIMESTAMPNS: netif_receive_skb_list_internal()."""
    return at(rec, "gro"), at(rec, "l4") or at(rec, "sock") or at(rec, "read")


def recycled(env, smp, *args):
    g, port, count = env.guest(smp), env.port(), 9000  # the tap's queue holds 10,000
    g.check("echo 33554432 > /proc/sys/net/core/rmem_max")
    with trace_eth0(g, *args, file=True) as trace:
        wire, process = Wire(g), receive(g, "udp-recv", port, count + 30,
                                         "--timestamps", "--rcvbuf", 1 << 24)
        # The kernel begins to take stamps some time after they are asked for.
        g.traffic("udp-send", g.nics[0].guest, port, 30, "--gap-us", 10_000, "--sport", 9999)
        with Opposite(g, port, 5) as opposite:
            g.traffic("udp-mix", g.nics[0].guest, port, count, "--sport", SENDER_PORT)
            process.wait(60)
            transmitted = opposite.stop()
        run = trace.stop()
        frames = wire.frames()
    led, out = run.summary, process.out()
    check(led["in_flight"] == 0 and led["ring_lost"] == 0, f"in flight or lost: {led}")
    check_coverage(led, frames)
    check(not run.flow(saddr=g.nics[0].guest), "a transmitted packet has a record")
    flow = [r for r in run.flow(proto="udp", dport=port) if r["sport"] != 9999]
    offset, width = clock_offset(out)
    rows = rx_lines(out)[30:]
    read, low, high = check_own_stamps(flow, rows, SENDER_PORT, count, offset + width + 200_000,
                                       between_gro_and_l4)
    check(len(rows) == count, f"{len(rows)} of {count} datagrams were read")
    reasons = tally([r for r in flow if r["verdict"] == "untracked"], "reason")
    # So many unread ones may meet in a set of the index; else only a skipped hook loses one.
    check(set(reasons) <= {"index full"} or run.may_skip(), f"lost: {reasons}: {led}")
    return (f"{len(flow)} of {count} records have their own stamps, {tally(flow)} {reasons}, "
            f"{read} between gro and l4 of the receiver's stamps ({low} to {high} ns), "
            f"while {transmitted} were transmitted")


def check_merges(flow):
    """What was merged continues what it was merged into, byte by byte, in the order of arrival."""
    members = {}
    for rec in sorted(flow, key=lambda r: at(r, "gro")):
        members.setdefault(rec["parent"], []).append(rec)
    members.pop(None, None)
    parents = {r["id"]: r for r in flow}
    for ident, recs in members.items():
        end = parents[ident]["end_seq"]
        for rec in recs:
            check((end + rec["data_len"]) % SEQ == rec["end_seq"],
                  f"not what follows {end}: {rec}, parent {parents[ident]}")
            end = rec["end_seq"]
    return sum(map(len, members.values()))


def outward(g, size):
    """A stream from the guest, taken by a reader outside: (sender, reader)."""
    reader = subprocess.Popen([str(build_dir() / "traffic"), "tcp-recv", "6999"],
                              stdout=subprocess.PIPE, text=True)
    check(reader.stdout.readline().strip() == "ready", "no reader outside")
    return g.start(["traffic", "tcp-send", g.nics[0].outside, "6999", str(size)]), reader


def recycled_streams(env, smp, size=3_000_000, streams=3):
    """Streams in, merged by GRO, and one out: all take from and give to the same cache of skbs."""
    g, ports = env.guest(smp), [env.port() for _ in range(streams)]
    with trace_eth0(g, file=True) as trace:
        wire, readers = Wire(g), [receive(g, "tcp-recv", port) for port in ports]
        sender, reader = outward(g, size)
        threads = [threading.Thread(target=g.traffic,
                                    args=("tcp-send", g.nics[0].guest, port, size),
                                    kwargs={"timeout": 120}) for port in ports]
        for thread in threads:
            thread.start()
        check(all(r.wait(120) == 0 for r in readers) and sender.wait(120) == 0,
              "a stream was not read")
        reader.communicate(timeout=60)
        for thread in threads:
            thread.join()
        closed(g, *ports)
        run = trace.stop()
        frames = wire.frames()
    check_coverage(run.summary, frames)
    check(not run.flow(saddr=g.nics[0].guest), "a transmitted packet has a record")
    merged = 0
    for port in ports:
        flow = run.flow(proto="tcp", dport=port)
        check_stream(run, flow, size)
        merged += check_merges(flow)
    acks = run.flow(proto="tcp", sport=6999, data_len=0)
    check(merged and acks, f"{merged} merges, {len(acks)} acknowledgements of what was sent")
    return (f"{streams} streams in, one out: {frames} frames, {tally(run.records)}, {merged} "
            f"merged each behind what it continues, {len(acks)} acknowledgements")


@later
def recycled_datagrams(env):
    return recycled(env, 1)


@later
def recycled_datagrams_by_kprobe(env):
    return recycled(env, 1, "--backend", "kprobe")


@later
def recycled_segments(env):
    return recycled_streams(env, 1)


@later
def recycled_datagrams_on_two_cpus(env):
    return recycled(env, 2)


@test
def recycled_segments_on_two_cpus(env):
    return recycled_streams(env, 2)
