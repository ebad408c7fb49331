# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
"""No verdict without evidence: packets that change their skb on the way, that leave by a way which
no configuration announces, and that end where nobody sees it. The witness is always another: a
reader's bytes, frames that came out of a tap, the kernel's own counters."""

import contextlib
import pathlib
import signal
import socket
import struct

from guest.counts import check_stream
from guest.env import megabytes, send_tcp, send_udp, trace_eth0
from guest.forward import (BEYOND, bridge, container, datagrams, ether, forwarding, ip4, need,
                           receive_inside, send_frames, tap_received)
from lib import wire
from lib.harness import check, later, test
from lib.records import at, tally
from lib.tool import eventually

IPV4, ARP = 0x0800, 0x0806


@contextlib.contextmanager
def packet_socket(g, ethertype=IPV4, ifname="eth0"):
    """As a DHCP client has it: bound to a protocol, with a filter that refuses all."""
    process = g.start(["traffic", "packet-refuse", str(ethertype), *([ifname] if ifname else [])])
    process.wait_for("ready", 20)
    try:
        yield
    finally:
        process.signal(signal.SIGKILL)
        process.wait(30)


def all_seen(run):
    """Everything ended, and with a verdict, but for what the kernel admits to have skipped."""
    check(run.summary["untracked"]["unknown end"] == 0, f"ends unknown: {run.summary}")
    run.unseen()
    return run


def under_a_packet_socket(env, ethertype, ifname):
    g, count, size = env.guest(), 20, 200_000
    ports = [env.port() for _ in range(3)]
    with packet_socket(g, ethertype, ifname), trace_eth0(g) as trace:
        send_udp(g, ports[0], count, gap_us=2000)
        send_tcp(g, ports[1], size)
        g.traffic("udp-send", g.nics[0].guest, ports[2], 5, "--gap-us", 5000)
        trace.wait_records(f'"dport":{ports[2]}', 5)
        run = all_seen(trace.stop())
    read, stream, closed = (run.flow(dport=p) for p in ports)
    check(tally(read) == {"delivered": count} and all(at(r, "sock") for r in read),
          f"read: {tally(read)}, {run.summary}")
    check(tally(closed) == {"dropped": 5} and
          set(tally(closed, "reason")) <= {"NO_SOCKET", "no reason given"},
          f"to a closed port: {tally(closed)}, {tally(closed, 'reason')}")
    return f"{count} datagrams read, 5 dropped; {check_stream(run, stream, size)}"


@test
def under_a_dhcp_clients_socket(env):
    """IP hands up a clone of each packet, and the original is freed by the packet socket."""
    return under_a_packet_socket(env, IPV4, "eth0")


@later
def under_a_packet_socket_of_all_interfaces(env):
    return under_a_packet_socket(env, IPV4, None)


@later
def a_delay_under_a_packet_socket(env):
    """The reader takes its time: that is in the journey, though the original is long gone."""
    g, port, count, delay = env.guest(), env.port(), 10, 20
    with packet_socket(g), trace_eth0(g) as trace:
        send_udp(g, port, count, gap_us=40_000, reader=("--delay-ms", delay))
        run = all_seen(trace.stop())
    flow = run.flow(proto="udp", dport=port)
    check(tally(flow) == {"delivered": count}, f"{tally(flow)}")
    late = [r["total_ns"] / 1e6 for r in flow]
    check(min(late) >= delay - 1, f"{min(late)} ms, but the reader takes {delay} ms")
    return f"{count} delivered, at least {min(late):.1f} ms"


@test
def a_fin_after_our_own_is_taken(env):
    """The guest closes first, so the peer's FIN meets a socket in TIME_WAIT. The kernel answers it,
    and frees it as if it were dropped, without a reason. The peer's kernel is the witness: its
    socket is gone once its FIN is acknowledged."""
    g, port, count = env.guest(), env.port(), 5
    with trace_eth0(g) as trace:
        for _ in range(count):
            server = g.start(["busybox", "nc", "-l", "-p", str(port), "-e", "true"])
            g.check(f"until grep -qs ':{port:04X} [0-9A-F]*:0000 0A' /proc/net/tcp /proc/net/tcp6; "
                    "do usleep 10000; done")
            with socket.create_connection((g.nics[0].guest, port), timeout=60) as peer:
                check(peer.recv(1) == b"" and server.wait(30) == 0, "the server did not close")
            gone = eventually(lambda: f":{port:04X} " not in
                              pathlib.Path("/proc/thread-self/net/tcp").read_text("ascii"))
            check(gone, "the peer's FIN was not acknowledged")
        run = all_seen(trace.stop())
    flow = run.flow(proto="tcp", dport=port)
    last = [r for r in flow if "F" in r["tcp_flags"]]
    check(tally(flow) == {"consumed": len(flow)} and len(last) == count,
          f"{tally(flow)}, {tally(flow, 'reason')}, {len(last)} with FIN")
    return f"{len(flow)} consumed, {count} of them a FIN in TIME_WAIT"


def check_sent_on(g, port, to="192.0.2.7", count=20):
    """Frames for another host come out of eth1, and are `forwarded` through it."""
    with trace_eth0(g) as trace:
        before = tap_received(g.nics[1])
        send_frames(g.nics[0], datagrams(g.nics[0], port, count, to, "10.77.0.1"))
        trace.wait_records(f'"dport":{port}', count)
        left = tap_received(g.nics[1]) - before
        run = all_seen(trace.stop())
    flow = run.flow(dport=port)
    check(left == count, f"{left} of {count} came out of eth1")
    check(tally(flow) == {"forwarded": count} and tally(flow, "egress") == {"eth1": count} and
          all(r["stages"][-1]["stage"] == "xmit" for r in flow),
          f"{tally(flow)}, {tally(flow, 'egress')}")
    return f"{count} left through eth1"


def redirected(env, setup, teardown):
    """By a configuration which pktpath does not look at."""
    g = env.guest()
    g.check(setup)
    try:
        return check_sent_on(g, env.port())
    finally:
        g.check(teardown)


@later
def redirected_by_tc(env):
    return redirected(env, """set -e; modprobe sch_ingress; modprobe act_mirred
        modprobe cls_matchall
        tc qdisc add dev eth0 ingress
        tc filter add dev eth0 ingress protocol ip matchall action mirred egress redirect dev eth1
        """, "tc qdisc del dev eth0 ingress")


@later
def a_bridge_made_while_it_runs(env):
    """Docker or libvirt started after the trace: nothing of it was there to be looked at."""
    g, port, count = env.guest(), env.port(), 50
    with trace_eth0(g) as trace:
        with bridge(g), container(g, "10.77.0.3", port="br0"):
            mac = g.check("ip netns exec c1 cat /sys/class/net/v1/address").strip()
            wire.ip(f"neigh replace 10.77.0.3 lladdr {mac} dev {g.nics[0].tap} nud permanent")
            process = receive_inside(g, "udp-recv", port, count)
            g.traffic("udp-send", "10.77.0.3", port, count, "--gap-us", 2000)
            check(process.wait(30) == 0, f"the reader: {process.out()}")
            wire.ip(f"neigh del 10.77.0.3 dev {g.nics[0].tap}")
        run = all_seen(trace.stop())
    flow = run.flow(proto="udp", dport=port)
    check(tally(flow) == {"delivered": count}, f"{tally(flow)}")
    return f"{count} delivered in a container behind a bridge that came later"


@test
def freed_where_nobody_sees_it(env):
    """tc's `trap` frees a packet without a drop, and no consumer has it: that is not `consumed`."""
    g, port, count = env.guest(), env.port(), 10
    g.check("""set -e; modprobe sch_ingress; modprobe act_gact
        modprobe cls_matchall; tc qdisc add dev eth0 ingress
        tc filter add dev eth0 ingress protocol ip matchall action trap""")
    try:
        with trace_eth0(g) as trace:
            g.traffic("udp-send", g.nics[0].guest, port, count, "--gap-us", 2000)
            trace.wait_records(f'"dport":{port}', count)
            run = trace.stop()
    finally:
        g.check("tc qdisc del dev eth0 ingress")
    flow = run.flow(dport=port)
    check(tally(flow) == {"untracked": count} and
          tally(flow, "reason") == {"unknown end": count}, f"{tally(flow)} {tally(flow, 'reason')}")
    check(run.summary["coverage_percent"] < 100, f"{run.summary}")
    return f"{count} untracked: unknown end; coverage {run.summary['coverage_percent']:.1f} %"


@test
def segmented_by_nfqueue(env):
    """A reader of NFQUEUE that does not take what GRO merged: the kernel cuts it, each piece goes
    through the queue, and the whole is freed as if it were dropped."""
    g, port, size = env.guest(), env.port(), 1_000_000
    need(g, "nft")
    g.check(f"""modprobe -q crc32c_generic; set -e; modprobe nf_tables; modprobe nfnetlink_queue
        modprobe nft_queue; nft add table ip q
        nft 'add chain ip q in {{ type filter hook input priority 0; }}'
        nft add rule ip q in tcp dport {port} queue num 7""")
    queue = g.start(["traffic", "nfqueue-delay", "7", "0", "1000000"])
    queue.wait_for("ready", 20)
    try:
        with trace_eth0(g, file=True) as trace:
            send_tcp(g, port, size)
            run = trace.stop()
        dropped = g.check("cat /proc/net/netfilter/nfnetlink_queue").split()[5:7]
    finally:
        queue.signal(signal.SIGKILL)
        queue.wait(30)
        g.check("nft delete table ip q")
    check(dropped == ["0", "0"], f"the queue dropped: {dropped}")
    flow = run.flow(proto="tcp", dport=port)
    check(set(tally(flow)) <= {"delivered", "merged", "consumed"}, f"{tally(flow)}")
    check(run.summary["untracked"]["unknown end"] == 0, f"{run.summary}")
    read = sum(r["data_len"] for r in flow if r["verdict"] == "delivered")
    check(read == size, f"{read} of {size} bytes delivered: {tally(flow)}")
    return (f"{megabytes(size)} read through the queue: {tally(flow)}, "
            f"{run.summary['clones']} pieces")


def tcp_segment(src, dst, port, seq, data):
    """A segment in the middle of a stream, as GRO merges them: its checksum is right."""
    head = struct.pack("!HHIIBBHHH", 4000, port, seq, 1, 5 << 4, 0x10, 8192, 0, 0)
    pseudo = socket.inet_aton(src) + socket.inet_aton(dst) + struct.pack("!HH", 6,
                                                                         len(head) + len(data))
    total = pseudo + head + data
    words = sum(struct.unpack(f"!{len(total) // 2}H", total))
    while words >> 16:
        words = (words & 0xffff) + (words >> 16)
    return head[:16] + struct.pack("!H", ~words & 0xffff) + head[18:] + data


@test
def a_router_that_shapes(env):
    """tbf cuts what GRO merged, and drops most of the pieces: each has its own verdict."""
    g, port, frames, each = env.guest(), env.port(), 200, 1000
    g.check("""set -e; modprobe sch_tbf; ethtool -K eth1 tso off 2>/dev/null || true
        tc qdisc add dev eth1 root tbf rate 64kbit burst 10000 limit 4000""")
    stream = [ether(g.nics[0], ip4(f"{BEYOND}.5", 6, tcp_segment(
        "10.77.0.1", f"{BEYOND}.5", port, i * each, bytes(each)), ident=i)) for i in range(frames)]
    try:
        with forwarding(g), trace_eth0(g, file=True) as trace:
            before = tap_received(g.nics[1])
            send_frames(g.nics[0], stream, gap=0)
            g.check("while tc -s qdisc show dev eth1 | grep -q 'backlog [1-9]'; do sleep 0.1; done")
            left = tap_received(g.nics[1]) - before
            said = g.check("tc -s qdisc show dev eth1")
            run = trace.stop()
    finally:
        g.check("tc qdisc del dev eth1 root")
    flow, drops = run.flow(dport=port), int(said.split("dropped ")[1].split(",")[0])
    counts = tally(flow)
    check(run.summary["clones"], f"nothing was cut: {counts}")
    # One of each whole's pieces goes on with its record: merged frames are in its account.
    check(counts.get("forwarded") == left and drops <= counts.get("dropped", 0) and
          set(counts) <= {"forwarded", "dropped", "merged"},
          f"{counts}; by the kernel {left} left, {drops} dropped")
    held = sum(r["gro_frames"] or 1 for r in flow if r["verdict"] != "merged")
    check(held == frames, f"{counts} with {held} of {frames} frames")
    return f"{counts}: {left} left, {drops} drops by the kernel's count"
