# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
"""Packets that go on inside the guest: routed out, into a container, over a bridge, a VLAN or a
tunnel, to another CPU's backlog."""

import contextlib
import socket
import struct
import time

from lib import wire
from guest.counts import check_stream
from guest.env import (ALIGN_NS, MS, Capture, clock_offset, closed, median, receive, rx_lines,
                       trace_eth0)
from guest.delays import spin_run
from lib.harness import Skip, check, later, test
from lib.records import Trace, at, between, spent, tally
from lib.tool import eventually

DELAY_MS = 20
BEYOND = "10.88.0"      # a network that the guest routes to, on the wire of eth1
INSIDE = "10.99.0"      # the container's
C1 = "ip netns exec c1"


def need(g, *programs):
    missing = [p for p in programs if p not in g.packed]
    if missing:
        raise Skip(f"{', '.join(missing)} not installed; run 'make deps'")


def at_rest(run, clones=0):
    """Nothing is in flight, lost, or without a name, but for what the kernel did not show."""
    run.unseen()
    check(run.summary["clones"] == clones, f"{clones} copies wanted: {run.summary}")
    return run


@contextlib.contextmanager
def forwarding(g):
    """The guest routes; from outside, both networks are behind it."""
    g.check("echo 1 > /proc/sys/net/ipv4/ip_forward")
    g.check(f"ip route add {BEYOND}.0/24 via {g.nics[1].outside} dev eth1")
    wire.ip(*(f"route replace {net}.0/24 via {g.nics[0].guest}" for net in (BEYOND, INSIDE)))
    try:
        yield
    finally:
        wire.ip(*(f"route del {net}.0/24" for net in (BEYOND, INSIDE)))
        g.check(f"ip route del {BEYOND}.0/24; echo 0 > /proc/sys/net/ipv4/ip_forward")


@contextlib.contextmanager
def container(g, address, port=None):
    """A network namespace behind a pair of veth; yields its inode. port: into that bridge."""
    g.check(f"""set -e; modprobe veth; ip netns add c1
        ip link add v0 type veth peer name v1 netns c1
        {f'ip link set v0 master {port}' if port else f'ip addr add {INSIDE}.1/24 dev v0'}
        ip link set v0 up; {C1} ip addr add {address}/24 dev v1; {C1} ip link set v1 up
        {C1} ip link set lo up""")
    if not port:
        g.check(f"{C1} ip route add default via {INSIDE}.1")
    try:
        yield int(g.check(f"{C1} stat -L -c %i /proc/self/ns/net"))
    finally:
        g.check("ip link del v0; ip netns del c1")


@contextlib.contextmanager
def bridge(g):
    """eth0 is a port of br0, which has its address."""
    nic = g.nics[0]
    g.check(f"""set -e; modprobe bridge; ip link add br0 type bridge
        ip link set br0 address {nic.mac}
        ip addr del {nic.guest}/24 dev eth0; ip link set eth0 master br0
        ip link set br0 up; ip addr add {nic.guest}/24 dev br0
        ip neigh replace {nic.outside} lladdr {nic.tap_mac} dev br0 nud permanent""")
    try:
        yield
    finally:
        g.check(f"""set -e; ip link del br0; ip addr add {nic.guest}/24 dev eth0
            ip neigh replace {nic.outside} lladdr {nic.tap_mac} dev eth0 nud permanent""")


def receive_inside(g, *args):
    return receive(g, *args, inside=C1.split())


def tap_received(nic):
    """Packets that came out of the guest, from outside."""
    with open("/proc/thread-self/net/dev", encoding="ascii") as file:
        for line in file:
            if line.strip().startswith(nic.tap + ":"):
                return int(line.split(":")[1].split()[1])
    return check(False, f"no {nic.tap}")


def check_delay(waits, limits):
    """Never shorter than the delay (the caller saw to that), nor longer than another clock says of
    the packet; and without more where nothing else went on. That is not so for most of them: an
    emulated CPU on a busy machine stops anywhere."""
    over = [w - DELAY_MS * MS for w in waits]
    check(len(waits) == len(limits), f"{len(waits)} records, {len(limits)} by another clock")
    for wait, limit in zip(waits, limits):
        check(wait <= limit + MS, f"{wait / MS:.2f} ms, but {limit / MS:.2f} ms by another clock")
    check(min(over) < 2 * MS, f"{DELAY_MS} ms and at least {min(over) / MS:.2f} ms more")


# --- out again -----------------------------------------------------------------------------------

@test
def routed_packets_leave(env):
    """A queue that delays on the way out: the delay is in `forward`, and `xmit` is the end."""
    g, port, count = env.guest(), env.port(), 40
    g.check(f"modprobe sch_netem; tc qdisc add dev eth1 root netem delay {DELAY_MS}ms")
    try:
        with forwarding(g), trace_eth0(g) as trace:
            before = tap_received(g.nics[1])
            taps = Capture(g.nics[0].tap), Capture(g.nics[1].tap, "in")
            g.traffic("udp-send", f"{BEYOND}.5", port, count, "--gap-us", 30_000)
            eventually(lambda: tap_received(g.nics[1]) - before >= count)
            left = tap_received(g.nics[1]) - before
            for tap in taps:
                tap.stop()
            run = at_rest(trace.stop())
    finally:
        g.check("tc qdisc del dev eth1 root")
    flow = run.flow(proto="udp", dport=port)
    check(len(flow) == count == left == run.summary["seen"], f"{len(flow)} records, {left} left")
    check(tally(flow) == {"forwarded": count} and tally(flow, "egress") == {"eth1": count},
          f"{tally(flow)}, {tally(flow, 'egress')}")
    for rec in flow:
        check(rec["stages"][-1]["stage"] == "xmit" and spent(rec, "xmit") == 0, f"end: {rec}")
        check(spent(rec, "forward") >= DELAY_MS * MS - ALIGN_NS, f"not delayed: {rec}")
    waits = [spent(r, "forward") for r in flow]
    outside = [out - into for into, out in zip(*(tap.times for tap in taps))]
    check_delay(waits, outside)
    return (f"{count} left through eth1, forward median {median(waits) / MS:.2f} ms of "
            f"{DELAY_MS} ms, from tap to tap {median(outside) / MS:.2f} ms")


@test
def a_packet_that_may_not_leave_is_dropped(env):
    g, port = env.guest(), env.port()
    with forwarding(g), trace_eth0(g) as trace:
        g.check("ip link set eth1 mtu 600")
        try:
            sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            sock.setsockopt(socket.IPPROTO_IP, 10, 2)  # IP_MTU_DISCOVER, IP_PMTUDISC_DO
            for i in range(5):
                with contextlib.suppress(OSError):  # told that it is too large, it sends no more
                    sock.sendto(bytes(1000), (f"{BEYOND}.{10 + i}", port))
            trace.wait_records(f'"dport":{port}', 5)
            run = at_rest(trace.stop())
        finally:
            g.check("ip link set eth1 mtu 1500")
    flow = run.flow(proto="udp", dport=port)
    check(len(flow) == 5 and tally(flow) == {"dropped": 5}, f"{len(flow)}: {tally(flow)}")
    check(all(r["place"] == "ip_forward" and at(r, "forward") for r in flow), f"{flow[0]}")
    return f"5 dropped, {flow[0]['reason']} in {flow[0]['place']}"


# --- on to another device ------------------------------------------------------------------------

def check_hops(flow, *devices, stages=()):
    """Every record names these devices, (name or None, namespace or None), in order of time."""
    for rec in flow:
        got = [(hop["dev"], hop["netns"]) for hop in rec["hops"]]
        check(len(got) == len(devices) and "hop" in rec["flags"], f"hops {got}: {rec}")
        for (dev, netns), (want_dev, want_netns) in zip(got, devices):
            check(dev == want_dev and (want_netns is None or netns == want_netns), f"{got}: {rec}")
        times = [hop["at_ns"] for hop in rec["hops"]]
        check(times == sorted(times) and 0 < times[-1] <= rec["total_ns"], f"hop times: {rec}")
        names = {row["stage"] for row in rec["stages"]}
        check(names >= set(stages), f"without {set(stages) - names}: {rec}")


def hop_at(rec):
    """When the first further device received it, in the tool's wall clock."""
    return rec["time_ns"] + rec["hops"][0]["at_ns"]


def into_container(env, napi):
    g, port, count = env.guest(), env.port(), 500
    with forwarding(g), container(g, f"{INSIDE}.2") as netns:
        if napi:
            need(g, "ethtool")
            # Without TSO at the sender: veth_skb_is_eligible_for_gro(), v6.1.
            g.check(f"ethtool -K v0 tso off; {C1} ethtool -K v1 gro on")
        with trace_eth0(g) as trace:
            process = receive_inside(g, "udp-recv", port, count)
            g.traffic("udp-send", f"{INSIDE}.2", port, count, "--gap-us", 500)
            check(process.wait(30) == 0, f"the reader: {process.out()}")
            run = at_rest(trace.stop())
    flow = run.flow(proto="udp", dport=port)
    check(len(flow) == count == run.summary["seen"] and tally(flow) == {"delivered": count},
          f"{len(flow)}: {tally(flow)}, {run.summary}")
    check_hops(flow, (None, netns), stages=("poll", "gro", "ip", "forward", "xmit", "local", "l4",
                                            "sock", "read"))
    queued = sum(at(r, "backlog") is not None for r in flow)
    check(queued == (0 if napi else count), f"{queued} came through a backlog")
    check(all(at(r, "xmit") <= hop_at(r) <= at(r, "local") for r in flow),
          "received in the container before it was sent there")
    return f"{count} delivered in the container, received by its device between xmit and local"


@test
def datagrams_into_a_container(env):
    return into_container(env, napi=False)


@later
def datagrams_into_a_container_by_napi(env):
    """The veth's own GRO: the packet meets napi_gro_receive() again."""
    return into_container(env, napi=True)


@later
def ways_inside_by_kprobe(env):
    """The same hooks by kprobe, which may be skipped: then a packet has holes, or another end."""
    g, port, count = env.guest(), env.port(), 100
    with forwarding(g), container(g, f"{INSIDE}.2") as netns:
        with trace_eth0(g, "--backend", "kprobe") as trace:
            before = tap_received(g.nics[1])
            process = receive_inside(g, "udp-recv", port, count)
            g.traffic("udp-send", f"{INSIDE}.2", port, count, "--gap-us", 3000, "--size", 4000)
            g.traffic("udp-send", f"{BEYOND}.5", port, count, "--gap-us", 3000)
            check(process.wait(30) == 0, f"the reader: {process.out()}")
            eventually(lambda: tap_received(g.nics[1]) - before >= count)
            run = trace.stop()
    check("fentry" not in run.backends(), f"{run.backends()}")
    whole = [r for r in run.flow(verdict="delivered") if "hop" in r["flags"]]
    left = run.flow(verdict="forwarded", egress="eth1")
    check(len(whole) >= 0.85 * count and len(left) >= 0.85 * count, f"{run.summary}")
    check(all(hop["netns"] == netns for r in whole for hop in r["hops"]), f"{whole[0]}")
    return f"{tally(run.records)}, the kernel says skipped: {run.missed() or 'nothing'}"


@later
def a_slow_reader_in_a_container(env):
    """The delay is between the container's socket and the read, and nowhere else."""
    g, port, count = env.guest(), env.port(), 20
    with forwarding(g), container(g, f"{INSIDE}.2"), trace_eth0(g) as trace:
        process = receive_inside(g, "udp-recv", port, count, "--timestamps", "--delay-ms",
                                 DELAY_MS)
        g.traffic("udp-send", f"{INSIDE}.2", port, count, "--gap-us", 50_000)
        check(process.wait(30) == 0, f"the reader: {process.out()}")
        run = at_rest(trace.stop())
    flow = run.flow(proto="udp", dport=port)
    waits = [between(r, "sock", "read") for r in flow]
    check(len(flow) == count and min(waits) >= DELAY_MS * MS - ALIGN_NS,
          f"{len(flow)} records, at least {min(waits) / MS:.2f} ms from sock to read")
    offset, _ = clock_offset(process.out())
    check_delay(waits, [row["read"] + offset - at(r, "sock")
                        for r, row in zip(flow, rx_lines(process.out()))])
    return f"sock to read median {median(waits) / MS:.2f} ms of {DELAY_MS} ms"


@later
def a_stream_into_a_container(env):
    g, port, size = env.guest(), env.port(), 3_000_000
    with forwarding(g), container(g, f"{INSIDE}.2") as netns:
        with trace_eth0(g, file=True) as trace:
            process = receive_inside(g, "tcp-recv", port)
            g.traffic("tcp-send", f"{INSIDE}.2", port, size, timeout=120)
            check(process.wait(60) == 0 and f"received {size} bytes" in process.out(),
                  f"the reader: {process.out()[-200:]}")
            closed(g, port, inside=C1)
            run = at_rest(trace.stop())
    flow = run.flow(proto="tcp", dport=port)
    said = check_stream(run, flow, size)
    delivered = [r for r in flow if r["verdict"] == "delivered"]
    check_hops(delivered, (None, netns), stages=("forward", "xmit", "local", "l4", "sock", "read"))
    return said


@test
def a_bridge_is_a_hop(env):
    """eth0 as a port of a bridge: for the guest itself, and on to a container's port."""
    g, port, count = env.guest(), env.port(), 200
    with bridge(g), container(g, "10.77.0.3", port="br0") as netns, trace_eth0(g) as trace:
        here = receive(g, "udp-recv", port, count)
        there = receive_inside(g, "udp-recv", port + 1000, count)
        g.traffic("udp-send", g.nics[0].guest, port, count, "--gap-us", 500)
        mac = g.check(f"{C1} cat /sys/class/net/v1/address").strip()
        wire.ip(f"neigh replace 10.77.0.3 lladdr {mac} dev {g.nics[0].tap} nud permanent")
        g.traffic("udp-send", "10.77.0.3", port + 1000, count, "--gap-us", 500)
        check(here.wait(30) == 0 and there.wait(30) == 0, f"{here.out()}{there.out()}")
        wire.ip(f"neigh del 10.77.0.3 dev {g.nics[0].tap}")
        run = at_rest(trace.stop())
    ours, theirs = (run.flow(proto="udp", dport=p) for p in (port, port + 1000))
    for flow in (ours, theirs):
        check(tally(flow) == {"delivered": count}, f"{tally(flow)}")
    check_hops(ours, ("br0", None), stages=("gro", "ip", "local", "sock", "read"))
    check(not any(at(r, "forward") for r in ours), "bridged, but it is for the guest")
    check_hops(theirs, (None, netns), stages=("gro", "forward", "xmit", "local", "sock", "read"))
    return f"{count} to br0 itself, {count} through it to a container"


def ip4(dst, proto, payload, src="10.77.0.1", frag=0, ident=1):
    """An IPv4 packet. frag: the header's flags and offset."""
    head = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(payload), ident, frag, 64, proto, 0,
                       socket.inet_aton(src), socket.inet_aton(dst))
    words = sum(struct.unpack("!10H", head))
    while words >> 16:
        words = (words & 0xffff) + (words >> 16)
    return head[:10] + struct.pack("!H", ~words & 0xffff) + head[12:] + payload


def udp(dport, payload, sport=4000):
    """A datagram without a checksum."""
    return struct.pack("!HHHH", sport, dport, 8 + len(payload), 0) + payload


def numbered(i):
    """What `traffic udp-recv` expects in datagram i."""
    return struct.pack("<Q", i) + bytes(56)


def ether(nic, payload, proto=0x0800, vlan=None, dst=None):
    """A frame from outside to the guest."""
    tag = b"" if vlan is None else struct.pack("!HH", 0x8100, vlan)
    macs = [bytes.fromhex(m.replace(":", "")) for m in (dst or nic.mac, nic.tap_mac)]
    return b"".join(macs) + tag + struct.pack("!H", proto) + payload


def datagrams(nic, port, count, to, by, **frame):
    """Frames for a reader of the port, from an address to another; `frame`: as ether() has it."""
    return [ether(nic, ip4(to, 17, udp(port, numbered(i)), src=by), **frame) for i in range(count)]


def send_frames(nic, frames, gap=0.001):
    sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    sock.bind((nic.tap, 0))
    for frame in frames:
        sock.send(frame)
        time.sleep(gap)
    sock.close()


def read_all(g, trace_args, port, count, frames):
    """A trace of the frames, of which a reader gets all."""
    with Trace(g, *trace_args) as trace:
        process = receive(g, "udp-recv", port, count)
        send_frames(g.nics[0], frames)
        check(process.wait(30) == 0, f"the reader: {process.out()}{process.err()}")
        return at_rest(trace.stop())


@later
def a_vlan_is_a_hop(env):
    """The device changes within the stack's entry: no hook sees that, it shows at `ip`."""
    g, port, count = env.guest(), env.port(), 100
    g.check("""set -e; modprobe 8021q; ip link add link eth0 name eth0.5 type vlan id 5
        ip addr add 10.55.0.2/24 dev eth0.5; ip link set eth0.5 up""")
    try:
        run = read_all(g, ("-i", "eth0"), port, count,
                       datagrams(g.nics[0], port, count, "10.55.0.2", "10.55.0.1", vlan=5))
    finally:
        g.check("ip link del eth0.5")
    flow = run.flow(proto="udp", dport=port)
    check(tally(flow) == {"delivered": count}, f"{tally(flow)}: {run.summary}")
    check_hops(flow, ("eth0.5", None), stages=("gro", "netif", "ip", "local", "sock", "read"))
    return f"{count} delivered through eth0.5"


def through_a_tunnel(env, dev, setup, around, count=100):
    """Datagrams out of a tunnel's device, which `setup` makes; `around` puts the frame's payload
    around an inner packet."""
    g, port = env.guest(), env.port()
    g.check(f"""set -e; {setup}
        ip addr add 10.66.0.2/24 dev {dev}; ip link set {dev} up""")
    inner = [ip4("10.66.0.2", 17, udp(port, numbered(i)), src="10.66.0.1") for i in range(count)]
    try:
        run = read_all(g, ("-i", "eth0"), port, count,
                       [ether(g.nics[0], around(packet)) for packet in inner])
    finally:
        g.check(f"ip link del {dev}")
    flow = run.flow(proto="udp", dport=port)
    check(tally(flow) == {"delivered": count}, f"{tally(flow)}, {tally(run.records, 'proto')}")
    check_hops(flow, (dev, None), stages=("gro", "ip", "local", "sock", "read"))
    check(tally(flow, "daddr") == {"10.66.0.2": count}, f"{tally(flow, 'daddr')}")
    check(all(at(r, "local") <= hop_at(r) <= at(r, "sock") for r in flow),
          "the tunnel's device is not between the outer packet's end and the socket")
    return f"{count} delivered out of {dev}"


@test
def a_vxlan_tunnel_is_a_hop(env):
    """The outer packet goes on as the inner one, which gives the record its flow."""
    head = struct.pack("!II", 8 << 24, 7 << 8) + bytes.fromhex("020000000002" "020000000001" "0800")
    return through_a_tunnel(
        env, "vx0", """modprobe vxlan
        ip link add vx0 type vxlan id 7 dev eth0 dstport 4789 remote 10.77.0.1
        ip link set vx0 address 02:00:00:00:00:02""",
        lambda inner: ip4("10.77.0.2", 17, udp(4789, head + inner)))


@later
def a_gre_tunnel_is_a_hop(env):
    return through_a_tunnel(
        env, "gre1", """modprobe ip_gre
        ip link add gre1 type gre local 10.77.0.2 remote 10.77.0.1""",
        lambda inner: ip4("10.77.0.2", 47, struct.pack("!HH", 0, 0x0800) + inner))


# --- on to another CPU ---------------------------------------------------------------------------

def irqs(g):
    """{interface: interrupt number}"""
    rows = [line.split() for line in g.check("cat /proc/interrupts").splitlines()]
    return {nic.name: row[0].rstrip(":") for nic in g.nics for row in rows if row[-1] == nic.name}


@test
def rps_to_a_busy_cpu_shows_in_backlog(env):
    """CPU 0 polls eth0 and hands its packets to CPU 1, where a program on eth1 keeps the softirq
    for 30 ms: they wait in CPU 1's backlog."""
    g, rounds, ports = env.guest(2), 20, (env.port(), env.port())
    if not g.has_bpftool:
        raise Skip("bpftool is not installed; run 'make deps'")
    lines = irqs(g)
    if len(set(lines.values())) < 2:
        raise Skip("both NICs share an interrupt line")
    g.check(f"""set -e; echo 2 > /sys/class/net/eth0/queues/rx-0/rps_cpus
        echo 1 > /proc/irq/{lines['eth0']}/smp_affinity
        echo 2 > /proc/irq/{lines['eth1']}/smp_affinity""")
    try:
        run, spun, offset = spin_run(g, rounds, ports)
    finally:
        g.check(f"""echo 0 > /sys/class/net/eth0/queues/rx-0/rps_cpus
            echo 3 > /proc/irq/{lines['eth0']}/smp_affinity
            echo 3 > /proc/irq/{lines['eth1']}/smp_affinity""")
    at_rest(run)
    flow = run.flow(proto="udp", dport=ports[0])
    check(tally(flow) == {"delivered": rounds}, f"{tally(flow)}: {run.summary}")
    for rec in flow:
        cpus = {row["stage"]: row["cpu"] for row in rec["stages"]}
        check((cpus["gro"], cpus["backlog"], cpus["netif"], cpus["l4"]) == (0, 0, 1, 1),
              f"CPUs {cpus}: {rec}")
    spun = [(start + offset, end + offset) for start, end in spun]
    met = [(r, end) for r in flow for start, end in spun if start < at(r, "backlog") < end]
    check(len(met) >= rounds // 3, f"only {len(met)} of {rounds} packets came during a spin")
    for rec, end in met:
        check(at(rec, "netif") >= end - ALIGN_NS, f"went on before the spin's end: {rec}")
    left = [end - at(r, "backlog") for r, end in met]
    more = [between(r, "backlog", "netif") - n for (r, _), n in zip(met, left)]
    # The machine may give a CPU of the guest no time; it does not so each time.
    check(min(more) < 5 * MS, f"backlog takes {min(more) / MS:.2f} ms more than the spin")
    return (f"{len(met)} of {rounds} waited for CPU 1; of its spin were left "
            f"{min(left) / MS:.1f} to {max(left) / MS:.1f} ms, backlog took that "
            f"+ {median(more) / MS:.2f} ms (median)")
