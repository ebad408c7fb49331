# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
"""Datagrams of `traffic udp-mix`, each told by its headers alone: whose are a record's stamps?"""

from lib.harness import check
from lib.records import at

PORTS, SIZES, MIN_SIZE = 61, 509, 18  # as in tests/tools/traffic_flood.c
PERIOD = PORTS * SIZES
HEADERS = 14 + 20 + 8


def number_of(rec, sport):
    """Which datagram it is: its source port and its length are residues of its number."""
    port, size = rec["sport"] - sport, rec["len"] - HEADERS - MIN_SIZE
    check(0 <= port < PORTS and 0 <= size < SIZES, f"not a datagram of ours: {rec}")
    return (port * SIZES * pow(SIZES, -1, PORTS) + size * PORTS * pow(PORTS, -1, SIZES)) % PERIOD


def check_own_stamps(flow, rows, sport, count, offset, bounds):
    """Each record's stamps belong to the datagram that its headers name.

    rows: what udp-recv --timestamps said of each; offset: of its clock to the records', or more.
    bounds(record, record before): between what the kernel's own stamp must lie, give or take one
    constant, the same for all. Returns (how many were held against it, bounds of the constant).
    """
    recs = dict(sorted((number_of(r, sport), r) for r in flow))
    check(list(recs) == list(range(count)) and len(flow) == count,
          f"{len(flow)} records, of {len(recs)} datagrams, not one of each of {count}")
    births = [birth(r) for r in recs.values()]
    check(births == sorted(births), "handed up in another order than sent")
    kernel = {row["rx"]: row for row in rows}
    read = {n for n, r in recs.items() if r["verdict"] == "delivered"}
    unsure = {n for n, r in recs.items() if r["verdict"] in ("untracked", "consumed")}
    check(read <= set(kernel) <= read | unsure,
          f"{len(read)} delivered, but {len(kernel)} were read")
    last, lows, highs = 0, [], []
    for n in sorted(read):
        rec, row = recs[n], kernel[n]
        check(last <= at(rec, "read") <= row["read"] + offset,
              f"read at {at(rec, 'read')}, the one before it at {last}, "
              f"here at {row['read'] + offset}: {rec}")
        last = at(rec, "read")
        early, late = bounds(rec, recs.get(n - 1))
        lows.append(row["kernel"] - late)
        highs.append(row["kernel"] - early)
    check(max(lows) <= min(highs),
          f"the receiver's stamps fit no constant: {max(lows)} to {min(highs)} ns")
    return len(read), max(lows), min(highs)


def birth(rec):
    """When it was handed up."""
    return at(rec, "gro") or at(rec, "backlog")
