# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
"""Interfaces and tracers that come and go."""

from guest.counts import complete
from guest.env import bpf_objects, receive, send_udp, trace_eth0
from lib.harness import check, later, test
from lib.records import tally
from lib.tool import eventually


@later
def an_interface_goes_down_and_up(env):
    g, port, nic = env.guest(), env.port(), env.guest().nics[0]
    with trace_eth0(g) as trace:
        send_udp(g, port, 200)
        g.check(f"ip link set {nic.name} down; sleep 0.2; ip link set {nic.name} up; "
                f"ip neigh replace {nic.outside} lladdr {nic.tap_mac} dev {nic.name} "
                "nud permanent; "
                f"until [ \"$(cat /sys/class/net/{nic.name}/carrier)\" = 1 ]; "
                "do usleep 10000; done")
        send_udp(g, port, 200)
        run = trace.stop()
    flow = run.flow(proto="udp", dport=port)
    check(len(flow) == 400 and run.summary["in_flight"] == 0, f"{len(flow)} records: {run.summary}")
    complete(flow)
    return "200 + 200 records, all delivered with all stages"


@test
def an_interface_vanishes(env):
    g = env.guest()
    before = bpf_objects(g)
    g.check("modprobe veth; ip link add v0 type veth peer name v1; ip link set v0 up; "
            "ip link set v1 up")
    process = g.start(["pktpath", "trace", "-i", "v0"])
    process.wait_for("listening on", 60)
    g.check("ip link del v0")
    rc = process.wait(10)
    said = [line for line in process.err().splitlines()
            if line.startswith("pktpath: ") and "listening on" not in line]
    check(rc == 1, f"exit status {rc}: {process.err()}")
    check(len(said) == 1 and "v0" in said[0] and "disappear" in said[0], f"it said: {said}")
    check(bpf_objects(g) == before, f"left behind: {bpf_objects(g)}, before: {before}")
    return f"exit 1, '{said[0]}', nothing left attached"


@later
def the_clock_is_set_while_it_runs(env):
    """An hour on, and back: a record's wall clock is the guest's own."""
    g, port, offs = env.guest(), env.port(), []
    with trace_eth0(g, "-l") as trace:
        for step in (0, 3600, -3600):
            if step:
                g.check(f"date -s @$(($(date +%s) + {step}))")
            before = int(g.check("date +%s"))
            send_udp(g, port, 5)
            after = int(g.check("date +%s")) + 1
            offs.append((before, after))
        run = trace.stop()
    flow = run.flow(proto="udp", dport=port)
    check(len(flow) == 15, f"{len(flow)} records")
    wrong = [(r["time_ns"], offs[i // 5]) for i, r in enumerate(flow)
             if not offs[i // 5][0] * 10**9 <= r["time_ns"] <= offs[i // 5][1] * 10**9]
    check(not wrong, f"{len(wrong)} of 15 lie elsewhere: {wrong[:2]}")
    return f"15 of 15 within {offs}"


def start_two(g, *args):
    """Two traces at once: the second with `args`."""
    first, second = trace_eth0(g).start(), trace_eth0(g, *args).start()
    return first.ready(), second.ready()


@later
def two_at_once_see_the_same(env):
    g, port = env.guest(), env.port()
    first, second = start_two(g)
    with_first, with_second = None, None
    try:
        send_udp(g, port, 1000)
        with_first, with_second = first.stop(), second.stop()
    finally:
        for trace in (first, second):
            trace.__exit__()
    counts = []
    for run in (with_first, with_second):
        flow = run.flow(proto="udp", dport=port)
        check(len(flow) == 1000 and run.summary["coverage_percent"] == 100,
              f"{len(flow)} records: {run.summary}")
        complete(flow)
        counts.append(len(flow))
    return f"{counts[0]} and {counts[1]} records, all delivered"


@test
def a_killed_tracer_leaves_nothing(env):
    g, port = env.guest(), env.port()
    before = bpf_objects(g)
    check(not before[0] and not before[1] and not before[2], f"not clean to begin with: {before}")
    first, second = start_two(g, "--backend", "kprobe")
    try:
        both = bpf_objects(g)
        check(both[1] > 40 and both[2], f"attached: {both[1]} links, {len(both[2])} kprobes")
        process = receive(g, "udp-recv", port, 1000)
        g.traffic("udp-send", g.nics[0].guest, port, 500, "--gap-us", 500)
        second.kill()
        g.traffic("udp-send", g.nics[0].guest, port, 500, "--gap-us", 500)
        process.wait(30)
        # Its last programs go some time after it.
        eventually(lambda: not bpf_objects(g)[2] and len(bpf_objects(g)[0]) < len(both[0]))
        one = bpf_objects(g)
        check(len(one[0]) < len(both[0]) and not one[2], f"left behind by the killed one: {one}")
        check(all(name[:2] in ("f_", "x_", "t_") for name in one[0]), f"left behind: {one[0]}")
        run = first.stop()
    finally:
        for trace in (first, second):
            trace.__exit__()
    flow = run.flow(proto="udp", dport=port)
    check(len(flow) == 1000 == run.summary["seen"], f"the other one saw {len(flow)}: {run.summary}")
    complete(flow)
    check(bpf_objects(g) == before, f"left behind: {bpf_objects(g)}")
    return (f"{len(both[0])} programs and {len(both[2])} kprobes of two, {len(one[0])} and 0 after "
            f"the kill, 0 at the end; the other saw 1000 of 1000, {tally(flow)}")
