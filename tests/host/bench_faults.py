#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
"""Calls that `pktpath bench` makes fail, one a run: each run is as good as ever, or ends with one
line that says why, and leaves nothing behind.

host/bench_faults.py [--all] [WORD...]: --all takes every way to every call, with every reason.
"""

import contextlib
import os
import socket
import sys
import threading

from lib import wire
from lib.faults import Probe, functions, sweep
from host.build import SANITIZE, build
from lib.harness import check, run as run_tests, take_tests, test
from lib.tool import PATIENCE, PKTPATH

take_tests()  # those of host/build.py
ALL = "--all" in sys.argv
SANITIZED = []  # the program under test, once it is built
_tried = set()  # by commands before


def sites_of(probe):
    """What no command before has tried: all ways to a call, or in the short form one of each
    function that makes it. Without a rate, as on a busy machine, there are as many calls."""
    def key(site):
        return site.hash if ALL else (site.call, site.names[0])

    sites = probe.sites((0, 1))
    chosen = [s for s in (sites if ALL else functions(sites)) if key(s) not in _tried]
    _tried.update(key(s) for s in chosen)
    return chosen


def program():
    """That of others, or with --all one with the sanitizers."""
    if not ALL:
        return PKTPATH
    if not SANITIZED:
        SANITIZED.append(build("asan", "CFLAGS=-O1 -g", f"EXTRA_CFLAGS={SANITIZE}",
                               f"EXTRA_LDFLAGS={SANITIZE}"))
    return SANITIZED[0]


def swept(*words, workers=3, cut=False):
    """What of a command's calls was made to fail, in a line. One that goes on for long is `cut`,
    and in the short form only some of its calls are tried."""
    probe = Probe(["bench", *words], program=program(), cut=cut,
                  patience=5 * PATIENCE if cut else PATIENCE)
    sites = sites_of(probe)
    if cut and not ALL:
        sites = sites[::4]
    outcomes = sweep(probe, sites, every=ALL and not cut, workers=workers)
    failed = sum(bool(o.failed) for o in outcomes)
    borne = sum(o.status == 0 and bool(o.failed) for o in outcomes)
    missed = [str(o.site) for o in outcomes if not o.failed]
    check(len(missed) <= 0.1 * len(outcomes) + 1, f"calls that were not made again: {missed}")
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
    return swept("ladder", "-d", "0.1", cut=True)


@contextlib.contextmanager
def datagrams():
    """A few thousand a second to oneself, over the loopback device."""
    over = threading.Event()

    def send():
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            while not over.wait(0.0002):
                with contextlib.suppress(OSError):  # nobody listens
                    s.sendto(b"x", ("127.0.0.1", 9))

    sender = threading.Thread(target=send)
    sender.start()
    try:
        yield
    finally:
        over.set()
        sender.join()


@test
def a_failing_call_of_a_run_on_a_device_is_said(env):
    with datagrams():
        return swept("drop", "-i", "lo", "--generic", "-d", "0.2", workers=1)


@test
def a_failing_call_of_a_redirect_on_a_device_is_said(env):
    wire.ip("link add bf0 type veth peer name bf1", "link set bf0 up", "link set bf1 up")
    try:
        with datagrams():
            return swept("redirect", "-i", "lo", "--to", "bf0", "--generic", "-d", "0.2",
                         workers=1)
    finally:
        wire.ip("link del bf0")


def main(words):
    if os.geteuid():
        print("SKIP bench faults: it needs root\n0 passed, 0 failed, 1 skipped")
        return 0
    wire.isolate()
    return run_tests(None, only=[w for w in words if w != "--all"])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
