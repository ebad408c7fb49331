# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
"""Sockets as servers have them: one of several on a port, one that another process opened, one
that takes what is meant for others. The witness is each reader's own count."""

import contextlib
import re

from guest.env import receive, trace_eth0
from guest.forward import BEYOND, at_rest, need
from lib import wire
from lib.harness import check, later
from lib.records import tally


@later
def two_readers_share_a_port(env):
    """SO_REUSEPORT: the flow decides whose a datagram is."""
    g, port, count = env.guest(), env.port(), 96
    with trace_eth0(g) as trace:
        readers = [g.start(["traffic", "udp-recv", port, "0", "--shared", "--timeout", "5"])
                   for _ in range(2)]
        for reader in readers:
            reader.wait_for("ready", 20)
        g.traffic("udp-send", g.nics[0].guest, port, count, "--gap-us", 2000, "--vary-len", 3,
                  "--sports", 32)
        for reader in readers:
            reader.wait(60)
        run = at_rest(trace.stop())
    got = [int(re.search(r"received (\d+)", reader.out())[1]) for reader in readers]
    flow = run.flow(proto="udp", dport=port)
    check(sum(got) == count and min(got), f"the readers: {got}")
    check(tally(flow) == {"delivered": count}, f"{tally(flow)}: {run.summary}")
    check(sorted(tally(flow, "pid").values()) == sorted(got), f"{tally(flow, 'pid')}, but {got}")
    return f"{got[0]} and {got[1]} delivered"


@later
def a_socket_is_handed_over(env):
    """Whoever opened it, the reader is who reads."""
    g, port, count = env.guest(), env.port(), 40
    with trace_eth0(g) as trace:
        reader = receive(g, "udp-recv", port, count, "--handed")
        g.traffic("udp-send", g.nics[0].guest, port, count, "--gap-us", 500)
        check(reader.wait(60) == 0, f"the reader: {reader.out()}{reader.err()}")
        run = at_rest(trace.stop())
    flow = run.flow(proto="udp", dport=port)
    check(tally(flow) == {"delivered": count}, f"{tally(flow)}: {run.summary}")
    check(tally(flow, "comm") == {"heir": count}, f"{tally(flow, 'comm')}")
    return f"{count} delivered to heir"


@contextlib.contextmanager
def taken(g, port, local):
    """What is for another host's port goes to a socket of this one."""
    need(g, "nft")
    g.check(f"""modprobe -q crc32c_generic; set -e; modprobe nf_tables; modprobe nft_tproxy
        nft add table ip t
        nft 'add chain ip t pre {{ type filter hook prerouting priority -150; }}'
        nft add rule ip t pre udp dport {port} tproxy to :{local} meta mark set 1 accept
        ip rule add fwmark 1 lookup 100; ip route add local 0.0.0.0/0 dev lo table 100""")
    wire.ip(f"route replace {BEYOND}.0/24 via {g.nics[0].guest}")
    try:
        yield
    finally:
        wire.ip(f"route del {BEYOND}.0/24")
        g.check("nft delete table ip t; ip rule del fwmark 1; ip route flush table 100")


@later
def a_proxy_takes_what_is_for_others(env):
    """TPROXY: neither address nor port of the packet changes."""
    g, count = env.guest(), 40
    port, local = env.port(), env.port()
    with taken(g, port, local), trace_eth0(g) as trace:
        reader = receive(g, "udp-recv", local, count, "--transparent")
        g.traffic("udp-send", f"{BEYOND}.5", port, count, "--gap-us", 500)
        check(reader.wait(60) == 0, f"the reader: {reader.out()}{reader.err()}")
        run = at_rest(trace.stop())
    flow = run.flow(proto="udp", dport=port)
    check(tally(flow) == {"delivered": count} and
          {r["daddr"] for r in flow} == {f"{BEYOND}.5"}, f"{tally(flow)}: {run.summary}")
    check(not any(r["nat"] for r in flow), f"{flow[0]}")
    return f"{count} for {BEYOND}.5 delivered here"
