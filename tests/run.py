#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
"""Runs the test suites in order, shows what they print, and adds up what they count.

    run.py [SUITE...]     all of them by default; `run.py --list` names them; `guest` is guest1
                          and guest2

A suite is a command whose last line is `N passed, N failed, N skipped`. One that prints no such
line, ends badly without a failure of its own, takes too long or is not there counts as a failure.
"""

import collections
import os
import pathlib
import re
import signal
import subprocess
import sys
import threading
import time
from typing import NamedTuple

ROOT = pathlib.Path(__file__).resolve().parents[1]
COUNTS = re.compile(r"^(\d+) passed, (\d+) failed, (\d+) skipped$")
PYTHON = "/usr/bin/python3"  # the one that Debian's packages belong to; PATH may name another
MAKE = ["make", "--no-print-directory", f"B={os.environ.get('PKTPATH_BUILD', 'build')}"]


# A guest waits for its kernel much of the time (for grace periods of RCU when hooks are
# detached), so one more of them than there are CPUs keeps these busy.
WORKERS = min(os.cpu_count() or 1, 7) + 1


def module(name):
    """The command of a suite that is a Python module below tests/."""
    return [PYTHON, "-m", name]


class Suite(NamedTuple):
    name: str
    needs: str      # the file without which there is no such suite
    command: list
    seconds: int    # far more than it takes: a suite that hangs must not hold up the others
    beside: bool = False  # others may run meanwhile: these come last, WORKERS at a time


SUITES = [
    Suite("lint", "tests/lint.sh", MAKE + ["lint"], 600),
    Suite("unit", "tests/unit/run.sh", MAKE + ["unit"], 300),
    Suite("golden", "tests/golden/run.sh", MAKE + ["golden"], 300),
    Suite("host", "tests/host/tracing.py", [PYTHON, "tests/host/tracing.py"], 300),
    Suite("serve", "tests/host/serve.py", [PYTHON, "tests/host/serve.py"], 420),
    Suite("cli", "tests/host/cli.py", module("host.cli"), 420),
    Suite("floors", "tests/cost/smoke.sh", ["tests/cost/smoke.sh"], 300),
    Suite("cost", "tests/cost/limits.py", MAKE + ["cost-test"], 900),
    Suite("xdpbench", "tests/host/bench.py", [PYTHON, "tests/host/bench.py"], 600),
    # The long ones first, so that none is left over at the end.
    *(Suite(f"guest{i}", "tests/guest/e1000.py", MAKE + ["guest-test", f"TESTS={i}/2"],
            3600, True) for i in (1, 2)),
    *(Suite(f"kernels{i}", "tests/guest/on_kernels.py", MAKE + ["kernels-test", f"TESTS={i}/3"],
            3000, True) for i in (1, 2, 3)),
    Suite("matrix", "tests/guest/matrix.py", MAKE + ["matrix", "CELLS=--few"], 1200, True),
    Suite("xdpguest", "tests/guest/bench.py", [PYTHON, "tests/guest/bench.py"], 900, True),
    Suite("demo", "tests/guest/demo_runs.py", module("guest.demo_runs"), 300, True),
]


class Result(NamedTuple):
    suite: Suite
    counts: tuple   # passed, failed, skipped
    note: str
    seconds: float


def environment():
    """Ours without make's own: its jobs and overrides are not for the makes that suites start."""
    makes = ("MAKEFLAGS", "MFLAGS", "MAKELEVEL")
    return {k: v for k, v in os.environ.items() if k not in makes} | {
        "PYTHONPATH": str(ROOT / "tests")}


def kill_group(process):
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


def copy_lines(stream, keep, prefix):
    """Shows the suite's lines as they come and keeps the last that counts."""
    for raw in stream:
        line = raw.decode("utf-8", "replace")
        sys.stdout.write(prefix + line)
        sys.stdout.flush()
        if match := COUNTS.match(line.strip()):
            keep[:] = [int(n) for n in match.groups()]


def wait(process, seconds):
    """The exit status, or None if it had to be killed."""
    try:
        return process.wait(seconds)
    except subprocess.TimeoutExpired:
        return None
    finally:
        kill_group(process)  # also what it may have left behind, and on Ctrl-C
        process.wait()


def verdict(suite, status, counts):
    """(counts, note) of a suite that ran."""
    if status is None:
        return tuple(counts or (0, 0, 0)), f"killed after {suite.seconds} s"
    if not counts:
        return (0, 0, 0), f"no line 'N passed, N failed, N skipped'; it ended with status {status}"
    if not any(counts):
        return (0, 0, 0), "it ran no test"
    if status and not counts[1]:
        return tuple(counts), f"it ended with status {status}"
    return tuple(counts), ""


running = []  # processes of all suites that were started


def run(suite):
    if not (ROOT / suite.needs).exists():
        return Result(suite, (0, 1, 0), f"{suite.needs} is not there", 0.0)
    started, counts = time.monotonic(), []
    prefix = f"{suite.name:8} | " if suite.beside else ""
    process = subprocess.Popen(suite.command, cwd=ROOT, env=environment(), stdin=subprocess.DEVNULL,
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                               start_new_session=True)
    running.append(process)
    reader = threading.Thread(target=copy_lines, args=(process.stdout, counts, prefix), daemon=True)
    reader.start()
    status = wait(process, suite.seconds)
    reader.join(5)  # no longer: something that survived may still hold the pipe
    (passed, failed, skipped), note = verdict(suite, status, counts)
    return Result(suite, (passed, failed + bool(note), skipped), note, time.monotonic() - started)


def table(results):
    print(f"\n{'SUITE':8} {'PASSED':>6} {'FAILED':>6} {'SKIPPED':>7} {'SECONDS':>7}")
    for r in results:
        print(f"{r.suite.name:8} {r.counts[0]:6} {r.counts[1]:6} {r.counts[2]:7} {r.seconds:7.0f}"
              f"{'  ' if r.note else ''}{r.note}")


def choose(words):
    names = {s.name for s in SUITES} | {s.name.rstrip("0123456789") for s in SUITES}
    for word in words:
        if word not in names:
            sys.exit(f"run.py: {word}: no such suite ({', '.join(sorted(names))})")
    return [s for s in SUITES
            if not words or s.name in words or s.name.rstrip("0123456789") in words]


def in_turn(suites, results):
    """Takes from `suites`, which others may do as well, until none is left."""
    while True:
        try:
            suite = suites.popleft()
        except IndexError:
            return
        print(f"\n=== {suite.name}: {' '.join(suite.command)}", flush=True)
        results.append(run(suite))
        if results[-1].note:
            print(f"FAIL suite {suite.name}: {results[-1].note}", flush=True)


def main(words):
    if words == ["--list"]:
        print("\n".join(s.name for s in SUITES))
        return 0
    results, suites = [], choose(words)
    in_turn(collections.deque(s for s in suites if not s.beside), results)
    rest = collections.deque(s for s in suites if s.beside)
    workers = [threading.Thread(target=in_turn, args=(rest, results), daemon=True)
               for _ in range(WORKERS)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    table(sorted(results, key=lambda r: suites.index(r.suite)))
    passed, failed, skipped = (sum(r.counts[i] for r in results) for i in range(3))
    print(f"{passed} passed, {failed} failed, {skipped} skipped", flush=True)
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        for process in running:
            kill_group(process)
        sys.exit("run.py: interrupted")
