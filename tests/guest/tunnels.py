# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
"""Tunnels and datapaths beyond IP's own: GENEVE, WireGuard, Open vSwitch, netfilter's flow table.
The witness is a reader that gets every datagram, or the frames that come out of a tap."""

import contextlib
import struct

from guest.env import trace_eth0
from guest.evidence import check_sent_on
from guest.forward import (BEYOND, datagrams, ether, forwarding, ip4, need, numbered, send_frames,
                           through_a_tunnel, udp)
from lib import guesttools
from lib.harness import check, later
from lib.records import Trace, tally


@later
def a_geneve_tunnel_is_a_hop(env):
    head = (struct.pack("!BBHI", 0, 0, 0x6558, 7 << 8) +    # no options; Ethernet inside
            bytes.fromhex("020000009902" "020000009901" "0800"))
    return through_a_tunnel(
        env, "gnv1", """modprobe geneve
        ip link add gnv1 address 02:00:00:00:99:02 type geneve id 7 remote 10.77.0.1""",
        lambda inner: ip4("10.77.0.2", 17, udp(6081, head + inner)), 30)


@later
def a_wireguard_tunnel_is_a_hop(env):
    """Decrypted by a worker, on any CPU; then wg's own NAPI takes it up."""
    g, port, count = env.guest(), env.port(), 30
    wg = guesttools.bring(g, "wg")
    g.check(f"""set -e; modprobe veth; modprobe wireguard; ip netns add far
        ip link add v0 type veth peer name v1 netns far
        ip addr add 10.68.0.2/24 dev v0; ip link set v0 up
        ip -n far addr add 10.68.0.1/24 dev v1; ip -n far link set v1 up
        ip link add wg0 type wireguard; ip -n far link add wg0 type wireguard
        ip addr add 10.69.0.2/24 dev wg0; ip -n far addr add 10.69.0.1/24 dev wg0
        umask 77; {wg} genkey > /tmp/near.key; {wg} genkey > /tmp/far.key
        {wg} set wg0 listen-port 51820 private-key /tmp/near.key \\
            peer $({wg} pubkey < /tmp/far.key) allowed-ips 10.69.0.1/32 endpoint 10.68.0.1:51820
        ip netns exec far {wg} set wg0 listen-port 51820 private-key /tmp/far.key \\
            peer $({wg} pubkey < /tmp/near.key) allowed-ips 10.69.0.2/32 endpoint 10.68.0.2:51820
        ip link set wg0 up; ip -n far link set wg0 up""")
    try:
        with Trace(g, "-i", "v0") as trace:
            reader = g.start(["traffic", "udp-recv", str(port), str(count), "--timeout", "20"])
            reader.wait_for("ready", 20)
            g.check(f"ip netns exec far traffic udp-send 10.69.0.2 {port} {count} --gap-us 2000")
            check(reader.wait(60) == 0, f"the reader: {reader.out()}{reader.err()}")
            run = trace.stop()
    finally:
        g.check("ip link del wg0; ip link del v0; ip netns del far")
    flow = run.flow(proto="udp", dport=port)
    outer = run.flow(proto="udp", dport=51820)
    check(tally(flow) in ({"delivered": count}, {}), f"{tally(flow)}: {run.summary}")
    wrong = [r for r in outer if r["verdict"] not in ("consumed", "untracked")]
    check(not wrong, f"{tally(outer)}: {wrong[:1]}")
    return f"{tally(flow) or 'not followed'}, the others {tally(outer)}"


@contextlib.contextmanager
def datapath(g, actions, *ports):
    """The kernel's switch with one flow, for IPv4 that comes in by the first of its ports."""
    dpctl = guesttools.bring(g, "ovs-dpctl")
    g.check(f"""modprobe -q crc32c_generic; set -e; modprobe openvswitch
        {dpctl} add-dp dp9; {dpctl} add-if dp9 {' '.join(ports)}""")
    try:
        g.check(f"{dpctl} add-flow dp9 'in_port(1),eth(),eth_type(0x0800),ipv4(frag=no)' "
                f"'{actions}'")
        yield
    finally:
        g.check(f"{dpctl} del-dp dp9")


@later
def a_switch_of_open_vswitch_forwards(env):
    g = env.guest()
    with datapath(g, 2, "eth0", "eth1"):
        return check_sent_on(g, env.port())


@later
def what_open_vswitch_drops_has_its_reason(env):
    """A flow without actions. Before Linux 6.6 nothing says that this is a drop."""
    g, port, count = env.guest(), env.port(), 20
    with datapath(g, "", "eth0"), trace_eth0(g) as trace:
        send_frames(g.nics[0], datagrams(g.nics[0], port, count, f"{BEYOND}.5", "10.77.0.1"))
        trace.wait_records(f'"dport":{port}', count)
        run = trace.stop()
    flow = run.flow(proto="udp", dport=port)
    reasons = tally(flow, "reason")
    check(len(flow) == count, f"{len(flow)}: {run.summary}")
    check(tally(flow) == {"untracked": count} or reasons == {"OVS_DROP_LAST_ACTION": count},
          f"{tally(flow)}, {reasons}: {run.summary}")
    return f"{tally(flow)}, {reasons}"


@later
def a_flow_table_forwards(env):
    """From netfilter's ingress straight to the neighbour: IP never sees the packet."""
    g, port = env.guest(), env.port()
    need(g, "nft")
    g.check("""modprobe -q crc32c_generic; set -e; modprobe nf_tables; modprobe nft_flow_offload
        modprobe nf_flow_table_inet; modprobe nft_ct; nft add table inet f
        nft 'add flowtable inet f ft { hook ingress priority 0; devices = { eth0, eth1 }; }'
        nft 'add chain inet f ways { type filter hook forward priority 0; }'
        nft add rule inet f ways meta l4proto udp flow add @ft""")
    nic = g.nics[0]
    try:
        with forwarding(g):
            # Both ways once, or conntrack does not take the flow for one.
            send_frames(nic, datagrams(nic, port, 1, f"{BEYOND}.5", nic.outside))
            send_frames(g.nics[1], [ether(g.nics[1], ip4(nic.outside, 17, udp(
                4000, numbered(0), sport=port), src=f"{BEYOND}.5"))])
            said = check_sent_on(g, port, f"{BEYOND}.5")
            table = g.check("cat /proc/net/nf_conntrack")
        check("[OFFLOAD]" in table, f"not in the flow table: {table}")
    finally:
        g.check("nft delete table inet f")
    return said
