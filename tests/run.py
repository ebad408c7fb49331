#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
"""Runs the test suites, several at a time, shows what they print, and adds up what they count.

    run.py [--all] [--build] [SUITE...]   all of a level by default; `guest` is guest1, guest2 ...
    run.py [--all] --list                 their names

`make test` runs them as they are here, `make test-all` with --all: longer, and some more. --build
makes first what all suites share: they run at once, and no two may make the same file.
A new suite is a row of SUITES. It is a command whose last line is `N passed, N failed, N skipped`.
One that prints no such line, ends badly without a failure of its own, takes too long or is not
there counts as a failure.
"""

import collections
import contextlib
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
# Suites go before what else runs on this machine: a guest's clock goes on while it gets no CPU.
NICE = -10


def module(name, *words):
    """The command of a suite that is a Python module below tests/."""
    return [PYTHON, "-m", name, *words]


def parts(name, needs, command, takes, count):
    """One suite for each part of its tests."""
    return [Suite(f"{name}{i}", needs, [*command, f"{i}/{count}"], takes // count)
            for i in range(1, count + 1)]


class Suite(NamedTuple):
    name: str
    needs: str      # the file without which there is no such suite
    command: list
    takes: int      # CPU seconds, about: the longest go first, so that none is left over at the end
    quiet: bool = False     # measures time itself: first, and alone

    def limit(self):
        """Seconds after which it is taken to hang: far more than it takes on a busy machine."""
        return 900 + 6 * self.takes


TEST = [
    Suite("lint", "tests/lint.sh", MAKE + ["lint"], 290),
    Suite("unit", "tests/unit/run.sh", MAKE + ["unit"], 50),
    Suite("golden", "tests/golden/run.sh", MAKE + ["golden"], 40),
    Suite("host", "tests/host/tracing.py", module("host.tracing"), 40),
    Suite("serve", "tests/host/serve.py", module("host.serve"), 30),
    Suite("suites", "tests/host/suites.py", module("host.suites"), 3),
    Suite("floors", "tests/cost/smoke.sh", ["tests/cost/smoke.sh"], 15),
    Suite("cost", "tests/cost/limits.py", module("cost.limits"), 120),
    Suite("xdpbench", "tests/host/bench.py", module("host.bench"), 150, quiet=True),
    Suite("demo", "tests/guest/demo_runs.py", module("guest.demo_runs"), 30),
]
# One test of each kind of claim, what differs from kernel to kernel, and the cells that stand for
# the matrix.
FEW = [
    *parts("guest", "tests/guest/e1000.py", module("guest.e1000"), 1000, 4),
    Suite("cli", "tests/host/cli.py", module("host.cli"), 270),
    Suite("faults", "tests/host/faults.py", module("host.faults"), 80),
    Suite("xdpguest", "tests/guest/bench.py", module("guest.bench"), 110),
    *parts("kernels", "tests/guest/on_kernels.py", module("guest.on_kernels", "--few"), 320, 2),
    Suite("matrix", "tests/guest/matrix.py", module("guest.matrix", "--few"), 90),
    Suite("xdpfaults", "tests/host/bench_faults.py", module("host.bench_faults"), 60),
]
# Every test on every kernel, every cell, and the tools of the next Debian.
ALL = [
    *parts("guest", "tests/guest/e1000.py", module("guest.e1000", "--all"), 1250, 4),
    Suite("xdpguest", "tests/guest/bench.py", module("guest.bench", "--all"), 220),
    Suite("cli", "tests/host/cli.py", module("host.cli", "--all"), 360),
    Suite("faults", "tests/host/faults.py", module("host.faults", "--all"), 900),
    *parts("kernels", "tests/guest/on_kernels.py", module("guest.on_kernels"), 1400, 4),
    Suite("matrix", "tests/guest/matrix.py", module("guest.matrix"), 1500),
    Suite("xdpfaults", "tests/host/bench_faults.py", module("host.bench_faults", "--all"), 1500),
    Suite("trixie", "tests/host/trixie.py", module("host.trixie"), 150),
]


class Result(NamedTuple):
    suite: Suite
    counts: tuple   # passed, failed, skipped
    note: str
    seconds: float
    cpu: float      # seconds, of all its processes


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
    """(the exit status, or None if it had to be killed; CPU seconds)."""
    end, ended = time.monotonic() + seconds, None
    try:
        while not ended and time.monotonic() < end:
            # Not reaped yet, so its process group's number is not given to others.
            ended = os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
            if not ended:
                time.sleep(0.1)
    finally:
        kill_group(process)  # also what it may have left behind, and on Ctrl-C
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    return process.returncode if ended else None, usage.ru_utime + usage.ru_stime


def go_first():
    """In the child: before others of this machine, where that is allowed."""
    with contextlib.suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, 0, NICE)
    # Where each session has its share of the CPUs, that is what counts.
    with contextlib.suppress(OSError):
        pathlib.Path("/proc/self/autogroup").write_text(str(NICE))


def verdict(suite, status, counts):
    """(counts, note) of a suite that ran."""
    if status is None:
        return tuple(counts or (0, 0, 0)), f"killed after {suite.limit()} s"
    if not counts:
        return (0, 0, 0), f"no line 'N passed, N failed, N skipped'; it ended with status {status}"
    if not any(counts):
        return (0, 0, 0), "it ran no test"
    if status and not counts[1]:
        return tuple(counts), f"it ended with status {status}"
    return tuple(counts), ""


running = []  # processes that were started


def build():
    """Makes what the suites share, before others of this machine as they are; with what make was
    told (CC=clang), but jobs of its own."""
    told = [w for w in os.environ.get("MAKEFLAGS", "").split()
            if not w.startswith(("-j", "--jobs"))]
    process = subprocess.Popen(
        [*MAKE, f"-j{os.cpu_count() or 1}", "test-build"], cwd=ROOT, stdin=subprocess.DEVNULL,
        env=environment() | {"MAKEFLAGS": " ".join(told)}, start_new_session=True,
        preexec_fn=go_first)
    running.append(process)
    if process.wait():
        sys.exit(f"run.py: the build failed with status {process.returncode}")


def run(suite):
    if not (ROOT / suite.needs).exists():
        return Result(suite, (0, 1, 0), f"{suite.needs} is not there", 0.0, 0.0)
    started, counts = time.monotonic(), []
    prefix = "" if suite.quiet else f"{suite.name:8} | "
    process = subprocess.Popen(suite.command, cwd=ROOT, env=environment(), stdin=subprocess.DEVNULL,
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                               start_new_session=True, preexec_fn=go_first)
    running.append(process)
    reader = threading.Thread(target=copy_lines, args=(process.stdout, counts, prefix), daemon=True)
    reader.start()
    status, cpu = wait(process, suite.limit())
    reader.join(5)  # no longer: something that survived may still hold the pipe
    (passed, failed, skipped), note = verdict(suite, status, counts)
    return Result(suite, (passed, failed + bool(note), skipped), note, time.monotonic() - started,
                  cpu)


def table(results):
    print(f"\n{'SUITE':8} {'PASSED':>6} {'FAILED':>6} {'SKIPPED':>7} {'SECONDS':>7} {'CPU':>7}")
    for r in results:
        print(f"{r.suite.name:8} {r.counts[0]:6} {r.counts[1]:6} {r.counts[2]:7} {r.seconds:7.0f} "
              f"{r.cpu:7.0f}{'  ' if r.note else ''}{r.note}")


def choose(suites, words):
    names = {s.name for s in suites} | {s.name.rstrip("0123456789") for s in suites}
    for word in words:
        if word not in names:
            sys.exit(f"run.py: {word}: no such suite ({', '.join(sorted(names))})")
    return [s for s in suites
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
    started, every = time.monotonic(), "--all" in words
    level = TEST + (ALL if every else FEW)
    if "--list" in words:
        print("\n".join(s.name for s in level))
        return 0
    results, suites = [], choose(level, [w for w in words if w not in ("--all", "--build")])
    if "--build" in words:
        build()
    in_turn(collections.deque(s for s in suites if s.quiet), results)
    rest = collections.deque(sorted((s for s in suites if not s.quiet), key=lambda s: -s.takes))
    workers = [threading.Thread(target=in_turn, args=(rest, results), daemon=True)
               for _ in range(WORKERS)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    table(sorted(results, key=lambda r: suites.index(r.suite)))
    passed, failed, skipped = (sum(r.counts[i] for r in results) for i in range(3))
    print(f"{time.monotonic() - started:.0f} s, {sum(r.cpu for r in results):.0f} s of CPU")
    print(f"{passed} passed, {failed} failed, {skipped} skipped", flush=True)
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        for process in running:
            kill_group(process)
        sys.exit("run.py: interrupted")
