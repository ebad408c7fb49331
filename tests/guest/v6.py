# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
"""The same path over IPv6."""

import subprocess

from guest.counts import covered, describe
from guest.env import send_tcp, send_udp, trace_eth0
from lib.harness import check, later, test
from lib.records import at, tally

STAGES = ("irq", "napi", "poll", "gro", "flush", "netif", "ip", "local", "l4")


def check_stages(flow, *more):
    for rec in flow:
        missing = [s for s in (*STAGES, *more) if at(rec, s) is None]
        check(not missing, f"no {missing}: {rec}")


@later
def pings_over_ipv6_are_consumed(env):
    g = env.guest(ipv6=True)
    with trace_eth0(g) as trace:
        done = subprocess.run(["ping", "-6", "-n", "-c", "20", "-i", "0.02", g.nics[0].guest6],
                              capture_output=True, text=True, check=False)
        check(" 20 received" in done.stdout, f"ping: {done.stdout[-200:]}{done.stderr}")
        run = trace.stop()
    flow = [r for r in run.flow(proto="icmp6", len=118) if r["saddr"].startswith("fd77")]
    check(len(flow) == 20 and tally(flow) == {"consumed": 20}, describe(flow))
    check_stages(flow)
    return describe(flow)


@test
def datagrams_over_ipv6_are_read(env):
    g, port, count = env.guest(ipv6=True), env.port(), 200
    with trace_eth0(g) as trace:
        send_udp(g, port, count, to=g.nics[0].guest6)
        run = trace.stop()
    flow = run.flow(proto="udp", dport=port)
    check(len(flow) == count and tally(flow) == {"delivered": count}, describe(flow))
    check_stages(flow, "sock", "read")
    check(all(":" in r["saddr"] and ":" in r["daddr"] for r in flow), f"addresses: {flow[0]}")
    return describe(flow)


@later
def a_closed_port_drops_over_ipv6(env):
    g, port = env.guest(ipv6=True), env.port()
    with trace_eth0(g) as trace:
        g.traffic("udp-send", g.nics[0].guest6, port, 5, "--gap-us", 20000)
        run = trace.stop()
    flow = run.flow(proto="udp", dport=port)
    check(tally(flow) == {"dropped": 5} and tally(flow, "reason") == {"NO_SOCKET": 5},
          describe(flow))
    return f"5 dropped, NO_SOCKET in {flow[0]['place']}"


@later
def a_stream_over_ipv6(env):
    g, port, size = env.guest(ipv6=True), env.port(), 2_000_000
    with trace_eth0(g) as trace:
        send_tcp(g, port, size, to=g.nics[0].guest6)
        run = trace.stop()
    flow = run.flow(proto="tcp", dport=port)
    check(covered(flow, size) >= size, describe(flow))
    check(run.summary["verdicts"]["untracked"] == 0, f"untracked: {run.summary}")
    return describe(flow)
