# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
"""Hooks that are attached and never run: what is known at the start ends it in one line; what
happens during a run is said and lowers the coverage."""

import contextlib

from guest.env import send_udp, trace_eth0
from guest.poll import setting
from lib.harness import Skip, check, later, test
from lib.records import tally

FTRACE = "/proc/sys/kernel/ftrace_enabled"
KPROBES = "/sys/kernel/debug/kprobes/enabled"
JIT = "/proc/sys/net/core/bpf_jit_enable"
COMMANDS = (["trace", "-i", "eth0"], ["drops"], ["hist", "-i", "eth0"], ["cost"],
            ["serve", "--listen", "127.0.0.1:9999"])


def refused(g, words, *names):
    """It ends with status 2 and one line that has these words. The line."""
    status, _, err = g.sh(["pktpath", *words], timeout=60)
    lines = err.splitlines()
    check(status == 2 and len(lines) == 1, f"{words}: exit status {status}: {err}")
    check(all(name in lines[0] for name in names), f"{words}: {lines[0]}")
    return lines[0]


@later
def a_switch_that_is_off_is_named_at_the_start(env):
    g = env.guest()
    with setting(g, FTRACE, 0):
        said = [refused(g, words, "kernel.ftrace_enabled", "sysctl") for words in COMMANDS]
        table = g.check(["pktpath", "probes", "-i", "eth0"])
        check("kernel.ftrace_enabled is 0" in table, table)
        check("fentry" not in table and "tp_btf" in table, table)
    with setting(g, KPROBES, 0):
        refused(g, ["trace", "-i", "eth0", "--backend", "kprobe"], KPROBES)
        with trace_eth0(g) as trace:  # the best backend is another one
            send_udp(g, port := env.port(), 20)
            run = trace.stop()
        flow = run.flow(proto="udp", dport=port)
        check(tally(flow) == {"delivered": 20}, f"{tally(flow)}")
    return said[0]


@test
def without_a_jit_one_line_says_so(env):
    g = env.guest()
    if g.sh(f"[ -f {JIT} ]")[0] or g.sh(f"echo 0 > {JIT}")[0]:
        raise Skip("this kernel's BPF cannot do without its JIT")
    try:
        return refused(g, ["trace", "-i", "eth0"], "net.core.bpf_jit_enable", "sysctl")
    finally:
        g.check(f"echo 1 > {JIT}")


def check_blind(run, port, sent, seen):
    """Of `sent` datagrams that were read, `seen` have their record; the others are untracked."""
    flow = [r for r in run.flow(proto="udp", dport=port) if r["verdict"] == "delivered"]
    led = run.summary
    lost = led["verdicts"]["untracked"]
    check(len(flow) == seen, f"{len(flow)} delivered, {seen} when the hooks ran: {led}")
    check(lost >= sent - seen and led["untracked"]["blind hooks"] > 0, f"untracked: {led}")
    check(led["balanced"] and led["coverage_percent"] < 100, f"coverage: {led}")
    check(led["in_flight"] == 0, f"in flight: {led}")
    return f"{len(flow)} delivered, {lost} untracked {led['untracked']['blind hooks']} of them " \
           f"blind, coverage {led['coverage_percent']:.1f} %"


@test
def switched_off_in_mid_run(env):
    """And on again: what comes then is followed."""
    g, port, count = env.guest(), env.port(), 40
    with trace_eth0(g) as trace:
        send_udp(g, port, count)
        with setting(g, FTRACE, 0):
            send_udp(g, port, count)
            trace.wait_said("kernel.ftrace_enabled is 0")
            send_udp(g, port, count)
        trace.wait_said("followed again")
        send_udp(g, port, count)
        run = trace.stop()
    return check_blind(run, port, 4 * count, 2 * count)


@contextlib.contextmanager
def hidden_switch(g):
    """ftrace's switch at another place, and a file that says 1 where it was."""
    g.check(f"touch /tmp/switch; mount -o bind {FTRACE} /tmp/switch; echo 1 > /tmp/one; "
            f"mount -o bind /tmp/one {FTRACE}")
    try:
        yield "/tmp/switch"
    finally:
        g.check(f"echo 1 > /tmp/switch; umount {FTRACE}; umount /tmp/switch")


@test
def hooks_that_stop_for_no_known_reason(env):
    """Nothing tells but the packets themselves."""
    g, port, count = env.guest(), env.port(), 40
    with hidden_switch(g) as switch:
        with trace_eth0(g) as trace:
            send_udp(g, port, count)
            g.check(f"sleep 2; echo 0 > {switch}")
            send_udp(g, port, count)
            trace.wait_said("does not run, though packets pass there")
            send_udp(g, port, count)
            g.check(f"echo 1 > {switch}")  # hooks that are detached without leave odd things
            run = trace.stop()
    said = [line for line in run.err.splitlines() if "does not run" in line]
    check(len(said) == 1 and ("ip_rcv_core (ip)" in said[0] or "(end)" in said[0]), f"{said}")
    return f"{check_blind(run, port, 3 * count, count)}; '{said[0]}'"


@later
def a_locked_down_kernel_is_named(env):
    g = env.guest(append="lockdown=confidentiality")
    said = [refused(g, words, "lockdown=confidentiality")
            for words in (*COMMANDS, ["probes", "-i", "eth0"])]
    return said[0]


@later
def places_without_names_are_explained(env):
    """Before Linux 5.13 they are looked up in /proc/kallsyms, which may hide all addresses."""
    g, port, count = env.guest(), env.port(), 5
    with setting(g, "/proc/sys/kernel/kptr_restrict", 2):
        with trace_eth0(g) as trace:
            g.traffic("udp-send", g.nics[0].guest, port, count)
            trace.wait_records('"verdict":"dropped"', count)
            run = trace.stop()
    flow = run.flow(proto="udp", dport=port)
    check(len(flow) == count, f"{tally(flow)}")
    named = {bool(r["place"]) for r in flow}
    said = [line for line in run.err.splitlines() if "kernel.kptr_restrict is 2" in line]
    check(named == {not said} and len(said) < 2, f"places {tally(flow, 'place')}: {run.err}")
    return said[0] if said else f"the kernel names them: {tally(flow, 'place')}"
