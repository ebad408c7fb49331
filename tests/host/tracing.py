#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
"""pktpath on this machine's own kernel, whatever it offers: loopback and veth, in namespaces of
the test's own. That every record's stages are in order and add up, and that the ledger balances,
is checked on every run (records.py)."""

import os
import socket
import subprocess
import sys
import tempfile

from lib import wire
from lib.harness import Skip, check, main, test
from lib.hist import HistRun, check_rows
from lib.netns import HERE, THERE, Net, closed_port, tcp, udp
from lib.records import tally
from lib.tool import BUILD, PKTPATH, HostRun, Trace, bpf_alive, bpf_ids, eventually, need, served

from host import changes  # noqa: F401  defines tests
from host import cost  # noqa: F401
from host import evidence  # noqa: F401
from host import flood  # noqa: F401
from host import xdp  # noqa: F401

MB = 1 << 20
LO = "127.0.0.1"


def names(rec):
    return [row["stage"] for row in rec["stages"]]


def covered(records):
    """Bytes in these records; each segment is sent once here, as nothing is lost."""
    return sum(r["data_len"] for r in records)


def check_stream(env, run, ports, size, dev):
    """All data of a TCP stream was read, through all stages that have a hook."""
    data = [r for r in run.flow(proto="tcp", dport=ports[1], sport=ports[0], dev=dev)
            if r["data_len"]]
    read = [r for r in data if r["verdict"] in ("delivered", "merged")]
    check(not [r for r in data if r["verdict"] == "consumed"], f"data, but consumed: {tally(data)}")
    # What is coalesced in the backlog of a locked socket is freed unseen where `held` has no hook:
    # the record is stale once its memory is used again, and in flight until then.
    lost = [] if env.roles["held"] else [r for r in data if r["reason"] == "stale"]
    unseen = 0 if env.roles["held"] else run.summary["in_flight"] * (1 << 16)
    check(size - unseen <= covered(read + lost) <= size, f"{covered(read)} of {size} bytes were "
          f"read, {covered(lost)} lost for want of a hook, {run.summary['in_flight']} records in "
          f"flight: {tally(data)}")
    must = {s for s in ("netif", "ip", "local", "l4", "sock", "read") if env.roles.get(s)}
    holes = [r for r in read if r["verdict"] == "delivered" and not must <= set(names(r))]
    check(not holes, f"{len(holes)} of {len(read)} lack a stage of {sorted(must)}: {holes[:1]}")
    stages = {s for r in read for s in names(r)}
    want = {s for s in ("softirq", "backlog", "netif", "sock", "read") if env.roles.get(s)}
    check(want <= stages, f"no record shows {want - stages}")
    return (f"{covered(read)} of {size} bytes in {len(read)} records, {len(lost)} coalesced "
            f"unseen, {'+'.join(names(read[-1]))}")


@test
def tcp_100_kb_on_loopback(env):
    need(env.roles, "netif", "read")
    with Trace("-i", "lo", "--json") as t:
        ports = tcp(env.net, 100000, "here", "here", LO)
        return check_stream(env, t.stop(), ports, 100000, "lo")


@test
def tcp_20_mb_on_loopback(env):
    need(env.roles, "netif", "read")
    with Trace("-i", "lo", "--json") as t:
        ports = tcp(env.net, 20 * MB, "here", "here", LO)
        return check_stream(env, t.stop(), ports, 20 * MB, "lo")


@test
def tcp_100_kb_over_veth(env):
    need(env.roles, "netif", "read")
    with Trace("-i", "pp0", "--json") as t:
        ports = tcp(env.net, 100000, "here", "there", HERE)
        return check_stream(env, t.stop(), ports, 100000, "pp0")


@test
def tcp_20_mb_over_veth(env):
    need(env.roles, "netif", "read")
    with Trace("-i", "pp0", "--json") as t:
        ports = tcp(env.net, 20 * MB, "here", "there", HERE)
        return check_stream(env, t.stop(), ports, 20 * MB, "pp0")


@test
def pure_acks_are_consumed(env):
    need(env.roles, "netif")
    with Trace("-i", "pp0", "--json") as t:
        ports = tcp(env.net, 2 * MB, "there", "here", THERE)
        run = t.stop()
    acks = run.flow(proto="tcp", sport=ports[1], dport=ports[0], tcp_flags=".", data_len=0)
    check(acks, f"no ACK was seen: {tally(run.records, 'tcp_flags')}")
    # As for data: an ACK that comes while the sender has locked its socket.
    unseen = [] if env.roles["held"] else [r for r in acks if r["reason"] == "stale"]
    consumed = [r for r in acks if r["verdict"] == "consumed"]
    check(consumed and len(consumed) + len(unseen) == len(acks),
          f"{tally(acks)} {tally(acks, 'reason')}")
    return f"{len(consumed)} of {len(acks)} ACKs ({len(unseen)} coalesced unseen)"


@test
def udp_over_veth_is_read(env):
    need(env.roles, "netif")
    with Trace("-i", "pp0", "--json") as t:
        port = udp(env.net, 200, "here", "there", HERE)
        run = t.stop()
    got = run.flow(proto="udp", dport=port)
    check(len(got) == 200,
          f"{len(got)} records of 200 datagrams, {run.summary['in_flight']} in flight")
    if not env.udp_read:
        raise Skip(f"this kernel shows no read of UDP; seen: {tally(got)}")
    check(tally(got) == {"delivered": 200}, f"{tally(got)} {tally(got, 'reason')}")
    return f"{len(got)} delivered"


@test
def udp_on_loopback_is_read(env):
    need(env.roles, "netif")
    with Trace("-i", "lo", "--json") as t:
        port = udp(env.net, 200, "here", "here", LO)
        run = t.stop()
    got = run.flow(proto="udp", dport=port)
    check(len(got) == 200,
          f"{len(got)} records of 200 datagrams, {run.summary['in_flight']} in flight")
    if not env.udp_read:
        raise Skip(f"this kernel shows no read of UDP; seen: {tally(got)}")
    check(tally(got) == {"delivered": 200}, f"{tally(got)} {tally(got, 'reason')}")
    return f"{len(got)} delivered"


@test
def pings_are_consumed(env):
    need(env.roles, "netif")
    with Trace("-i", "pp0", "--json") as t:
        env.net.ping(HERE, 20)
        run = t.stop()
    got = run.flow(proto="icmp", daddr=HERE)
    check(tally(got) == {"consumed": 20}, f"{tally(got)} {tally(got, 'reason')}")
    return "20 of 20"


def check_closed(env, dev, side, address, kind, proto):
    need(env.roles, "netif", "drop")
    with Trace("-i", dev, "--json") as t:
        port = closed_port(env.net, side, address, kind)
        run = t.stop()
    got = run.flow(proto=proto, dport=port)
    check(len(got) == 1, f"{len(got)} records: {tally(run.records)}")
    check(got[0]["verdict"] == "dropped", f"{got[0]}")
    check(env.reasons == (got[0]["reason"] == "NO_SOCKET"), f"reason: {got[0]}")
    return f"{got[0]['reason']} at {got[0]['place']}"


@test
def udp_to_a_closed_port_over_veth(env):
    return check_closed(env, "pp0", "there", HERE, socket.SOCK_DGRAM, "udp")


@test
def udp_to_a_closed_port_on_loopback(env):
    return check_closed(env, "lo", "here", LO, socket.SOCK_DGRAM, "udp")


@test
def tcp_to_a_closed_port_over_veth(env):
    return check_closed(env, "pp0", "there", HERE, socket.SOCK_STREAM, "tcp")


@test
def tcp_to_a_closed_port_on_loopback(env):
    return check_closed(env, "lo", "here", LO, socket.SOCK_STREAM, "tcp")


class HostHist(Trace):
    """One `pktpath hist --json`, with all records in a file beside it."""

    def __init__(self, *words):
        self._file = tempfile.NamedTemporaryFile("r")
        super().__init__("--json", "--trace", self._file.name, *words, argv0=(PKTPATH, "hist"))

    def results(self):
        check(self.signal().wait() == 0, self.err())
        return HistRun(self.out(), self.err()), HostRun(self._file.read(), self.err())


@test
def histograms_are_those_of_their_records(env):
    """20 MB over veth and back, and datagrams: every bucket, the ledger, and each ten
    milliseconds."""
    need(env.roles, "netif", "read")
    with HostHist("-i", "pp0", "--buckets", "--interval", "0.01", "--ring", str(1 << 26)) as t:
        tcp(env.net, 20 * MB, "here", "there", HERE)
        udp(env.net, 500, "here", "there", HERE)
        run, trace = t.results()
    led = run.summary
    check(not led["ring_lost"], f"lost: {led}")
    check(run.whole.count() == run.measured(), f"the total counts {run.whole.count()}: {led}")
    return f"{len(run.hists) - 1} intervals, {check_rows(run.whole, trace.records)}"


@test
def another_namespace_with_the_same_index_is_not_traced(env):
    """Every namespace's loopback has index 1."""
    need(env.roles, "netif")
    seen = []
    for interface in ("lo", "any"):
        with Trace("-i", interface, "--json") as t:
            env.net.ping(LO, 5)  # there
            udp(env.net, 1, "here", "here", LO)
            run = t.stop()
        check(not run.flow(proto="icmp"),
              f"-i {interface}: the other namespace's packets: {tally(run.records, 'proto')}")
        check(run.flow(proto="udp", dev="lo"), f"-i {interface}: not even its own packets")
        seen.append(f"{len(run.records)} on {interface}")
    return f"{' and '.join(seen)}, all its own"


@test
def two_traces_at_once_see_the_same(env):
    need(env.roles, "netif", "read")
    with Trace("-i", "pp0", "--json") as one, Trace("-i", "pp0", "--json") as two:
        ports = tcp(env.net, MB, "here", "there", HERE)
        runs = one.stop(), two.stop()
    for run in runs:
        check_stream(env, run, ports, MB, "pp0")
    flows = [[(r["end_seq"], r["data_len"]) for r in run.flow(dport=ports[1], verdict="delivered")]
             for run in runs]
    check(flows[0] == flows[1], f"they differ: {len(flows[0])} and {len(flows[1])} records")
    return f"{len(flows[0])} records each"


@test
def nothing_stays_attached_after_kill_9(env):
    with Trace("-i", "pp0", "--json") as t:
        held = bpf_ids(t.process.pid)
        kinds = tally([{"kind": kind} for kind, _ in held], "kind")
        check({"prog", "link", "map"} <= set(kinds),
              f"it holds {kinds}: this test would see nothing")
        check(held <= bpf_alive(), "bpftool does not list what the trace holds")
        t.process.kill()
        t.process.wait()
        left = eventually(lambda: not held & bpf_alive())
        check(left, f"still there: {sorted(held & bpf_alive())}")
    return f"{kinds} gone"


@test
def an_interface_that_is_deleted_ends_the_trace(env):
    wire.ip("link add pp2 type veth peer name pp3", "link set pp2 up", "link set pp3 up")
    with Trace("-i", "pp2", "--json") as t:
        wire.ip("link del pp2")
        status = t.wait()
        lines = [line for line in t.err().splitlines() if "listening on" not in line]
    check(status == 1, f"exit status {status}")
    check(lines == ["pktpath: -i pp2: the interface disappeared"], f"it said {lines}")
    return lines[0]


@test
def an_interface_that_goes_down_and_up_is_traced_on(env):
    need(env.roles, "netif")
    with Trace("-i", "pp0", "--json") as t:
        env.net.ping(HERE, 3)
        wire.ip("link set pp0 down", "link set pp0 up")
        env.net.ping(HERE, 4)
        got = t.stop().flow(proto="icmp", daddr=HERE)
    check(len(got) == 7, f"{len(got)} of 7 pings: {tally(got)}")
    return "3 pings before, 4 after"


class Env:
    """The namespaces, and what this kernel offers."""

    def __init__(self):
        self.net = Net()
        self.roles = served("-i", "lo")
        release = os.uname().release.split(".")
        self.reasons = (int(release[0]), int(release[1])) >= (5, 17)  # kfree_skb() tells why
        self.udp_read = {"skb_consume_udp", "sock_recv_length"} & set(self.roles["read"])


@test
def two_tracers_in_one_process(env):
    """Each sees its own interface's packets and names them, also when the other has ended."""
    program = BUILD / "tests/tools/two_tracers"
    check(program.exists(), f"{program} is not built")
    out = subprocess.run([program], capture_output=True, text=True, timeout=300, check=False)
    if out.returncode == 77:
        raise Skip(out.stderr.strip().splitlines()[-1])
    check(out.returncode == 0, f"status {out.returncode}: {out.stdout} {out.stderr}")
    return out.stdout.strip()


if __name__ == "__main__":
    if os.geteuid():
        print("SKIP all: BPF programs need root\n0 passed, 0 failed, 1 skipped")
        sys.exit(0)
    main(Env())
