# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
"""Histograms: held against the ledger, and against all records of the same packets, one by one."""

import json
import re
import signal
import socket
import time

from guest.env import MS, STREAM, megabytes, receive, send_tcp, send_udp, trace_eth0
from guest.flood import Wire, settle
from lib.harness import Skip, check, later, test
from lib.hist import BEFORE_GRO, HistRun, bucket, check_rows
from lib.records import STAGES, Run, at, spent, tally

COUNT = 1000


class HistTrace:
    """One `pktpath hist --json` in the guest, with all records of the same packets if asked for."""

    def __init__(self, g, *args, records=False):
        self._g, self._path = g, "/tmp/hist.json" if records else None
        args = [*args, *(("--trace", self._path) if records else ())]
        self._process = g.start(["pktpath", "hist", "--json", "-i", "eth0", *map(str, args)])

    def __enter__(self):
        self._process.wait_for("listening on", 60)
        return self

    def __exit__(self, *exc):
        if self._process.returncode is None:
            self.signal(signal.SIGKILL)
            self._process.wait(30)

    def signal(self, number=signal.SIGINT):
        self._process.signal(number)

    def out(self):
        return self._process.out()

    def stop(self):
        """Ends it as Ctrl-C does: the histograms, and the trace beside them or None."""
        self.signal()
        rc, err = self._process.wait(90), self._process.err()
        check(rc == 0, f"exit status {rc}: {err.strip()[-500:]}")
        run = HistRun(self._process.out(), err)
        if not self._path:
            return run, None
        trace = Run(self._g.pull(self._path).decode(), err)
        self._g.check(["rm", self._path])
        check(trace.summary == run.summary, f"two accounts: {trace.summary} and {run.summary}")
        return run, trace


def check_count(run):
    """The total's row has every packet of the ledger, once."""
    led = run.summary
    check(led["in_flight"] == 0 and led["verdicts"]["untracked"] == 0, f"not at rest: {led}")
    check(run.whole.count() == run.measured(), f"the total counts {run.whole.count()}: {led}")
    return f"{run.whole.count()} packets = ledger by {run.whole.weight}"


def datagrams(env, smp, *args):
    g, port = env.guest(smp), env.port()
    with HistTrace(g, *args, records=True) as hist:
        send_udp(g, port, COUNT)
        run, trace = hist.stop()
    check(run.whole.count() == COUNT == run.summary["seen"],
          f"{run.whole.count()} of {COUNT}: {run.summary}")
    return f"{check_count(run)}; {check_rows(run.whole, trace.records)}"


@test
def histograms_of_datagrams_are_those_of_their_records(env):
    return datagrams(env, 1, "--buckets")


@later
def histograms_of_datagrams_on_two_cpus(env):
    return datagrams(env, 2, "--buckets")


def stream(env, smp, weight):
    g, port = env.guest(smp), env.port()
    with HistTrace(g, "--buckets", "--weight", weight, "--ring", 1 << 25, records=True) as hist:
        before = g.nic_stats()["rx_packets"]
        send_tcp(g, port, STREAM)
        frames = g.nic_stats()["rx_packets"] - before
        run, trace = hist.stop()
    check(not run.summary["ring_lost"], f"records were lost: {run.summary}")
    merged = run.summary["verdicts"]["merged"]
    check(frames == run.summary["seen"] and merged > frames / 2,
          f"the NIC counted {frames}: {run.summary}")
    check(run.whole.count() == (frames if weight == "wire" else frames - merged),
          f"{run.whole.count()} of {frames} frames, {merged} merged")
    said = check_count(run)
    return (f"{megabytes(STREAM)}: {said}, {merged} merged; "
            f"{check_rows(run.whole, trace.records, weight == 'wire')}")


@later
def histograms_of_a_large_stream_by_the_wire(env):
    return stream(env, 1, "wire")


@later
def histograms_of_a_large_stream_by_the_skb(env):
    return stream(env, 1, "skb")


@later
def histograms_of_a_large_stream_on_two_cpus(env):
    return stream(env, 2, "wire")


@test
def the_examples_that_the_kernel_sends_are_the_slowest(env):
    """Without --trace only candidates are sent: each row's maximum must be among them, exactly.
    Up to GRO it may be that of a merged frame, for all the tool knows: so its bucket's middle."""
    g, port = env.guest(2), env.port()
    with HistTrace(g, "--worst", 4) as hist:
        send_udp(g, port, COUNT)
        run, _ = hist.stop()
    said = check_count(run)
    led = run.summary
    check(led["emitted"] < COUNT // 2 and not led["ring_lost"],
          f"not only candidates were sent: {led}")
    for row in run.whole.rows:
        check(len(row["worst"]) == 4, f"{len(row['worst'])} examples of {row['stage']}")
        slowest, early = row["worst"][0]["ns"], row["stage"] in BEFORE_GRO
        check(slowest == row["max_ns"] or early and bucket(slowest) == bucket(row["max_ns"]) and
              slowest < row["max_ns"], f"the slowest of {row['stage']} is not there: {row}")
    return (f"{said}, {led['emitted']} of them sent as candidates for "
            f"{4 * len(run.whole.rows)} examples")


@later
def a_slow_reader_shows_in_quantiles_and_example(env):
    """Fifty milliseconds between two reads: in sock for datagrams that came meanwhile."""
    g, port, count, delay_ms = env.guest(), env.port(), 40, 50
    with HistTrace(g, "--stage", "sock") as hist:
        send_udp(g, port, count, gap_us=90_000, reader=("--delay-ms", delay_ms))
        run, _ = hist.stop()
    said = check_count(run)
    sock, total = run.whole.get("sock"), run.whole.get("total")
    check({stage for stage, _ in run.whole.row} == {"sock", "total"},
          f"rows {sorted(run.whole.row)}")
    for q in ("p50_ns", "p90_ns"):
        check(delay_ms * MS * 0.98 <= sock[q] <= total[q] * 1.02,
              f"{q}: sock {sock}, total {total}")
    check(sock["p50_ns"] <= (delay_ms + 10) * MS, f"the median of sock is {sock['p50_ns']}")
    check(sock["share_percent"] > 80, f"the share of sock: {sock}")
    example = run.records[sock["worst"][0]["id"]]
    waited = at(example, "read") - at(example, "sock")
    check(waited == sock["worst"][0]["ns"] >= delay_ms * MS * 0.98,
          f"the slowest waited {waited}: {example}")
    names = {h["stage"] for h in run.hooks if h["backend"]}
    check(not names & {"irq", "napi", "flush", "wake", "run"},
          f"hooks that were not asked for: {names}")
    return (f"{said}; sock p50 {sock['p50_ns'] / MS:.1f} ms, slowest {waited / MS:.1f} ms, "
            f"{sock['share_percent']:.1f} %")


@later
def a_port_scan_fills_the_groups_and_no_more(env):
    """60,000 ports: 16 have a group, the rest is `other`, and all are counted."""
    g, groups, ports = env.guest(), 16, 60_000
    with HistTrace(g, "--by", "port", "--worst", 0) as hist:
        wire = Wire(g)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            for port in range(1, ports + 1):
                sender.sendto(b"x", (g.nics[0].guest, port))
                while not port % 3000 and port - wire.frames() > 1000:
                    time.sleep(0.02)
        settle(wire.frames, ports)
        memory = held(g)
        run, _ = hist.stop()
    check(run.summary["seen"] == ports == run.whole.count(), f"{run.whole.count()}: {run.summary}")
    names = [group for stage, group in run.whole.row if stage == "total" and group]
    check(len(names) == groups + 1 and names[-1] in ("other", names[0]), f"groups {names}")
    one = [run.whole.count("total", name) for name in names if name != "other"]
    check(one == [1] * groups and run.whole.count("total", "other") == ports - groups, f"{one}")
    check(run.summary["emitted"] == 0, f"records were sent: {run.summary}")
    return (f"{groups} ports and {ports - groups} others in {memory} kB of histograms; "
            f"{check_count(run)}")


def held(g):
    """kB of the histograms' map, as the kernel says."""
    if not g.has_bpftool:
        return "unknown"
    row = next((m for m in json.loads(g.check("bpftool -j map show")) if m["name"] == "hists"),
               None)
    check(row, "no map of histograms")
    rows = len(STAGES) + 1  # and the total
    check(row["max_entries"] % 17 == 0 and row["bytes_value"] == rows * 1024 * 8,
          f"not 17 groups a CPU of {rows} rows each: {row}")
    return row["max_entries"] * row["bytes_value"] // 1024


@later
def groups_are_what_they_say(env):
    g, ports, seen = env.guest(2), [env.port(), env.port()], []
    wanted = {"port": {f"udp/{p}": 100 * (i + 1) for i, p in enumerate(ports)},
              "dev": {"eth0": 300}, "queue": None, "cpu": None, "pid": None}
    for by, groups in wanted.items():
        with HistTrace(g, "--by", by) as hist:
            for i, port in enumerate(ports):
                send_udp(g, port, 100 * (i + 1), gap_us=200)
            run, _ = hist.stop()
        check_count(run)
        got = {group: row["count"] for (stage, group), row in run.whole.row.items()
               if stage == "total" and group}
        check(sum(got.values()) == 300 and groups in (None, got), f"--by {by}: {got}")
        if by == "pid":
            check(sorted(got.values()) == [100, 200] and
                  all(re.fullmatch(r"\d+ traffic", n) for n in got), f"{got}")
        if by == "cpu":
            check(set(got) <= {"cpu0", "cpu1"}, f"{got}")
        if by == "queue":
            check(all(n.startswith("eth0:") for n in got), f"{got}")
        seen.append(f"{by} {got}")
    return "; ".join(seen)


@later
def a_control_group_is_a_group(env):
    g, port, group = env.guest(), env.port(), "/tmp/cg/some/readers"
    rc, _, err = g.sh("mkdir -p /tmp/cg && mount -t cgroup2 none /tmp/cg")
    if rc:
        raise Skip(f"no control groups (version 2) here: {err.strip()}")
    try:
        g.check(f"mkdir -p {group}")
        with HistTrace(g, "--by", "cgroup") as hist:
            send_udp(g, port, 50)
            process = g.start(f"echo $$ > {group}/cgroup.procs; "
                              f"exec traffic udp-recv {port} 70 --timeout 20")
            process.wait_for("ready", 20)
            g.traffic("udp-send", g.nics[0].guest, port, 70, "--gap-us", 500)
            check(process.wait(30) == 0, process.err())
            run, _ = hist.stop()
    finally:
        g.sh(f"sleep 0.2; rmdir {group} /tmp/cg/some; umount /tmp/cg; rmdir /tmp/cg")
    got = {name: row["count"] for (stage, name), row in run.whole.row.items()
           if stage == "total" and name}
    check(got == {"/some/readers": 70, "/": 50}, f"{got}")
    return f"{got}"


@later
def only_a_readers_packets_are_measured(env):
    g, ports = env.guest(), [env.port(), env.port()]
    first = receive(g, "udp-recv", ports[0], 70)
    pid = g.check(["pidof", "traffic"]).split()[0]
    with HistTrace(g, "--pid", pid) as hist:
        send_udp(g, ports[1], 50)
        g.traffic("udp-send", g.nics[0].guest, ports[0], 70, "--gap-us", 500)
        check(first.wait(30) == 0, first.err())
        run, _ = hist.stop()
    led = run.summary
    check(run.whole.count() == 70 and led["seen"] == 120 and led["filtered"] == 50,
          f"{run.whole.counts()}: {led}")
    check({r["pid"] for r in run.records.values()} == {int(pid)},
          "another one's packet is an example")
    return f"70 of 120 packets measured, {led['filtered']} filtered"


@later
def intervals_of_ten_milliseconds_lose_nothing(env):
    """The counters are read a hundred times a second while they grow, on two CPUs."""
    g, port = env.guest(2), env.port()
    with HistTrace(g, "--interval", 0.01, records=True) as hist:
        send_udp(g, port, 2000, gap_us=300)
        run, trace = hist.stop()  # HistRun adds them up, row by row
    busy = [h for h in run.hists if h.interval is not None and h.count()]
    check(len(busy) > 10, f"only {len(busy)} intervals have packets: nothing was read meanwhile")
    return (f"{len(run.hists) - 1} intervals, {len(busy)} with packets: {check_count(run)}; "
            f"{check_rows(run.whole, trace.records)}")


@later
def an_interval_has_its_own_examples(env):
    """A slow packet early on must not keep the later intervals from having theirs."""
    g, port = env.guest(), env.port()
    with HistTrace(g, "--interval", 1) as hist:
        send_udp(g, port, 3, gap_us=100_000, reader=("--delay-ms", 200))
        time.sleep(1.2)
        send_udp(g, port, 300)
        time.sleep(1.2)
        run, _ = hist.stop()
    check_count(run)
    slow = run.whole.get("total")["worst"][0]["ns"]
    check(slow >= 190 * MS, f"the slowest of all took {slow} ns")
    lasts = [h for h in run.hists if h.interval is not None and h.count() and not
             any(w["ns"] == slow for w in h.get("total")["worst"])]
    for hist in lasts:
        total = hist.get("total")
        check(len(total["worst"]) == 1 and total["worst"][0]["ns"] < slow, f"{total}")
    check(lasts, "all intervals have the same example")
    return (f"{slow / MS:.0f} ms in one, "
            f"{[h.get('total')['worst'][0]['ns'] // 1000 for h in lasts]} us in others")


@test
def only_slow_packets_are_sent(env):
    """Ten of a thousand datagrams wait 200 ms for their reader: these ten are shown, no others
    sent."""
    g, fast, slow = env.guest(), env.port(), env.port()
    with trace_eth0(g, "--slow", "sock=150ms", "--slow", "run=150ms") as trace:
        send_udp(g, fast, COUNT)
        send_udp(g, slow, 10, gap_us=300_000, reader=("--delay-ms", 200))
        run = trace.stop()
    led = run.summary
    check(led["seen"] == COUNT + 10 == led["verdicts"]["delivered"], f"{led}")
    check(led["slow"] == led["emitted"] == len(run.records) == 10,
          f"{len(run.records)} shown: {led}")
    check({r["dport"] for r in run.records} == {slow},
          f"others are shown: {tally(run.records, 'dport')}")
    check(all(max(spent(r, "sock"), spent(r, "run")) > 150 * MS for r in run.records), "not slow")
    return f"{len(run.records)} of {led['seen']} shown, {led['emitted']} sent"


@later
def slow_in_all_means_the_total(env):
    g, fast, slow = env.guest(), env.port(), env.port()
    process = g.start(["pktpath", "trace", "-i", "eth0", "--slow", "150ms"])
    process.wait_for("listening on", 60)
    send_udp(g, fast, 100)
    send_udp(g, slow, 3, gap_us=300_000, reader=("--delay-ms", 200))
    process.signal()
    check(process.wait(60) == 0, process.err())
    lines = [line for line in process.out().splitlines() if f":{slow}" in line]
    check(len(lines) == 3 and f":{fast}" not in process.out(), process.out())
    check(re.search(r"slow 3 of the packets seen", process.err()), process.err())
    return lines[0]
