#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
"""Holds the documentation against the tree: files that it names are there, and the walks of
docs/ARCHITECTURE.md (tables of `file` and what happens in it) name functions of those files."""

import glob
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
PLACE = re.compile(r"(?:src|bpf|include|tests|docs|contrib|man|vmlinux|third_party|LICENSES)/"
                   r"[\w*./-]+")


def pages():
    return [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("tests/*.md")]


def places():
    """Files and folders that are named, and are not there. A * and NAME stand for anything."""
    for page in pages():
        for words in re.findall(r"`([^`\n]+)`", page.read_text("utf-8")):
            pattern = str(ROOT / re.sub(r"(?<=[/_])[A-Z]{3,}(?=\.)", "*", words))
            if PLACE.fullmatch(words) and not (glob.glob(str(ROOT / words)) or glob.glob(pattern)):
                yield f"{page.relative_to(ROOT)}: there is no {words}"


def walks():
    """Functions and handlers of the walks that are not in the file of their row."""
    text = (ROOT / "docs/ARCHITECTURE.md").read_text("utf-8")
    rows = re.findall(r"^\| `([\w./]+\.[ch])` \| ([^|]*) \|$", text, re.M)
    if len(rows) < 30:
        yield f"docs/ARCHITECTURE.md: {len(rows)} steps of walks: they read otherwise"
    for place, said in rows:
        code = (ROOT / place).read_text("utf-8") if (ROOT / place).exists() else ""
        for name in re.findall(r"`(\w+)\(\)`", said):
            if not re.search(rf"^(?:[a-z_].*[ *])?{name}\(", code, re.M):
                yield f"docs/ARCHITECTURE.md: {place} does not define {name}()"
        for words in re.findall(r"`(HANDLER\(\w+\)|struct \w+)`", said):
            if words not in code:
                yield f"docs/ARCHITECTURE.md: {place} has no {words}"


def main():
    wrong = [*places(), *walks()]
    print("\n".join(wrong), end="\n" if wrong else "")
    return 1 if wrong else 0


sys.exit(main())
