#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
"""What tracing adds on this machine's own kernel: ns a packet over loopback, and how many packets
a second are left of a flood over veth.

    host.py [--rounds 7] [WORD...]

Each round has every row once, in random order, and is compared with `off` of the same round.
"""

import argparse
import os
import pathlib
import random
import re
import shlex
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from typing import NamedTuple

ROOT = pathlib.Path(__file__).resolve().parents[2]

from lib.harness import Skip
from lib.kernels import AssetError
from lib.netns import HERE, Net
from lib.tool import BUILD
from cost import peers
from cost.rows import BPFTRACE_HOST, HIST, OFF, Row

BATCHES = 60
FLOOD_SECONDS, PORT = 1, 7300
READY_SECONDS = 40
PATIENCE = 60
HOST_ROWS = [
    Row("empty", "BUILD/bench hold empty"),
    Row("clock", "BUILD/bench hold clock"),
    Row("clock + slot", "BUILD/bench hold slot"),
    Row("pktpath hist", f"BUILD/{HIST} --netns all"),
    Row("pktpath trace -q", "BUILD/pktpath trace -q --netns all"),
    Row("pktpath trace --json", "BUILD/pktpath trace --json --netns all"),
    Row("age, three places, log2", "BUILD/bench hold age"),
    Row("bpftrace, one duration", "PEER -e " + shlex.quote(BPFTRACE_HOST), peer="bpftrace",
        ready="ready", settle=1),
    Row("perf record, tracepoints",
        "echo ready; exec PEER record -a -o OUT -e 'net:*,napi:*,irq:softirq_entry'",
        peer="perf", ready="ready", settle=2),
    Row("pwru, eight functions", "PEER --backend kprobe --filter-func '^ip_rcv_core$'", peer="pwru",
        ready="istening"),
]


class Figures(NamedTuple):
    ns: float           # a packet over loopback
    own: float          # ns of the tool's own processes a packet, meanwhile
    rate: float         # packets a second of the flood
    lost: str = ""


class Tool:
    """A row's command while it is attached."""

    def __init__(self, row):
        self.row, self.process = row, None
        self._said = tempfile.TemporaryFile()
        self._out = tempfile.NamedTemporaryFile(prefix="pp-perf-")

    def text(self):
        return os.pread(self._said.fileno(), 1 << 24, 0).decode("utf-8", "replace")

    def why(self):
        said = [line for line in self.text().splitlines() if line.strip()] or ["nothing"]
        said = [line for line in said if "ERROR" in line] or said
        return f"it said: {said[-1][-140:]}"

    def __enter__(self):
        row = self.row
        if not row.command:
            return self
        command = row.command.replace("BUILD", str(BUILD)).replace("OUT", self._out.name)
        if row.peer:
            command = command.replace("PEER", shlex.join(peers.here(row.peer)))
        if not command.startswith("echo"):
            command = "exec " + command
        # Records go nowhere; what is said on stderr, by peers on stdout, tells when they are ready.
        out = self._said if row.peer else subprocess.DEVNULL
        self.process = subprocess.Popen(command, shell=True, stdin=subprocess.DEVNULL, stdout=out,
                                        stderr=self._said, start_new_session=True)
        end = time.monotonic() + READY_SECONDS
        while row.ready not in self.text():
            if self.process.poll() is not None or time.monotonic() > end:
                why = self.why()
                self.__exit__()
                raise Skip(why)
            time.sleep(0.02)
        time.sleep(row.settle)
        if self.process.poll() is not None:
            why = self.why()
            self.__exit__()
            raise Skip(why)
        return self

    def __exit__(self, *exc):
        if self.process:
            for number in (signal.SIGINT, signal.SIGKILL):
                try:
                    os.killpg(self.process.pid, number)
                    self.process.wait(PATIENCE)
                except (ProcessLookupError, subprocess.TimeoutExpired):
                    pass
            self.process = None

    def own(self):
        """ns that its threads ran."""
        if not self.process:
            return 0
        total = 0
        for file in pathlib.Path(f"/proc/{self.process.pid}/task").glob("*/schedstat"):
            try:
                total += int(file.read_text().split()[0])
            except OSError:  # ended meanwhile
                pass
        return total


def flood(net):
    """Packets a second that a sender gets through to a socket; the sender's CPU does the
    receiving."""
    traffic = str(BUILD / "traffic")
    reader = subprocess.Popen([traffic, "udp-recv", str(PORT), "0", "--timeout", "1"], text=True,
                              stdout=subprocess.PIPE)
    reader.stdout.readline()
    argv = ["taskset", "-c", str(max(os.sched_getaffinity(0))), traffic, "udp-flood", HERE,
            str(PORT), str(FLOOD_SECONDS)]
    done = net.there(lambda: subprocess.run(argv, capture_output=True, text=True, check=True))
    reader.communicate()
    return int(re.search(r"sent (\d+)", done.stdout)[1]) / FLOOD_SECONDS


def measure(net, row):
    with Tool(row) as tool:
        before = tool.own()
        out = subprocess.run([str(BUILD / "floors"), "wire", str(BATCHES)],
                             capture_output=True, text=True, check=True).stdout
        own = (tool.own() - before) / (BATCHES * 500)
        return Figures(float(out), own, flood(net))


def rounds(net, rows, nr, say=lambda text: None):
    """{row: [Figures]}, {row: why not}."""
    seen, missing = {row: [] for row in [OFF, *rows]}, {}
    for i in range(nr):
        order = [r for r in seen if r not in missing]
        random.shuffle(order)
        for row in order:
            try:
                seen[row].append(measure(net, row))
            except (Skip, AssetError) as why:
                missing[row] = str(why)
                say(f"SKIP {row.name}: {why}")
        say(f"round {i + 1} of {nr}")
    return seen, missing


def middle(values):
    """(median, half of all values lie within ± of it)."""
    m = statistics.median(values)
    return m, statistics.median(abs(v - m) for v in values)


def fastest(values):
    """(the best, how far the median is behind): of floods, what the machine did besides only
    takes."""
    return max(values), max(values) - statistics.median(values)


def table(nr, words=(), say=lambda text: None):
    """[(row's name, {column: (value, spread)} or None, why not)], OFF first."""
    rows = [r for r in HOST_ROWS if not words or any(w in r.name for w in words)]
    net = Net()
    try:
        seen, missing = rounds(net, rows, nr, say)
    finally:
        net.close()
    off, out = seen[OFF], []
    for row in [OFF, *rows]:
        if row in missing:
            out.append((row.name, None, missing[row]))
            continue
        mine = seen[row]
        out.append((row.name, {
            "ns": middle([f.ns for f in mine]),
            "added": middle([f.ns - o.ns for f, o in zip(mine, off)]),
            "own": middle([f.own for f in mine]),
            "rate": fastest([f.rate for f in mine]),
            "kept": (100 * max(f.rate for f in mine) / max(f.rate for f in off), 0)}, ""))
    return out


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("rows", nargs="*", help="words of rows' names")
    args = parser.parse_args()
    for name, figures, why in table(args.rounds, args.rows,
                                    lambda text: print(text, file=sys.stderr)):
        print(f"{name:28}", " ".join(f"{k} {v:.0f} ±{m:.0f}" for k, (v, m) in figures.items())
              if figures else f"SKIP: {why}")


if __name__ == "__main__":
    main()
