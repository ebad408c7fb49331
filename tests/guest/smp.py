# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
"""The same counts with two CPUs, where readers and softirqs really run at the same time."""

from guest.counts import (check_stream, check_thousand, check_thousand_kprobe, check_transfer,
                          transfer)
from guest.env import MS, median, megabytes
from lib.harness import check, later, test
from lib.records import at, spent, tally


@test
def a_thousand_datagrams_on_two_cpus(env):
    return check_thousand(env, 2)


@later
def a_thousand_datagrams_by_kprobe_on_two_cpus(env):
    return check_thousand_kprobe(env, 2)


@later
def a_large_stream_on_two_cpus(env):
    return check_transfer(env, 2)


@later
def a_socket_held_by_its_reader(env):
    """A reader that copies megabytes at once holds its socket: what comes meanwhile waits."""
    size = 10_000_000
    run, flow, _ = transfer(env, 2, size=size, reader=("--chunk", 4_000_000))
    said = check_stream(run, flow, size)
    held = [r for r in flow if at(r, "held")]
    check(held, f"no packet waited for its socket: {said}")
    check(all(r["verdict"] in ("delivered", "consumed") or r["reason"] for r in held),
          f"verdicts: {tally(held)}")
    bare = [r for r in held if r["verdict"] == "delivered" and not at(r, "sock")]
    check(not bare, f"held, but never became readable: {bare[:1]}")
    waits = [spent(r, "held") for r in held]
    return (f"{megabytes(size)}: {len(held)} of {tally(flow)['delivered']} waited for the socket, "
            f"median {median(waits) / MS:.2f} ms, up to {max(waits) / MS:.1f} ms")
