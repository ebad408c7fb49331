# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
"""Ways of real hosts that no other module has: devices upon devices, tc's filters, conntrack. The
witness is a reader that gets every datagram, or tc's own counters."""

import contextlib
import re

from guest.copies import fragments_end_in_their_datagram
from guest.env import receive, trace_eth0
from guest.forward import (at_rest, datagrams, ip4, need, read_all, tap_received,
                           through_a_tunnel)
from lib.harness import check, later
from lib.records import tally


@later
def a_vrf_changes_nothing(env):
    """Within ip_rcv_core()'s caller the packet's device becomes the VRF's (vrf_l3_rcv())."""
    g, port, count = env.guest(), env.port(), 30
    g.check("""set -e; modprobe 8021q; modprobe vrf; ip link add vrf9 type vrf table 99
        ip link set vrf9 up; ip link add link eth0 name eth0.9 type vlan id 9
        ip link set eth0.9 master vrf9; ip addr add 10.59.0.2/24 dev eth0.9
        ip link set eth0.9 up; echo 1 > /proc/sys/net/ipv4/udp_l3mdev_accept""")
    try:
        run = read_all(g, ("-i", "eth0"), port, count,
                       datagrams(g.nics[0], port, count, "10.59.0.2", "10.59.0.1", vlan=9))
    finally:
        g.check("echo 0 > /proc/sys/net/ipv4/udp_l3mdev_accept; ip link del eth0.9; "
                "ip link del vrf9")
    flow = run.flow(proto="udp", dport=port)
    check(tally(flow) == {"delivered": count}, f"{tally(flow)}: {run.summary}")
    return f"{count} delivered in a VRF"


@later
def an_ipip_tunnel_is_a_hop(env):
    return through_a_tunnel(
        env, "ipip1", """modprobe ipip
        ip link add ipip1 type ipip local 10.77.0.2 remote 10.77.0.1""",
        lambda inner: ip4("10.77.0.2", 4, inner), 30)


@later
def fragments_under_conntrack(env):
    """nf_defrag_ipv4 puts them together at PREROUTING, before IP would."""
    g = env.guest()
    need(g, "nft")
    g.check("""modprobe -q crc32c_generic; set -e; modprobe nf_tables; modprobe nft_ct
        nft add table ip d
        nft 'add chain ip d pre { type filter hook prerouting priority 0; }'
        nft add rule ip d pre ct state new counter accept""")
    try:
        return fragments_end_in_their_datagram(env)
    finally:
        g.check("nft delete table ip d")


@contextlib.contextmanager
def filtered(g, action):
    """tc does this with all IP that comes in by eth0."""
    g.check(f"""set -e; modprobe sch_ingress; modprobe act_mirred; modprobe act_gact
        modprobe cls_matchall; tc qdisc add dev eth0 ingress
        tc filter add dev eth0 ingress protocol ip matchall action {action}""")
    try:
        yield
    finally:
        g.check("tc qdisc del dev eth0 ingress")


@later
def mirrored_by_tc(env):
    """A copy goes out of eth1, and the packet to its reader."""
    g, port, count = env.guest(), env.port(), 20
    with filtered(g, "mirred egress mirror dev eth1"), trace_eth0(g) as trace:
        before = tap_received(g.nics[1])
        process = receive(g, "udp-recv", port, count)
        g.traffic("udp-send", g.nics[0].guest, port, count, "--gap-us", 2000)
        check(process.wait(30) == 0, f"the reader: {process.out()}")
        run = at_rest(trace.stop())
        left = tap_received(g.nics[1]) - before
    flow = run.flow(proto="udp", dport=port)
    check(tally(flow) == {"delivered": count} and left >= count,
          f"{tally(flow)}, {left} came out of eth1")
    return f"{count} delivered, {left} copies came out of eth1"


@later
def dropped_by_tc(env):
    g, port, count = env.guest(), env.port(), 20
    with filtered(g, "drop"), trace_eth0(g) as trace:
        g.traffic("udp-send", g.nics[0].guest, port, count, "--gap-us", 2000)
        trace.wait_records(f'"dport":{port}', count)
        run = at_rest(trace.stop())
        said = g.check("tc -s filter show dev eth0 ingress")
    flow = run.flow(proto="udp", dport=port)
    dropped = int(re.search(r"dropped (\d+)", said)[1])
    check(tally(flow) == {"dropped": count} and dropped >= count, f"{tally(flow)}; tc: {dropped}")
    return f"{count} dropped, {dropped} by tc's count: {tally(flow, 'reason')}"
