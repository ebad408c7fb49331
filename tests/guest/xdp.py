# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
"""XDP in the journey: what a program of somebody else's decides, natively (igb) and generically
(e1000), held against the frames that go in and come out outside of the guest; and pktpath's own
program, which must change nothing and leave nothing."""

import contextlib
import re
import socket
import struct
import threading
import time

from guest.env import bpf_objects, receive, send_udp, trace_eth0
from guest.flood import Wire
from guest.hist import HistTrace, check_count
from lib.guest import build_dir
from lib.harness import Skip, check, later, test
from lib.hist import check_rows
from lib.records import settle, spent, tally

OBJECTS = ("verdicts.bpf.o", "bare.bpf.o")
NAME = "verdict_by_udp_port"
FOREIGN, BARE = (OBJECTS[0], "xdp"), (OBJECTS[1], "xdp")
# verdicts.bpf.c: port, how many are sent, the verdict, where to.
DROP, TX, REDIRECT, ABORTED, TO_LO, TO_SOCKET, NONSENSE = range(7101, 7108)
SENT = {DROP: 9, TX: 7, REDIRECT: 8, ABORTED: 4, TO_LO: 5, NONSENSE: 3}
ENDS = {DROP: "xdp-drop", TX: "xdp-tx", REDIRECT: "xdp-redirect", ABORTED: "xdp-aborted",
        TO_LO: "xdp-redirect", NONSENSE: "xdp-aborted"}
ETH_P_ALL, OUTGOING = 3, 4
IPV4_UDP = re.compile(rb"^.{12}\x08\x00\x45.{8}\x11", re.S)


class Frames:
    """UDP frames that come out of the guest by a tap, by their port: {port: how many}."""

    def __init__(self, tap):
        self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
        self._socket.bind((tap, 0))
        self._socket.settimeout(0.1)
        self._stop, self.ports = threading.Event(), {}
        self._thread = threading.Thread(target=self._receive)
        self._thread.start()

    def _receive(self):
        while not self._stop.is_set():
            with contextlib.suppress(socket.timeout):
                frame, address = self._socket.recvfrom(2048)
                if address[2] != OUTGOING and IPV4_UDP.match(frame):
                    port = struct.unpack_from("!H", frame, 36)[0]
                    self.ports[port] = self.ports.get(port, 0) + 1

    def stop(self):
        time.sleep(0.3)
        self._stop.set()
        self._thread.join()
        self._socket.close()
        return self.ports


def wait_link(g, name="eth0"):
    g.check(f"n=0; until [ \"$(cat /sys/class/net/{name}/carrier)\" = 1 ]; do n=$((n + 1)); "
            f"[ $n -lt 1500 ] || exit 1; usleep 10000; done")


def attached(g, name="eth0"):
    """(mode, ID) of what is attached, as `ip` says; None: nothing."""
    found = re.search(r"prog/(xdp\w*) id (\d+)", g.check(f"ip link show dev {name}"))
    return found and found.groups()


def ready(g):
    """The objects, and what bpf(8) programs may want."""
    for name in OBJECTS:
        g.push((build_dir() / "tests/tools" / name).read_bytes(), f"/tmp/{name}")
    g.check("grep -q /sys/fs/bpf /proc/mounts || mount -t bpf bpf /sys/fs/bpf")
    return g


@contextlib.contextmanager
def foreign(g, mode, program=FOREIGN, name="eth0"):
    """Somebody else's program, attached as ip(8) does: xdpdrv or xdpgeneric."""
    ready(g)
    settle(g)
    g.check(f"ip link set dev {name} {mode} obj /tmp/{program[0]} sec {program[1]}")
    try:
        wait_link(g, name)
        yield attached(g, name)
    finally:
        settle(g)
        g.check(f"ip link set dev {name} {mode} off")
        wait_link(g, name)


def send_all(g, sport):
    for port, count in SENT.items():
        g.traffic("udp-send", g.nics[0].guest, port, count, "--sport", sport, "--gap-us", 300)


def check_ends(run, mode, sport, program):
    """Each port's packets ended as the program decided, and are named after it."""
    for port, count in SENT.items():
        flow = run.flow(proto="udp", dport=port, sport=sport)
        check(len(flow) == count and tally(flow) == {ENDS[port]: count},
              f"port {port}: {count} sent, {tally(flow)}: {run.summary}")
        for rec in flow:
            check(rec["xdp"]["mode"] == mode and rec["place"] == program and
                  rec["cause"] != "none", f"its program: {rec}")
    redirected = run.flow(dport=REDIRECT)
    check({(r["egress"], r["xdp"]["to"]) for r in redirected} == {("eth1", "device")},
          f"redirected: {redirected[0]}")
    # lo takes no frames from native XDP.
    error = "EOPNOTSUPP" if mode == "native" else None
    check({(r["egress"], r["xdp"]["error"]) for r in run.flow(dport=TO_LO)} == {("lo", error)},
          f"redirected to lo: {run.flow(dport=TO_LO)[0]}")


def left(run, port):
    """How many of a port's packets left, by their records. generic_xdp_tx() loses what finds the
    queue stopped, which on e1000 happens at times (Linux 5.10); it says so."""
    flow = run.flow(proto="udp", dport=port)
    errors = tally([{"error": r["xdp"]["error"]} for r in flow], "error")
    check(set(errors) <= {None, "failed"}, f"port {port}: {errors}")
    check(errors.get("failed", 0) == tally(flow, "reason").get("XDP transmit failed", 0) +
          tally(flow, "reason").get("XDP redirect failed", 0), f"{tally(flow, 'reason')}, {errors}")
    return errors.get(None, 0)


def check_passed(flow, count, mode):
    check(len(flow) == count and tally(flow) == {"delivered": count}, f"passed: {tally(flow)}")
    for rec in flow:
        names = [row["stage"] for row in rec["stages"]]
        after = names[names.index("xdp") + 1]
        check(rec["xdp"]["mode"] == mode and after == ("gro" if mode == "native" else "ip"),
              f"xdp is not in its place: {rec}")


def check_verdicts(env, g, mode, attach, name=NAME):
    """`attach`: a context with the program attached, which gives (…, its ID)."""
    sport, port, count = env.port(), env.port(), 20
    with attach as (_, program):
        with trace_eth0(g) as trace:
            wire, outside = Wire(g), [Frames(nic.tap) for nic in g.nics]
            try:
                send_all(g, sport)
                send_udp(g, port, count)
            finally:
                out, other = (frames.stop() for frames in outside)
            frames = wire.frames()
            run = trace.stop()
    check_ends(run, mode, sport, f"{name}[{program}]")
    check_passed(run.flow(proto="udp", dport=port), count, mode)
    back, away = left(run, TX), left(run, REDIRECT)
    check({p: out.get(p, 0) for p in SENT} == {p: back if p == TX else 0 for p in SENT},
          f"{back} were sent back, but came out of eth0: {out}")
    check({p: other.get(p, 0) for p in SENT} == {p: away if p == REDIRECT else 0 for p in SENT},
          f"{away} were redirected, but came out of eth1: {other}")
    led = run.summary
    check(led["seen"] == frames == sum(SENT.values()) + count and not led["in_flight"],
          f"the NIC received {frames} frames: {led}")
    hooks = [h["hook"] for h in run.hooks if h["role"] == "xdp" and h["backend"] == "fentry"]
    check(hooks == [f"{name}[{program}] {mode} on eth0"], f"{hooks}")
    return (f"{frames} frames in by the NIC's count, {back} back out of eth0, {away} out "
            f"of eth1: {', '.join(f'{n} {v}' for v, n in led['verdicts'].items() if n)}")


@test
def generic_verdicts_are_what_the_wire_says(env):
    g = env.guest()
    return check_verdicts(env, g, "generic", foreign(g, "xdpgeneric"))


@later
def generic_verdicts_on_skbs_that_are_replaced(env):
    g = env.guest()
    if env.kernel in ("5.10",):
        raise Skip("no XDP for frames of several buffers before Linux 5.18")
    return check_verdicts(env, g, "generic", foreign(g, "xdpgeneric", (OBJECTS[0], "xdp.frags")),
                          "verdict_of_frags")


def check_hist(env, g, how):
    """What a program ends is measured like any other packet, up to its verdict."""
    sport, port = env.port(), env.port()
    with foreign(g, how):
        with HistTrace(g, "--buckets", "--by", "verdict", records=True) as hist:
            send_all(g, sport)
            send_udp(g, port, 30)
            run, trace = hist.stop()
    rows = {row["group"]: row["count"] for row in run.whole.rows if row["stage"] == "xdp"}
    rows.pop(None)
    ends = {v: n for v, n in run.summary["verdicts"].items() if n}
    check(rows == ends and rows["xdp-drop"] == SENT[DROP], f"xdp by verdict: {rows}, ended: {ends}")
    return f"{check_count(run)}; {check_rows(run.whole, trace.records)}; {rows}"


@later
def histograms_of_what_generic_xdp_ends(env):
    return check_hist(env, env.guest(), "xdpgeneric")


def check_socket(env, g, mode, how):
    """An AF_XDP socket gets what the program redirects, and nothing else."""
    if not g.has_bpftool:
        raise Skip("bpftool is not installed; run 'make deps'")
    count = 6
    with foreign(g, how):
        (map_id,) = re.findall(r"^(\d+): xskmap", g.check("bpftool map list"), re.M)
        reader = g.start(["traffic", "xsk-recv", "eth0", map_id, str(count), "--timeout", "20"])
        reader.wait_for("ready", 20)
        with trace_eth0(g) as trace:
            g.traffic("udp-send", g.nics[0].guest, TO_SOCKET, count, "--gap-us", 500)
            check(reader.wait(30) == 0, f"the socket's reader: {reader.out()}{reader.err()}")
            run = trace.stop()
    got = reader.out().count(f"dport {TO_SOCKET}\n")
    flow = run.flow(proto="udp", dport=TO_SOCKET)
    check(got == count and tally(flow) == {"xdp-redirect": count},
          f"{got} of {count} frames in the socket: {tally(flow)}")
    check({(r["xdp"]["mode"], r["xdp"]["to"], r["xdp"]["index"], r["xdp"]["error"])
           for r in flow} ==
          {(mode, "socket", 0, None)}, f"redirected elsewhere: {flow[0]}")
    return f"{got} of {count} in the socket, as {mode} records say"


@later
def generic_redirects_into_a_socket(env):
    return check_socket(env, env.guest(), "generic", "xdpgeneric")


# --- nobody is disturbed -------------------------------------------------------------------------

def changes(g):
    return int(g.check("cat /sys/class/net/eth0/carrier_changes"))


def check_foreign(env, g, how):
    """It is observed although --xdp was asked for, and stays however pktpath ends."""
    port = env.port()
    with foreign(g, how) as before:
        links, objects = changes(g), bpf_objects(g)
        with trace_eth0(g, "--xdp") as trace:
            send_udp(g, port, 5)
            during, said = attached(g), trace._process.err()
            run = trace.stop()
        settle(g)
        with trace_eth0(g, "--xdp") as trace:
            trace.kill()
        check(before == during == attached(g), f"{before}, then {during}, then {attached(g)}")
        check(changes(g) == links, f"the link went: {links}, then {changes(g)}")
        check(bpf_objects(g) == objects, f"left behind: {bpf_objects(g)}, before: {objects}")
    check(f"observing XDP program {NAME}" in said and "attaches nothing there" in said, said)
    check(all(r["xdp"] for r in run.flow(dport=port)), f"not observed: {run.flow(dport=port)[0]}")
    return f"{before[0]} {before[1]} before, meanwhile and after kill -9; the link stayed"


@test
def a_foreign_generic_program_stays(env):
    return check_foreign(env, env.guest(), "xdpgeneric")


@later
def a_program_without_btf_cannot_be_observed(env):
    g, port = env.guest(), env.port()
    with foreign(g, "xdpgeneric", BARE) as (_, program):
        with trace_eth0(g) as trace:
            send_udp(g, port, 10)
            said = trace._process.err()
            run = trace.stop()
    flow = run.flow(dport=port)
    check(f"XDP program lets_all_pass[{program}] (generic) cannot be observed: "
          "it has no BTF" in said, said)
    check(tally(flow) == {"delivered": 10} and not any(r["xdp"] for r in flow), f"{tally(flow)}")
    why = [h["why"] for h in run.hooks if h["role"] == "xdp"]
    check(len(why) == 1 and "no BTF" in why[0], f"the account says: {why}")
    return said.splitlines()[0]


# --- our own -------------------------------------------------------------------------------------

def check_own(env, g, mode, option, words):
    """Everything passes it; it has its place in time; it goes with the process."""
    port, count = env.port(), 50
    settle(g)
    objects = bpf_objects(g)
    with trace_eth0(g, option) as trace:
        check(attached(g) is not None, "nothing is attached")
        wait_link(g)
        send_udp(g, port, count)
        said = trace._process.err()
        run = trace.stop()
    settle(g)
    wait_link(g)
    check(all(word in said for word in words), f"it said: {said}")
    check_passed(run.flow(proto="udp", dport=port), count, mode)
    hooks = [(h["hook"], h["backend"]) for h in run.hooks if h["role"] == "xdp"]
    check(hooks == [(f"pktpath_pass {mode} on eth0", "xdp")], f"{hooks}")
    check(attached(g) is None, f"still there: {attached(g)}")
    with trace_eth0(g, option) as trace:
        check(attached(g) is not None, "nothing is attached")
        trace.kill()
    wait_link(g)
    check(attached(g) is None and bpf_objects(g) == objects,
          f"kill -9 left {attached(g)}, {bpf_objects(g)}, before: {objects}")
    took = sum(spent(r, "xdp") for r in run.flow(dport=port)) / count / 1000
    return f"{count} passed a {mode} one, {took:.1f} µs each to the next stage; gone after kill -9"


@later
def our_own_generic_program_passes_all(env):
    return check_own(env, env.guest(), "generic", "--xdp=generic",
                     ("turns GRO off on eth0", "not the fast path"))


@test
def a_driver_without_xdp_gets_none_natively(env):
    g = env.guest()
    process = g.start(["pktpath", "trace", "-i", "eth0", "--xdp=native"])
    status = process.wait(60)
    check(status == 1 and "its driver has no native XDP" in process.err() and attached(g) is None,
          f"exit status {status}: {process.err()}")
    return process.err().strip().splitlines()[-1]


@test
def drops_names_the_program(env):
    g, sport = env.guest(), env.port()
    with foreign(g, "xdpgeneric") as (_, program):
        process = g.start(["pktpath", "drops", "-i", "eth0"])
        process.wait_for("listening on", 60)
        send_all(g, sport)
        receive(g, "udp-recv", env.port(), 0, "--timeout", 1).wait()
        process.signal()
        check(process.wait(60) == 0, process.err())
    rows = [line.split()[:6] for line in process.out().splitlines() if f"{NAME}[{program}]" in line]
    said = {" ".join(row[2:-1] if row[-1] == "xdp" else row[2:]): int(row[0]) for row in rows}
    dropped = sum(n for text, n in said.items() if text.startswith("XDP " + NAME))
    aborted = sum(n for text, n in said.items() if text.startswith("XDP aborted"))
    check((dropped, aborted) == (SENT[DROP], SENT[ABORTED] + SENT[NONSENSE]) and len(rows) == 2,
          process.out())
    return f"{dropped} XDP, {aborted} XDP aborted, in {NAME}[{program}]"


# --- natively, all in one guest ------------------------------------------------------------------

@test
def native_verdicts_are_what_the_wire_says(env):
    g = env.guest(nic="igb", both=True)
    # An igb sends what is redirected to it only while it has a program itself (igb_xdp_xmit()).
    with foreign(g, "xdpdrv", BARE, "eth1"):
        return check_verdicts(env, g, "native", foreign(g, "xdpdrv"))


@test
def a_redirect_that_its_target_refuses_says_so(env):
    """It is queued all right, and lost when the queue is emptied, as eth1 has no program."""
    g, count = env.guest(nic="igb", both=True), 40
    with foreign(g, "xdpdrv"), trace_eth0(g) as trace:
        outside = Frames(g.nics[1].tap)
        try:
            g.traffic("udp-send", g.nics[0].guest, REDIRECT, count)
        finally:
            other = outside.stop()
        run = trace.stop()
    flow = run.flow(proto="udp", dport=REDIRECT)
    said = {(r["verdict"], r["egress"], r["xdp"]["error"], r["reason"]) for r in flow}
    check(len(flow) == count and
          said == {("xdp-redirect", "eth1", "ENXIO", "XDP redirect failed")} and
          not other, f"{len(flow)} of {count}, {said}, out of eth1: {other}")
    return f"{len(flow)} redirected to eth1: ENXIO, and none came out"


@later
def histograms_of_what_native_xdp_ends(env):
    return check_hist(env, env.guest(nic="igb", both=True), "xdpdrv")


@later
def native_redirects_into_a_socket(env):
    return check_socket(env, env.guest(nic="igb", both=True), "native", "xdpdrv")


@later
def a_foreign_native_program_stays(env):
    return check_foreign(env, env.guest(nic="igb", both=True), "xdpdrv")


@test
def our_own_native_program_passes_all(env):
    return check_own(env, env.guest(nic="igb", both=True), "native", "--xdp",
                     ("reset the link", "native"))
