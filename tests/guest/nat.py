# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
"""What conntrack changes: the record keeps the flow that was on the wire, and has beside it, in
`nat`, what its socket had, or what left. The witness is a reader's bytes, and the frames that came
out of a tap."""

import contextlib
import socket
import struct

from guest.env import receive, send_udp, trace_eth0
from guest.forward import (BEYOND, INSIDE, at_rest, container, ether, forwarding, ip4, need,
                           numbered, receive_inside, send_frames, udp)
from lib.harness import check, later, test
from lib.records import Trace, tally

OUTSIDE, GUEST = "10.77.0.1", "10.77.0.2"


@contextlib.contextmanager
def rules(g, *lines):
    """nft's rules in a table of their own."""
    need(g, "nft")
    g.check("modprobe -q crc32c_generic; set -e; modprobe nf_tables; modprobe nft_chain_nat\n"
            "modprobe nft_nat; modprobe nft_ct; modprobe nft_redir; modprobe nft_masq\n"
            "nft add table ip n\n" +
            "\n".join(f"nft '{line}'" for line in lines))
    try:
        yield
    finally:
        g.check("nft delete table ip n")


PRE = "add chain ip n pre { type nat hook prerouting priority -100; }"
POST = "add chain ip n post { type nat hook postrouting priority 100; }"


def check_nat(flow, count, saddr, sport, daddr, dport):
    """All have this tuple; None: whatever it is."""
    check(len(flow) == count, f"{len(flow)} records: {tally(flow)}")
    for rec in flow:
        nat = rec["nat"]
        check(nat and "nat" in rec["flags"], f"not translated: {rec}")
        for key, want in (("saddr", saddr), ("sport", sport), ("daddr", daddr), ("dport", dport)):
            check(want is None or nat[key] == want, f"{key}: {nat}")


@later
def a_redirected_port_is_shown_beside_the_wires(env):
    """UDP and TCP to a port that nobody reads, redirected to one that a reader has; and datagrams
    of the same reader that conntrack leaves alone."""
    g, count, size = env.guest(), 20, 100_000
    wire, local = env.port(), env.port()
    with rules(g, PRE, f"add rule ip n pre udp dport {wire} redirect to :{local}",
               f"add rule ip n pre tcp dport {wire} redirect to :{local}"):
        with trace_eth0(g) as trace:
            reader = receive(g, "udp-recv", local, count)
            g.traffic("udp-send", g.nics[0].guest, wire, count, "--gap-us", 500)
            check(reader.wait(60) == 0, f"{reader.out()}{reader.err()}")
            send_udp(g, local, count)
            reader = receive(g, "tcp-recv", local)
            g.traffic("tcp-send", g.nics[0].guest, wire, size)
            check(reader.wait(60) == 0 and f"received {size} bytes" in reader.out(),
                  f"{reader.out()}{reader.err()}")
            run = trace.stop()
    flow = run.flow(proto="udp", dport=wire)
    check(tally(flow) == {"delivered": count}, f"{tally(flow)}: {run.summary}")
    check_nat(flow, count, OUTSIDE, flow[0]["sport"], GUEST, local)
    plain = run.flow(proto="udp", dport=local)
    check(tally(plain) == {"delivered": count} and not any(r["nat"] for r in plain),
          f"left alone: {tally(plain)}")
    stream = [r for r in run.flow(proto="tcp", dport=wire)
              if r["verdict"] in ("delivered", "merged")]
    check(sum(r["data_len"] for r in stream) == size, f"TCP: {tally(stream)}")
    # What GRO merged ended before conntrack.
    whole = [r for r in stream if r["verdict"] == "delivered"]
    check_nat(whole, len(whole), OUTSIDE, whole[0]["sport"], GUEST, local)
    return f"{count} datagrams for :{wire} read at :{local}; {tally(stream)} of TCP"


@test
def a_containers_port_is_shown(env):
    """As with Docker's -p: DNAT into a network namespace."""
    g, count = env.guest(), 20
    wire, local = env.port(), 8888
    with forwarding(g), container(g, f"{INSIDE}.2") as netns, rules(
            g, PRE, f"add rule ip n pre udp dport {wire} dnat to {INSIDE}.2:{local}"):
        with Trace(g, "-i", "eth0") as trace:
            reader = receive_inside(g, "udp-recv", local, count)
            g.traffic("udp-send", g.nics[0].guest, wire, count, "--gap-us", 500)
            check(reader.wait(60) == 0, f"{reader.out()}{reader.err()}")
            run = at_rest(trace.stop())
    flow = run.flow(proto="udp", dport=wire)
    check(tally(flow) == {"delivered": count} and
          all(r["hops"][-1]["netns"] == netns for r in flow), f"{tally(flow)}: {run.summary}")
    check_nat(flow, count, OUTSIDE, None, f"{INSIDE}.2", local)
    return f"{count} for :{wire} read at {INSIDE}.2:{local}"


def frames_out(nic, count, send):
    """(source, its port) of the datagrams that come out of the guest meanwhile."""
    sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x0800))
    sock.bind((nic.tap, 0x0800))
    sock.settimeout(60)
    send()
    seen = []
    while len(seen) < count:
        frame, where = sock.recvfrom(2048)
        if where[2] == socket.PACKET_OUTGOING or frame[23] != 17:
            continue
        seen.append((socket.inet_ntoa(frame[26:30]), struct.unpack("!H", frame[34:36])[0]))
    sock.close()
    return seen


@later
def what_is_masqueraded_shows_what_left(env):
    g, port, count = env.guest(), env.port(), 20
    frames = [ether(g.nics[0], ip4(f"{BEYOND}.5", 17, udp(port, numbered(i), sport=4100 + i)))
              for i in range(count)]
    rule = "add rule ip n post oifname eth1 meta l4proto udp masquerade to :7000-7999"
    with forwarding(g), rules(g, POST, rule):
        with trace_eth0(g) as trace:
            left = frames_out(g.nics[1], count, lambda: send_frames(g.nics[0], frames))
            trace.wait_records(f'"dport":{port}', count)
            run = at_rest(trace.stop())
    flow = sorted(run.flow(proto="udp", dport=port), key=lambda r: r["sport"])
    check(tally(flow) == {"forwarded": count} and
          [r["sport"] for r in flow] == [4100 + i for i in range(count)], f"{tally(flow)}")
    check_nat(flow, count, g.nics[1].guest, None, f"{BEYOND}.5", port)
    shown = [(r["nat"]["saddr"], r["nat"]["sport"]) for r in flow]
    check(shown == left, f"shown {shown[:3]}, but on the wire {left[:3]}")
    return f"{count} left as {left[0][0]}:{left[0][1]} and so on"


@later
def what_is_dropped_after_a_translation_shows_it(env):
    """By the kernel for want of a reader, and by a filter before the packet is anywhere."""
    g, count = env.guest(), 5
    wire, closed, refused = env.port(), env.port(), env.port()
    with rules(g, PRE, f"add rule ip n pre udp dport {wire} redirect to :{closed}",
               f"add rule ip n pre udp dport {refused} redirect to :{closed}",
               "add chain ip n in { type filter hook input priority 0; }",
               f"add rule ip n in meta l4proto udp ct original proto-dst {refused} drop"):
        with trace_eth0(g) as trace:
            for port in (wire, refused):
                g.traffic("udp-send", g.nics[0].guest, port, count, "--gap-us", 20000)
                trace.wait_records(f'"dport":{port}', count)
            run = trace.stop()
    for port in (wire, refused):
        flow = run.flow(proto="udp", dport=port)
        check(tally(flow) == {"dropped": count}, f"{tally(flow)}: {run.summary}")
        check_nat(flow, count, OUTSIDE, None, GUEST, closed)
    return f"{count} each, in {flow[0]['place']} at last"


@later
def samples_and_groups_go_by_the_wires_flow(env):
    """The port that clients know, not the one that the reader has."""
    g, count = env.guest(), 20
    wire, local = env.port(), env.port()
    with rules(g, PRE, f"add rule ip n pre udp dport {wire} redirect to :{local}"):
        hist = g.start(["pktpath", "hist", "-i", "eth0", "--by", "port", "--json"])
        hist.wait_for("listening on", 200)
        reader = receive(g, "udp-recv", local, count)
        g.traffic("udp-send", g.nics[0].guest, wire, count, "--gap-us", 500)
        check(reader.wait(60) == 0, f"{reader.out()}{reader.err()}")
        hist.signal()
        check(hist.wait(60) == 0, hist.err())
    out = hist.out()
    check(f'"udp/{wire}"' in out and f'"udp/{local}"' not in out, out[-500:])
    return f"udp/{wire}"
