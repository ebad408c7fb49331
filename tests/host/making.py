#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
"""What make makes, and what it says when it cannot: hardened, small, what is missing in one
line. Part of cli.py."""

import os
import pathlib
import re
import subprocess
import tempfile

from lib.harness import Skip, check, main, test
from lib.tool import BUILD, PKTPATH, ROOT, Trace

MEGABYTE = 1000000
# What a build without DWARF of the BPF programs stays below; it was 12 with it.
SIZE = 10 * MEGABYTE
PROGRAMS = ("pktpath", "legacy", "no_ksyms", "calibrate", "bench/program", "bench/generator",
            "bench/sent", "bench/cpumap")


def make(*words, **environment):
    """make, as if typed in a terminal: without what a make above told its children."""
    env = {k: v for k, v in os.environ.items() if k not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL")}
    return subprocess.run(["make", "--no-print-directory", *words], cwd=ROOT, check=False,
                          env=env | environment, text=True, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def readelf(*words):
    return subprocess.run(["readelf", "-W", *words], capture_output=True, text=True,
                          check=True).stdout


@test
def the_program_is_hardened(_):
    said = readelf("-h", "-l", "-d", PKTPATH)
    for wanted in (r"Type: +DYN", r"GNU_RELRO", r"FLAGS\).*BIND_NOW", r"Flags:.*\bPIE\b",
                   r"GNU_STACK +(?:0x0+ +)+RW "):
        check(re.search(wanted, said), f"no {wanted} in {said}")
    symbols = readelf("--dyn-syms", PKTPATH)
    for wanted in ("__stack_chk_fail", "__snprintf_chk"):
        check(f" {wanted}@" in symbols, f"no {wanted}")


@test
def programs_keep_btf_and_lose_dwarf(_):
    for program in PROGRAMS:
        path = BUILD / "bpf" / f"{program}.bpf.o"
        sections = set(re.findall(r"^ +\[ *\d+\] (\S+)", readelf("-S", path), re.M))
        check({".BTF", ".BTF.ext"} <= sections, f"{path}: {sections}")
        check(not any(name.startswith((".debug", ".rel.debug")) for name in sections),
              f"{path}: {sections}")
    size = os.stat(PKTPATH).st_size
    check(size < SIZE, f"pktpath has {size} bytes")
    return f"{size / MEGABYTE:.1f} MB"


@test
def the_kernel_still_knows_source_lines(_):
    if os.geteuid():
        raise Skip("BPF programs need root")
    with Trace("-i", "lo") as trace:
        said = "".join(path.read_text() for path in
                       pathlib.Path(f"/proc/{trace.process.pid}/fdinfo").iterdir())
        programs = re.findall(r"^prog_id:\t(\d+)", said, re.M)
        check(programs, "no program is loaded")
        bpftool = next((p for p in ("/usr/sbin/bpftool", "/usr/local/sbin/bpftool")
                        if os.path.exists(p)), "bpftool")
        for program in programs:
            shown = subprocess.run([bpftool, "prog", "dump", "xlated", "id", program, "linum"],
                                   capture_output=True, text=True, check=True).stdout
            check("line_num:" in shown, f"program {program} has no source lines: {shown[:300]}")
    return f"{len(programs)} programs"


# What is hidden, how, and what must be named.
HIDDEN_TOOLS = (("CC", "gcc"), ("CLANG", "clang"), ("LLVM_STRIP", "llvm"), ("BPFTOOL", "bpftool"))
HIDDEN_LIBRARIES = (("-lbpf", "libbpf"), ("-lelf", "libelf"), ("-lz", "zlib"),
                    ("-lmicrohttpd", "libmicrohttpd"))
HIDING_CC = """#!/bin/sh
for word; do [ "$word" != "$HIDDEN" ] || exit 1; done
exec cc "$@"
"""


def one_line(done, *wanted):
    """It failed, and one line names what is missing; make adds its own."""
    lines = [line for line in done.stdout.splitlines() if not line.startswith("make")]
    check(done.returncode and len(lines) == 1 and all(word in lines[0] for word in wanted),
          f"wanted {wanted}: {done.stdout}")


@test
def what_is_missing_is_said_in_one_line(_):
    with tempfile.TemporaryDirectory() as place:
        for variable, package in HIDDEN_TOOLS:
            one_line(make(f"B={place}/b", "-j2", f"{variable}=nosuch-tool"),
                     "missing: nosuch-tool (", f"apt-get install {package})")
        compiler = f"{place}/cc"
        with open(compiler, "w", encoding="ascii", opener=lambda p, f: os.open(p, f, 0o755)) as cc:
            cc.write(HIDING_CC)
        for word, library in HIDDEN_LIBRARIES:
            one_line(make(f"B={place}/b", "-j2", f"CC={compiler}", HIDDEN=word),
                     f"missing: {library} (", f"{library.replace('zlib', 'zlib1g')}-dev)")
        one_line(make(f"B={place}/b", "CLANG=nosuch-1", "BPFTOOL=nosuch-2"),
                 "missing: nosuch-1, nosuch-2 (", "apt-get install clang bpftool)")
        done = make(f"B={place}/b", f"{place}/b/needs.ok", f"CC={compiler}", HIDDEN="nothing")
        check(done.returncode == 0, f"nothing is missing: {done.stdout}")
        done = make(f"B={place}/c", f"{place}/c/needs.ok", "PKG_CONFIG=false")
        check(done.returncode == 0, f"it takes no pkg-config: {done.stdout}")


@test
def flags_can_be_chosen(_):
    """What others give comes after ours and so wins; fortified calls go with an optimizer only."""
    target = f"{BUILD}/flags/src/base/log.o"
    for words, wanted, unwanted in (
            ([], ["-fstack-protector-strong", "-D_FORTIFY_SOURCE=2", "-fPIE"], []),
            (["CFLAGS=-O0 -g"], ["-fstack-protector-strong"], ["_FORTIFY_SOURCE"]),
            (["CFLAGS=-g"], ["-fPIE"], ["_FORTIFY_SOURCE"]),
            (["CFLAGS=-O2", "EXTRA_CFLAGS=-fsanitize=address"], ["-fsanitize=address"],
             ["_FORTIFY_SOURCE"]),
            (["CPPFLAGS=-D_FORTIFY_SOURCE=3"], ["-D_FORTIFY_SOURCE=3"], ["_FORTIFY_SOURCE=2"]),
            (["CFLAGS=-O2 -fno-stack-protector"],
             ["-fstack-protector-strong -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2 -O2 -fno-stack"],
             [])):
        said = re.sub(r"\s+", " ", make("-n", f"B={BUILD}/flags", "V=1", *words, target).stdout)
        check(all(w in said for w in wanted) and not any(w in said for w in unwanted),
              f"{words}: {said}")
    said = make("-n", f"B={BUILD}/flags", "LDFLAGS=-Wl,-z,lazy", "V=1").stdout
    check("-pie -Wl,-z,relro -Wl,-z,now -Wl,-z,lazy" in said, said[-1000:])


if __name__ == "__main__":
    main(None)
