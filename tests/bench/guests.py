#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
"""What tracing adds in a guest that counts instructions: per 64-byte UDP packet, per TCP frame.

    guests.py [--kernel 6.1] [--backend fentry] [ROW...]

Every row is measured in a guest of its own or, with --together, in one after the other; each is
compared with `off` of the same boot. `path` is what the packets' way became longer, `own` what the
tool's process ran meanwhile.
"""

import argparse
import pathlib
import statistics
import sys
import time
from typing import NamedTuple

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/e2e"))

from counted import CountedGuest  # noqa: E402
from guest import GuestError, build_dir  # noqa: E402

TEN = "irq,napi,softirq,poll,gro,netif,ip,l4,sock,read"
STAGES = ("irq napi softirq poll gro batch flush backlog netif ip forward xmit local l4 held ooo "
          "sock wake run read").split()
MASK = hex(sum(1 << STAGES.index(s) for s in TEN.split(",")))
ROUNDS, RUNS = 4_000, 3
TRANSFERS = 8


class Row(NamedTuple):
    name: str
    command: str        # "": nothing is attached
    process: str = ""   # whose CPU time is the tool's own
    ready: str = "listening on"


ROWS = [
    Row("off", ""),
    Row("empty", "bench hold empty", "bench"),
    Row("clock", "bench hold clock", "bench"),
    Row("clock+slot", "bench hold slot", "bench"),
    Row("empty-10", f"bench hold empty --stage {TEN}", "bench"),
    Row("clock-10", f"bench hold clock --stage {TEN}", "bench"),
    Row("clock+slot-10", f"bench hold slot --stage {TEN}", "bench"),
    Row("hist", "pktpath hist", "pktpath"),
    Row("hist-10", f"env STAGES={MASK} pktpath hist", "pktpath"),
    Row("trace -q", "pktpath trace -q > /dev/null", "pktpath"),
    Row("trace --json", "pktpath trace --json > /dev/null", "pktpath"),
]


class Figures(NamedTuple):
    """Instructions per UDP packet and per TCP frame: of the whole machine, and of the tool."""
    udp: float
    tcp: float
    own_udp: float = 0.0
    own_tcp: float = 0.0
    udp_spread: float = 0.0
    tcp_spread: float = 0.0


def settle(guest, row=None):
    """The first run of a boot, or after programs came, is longer."""
    guest.udp(2000)
    guest.tcp()


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
    return Figures(statistics.median(udp), statistics.median(tcp), (between - before) / (2 * ROUNDS * RUNS),
                   (after - between) / frames, spread(udp), spread(tcp))


def spread(values):
    return (max(values) - min(values)) / 2


def measure(guest, row, backend=""):
    if not row.command:
        settle(guest)
        return measured(guest, row)
    command = row.command + (f" --backend {backend}" if backend else "")
    running = guest.start("exec " + command)
    running.wait_for(row.ready, 600)
    settle(guest)
    figures = measured(guest, row)
    running.signal()
    running.wait(300)
    return figures


def guest(args):
    return CountedGuest(kernel=args.kernel, programs={"bench": str(build_dir() / "bench")})


def show(row, figures, off):
    udp, tcp = figures.udp - off.udp, figures.tcp - off.tcp
    print(f"{row.name:14} {figures.udp:10.1f} ±{figures.udp_spread:4.0f} {udp:9.1f} "
          f"{udp - figures.own_udp:9.1f} {figures.own_udp:9.1f}   {figures.tcp:10.1f} "
          f"±{figures.tcp_spread:4.0f} {tcp:9.1f} {tcp - figures.own_tcp:9.1f} "
          f"{figures.own_tcp:9.1f}", flush=True)


def head():
    print(f"{'':14} {'UDP':>10} {'':5} {'added':>9} {'path':>9} {'own':>9}   {'TCP':>10} {'':5} "
          f"{'added':>9} {'path':>9} {'own':>9}")


def together(args, rows):
    with guest(args) as g:
        settle(g)
        off = measure(g, ROWS[0])
        show(ROWS[0], off, off)
        for row in rows:
            try_row(g, row, off, args.backend)
        again = measure(g, ROWS[0])
        show(ROWS[0], again, off)


def apart(args, rows):
    for row in rows:
        with guest(args) as g:
            settle(g)
            off = measure(g, ROWS[0])
            try_row(g, row, off, args.backend)


def try_row(g, row, off, backend):
    try:
        show(row, measure(g, row, backend), off)
    except GuestError as error:
        print(f"{row.name:14} cannot be had: {str(error)[-200:]}", flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--kernel", default="6.1")
    parser.add_argument("--backend", default="")
    parser.add_argument("--together", action="store_true")
    parser.add_argument("rows", nargs="*")
    args = parser.parse_args()
    rows = [r for r in ROWS[1:] if not args.rows or r.name in args.rows]
    start = time.monotonic()
    head()
    (together if args.together else apart)(args, rows)
    print(f"{time.monotonic() - start:.0f} s", file=sys.stderr)


if __name__ == "__main__":
    main()
