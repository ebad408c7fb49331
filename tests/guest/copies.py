# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
"""Packets that are not one packet for one reader: fragments, copies for several sockets, raw and
packet sockets; and those that a program holds on their way."""

import os
import socket
import struct
import subprocess
import time

from guest.env import ALIGN_NS, MS, median, receive, send_udp, trace_eth0
from guest.forward import (C1, INSIDE, at_rest, container, ether, ip4, need, numbered, send_frames,
                           udp)
from lib.harness import check, later, test
from lib.records import Trace, at, spent, tally

MORE = 0x2000  # IPv4's flag: fragments follow


# --- fragments -----------------------------------------------------------------------------------

def check_fragments(run, port, count, each):
    """`count` datagrams of `each` fragments: one carries the datagram, the others end in it."""
    flow = [r for r in run.records if "frag" in r["flags"]]
    whole = [r for r in flow if r["verdict"] == "delivered"]
    check(len(flow) == count * each and len(whole) == count and
          tally(flow) == {"merged": count * (each - 1), "delivered": count}, f"{tally(flow)}")
    check(all(r["dport"] == port and at(r, "l4") and at(r, "sock") for r in whole), f"{whole[0]}")
    parts = {r["id"]: 0 for r in whole}
    for rec in flow:
        if rec["verdict"] == "merged":
            check(rec["parent"] in parts, f"merged into no datagram: {rec}")
            parts[rec["parent"]] += 1
            parent = run.by_id[rec["parent"]]
            check(at(rec, "gro") <= at(parent, "gro") and not at(rec, "l4"), f"{rec} {parent}")
            check(rec["time_ns"] + rec["total_ns"] <= at(parent, "l4") + ALIGN_NS,
                  f"merged after its datagram went on: {rec} {parent}")
    check(set(parts.values()) == {each - 1}, f"parts of a datagram: {sorted(set(parts.values()))}")
    return f"{count} datagrams of {each} fragments: {tally(flow)}"


@test
def fragments_end_in_their_datagram(env):
    g, port, count = env.guest(), env.port(), 50
    with trace_eth0(g) as trace:
        send_udp(g, port, count, gap_us=2000, size=5000)
        run = at_rest(trace.stop())
    return check_fragments(run, port, count, 4)


@later
def fragments_in_any_order(env):
    """The first fragment last, and each twice but one: a duplicate is dropped."""
    g, port, count = env.guest(), env.port(), 20
    frames = []
    for i in range(count):
        data = udp(port, numbered(i) + bytes(24))
        cuts = [(0, 32), (32, 64), (64, 96)]
        packets = [ip4(g.nics[0].guest, 17, data[a:b], ident=1000 + i,
                       frag=(a // 8) | (MORE if b < 96 else 0)) for a, b in cuts]
        order = [2, 1, 1, 0] if i % 2 else [1, 0, 0, 2]
        frames += [ether(g.nics[0], packets[k]) for k in order]
    with trace_eth0(g) as trace:
        process = receive(g, "udp-recv", port, count)
        send_frames(g.nics[0], frames)
        check(process.wait(30) == 0, f"the reader: {process.out()}")
        run = at_rest(trace.stop())
    twice = [r for r in run.records if r["verdict"] == "dropped"]
    check(len(twice) == count and all("frag" in r["flags"] for r in twice), f"{tally(run.records)}")
    run.records = [r for r in run.records if r["verdict"] != "dropped"]
    return f"{check_fragments(run, port, count, 3)}; twice: {tally(twice, 'reason')}"


@later
def fragments_that_wait_in_vain(env):
    """One is missing: after ipfrag_time they are dropped, which takes that long."""
    g, port = env.guest(), env.port()
    g.check("echo 2 > /proc/sys/net/ipv4/ipfrag_time")
    try:
        with trace_eth0(g) as trace:
            send_frames(g.nics[0], [ether(g.nics[0], ip4(
                g.nics[0].guest, 17, udp(port, bytes(88))[a:a + 32], ident=77,
                frag=(a // 8) | MORE)) for a in (0, 32)])
            g.check("sleep 3")
            run = at_rest(trace.stop())
    finally:
        g.check("echo 30 > /proc/sys/net/ipv4/ipfrag_time")
    flow = run.records
    check(len(flow) == 2 and tally(flow) == {"dropped": 2}, f"{flow}")
    check(all(r["reason"] in ("FRAG_REASM_TIMEOUT", "NOT_SPECIFIED") for r in flow) and
          any(r["place"] in ("ip_expire", "inet_frag_rbtree_purge") for r in flow),
          f"{tally(flow, 'reason')}, {tally(flow, 'place')}")
    waits = [spent(r, "ip") / 1e9 for r in flow]
    check(all(1.8 < w < 3 for w in waits), f"waited {waits} s of 2 s")
    return f"dropped after {waits[0]:.2f} s: {tally(flow, 'reason')}, {tally(flow, 'place')}"


@later
def fragments_over_ipv6(env):
    g, port, count = env.guest(ipv6=True), env.port(), 30
    with trace_eth0(g) as trace:
        send_udp(g, port, count, gap_us=2000, size=4000, to=g.nics[0].guest6)
        run = at_rest(trace.stop())
    return check_fragments(run, port, count, 3)


# --- copies --------------------------------------------------------------------------------------

def several_receivers(env, dst, family, readers, ipv6=False, args=()):
    """Datagrams for all receivers: a record of the packet, and one for each further reader."""
    g, port, count = env.guest(ipv6=ipv6), env.port(), 20
    with trace_eth0(g) as trace:
        got = [receive(g, "udp-recv", port, count, *args) for _ in range(readers)]
        sock = socket.socket(family, socket.SOCK_DGRAM)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, g.nics[0].tap.encode())
        for i in range(count):
            sock.sendto(numbered(i), (dst, port))
            time.sleep(0.01)
        sock.close()
        check(all(p.wait(30) == 0 for p in got), f"a reader: {[p.out() for p in got]}")
        run = at_rest(trace.stop(), clones=count * (readers - 1))
    flow = run.flow(proto="udp", dport=port)
    check(tally(flow) == {"delivered": count * readers}, f"{tally(flow)}: {run.summary}")
    copies = [r for r in flow if r["clone_of"] is not None]
    check(len(copies) == count * (readers - 1), f"{len(copies)} copies")
    for rec in copies:
        of = run.by_id.get(rec["clone_of"])
        check(of and of["clone_of"] is None and "clone" in rec["flags"], f"copy of what: {rec}")
        check(at(rec, "l4") == at(of, "l4") and at(rec, "sock") <= at(of, "sock"), f"{rec} {of}")
    return f"{count} packets, {readers} readers: {tally(flow)}, {len(copies)} copies"


@later
def a_broadcast_for_two_readers(env):
    return several_receivers(env, "10.77.0.255", socket.AF_INET, 2)


@test
def a_multicast_for_three_readers(env):
    return several_receivers(env, "239.7.7.7", socket.AF_INET, 3,
                             args=("--multicast", "239.7.7.7", "--ifname", "eth0"))


@later
def a_multicast_over_ipv6(env):
    return several_receivers(env, "ff02::1", socket.AF_INET6, 2, ipv6=True)


def ping_from_guest(g, command, count):
    with trace_eth0(g) as trace:
        out = g.check(command)
        run = at_rest(trace.stop(), clones=count)
    return run.flow(proto="icmp"), out


@later
def replies_for_a_raw_socket(env):
    """ping's raw socket gets a copy; nobody else wants the reply, which is no drop."""
    g, count = env.guest(), 5
    flow, _ = ping_from_guest(g, f"ping -c {count} -W 2 {g.nics[0].outside}", count)
    copies = [r for r in flow if r["clone_of"] is not None]
    rest = [r for r in flow if r["clone_of"] is None]
    check(len(copies) == count and tally(copies) == {"delivered": count}, f"{tally(copies)}")
    check(tally(rest) == {"consumed": count}, f"{tally(rest)}, {tally(rest, 'reason')}")
    check(all("raw" in r["flags"] for r in flow), f"flags: {flow[0]}")
    check(all(at(r, "sock") and at(r, "read") for r in copies), f"{copies[0]}")
    return f"{count} replies: {tally(flow)}"


@later
def a_raw_socket_beside_another(env):
    """A raw UDP socket and a reader: both get each datagram."""
    g, port, count = env.guest(), env.port(), 20
    with trace_eth0(g) as trace:
        raw = receive(g, "raw-recv", 17, count)
        send_udp(g, port, count, gap_us=5000)
        check(raw.wait(30) == 0, f"the raw reader: {raw.out()}{raw.err()}")
        run = at_rest(trace.stop(), clones=count)
    flow = run.flow(proto="udp", dport=port)
    check(tally(flow) == {"delivered": 2 * count}, f"{tally(flow)}")
    check(all("raw" in r["flags"] for r in flow), f"flags: {flow[0]}")
    return f"{count} datagrams, read twice each: {tally(flow)}"


@later
def a_packet_socket_changes_nothing(env):
    """What tcpdump does: every frame is cloned for it."""
    g, port, count = env.guest(), env.port(), 200
    with trace_eth0(g) as trace:
        tap = receive(g, "packet-recv", 2 * count, "eth0")
        send_udp(g, port, count)
        done = subprocess.run(["ping", "-n", "-c", str(count), "-i", "0.005", g.nics[0].guest],
                              capture_output=True, text=True, check=False)
        check(f" {count} received" in done.stdout, f"ping: {done.stdout[-200:]}")
        tap.signal()
        tap.wait(10)
        run = at_rest(trace.stop())
    check(run.summary["seen"] == 2 * count, f"{run.summary}")
    check(tally(run.flow(proto="udp")) == {"delivered": count} and
          tally(run.flow(proto="icmp")) == {"consumed": count}, f"{tally(run.records)}")
    flags = {flag for rec in run.records for flag in rec["flags"]} - {"awake"}
    check(not flags, f"flags: {flags}")
    return f"{tally(run.records)} with a packet socket open, no flag, no copy"


@later
def what_is_not_ip_is_consumed(env):
    g, count = env.guest(), 10
    nic = g.nics[0]
    macs = [bytes.fromhex(m.replace(":", "")) for m in (nic.tap_mac, nic.mac)]
    ask = struct.pack("!HHBBH6s4s6s4s", 1, 0x0800, 6, 4, 1, macs[0], socket.inet_aton(nic.outside),
                      bytes(6), socket.inet_aton(nic.guest))
    with trace_eth0(g) as trace:
        send_frames(nic, [ether(nic, ask, proto=0x0806, dst="ff:ff:ff:ff:ff:ff")] * count)
        send_frames(nic, [ether(nic, os.urandom(64), proto=0x88b5)] * count)
        trace.wait_records('"proto":"eth:0x88b5"', count)
        run = at_rest(trace.stop())
    arp = run.flow(proto="arp")
    other = run.flow(proto="eth:0x88b5")
    check(len(arp) == count and tally(arp) == {"consumed": count}, f"ARP: {tally(arp)}")
    check(len(other) == count and tally(other) == {"dropped": count}, f"other: {tally(other)}")
    return f"ARP {tally(arp)}; of no known protocol: {tally(other, 'reason')}"


# --- UDP GRO, and sockets that do not want it --------------------------------------------------

@test
def what_gro_merged_is_cut_again(env):
    """A list of datagrams for a socket without UDP GRO: each is read by itself."""
    g, port, count = env.guest(), env.port(), 200
    need(g, "ethtool")
    g.check("ethtool -K eth0 rx-gro-list on")
    try:
        with trace_eth0(g) as trace:
            process = receive(g, "udp-recv", port, count)
            g.traffic("udp-send", g.nics[0].guest, port, count, "--gso", 10, "--gap-us", 20_000)
            check(process.wait(30) == 0, f"the reader: {process.out()}")
            run = trace.stop()
    finally:
        g.check("ethtool -K eth0 rx-gro-list off")
    merged = run.flow(verdict="merged")
    at_rest(run, clones=len(merged))
    check(len(merged) >= count // 4 and run.summary["seen"] == count, f"{tally(run.records)}")
    check(run.summary["verdicts"]["delivered"] == count, f"{run.summary}")
    copies = tally([r for r in run.records if r["clone_of"] is not None], "clone_of")
    check(copies == tally(merged, "parent"), "as many copies of a packet as were merged into it")
    return f"{count} datagrams: {tally(run.records)}, {sum(copies.values())} cut out again"


@later
def what_a_sender_left_whole_is_cut(env):
    """UDP GSO from a container: ten datagrams come as one packet, to a socket without UDP GRO."""
    g, port, count = env.guest(), env.port(), 100
    with container(g, f"{INSIDE}.2"), Trace(g, "-i", "v0") as trace:
        process = receive(g, "udp-recv", port, count)
        g.check(f"{C1} traffic udp-send {INSIDE}.1 {port} {count} --gso 10 --gap-us 20000")
        check(process.wait(30) == 0, f"the reader: {process.out()}")
        run = trace.stop()
    flow = run.flow(proto="udp", dport=port)
    at_rest(run, clones=count - count // 10)
    check(tally(flow) == {"delivered": count}, f"{tally(flow)}: {run.summary}")
    copies = run.summary["clones"]
    return f"{count - copies} packets, {copies} copies: {tally(flow)}"


# --- held by a program ---------------------------------------------------------------------------

@later
def a_program_that_holds_packets_shows_in_ip(env):
    """NFQUEUE in INPUT: a program gives its verdict 20 ms after it saw the packet."""
    g, port, count, delay_ms = env.guest(), env.port(), 20, 20
    need(g, "nft")
    g.check("""modprobe -q crc32c_generic; set -e; modprobe nf_tables; modprobe nfnetlink_queue
        modprobe nft_queue
        nft 'add table ip hold; add chain ip hold in { type filter hook input priority 0; };
        add rule ip hold in udp dport %d queue num 5'""" % port)
    try:
        with trace_eth0(g) as trace:
            holder = receive(g, "nfqueue-delay", 5, delay_ms, count)
            send_udp(g, port, count, gap_us=60_000)
            check(holder.wait(30) == 0, f"the program: {holder.out()}{holder.err()}")
            run = at_rest(trace.stop())
    finally:
        g.check("nft delete table ip hold")
    flow = run.flow(proto="udp", dport=port)
    check(tally(flow) == {"delivered": count}, f"{tally(flow)}")
    waits = [spent(r, "ip") for r in flow]
    check(min(waits) >= delay_ms * MS - ALIGN_NS, f"{min(waits) / MS:.2f} ms in ip")
    check(min(waits) < (delay_ms + 5) * MS, f"at least {min(waits) / MS:.2f} ms in ip")
    return f"{count} held for {delay_ms} ms: ip median {median(waits) / MS:.2f} ms"
