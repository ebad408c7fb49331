# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
"""What is traced: interfaces, namespaces, samples; and that nothing else is."""

import subprocess

from guest.env import receive, send_tcp, send_udp
from lib.harness import check, later, test
from lib.records import Trace, tally

FLOWS = 400
ONE_OF = 4


@later
def two_interfaces_of_three(env):
    g, port = env.guest(), env.port()
    with Trace(g, "-i", "eth0", "-i", "eth1") as trace:
        send_udp(g, port, 50)
        send_udp(g, port, 50, nic=1)
        process = receive(g, "udp-recv", port, 5)
        g.check(f"traffic udp-send 127.0.0.1 {port} 5")  # on lo: not asked for
        check(process.wait(20) == 0, process.err())
        run = trace.stop()
    flow = run.flow(proto="udp", dport=port)
    check(tally(flow, "dev") == {"eth0": 50, "eth1": 50}, f"{tally(flow, 'dev')}")
    check(len(run.records) == run.summary["seen"] == 100, f"{run.summary}")
    return "50 of eth0, 50 of eth1, none of lo"


@test
def the_last_of_two_interfaces_ends_the_trace(env):
    g = env.guest()
    g.check("modprobe dummy; ip link add d0 type dummy; ip link add d1 type dummy; "
            "ip link set d0 up; ip link set d1 up")
    process = g.start(["pktpath", "trace", "-i", "d0,d1"])
    process.wait_for("listening on d0, d1", 60)
    g.check("ip link del d0; sleep 1")
    check(process.returncode is None and "-i d0: the interface disappeared" in process.err(),
          f"{process.returncode}: {process.err()}")
    g.check("ip link del d1")
    rc = process.wait(10)
    check(rc == 1 and "-i d1: the interface disappeared" in process.err(), f"{rc}: {process.err()}")
    return "d0 goes: said; d1 goes: exit 1"


def make_netns(g):
    """A namespace with one end of a veth pair: in0 10.79.0.2, outside of it out0 10.79.0.1."""
    g.check("modprobe veth; ip netns add inner; ip link add out0 type veth peer name in0 "
            "netns inner; "
            "ip addr add 10.79.0.1/24 dev out0; ip link set out0 up; "
            "ip -n inner addr add 10.79.0.2/24 dev in0; ip -n inner link set in0 up; "
            "ip -n inner link set lo up; "
            "until [ \"$(cat /sys/class/net/out0/carrier)\" = 1 ]; do usleep 10000; done")


def send_inside(g, port, count):
    process = g.start(["ip", "netns", "exec", "inner", "traffic", "udp-recv", str(port), str(count),
                       "--timeout", "20"])
    process.wait_for("ready", 20)
    g.check(f"traffic udp-send 10.79.0.2 {port} {count} --gap-us 300")
    check(process.wait(30) == 0, process.err())


@later
def another_network_namespace(env):
    """By name, by process, and all at once: each sees its own devices, under their names."""
    g, port = env.guest(), env.port()
    make_netns(g)
    holder = g.start(["ip", "netns", "exec", "inner", "sleep", "300"])
    pid = g.check("until ip netns pids inner | grep .; do usleep 10000; done").split()[0]
    seen = {}
    try:
        for name, words in (("name", ["--netns", "inner", "-i", "in0"]), ("pid", ["--netns", pid]),
                            ("own", []), ("all", ["--netns", "all"])):
            with Trace(g, *words) as trace:
                send_inside(g, port, 20)
                run = trace.stop()
            flow = run.flow(proto="udp", dport=port, verdict="delivered")
            seen[name] = [(r["dev"], r["netns"]) for r in flow]
    finally:
        holder.signal(9)
        g.check("ip netns del inner; ip link del out0 2>/dev/null || true")
    check([dev for dev, _ in seen["name"]] == ["in0"] * 20 == [dev for dev, _ in seen["pid"]],
          f"by name {seen['name'][:2]}, by pid {seen['pid'][:2]}")
    check(not seen["own"], f"seen though it is another's: {seen['own'][:2]}")
    check(len(seen["all"]) == 20 and {ns for _, ns in seen["all"]} ==
          {ns for _, ns in seen["name"]},
          f"of all: {seen['all'][:2]}")
    return "20 by name, 20 by process ID, 20 of all, none in its own"


@test
def a_sample_of_flows_is_whole_and_fair(env):
    """Of 400 flows of 3 datagrams, about a quarter, each with all of its packets."""
    g, port = env.guest(), env.port()
    with Trace(g, "-i", "eth0", "--sample", f"1/{ONE_OF}", file=True) as trace:
        process = receive(g, "udp-recv", port, 3 * FLOWS)
        g.traffic("udp-send", g.nics[0].guest, port, 3 * FLOWS, "--vary-len", 1, "--sports", FLOWS,
                  "--gap-us", 400)
        check(process.wait(60) == 0, process.err() + process.out())
        run = trace.stop()
    flow = run.flow(proto="udp", dport=port)
    led, flows = run.summary, tally(flow, "sport")
    check(set(flows.values()) == {3},
          f"flows in part: {[f for f in flows.items() if f[1] != 3][:5]}")
    # Binomial: 100 expected, standard deviation 8.7; five of them make one failure in a million.
    check(abs(len(flows) - FLOWS / ONE_OF) <= 44, f"{len(flows)} of {FLOWS} flows")
    check(led["seen"] == len(flow) and led["seen"] + led["sampled_out"] == 3 * FLOWS,
          f"{len(flow)} records: {led}")
    check(set(tally(flow)) == {"delivered"}, f"{tally(flow)}")
    return f"{len(flows)} of {FLOWS} flows, each whole, {led['sampled_out']} packets left out"


@later
def a_sample_of_packets_is_fair(env):
    g, port, count = env.guest(), env.port(), 1200
    with Trace(g, "-i", "eth0", "--sample", f"1/{ONE_OF},packet", file=True) as trace:
        send_udp(g, port, count, gap_us=400)
        run = trace.stop()
    flow, led = run.flow(proto="udp", dport=port), run.summary
    check(abs(len(flow) - count / ONE_OF) <= 75, f"{len(flow)} of {count} packets")  # 5 x 15
    check(led["seen"] + led["sampled_out"] == count and set(tally(flow)) == {"delivered"},
          f"{tally(flow)}: {led}")
    return f"{len(flow)} of {count} packets"


@later
def a_sampled_stream_is_all_or_nothing(env):
    """GRO merges within a flow only, so a sampled stream lacks nothing, and no parent."""
    g, whole, none = env.guest(), 0, 0
    with Trace(g, "-i", "eth0", "--sample", "1/2", file=True) as trace:
        ports = [env.port() for _ in range(8)]
        for port in ports:
            send_tcp(g, port, 60_000)
        run = trace.stop()
    for port in ports:
        flow = run.flow(proto="tcp", dport=port)
        data = sum(r["data_len"] for r in flow if r["verdict"] in ("delivered", "merged"))
        check(data == 60_000 or not flow, f"{data} bytes of a stream of 60000: {tally(flow)}")
        check(all(r["parent"] for r in flow if r["verdict"] == "merged"), "a parent left out")
        whole, none = whole + bool(flow), none + (not flow)
    check(whole and none, f"{whole} streams whole, {none} not at all: chance 1 of 128")
    return f"{whole} streams whole, {none} not at all"


@test
def a_bad_scope_is_said_in_one_line(env):
    g = env.guest()
    for words, text in ((["--netns", "nosuch"], "--netns nosuch: no such network namespace"),
                        (["--netns", "all", "-i", "eth0"], "-i eth0: interfaces are named within"),
                        (["-i", "eth0,nosuch"], "-i nosuch: no such interface"),
                        (["--sample", "2/3"], "--sample 2/3: not a share")):
        done = subprocess.CompletedProcess(words, *g.sh(" ".join(["pktpath", "trace", *words])))
        check(done.returncode == 2 and text in done.stderr and done.stderr.count("\n") == 1,
              f"{words}: {done}")
    return "4 of 4"
