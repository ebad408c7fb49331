# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
"""Devices of others: `pktpath bench -i` counts what comes from outside, says what of it left again,
and leaves alone what somebody else has attached. Tests for host/bench.py."""

import json
import pathlib
import re
import shutil
import socket
import subprocess
import tempfile
import time

from lib import wire
from lib.harness import Skip, check, test
from lib.tool import PKTPATH, eventually, run

# The second program is the first and a clock.
PROGRAM = """
struct xdp_md;
static unsigned long long (*clock_ns)(void) = (void *)5;
__attribute__((section("xdp"), used)) int plain(struct xdp_md *ctx) { return 1; }
__attribute__((section("xdp/clock"), used)) int with_clock(struct xdp_md *ctx)
{
	unsigned long long now = clock_ns();

	__asm__ volatile("" : : "r"(now));
	return 1;
}
char LICENSE[] __attribute__((section("license"), used)) = "GPL";
"""


def compiled(folder, program=PROGRAM):
    clang = shutil.which("clang")
    if not clang:
        raise Skip("no clang")
    source, target = pathlib.Path(folder, "user.c"), pathlib.Path(folder, "user.o")
    source.write_text(program)
    subprocess.run([clang, "-O2", "-g", "-target", "bpf", "-c", "-o", target, source], check=True)
    return str(target)


class Pair:
    """A veth pair in this process's namespace, pb0 and pb1, up and silent."""

    def __init__(self, name="pb"):
        self.names = f"{name}0", f"{name}1"

    def __enter__(self):
        wire.ip("link add {} type veth peer name {}".format(*self.names))
        for name in self.names:
            pathlib.Path(f"/proc/sys/net/ipv6/conf/{name}/disable_ipv6").write_text("1")
            wire.ip(f"link set {name} up arp off")
        return self

    def __exit__(self, *exc):
        wire.ip(f"link del {self.names[0]}")


def programs_on(name):
    shown = subprocess.run(["ip", "-d", "link", "show", name],
                           capture_output=True, text=True, check=True)
    return re.findall(r"prog/xdp id (\d+)", shown.stdout)


def flood(count):
    """Frames that no stack cares for."""
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as s:
        s.bind(("pb0", 0))
        for _ in range(count):
            s.send(b"\xff" * 6 + b"\x02" * 6 + b"\x88\xb5" + b"x" * 46)


def outside(*words, status=0):
    """1,000 frames from pb0 while it measures pb1: its JSON, and what it said."""
    p = subprocess.Popen([PKTPATH, "bench", *words, "-i", "pb1", "-d", "4", "--json"], text=True,
                         stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    check(eventually(lambda: programs_on("pb1")), "it attached nothing")
    time.sleep(1.5)
    flood(1000)
    out, err = p.communicate(timeout=60)
    check(p.returncode == status, err)
    check(not programs_on("pb1"), "its program is still there")
    result = json.loads(out)
    check(result["seen"] == 1000, f"{result['seen']} of 1000 packets were seen")
    return result, err


@test
def traffic_from_outside_is_counted(env):
    with Pair():
        result, _ = outside("drop")
        check(result["sent"] is None, f"{result['sent']}")
    return f"{result['seen']} of 1000"


@test
def what_is_sent_on_from_outside_is_what_arrives(env):
    """Until its peer has a program, a veth device takes nothing from XDP, or lets it lie: XDP_TX
    does not wake a peer with GRO alone (veth_xdp_flush(), v6.18)."""
    words = ("redirect", "--to", "qb0"), ("redirect-map", "--to", "qb0"), ("tx",)
    with tempfile.TemporaryDirectory() as folder, Pair(), Pair("qb"):
        for way in words:
            result, said = outside(*way, status=1)
            sent = result["sent"]
            check(result["no_rate"] and "none of the packets left" in said, said)
            check(sent["taken"] == 0 and sent["refused"] + sent["failed"] == 1000, f"{way}: {sent}")
        file = compiled(folder)
        for device in ("qb1", "pb0"):
            wire.ip(f"link set dev {device} xdp object {file} section xdp")
        for device, way in zip(("qb1", "qb1", "pb0"), words):
            before = received(device)
            result, _ = outside(*way)
            sent, arrived = result["sent"], received(device) - before
            check(sent["taken"] == arrived == 1000 - sent["refused"] - sent["failed"] > 0,
                  f"{way}: {sent}, {arrived} arrived")
    return ("without a peer that polls none, with one all that it says; "
            f"last {sent['taken']} of 1000")


def received(name):
    shown = subprocess.run(["ip", "-s", "-j", "link", "show", name],
                           capture_output=True, check=True)
    return json.loads(shown.stdout)[0]["stats64"]["rx"]["packets"]


@test
def a_program_of_somebody_else_stays(env):
    seen = []
    with tempfile.TemporaryDirectory() as folder, Pair():
        file = compiled(folder)
        wire.ip(f"link set dev pb1 xdp object {file} section xdp")
        before = programs_on("pb1")
        check(before, "ip attached nothing")
        for words in (("drop",), ("drop", "--generic"), ("tx",), (f"{file}:xdp",)):
            done = run("bench", *words, "-i", "pb1", "-d", "0.2")
            check(done.returncode == 2 and done.stderr.count("\n") == 1, f"{words}: {done}")
            check("somebody else" in done.stderr, done.stderr)
            check(programs_on("pb1") == before, f"{words}: {before} became {programs_on('pb1')}")
            seen.append(done.stderr.strip())
    return seen[0]
