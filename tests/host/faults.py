#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
"""Every call into the kernel and every allocation of the tracing commands fails once, on this
machine's own kernel: the run goes on to a right result, or ends with one line that says why.

    python3 -m host.faults [--all] [WORD...]

Without --all one call of every fourth function fails, among those that no command before it had:
a minute or two.
With it each place of each command does, its first call, its last, and all from the first on. With
WORDs only tests whose names have them. tests/lib/faults.py says how a run is judged.
"""

import contextlib
import http.client
import json
import os
import pathlib
import re
import signal
import socket
import sys
import tempfile
import threading

from lib import wire
from lib.faults import Probe, judge, nothing_left, places
from lib.harness import check, later, main, test
from lib.tool import PATIENCE, PKTPATH, HostRun, eventually, run

EVERYTHING = "--all" in sys.argv
seen = set()    # (call, function) that failed in an earlier test


class Load:
    """Datagrams over the loopback of this namespace, for as long as it lives."""

    def __init__(self):
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._send, daemon=True)

    def _send(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            s.bind(("127.0.0.1", 0))
            while not self._stop.wait(0.004):
                s.sendto(b"x" * 64, s.getsockname())
                s.recv(100)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *exc):
        self._stop.set()
        self._thread.join()


def chosen(sites):
    """[(site, how it fails)]"""
    if EVERYTHING:
        ways = ({}, {"times": 1 << 40})
        return [(s, way) for s in places(sites)
                for way in (*ways, *([{"nth": s.count}] if s.count > 1 else []))]
    fresh = {(s.call, s.names[0]): s for s in sorted(sites, reverse=True)
             if (s.call, s.names[0]) not in seen}
    seen.update(fresh)
    return [(s, {}) for s in list(fresh.values())[::4]]


def sweep(words, right=None, drive=None, only=None, patience=PATIENCE):
    """Lets calls of that command fail. `right` looks at what a run came to that ended well."""
    outcomes, wrong = [], []
    with tempfile.TemporaryDirectory() as folder:
        probe = Probe(words, drive=drive, env={"TMPDIR": folder}, patience=patience)
        sites = [s for s in probe.sites() if not only or only(s)]
        for site, how in chosen(sites):
            outcomes.append(probe.provoke(site, **how))
            try:
                judge(outcomes[-1])
                if right and outcomes[-1].status == 0:
                    right(outcomes[-1])
                check_log(outcomes[-1], folder)
            except AssertionError as why:
                wrong.append(f"{how or ''} {why}")
    things = nothing_left(outcomes)
    check(not wrong, f"{len(wrong)} of {len(outcomes)}:\n" + "\n".join(wrong))
    failed = [o for o in outcomes if o.failed]
    check(outcomes and len(failed) >= len(outcomes) // 2,
          f"only {len(failed)} of {len(outcomes)} calls were made")
    fine = sum(o.status == 0 for o in failed)
    return (f"{len(failed)} of {len(sites)} calls failed: {fine} runs "
            f"did without, {sum(o.status != 0 for o in failed)} said why; {things} things gone")


def check_log(outcome, folder):
    """A file that a line names is there, and has what libbpf said."""
    for path in re.findall(r"libbpf's own words are in (\S+?)\)", outcome.err):
        text = pathlib.Path(path)
        check(path.startswith(folder) and "libbpf" in text.read_text("utf-8", "replace"),
              f"{path} has no word of libbpf: {outcome}")


def summary_of(out):
    """The last line of JSON."""
    return json.loads(out.splitlines()[-1])["summary"]


class Usual:
    """What a summary must have: all that it has in a usual run; and the stages that no hook serves
    this time are in it, with the reason."""

    def __init__(self, *words):
        done = run(*words)
        check(done.returncode == 0, f"{words}: {done.stderr}")
        self.summary = summary_of(done.stdout)

    def check(self, summary):
        check(set(summary) == set(self.summary), f"keys {set(summary) ^ set(self.summary)}")
        keys = set(self.summary["hooks"][0])
        check(all(set(h) == keys and h["role"] and (h["backend"] or h["why"])
                  for h in summary["hooks"]), f"a hook that is cut short: {summary['hooks']}")
        check(summary["balanced"], f"the account does not balance: {summary}")
        lacks = {h["stage"] for h in self.summary["hooks"]} - {h["stage"] for h in summary["hooks"]}
        check(not lacks, f"not a word on {lacks}: {summary['hooks']}")


@test
def probes_go_on_or_say_why():
    return sweep(["probes", "-i", "lo"])


@test
def trace_goes_on_or_says_why():
    words = ["trace", "-i", "lo", "-d", "0.2", "--json"]
    usual = Usual(*words)

    def right(outcome):
        HostRun(outcome.out, outcome.err)     # checks every record
        usual.check(summary_of(outcome.out))

    return sweep(words, right)


@later
def drops_go_on_or_say_why():
    return sweep(["drops", "-d", "0.2"])


@test
def histograms_go_on_or_say_why():
    words = ["hist", "-i", "lo", "-d", "0.3", "--interval", "0.1", "--by", "pid", "--json"]
    usual = Usual(*words)

    def right(outcome):
        usual.check(summary_of(outcome.out))

    return sweep(words, right)


@later
def a_trace_into_a_file_goes_on_or_says_why():
    with tempfile.TemporaryDirectory() as folder:
        return sweep(["hist", "-i", "lo", "-d", "0.2", "--trace", f"{folder}/trace", "--comm",
                      "python3", "--worst", "2"])


@later
def a_sample_within_a_budget_goes_on_or_says_why():
    return sweep(["trace", "-d", "0.5", "--sample", "1/2,packet", "--overhead-budget", "50%",
                  "--comm", "nobody"])


def ask(process, said):
    """What a Prometheus does, and a service manager."""
    if not eventually(lambda: "http://" in said() or process.poll() is not None) or \
            process.poll() is not None:
        return
    host, port = re.search(r"http://([\d.]+):(\d+)/", said()).groups()
    for accept in ("application/openmetrics-text;version=1.0.0", "text/plain"):
        with contextlib.suppress(OSError, http.client.HTTPException):
            connection = http.client.HTTPConnection(host, int(port), timeout=5)
            connection.request("GET", "/metrics", headers={"Accept": accept})
            connection.getresponse().read()
            connection.close()
    before = len(said())
    process.send_signal(signal.SIGUSR1)
    eventually(lambda: len(said()) > before or process.poll() is not None, seconds=5)
    process.send_signal(signal.SIGTERM)


@later
def serve_goes_on_or_says_why():
    return sweep(["serve", "--listen", "127.0.0.1:0", "-i", "lo"], drive=ask)


@later
def cost_is_measured_or_it_says_why():
    here = ("cost", "sender", "loopback", "measure", "calibrat", "look", "ns_a_packet", "time_")

    def ours(site):
        return EVERYTHING or any(n.startswith(here) for n in site.names[:2])

    return sweep(["cost", "-d", "0.05"], only=ours, patience=5 * PATIENCE)


@test
def a_message_that_is_lost_is_seen():
    """The same program with one message made empty."""
    with tempfile.TemporaryDirectory() as folder:
        broken = pathlib.Path(folder, "pktpath")
        code = pathlib.Path(PKTPATH).read_bytes()
        check(code.count(b"cannot start tracing: %s") == 1, "the message has another form")
        broken.write_bytes(code.replace(b"cannot start tracing: %s", b"\0annot start tracing: %s"))
        broken.chmod(0o755)
        said = []
        for program in (PKTPATH, str(broken)):
            probe = Probe(["trace", "-d", "0.1"], program=program, env={"TMPDIR": folder})
            site = next(s for s in probe.sites() if s.call == "mmap" and
                        s.names[0] == "object_map_table")
            try:
                judge(probe.provoke(site))
                said.append("")
            except AssertionError as why:
                said.append(str(why))
    check(not said[0] and said[1].startswith("it names nothing"), f"{said}")
    return said[1].splitlines()[0][:90]


if __name__ == "__main__":
    if os.geteuid():
        print("SKIP all: BPF programs need root\n0 passed, 0 failed, 1 skipped")
        sys.exit(0)
    wire.isolate()
    with Load():
        main()
