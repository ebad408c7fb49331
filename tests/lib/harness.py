# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
"""A test is a function with @test; it returns a line on what it saw, raises AssertionError or Skip.

    @test
    def pings_are_consumed(env): ...
        return "20 of 20 records consumed"

    if __name__ == "__main__":
        sys.exit(run(env))

run() prints one line a test and closes with `N passed, N failed, N skipped`.
"""

import re
import signal
import sys
import time
import traceback

# A shell that starts us in the background may have these ignored, and so would have all that we
# start, which stays so.
for _number, _usual in ((signal.SIGINT, signal.default_int_handler),
                        (signal.SIGHUP, signal.SIG_DFL)):
    if signal.getsignal(_number) == signal.SIG_IGN:
        signal.signal(_number, _usual)
_tests = []


class Skip(Exception):
    """What this machine lacks. A skipped test is not a passed one."""


def test(function):
    _tests.append(function)
    return function


def later(function):
    """A test of a kind of which `make test` has another one, in a shorter time (of the same stage,
    hook, option or sort of packet): it runs with `--all`, or when it is named."""
    function.later = True
    return test(function)


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
    took = time.monotonic() - started
    print(f"{word:4} {name}{': ' if said else ''}{said} ({took:.1f} s)", flush=True)
    return word, said


def total(words):
    """Closes with the counts; the exit status."""
    failed = words.count("FAIL")
    print(f"{words.count('ok')} passed, {failed} failed, {words.count('SKIP')} skipped", flush=True)
    return 1 if failed or not words else 0


def part_of(tests, words):
    """(those of the part that a first word like `2/3` asks for, the other words). Parts are cut by
    counting, so that a new test is always in one of them."""
    match = re.fullmatch(r"(\d+)/(\d+)", words[0]) if words else None
    if not match:
        return tests, words
    part, parts = int(match[1]), int(match[2])
    if not 1 <= part <= parts:
        sys.exit(f"{words[0]}: no such part")
    return tests[len(tests) * (part - 1) // parts:len(tests) * part // parts], words[1:]


def run(*args, only=()):
    """Runs the tests in order of definition (those with a word of `only` in their name, if given;
    `1/2` before the words is the first half of all; `--all`: those marked @later, too)."""
    words = [w for w in only if w != "--all"]
    every = len(words) < len(only) or any(not re.fullmatch(r"\d+/\d+", w) for w in words)
    tests, words = part_of([f for f in _tests if every or not hasattr(f, "later")], words)
    return total([one(f, *args)[0] for f in tests
                  if not words or any(w in f.__name__ for w in words)])


def main(*args):
    sys.exit(run(*args, only=sys.argv[1:]))
