# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
"""XDP programs behind libxdp's dispatcher, where upstream's own xdp-loader has put them."""

import contextlib
import re

from lib import xdptools
from guest.env import send_udp, trace_eth0
from guest.xdp import (BARE, DROP, NAME, OBJECTS, attached, check_verdicts, foreign, ready,
                       wait_link)
from lib.harness import Skip, check, later, test
from lib.kernels import AssetError
from lib.records import settle, tally

WHERE = "/xdptools"
DISPATCHER = "xdp_dispatcher"


def loader(g):
    """The words that start xdp-loader in the guest."""
    try:
        files, words = xdptools.packed("xdp-loader", WHERE)
    except AssetError as error:
        raise Skip(str(error)) from error
    if g.sh(f"[ -d {WHERE} ]")[0]:
        g.check(f"mkdir {WHERE}")
        for path, file in files.items():
            g.push(file.read_bytes(), path)
    return words


@contextlib.contextmanager
def dispatched(g, mode, times=1):
    """The same program so many times behind a dispatcher; (…, the ID of whom a verdict is from)."""
    load = loader(ready(g))
    settle(g)
    g.check(f"{load} load -m {mode} eth0 " + f"/tmp/{OBJECTS[0]} " * times)
    try:
        wait_link(g)
        status = g.check(f"{load} status eth0")
        behind = re.findall(rf"=>\s+\d+\s+{NAME}\s+(\d+)", status)
        (front,) = re.findall(rf"eth0\s+{DISPATCHER}\s+\S+\s+(\d+)", status)
        check(len(behind) == times, f"xdp-loader: {status}")
        yield attached(g), behind[0] if times == 1 else front
    finally:
        settle(g)
        g.check(f"{load} unload eth0 --all")
        wait_link(g)


def check_unseen(env, g):
    """Nobody knows who took the dispatcher's place: everything else is traced all the same."""
    port = env.port()
    with dispatched(g, "skb"), trace_eth0(g) as trace:
        g.traffic("udp-send", g.nics[0].guest, DROP, 5)
        send_udp(g, port, 10)
        said = trace._process.err()
        run = trace.stop()
    check("cannot be observed: another program has taken its function's place" in said, said)
    check(tally(run.flow(dport=port)) == {"delivered": 10}, f"{run.summary}")
    check(len(run.flow(dport=DROP)) == 5 and not any(r["xdp"] for r in run.records),
          f"{run.flow(dport=DROP)}")
    return next(line for line in said.splitlines() if "taken" in line)


@test
def alone_behind_the_dispatcher(env):
    """libxdp has it take the place of its dispatcher, which can be observed no longer."""
    g = env.guest()
    # Links tell what they replace from Linux 5.13 on.
    return (check_unseen(env, g) if env.kernel == "5.10" else
            check_verdicts(env, g, "generic", dispatched(g, "skb")))


@test
def two_behind_the_dispatcher(env):
    g = env.guest()
    return check_verdicts(env, g, "generic", dispatched(g, "skb", times=2), DISPATCHER)


@later
def alone_behind_the_dispatcher_natively(env):
    g = env.guest(nic="igb", both=True)
    # An igb sends what is redirected to it only while it has a program itself (igb_xdp_xmit()).
    with foreign(g, "xdpdrv", BARE, "eth1"):
        return check_verdicts(env, g, "native", dispatched(g, "native"))
