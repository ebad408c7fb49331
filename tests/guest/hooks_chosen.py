# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
"""What `pktpath probes` chooses on each kernel, held against probes/*.txt: no hook is lost, gained
or served by another backend unnoticed. `make probes-golden` writes these files anew."""

import difflib
import os
import pathlib

from guest.env import too_old
from lib.harness import Skip, check

GOLDEN = pathlib.Path(__file__).resolve().parent / "probes"
HOME_NIC = "e1000"  # its files are named by the kernel alone
HEADER = "# Written by 'make probes-golden': role, hook, backend.\n"


def golden(kernel, nic):
    return GOLDEN / (f"{kernel}.txt" if nic == HOME_NIC else f"{kernel}-{nic}.txt")


def rows(table):
    """Role, hook and backend of each row: why others cannot be had may be worded by the machine."""
    lines = table.split("\n\n")[0].splitlines()
    check(lines and lines[0].split()[:3] == ["STAGE", "HOOK", "BACKEND"],
          f"no table: {table[:200]}")
    return [" ".join(line.split()[:3]) for line in lines[1:]]


def probes_are_as_before(env):
    g, file = env.guest(), golden(env.kernel, env.nic)
    status, out, err = g.sh(["pktpath", "probes", "-i", "eth0"])
    why = too_old(g, status, err)
    if why:
        raise Skip(why)
    check(status == 0, f"exit status {status}: {err.strip()}")
    got = rows(out)
    served = sum(not row.endswith(" -") for row in got)
    check(served > len(got) / 2, f"only {served} of {len(got)} rows have a hook:\n{out}")
    if os.environ.get("UPDATE"):
        file.parent.mkdir(exist_ok=True)
        file.write_text(HEADER + "".join(f"{row}\n" for row in got))
        return f"{len(got)} rows written to {file.name}"
    check(file.exists(), f"{file.name} is not there: make probes-golden")
    want = file.read_text().removeprefix(HEADER).splitlines()
    release = g.check(["uname", "-r"]).strip()
    diff = list(difflib.unified_diff(want, got, file.name, release, lineterm="", n=0))
    check(not diff, "\n".join(diff) + "\nIf that is meant: make probes-golden")
    return f"{len(got)} rows as in {file.name}"
