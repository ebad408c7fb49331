#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
"""Can `pktpath bench` be trusted? It compares a program with itself, with one that counts and with
one that reads the clock, many times over, and climbs the ladder five times: some 20 minutes.
Writes what came out into docs/BENCHMARKS.md between two markers. Needs root.

`--no-write` only prints. What it wants of the figures holds on a machine without other load.
"""

import json
import os
import pathlib
import statistics
import subprocess
import sys
import time

from cost import page

ROOT = pathlib.Path(__file__).resolve().parents[2]
PKTPATH = str(pathlib.Path(os.environ.get("PKTPATH_BUILD") or ROOT / "build") / "pktpath")
BLOCK = "bench-judge"
SLOWER = "slower"


def bench(*words):
    done = subprocess.run([PKTPATH, "bench", *words, "--json"],
                          capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"bench-judge: {' '.join(words)}: {done.stderr.strip()}")
    return json.loads(done.stdout)


def compare(other, seconds, times):
    """Of `times` comparisons of drop with `other`: the verdicts, differences and half-widths in
    ns."""
    verdicts, differences, widths = [], [], []
    for i in range(times):
        result = bench("compare", "drop", other, "-d", str(seconds))
        if result["no_rate"]:
            sys.exit(f"bench-judge: {other}: {result['no_rate']}")
        found = result["difference_ns"]
        verdicts.append(result["verdict"])
        differences.append(found["value"])
        widths.append((found["hi"] - found["lo"]) / 2)
        print(f"  drop and {other}, {i + 1} of {times}: {verdicts[-1]}, {differences[-1]:+.2f} "
              f"±{widths[-1]:.2f} ns", file=sys.stderr)
    return verdicts, differences, widths


def row(other, seconds, times, meant):
    verdicts, differences, widths = compare(other, seconds, times)
    right = verdicts.count(meant)
    return (f"| drop, {other} | {times} of {seconds} s | {right} {meant} | "
            f"{page.spread(differences)} | {page.spread(widths)} |")


def ladders(times):
    """(how far the worst rung's ratio strays from its median over all runs, its name, seconds)."""
    ratios, seconds = {}, []
    for i in range(times):
        started = time.monotonic()
        for rung in bench("ladder")["rungs"]:
            if rung["ratio"]:
                ratios.setdefault(rung["name"], []).append(rung["ratio"]["value"])
        seconds.append(time.monotonic() - started)
        print(f"  ladder {i + 1} of {times}: {seconds[-1]:.0f} s", file=sys.stderr)
    strays = {name: max(abs(v / statistics.median(values) - 1) for v in values)
              for name, values in ratios.items()}
    worst = max(strays, key=strays.get)
    return strays[worst], worst, len(ratios), max(seconds)


def section():
    rows = [row("drop", 10, 20, "no difference"), row("drop:count", 15, 10, SLOWER),
            row("drop:clock", 15, 10, SLOWER)]
    stray, worst, rungs, seconds = ladders(5)
    return "\n".join([
        "## XDP: can the benchmark be trusted?", "",
        "The second program is compared with the first over and over; `drop:count` adds one to a "
        "per-CPU counter, `drop:clock` reads the clock. Differences and half-widths of their 95 % "
        "intervals in ns a packet: median and range. Written by `make bench-judge`.", "",
        "| programs | runs | verdicts | difference | half-width |", "|---|---|---|---|---|",
        *rows, "",
        f"Five ladders: the ratios of {rungs} rungs stay within {100 * stray:.1f} % of their "
        f"medians (the worst is {worst}); the longest took {seconds:.0f} s.", "",
        page.machine()])


def main(words):
    if os.geteuid():
        print("SKIP bench-judge: it needs root")
        return 0
    page.publish(BLOCK, section(), words)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
