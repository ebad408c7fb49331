# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
"""No verdict without evidence, on this machine's own kernel, whatever it offers: where only
tracepoints are allowed, most ends of a packet cannot be seen. The witness is another each time:
what a reader got, what ping counts, /proc/net/snmp. host/tracing.py runs these."""

import contextlib
import ctypes
import pathlib
import socket
import struct
import subprocess
import time

from lib import wire
from lib.harness import Skip, check, test
from lib.netns import HERE, THERE, closed_port, quiet, tcp, udp
from lib.records import tally
from lib.tool import Trace, need
from host.long import RCVBUF, TRAFFIC

INNER = "10.98.0.1"     # of a device on top of pp0
SO_ATTACH_FILTER = 26
UNKNOWN = 0x88b5        # an ethertype for experiments
LOST = ("stale", "missed end", "unknown end", "socket table full")


def checksum(data):
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    total = (total & 0xffff) + (total >> 16)
    return 0xffff ^ ((total & 0xffff) + (total >> 16))


def snmp(name):
    """A counter of UDP's, of the namespace we are in."""
    rows = [line.split() for line in pathlib.Path("/proc/thread-self/net/snmp").read_text(
        encoding="ascii").splitlines() if line.startswith("Udp:")]
    return int(dict(zip(*rows))[name])


def ping_there(count):
    done = subprocess.run(["ping", "-n", "-q", "-c", str(count), "-i", "0.02", "-W", "10", THERE],
                          capture_output=True, text=True, check=False)
    check(f" {count} received" in done.stdout, f"ping: {done.stdout}{done.stderr}")


@test
def an_answered_ping_is_not_dropped(env):
    """ping's raw socket got a copy; the kernel frees the original as if nobody wanted it."""
    need(env.roles, "netif", "drop")
    with Trace("-i", "pp0", "--json") as t:
        ping_there(20)
        got = t.stop().flow(proto="icmp", saddr=THERE)
    originals = [r for r in got if "clone" not in r["flags"]]
    copies = [r for r in got if "clone" in r["flags"]]
    check(tally(originals) == {"consumed": 20}, f"{tally(originals)} {tally(originals, 'reason')}")
    check(tally(copies) == {"delivered": 20} and {r["comm"] for r in copies} == {"ping"},
          f"copies for ping: {tally(copies)}, read by {tally(copies, 'comm')}")
    return "20 replies, and 20 copies read by ping"


@test
def a_reply_that_nobody_asked_for_is_dropped(env):
    """Not every NO_SOCKET is ping's: here nobody listens, though somebody did just before."""
    need(env.roles, "netif", "drop")
    reply = struct.pack("!BBHHH", 0, 0, 0, 0x4d4d, 1) + bytes(8)
    reply = reply[:2] + struct.pack("!H", checksum(reply)) + reply[4:]
    raw = env.net.there(lambda: socket.socket(socket.AF_INET, socket.SOCK_RAW,
                                              socket.IPPROTO_ICMP))
    with raw, Trace("-i", "pp0", "--json") as t:
        ping_there(3)
        for _ in range(5):
            raw.sendto(reply, (HERE, 0))
            time.sleep(0.01)
        closed = closed_port(env.net, "there", HERE, socket.SOCK_DGRAM)
        run = t.stop()
    got = run.flow(proto="icmp", saddr=THERE, verdict="dropped")
    check(len(got) == 5, f"{tally(run.flow(proto='icmp'))}")
    check(tally(run.flow(dport=closed)) == {"dropped": 1}, f"{run.flow(dport=closed)}")
    return f"5 {got[0]['reason']} at {got[0]['place']}"


def talk_and_close(net, listener, first):
    """A connection over which both sides read what they are sent; `first` closes first."""
    with net.socket("there") as client:
        client.connect(listener.getsockname())
        server = listener.accept()[0]
        client.sendall(b"hello")
        check(server.recv(10) == b"hello", "the server's bytes")
        server.sendall(b"world")
        check(client.recv(10) == b"world", "the client's bytes")
        for side in (server, client) if first == "here" else (client, server):
            side.close()
            time.sleep(0.005)


@test
def closing_a_connection_drops_nothing(env):
    """The last FIN lies in the queue of a socket that goes, or meets one in TIME_WAIT."""
    need(env.roles, "netif", "drop")
    count = 25
    with env.net.socket("here") as listener, Trace("-i", "pp0", "--json") as t:
        listener.bind((HERE, 0))
        listener.listen()
        for first in ("here", "there"):
            for _ in range(count):
                talk_and_close(env.net, listener, first)
        run = t.stop()
    got = run.flow(proto="tcp", dport=listener_port(run))
    fins = [r for r in got if "F" in r["tcp_flags"]]
    check("dropped" not in tally(got), f"{tally(got)} {tally(got, 'place')}")
    check(len(fins) == 2 * count, f"{len(fins)} FINs: {tally(got, 'tcp_flags')}")
    check(tally(fins) == {"consumed": 2 * count}, f"{tally(fins)} {tally(fins, 'reason')}")
    check(tally([r for r in got if r["data_len"]]) == {"delivered": 2 * count}, f"{tally(got)}")
    return f"{tally(got)}"


def listener_port(run):
    """The port to which the SYNs went."""
    return run.flow(proto="tcp", tcp_flags="S")[0]["dport"]


@test
def what_nobody_read_is_dropped(env):
    """Two sockets that are closed with something in their queues."""
    need(env.roles, "netif", "drop")
    with Trace("-i", "pp0", "--json") as t, env.net.socket("there", socket.SOCK_DGRAM) as sender, \
            env.net.socket("there") as client, env.net.socket("here") as listener:
        with env.net.socket("here", socket.SOCK_DGRAM) as reader:
            reader.bind((HERE, 0))
            datagrams = reader.getsockname()[1]
            for _ in range(5):
                sender.sendto(b"x", (HERE, datagrams))
            time.sleep(0.1)
        listener.bind((HERE, 0))
        listener.listen()
        client.connect(listener.getsockname())
        server = listener.accept()[0]
        client.sendall(b"hello")
        time.sleep(0.1)
        server.close()
        run = t.stop()
    data = [r for r in run.flow(proto="tcp") if r["data_len"]]
    check(tally(run.flow(dport=datagrams)) == {"dropped": 5}, f"{tally(run.flow(dport=datagrams))}")
    check(tally(data) == {"dropped": 1}, f"{data}")
    return f"5 datagrams, and a segment: {data[0]['reason']}"


@contextlib.contextmanager
def on_top(net, here, there):
    """A device `up0` on pp0, another one on its peer, and addresses in a network of their own."""
    try:
        wire.ip(f"link add up0 {here}")
    except wire.WireError as error:
        raise Skip(f"this kernel has no such device: {error}") from None
    try:
        quiet("up0")
        wire.ip(f"addr add {INNER}/24 dev up0", "link set up0 up")

        def other():
            wire.ip(f"link add up1 {there}")
            quiet("up1")
            wire.ip("addr add 10.98.0.2/24 dev up1", "link set up1 up")

        net.there(other)
        net.ping(INNER, 1)
        yield
    finally:
        wire.ip("link del up0")
        with contextlib.suppress(wire.WireError):
            net.there(lambda: wire.ip("link del up1"))


def through(env, here, there):
    """Pings that were answered, datagrams and a stream that were read, all with inner addresses."""
    need(env.roles, "netif")
    count, size = 10, 50_000
    with on_top(env.net, here, there), Trace("-i", "pp0", "--json") as t:
        env.net.ping(INNER, count)
        port = udp(env.net, count, "here", "there", INNER)
        ports = tcp(env.net, size, "here", "there", INNER)
        run = t.stop()
    echo, stream = run.flow(proto="icmp", daddr=INNER), run.flow(dport=ports[1], daddr=INNER)
    check(tally(echo) == {"consumed": count}, f"{tally(echo)} {tally(echo, 'reason')}: "
          f"{tally(run.records, 'proto')}")
    if env.udp_read:
        check(tally(run.flow(dport=port, daddr=INNER)) == {"delivered": count},
              f"{tally(run.flow(dport=port))}")
    data = [r for r in stream if r["data_len"]]
    read = sum(r["data_len"] for r in data if r["verdict"] in ("delivered", "merged"))
    check(set(tally(data)) <= {"delivered", "merged", "untracked"}, f"{tally(data)}")
    check(read <= size and "dropped" not in tally(stream), f"{read} of {size}: {tally(stream)}")
    return f"{count} pings, {count} datagrams, {read} of {size} bytes; {tally(stream)}"


@test
def what_comes_through_a_macvlan(env):
    """It takes the place of the interface in the skb, without a hook."""
    return through(env, "link pp0 type macvlan mode bridge", "link pp1 type macvlan mode bridge")


@test
def what_comes_through_a_vlan(env):
    return through(env, "link pp0 type vlan id 7", "link pp1 type vlan id 7")


@test
def what_comes_through_an_ipvlan(env):
    return through(env, "link pp0 type ipvlan mode l2", "link pp1 type ipvlan mode l2")


@test
def what_comes_through_a_vxlan(env):
    return through(env, f"type vxlan id 9 local {HERE} remote {THERE} dstport 4789 dev pp0",
                   f"type vxlan id 9 local {THERE} remote {HERE} dstport 4789 dev pp1")


def priority_tagged(port, payload):
    """From packet socket to wire: VLAN 0, which only says how urgent it is."""
    show = subprocess.run(["ip", "-br", "link", "show", "pp0"], capture_output=True, text=True,
                          check=True)
    mac = bytes.fromhex(show.stdout.split()[2].replace(":", ""))
    datagram = struct.pack("!HHHH", 5555, port, 8 + len(payload), 0) + payload
    header = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(datagram), 0, 0, 64, 17, 0,
                         socket.inet_aton(THERE), socket.inet_aton(HERE))
    header = header[:10] + struct.pack("!H", checksum(header)) + header[12:]
    return mac + bytes(6) + struct.pack("!HHH", 0x8100, 6 << 13, 0x0800) + header + datagram


@test
def priority_tagged_datagrams_that_were_read(env):
    need(env.roles, "netif")
    if not env.udp_read:
        raise Skip("this kernel shows no read of UDP")
    count = 10
    wire_end = env.net.there(lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW))
    with env.net.socket("here", socket.SOCK_DGRAM) as reader, wire_end, \
            Trace("-i", "pp0", "--json") as t:
        wire_end.bind(("pp1", 0))
        reader.bind((HERE, 0))
        for i in range(count):
            wire_end.send(priority_tagged(reader.getsockname()[1], b"%06d" % i))
            check(reader.recv(100) == b"%06d" % i, "another datagram")
        run = t.stop()
    check(tally(run.records) == {"delivered": count}, f"{tally(run.records)} {run.summary}")
    return f"{count} delivered"


@contextlib.contextmanager
def refusing_socket(ethertype):
    """As a DHCP client has it: it is given every packet of this type, and refuses all."""
    refuse = ctypes.create_string_buffer(struct.pack("HBBI", 6, 0, 0, 0))
    with socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, 0) as s:
        s.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER,
                     struct.pack("HL", 1, ctypes.addressof(refuse)))
        s.bind(("pp0", ethertype))
        yield


@test
def under_a_dhcp_clients_socket(env):
    """IP hands up a clone of each packet, and the original is freed by the packet socket."""
    need(env.roles, "netif", "drop", "read")
    count, size = 20, 100_000
    with refusing_socket(0x0800), Trace("-i", "pp0", "--json") as t:
        env.net.ping(HERE, count)
        port = udp(env.net, count, "here", "there", HERE)
        closed = [closed_port(env.net, "there", HERE, socket.SOCK_DGRAM) for _ in range(5)]
        ports = tcp(env.net, size, "here", "there", HERE)
        run = t.stop()
    echo = run.flow(proto="icmp", daddr=HERE, saddr=THERE)
    check(tally(echo) == {"consumed": count}, f"{tally(echo)} {tally(echo, 'reason')}")
    if env.udp_read:
        check(tally(run.flow(dport=port)) == {"delivered": count}, f"{tally(run.flow(dport=port))}")
    for one in closed:
        check(tally(run.flow(dport=one)) == {"dropped": 1}, f"{run.flow(dport=one)}")
    data = [r for r in run.flow(dport=ports[1]) if r["data_len"]]
    read = sum(r["data_len"] for r in data if r["verdict"] in ("delivered", "merged"))
    check(set(tally(data)) <= {"delivered", "merged", "untracked"}, f"{tally(data)}")
    lost = sum(r["data_len"] for r in data if r["verdict"] == "untracked")
    check(read + lost <= size, f"{read} and {lost} of {size} bytes")
    return f"{count} pings, {count} datagrams, 5 dropped, {read} of {size} bytes read, {lost} lost"


@test
def freed_where_no_consumer_is_known(env):
    """A packet socket has frames of no protocol for itself: nobody else was seen to take them."""
    need(env.roles, "netif", "end")
    frame = b"\xff" * 6 + bytes(6) + struct.pack("!H", UNKNOWN) + bytes(50)
    wire_end = env.net.there(lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW))
    with refusing_socket(UNKNOWN), wire_end, Trace("-i", "pp0", "--json") as t:
        wire_end.bind(("pp1", 0))
        for _ in range(10):
            wire_end.send(frame)
        time.sleep(0.2)
        run = t.stop()
    got = run.flow(proto=f"eth:{UNKNOWN:#06x}")
    check(tally(got, "reason") == {"unknown end": 10}, f"{tally(got)} {tally(got, 'reason')}")
    check(run.summary["coverage_percent"] < 100, f"{run.summary}")
    return f"10 untracked, coverage {run.summary['coverage_percent']} %"


@test
def a_flood_is_accounted_for(env):
    """As fast as two CPUs can: what is said to be read, lost or dropped is what UDP counts."""
    need(env.roles, "netif")
    if not env.udp_read:
        raise Skip("this kernel shows no read of UDP")
    port, before = 7200, [snmp(n) for n in ("InDatagrams", "RcvbufErrors")]
    with Trace("-i", "pp0", "--json", "--ring", str(1 << 26)) as t:
        with subprocess.Popen([TRAFFIC, "udp-recv", str(port), "0", "--rcvbuf", str(RCVBUF),
                               "--timeout", "2"], stdout=subprocess.PIPE, text=True) as reader:
            check("ready" in reader.stdout.readline(), "no reader")
            env.net.there(lambda: subprocess.run([TRAFFIC, "udp-send", HERE, str(port), "40000",
                                                  "--gap-us", "0"], check=True,
                                                 capture_output=True))
            reader.communicate(timeout=60)
        run = t.stop()
    read, refused = (snmp(n) - b for n, b in zip(("InDatagrams", "RcvbufErrors"), before))
    got = run.flow(proto="udp", dport=port)
    told, why = tally(got), tally([r for r in got if r["verdict"] == "untracked"], "reason")
    delivered, dropped = told.get("delivered", 0), told.get("dropped", 0)
    unknown = sum(why.values()) + run.summary["in_flight"]
    check("consumed" not in told and set(why) <= set(LOST), f"{told} {why}")
    check(dropped == refused, f"{dropped} dropped, UDP says {refused}: {told} {why}")
    check(delivered <= read <= delivered + unknown, f"{read} were read: {told} {why}")
    check(read - delivered <= read // 100, f"{read} were read: {told} {why}")
    return f"{read} read and {refused} refused, says UDP; {told} {why}"
