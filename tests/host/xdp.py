# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
"""The stage `xdp` on this machine's own kernel: pktpath's own program on veth, and what is said of
somebody else's where fentry is refused."""

import contextlib
import re
import subprocess

from lib import wire
from lib.harness import Skip, check, test
from lib.netns import HERE, udp
from lib.records import tally
from lib.tool import BUILD, Trace, bpf_ids, bpf_alive, eventually, need, run

PROGRAM = BUILD / "tests/tools/verdicts.bpf.o"


def attached(dev="pp0"):
    """(mode, ID) of what is attached, as `ip` says; None: nothing."""
    done = subprocess.run(["ip", "link", "show", "dev", dev],
                          capture_output=True, text=True, check=True)
    found = re.search(r"prog/(xdp\w*) id (\d+)", done.stdout)
    return found and found.groups()


def names(rec):
    return [row["stage"] for row in rec["stages"]]


def check_own(env, mode, how):
    need(env.roles, "gro", "netif")
    count = 50
    with Trace("-i", "pp0", how, "--json") as t:
        check(attached(), f"nothing is attached: {t.err()}")
        port = udp(env.net, count, "here", "there", HERE)
        result, said = t.stop(), t.err()
    check(attached() is None, f"it is still there: {attached()}")
    check(f"{mode}" in said and (mode == "native" or "not the fast path" in said), said)
    flow = result.flow(proto="udp", dport=port)
    check(len(flow) == count and tally(flow) == {"delivered": count}, f"{tally(flow)}")
    for rec in flow:
        got = names(rec)
        before = "netif" if mode == "generic" else None
        check(rec["xdp"] and rec["xdp"]["mode"] == mode, f"no program: {rec}")
        check(before is None or got[got.index("xdp") - 1] == before, f"not after netif: {rec}")
        check(before or got[got.index("xdp") + 1] == "gro", f"not before gro: {rec}")
    return f"{count} of {count} passed it: {'+'.join(names(flow[-1]))}"


@test
def our_own_native_xdp_on_veth(env):
    return check_own(env, "native", "--xdp=native")


@test
def our_own_generic_xdp_on_veth(env):
    return check_own(env, "generic", "--xdp=generic")


@test
def our_own_xdp_is_gone_after_kill_9(env):
    with Trace("-i", "pp0", "--xdp", "--json") as t:
        held = bpf_ids(t.process.pid)
        there = attached()
        t.process.kill()
        t.process.wait()
        check(there and ("prog", int(there[1])) in held, f"attached {there}, it holds {held}")
        check(eventually(lambda: not held & bpf_alive()), f"left: {sorted(held & bpf_alive())}")
    check(attached() is None, f"still there: {attached()}")
    return f"{there[0]} {there[1]} gone"


@contextlib.contextmanager
def foreign():
    if not PROGRAM.exists():
        raise Skip(f"{PROGRAM.name} is not built")
    wire.ip(f"link set dev pp0 xdp obj {PROGRAM} sec xdp")
    try:
        yield attached()
    finally:
        wire.ip("link set dev pp0 xdp off")


@test
def foreign_xdp_on_veth_stays(env):
    """Observed, or it is said why not; left alone in any case, also if a program was asked for."""
    need(env.roles, "netif")
    with foreign() as before:
        with Trace("-i", "pp0", "--xdp", "--json") as t:
            port = udp(env.net, 20, "here", "there", HERE)
            during, result, said = attached(), t.stop(), t.err()
        with Trace("-i", "pp0", "--xdp", "--json") as t:
            t.process.kill()
            t.process.wait()
        after, probes = attached(), run("probes", "-i", "pp0").stdout
    check(before and before == during == after, f"{before}, then {during}, then {after}")
    name = f"verdict_by_udp_port[{before[1]}]"
    check(f"observing XDP program {name}" in said or f"XDP program {name} (native) cannot be "
          "observed: " in said, said)
    check("--xdp attaches nothing there" in said, said)
    check(re.search(rf"^pp0 +{re.escape(name)} +native +\S", probes, re.M), probes[-500:])
    flow = result.flow(proto="udp", dport=port)
    seen = "observing" in said
    check(len(flow) == 20 and all(bool(r["xdp"]) == seen for r in flow), f"{tally(flow)}")
    return said.splitlines()[0]


@test
def xdp_that_comes_later_is_told_of(env):
    with Trace("-i", "pp0", "--json") as t:
        with foreign() as there:
            check(eventually(lambda: "meanwhile" in t.err()), f"nothing was said: {t.err()}")
        t.stop()
        said = [line for line in t.err().splitlines() if "XDP" in line]
    check(len(said) == 1 and f"XDP program {there[1]} was attached meanwhile" in said[0], f"{said}")
    return said[0]


@test
def xdp_is_asked_for_by_name(env):
    said = []
    for words in (("--xdp",), ("--xdp=fast", "-i", "pp0")):
        done = run("trace", *words)
        check(done.returncode == 2 and done.stderr.count("\n") == 1 and "--xdp" in done.stderr,
              f"{words}: exit status {done.returncode}: {done.stderr}")
        said.append(done.stderr.strip())
    return "; ".join(said)
