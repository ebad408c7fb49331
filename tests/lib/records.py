# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
"""Reads `pktpath trace --json`, and asserts on every record what must hold for each of them.

No test reads records in another way, so each test also proves this. records.Trace runs one trace
in the guest:

    with Trace(g, "-i", "eth0") as t:
        ... traffic ...
        run = t.stop()
    run.flow(proto="udp", dport=5000)
"""

import json
import signal
import time

from lib.guest import PATIENCE
from lib.harness import check

STAGES = ("irq", "irqthread", "napi", "softirq", "poll", "xdp", "gro", "batch", "flush", "backlog",
          "netif", "ip", "forward", "xmit", "local", "l4", "held", "ooo", "sock", "wake", "run",
          "read")
RANK = {name: i for i, name in enumerate(STAGES)}
VERDICTS = ("delivered", "consumed", "dropped", "merged", "forwarded", "xdp-drop", "xdp-tx",
            "xdp-redirect", "xdp-aborted", "untracked")
CAUSES = ("none", "irq", "repoll", "missed", "timer", "backlog", "busy", "threaded", "netpoll")
# Counted as untracked without ever having been a record.
NO_RECORD = ("missed birth", "table full", "blind hooks")
RECORD, SUMMARY = "pktpath.record.v1", "pktpath.summary.v1"


def check_stages(rec):
    """The stages are in order of time and add up to the total, to the nanosecond."""
    rows = rec["stages"]
    check(rows, f"no stage: {rec}")
    check(rows[0]["at_ns"] == 0, f"the first stage is not at 0: {rec}")
    names = [row["stage"] for row in rows]
    check(len(set(names)) == len(names) and set(names) <= set(STAGES), f"stages {names}: {rec}")
    for row, after in zip(rows, rows[1:]):
        check(0 <= row["at_ns"] <= after["at_ns"], f"not in order of time: {rec}")
        check(row["ns"] == after["at_ns"] - row["at_ns"], f"ns is not up to the next stage: {rec}")
    check(all(row["ns"] >= 0 for row in rows), f"negative duration: {rec}")
    check(sum(row["ns"] for row in rows) == rec["total_ns"], f"stages do not add up: {rec}")
    # A NIC's packet takes them in the order of the table; equal times are in that order too.
    if "hop" not in rec["flags"] and "backlog" not in names:
        late = rec.get("xdp") and rec["xdp"]["mode"] == "generic"
        rank = [RANK["netif"] + 0.5 if n == "xdp" and late else RANK[n] for n in names]
        check(rank == sorted(rank),
              f"not in the order of the receive path: {rec}")


def check_journey(rec):
    """A merged frame's way goes on in its parent: it begins as the frame's own, and adds up."""
    way = dict(rec["journey"], flags=rec["flags"])
    check_stages(way)
    own = [row["stage"] for row in rec["stages"]]
    check([row["stage"] for row in way["stages"]][:len(own)] == own and
          way["total_ns"] >= rec["total_ns"], f"the journey is another one: {rec}")
    check(way["verdict"] in VERDICTS, f"verdict of the journey: {rec}")


def check_reader(rec, names):
    """Who slept was woken before it ran; who was awake did neither; only a reader has a name."""
    flags = set(rec["flags"])
    check("wake" not in names or {"sock", "run"} <= names, f"woken, but never ran: {rec}")
    check("run" not in names or "read" in names, f"ran, but did not read: {rec}")
    check("awake" not in flags or "run" not in names, f"awake, but woken: {rec}")
    check(rec["verdict"] == "delivered" or not (rec["pid"] or rec["comm"] or "awake" in flags),
          f"a reader, but no read: {rec}")
    check(bool(rec["pid"]) == bool(rec["comm"]), f"a reader without name or number: {rec}")
    check(not flags & {"mptcp", "ktls", "sockmap"} or rec["verdict"] != "delivered",
          f"read by an application that does not see it: {rec}")


def check_xdp(rec, names):
    """Who met a program has the stage; who ended there went no further, and the program is
    named."""
    met, ended = rec["xdp"], rec["verdict"].startswith("xdp-")
    check(("xdp" in names) == bool(met), f"the stage xdp, or a program, without the other: {rec}")
    check(not ended or met and rec["stages"][-1]["stage"] == "xdp",
          f"ended at XDP, elsewhere: {rec}")
    check(not ended or met["mode"] == "native" or "netif" in names,
          f"generic without an skb: {rec}")
    check(not ended or met["mode"] == "generic" or "gro" not in names, f"native after GRO: {rec}")
    lost = rec["verdict"] in ("xdp-drop", "xdp-aborted") or (met and met["error"])
    check(not ended or bool(lost) == bool(rec["reason"]), f"its reason: {rec}")


def check_record(rec, poll_skipped=False):
    """What every record ever read must fulfil. poll_skipped: the kernel admits to have skipped
    runs of the hook that sees polls, or cannot say; only then may a record have no cause."""
    check(rec.get("schema") == RECORD, f"not a record: {rec}")
    check_stages(rec)
    names = {row["stage"] for row in rec["stages"]}
    check(rec["verdict"] in VERDICTS, f"verdict: {rec}")
    check(rec["cause"] in CAUSES, f"cause: {rec}")
    check(rec["cause"] != "none" or "late" in rec["flags"] or poll_skipped or
          rec["verdict"] == "untracked", f"neither cause nor late: {rec}")
    check(rec["cause"] != "irq" or {"irq", "napi", "poll"} <= names,
          f"fetched after an interrupt that has no stage: {rec}")
    check("irq" not in names or rec["cause"] != "none", f"an interrupt, but no cause: {rec}")
    check(rec["cause"] in ("none", "backlog") or "poll" in names, f"a cause, but no poll: {rec}")
    check(rec["id"] > 0 and rec["len"] > 0, f"id or length: {rec}")
    check_reader(rec, names)
    check_xdp(rec, names)
    check((rec["verdict"] == "delivered") == ("read" in names), f"read without delivery: {rec}")
    check(rec["verdict"] not in ("dropped", "untracked") or rec["reason"], f"no reason: {rec}")
    check(rec["verdict"] == "merged" or rec["parent"] is None, f"a parent, not merged: {rec}")
    check(rec["verdict"] == "merged" or rec["journey"] is None, f"a journey, not merged: {rec}")
    if rec["journey"]:
        check_journey(rec)


class Run:
    """The whole output of one trace, checked."""

    def __init__(self, text, err=""):
        lines = text.splitlines()
        check(lines, f"no output; standard error: {err.strip()[-500:]}")
        objects = [json.loads(line) for line in lines]
        check(objects[-1].get("schema") == SUMMARY,
              f"the last line is no summary: {lines[-1][:300]}")
        self.records, self.summary = objects[:-1], objects[-1]["summary"]
        self.hooks = self.summary.pop("hooks")
        self.err = err
        # The cause is found at the poll's begin, from what was seen of its being scheduled.
        poll_skipped = any(self.may_skip(role) for role in ("poll", "napi", "irq"))
        for rec in self.records:
            check_record(rec, poll_skipped)
        check([r["seq"] for r in self.records] == list(range(1, len(self.records) + 1)),
              "seq is not 1, 2, 3, …")
        self.by_id = {r["id"]: r for r in self.records}
        check(len(self.by_id) == len(self.records), "an id occurs twice")
        self._check_ledger()

    def _check_ledger(self):
        led = self.summary
        ended = sum(led["verdicts"].values())
        unborn = sum(led["untracked"][name] for name in NO_RECORD)
        check(led["seen"] + led["clones"] == ended + led["in_flight"], f"does not balance: {led}")
        check(led["balanced"] is True, f"not flagged as balanced: {led}")
        check(set(led["verdicts"]) == set(VERDICTS), f"verdicts: {led}")
        check(sum(led["untracked"].values()) == led["verdicts"]["untracked"], f"untracked: {led}")
        check(sum(led["in_flight_at"].values()) == led["in_flight"], f"in flight: {led}")
        sent, slow = led["emitted"] + led["ring_lost"], led["slow"]
        check(slow == sent if slow is not None else sent + led["filtered"] == ended - unborn,
              f"ended records are neither emitted, lost nor filtered: {led}")
        check(led["shown"] == led["emitted"] == len(self.records),
              f"{len(self.records)} records, but: {led}")
        if led["filtered"]:
            check({r["verdict"] for r in self.records} <= {"delivered"},
                  f"only a reader's packets were asked for: {tally(self.records)}")
        elif not led["ring_lost"] and slow is None:
            for verdict in VERDICTS:
                want = led["verdicts"][verdict] - (unborn if verdict == "untracked" else 0)
                got = sum(r["verdict"] == verdict for r in self.records)
                check(got == want, f"{got} records are {verdict}: {led}")
        every = led["seen"] + led["clones"]
        percent = 100.0 * (every - led["verdicts"]["untracked"]) / every if every else 100.0
        check(abs(percent - led["coverage_percent"]) < 0.01, f"coverage: {led}")

    def flow(self, **fields):
        """The records with these field values, in order of output."""
        return [r for r in self.records if all(r[k] == v for k, v in fields.items())]

    def missed(self):
        """Runs of hooks which the kernel says it skipped, where it says so: {hook: count}."""
        return {h["hook"]: h["missed"] for h in self.hooks if h["missed"]}

    def may_skip(self, role=None):
        """Whether the kernel skipped runs of a role's hooks (of any), or cannot say so: kprobes
        before Linux 6.7, which are skipped where an interrupt comes over another kprobe."""
        return any(h["missed"] or (h["missed"] is None and "kprobe" in (h["backend"] or ""))
                   for h in self.hooks if role in (None, h["role"]))

    def skipped_ends(self):
        """Frees that the kernel says it did not show: its own program was at work on that CPU
        already, in a process which the softirq came over."""
        return sum(h["missed"] or 0 for h in self.hooks if h["role"] == "end")

    def unseen(self):
        """How many packets did not end, where all must have: not more than frees were skipped.
        Such a packet stays until its memory is used again."""
        led, skipped = self.summary, self.skipped_ends()
        left = led["in_flight"] + led["untracked"]["stale"]
        # What was coalesced into a packet that the kernel did not show being queued.
        orphans = led["untracked"]["parent unknown"]
        check(left <= skipped and orphans <= sum(self.missed().values()) and
              led["verdicts"]["untracked"] == led["untracked"]["stale"] + orphans,
              f"in flight or untracked, and {skipped} frees were skipped: {led}")
        return left + orphans

    def backends(self):
        return {h["backend"] for h in self.hooks}


def at(rec, stage):
    """When a stage was reached, in the tool's wall clock; None if it was not."""
    for row in rec["stages"]:
        if row["stage"] == stage:
            return rec["time_ns"] + row["at_ns"]
    return None


def spent(rec, stage):
    """How long a stage lasted; 0 if it was not reached."""
    return sum(row["ns"] for row in rec["stages"] if row["stage"] == stage)


def between(rec, first, last):
    """From one stage to another."""
    return at(rec, last) - at(rec, first)


def tally(records, key="verdict"):
    """{value: how many}, most frequent first."""
    counts = {}
    for rec in records:
        counts[rec[key]] = counts.get(rec[key], 0) + 1
    return dict(sorted(counts.items(), key=lambda item: -item[1]))


def settle(guest):
    """Waits until the traces that have given their account have detached and ended well."""
    while guest.ending:
        process = guest.ending.pop()
        rc = process.wait(60)
        check(rc == 0, f"exit status {rc} of '{process.command}': {process.err().strip()[-500:]}")


class Trace:
    """One `pktpath trace --json` in the guest. file=True keeps the output in the guest until
    the end, for runs with many records; else it can be followed with wait_records().

    The account comes before it detaches, for which a kernel may take seconds: stop() does not wait
    for that, but the next trace's ready() does, and settle()."""

    count = 0

    def __init__(self, guest, *args, file=False):
        self._g, self._args = guest, [str(a) for a in args]
        self._path, self._stopped = None, False
        if file:
            Trace.count += 1
            self._path = f"/tmp/trace{Trace.count}.json"
        self._process = None

    def start(self):
        command = ["pktpath", "trace", "--json", *self._args]
        if self._path:
            command = ["sh", "-c", f"exec {' '.join(command)} > {self._path}"]
        self._process = self._g.start(command)
        return self

    def ready(self):
        self._process.wait_for("listening on", 200)
        settle(self._g)
        return self

    def __enter__(self):
        return self.start().ready()

    def __exit__(self, *exc):
        if self._process and self._process.returncode is None and not self._stopped:
            self.kill()

    def kill(self):
        """kill -9. Returns once it is gone."""
        self._process.signal(signal.SIGKILL)
        self._process.wait(30)

    def alive(self):
        return self._process.returncode is None

    def wait_said(self, text, timeout=60):
        """What it has said on standard error, once `text` is in it."""
        self._process.wait_for(text, timeout)
        return self.said()

    def said(self):
        return self._process.err()

    def wait_end(self, timeout=30):
        """Its exit status and standard error, when it ends by itself."""
        return self._process.wait(timeout), self._process.err()

    def wait_records(self, match, count, timeout=30):
        """Waits until `count` records were written of which the line contains `match`."""
        until = time.monotonic() + timeout * PATIENCE
        while time.monotonic() < until:
            got = self._process.out_bytes().count(match.encode())
            if got >= count:
                return
            check(self.alive(), f"the trace ended: {self._process.err()}")
            time.sleep(0.05)
        check(False, f"{got} of {count} records with {match} within {timeout} s")

    def wrote(self, text):
        """How many lines with `text` it has written."""
        if not self._path:
            return self._process.out().count(text)
        return int(self._g.sh(["grep", "-c", "-F", "-e", text, self._path])[1])

    def stop(self):
        """Ends it as Ctrl-C does. The checked output."""
        self._process.signal()
        return self.result()

    def _has_account(self):
        if not self._path:
            return f'"schema":"{SUMMARY}"' in self._process.out()[-20_000:] and \
                self._process.out().endswith("\n")
        return not self._g.sh(f"[ $(tail -c 1 {self._path} | wc -l) = 1 ] && "
                              f"tail -n 1 {self._path} | grep -q '{SUMMARY}'")[0]

    def result(self):
        """Its output, once the account is there; it goes on to detach."""
        until = time.monotonic() + 60 * PATIENCE
        while self.alive() and not self._has_account() and time.monotonic() < until:
            time.sleep(0.02)
        self._stopped = True
        self._g.ending.append(self._process)
        if not self.alive() or time.monotonic() >= until:
            settle(self._g)
        err = self._process.err()
        raw = self._g.pull(self._path) if self._path else self._process.out_bytes()
        if self._path:
            self._g.check(["rm", self._path])
        return Run(raw.decode(), err)
