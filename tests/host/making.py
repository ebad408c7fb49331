#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
"""What make makes, and what it says when it cannot: hardened, small, what is missing in one
line. Part of cli.py."""

import os
import pathlib
import re
import shutil
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


WHERE = ("sbin/pktpath", "share/man/man8/pktpath.8", "lib/systemd/system/pktpath.service",
         "share/pktpath/grafana/pktpath.json", "share/pktpath/prometheus/recording.yml",
         "share/pktpath/prometheus/alerts.yml", "share/doc/pktpath/LICENSE",
         "share/doc/pktpath/BSD-2-Clause.txt", "share/doc/pktpath/GPL-2.0-only.txt",
         "share/doc/pktpath/yyjson/LICENSE")


def files(place):
    return {str(p.relative_to(place)) for p in pathlib.Path(place).rglob("*") if not p.is_dir()}


def installed(prefix, unit_starts):
    """What is below a prefix works from there."""
    missing = set(WHERE) - files(prefix)
    check(not missing, f"not installed: {missing}")
    said = subprocess.run([f"{prefix}/sbin/pktpath", "--version"], capture_output=True, text=True,
                          check=True).stdout
    check(said.startswith("pktpath "), said)
    unit = pathlib.Path(prefix, WHERE[2]).read_text()
    check(f"\nExecStart={unit_starts}/sbin/pktpath serve" in unit and "@" not in
          re.sub("@system-service", "", unit), f"the unit: {unit}")


@test
def install_and_uninstall(_):
    with tempfile.TemporaryDirectory() as place:
        words = (f"B={BUILD}", f"DESTDIR={place}/root", "PREFIX=/usr")
        done = make("install", *words)
        check(done.returncode == 0, done.stdout)
        installed(f"{place}/root/usr", "/usr")
        mode = os.stat(f"{place}/root/usr/sbin/pktpath").st_mode & 0o7777
        check(mode == 0o755, f"mode {mode:o}")
        done = make("uninstall", *words)
        check(done.returncode == 0 and not files(place), f"left: {files(place)} {done.stdout}")
        left = [p for p in pathlib.Path(place).rglob("pktpath")]
        check(not left, f"folders of its own are left: {left}")
        done = make("uninstall", *words)
        check(done.returncode == 0, f"nothing is there: {done.stdout}")

        # Others' files in its folders stay; without PREFIX it is /usr/local.
        words = (f"B={BUILD}", f"DESTDIR={place}/root")
        make("install", *words)
        installed(f"{place}/root/usr/local", "/usr/local")
        other = f"{place}/root/usr/local/share/pktpath/prometheus/mine.yml"
        pathlib.Path(other).touch()
        make("uninstall", *words)
        check(files(place) == {other[len(place) + 1:]}, f"left: {files(place)}")


@test
def what_is_installed_is_read_by_others(_):
    """systemd and mandoc take it; a prefix of its own, so that the unit's program is there."""
    tools = {name: shutil.which(name) for name in ("systemd-analyze", "mandoc")}
    if not all(tools.values()):
        raise Skip(f"not all are here: {tools}")
    with tempfile.TemporaryDirectory() as place:
        done = make("install", f"B={BUILD}", f"PREFIX={place}")
        check(done.returncode == 0, done.stdout)
        installed(place, place)
        for words in ([tools["systemd-analyze"], "verify", "--man=no", f"{place}/{WHERE[2]}"],
                      [tools["mandoc"], "-T", "lint", "-W", "warning", f"{place}/{WHERE[1]}"]):
            done = subprocess.run(words, capture_output=True, text=True, check=False)
            check(done.returncode == 0 and not done.stderr.strip() + done.stdout.strip(),
                  f"{words[0]}: {done.stdout}{done.stderr}")
        shown = subprocess.run([tools["mandoc"], f"{place}/{WHERE[1]}"], capture_output=True,
                               text=True, check=True).stdout
        check("pktpath" in shown and len(shown.splitlines()) > 300, f"the manual: {shown[:500]}")


# Targets that others call, not people.
INNER = {"FORCE", "guest-build", "lint-build", "lint-tidy", "test-build"}


@test
def help_lists_what_people_type(_):
    done = make("help")
    check(done.returncode == 0, done.stdout)
    shown = dict(re.findall(r"^  make (\S+) +(\S.*)$", done.stdout, re.M))
    phony = set()
    for name in ("Makefile", "tests/tests.mk"):
        for line in re.findall(r"^\.PHONY: (.*)$", (ROOT / name).read_text(), re.M):
            phony |= set(line.split())
    check(set(shown) == phony - INNER, f"it lists {set(shown) ^ (phony - INNER)} wrongly")
    check(all(len(line) <= 100 for line in done.stdout.splitlines()), done.stdout)
    for target in sorted(shown):
        done = make("-n", target, f"B={BUILD}/nothing")
        check(done.returncode == 0, f"make -n {target}: {done.stdout[-500:]}")
        check(not (BUILD / "nothing").exists(), f"make -n {target} did something")
    return f"{len(shown)} targets"


if __name__ == "__main__":
    main(None)
