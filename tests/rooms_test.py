#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
"""Breaks each kind of wall in a copy of the tree and sees tests/rooms.py notice.

    rooms_test.py BUILD     where the objects of this tree were built
"""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

import rooms

CC = ["cc", "-c", "-std=gnu11", "-D_GNU_SOURCE", '-DPP_VERSION="0"', "-Iinclude", "-Isrc",
      "-Ithird_party/yyjson"]


class Copy:
    """A copy of the house whose walls may be broken."""

    def __init__(self, where, objects):
        self.root, self.build = where / "house", where / "build"
        for place in (*rooms.CODE, "docs"):
            shutil.copytree(rooms.HERE / place, self.root / place)
        for path in objects.glob("src/**/*.o"):
            link = self.build / path.relative_to(objects)
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to(path.resolve())

    def add(self, path, text):
        place = self.root / path
        place.parent.mkdir(exist_ok=True)
        with place.open("a", encoding="utf-8") as out:
            out.write(f"\n{text}\n")

    def compile(self, *paths):
        for path in paths:
            target = self.build / (path[:-2] + ".o")
            target.parent.mkdir(exist_ok=True)
            target.unlink(missing_ok=True)
            subprocess.run([*CC, "-o", target, path], cwd=self.root, check=True)

    def row(self, place, column, word):
        """Adds a word to a cell of the table: column 2 is `may use`, 3 `must never`."""
        doc = self.root / "docs/ARCHITECTURE.md"
        lines = doc.read_text("utf-8").split("\n")
        at = next(i for i, line in enumerate(lines) if line.startswith(f"| `{place}` |"))
        cells = lines[at].split("|")
        cells[column + 1] += f" `{word}` "
        lines[at] = "|".join(cells)
        doc.write_text("\n".join(lines), "utf-8")

    def found(self):
        return [f"{wall}: {why}" for wall, why in rooms.faults(self.root, self.build)]


def upward_include(house):
    house.add("src/base/log.h", '#include "model/ledger.h"')
    return "src/base/log.h -> src/model/ledger.h: an include"


def sideways_include(house):
    house.add("src/bench/bed.c", '#include "trace/tracer.h"')
    return "src/bench/bed.c -> src/trace/tracer.h: an include"


def hook_in_the_core(house):
    house.add("bpf/core/stitch.h", '#include "hooks/all.bpf.h"')
    return "bpf/core/stitch.h -> bpf/hooks/all.bpf.h: an include"


def skeleton_of_others(house):
    house.add("src/output/sink.c", '#include "bpf/pktpath.skel.h"')
    return "src/output/sink.c -> bpf/pktpath.bpf.c: an include"


def include_without_its_room(house):
    house.add("src/model/ledger.c", '#include "ledger.h"')
    return "src/model/ledger.c -> ledger.h: includes"


def include_by_a_path(house):
    house.add("src/model/ledger.c", '#include "../model/ledger.h"')
    return "src/model/ledger.c -> ../model/ledger.h: includes"


def header_of_the_system(house):
    house.add("src/model/ledger.c", "#  include <stdio.h>")
    return "src/model/ledger.c -> <stdio.h>: a header"


def head_with_an_output(house):
    house.add("src/serve/listen.h", '#include "output/sink.h"')
    return "src/serve/listen.h -> src/output/sink.h: a head"


def circle_by_includes(house):
    house.add("src/base/clock.h", '#include "base/loop.h"')
    house.add("src/base/loop.h", '#include "base/clock.h"')
    return "src/base/clock.h in a circle by includes: " \
           "src/base/clock.h -> src/base/loop.h -> src/base/clock.h"


def file_that_includes_itself(house):
    house.add("src/base/clock.h", '#include "base/clock.h"')
    return "src/base/clock.h in a circle by includes"


def upward_symbol(house):
    house.add("src/text/line.c", "int cmd_trace(int argc, char **argv);\n"
              "int test_up(void);\nint test_up(void) { return cmd_trace(0, 0); }")
    house.compile("src/text/line.c")
    return "src/text/line.c calls src/cmd/trace.c: its room may not: cmd_trace"


def upward_data(house):
    house.add("src/cmd/trace.c", "int test_datum = 1;")
    house.add("src/text/line.c", "extern int test_datum;\nint *test_at(void);\n"
              "int *test_at(void) { return &test_datum; }")
    house.compile("src/text/line.c", "src/cmd/trace.c")
    return "src/text/line.c calls src/cmd/trace.c: its room may not: test_datum"


def circle_by_symbols(house):
    house.add("src/text/line.c", "int test_a(void);\nint test_b(void);\n"
              "int test_a(void) { return test_b(); }")
    house.add("src/text/one.c", "int test_a(void);\nint test_b(void);\n"
              "int test_b(void) { return test_a(); }")
    house.compile("src/text/line.c", "src/text/one.c")
    return "src/text/line.c in a circle by symbols: " \
           "src/text/line.c -> src/text/one.c -> src/text/line.c"


def call_of_the_system(house):
    house.add("src/model/quantile.c", "#include <fcntl.h>\nint test_open(void);\n"
              'int test_open(void) { return open("/proc/version", O_RDONLY); }')
    house.compile("src/model/quantile.c")
    return "src/model/quantile.c calls open(): its room must never"


def fortified_call_of_the_system(house):
    house.add("src/model/quantile.c", "int __printf_chk(int flag, const char *text, ...);\n"
              'int test_print(void);\nint test_print(void) { return __printf_chk(1, "x"); }')
    house.compile("src/model/quantile.c")
    return "src/model/quantile.c calls printf(): its room must never"


def room_without_a_row(house):
    house.add("src/attic/box.c", "int test_box;")
    house.compile("src/attic/box.c")
    return "attic: has no row"


def row_without_a_room(house):
    shutil.rmtree(house.root / "src/hooks")
    return "src/hooks: has a row in docs/ARCHITECTURE.md, and is not there"


def row_that_looks_up(house):
    house.row("src/base/", 2, "cmd")
    return "base: may use `cmd`, which does not stand below it"


def row_that_knows_through_others(house):
    house.row("src/host/", 2, "bpf")
    house.row("src/bench/", 3, "bpf/core")
    return "bench: must never know `bpf/core`, and may use a room that does"


def row_with_a_slip(house):
    house.row("src/bench/", 2, "hots")
    return "bench: names `hots`, which is no room"


def table_that_is_gone(house):
    doc = house.root / "docs/ARCHITECTURE.md"
    doc.write_text(re.sub(r"^\| `", "| ", doc.read_text("utf-8"), flags=re.M), "utf-8")
    return "docs/ARCHITECTURE.md: hardly any row"


def object_that_is_missing(house):
    (house.build / "src/text/line.o").unlink()
    return "src/text/line.c has no object"


def object_that_is_old(house):
    os.utime(house.root / "src/text/line.c")
    return "src/text/line.c is newer than its object"


WALLS = (upward_include, sideways_include, hook_in_the_core, skeleton_of_others,
         include_without_its_room, include_by_a_path, header_of_the_system, head_with_an_output,
         circle_by_includes, file_that_includes_itself, upward_symbol, upward_data,
         circle_by_symbols, call_of_the_system, fortified_call_of_the_system, room_without_a_row,
         row_without_a_room,
         row_that_looks_up, row_that_knows_through_others, row_with_a_slip, table_that_is_gone,
         object_that_is_missing, object_that_is_old)


def unnoticed(objects, wall):
    """What was not noticed about one wall; None if all was."""
    with tempfile.TemporaryDirectory(prefix="pktpath-rooms-") as where:
        house = Copy(pathlib.Path(where), objects)
        before = set(house.found())
        wanted = wall(house)
        new = [line for line in house.found() if line not in before]
        if not any(wanted in line for line in new):
            return f"{wall.__name__}: '{wanted}' is not among {new}"
    return None


def verdicts():
    """Known walls are silent, others are not, and those that stand must leave the list."""
    found = [("a", "why"), ("b", "why")]
    cases = (({"a", "b"}, []), ({"a"}, ["b: why"]),
             ({"a", "b", "c"}, ["tests/rooms.py: KNOWN needs no longer: c"]))
    for known, wanted in cases:
        said = rooms.verdict(found, known)
        if said != wanted:
            yield f"with {sorted(known)} known it says {said}"


def main(words):
    if len(words) != 1:
        sys.exit(__doc__)
    wrong = [fault for wall in WALLS if (fault := unnoticed(pathlib.Path(words[0]), wall))]
    wrong += verdicts()
    print("\n".join(wrong), end="\n" if wrong else "")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
