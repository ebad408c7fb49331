#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
"""The test runner itself: no way in which a suite can go wrong passes for a success."""

import contextlib
import io
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import run as runner  # noqa: E402
from lib import harness  # noqa: E402
from lib.harness import check, main, test  # noqa: E402

HERE = "tests/run.py"


def suite(script, name="trial", needs=HERE, takes=1):
    return runner.Suite(name, needs, ["/bin/sh", "-c", script], takes)


def outcome(script, **words):
    """(passed, failed, skipped), note of a suite with this script."""
    with contextlib.redirect_stdout(io.StringIO()):
        result = runner.run(suite(script, **words))
    return result.counts, result.note


@test
def what_a_suite_counts_is_taken(_):
    counts, note = outcome("echo 3 passed, 0 failed, 2 skipped")
    check((counts, note) == ((3, 0, 2), ""), f"{counts} {note}")
    counts, note = outcome("echo 3 passed, 1 failed, 0 skipped; exit 1")
    check((counts, note) == ((3, 1, 0), ""), f"{counts} {note}")
    return "3 passed, 2 skipped; 1 failed"


@test
def what_goes_wrong_fails(_):
    seen = []
    for script, word in (("exit 0", "no line"), ("echo hello; exit 3", "status 3"),
                         ("echo 0 passed, 0 failed, 0 skipped", "no test"),
                         ("echo 3 passed, 0 failed, 0 skipped; exit 1", "status 1"),
                         ("echo 3 passed, 0 failed, 0 skipped; kill -9 $$", "status -9")):
        counts, note = outcome(script)
        check(counts[1] == 1 and word in note, f"{script}: {counts} {note}")
        seen.append(note)
    counts, note = outcome("exit 0", needs="tests/no-such-file")
    check(counts == (0, 1, 0) and "not there" in note, f"{counts} {note}")
    return "; ".join(seen)


@test
def what_hangs_is_killed_with_its_children(_):
    class Short(runner.Suite):
        def limit(self):
            return 1

    mark = f"31{time.monotonic_ns() % 10**9:09}"
    result = runner.run(Short("trial", HERE, ["/bin/sh", "-c", f"sleep {mark} & sleep {mark}"], 1))
    check(result.counts[1] == 1 and "killed after 1 s" in result.note, f"{result}")
    left = [p for p in pathlib.Path("/proc").glob("[0-9]*/cmdline") if mark in words_of(p)]
    check(not left, f"still there: {left}")
    return result.note


def words_of(path):
    try:
        return path.read_bytes().decode(errors="replace")
    except OSError:
        return ""


@test
def what_is_skipped_has_not_passed(_):
    def lacks(_):
        raise harness.Skip("this machine has none")

    def breaks(_):
        return 1 // 0

    with contextlib.redirect_stdout(io.StringIO()):
        words = [harness.one(f, None)[0] for f in (lacks, breaks)]
        status = [harness.total(seen) for seen in (["SKIP"], [], ["ok", "FAIL"])]
    check(words == ["SKIP", "FAIL"] and status == [0, 1, 1], f"{words} {status}")
    counts, note = runner.verdict(suite(""), 0, [0, 0, 4])
    check((counts, note) == ((0, 0, 4), ""), f"{counts} {note}")
    return "a skipped test is counted apart"


if __name__ == "__main__":
    main(None)
