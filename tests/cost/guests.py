#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
"""What tracing adds in a guest that counts instructions: per 64-byte UDP packet, per TCP frame.

    guests.py [--kernel 6.1] [--kprobe] [--apart] [WORD...]

Rows are compared with `off` of the same boot. `path` is what the packets' way became longer, `own`
what the tool's process ran meanwhile.
"""

import argparse
import pathlib
import re
import statistics
import sys
import time
from typing import NamedTuple

ROOT = pathlib.Path(__file__).resolve().parents[2]

from lib.counted import CountedGuest
from lib.guest import GuestError, build_dir
from lib.kernels import AssetError
from cost import peers
from cost.rows import OFF, ROWS

ROUNDS, RUNS = 2_000, 2
TRANSFERS = 6
SETTLE = 300   # rounds before
MEMORY = 1536  # MB: the peers' libraries are in it


class Figures(NamedTuple):
    """Instructions per UDP packet and per TCP frame: of the whole machine, and of the tool."""
    udp: float
    tcp: float
    own_udp: float = 0.0
    own_tcp: float = 0.0
    udp_spread: float = 0.0
    tcp_spread: float = 0.0
    lost: str = ""      # of what it should have told


def settle(guest):
    """The first packets after programs came take longer."""
    guest.udp(SETTLE)
    guest.tcp(500_000)


def measured(guest, row):
    process = row.process or "none"
    guest.idle_ms = 0
    before = guest.own(process)
    udp = [guest.udp(ROUNDS) for _ in range(RUNS)]
    between = guest.own(process)
    tcp = [guest.tcp() for _ in range(TRANSFERS)]
    after = guest.own(process)
    if guest.idle_ms:
        print(f"  {row.name}: the CPU was idle for {guest.idle_ms} ms", file=sys.stderr)
    frames = sum(n for _, n in tcp)
    tcp = [per_frame for per_frame, _ in tcp]
    return Figures(statistics.median(udp), statistics.median(tcp),
                   (between - before) / (2 * ROUNDS * RUNS),
                   (after - between) / frames, spread(udp), spread(tcp))


def in_path(guest, process):
    """(UDP, TCP) while the tool sleeps and what it would show waits in its ring: a softirq that
    runs on top of the tool's process would count as the tool's own."""
    def asleep(run):
        guest.check(f"kill -STOP $(pidof {process})")
        try:
            return run()
        finally:
            guest.check(f"kill -CONT $(pidof {process}); sleep 3")

    return (statistics.median(asleep(lambda: guest.udp(ROUNDS)) for _ in range(RUNS)),
            statistics.median(asleep(guest.tcp)[0] for _ in range(TRANSFERS)))


def spread(values):
    return (max(values) - min(values)) / 2


def command_of(row, words, backend):
    text = row.command
    if row.peer:
        if row.peer not in words:
            raise AssetError(f"{row.peer} cannot be had")
        text = text.replace("PEER", words[row.peer])
    # The option goes in front of where the output goes.
    return text.replace(" >", f"{backend} >") if " >" in text else text + backend


def measure(guest, row, words=(), backend=""):
    if not row.command:
        settle(guest)
        return measured(guest, row)
    command = command_of(row, words, backend)
    running = guest.start(command if command.startswith("echo") else f"exec {command}")
    try:
        running.wait_for(row.ready, 600)
        if row.settle:
            guest.check(f"sleep {row.settle}")
        settle(guest)
        figures = measured(guest, row)
        if row.ring:
            udp, tcp = in_path(guest, row.process)
            figures = figures._replace(own_udp=figures.udp - udp, own_tcp=figures.tcp - tcp)
    except GuestError:
        running.signal()
        raise
    running.signal()
    running.wait(300)
    return figures._replace(lost=lost(guest, row, running))


LOST = (r"not shown +([\d,]+) record", r"Lost (\d+) events", r"[Ll]ost (\d+) (?:chunks|samples)",
        r"^ +([\d,]+) untracked")


def lost(guest, row, process):
    """What it says itself, or what shows in its output."""
    if row.knows:
        sent = 2 * (SETTLE + RUNS * ROUNDS)
        return f"{100 - 100 * int(guest.check(row.knows)) / sent:.0f} %"
    text = process.out() + process.err()
    found = [int(m.replace(",", "")) for pattern in LOST for m in re.findall(pattern, text, re.M)]
    return str(sum(found)) if row.process != "floors" else ""


def packed(rows):
    """(how peers are started, what is packed for them); those that cannot be had are said."""
    words, files = {}, {}
    for name in {r.peer for r in rows if r.peer}:
        try:
            start, more = peers.in_guest(name)
        except AssetError as error:
            print(f"SKIP {name}: {error}", flush=True)
            continue
        words[name] = " ".join(start)
        files.update(more)
    return words, files


def table(kernel, rows, kprobe=False, show=lambda row, figures, off: None):
    """[(row, Figures or None, why not)] of a guest, the first and the last being `off`. One boot
    for all: that `off` is at the end what it was at first shows that the order does not matter."""
    rows = [r for r in rows if not (kprobe and r.kprobe == "-")]
    words, files = packed(rows)
    out = []
    with CountedGuest(kernel=kernel, files=files, memory=MEMORY if files else 512,
                      programs={"floors": str(build_dir() / "floors")}) as g:
        warm_up(g)
        off = measure(g, OFF)
        for row in [OFF, *rows, OFF]:
            try:
                backend = row.kprobe if kprobe else ""
                figures = off if not out else measure(g, row, words, backend)
                out.append((row, figures, ""))
            except (GuestError, AssetError) as error:
                out.append((row, None, str(error).strip().splitlines()[0][-160:]))
            show(*out[-1], off)
    return out


def warm_up(guest):
    """What the boot left to do is done after a while, which passes at once where the CPU sleeps
    (Linux 6.12); then until a run is no shorter than the one before."""
    guest.check("sleep 90", 300)
    last = 1e9
    for _ in range(8):
        now = guest.udp(1000)
        if now > last - 10:
            break
        last = now


def show(row, figures, why, off):
    if not figures:
        print(f"{row.name:26} SKIP: {why}", flush=True)
        return
    udp, tcp = figures.udp - off.udp, figures.tcp - off.tcp
    print(f"{row.name:26} {figures.udp:9.0f} ±{figures.udp_spread:3.0f} {udp:8.0f} "
          f"{udp - figures.own_udp:8.0f} {figures.own_udp:8.0f}   {figures.tcp:9.0f} "
          f"±{figures.tcp_spread:4.0f} {tcp:8.0f} {tcp - figures.own_tcp:8.0f} "
          f"{figures.own_tcp:8.0f}", flush=True)


def head():
    print(f"{'':26} {'UDP':>9} {'':4} {'added':>8} {'path':>8} {'own':>8}   {'TCP':>9} {'':5} "
          f"{'added':>8} {'path':>8} {'own':>8}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--kernel", default="6.1")
    parser.add_argument("--kprobe", action="store_true")
    parser.add_argument("--apart", action="store_true", help="a boot for each row")
    parser.add_argument("rows", nargs="*", help="words of rows' names")
    args = parser.parse_args()
    rows = [r for r in ROWS if not args.rows or any(w in r.name for w in args.rows)]
    start = time.monotonic()
    head()
    for some in [[r] for r in rows] if args.apart else [rows]:
        table(args.kernel, some, args.kprobe, show)
    print(f"{time.monotonic() - start:.0f} s", file=sys.stderr)


if __name__ == "__main__":
    main()
