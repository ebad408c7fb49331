#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
"""`pktpath bench` beside upstream's xdp-trafficgen and xdp-bench, in turn, round after round:
packets a second that arrive at the last receiver, of one generating CPU over veth. Writes its
table into docs/BENCHMARKS.md between two markers, and touches nothing else there.

Upstream's are Debian sid's, run from the cache (xdptools.py). Needs root. `--no-write` only prints.
"""

import ctypes
import fcntl
import json
import os
import pathlib
import signal
import socket
import statistics
import struct
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]

from cost import page
from lib import wire
from lib import xdptools
from lib.kernels import AssetError

PKTPATH = str(pathlib.Path(os.environ.get("PKTPATH_BUILD") or ROOT / "build") / "pktpath")
BLOCK = "bench-xdp"
ROUNDS = int(os.environ.get("ROUNDS", "7"))
SECONDS = 2.0
MODES = ("drop", "tx", "redirect", "redirect-map")
SIOCETHTOOL, GSTRINGS, GSTATS, GDRVINFO, ETH_SS_STATS = 0x8946, 0x1b, 0x1d, 0x3, 1


class Lacking(Exception):
    """Why there is nothing to compare with."""


def upstream(tool, *words):
    """Started with the package's own loader and libraries."""
    command, env = xdptools.here(tool)
    return subprocess.Popen([*command, *words], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT, text=True, env=env)


def stop(process):
    process.send_signal(signal.SIGINT)
    try:
        return process.communicate(timeout=20)[0]
    except subprocess.TimeoutExpired:
        process.kill()
        return process.communicate()[0]


# --- counting at the last receiver, as the driver does ---


def ethtool(sock, device, head, size):
    data = bytearray(head + bytes(size))
    buffer = (ctypes.c_char * len(data)).from_buffer(data)
    ifreq = struct.pack("16sP", device.encode(), ctypes.addressof(buffer))
    fcntl.ioctl(sock, SIOCETHTOOL, ifreq)
    return bytes(data)


def arrived(device):
    """Frames that NAPI took from the device's rings."""
    with socket.socket() as sock:
        count = struct.unpack_from("I",
                                   ethtool(sock, device, struct.pack("I", GDRVINFO), 192), 180)[0]
        names = ethtool(sock, device, struct.pack("III", GSTRINGS, ETH_SS_STATS, count),
                        32 * count)[12:]
        values = ethtool(sock, device, struct.pack("II", GSTATS, count), 8 * count)[8:]
    total = 0
    for i in range(count):
        name = names[32 * i:32 * i + 32].split(b"\0")[0]
        if name.startswith(b"rx_queue_") and name.endswith(b"_xdp_packets"):
            total += struct.unpack_from("Q", values, 8 * i)[0]
    return total


# --- one measurement of each ---


def devices():
    """gen0 == dut0, dut1 == sink0: as pktpath makes them for itself."""
    wire.ip("link add gen0 type veth peer name dut0", "link add dut1 type veth peer name sink0")
    for name in ("gen0", "dut0", "dut1", "sink0"):
        path = pathlib.Path(f"/proc/sys/net/ipv6/conf/{name}/disable_ipv6")
        if path.exists():
            path.write_text("1")
        wire.ip(f"link set {name} up arp off")


def plan(mode):
    """What runs upstream besides the generator, and where packets end."""
    if mode == "drop":
        return [("drop", "dut0")], "dut0"
    if mode == "tx":
        return [("drop", "gen0"), ("tx", "dut0")], "gen0"
    return [("drop", "sink0"), (mode, "dut0", "dut1")], "sink0"


def theirs(mode):
    running, last = plan(mode)
    cpu = max(os.sched_getaffinity(0))
    started = []
    try:
        for words in running:
            started.append(upstream("xdp-bench", *words))
            until(lambda device=words[1]: "xdp" in link(device),
                  f"xdp-bench {' '.join(words)} attaches")
        started.append(upstream("xdp-trafficgen", "udp", "gen0", "-t", "1",
                                "-m", mac("dut0")))
        os.sched_setaffinity(started[-1].pid, {cpu})
        for task in pathlib.Path(f"/proc/{started[-1].pid}/task").iterdir():
            os.sched_setaffinity(int(task.name), {cpu})
        first = arrived(last)
        until(lambda: arrived(last) > first + 100000, f"packets arrive at {last}")
        before, start, cpu_before = arrived(last), time.monotonic(), cpu_ns(started[-1].pid, cpu)
        time.sleep(SECONDS)
        used = cpu_ns(started[-1].pid, cpu) - cpu_before
        count, wall = arrived(last) - before, time.monotonic() - start
    finally:
        said = [stop(p) for p in reversed(started)]
    if not count:
        raise Lacking(f"upstream's {mode} delivered nothing: {' '.join(said)[-300:]}")
    return count / wall, used / count


def cpu_ns(pid, cpu):
    """Of a process's threads, and of the thread that finishes softirqs on a CPU."""
    threads = [*pathlib.Path(f"/proc/{pid}/task").iterdir(),
               *(p for p in pathlib.Path("/proc").glob("[0-9]*")
                 if name_of(p) == f"ksoftirqd/{cpu}")]
    return sum(int((t / "schedstat").read_text().split()[0]) for t in threads)


def name_of(process):
    try:
        return (process / "comm").read_text().strip()
    except OSError:  # ended meanwhile
        return None


def link(device):
    shown = subprocess.run(["ip", "-d", "-j", "link", "show", device],
                           capture_output=True, check=True)
    return json.loads(shown.stdout)[0]


def mac(device):
    return link(device)["address"]


def until(condition, what, seconds=30):
    """On a busy machine everything takes its time."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise Lacking(f"upstream's tools: waited {seconds} s in vain until {what}")
        time.sleep(0.05)


def ours(mode):
    # As many bytes as theirs.
    done = subprocess.run([PKTPATH, "bench", mode, "--size", "64", "-d", str(SECONDS), "--json"],
                          capture_output=True, text=True, check=False)
    if done.returncode:
        raise Lacking(done.stderr.strip())
    result = json.loads(done.stdout)
    return result["delivered_pps"]["value"], result["cpu_ns"]["value"]


# --- the table ---


def measure(mode):
    pairs = []
    for i in range(ROUNDS):
        # Neither is always the first.
        if i % 2:
            b = theirs(mode)
            a = ours(mode)
        else:
            a = ours(mode)
            b = theirs(mode)
        pairs.append((a, b))
        print(f"  {mode:13} round {i + 1}: {a[0] / 1e6:.2f} and {b[0] / 1e6:.2f} Mpps, "
              f"{a[1]:.0f} and {b[1]:.0f} ns", file=sys.stderr)
    return pairs


def row(mode, pairs):
    (rate_a, cost_a), (rate_b, cost_b) = (zip(*side) for side in zip(*pairs))
    wall = [a[0] / b[0] for a, b in pairs]
    cpu = [b[1] / a[1] for a, b in pairs]
    return (f"| {mode} | {page.spread(rate_a, 1e6)} | {page.spread(rate_b, 1e6)} | "
            f"{page.spread(wall)} | "
            f"{statistics.median(cost_a):.0f} | {statistics.median(cost_b):.0f} | "
            f"{page.spread(cpu)} |")


def section(version, rows):
    return "\n".join([
        "## XDP: beside xdp-bench", "",
        "Packets a second that arrive at the last receiver over veth, 64-byte frames, one "
        "generating CPU, in Mpps, and the ns of CPU that each of them took, which other load on "
        f"the machine changes less: median and range of {ROUNDS} rounds in turn; ratios are those "
        "within a round, above 1 where pktpath delivers more. xdp-trafficgen and xdp-bench "
        f"{version}. Written by `make bench-xdp`.", "",
        "| mode | pktpath bench | xdp-bench | ratio | ns | ns of xdp-bench | ratio |",
        "|---|---|---|---|---|---|---|", *rows, "",
        page.machine()])


def main(words):
    try:
        if os.geteuid():
            raise Lacking("it needs root")
        version = xdptools.version()
        wire.isolate()
        devices()
        rows = [row(mode, measure(mode)) for mode in MODES]
    except (Lacking, AssetError, wire.WireError) as why:
        print(f"SKIP bench-xdp: {why}")
        return 0
    page.publish(BLOCK, section(version, rows), words)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
