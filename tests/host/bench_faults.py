#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
"""Calls that `pktpath bench` makes fail, one a run: each run is as good as ever, or ends with one
line that says why, and leaves nothing behind.

host/bench_faults.py [--all] [WORD...]: --all takes every way to every call, with every reason.
"""

import os
import sys

from lib import wire
from lib.faults import Probe, functions, sweep
from lib.harness import check, run as run_tests, test

ALL = "--all" in sys.argv
_tried = set()  # (call, function) of commands before


def sites_of(probe):
    """In the short form, what no command before has tried. Without a rate, as on a busy machine,
    there are as many calls."""
    sites = probe.sites((0, 1))
    if ALL:
        return sites
    chosen = [s for s in functions(sites) if (s.call, s.names[0]) not in _tried]
    _tried.update((s.call, s.names[0]) for s in chosen)
    return chosen


def swept(*words, **options):
    """What of a command's calls was made to fail, in a line."""
    probe = Probe(["bench", *words], **options)
    sites = sites_of(probe)
    outcomes = sweep(probe, sites, every=ALL)
    failed = sum(bool(o.failed) for o in outcomes)
    borne = sum(o.status == 0 and bool(o.failed) for o in outcomes)
    check(not outcomes or failed >= 0.9 * len(outcomes),
          f"only {failed} of {len(outcomes)} calls were made again")
    return f"{len(outcomes)} runs of {' '.join(words)}, {failed} failed calls, {borne} borne"


@test
def a_failing_call_of_drop_is_said(env):
    return swept("drop", "-d", "0.05")


@test
def a_failing_call_of_redirect_cpu_is_said(env):
    return swept("redirect-cpu", "-d", "0.05")


@test
def a_failing_call_of_xsk_is_said(env):
    return swept("xsk", "-d", "0.05", "--json")


@test
def a_failing_call_of_compare_is_said(env):
    return swept("compare", "drop:lookup", "redirect-map", "-d", "0.1")


@test
def a_failing_call_of_floor_is_said(env):
    return swept("floor")


@test
def a_failing_call_of_ladder_is_said(env):
    return swept("ladder", "-d", "0.1")


def main(words):
    if os.geteuid():
        print("SKIP bench faults: it needs root\n0 passed, 0 failed, 1 skipped")
        return 0
    wire.isolate()
    return run_tests(None, only=[w for w in words if w != "--all"])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
