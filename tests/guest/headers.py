# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
"""Headers that are not just IP and TCP: tags and labels in the bytes, extension headers, packets of
more than 64 KB, packets inside others, and packets cut short. The witness is what was sent, byte by
byte, what a reader got, and the kernel's counters."""

import contextlib
import random
import socket
import struct

from guest.env import megabytes, nic_received, receive, trace_eth0
from guest.forward import (C1, INSIDE, at_rest, closed, container, ether, ip4, need, numbered,
                           read_all, send_frames, udp)
from lib.harness import Skip, check, later, test
from lib.records import Trace, tally
from lib.tool import eventually

VLAN, QINQ, MPLS, IPV6 = 0x8100, 0x88A8, 0x8847, 0x86DD
HOP_BY_HOP, UDP, ROUTING, FRAGMENT, ICMP6, OPTIONS = 0, 17, 43, 44, 58, 60


def tagged(packet, *tags, proto=0x0800):
    """What lies behind the Ethernet header of a frame with these VLAN tags, the outer one first:
    its EtherType is the outer tag's."""
    for ident, outer in reversed(tags):
        packet, proto = struct.pack("!HH", ident, proto) + packet, outer
    return packet


def frames_of(g, packets, proto):
    return [ether(g.nics[0], packet, proto=proto) for packet in packets]


@contextlib.contextmanager
def tags_in_the_bytes(g):
    """The NIC leaves tags where they are."""
    need(g, "ethtool")
    g.check("modprobe 8021q; ethtool -K eth0 rxvlan off")
    try:
        yield
    finally:
        g.check("ethtool -K eth0 rxvlan on")


@contextlib.contextmanager
def vlan(g, ident=5, above="eth0", proto="802.1Q"):
    g.check(f"""set -e; modprobe 8021q
        ip link add link {above} name v{ident} type vlan proto {proto} id {ident}
        ip addr add 10.{50 + ident}.0.2/24 dev v{ident}; ip link set v{ident} up""")
    try:
        yield f"10.{50 + ident}.0"
    finally:
        g.check(f"ip link del v{ident}")


def check_flow(run, port, count, net, length):
    flow = run.flow(proto="udp", dport=port)
    check(tally(flow) == {"delivered": count}, f"{tally(flow)}, {tally(run.records, 'proto')}")
    for rec in flow:
        check((rec["saddr"], rec["daddr"], rec["sport"]) == (f"{net}.1", f"{net}.2", 4000) and
              rec["len"] == length and not rec["nat"], f"another flow: {rec}")


@test
def tags_in_the_bytes_hide_no_flow(env):
    """One tag, two, and one of priority alone; and with a NIC that takes the tag out, `len` is what
    was on the wire, too."""
    g, count = env.guest(), 20
    ports = [env.port() for _ in range(4)]
    length = 14 + 20 + 8 + 64

    def datagrams(port, net):
        return [ip4(f"{net}.2", 17, udp(port, numbered(i)), src=f"{net}.1") for i in range(count)]

    with vlan(g) as net, vlan(g, 6, "v5") as inner:
        with tags_in_the_bytes(g):
            for port, where, tags in (
                    (ports[0], net, [(5, VLAN)]), (ports[1], inner, [(5, VLAN), (6, VLAN)]),
                    (ports[2], "10.77.0", [(3 << 13, VLAN)])):
                run = read_all(g, ("-i", "eth0"), port, count, frames_of(
                    g, [tagged(p, *tags) for p in datagrams(port, where)], VLAN))
                check_flow(run, port, count, where, length + 4 * len(tags))
        run = read_all(g, ("-i", "eth0"), ports[3], count, frames_of(
            g, [tagged(p, (5, VLAN)) for p in datagrams(ports[3], net)], VLAN))
        check_flow(run, ports[3], count, net, length + 4)
    return f"{count} each: one tag, two, priority alone, and one that the NIC took out"


@later
def drops_behind_a_tag_name_their_flow(env):
    """UDP to a closed port; TCP with data to one."""
    g, port = env.guest(), env.port()
    segment = struct.pack("!HHIIBBHHH", 4000, port, 100, 1, 5 << 4, 0x18, 8192, 0, 0) + b"abcd"
    with tags_in_the_bytes(g), vlan(g) as net, trace_eth0(g) as trace:
        send_frames(g.nics[0], frames_of(g, [tagged(p, (5, VLAN)) for p in (
            ip4(f"{net}.2", 17, udp(port, bytes(8)), src=f"{net}.1"),
            ip4(f"{net}.2", 6, segment, src=f"{net}.1"))], VLAN))
        trace.wait_records(f'"dport":{port}', 2)
        run = trace.stop()
    flow = run.flow(dport=port)
    check(tally(flow) == {"dropped": 2} and set(tally(flow, "proto")) == {"udp", "tcp"},
          f"{tally(flow)}, {tally(flow, 'proto')}")
    tcp = run.flow(dport=port, proto="tcp")[0]
    check((tcp["tcp_flags"], tcp["data_len"], tcp["end_seq"]) == ("P.", 4, 104), f"{tcp}")
    return f"{[(r['proto'], r['reason']) for r in flow]}"


@later
def a_sample_of_tagged_flows_is_fair(env):
    """Each flow by its ports, as without a tag; and frames that are not IP each by itself."""
    g, port, flows = env.guest(), env.port(), 400
    packets = [tagged(ip4("10.55.0.2", 17, udp(port, bytes(8), sport=5000 + i), src="10.55.0.1"),
                      (5, VLAN)) for i in range(flows)]
    got = []
    with tags_in_the_bytes(g), vlan(g):
        for frames in (frames_of(g, packets, VLAN), frames_of(g, [bytes(46)] * flows, 0x88CC)):
            with trace_eth0(g, "--sample", "1/4", file=True) as trace:
                before = nic_received(g)
                send_frames(g.nics[0], frames)
                eventually(lambda: nic_received(g) - before >= flows)
                run = trace.stop()
            got.append(run.summary["seen"])
            check(flows / 8 < got[-1] < flows / 2 and
                  run.summary["seen"] + run.summary["sampled_out"] == flows, f"{run.summary}")
    return f"{got[0]} of {flows} flows, {got[1]} of {flows} frames"


@later
def labels_hide_no_flow(env):
    """MPLS: the label that ends here is taken off, and a reader gets what was behind it."""
    g, port, count = env.guest(), env.port(), 20
    g.check("""set -e; modprobe mpls_router; echo 1000 > /proc/sys/net/mpls/platform_labels
        echo 1 > /proc/sys/net/mpls/conf/eth0/input; ip -f mpls route add 100 dev lo""")
    try:
        run = read_all(g, ("-i", "eth0"), port, count, frames_of(
            g, [struct.pack("!I", 100 << 12 | 1 << 8 | 64) +
                ip4("10.77.0.2", 17, udp(port, numbered(i))) for i in range(count)], MPLS))
    finally:
        g.check("ip -f mpls route del 100; echo 0 > /proc/sys/net/mpls/platform_labels")
    check_flow(run, port, count, "10.77.0", 14 + 4 + 20 + 8 + 64)
    return f"{count} delivered"


# --- IPv6 packets -------------------------------------------------------------------------------

def shown(address):
    """As it is written in the shortest way."""
    return socket.inet_ntop(socket.AF_INET6, socket.inet_pton(socket.AF_INET6, address))


def inet_sum(data):
    data += b"\0" * (len(data) % 2)
    words = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while words >> 16:
        words = (words & 0xffff) + (words >> 16)
    return ~words & 0xffff or 0xffff


def with_sum(g, proto, data, at):
    """An upper-layer packet with its checksum at offset `at`."""
    pseudo = (socket.inet_pton(socket.AF_INET6, g.nics[0].outside6) +
              socket.inet_pton(socket.AF_INET6, g.nics[0].guest6) +
              struct.pack("!II", len(data), proto))
    return data[:at] + struct.pack("!H", inet_sum(pseudo + data)) + data[at + 2:]


def ip6(g, first, payload):
    """An IPv6 packet; `first`: its next header."""
    return struct.pack("!IHBB", 6 << 28, len(payload), first, 64) + socket.inet_pton(
        socket.AF_INET6, g.nics[0].outside6) + socket.inet_pton(
            socket.AF_INET6, g.nics[0].guest6) + payload


def options(following, size=8):
    """Hop-by-hop or destination options: one that nobody knows, to be skipped."""
    return bytes([following, size // 8 - 1, 0x1E, size - 4]) + bytes(size - 4)


# --- more than 64 KB ----------------------------------------------------------------------------

def lacks(g, since):
    """Skips on a kernel before that version."""
    release = tuple(map(int, g.check("uname -r").split("-")[0].split(".")[:2]))
    if release < since:
        raise Skip(f"BIG TCP came with Linux {since[0]}.{since[1]}")


def big_tcp(env, v6):
    g, port, size = env.guest(), env.port(), 3_000_000
    with container(g, f"{INSIDE}.2"):
        how = ("ip link set {} gso_max_size 200000 gro_max_size 200000" if v6 else
               "traffic big-tcp4 {} 200000")
        g.check(f"set -e; {how.format('v0')}; {C1} {how.format('v1')}")
        if v6:
            g.check(f"""set -e; ip addr add fd99::1/64 dev v0 nodad
                {C1} ip addr add fd99::2/64 dev v1 nodad""")
        with Trace(g, "-i", "v0", file=True) as trace:
            reader = receive(g, "tcp-recv", port)
            g.check(f"{C1} traffic tcp-send {'fd99::1' if v6 else f'{INSIDE}.1'} {port} {size}",
                    timeout=120)
            check(reader.wait(60) == 0 and f"received {size} bytes" in reader.out(),
                  f"{reader.out()}{reader.err()}")
            closed(g, port)
            run = trace.stop()
    flow = run.flow(proto="tcp", dport=port)
    read = sum(r["data_len"] for r in flow if r["verdict"] == "delivered")
    longest = max(r["data_len"] for r in flow)
    check(read == size, f"{read} of {size} bytes: {tally(flow)}, {tally(run.records, 'proto')}")
    check(longest > 65536, f"no packet had more than {longest} bytes")
    ends = sorted((r["end_seq"], r["data_len"]) for r in flow if r["data_len"])
    check(all(b[0] - b[1] == a[0] for a, b in zip(ends, ends[1:])),
          f"sequences do not follow upon each other: {ends}")
    return f"{megabytes(size)} in {len(ends)} packets, the longest of {longest} bytes"


@later
def big_tcp_over_ipv6_has_its_length(env):
    lacks(env.guest(), (5, 19))
    return big_tcp(env, True)


@test
def big_tcp_over_ipv4_has_its_length(env):
    lacks(env.guest(), (6, 3))
    return big_tcp(env, False)


# --- packets inside others ----------------------------------------------------------------------

@contextlib.contextmanager
def esp(g, mode, inner=None):
    """What the container sends to the guest is encrypted."""
    ends = (f"{INSIDE}.2", f"{INSIDE}.1")
    state = (f"src {ends[0]} dst {ends[1]} proto esp spi 0x77 mode {mode} reqid 1 "
             "aead 'rfc4106(gcm(aes))' 0x0123456789abcdef0123456789abcdef01234567 128")
    which = f"src {(inner or ends)[0]}/32 dst {(inner or ends)[1]}/32"
    over = f"tmpl src {ends[0]} dst {ends[1]} proto esp spi 0x77 reqid 1 mode {mode}"
    g.check(f"""set -e; for m in jitterentropy_rng sha512_generic drbg gcm ctr \
            ghash_generic seqiv esp4 xfrm_user; do
        modprobe $m || true; done
        ip xfrm state add {state}; {C1} ip xfrm state add {state}
        ip xfrm policy add dir in {which} {over}; {C1} ip xfrm policy add dir out {which} {over}""")
    try:
        yield
    finally:
        g.check("ip xfrm state flush; ip xfrm policy flush")


def decrypted(env, mode, inner=None):
    g, port, count = env.guest(), env.port(), 20
    ends = inner or (f"{INSIDE}.2", f"{INSIDE}.1")
    with container(g, f"{INSIDE}.2"), esp(g, mode, inner), Trace(g, "-i", "v0") as trace:
        if inner:
            g.check(f"""set -e; ip addr add {inner[1]}/32 dev lo
                {C1} ip addr add {inner[0]}/32 dev lo
                {C1} ip route add {inner[1]} via {INSIDE}.1 src {inner[0]}""")
        try:
            reader = receive(g, "udp-recv", port, count)
            g.check(f"{C1} traffic udp-send {ends[1]} {port} {count} --gap-us 2000")
            check(reader.wait(60) == 0, f"{reader.out()}{reader.err()}")
            run = at_rest(trace.stop())
        finally:
            if inner:
                g.check(f"ip addr del {inner[1]}/32 dev lo")
    flow = run.flow(proto="udp", dport=port)
    check(tally(flow) == {"delivered": count}, f"{tally(flow)}, {tally(run.records, 'proto')}")
    check(tally(flow, "saddr") == {ends[0]: count} and tally(flow, "daddr") == {ends[1]: count},
          f"{tally(flow, 'saddr')}, {tally(flow, 'daddr')}")
    return f"{count} delivered, with their ports"


@later
def what_esp_had_inside_is_shown(env):
    return decrypted(env, "transport")


@test
def what_an_esp_tunnel_had_inside_is_shown(env):
    return decrypted(env, "tunnel", ("10.98.0.2", "10.98.0.1"))


@later
def arp_out_of_a_tunnel_has_no_addresses(env):
    """Those of the packet around it are not its own."""
    g, count = env.guest(), 5
    g.check("""set -e; modprobe vxlan
        ip link add vx0 type vxlan id 7 dev eth0 dstport 4789 remote 10.77.0.1
        ip link set vx0 address 02:00:00:00:00:02
        ip addr add 10.66.0.2/24 dev vx0; ip link set vx0 up""")
    arp = (bytes.fromhex("0001080006040001" "020000000001") + socket.inet_aton("10.66.0.1") +
           bytes(6) + socket.inet_aton("10.66.0.2"))
    inner = (struct.pack("!II", 8 << 24, 7 << 8) +
             bytes.fromhex("020000000002" "020000000001" "0806") + arp)
    try:
        with trace_eth0(g) as trace:
            send_frames(g.nics[0], [ether(g.nics[0], ip4("10.77.0.2", 17, udp(4789, inner)))
                                    for _ in range(count)])
            trace.wait_records('"proto":"arp"', count)
            run = trace.stop()
        known = g.check("ip neigh show dev vx0")
    finally:
        g.check("ip link del vx0")
    flow = run.flow(proto="arp")
    check(len(flow) == count and all(r["saddr"] is None and r["sport"] is None for r in flow),
          f"{flow[:1]}")
    check("10.66.0.1" in known, f"the kernel learnt nothing: {known}")
    return f"{count}, {tally(flow)}"


# --- whatever comes -----------------------------------------------------------------------------

def odd_frames(g, port):
    """(frame, where its ports would be) of every kind of EtherType, and of packets cut short at
    every length."""
    nic, rest = g.nics[0], random.Random(77)
    types = [0x0004, 0x0101, 0x0600, 0x0806, 0x8035, 0x8100, 0x814C, 0x86DD, 0x8808, 0x8809, 0x8847,
             0x8848, 0x8863, 0x8864, 0x888E, 0x88A8, 0x88CC, 0x88E5, 0x88F7, 0x8906, 0x9000, 0xFFFF]
    for proto in types:
        for _ in range(4):
            yield ether(nic, rest.randbytes(rest.randrange(1, 120)), proto=proto), 0
    whole = [(0x0800, ip4("10.77.0.2", 17, udp(port, bytes(16)))),
             (VLAN, tagged(ip4("10.77.0.2", 17, udp(port, bytes(16))), (5, VLAN))),
             (QINQ, tagged(ip4("10.77.0.2", 17, udp(port, bytes(16))), (5, QINQ), (6, VLAN))),
             (MPLS, struct.pack("!I", 100 << 12 | 1 << 8 | 64) +
              ip4("10.77.0.2", 17, udp(port, bytes(16)))),
             (IPV6, ip6(g, OPTIONS, options(UDP) + udp(port, bytes(16))))]
    for proto, packet in whole:
        for size in range(1, len(packet)):
            yield ether(nic, packet[:size], proto=proto), 14 + len(packet) - 24


@contextlib.contextmanager
def takes_all_tags(g):
    """Once there was a VLAN, the NIC takes only tags of VLANs that there are, unless it takes
    everything (e1000_set_rx_mode())."""
    g.check("ip link set eth0 promisc on")
    try:
        yield
    finally:
        g.check("ip link set eth0 promisc off")


@test
def odd_and_short_frames_say_nothing_wrong(env):
    """Each has a record, and shows the addresses and ports that were sent, or none."""
    g, port = env.guest(), env.port()
    with takes_all_tags(g), trace_eth0(g, file=True) as trace:
        frames, places = zip(*odd_frames(g, port))
        before = nic_received(g)
        send_frames(g.nics[0], frames)
        eventually(lambda: nic_received(g) - before >= len(frames))
        came = nic_received(g) - before
        run = trace.stop()
    check(run.summary["seen"] == came == len(frames),
          f"{came} of {len(frames)}: {run.summary}, {g.nic_stats()}")
    ours = ("10.77.0.2", shown(g.nics[0].guest6))
    # On the wire a short frame is padded, here with zeros.
    sent = {struct.unpack_from("!HH", frame.ljust(128, b"\0"), place)
            for frame, place in zip(frames, places)}
    for rec in run.records:
        # Noise may look like anything, but these addresses are in the packets that were cut.
        if rec["proto"] in ("tcp", "udp") and rec["daddr"] in ours:
            check(rec["dport"] is None or (rec["sport"], rec["dport"]) in sent, f"{rec}")
    return f"{came} frames: {tally(run.records)}, {len(tally(run.records, 'proto'))} protocols"


# --- in a guest that has IPv6 -------------------------------------------------------------------

@later
def extension_headers_hide_no_flow(env):
    """UDP behind destination options, behind hop-by-hop and destination options, and both in two
    fragments, which a reader gets whole."""
    g, count = env.guest(ipv6=True), 10
    ports = [env.port() for _ in range(3)]

    def datagram(port, i):
        return with_sum(g, UDP, udp(port, numbered(i)), 6)

    def fragments(port, i):
        whole = options(UDP) + datagram(port, i)
        yield ip6(g, HOP_BY_HOP, options(FRAGMENT) + struct.pack("!BBHI", OPTIONS, 0, 1, i) +
                  whole[:40])
        yield ip6(g, HOP_BY_HOP, options(FRAGMENT) + struct.pack("!BBHI", OPTIONS, 0, 40, i) +
                  whole[40:])

    shapes = [
        [ip6(g, OPTIONS, options(UDP, 16) + datagram(ports[0], i)) for i in range(count)],
        [ip6(g, HOP_BY_HOP, options(OPTIONS) + options(UDP) + datagram(ports[1], i))
         for i in range(count)],
        [f for i in range(count) for f in fragments(ports[2], i)]]
    for port, packets in zip(ports, shapes):
        run = read_all(g, ("-i", "eth0"), port, count, frames_of(g, packets, IPV6))
        flow = run.flow(proto="udp", dport=port)
        check(tally(flow) == {"delivered": count} and
              tally(flow, "saddr") == {shown(g.nics[0].outside6): count},
              f"{tally(flow)}, {tally(run.records, 'proto')}")
    merged = [r for r in run.records if r["verdict"] == "merged"]
    check(len(merged) == count and all("frag" in r["flags"] and r["sport"] is None
                                       for r in merged), f"{merged[:1]}")
    return f"{count} each: options, two kinds of them, fragments of both"


@later
def echoes_behind_options_are_consumed(env):
    """They are answered: the kernel counts them, and no errors."""
    g, count = env.guest(ipv6=True), 5

    def counters():
        rows = dict(line.split() for line in g.check("cat /proc/net/snmp6").splitlines())
        return int(rows["Icmp6InEchos"]), int(rows["Icmp6InErrors"])

    echo = [with_sum(g, ICMP6, struct.pack("!BBHHH", 128, 0, 0, 7, i) + bytes(32), 2)
            for i in range(count)]
    before = counters()
    with trace_eth0(g) as trace:
        send_frames(g.nics[0], frames_of(
            g, [ip6(g, OPTIONS, options(ICMP6) + e) for e in echo], IPV6))
        trace.wait_records('"len":102', count)
        run = trace.stop()
    after = counters()
    check((after[0] - before[0], after[1] - before[1]) == (count, 0), f"{before}, {after}")
    flow = [r for r in run.flow(len=14 + 40 + 8 + 8 + 32) if r["proto"] == "icmp6"]
    check(tally(flow) == {"consumed": count}, f"{tally(run.records)}, {tally(flow, 'reason')}")
    return f"{count} answered, and consumed"
