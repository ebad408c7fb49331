#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
"""Holds what is made of the tables of include/stages.h against them.

    tables.py BUILD    BUILD: where the BPF objects were built

A misspelt name in a row must not compile; the programs that keep interrupts away must be just those
of rows that say so; and a tags file must lead to every handler and every hook."""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[1]
STAGES = (ROOT / "include/stages.h").read_text("utf-8")
PREFIXES = {"FUNC": ("f", "k"), "RET": ("x",), "TP": ("t",)}


def run(*words):
    return subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)


def rows():
    """(kind, id, slot, stage, symbol, handler, context) of each hook."""
    found = re.findall(r"^\tX\((FUNC|RET|TP), +(\w+), +(\w+), +\d, +(\w+), +(\w+), +\d, +(\w+), +"
                       r"(\w+), +\"", STAGES, re.M)
    assert len(found) > 80, f"{len(found)} rows of PP_HOOKS"
    return found


def compiles(tables):
    """Do the user space's table of hooks and a program for each row compile with these?"""
    with tempfile.TemporaryDirectory() as tmp:
        shutil.copytree(ROOT / "include", tmp, dirs_exist_ok=True)
        (pathlib.Path(tmp) / "stages.h").write_text(tables, "utf-8")
        asked = run("cc", "-fsyntax-only", "-std=gnu11", f"-I{tmp}", "-Isrc", "src/hooks/table.c")
        machine = {"x86_64": "x86", "aarch64": "arm64"}.get(os.uname().machine, os.uname().machine)
        libs = run("cc", "-print-multiarch").stdout.strip()
        asked_bpf = run("clang", "-fsyntax-only", "-O2", "-target", "bpf", "-mcpu=v3", f"-I{tmp}",
                        "-Werror=implicit-function-declaration",
                        f"-D__TARGET_ARCH_{machine}", "-Ivmlinux", "-Ibpf",
                        f"-I/usr/include/{libs}", "bpf/pktpath.bpf.c")
    return asked.returncode == 0 and asked_bpf.returncode == 0


def misspelt():
    """Names that may be misspelt in silence."""
    row = re.search(r"\tX\(TP,   read_tcp, .*", STAGES)[0]
    if not compiles(STAGES):
        yield "the tables do not compile as they are"
    for name, wrong in (("READ_TCP", "READ_TPC"), ("PROCESS", "PROCES"), ("READ, ", "RAED, "),
                        ("read_tcp,    PROCESS", "read_tpc,    PROCESS")):
        bad = row.replace(name, wrong, 1)
        assert bad != row, name
        if compiles(STAGES.replace(row, bad)):
            yield f"a row with '{wrong}' for '{name}' compiles"


def interrupts(build):
    """Programs that keep interrupts away and should not, or the other way round."""
    said = run("llvm-objdump", "-dr", "--no-show-raw-insn", f"{build}/bpf/pktpath.bpf.o")
    if said.returncode:
        yield said.stderr.strip()
        return
    closed, name = set(), ""
    for line in said.stdout.splitlines():
        label = re.match(r"[0-9a-f]+ <([a-z]\w+)>:$", line)
        name = label[1] if label else name
        if "bpf_local_irq_save" in line:
            closed.add(name)
    wanted = {f"{prefix}_{hook}" for kind, hook, *_, context in rows() if context == "PROCESS"
              for prefix in PREFIXES[kind]}
    yield from (f"{name} keeps interrupts away, but its row says otherwise"
                for name in sorted(closed - wanted))
    yield from (f"{name} does not keep interrupts away, but its row says so"
                for name in sorted(wanted - closed))


def tags():
    """Handlers and hooks that a tags file does not lead to."""
    if "Universal" not in run("ctags", "--version").stdout:
        yield "ctags is not universal-ctags"
        return
    lines = run("ctags", "-f", "-", "-R", "bpf", "include").stdout.splitlines()
    places = {(name, place) for name, place, *_ in (line.split("\t") for line in lines)}
    for path in (ROOT / "bpf/hooks").glob("*.h"):
        for name in re.findall(r"^HANDLER\((\w+)\)", path.read_text("utf-8"), re.M):
            file = f"bpf/hooks/{path.name}"
            if not {(name, file), (f"h_{name}", file)} <= places:
                yield f"no tag leads to HANDLER({name}) in {path.name}"
    yield from (f"no tag leads to the row of {symbol}" for *_, symbol, _, _ in rows()
                if (symbol, "include/stages.h") not in places)


def main():
    wrong = [*misspelt(), *interrupts(sys.argv[1]), *tags()]
    print("\n".join(wrong), end="\n" if wrong else "")
    return 1 if wrong else 0


sys.exit(main())
