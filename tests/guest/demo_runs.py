#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
"""`make demo` does what it promises, on a machine without a terminal."""

import os
import pathlib
import re
import subprocess

from lib.harness import check, main, test

ROOT = pathlib.Path(__file__).resolve().parents[2]
# What somebody who tries it is to see, whatever the wording around it.
PROMISES = {
    "a guest's trace begins": r"listening on eth0",
    "a packet read by an application": r"\bdelivered\b",
    "a drop": r"\d+ dropped",
    "its reason and place": r"\bNO_SOCKET at \w+",
    "the account": r"\d+ packets seen in ",
    "its coverage": r"coverage [\d.]+%",
}


def demo():
    argv = ["make", "--no-print-directory", "demo"]
    if "PKTPATH_BUILD" in os.environ:
        argv.append(f"B={os.environ['PKTPATH_BUILD']}")
    return subprocess.run(argv, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, errors="replace", check=False)


@test
def the_demo_shows_what_it_promises():
    done = demo()
    check(done.returncode == 0, f"exit status {done.returncode}:\n{done.stdout[-3000:]}")
    missing = [what for what, pattern in PROMISES.items() if not re.search(pattern, done.stdout)]
    check(not missing, f"not seen: {', '.join(missing)}:\n{done.stdout[-6000:]}")
    check("\x1b" not in done.stdout, "escape sequences although the output is no terminal")
    return f"{len(done.stdout.splitlines())} lines, {len(PROMISES)} promises kept"


main()
