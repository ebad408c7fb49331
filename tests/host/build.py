# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
"""The tool as others build it (sanitizers, a newer libbpf) and under valgrind. Part of cli.py."""

import os
import pathlib
import shutil
import subprocess

from lib.harness import Skip, check, later, test
from lib.tool import BUILD, PKTPATH, ROOT, Trace, eventually, run

SUPPRESSIONS = pathlib.Path(__file__).with_name("valgrind.supp")
SANITIZE = "-fsanitize=address,undefined -fno-sanitize-recover=all"
REPORTS = ("ERROR: AddressSanitizer", "LeakSanitizer", "runtime error:")


def make(*words):
    env = {k: v for k, v in os.environ.items() if k not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL")}
    done = subprocess.run(["make", "-j2", "--no-print-directory", *words], cwd=ROOT, env=env,
                          text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, check=False)
    check(done.returncode == 0, f"make {' '.join(words)}: {done.stdout[-2000:]}")
    check("warning:" not in done.stdout, f"the compiler warns: {done.stdout[-2000:]}")
    return done.stdout


def build(name, *words):
    """A build in a directory of its own; the path of its pktpath."""
    make(f"B={BUILD / name}", *words)
    return str(BUILD / name / "pktpath")


def traced(env, argv0, *words, clean=lambda said: None):
    """A trace with traffic that ends well; clean() looks at what it said."""
    with Trace("-i", "lo", *words, argv0=argv0) as t:
        with env.traffic():
            eventually(lambda: len(t.out().splitlines()) > 20)
        status = t.signal().wait()
        said = t.err()
        check(status == 0, f"exit status {status}: {said[-3000:]}")
        clean(said)
        check(len(t.out().splitlines()) > 20, f"hardly any output: {t.out()}")


@test
def make_has_nothing_to_do_the_second_time(_):
    make(f"B={BUILD}")
    said = make(f"B={BUILD}")
    check("Nothing to be done" in said or not said.strip(), f"it did: {said}")


@test
def valgrind_finds_nothing(env):
    valgrind = shutil.which("valgrind")
    if not valgrind:
        raise Skip("no valgrind")
    argv0 = [valgrind, "-q", "--leak-check=full", "--show-leak-kinds=all", "--error-exitcode=99",
             "--errors-for-leak-kinds=definite,possible", f"--suppressions={SUPPRESSIONS}", PKTPATH]

    def clean(said):
        # Debian 12's valgrind does not know how to look at all commands of bpf(2).
        found = [line for line in said.splitlines()
                 if "== " in line or ("--" in line and "unhandled eBPF command" not in line)]
        check(not found, said[-3000:])

    done = run("probes", argv0=argv0)
    check(done.returncode == 0, f"probes: {done.stderr[-3000:]}")
    clean(done.stderr)

    for words in ([], ["-v"], ["--json"]):
        traced(env, [*argv0, "trace"], *words, clean=clean)
    done = run("trace", "-i", "nosuch0", argv0=argv0)
    check(done.returncode == 2, f"a wrong word: {done.stderr[-3000:]}")


@test
def the_sanitizers_find_nothing(env):
    pktpath = build("asan", "CFLAGS=-O1 -g", f"EXTRA_CFLAGS={SANITIZE}",
                    f"EXTRA_LDFLAGS={SANITIZE}")

    def clean(said):
        check(not any(word in said for word in REPORTS), said[-3000:])

    done = run("probes", argv0=[pktpath])
    clean(done.stderr)
    check(done.returncode == 0, f"probes: {done}")
    for words in ([], ["-v", "--color=always"], ["-q"], ["--json"]):
        traced(env, [pktpath, "trace"], *words, clean=clean)
    for words in (["--help"], ["trace", "--help"], ["trace", "--foo"], ["trace", "-c", "x"], []):
        clean(run(*words, argv0=[pktpath]).stderr)


@later
def a_newer_libbpf_does_as_well(env):
    prefix = env.libbpf
    if not prefix:
        raise Skip(f"no other libbpf to be had: {env.no_libbpf}")
    pktpath = build("libbpf-1.4", f"LIBBPF_PREFIX={prefix}")
    needed = subprocess.run(["ldd", pktpath], capture_output=True, text=True, check=True).stdout
    check(str(prefix) in needed, f"it runs with another libbpf: {needed}")
    ours, other = run("probes"), run("probes", argv0=[pktpath])
    check(other.returncode == 0 and ours.stdout == other.stdout, f"probes differs: {other}")
    traced(env, [pktpath, "trace"], "--json")
    return next(p.name for p in prefix.rglob("libbpf.so.1.*"))
