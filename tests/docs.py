#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
"""Holds the manual, the README and the schema's page against the tables of include/stages.h, and
the glossary against the sources: what must agree is either generated or tested. The manual's
options: manual.py. Usage: docs.py"""

import pathlib
import re
import subprocess
import sys

from lib.bench_modes import MODES, WORKS

ROOT = pathlib.Path(__file__).resolve().parents[1]


def text(name):
    return (ROOT / name).read_text(encoding="utf-8")


def table(name, header="stages"):
    """The labels of one X-macro table, without those that mean nothing or are never shown."""
    body = re.search(rf"#define {name}\(X\)(.*?)\n\n", text(f"include/{header}.h"), re.S)[1]
    labels = re.findall(r'X\(\w+,\s+(?:0x\w+,\s*)?"([^"]*)"', body)
    return [label for label in labels if label and label not in ("none", "in-flight")]


def section(title):
    return re.search(rf"^\.Sh {title}\n(.*?)(?=^\.Sh )", text("man/pktpath.8"), re.M | re.S)[1]


def sources():
    return "\n".join(path.read_text("utf-8") for room in ("bpf", "include", "src")
                     for path in (ROOT / room).rglob("*.[ch]"))


def lost_words():
    """Words of the glossary that no source has any more."""
    code = sources()
    for word in re.findall(r"\*\*(.+?)\*\*", text("docs/GLOSSARY.md")):
        if not re.search(rf"(?<![a-z]){re.escape(word.rstrip('_'))}(?![a-z])", code, re.I):
            yield f"docs/GLOSSARY.md explains '{word}', which no source has"


def lost_places():
    """Questions of the glossary whose grep does not lead to the one file that it names."""
    rows = re.findall(r"^\| [^|]+\? \| `([^`]+)` \| `([^`]+)` \|$", text("docs/GLOSSARY.md"), re.M)
    if len(rows) < 15:
        yield f"docs/GLOSSARY.md answers {len(rows)} questions of where things are"
    for words, place in rows:
        found = subprocess.run(["grep", "-rli", "--", words, "bpf", "include", "src"], cwd=ROOT,
                               capture_output=True, text=True, check=False).stdout.split()
        if found != [place]:
            yield f"docs/GLOSSARY.md: grep -rli '{words}' finds {found}, not {place}"


def lost_files():
    """Files that a page names and that are not there; docs/CHANGELOG.md speaks of the past."""
    for page in sorted((ROOT / "docs").glob("*.md")):
        if page.name == "CHANGELOG.md":
            continue
        for name in re.findall(r"`((?:bpf|include|src|tests)/[\w./*-]*\w)`",
                               page.read_text("utf-8")):
            if not re.search("NAME|KERNEL", name) and not list(ROOT.glob(name)):
                yield f"docs/{page.name} names {name}, which is not there"


def main():
    manual, readme, schema = text("man/pktpath.8"), text("README.md"), text("docs/SCHEMA.md")
    wrong = []

    def hold(what, where, wanted, there):
        wrong.extend(f"{where} lacks {what} '{label}'" for label in wanted if label not in there)

    stages, causes, verdicts = table("PP_STAGES"), table("PP_CAUSES"), table("PP_VERDICTS")
    hold("stage", "the manual", stages, re.findall(r"^\.It Cm (\S+)", section("STAGES"), re.M))
    hold("stage", "README.md", stages, re.findall(r"^\| `(\w+)` \|", readme, re.M))
    hold("cause", "the manual", causes, re.findall(r"^\.It Cm (\S+)", section("POLL CAUSES"), re.M))
    hold("verdict", "the manual", verdicts,
         re.findall(r"^\.It Cm (\S+)", section("VERDICTS"), re.M))
    quoted = set(re.findall(r"`([^`]+)`", schema))
    for name in ("PP_STAGES", "PP_VERDICTS", "PP_CAUSES", "PP_CONTEXTS", "PP_GROS",
                 "PP_GRO_ENDS", "PP_FLAGS"):
        hold(f"label of {name}", "docs/SCHEMA.md", table(name), quoted)
    ways = table("PP_BYS", "by_keys")
    hold("way to split", "docs/SCHEMA.md", ways, quoted)
    hold("way to split", "the manual", ways, re.findall(r"^\.Cm (\w+)", manual, re.M))
    hold("way to split", "docs/record.schema.json", ways,
         re.findall(r'"(\w+)"', text("docs/record.schema.json")))
    bench = re.search(r"^The modes are(.*?)^is an XDP program", section("BENCH"), re.M | re.S)[1]
    there = re.findall(r"^\.Cm ([\w-]+)", bench, re.M)
    hold("mode or work of bench", "the manual", MODES + WORKS, there)
    hold("mode or work of bench", "include/bench_modes.h", there, MODES + WORKS)
    hold("mode of bench", "README.md", MODES, re.findall(r"`(?:bench )?([\w-]+)`", readme))
    families = re.findall(r'^\tX\(\w+, "(\w+)"', text("src/serve/families.c"), re.M)
    told = re.findall(r"`((?:pktpath|process)_\w+)`",
                      "\n".join(re.findall(r"^\| (`.*?) \|", text("docs/FLEET.md"), re.M)))
    hold("metric", "docs/FLEET.md", families, told)
    hold("metric", "src/serve/families.c", told, families)
    wrong += [*lost_words(), *lost_places(), *lost_files()]
    print("\n".join(wrong), end="\n" if wrong else "")
    return 1 if wrong else 0


sys.exit(main())
