# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
"""Reads `pktpath hist --json`, and asserts on every line what must hold for each of them."""

import json
import math
import pathlib
import re

from lib.harness import check
from lib.records import SUMMARY, VERDICTS, check_record

HIST = "pktpath.hist.v1"
SCHEMA = pathlib.Path(__file__).resolve().parents[2] / "docs/record.schema.json"
# As the schema spells them: p999_ns is the 0.999 quantile.
QUANTILES = {key: float(f"0.{key[1:-3]}")
             for key in dict.fromkeys(re.findall(r'"(p\d+_ns)": \{', SCHEMA.read_text("utf-8")))}
ERROR = 0.016  # what the tool states
BEFORE_GRO = ("irq", "napi", "softirq", "poll", "xdp", "gro")  # merged frames count there as well
SUB, LAST = 32, 1023


def bucket(ns):
    """(from, below) of the bucket of a duration: 32 for each power of two, single values up to
    63."""
    if ns < 2 * SUB:
        return ns, ns + 1
    shift = ns.bit_length() - 6
    low = ns >> shift << shift
    return low, low + (1 << shift)


def exact(values, part):
    """Nearest rank."""
    return sorted(values)[max(0, math.ceil(part * len(values) - 1e-9) - 1)]


class Hist:
    """One `hist` line."""

    def __init__(self, line):
        self.__dict__.update(line["hist"])
        self.row = {(r["stage"], r["group"]): r for r in self.rows}
        check(len(self.row) == len(self.rows), "a row occurs twice")
        for row in self.rows:
            steps = [row["min_ns"], *(row[q] for q in QUANTILES), row["max_ns"]]
            check(steps == sorted(steps) and row["count"] > 0, f"quantiles: {row}")
            if row["buckets"] is not None:
                check(sum(b["count"] for b in row["buckets"]) == row["count"], f"buckets: {row}")
            parts = [r["count"] for r in self.rows if r["stage"] == row["stage"] and r["group"]]
            check(row["group"] or not parts or sum(parts) == row["count"],
                  f"groups of {row['stage']}: {parts} are not {row['count']}")

    def get(self, stage, group=None):
        check((stage, group) in self.row, f"no row {stage} {group}: {sorted(map(str, self.row))}")
        return self.row[stage, group]

    def count(self, stage="total", group=None):
        return self.row[stage, group]["count"] if (stage, group) in self.row else 0

    def counts(self):
        return {key: row["count"] for key, row in self.row.items()}


class HistRun:
    """The whole output of one run, checked."""

    def __init__(self, text, err=""):
        objects = [json.loads(line) for line in text.splitlines()]
        check(len(objects) > 1, f"no output; standard error: {err.strip()[-500:]}")
        check(objects[-1].get("schema") == SUMMARY, f"the last line is no summary: {objects[-1]}")
        self.summary = objects[-1]["summary"]
        self.hooks = self.summary.pop("hooks")
        self.records, self.hists = {}, []
        for obj in objects[:-1]:
            if obj["schema"] == HIST:
                self.hists.append(Hist(obj))
                self._check_examples(self.hists[-1])
            else:
                check_record(obj, poll_skipped=True)
                check(obj["verdict"] not in ("merged", "untracked"), f"no whole journey: {obj}")
                self.records[obj["id"]] = obj
        self.whole = self.hists[-1]
        check(self.whole.final and self.whole.interval is None, "the last is not the whole run")
        self._check_sums()
        self._check_ledger()

    def _check_examples(self, hist):
        for row in hist.rows:
            for worst in row["worst"] or ():
                rec = self.records.get(worst["id"])
                check(rec, f"the example of {row['stage']} was not written: {worst}")
                if row["stage"] == "total":
                    check(rec["total_ns"] == worst["ns"], f"{worst} is not the total of {rec}")
            slowest = [w["ns"] for w in row["worst"] or ()]
            check(slowest == sorted(slowest, reverse=True), f"not the slowest first: {row}")

    def _check_sums(self):
        """What was counted in each interval is what was counted in all, row by row."""
        spans = [h for h in self.hists if h.interval is not None]
        check([h.interval for h in spans] == list(range(1, len(spans) + 1)),
              "intervals are not 1, 2, …")
        sums = {}
        for hist in spans:
            for key, count in hist.counts().items():
                sums[key] = sums.get(key, 0) + count
        check(not spans or sums == self.whole.counts(), f"{sums} is not {self.whole.counts()}")

    def _check_ledger(self):
        led = self.summary
        check(led["balanced"] and set(led["verdicts"]) == set(VERDICTS), f"{led}")
        check(led["seen"] + led["clones"] == sum(led["verdicts"].values()) + led["in_flight"],
              f"{led}")

    def measured(self):
        """How many packets the total's row must hold: by the wire or by the skb."""
        verdicts = dict(self.summary["verdicts"])
        verdicts.pop("untracked")
        if self.whole.weight == "skb":
            verdicts.pop("merged")
        return sum(verdicts.values())


def durations(records, wire=True):
    """{stage: [ns]} as the histograms have them, computed from all records of a trace."""
    rows = {"total": []}
    for rec in records:
        merged, verdict = rec["verdict"] == "merged", rec["verdict"]
        if verdict == "untracked":
            continue
        weight = 0 if merged else (rec["gro_frames"] or 1) if wire else 1
        before = int(wire or not merged)
        rows["total"] += [rec["total_ns"]] * weight
        for row in rec["stages"]:
            early = row["stage"] in BEFORE_GRO
            rows.setdefault(row["stage"], []).extend([row["ns"]] * (before if early else weight))
    return {stage: values for stage, values in rows.items() if values}


def check_rows(hist, records, wire=True):
    """Each row's buckets hold what was computed from the records, and its quantiles are near."""
    want = durations(records, wire)
    check({stage for stage, group in hist.row if group is None} == set(want),
          f"rows {sorted(map(str, hist.row))}, records have {sorted(want)}")
    worst = 0
    for stage, values in want.items():
        row, counted = hist.get(stage), {}
        for ns in values:
            counted[bucket(ns)] = counted.get(bucket(ns), 0) + 1
        check(row["count"] == len(values),
              f"{stage}: {row['count']}, the records have {len(values)}")
        if row["buckets"] is not None:
            got = {(b["from_ns"], b["below_ns"]): b["count"] for b in row["buckets"]}
            check(got == counted, f"{stage}: buckets {got}, the records have {counted}")
        for name, part in QUANTILES.items():
            true = exact(values, part)
            off = abs(row[name] - true) / max(true, 1)
            check(off <= ERROR, f"{stage} {name}: {row[name]}, the records have {true}")
            worst = max(worst, off)
    return f"{len(want)} rows of {len(records)} records, quantiles at most {worst:.2%} off"
