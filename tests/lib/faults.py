# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
"""Makes calls of pktpath fail, one a run, and looks at how it ends (tests/tools/fail.c).

    probe = Probe(["bench", "drop", "-d", "0.1"])
    for site in probe.sites():              # every call that a usual run makes, by its way there
        judge(probe.provoke(site))          # that call fails

judge() holds for every command: a call that fails is tolerated (status 0), or the run ends with
status 1 or 2 and one line that names something; nothing crashes, hangs, or is left behind.

A command that does not end by itself is given a `drive(process, said)`, called once it runs, which
makes things happen and ends it; said() is what it has written to stderr. It must come back when
process.poll() is not None.
"""

import bisect
import concurrent.futures
import contextlib
import errno
import os
import pathlib
import re
import signal
import struct
import subprocess
import tempfile
import time
from typing import NamedTuple

from lib.harness import check
from lib.tool import BUILD, PATIENCE, PKTPATH, bpf_alive, eventually

LIBRARY = BUILD / "tests/tools/fail.so"

# struct book of tests/tools/fail.c
HEAD, MADE, SITE = struct.Struct("=QQQ"), struct.Struct("=II"), struct.Struct("=24sQQ16Q")
NR_MADE, NR_SITES = 4096, 8192
KINDS = {0: "map", 5: "prog", 28: "link"}

# What fails with what; the first is the usual one, the others are for a full sweep.
REASONS = {
    "malloc": ("ENOMEM",), "calloc": ("ENOMEM",), "realloc": ("ENOMEM",),
    "mmap": ("ENOMEM", "EPERM"), "open": ("EMFILE", "EACCES"), "fopen": ("EMFILE", "EACCES"),
    "opendir": ("EMFILE", "EACCES"), "socket": ("EMFILE", "EPERM"), "bind": ("EADDRINUSE",),
    "pthread_create": ("EAGAIN",), "fork": ("EAGAIN",), "posix_spawn": ("EAGAIN",),
    "unshare": ("EPERM", "ENOSPC"), "setns": ("EPERM",), "sched_setaffinity": ("EINVAL",),
    "send": ("ENOBUFS",), "sendto": ("ENOBUFS",), "sendmsg": ("ENOBUFS",),
    "recv": ("ENOBUFS",), "recvfrom": ("ENOBUFS",), "recvmsg": ("ENOBUFS",),
    "read": ("EIO", "EINTR"), "pread": ("EIO",), "write": ("EIO", "EPERM"),
    "poll": ("EINTR", "ENOMEM"), "epoll_wait": ("EINTR", "EBADF"), "epoll_ctl": ("ENOMEM",),
    "bpf": ("ENOMEM", "EPERM"), "perf_event_open": ("EMFILE", "EACCES"),
    "ioctl": ("EPERM", "ENODEV"), "setsockopt": ("ENOBUFS",), "getsockopt": ("ENOBUFS",),
    "if_nametoindex": ("ENODEV",), "if_indextoname": ("ENXIO",),
}
ANY = ("EMFILE",)
REPORTS = ("Sanitizer", "runtime error:", "*** ", "Assertion")


class Site(NamedTuple):
    """A call, and the program's functions on the way to it, the innermost first."""
    call: str
    hash: int
    count: int      # calls in a usual run
    way: tuple      # offsets in the program
    names: tuple

    def __str__(self):
        return f"{self.call} in {' < '.join(self.names[:4])}"

    def reasons(self):
        return REASONS.get(self.call.split()[0], ANY)


class Outcome(NamedTuple):
    words: list
    site: object    # None: nothing was made to fail
    status: object  # None: it had to be killed
    out: str
    err: str
    failed: int     # calls that did fail
    made: list      # [("prog", 7), …], all that it put into the kernel
    left: list      # processes that it left
    usual: frozenset  # lines on stderr that a usual run has as well

    def lines(self):
        """What it said of the failure."""
        return [line for line in self.err.splitlines() if plain(line) not in self.usual]

    def __str__(self):
        return (f"{' '.join(self.words)}, {self.site or 'usual'}: status {self.status}, "
                f"it said: {self.err[-1500:] or 'nothing'}")


def plain(line):
    """A line without what differs from run to run."""
    return re.sub(r"\d+([.,]\d+)*", "0", line)


class Symbols:
    """Names of functions in a program, static ones too."""

    def __init__(self, program):
        listed = subprocess.run(["nm", "--defined-only", program],
                                capture_output=True, text=True, check=True).stdout
        rows = sorted((int(at, 16), name) for at, kind, name in
                      (line.split() for line in listed.splitlines() if line.count(" ") == 2)
                      if kind in "tT")
        self._at, self._names = [at for at, _ in rows], [name for _, name in rows]

    def name(self, offset):
        i = bisect.bisect_right(self._at, offset - 1) - 1
        return self._names[i].split(".")[0] if i >= 0 else "?"


class Probe:
    """A command that calls are made to fail in. `deep`: by their way through libraries, too.
    `cut`: Ctrl-C once the call has failed, for a command that bears it and goes on for long."""

    def __init__(self, words, program=PKTPATH, drive=None, deep=False, cut=False, env=None,
                 patience=PATIENCE):
        check(LIBRARY.exists(), f"{LIBRARY} is not built (make {LIBRARY})")
        self.words, self.program, self.drive = list(words), program, drive
        self.deep, self.cut, self.env, self.patience = deep, cut, env or {}, patience
        self.usual = frozenset()
        self._symbols = Symbols(program)

    def sites(self, statuses=(0,)):
        """What a usual run calls, in no order; it must end with one of these statuses."""
        with tempfile.TemporaryDirectory() as folder:
            book = pathlib.Path(folder, "book")
            seen = self._run(book, None, {})
            check(seen.status in statuses, f"a usual run: {seen}")
            if not seen.status:
                self.usual = frozenset(plain(line) for line in seen.err.splitlines())
            return list(self._read_sites(book))

    def provoke(self, site, nth=1, reason=None, times=1):
        """A run in which that call fails, the nth and as many after it as make `times`."""
        number = getattr(errno, reason or site.reasons()[0])
        call = f"{site.hash:x} {nth} {times} {number}"
        with tempfile.TemporaryDirectory() as folder:
            return self._run(pathlib.Path(folder, "book"), site, {"FAIL_CALL": call})

    def _run(self, book, site, more):
        env = {**os.environ, **self.env, **more, "LD_PRELOAD": str(LIBRARY),
               "FAIL_BOOK": str(book), **({"FAIL_DEEP": "1"} if self.deep else {})}
        # A sanitizer's allocator is behind the library; without memory it is to say so.
        env["ASAN_OPTIONS"] = "verify_asan_link_order=0:allocator_may_return_null=1"
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            process = subprocess.Popen([self.program, *self.words], env=env, stdout=out,
                                       stderr=err, stdin=subprocess.DEVNULL,
                                       start_new_session=True)
            if self.cut and site:
                eventually(lambda: _read_head(book)[0] or process.poll() is not None)
                process.send_signal(signal.SIGINT)
            status = self._wait(process, lambda: _text(err))
            failed, made = _read_head(book)
            return Outcome(self.words, site, status, _text(out), _text(err), failed, made,
                           _session(process.pid), self.usual)

    def _wait(self, process, said):
        end = time.monotonic() + self.patience
        try:
            if self.drive:
                self.drive(process, said)
            return process.wait(max(end - time.monotonic(), 1))
        except subprocess.TimeoutExpired:
            return None
        finally:
            process.kill()
            process.wait()

    def _read_sites(self, book):
        data = book.read_bytes()
        check(HEAD.unpack_from(data)[2] == 0, "more calls than the book has room for")
        start = HEAD.size + NR_MADE * MADE.size
        for i in range(NR_SITES):
            call, hashed, count, *way = SITE.unpack_from(data, start + i * SITE.size)
            if hashed:
                way = tuple(w for w in way if w)
                yield Site(call.rstrip(b"\0").decode(), hashed, count, way,
                           tuple(self._symbols.name(w) for w in way))


def _text(file):
    return os.pread(file.fileno(), 1 << 24, 0).decode("utf-8", "replace")


def _read_head(book):
    try:
        data = book.read_bytes()
    except FileNotFoundError:
        return 0, []
    if len(data) < HEAD.size + NR_MADE * MADE.size:
        return 0, []  # it has only just begun
    failed, nr, _ = HEAD.unpack_from(data)
    made = (MADE.unpack_from(data, HEAD.size + i * MADE.size) for i in range(min(nr, NR_MADE)))
    return failed, [(KINDS[kind], number) for kind, number in made]


def _session(sid):
    """Processes of that session, which has lost its leader."""
    found = []
    for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            name, rest = stat.read_text().rsplit(")", 1)
            if int(rest.split()[3]) == sid and rest.split()[0] != "Z":
                found.append(name + ")")
    return found


def judge(outcome, statuses=(0, 1, 2)):
    """Raises AssertionError unless the run ended as it should. `failed` is 0 where the call was
    not made this time: such a run is as good as a usual one."""
    said = outcome.lines()
    check(outcome.status is not None, f"it did not end: {outcome}")
    check(outcome.status in statuses, f"not an exit status of ours: {outcome}")
    check(not any(word in outcome.err for word in REPORTS), f"a report: {outcome}")
    if outcome.status:
        check(said, f"not one word: {outcome}")
        check(len(said) == 1, f"{len(said)} lines: {outcome}")
        # What it names may have a colon of its own: drop:lookup, FILE.o:SECTION.
        check(re.match(r"pktpath: .+?: \S", said[0]) and len(said[0]) < 500,
              f"it names nothing, or not why: {outcome}")
    check(not outcome.left, f"it left {outcome.left}: {outcome}")


def nothing_left(outcomes):
    """What these runs put into the kernel is gone, once it has cleaned up."""
    made = {thing for outcome in outcomes for thing in outcome.made}
    eventually(lambda: not made & bpf_alive(), every=0.5)
    left = sorted(made & bpf_alive())
    check(not left, f"left in the kernel: {left[:10]}")
    return len(made)


def places(sites):
    """One of each place where the program calls something, by whichever way it got there."""
    return list({(s.call, s.way[0], s.names[0]): s for s in sorted(sites)}.values())


def functions(sites):
    """The same, one for each function that calls it."""
    return list({(s.call, s.names[0]): s for s in sorted(sites)}.values())


def _fails(probe, site, nth, reason):
    """What went wrong in one run: (outcome, None or text)."""
    outcome = probe.provoke(site, nth, reason)
    try:
        judge(outcome)
    except AssertionError as why:
        return outcome, str(why)
    return outcome, None


def sweep(probe, sites, every=False, workers=3):
    """Each of these calls fails once, or in `every` way that is known: also the last of several
    calls, and with other reasons. Most of a run is waiting, so some are done at a time. Returns
    the outcomes; raises with all that went wrong."""
    runs = []
    for site in sites:
        runs += [(site, 1, reason) for reason in site.reasons()[:None if every else 1]]
        if every and site.count > 1:
            runs.append((site, site.count, site.reasons()[0]))
    with concurrent.futures.ThreadPoolExecutor(workers) as pool:
        done = list(pool.map(lambda run: _fails(probe, *run), runs))
    wrong = [why for _, why in done if why]
    check(not wrong, f"{len(wrong)} of {len(runs)}: " + "\n".join(wrong))
    outcomes = [outcome for outcome, _ in done]
    nothing_left(outcomes)
    return outcomes
