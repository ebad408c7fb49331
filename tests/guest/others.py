# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
"""What else sockets, devices and IPv6 may be, each once."""

from lib import wire
from guest.env import Trace, receive, trace_eth0
from guest.forward import at_rest, check_hops, datagrams, send_frames
from lib.harness import check, later
from lib.records import at, tally

BEYOND6 = "fd88"


@later
def a_connected_socket_reads_its_peer_only(env):
    """What comes from another port finds no socket, though the port is the same."""
    g, port, count, sport = env.guest(), env.port(), 50, 31_000
    nic = g.nics[0]
    with trace_eth0(g) as trace:
        process = receive(g, "udp-recv", port, count, "--connect", nic.outside, sport)
        g.traffic("udp-send", nic.guest, port, 5, "--gap-us", 20_000, "--sport", sport + 1)
        g.traffic("udp-send", nic.guest, port, count, "--gap-us", 500, "--sport", sport)
        check(process.wait(30) == 0, f"the reader: {process.out()}{process.err()}")
        run = at_rest(trace.stop())
    mine, others = run.flow(dport=port, sport=sport), run.flow(dport=port, sport=sport + 1)
    check(tally(mine) == {"delivered": count} and {r["comm"] for r in mine} == {"traffic"},
          f"{tally(mine)}")
    check(tally(others) == {"dropped": 5} and tally(others, "reason") == {"NO_SOCKET": 5},
          f"{tally(others)} {tally(others, 'reason')}")
    return f"{count} delivered, 5 of another port dropped"


def in_a_namespace_by(env, kind, network, count):
    """A container with a device of this kind on eth0: the device changes in the stack's entry."""
    g, port = env.guest(), env.port()
    g.check(f"""set -e; modprobe {kind.split()[0]}; ip netns add up
        ip link add link eth0 name up0 netns up type {kind}
        ip -n up addr add {network}.2/24 dev up0; ip -n up link set up0 up
        ip -n up link set lo up""")
    try:
        mac = g.check("ip -n up -o link show up0 | sed 's/.*ether \\([^ ]*\\).*/\\1/'").strip()
        inode = int(g.check("ip netns exec up stat -L -c %i /proc/self/ns/net"))
        with trace_eth0(g) as trace:
            process = receive(g, "udp-recv", port, count, inside=("ip", "netns", "exec", "up"))
            send_frames(g.nics[0], datagrams(g.nics[0], port, count, f"{network}.2",
                                             f"{network}.1", dst=mac))
            check(process.wait(30) == 0, f"the reader: {process.out()}{process.err()}")
            run = at_rest(trace.stop())
    finally:
        g.check("ip netns del up")
    flow = run.flow(proto="udp", dport=port)
    check(tally(flow) == {"delivered": count}, f"{tally(flow)}: {run.summary}")
    check_hops(flow, (None, inode), stages=("gro", "netif", "ip", "local", "sock", "read"))
    return f"{count} delivered through {kind} in another namespace"


@later
def a_macvlan_is_a_hop(env):
    """It has a MAC address of its own."""
    return in_a_namespace_by(env, "macvlan mode bridge", "10.56.0", 50)


@later
def an_ipvlan_is_a_hop(env):
    """It has eth0's MAC address."""
    return in_a_namespace_by(env, "ipvlan mode l2", "10.58.0", 30)


@later
def a_bond_is_followed_by_its_ports(env):
    """-i bond7: drivers hand packets up for the ports. In a namespace, as it takes those over."""
    g, port, count = env.guest(), env.port(), 30
    g.check("""set -e; modprobe bonding; modprobe veth; ip netns add outer; ip netns add inner
        ip -n inner link add p0 type veth peer name q0 netns outer
        ip -n inner link add p1 type veth peer name q1 netns outer
        ip -n inner link add bond7 type bond mode active-backup
        for p in p0 p1; do ip -n inner link set $p master bond7; done
        ip -n inner addr add 10.57.0.2/24 dev bond7; ip -n inner link set bond7 up
        ip -n outer addr add 10.57.0.1/24 dev q0
        for q in q0 q1; do ip -n outer link set $q up; done""")
    try:
        with Trace(g, "--netns", "inner", "-i", "bond7") as trace:
            reader = g.start(["ip", "netns", "exec", "inner", "traffic", "udp-recv", str(port),
                              str(count), "--timeout", "20"])
            reader.wait_for("ready", 20)
            g.check(f"ip netns exec outer traffic udp-send 10.57.0.2 {port} {count} --gap-us 300")
            check(reader.wait(30) == 0, f"the reader: {reader.out()}{reader.err()}")
            said = trace._process.err()
            run = at_rest(trace.stop())
    finally:
        g.check("ip netns del inner; ip netns del outer")
    flow = run.flow(proto="udp", dport=port)
    check("-i bond7: following its ports, where its packets come in: p" in said, said)
    check(tally(flow) == {"delivered": count} and tally(flow, "dev") == {"p0": count},
          f"{tally(flow)}, {tally(flow, 'dev')}: {run.summary}")
    check_hops(flow, ("bond7", None), stages=("netif", "ip", "local", "sock", "read"))
    return f"{count} delivered through bond7, by p0"


@later
def an_interface_upon_another_says_where_to_look(env):
    g, said = env.guest(), []
    g.check("set -e; modprobe 8021q; modprobe bridge; ip link add link eth0 name eth0.6 type vlan "
            "id 6; ip link add br6 type bridge; ip link set eth1 master br6")
    try:
        for name, words in (("eth0.6", "are followed from eth0 on"),
                            ("br6", "name those instead (eth1)")):
            done = g.start(["pktpath", "trace", "-i", name, "-d", "0.1"])
            check(done.wait(60) == 0 and f"-i {name}: packets from outside" in done.err() and
                  words in done.err(), done.err())
            said.append(done.err().splitlines()[0])
    finally:
        g.check("ip link del eth0.6; ip link del br6")
    return "; ".join(said)


@later
def routed_packets_leave_over_ipv6(env):
    g, port, count = env.guest(ipv6=True), env.port(), 40
    nics = g.nics
    g.check(f"echo 1 > /proc/sys/net/ipv6/conf/all/forwarding; "
            f"ip -6 route add {BEYOND6}::/64 via {nics[1].outside6} dev eth1")
    wire.ip(f"route replace {BEYOND6}::/64 via {nics[0].guest6}")
    try:
        with trace_eth0(g) as trace:
            g.traffic("udp-send", f"{BEYOND6}::5", port, count, "--gap-us", 2000)
            run = at_rest(trace.stop())
    finally:
        wire.ip(f"route del {BEYOND6}::/64")
        g.check(f"ip -6 route del {BEYOND6}::/64; echo 0 > /proc/sys/net/ipv6/conf/all/forwarding")
    flow = run.flow(proto="udp", dport=port)
    check(tally(flow) == {"forwarded": count} and tally(flow, "egress") == {"eth1": count},
          f"{tally(flow)}, {tally(flow, 'egress')}")
    check(all(at(r, "forward") and at(r, "xmit") and not at(r, "local") for r in flow),
          f"{flow[0]}")
    return f"{count} left through eth1"
