# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
"""A test is a function with @test; it returns a line on what it saw, raises AssertionError or Skip.

    @test
    def pings_are_consumed(env): ...
        return "20 of 20 records consumed"

    if __name__ == "__main__":
        sys.exit(run(env))

run() prints one line a test and closes with `N passed, N failed, N skipped`.
"""

import sys
import time
import traceback

_tests = []


class Skip(Exception):
    """What this machine lacks. A skipped test is not a passed one."""


def test(function):
    _tests.append(function)
    return function


def take_tests():
    """The tests defined so far, which then no longer run by themselves."""
    taken = _tests[:]
    _tests.clear()
    return taken


def check(condition, message):
    """assert that survives python -O and always says what it saw."""
    if not condition:
        raise AssertionError(message)


def one(function, *args):
    """Runs one test and prints its line: (ok, FAIL or SKIP; what it said)."""
    started = time.monotonic()
    try:
        word, said = "ok", function(*args) or ""
    except Skip as reason:
        word, said = "SKIP", str(reason)
    except AssertionError as reason:
        word, said = "FAIL", str(reason)
    except Exception:  # a test that breaks has failed; the others still run
        word, said = "FAIL", traceback.format_exc()
    name = function.__name__.replace("_", " ")
    print(f"{word:4} {name}{': ' if said else ''}{said} ({time.monotonic() - started:.1f} s)", flush=True)
    return word, said


def total(words):
    """Closes with the counts; the exit status."""
    failed = words.count("FAIL")
    print(f"{words.count('ok')} passed, {failed} failed, {words.count('SKIP')} skipped", flush=True)
    return 1 if failed or not words else 0


def run(*args, only=None):
    """Runs the tests in order of definition (those with a word of `only` in their name, if given)."""
    return total([one(f, *args)[0] for f in _tests
                  if not only or any(w in f.__name__ for w in only)])


def main(*args):
    sys.exit(run(*args, only=sys.argv[1:]))
