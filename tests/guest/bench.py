#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
"""`pktpath bench` on other kernels, in guests: its books, what a kernel lacks and that it says so,
and a real driver's interface with traffic from outside.

guest/bench.py [WORD...] runs only the tests with one of the words in their name.

The guests have one CPU: with several, the emulator executes old kernel text while the kernel
patches its XDP dispatcher, and the guest may panic.
"""

import json
import pathlib
import socket
import sys
import time

from lib import guest as guests
from lib import kernels
from lib import wire
from lib.bench_modes import MODES
from lib.harness import Skip, check, later, run, test

OLD, NEW = ("5.10",), ("6.1", "6.12", "7")
TCX = ("6.12", "7")
# libcrc32c asks crypto for the first, which its dependencies do not say.
MODULES = ("crc32c_generic", "veth", "sch_ingress", "cls_bpf",
           "nf_tables", "nft_ct", "nft_compat")
FIREWALLS = ("nft", "iptables")  # of the ladder's rungs


def extensions():
    """What iptables loads by itself."""
    found = pathlib.Path("/usr/lib").glob("*/xtables/libxt_standard.so")
    return {str(path): path for path in found}


class Env:
    """One guest at a time, booted when first asked for."""

    def __init__(self, lacks):
        self.lacks, self.name, self.guest = lacks, None, None

    def on(self, kernel):
        if kernel in self.lacks:
            raise Skip(self.lacks[kernel])
        if self.name != kernel:
            self.close()
            self.guest = guests.Guest(kernel=kernel, modules=MODULES, files=extensions(),
                                      programs=guests.installed(FIREWALLS)).__enter__()
            self.name = kernel
        return self.guest

    def close(self):
        if self.guest:
            self.guest.close()
        self.name = self.guest = None


def bench(guest, *words, status=0):
    """JSON, or None if there is none; and what it said."""
    p = guest.start(["pktpath", "bench", *words, "--json"])
    got = p.wait(120)
    check(got == status, f"{words}: exit status {got}: {p.err()}")
    return json.loads(p.out()) if p.out() else None, p.err()


def balanced(packets, name):
    check(packets["generated"] == packets["received"] + sum(packets["lost"].values()) and
          packets["received"] > 0, f"{name}: {packets}")
    return packets["received"]


def on(kernel, function, register=test):
    def wrapped(env):
        return function(env.on(kernel), kernel)

    wrapped.__name__ = f"linux_{kernel}_{function.__name__}"
    register(wrapped)


def accounts_for_every_mode(guest, kernel):
    seen = []
    for words in (*((m,) for m in MODES), ("drop", "--generic"), ("tx", "--generic")):
        result, _ = bench(guest, *words, "-d", "0.5")
        seen.append(f"{' '.join(words)} {balanced(result['packets'], words)}")
    return ", ".join(seen)


def sees_pass_differ_from_drop(guest, kernel):
    result, _ = bench(guest, "compare", "drop", "pass", "-d", "3")
    balanced(result["packets"], "compare")
    check(result["verdict"] == "slower", f"{result['difference_ns']}: {result['verdict']}")
    return f"pass is slower by {result['difference_ns']['value']:.0f} ns"


def climbs_the_ladder(guest, kernel):
    result, _ = bench(guest, "ladder", "-d", "5")
    lacking = {r["name"]: r["why_not"] for r in result["rungs"] if r["why_not"]}
    absent = tuple(set(FIREWALLS) - set(guests.installed(FIREWALLS)))
    meant = {r["name"] for r in result["rungs"] if r["name"].startswith(absent)}
    check(set(lacking) == meant | (set() if kernel in TCX else {"tcx"}), f"lacking: {lacking}")
    check(kernel in TCX or "6.6" in lacking["tcx"], f"{lacking}")
    for r in result["rungs"]:
        check(r["why_not"] or r["generated"] == r["dropped"] + r["lost"] > 0, f"{r}")
    return f"{len(result['rungs']) - len(lacking)} rungs; lacking: {', '.join(lacking)}"


def has_a_floor(guest, kernel):
    result, _ = bench(guest, "floor")
    rows = {r["program"]: r for r in result["rows"]}
    live = [r for name, r in rows.items() if name.startswith("live")]
    check(len(live) == 3 and all(bool(r.get("why_not")) == (kernel in OLD) for r in live),
          f"{live}")
    check(rows["drop:clock"]["cpu_ns"]["value"] > rows["drop"]["cpu_ns"]["value"] > 0, f"{rows}")
    return f"drop {rows['drop']['cpu_ns']['value']:.0f} ns"


def says_that_it_has_no_live_frames(guest, kernel):
    for words in (("drop",), ("compare", "drop", "tx"), ("ladder",)):
        result, said = bench(guest, *words, status=1)
        check(result is None and "Linux 5.18 or later is needed" in said and said.count("\n") == 1,
              f"{words}: {said}")
    return said.strip()


def counts_what_a_real_card_receives(guest, kernel):
    p = guest.start(["pktpath", "bench", "drop", "--generic", "-i", "eth0", "-d", "8", "--json"])
    guest.check("until ip link show eth0 | grep -q xdp; do usleep 50000; done")
    time.sleep(3)  # it gives a driver one second to restart, and then counts
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        for _ in range(200):
            s.sendto(b"x" * 100, ("10.77.0.2", 9))
            time.sleep(0.001)
    check(p.wait(120) == 0, p.err())
    seen = json.loads(p.out())
    check(seen["seen"] == 200 and seen["driver"] == "e1000", f"{seen}")
    return f"{seen['seen']} of 200"


def says_what_a_driver_lacks(guest, kernel):
    result, said = bench(guest, "drop", "-i", "eth0", status=1)
    check(result is None and "its driver (e1000) has no XDP" in said, said)
    return said.strip()


for name in OLD:
    for function in (says_that_it_has_no_live_frames, has_a_floor,
                     counts_what_a_real_card_receives):
        on(name, function)
for name in NEW:
    for function in (accounts_for_every_mode, sees_pass_differ_from_drop, climbs_the_ladder,
                     has_a_floor, counts_what_a_real_card_receives, says_what_a_driver_lacks):
        # The newest kernel stands for all, but for the books, which are each kernel's own.
        stands = name == NEW[-1] or function == accounts_for_every_mode
        on(name, function, test if stands else later)


def fetch():
    """Why a kernel cannot be had, by its name."""
    lacks = {}
    for name in (*OLD, *NEW):
        try:
            guests.fetch(name, ["e1000"])
        except kernels.AssetError as error:
            lacks[name] = str(error)
    return lacks


def main(words):
    lacks = fetch()
    wire.isolate()
    env = Env(lacks)
    try:
        return run(env, only=words)
    finally:
        env.close()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
