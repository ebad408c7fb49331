#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
"""`pktpath serve` on this machine's own kernel: what it tells, to a real Prometheus too, what it
gives up, and what it withstands. promtool looks at all that contrib/ has for Prometheus."""

import bisect
import os
import re
import shutil
import signal
import socket
import sys
import tempfile
import time

from lib import prometheus
from lib import wire
from lib.harness import Skip, check, main, test
from lib.kernels import AssetError
from lib.netns import HERE, Net, udp
from lib.prometheus import Prometheus, promtool
from lib.records import tally
from lib.serving import Serve
from lib.tool import PATIENCE, PKTPATH, Trace, bpf_alive, bpf_ids, eventually, need, run, served

from host import serve_abuse  # noqa: F401  define tests
from host import serve_contrib as host_serve_contrib  # noqa: F401

STAGE, TOTAL = "pktpath_stage_duration_seconds", "pktpath_packet_duration_seconds"


def balance(m):
    """What the ledger's two sides differ by."""
    return (m.one("pktpath_packets_seen_total") + m.one("pktpath_copies_total")
            - m.sum("pktpath_packets_total") - m.one("pktpath_packets_in_flight"))


def knock(env, count):
    """Datagrams to a port where nobody listens; not connected, so no error comes back."""
    with env.net.socket("there", socket.SOCK_DGRAM) as s:
        for _ in range(count):
            s.sendto(b"x", (HERE, 9))


@test
def counts_are_those_of_the_traffic(env):
    need(env.roles, "netif", "drop")
    with Serve("-i", "pp0") as s:
        udp(env.net, 150, "here", "there", HERE)
        knock(env, 7)
        m = s.settled(lambda m: m.one("pktpath_packets_total", verdict="dropped") >= 7 and
                      not balance(m))
        check(m.one("pktpath_packets_total", verdict="dropped") == 7,
              f"dropped: {m.of('pktpath_packets_total')}")
        drops = m.of("pktpath_drops_total")
        check(sum(drops.values()) == 7, f"reasons: {drops}")
        if env.reasons:
            check(m.one("pktpath_drops_total", reason="NO_SOCKET") == 7, f"reasons: {drops}")
        if env.udp_read:
            check(m.one("pktpath_packets_total", verdict="delivered") == 150,
                  f"{m.of('pktpath_packets_total')}")
        check(balance(m) == 0, f"seen differs from the verdicts by {balance(m)}")
        seen = m.one("pktpath_packets_seen_total")
        check(m.one(f"{TOTAL}_count", dev="pp0") == seen - m.one("pktpath_packets_in_flight")
              - m.one("pktpath_packets_total", verdict="untracked"),
              "the histogram has another number")
        lost = m.one("pktpath_packets_total", verdict="untracked")
        check(sum(m.of("pktpath_lost_track_total").values()) == lost and
              abs(m.one("pktpath_coverage_ratio") - (1 - lost / seen)) < 1e-6,
              f"coverage {m.one('pktpath_coverage_ratio')} with {lost} of {seen} untracked")
        said = s.end()
    check(re.search(rf"^{seen:.0f} packets seen", said, re.M), f"the ledger says otherwise: {said}")
    return f"{seen:.0f} seen, 7 dropped"


@test
def both_formats_say_the_same(env):
    with Serve("-i", "pp0") as s:
        env.net.ping(HERE, 3)
        time.sleep(0.3)
        status, head, text = s.get(Accept="*/*")
        check(status == 200 and head["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8",
              f"{head}")
        check("# EOF" not in text and "# UNIT" not in text, "OpenMetrics in the older format")
        said = promtool(env.usr(), "check", "metrics", input=text)
        both = s.get(Accept="application/openmetrics-text; version=1.0.0")
        check(both[1]["Content-Type"].startswith("application/openmetrics-text; version=1.0.0"),
              f"{both[1]}")
        check(both[2].endswith("\n# EOF\n") and both[2].count("# EOF") == 1, both[2][-60:])
        names = {line.split("{")[0].split(" ")[0] for t in (text, both[2])
                 for line in t.splitlines() if not line.startswith("#")}
        for t in (text, both[2]):
            mine = {line.split("{")[0].split(" ")[0] for line in t.splitlines()
                    if not line.startswith("#")}
            check(mine == names, f"not in both: {names - mine}")
        status, head, body = s.get(method="HEAD")
        check(status == 200 and not body and int(head["Content-Length"]) > 1000,
              f"HEAD: {status} {head}")
        for path, method, want in (("/", "GET", 200), ("/nowhere", "GET", 404),
                                   ("/metrics", "POST", 405), ("/metrics", "DELETE", 405),
                                   ("/metrics?x=1", "GET", 200)):
            got = s.get(path, method)[0]
            check(got == want, f"{method} {path}: {got}")
    return f"promtool: {said or 'nothing to say'}"


def quantile(values, q):
    return sorted(values)[min(len(values) - 1, int(q * len(values)))]


def bucket_of(bounds, seconds):
    """The bounds between which a duration lies."""
    i = bisect.bisect_left(bounds, seconds)
    return (bounds[i - 1] if i else 0.0), bounds[i]


def slow_reads(env, count, seconds):
    """Datagrams that lie on their socket for known times, each longer than the one before."""
    with env.net.socket("here", socket.SOCK_DGRAM) as receiver, \
            env.net.socket("there", socket.SOCK_DGRAM) as sender:
        receiver.bind((HERE, 0))
        for i in range(count):
            sender.sendto(b"x", receiver.getsockname())
            time.sleep(seconds * (i + 1) / count)
            receiver.recv(10)
        return receiver.getsockname()[1]


def durations(result, port, stage):
    """Seconds that the records of a port spent in a stage."""
    return [row["ns"] / 1e9 for r in result.flow(proto="udp", dport=port) for row in r["stages"]
            if row["stage"] == stage]


def check_quantiles(env, p, truth, bounds):
    """Prometheus's quantiles lie in the same bucket as those of the single packets."""
    said = []
    for q in (0.25, 0.5, 0.9, 0.99):
        text = (f"histogram_quantile({q}, sum by (le) (increase("
                f'{STAGE}_bucket{{stage="sock",dev="pp0"}}[2m])))')
        got = p.query(text)
        check(got, f"no answer to {text}")
        want = quantile(truth, q)
        low, high = bucket_of(bounds, want * 0.97)[0], bucket_of(bounds, want * 1.03)[1]
        check(low <= got[0][1] <= high,
              f"{q}: Prometheus says {got[0][1]}, records say {want}, in {low}..{high}")
        said.append(f"{q}: {got[0][1] * 1e3:.2f} ({want * 1e3:.2f})")
    return ", ".join(said)


@test
def prometheus_finds_the_quantiles_of_the_records(env):
    need(env.roles, "netif", "sock", "drop")
    if not env.udp_read:
        raise Skip("this kernel shows no read of UDP")
    usr = env.usr()
    with Serve("-i", "pp0") as s, Trace("-i", "pp0", "--json") as t, \
            Prometheus(usr, f"127.0.0.1:{s.port}", host_serve_contrib.RULES) as p:
        env.net.ping(HERE, 1)
        # A series that is there when it begins to count: else its first count is no increase.
        udp(env.net, 1, "here", "there", HERE)
        seen = f'{STAGE}_count{{stage="sock",dev="pp0"}}'
        check(eventually(lambda: p.query(seen)), "no series after the first datagram")
        port = slow_reads(env, 60, 0.04)
        knock(env, 1)
        truth = durations(t.stop(), port, "sock")
        check(len(truth) == 60, f"{len(truth)} of 60 records")
        m = s.scrape()
        check(eventually(lambda: p.query(seen)[0][1] ==
                         m.one(f"{STAGE}_count", stage="sock", dev="pp0")),
              f"Prometheus counts {p.query(seen)}")
        bounds = [le for le, _ in m.buckets(STAGE, stage="sock", dev="pp0")]
        said = check_quantiles(env, p, truth, bounds)
        check(eventually(lambda: p.query("rate(pktpath_drops_total[2m])")), "no rate of drops")
        check(p.query('up{job="pktpath"}')[0][1] == 1, "up")
        examples = check_examples(p)
        asked = host_serve_contrib.ask_dashboard(p)
    return f"ms by Prometheus (by records): {said}; {examples}; {asked} queries of the dashboard"


def check_examples(p):
    """The drop's packet is named by an exemplar."""
    found = p.ask("query_exemplars", query="pktpath_drops_total",
                  start=time.time() - 600, end=time.time() + 5)
    labels = [e["labels"] for series in found for e in series["exemplars"]]
    check(labels and all(int(e["packet"]) > 0 and "flow" in e for e in labels),
          f"exemplars: {found}")
    return labels[0]["flow"]


@test
def buckets_are_whole_and_only_grow(env):
    need(env.roles, "netif")
    with Serve("-i", "pp0", "--buckets", "4", "--by", "none") as s:
        seen = []
        for _ in range(3):
            env.net.ping(HERE, 5)
            seen.append(s.scrape())
        last = seen[-1]
        for name, labels in {(n[:-6], key) for n, key in last.all
                             if n.endswith("_duration_seconds_count")}:
            labels = dict(labels)
            rows = [m.buckets(name, **labels) for m in seen]
            counts = [n for _, n in rows[-1]]
            check(counts == sorted(counts), f"{name} {labels}: counts go down: {counts}")
            check(rows[-1][-1] == (float("inf"), last.one(f"{name}_count", **labels)),
                  "+Inf is not all of them")
            for older, newer in zip(rows, rows[1:]):
                check(all(n >= o for (_, o), (_, n) in zip(older, newer)),
                      f"{name} {labels} went down")
        check(list(last.of(f"{TOTAL}_count")) == [frozenset()],
              f"labels: {last.of(f'{TOTAL}_count')}")
        total = last.buckets(TOTAL)
        middle = sum((le + (total[i - 1][0] if i else 0)) / 2 * (n - (total[i - 1][1] if i else 0))
                     for i, (le, n) in enumerate(total) if le < 1e9)
        told = last.one(f"{TOTAL}_sum")
        check(0.8 * middle <= told <= 1.25 * middle,
              f"the sum is {told}, by the buckets about {middle}")
    return f"{len(total)} buckets a row, sum {told:.6f} s"


@test
def groups_are_bounded(env):
    need(env.roles, "netif")
    with Serve("-i", "pp0", "--by", "proto", "--groups", "1") as s:
        env.net.ping(HERE, 2)
        udp(env.net, 3, "here", "there", HERE)
        m = s.settled(lambda m: len(m.of(f"{TOTAL}_count")) == 2)
        protos = {dict(k)["proto"]: n for k, n in m.of(f"{TOTAL}_count").items()}
    check(set(protos) == {"icmp", "other"} and protos["icmp"] >= 2 and protos["other"] >= 3,
          f"{protos}")
    return f"{protos}"


@test
def groups_are_called_as_in_json(env):
    need(env.roles, "netif")
    seen = {}
    for by, pattern in (("cpu", r"cpu\d+"), ("queue", r"pp0:(\d+|\?)")):
        with Serve("-i", "pp0", "--by", by) as s:
            env.net.ping(HERE, 2)
            m = s.settled(lambda m: m.of(f"{TOTAL}_count"))
            seen[by] = sorted({dict(k)[by] for k in m.of(f"{TOTAL}_count")})
        check(all(re.fullmatch(pattern, name) for name in seen[by]), f"--by {by}: {seen[by]}")
    return f"{seen}"


@test
def another_namespace_is_served_here(env):
    need(env.roles, "netif")
    with Serve("--netns", str(env.net.pid())) as s:
        env.net.ping(HERE, 3)
        m = s.settled(lambda m: m.of(f"{TOTAL}_count", dev="pp1"))
    check(m.one(f"{TOTAL}_count", dev="pp1") >= 3, f"{m.of(f'{TOTAL}_count')}")
    check(not m.of(f"{TOTAL}_count", dev="pp0"), "the other end is counted, too")
    return f"{m.one(f'{TOTAL}_count', dev='pp1'):.0f} packets of pp1"


def status_of(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        return dict(line.rstrip("\n").split(":\t", 1) for line in file if ":\t" in line)


def check_powerless(pid, uid):
    status = status_of(pid)
    check(status["Uid"].split() == [str(uid)] * 4, f"Uid {status['Uid']}")
    check("0" not in status["Gid"].split(), f"Gid {status['Gid']}")
    for name in ("CapInh", "CapPrm", "CapEff", "CapAmb"):
        check(int(status[name], 16) == 0, f"{name} {status[name]}")
    check(status["Seccomp"] == "2", "no filter for system calls")
    check(status["NoNewPrivs"] == "1" and status["Threads"] == "1",
          f"{status['NoNewPrivs']} {status['Threads']}")
    return status


@test
def root_and_capabilities_are_gone_once_it_serves(env):
    with Serve("-i", "pp0") as s:
        pid = s.process.pid
        status = check_powerless(pid, 65534)
        check(not status["Groups"].split() and int(status["CapBnd"], 16) == 0,
              f"Groups {status['Groups']} CapBnd {status['CapBnd']}")
        held = bpf_ids(pid)
        kinds = tally([{"kind": kind} for kind, _ in held], "kind")
        check({"prog", "link", "map"} <= set(kinds), f"it holds {kinds}")
        env.net.ping(HERE, 4)
        m = s.settled(lambda m: m.sum("pktpath_packets_total") >= 4)
        check(m.sum("pktpath_packets_total") >= 4, "it counts nothing")
        check(m.of("pktpath_hook_misses_total") and m.of("pktpath_bpf_runs_total") and
              m.one("process_open_fds") > 10, "it cannot read of itself")
        s.end()
        check(eventually(lambda: not held & bpf_alive()), f"left: {held & bpf_alive()}")
    return f"uid 65534, no capabilities, seccomp; {kinds} gone at its end"


@test
def two_capabilities_are_enough(env):
    setpriv = shutil.which("setpriv")
    if not setpriv:
        raise Skip("no setpriv")
    caps = "+cap_38,+cap_39"  # PERFMON and BPF, by numbers: older ones do not know the names
    with tempfile.TemporaryDirectory() as place:
        os.chmod(place, 0o755)
        tool = shutil.copy(PKTPATH, place)
        argv0 = [setpriv, "--reuid=65534", "--regid=65534", "--clear-groups", f"--inh-caps={caps}",
                 f"--ambient-caps={caps}", f"--bounding-set=-all,{caps}", tool, "serve"]
        with Serve("-i", "pp0", argv0=argv0) as s:
            check_powerless(s.process.pid, 65534)
            env.net.ping(HERE, 3)
            m = s.settled(lambda m: m.sum("pktpath_packets_total") >= 3)
            check(m.sum("pktpath_packets_total") >= 3, "it counts nothing")
            s.end()
        one = run("--listen", "127.0.0.1:0", argv0=[a.replace(",+cap_39", "") for a in argv0])
        check(one.returncode == 2 and "run as root" in one.stderr, f"{one}")
    return "CAP_BPF and CAP_PERFMON, as nobody"


class Manager:
    """The socket that a service manager listens on."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(path)
        os.chmod(path, 0o777)
        self.socket.settimeout(30)

    def hear(self, word, seconds=PATIENCE):
        """The next message with that word; when it came."""
        self.socket.settimeout(seconds)
        while True:
            message = self.socket.recv(4096).decode()
            if word in message:
                return message, time.monotonic()


@test
def a_service_manager_hears_of_it(env):
    with tempfile.TemporaryDirectory() as place:
        os.chmod(place, 0o755)
        manager = Manager(f"{place}/notify")
        env_vars = {**os.environ, "NOTIFY_SOCKET": f"{place}/notify", "WATCHDOG_USEC": "2000000"}
        with Serve("-i", "pp0", env=env_vars) as s:
            ready, _ = manager.hear("READY=1")
            check(f"STATUS=Serving http://127.0.0.1:{s.port}/metrics" in ready, ready)
            check(s.get()[0] == 200, "ready, but no answer")
            beats = [manager.hear("WATCHDOG=1")[1] for _ in range(5)]
            gaps = [b - a for a, b in zip(beats, beats[1:])]
            check(max(gaps) < 2, f"the watchdog would have fired: {gaps}")
            s.signal(signal.SIGTERM)
            manager.hear("STOPPING=1")
            check(s.wait() == 0, "exit status")
    return f"beats every {sum(gaps) / len(gaps):.2f} s of 2 s allowed"


@test
def a_signal_asks_for_the_account_and_another_ends_it(env):
    with Serve("-i", "pp0", "--user", "bin") as s:
        check_powerless(s.process.pid, 2)
        s.signal(signal.SIGUSR1)
        check(eventually(lambda: "seen in" in s.err()), "no account on SIGUSR1")
        check(s.get()[0] == 200, "it did not go on")
        check(s.end(signal.SIGINT).count("seen in") == 2, s.err())
    return "SIGUSR1, then SIGINT, as user bin"


@test
def an_interface_that_vanishes_does_not_end_it(env):
    wire.ip("link add pp2 type veth peer name pp3", "link set pp2 up", "link set pp3 up")
    with Serve("-i", "pp0,pp2") as s:
        check(s.scrape().one("pktpath_interfaces_missing") == 0, "missing from the start")
        wire.ip("link del pp2")
        m = s.settled(lambda m: m.one("pktpath_interfaces_missing") == 1)
        check(m.one("pktpath_interfaces_missing") == 1, "nobody noticed")
        env.net.ping(HERE, 3)
        m = s.settled(lambda m: m.sum("pktpath_packets_total") >= 3)
        check(m.one(f"{TOTAL}_count", dev="pp0") >= 3, "the other one is not counted any more")
        said = s.end(signal.SIGHUP)
        check(said.count("-i pp2: the interface disappeared") == 1, said)
    return "pp2 gone, pp0 counted on"


@test
def a_device_made_anew_goes_on_in_its_series(env):
    need(env.roles, "netif")

    def knock():
        wire.ip("link add pp4 type veth peer name pp5", "addr add 10.98.0.1/24 dev pp4",
                "link set pp5 up", "link set pp4 up")
        check(eventually(lambda: wire.running("pp5")), "no carrier")
        with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as raw:
            raw.bind(("pp5", 0))
            for _ in range(10):
                raw.send(b"\xff" * 12 + b"\x88\xb5" + bytes(50))  # local experimental ethertype
        m = s.settled(lambda m: m.sum(f"{TOTAL}_count", dev="pp4") >= before + 10)
        wire.ip("link del pp4")
        return m.one(f"{TOTAL}_count", dev="pp4")

    before = 0
    with Serve() as s:
        before = knock()
        after = knock()
    check(before >= 10 and after >= before + 10, f"{before}, then {after}")
    return f"{before:.0f}, then {after:.0f} in one series"


class Env:
    """The namespaces, what this kernel offers, and Debian's Prometheus."""

    def __init__(self):
        # Before there is no way out of our network namespace any more.
        try:
            self._usr, self._lack = prometheus.prefix(), None
        except AssetError as reason:
            self._usr, self._lack = None, str(reason)
        self.net = Net()
        self.roles = served("-i", "lo")
        release = os.uname().release.split(".")
        self.reasons = (int(release[0]), int(release[1])) >= (5, 17)  # kfree_skb() tells why
        self.udp_read = {"skb_consume_udp", "sock_recv_length"} & set(self.roles["read"])

    def usr(self):
        """Where bin/promtool is."""
        if not self._usr:
            raise Skip(self._lack)
        return self._usr


if __name__ == "__main__":
    if os.geteuid():
        print("SKIP all: BPF programs need root\n0 passed, 0 failed, 1 skipped")
        sys.exit(0)
    main(Env())
