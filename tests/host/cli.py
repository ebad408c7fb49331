#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
"""The command line of pktpath on this host: exit statuses, messages, signals, streams."""

import contextlib
import json
import os
import pty
import re
import signal
import socket
import subprocess
import sys
import threading
import time

from lib import libbpf
from lib import wire
from lib.harness import check, main, test
from lib.kernels import AssetError
from lib.tool import PATIENCE, PKTPATH, Trace, eventually, run

class Traffic:
    """Datagrams to a closed port on loopback, a few hundred a second, while the test runs."""

    def __enter__(self):
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._send, daemon=True)
        self._thread.start()
        return self

    def _send(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            while not self._end.wait(0.003):
                s.sendto(b"x" * 20, ("127.0.0.1", 9))

    def __exit__(self, *exc):
        self._end.set()
        self._thread.join()


class Env:
    """What tests of the builds need as well."""

    traffic = Traffic

    def __init__(self):
        # Before there is no way out of our network namespace any more.
        try:
            self.libbpf, self.no_libbpf = libbpf.prefix(), None
        except AssetError as reason:
            self.libbpf, self.no_libbpf = None, reason
        wire.isolate()


def check_reader_left(words, done):
    """`| head -n 1`: no error, and the account, which is not for the reader."""
    said = [line for line in done.stderr.splitlines() if "listening on" not in line]
    check("status 0" in said and "cannot" not in done.stderr and
          sum(bool(re.match(r"\d[\d,]* packets? seen in ", line)) for line in said) == 1,
          f"{words} | head -n 1: {done.stderr}")


@test
def histograms_end_well(_):
    """By a signal, by time, when the reader leaves, and when nothing can be written."""
    with Traffic():
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            with Trace("-i", "lo", argv0=(PKTPATH, "hist")) as t:
                status = t.signal(number).wait()
                check(status == 0 and "whole run" in t.out(),
                      f"{number!r}: {status} {t.out()}{t.err()}")
                check(re.search(r"packets? seen in ", t.err()),
                      f"{number!r}: no account: {t.err()}")
        done = run("hist", "-i", "lo", "-d", "0.3", "--interval", "0.1", "-q")
        check(done.returncode == 0 and "interval 2" in done.stdout and "whole run" in done.stdout,
              f"{done}")
        argv = ["sh", "-c",
                '{ "$0" hist -i lo --interval 0.1 -j; echo "status $?" >&2; } | head -n 1', PKTPATH]
        done = subprocess.run(argv, capture_output=True, text=True, timeout=PATIENCE,
                              check=False)
        check_reader_left("hist", done)
        with open("/dev/full", "w", encoding="ascii") as full:
            done = run("hist", "-i", "lo", "-d", "0.2", stdout=full)
            check(done.returncode == 1 and "cannot write: standard output: " in done.stderr,
                  f"{done.stderr}")
        done = run("hist", "-i", "lo", "-d", "0.5", "--trace", "/dev/full", "-q")
        check(done.returncode == 1 and "cannot write: /dev/full: " in done.stderr, f"{done.stderr}")


@test
def sigusr1_shows_histograms_so_far(_):
    with Traffic(), Trace("-i", "lo", "--json", argv0=(PKTPATH, "hist")) as t:
        for n in (1, 2):
            t.signal(signal.SIGUSR1)
            check(eventually(lambda n=n: t.out().count('"pktpath.summary.v1"') == n),
                  f"no account: {t.err()}")
            check(t.process.poll() is None, "it ended")
        check(t.signal().wait() == 0, t.err())
        hists = [json.loads(line)["hist"] for line in t.out().splitlines() if "hist.v1" in line]
    totals = [next((r["count"] for r in h["rows"] if r["stage"] == "total"), 0) for h in hists]
    check(len(hists) == 3 and totals == sorted(totals) and totals[-1] and
          [h["final"] for h in hists] == [False, False, True], f"{totals}")
    return f"{totals} packets"


@test
def a_full_disk_is_an_error(_):
    with open("/dev/full", "w", encoding="ascii") as full, Traffic():
        for words in (["--help"], ["--version"], ["trace", "--help"], ["probes"],
                      ["trace", "-i", "lo", "-q", "-c", "3"],
                      ["trace", "-i", "lo", "-qj", "-c", "3"]):
            done = run(*words, stdout=full)
            lines = [line for line in done.stderr.splitlines() if "listening on" not in line]
            check(done.returncode == 1, f"{words}: exit status {done.returncode}")
            check(len(lines) == 1 and
                  lines[0].startswith("pktpath: cannot write: standard output: "),
                  f"{words}: {done.stderr}")


@test
def a_reader_that_leaves_ends_it_quietly(_):
    for option in ("-n", "-j"):
        with Traffic():
            argv = ["sh", "-c", '{ "$0" trace -i lo "$1"; echo "status $?" >&2; } | head -n 1',
                    PKTPATH, option]
            done = subprocess.run(argv, capture_output=True, text=True, timeout=PATIENCE,
                                  check=False)
        check_reader_left(f"trace {option}", done)
        check(len(done.stdout.splitlines()) == 1, f"output: {done.stdout}")


@test
def each_signal_that_ends_it_prints_the_account(_):
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        with Trace("-i", "lo") as t:
            status = t.signal(number).wait()
            check(status == 0, f"{number!r}: exit status {status}")
            check(re.search(r"packets? seen in ", t.err()), f"{number!r}: no account: {t.err()}")


def blocked(pid, number):
    """Whether the process has blocked the signal, to read it: shown in /proc."""
    try:
        with open(f"/proc/{pid}/status", encoding="ascii") as file:
            return int(re.search(r"SigBlk:\s*(\w+)", file.read())[1], 16) >> (number - 1) & 1
    except OSError:
        return 0


@test
def what_was_ignored_stays_ignored(_):
    """nohup: SIGHUP does not end it, which a sign of life after it shows; SIGTERM does."""
    nohup = ("sh", "-c", "trap '' HUP; exec \"$0\" \"$@\"", PKTPATH)
    with Trace("-i", "lo", argv0=(*nohup, "trace")) as t:
        t.signal(signal.SIGHUP)
        t.signal(signal.SIGUSR1)
        check(eventually(lambda: "seen in " in t.err()), f"no account so far: {t.err()}")
        check(t.process.poll() is None, f"SIGHUP ended it: {t.err()}")
        check(t.signal(signal.SIGTERM).wait() == 0, t.err())
        check(t.err().count(" seen in ") == 2, f"no account at the end: {t.err()}")
    with subprocess.Popen([*nohup, "bench", "drop", "-d", "1"], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True) as p:
        check(eventually(lambda: blocked(p.pid, signal.SIGINT), every=0), "bench never began")
        p.send_signal(signal.SIGHUP)
        out, said = p.communicate(timeout=PATIENCE)
        check(p.returncode == 0 and "Mpps" in out and "interrupted" not in out + said,
              f"bench: {p.returncode} {out}{said}")


@test
def signals_during_start_up_are_not_lost(_):
    """Once the signals are blocked, none may kill it or pass unheard."""
    early = 0
    for _ in range(5):
        t = Trace("-i", "lo")
        try:
            check(eventually(lambda: blocked(t.process.pid, signal.SIGINT), every=0),
                  "SIGINT is never blocked")
            early += "listening on" not in t.err()
            status = t.signal().wait()
            check(status == 0, f"exit status {status}: {t.err()}")
            check(re.search(r"packets? seen in ", t.err()), f"no account: {t.err()}")
        finally:
            t.__exit__()
    return f"{early} of 5 before it listened"


@test
def sigusr1_prints_the_account_so_far(_):
    with Traffic(), Trace("-i", "lo") as t:
        for n in (1, 2):
            t.signal(signal.SIGUSR1)
            check(eventually(lambda n=n: t.err().count("seen in ") == n), f"no account: {t.err()}")
            check(t.process.poll() is None, "it ended")
        check(t.signal().wait() == 0 and t.err().count("seen in ") == 3, t.err())
    with Traffic(), Trace("-i", "lo", "-j") as t:
        check(eventually(lambda: '"seq":5,' in t.out()), "no records")
        t.signal(signal.SIGUSR1)
        check(eventually(lambda: '"final":false' in t.out()), "no account")
        seen = t.out().count("record.v1")
        check(eventually(lambda: t.out().count("record.v1") > seen), "it did not go on")
        check(t.signal().wait() == 0, "exit status")
        check(t.out().count('"final":true') == 1, "no final account")
        check(t.out().splitlines()[-1].startswith('{"schema":"pktpath.summary.v1"'),
              "not the last line")


@test
def drops_are_grouped_and_counted(_):
    with Trace("-i", "lo", "-j") as every, Trace("-i", "lo", argv0=(PKTPATH, "drops")) as grouped:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            for _ in range(25):
                s.sendto(b"x", ("127.0.0.1", 9))
        grouped.signal()
        every.signal()
        check(grouped.wait() == 0 and every.wait() == 0, f"{grouped.err()}{every.err()}")
        records = [json.loads(line) for line in every.out().splitlines()]
        text = grouped.out()
    want = [r for r in records if r.get("verdict") == "dropped" and r["proto"] == "udp"]
    rows = [line.split() for line in text.splitlines() if "127.0.0.1:9 on lo" in line]
    check(len(rows) == 1 and len(want) == 25, f"{len(want)} dropped: {text}")
    check(rows[0][0] == "25" and rows[0][2:4] == [want[0]["reason"], want[0]["place"]], text)
    return " ".join(rows[0])


@test
def a_duration_ends_it(_):
    started = time.monotonic()
    done = run("trace", "-i", "lo", "-d", "1")
    took = time.monotonic() - started
    check(done.returncode == 0 and "seen in " in done.stderr, f"{done}")
    check(took >= 1, f"after {took:.2f} s")
    return f"{took:.1f} s"


@test
def a_count_is_exact(_):
    with Traffic():
        done = run("trace", "-i", "lo", "-c", "5", "-q")
        check(done.returncode == 0 and len(done.stdout.splitlines()) == 5, f"{done}")
        check("seen in " in done.stderr, f"no account: {done.stderr}")
        done = run("trace", "-i", "lo", "-c", "5", "--json")
        kinds = [line.split('"')[3] for line in done.stdout.splitlines()]
        check(kinds == ["pktpath.record.v1"] * 5 + ["pktpath.summary.v1"], f"{kinds}")
        check('"shown":5,' in done.stdout, "the ledger says otherwise")


@test
def quiet_and_verbose(_):
    with Traffic():
        plain, quiet, loud = (run("trace", "-i", "lo", "-c", "3", *words)
                              for words in ([], ["-q"], ["-v"]))
    check(plain.stdout.startswith("time ") and len(plain.stdout.splitlines()) == 4, plain.stdout)
    check(len(quiet.stdout.splitlines()) == 3, quiet.stdout)
    check("\n  hooks" not in quiet.stderr and len(quiet.stderr) < len(plain.stderr), quiet.stderr)
    check(len(loud.stdout.splitlines()) > 9 and "netif" in loud.stdout, loud.stdout)


@test
def colour_only_where_it_is_wanted(_):
    """And other control sequences, which a terminal may not understand."""
    def on_terminal(*words, **env):
        words = words or ("trace", "-i", "lo", "-c", "2")
        said = []
        env = {"TERM": "xterm", **{k: v for k, v in os.environ.items() if k != "TERM"}, **env}
        pid, fd = pty.fork()
        if not pid:
            os.execve(PKTPATH, [PKTPATH, *words], env)
        with contextlib.suppress(OSError):  # EIO: it has ended
            while data := os.read(fd, 65536):
                said.append(data)
        os.close(fd)
        check(os.waitpid(pid, 0)[1] == 0, f"{words}: {b''.join(said)}")
        return b"".join(said).decode("utf-8", "replace")

    def coloured(*words, **env):
        done = run("trace", "-i", "lo", "-c", "2", *words, env={**os.environ, **env})
        check(done.returncode == 0, done.stderr)
        return "\x1b[" in done.stdout

    with Traffic():
        check(not coloured(), "escapes in a pipe")
        check(coloured("--color=always"), "no escapes although asked for")
        check(not coloured("--color=never"), "escapes although refused")
        check(not coloured("--color=auto"), "escapes in a pipe")
        check("\x1b" in on_terminal(), "no escapes on a terminal")
        check("\x1b" in on_terminal(NO_COLOR=""), "NO_COLOR is empty, and so is not set")
        for env in ({"NO_COLOR": "1"}, {"TERM": "dumb"}, {"TERM": ""}):
            check("\x1b" not in on_terminal(**env), f"escapes despite {env}")
        live = on_terminal("hist", "-i", "lo", "-d", "2.5")
        check(re.search(r"\x1b\[\d+A", live), f"not drawn anew: {live!r}")
        plain = on_terminal("hist", "-i", "lo", "-d", "2.5", TERM="dumb")
        check("\x1b" not in plain and "total" in plain, f"a dumb terminal got {plain!r}")


@test
def lines_come_at_once_through_a_pipe(_):
    with Traffic():
        process = subprocess.Popen([PKTPATH, "trace", "-i", "lo"], stdout=subprocess.PIPE,
                                   stderr=subprocess.DEVNULL, text=True)
        try:
            os.set_blocking(process.stdout.fileno(), True)
            lines = [process.stdout.readline() for _ in range(3)]
            check(all(line.endswith("\n") for line in lines), f"{lines}")
        finally:
            process.kill()
            process.communicate()


@test
def closed_standard_streams_do_no_harm(_):
    for closed, status in ((["<&-"], 0), ([">&-"], 1), (["2>&-"], 0), (["<&-", ">&-", "2>&-"], 1)):
        for words in ("probes", "trace -i lo -d 0.2"):
            argv = ["sh", "-c", f'exec "$0" {words} {" ".join(closed)}', PKTPATH]
            done = subprocess.run(argv, capture_output=True, text=True, timeout=PATIENCE,
                                  check=False)
            # Nothing is written to standard output by a trace without packets: both are right.
            allowed = {0, status} if words.startswith("trace") else {status}
            check(done.returncode in allowed, f"{words} {closed}: {done}")


@test
def sigterm_ends_it_although_its_reader_does_not_read(_):
    reading, writing = os.pipe()
    with Traffic():
        process = subprocess.Popen([PKTPATH, "trace", "-i", "lo", "-v"], stdout=writing,
                                   stderr=subprocess.DEVNULL)
        os.close(writing)
        try:
            state = f"/proc/{process.pid}/wchan"
            eventually(lambda: "pipe_w" in open(state, encoding="ascii").read(), 20)
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                raise AssertionError("SIGTERM is ignored while the reader does not read") from None
        finally:
            process.kill()
            process.wait()
            os.close(reading)


if __name__ == "__main__":
    if os.geteuid():
        print("SKIP all: BPF programs need root\n0 passed, 0 failed, 1 skipped")
        sys.exit(0)
    from host import build, making, words  # noqa: F401  define tests
    main(Env())
