# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
"""One `pktpath serve` on this host, and its metrics as numbers."""

import http.client
import re
import time

from lib.harness import check
from lib.tool import PKTPATH, Trace, eventually

SAMPLE = re.compile(r"^(\w+)(?:\{(.*?)\})? (\S+)(?: # (.*))?$")
LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')
ACCEPT_OPEN = "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5"


def parse(text):
    """{(name, labels as a frozenset of pairs): value}; each series once."""
    found = {}
    for line in text.splitlines():
        if not line or line.startswith("#"):
            continue
        match = SAMPLE.match(line)
        check(match, f"not a sample: {line}")
        key = (match[1], frozenset(LABEL.findall(match[2] or "")))
        check(key not in found, f"the same series twice: {line}")
        found[key] = float(match[3])
    return found


class Metrics:
    """What one scrape said."""

    def __init__(self, text):
        self.text, self.all = text, parse(text)

    def of(self, name, **labels):
        """{labels: value} of the series of that name which have these labels."""
        want = set(labels.items())
        return {key: value for (n, key), value in self.all.items() if n == name and want <= key}

    def sum(self, name, **labels):
        return sum(self.of(name, **labels).values())

    def one(self, name, **labels):
        got = self.of(name, **labels)
        check(len(got) == 1, f"{len(got)} series {name} {labels}")
        return next(iter(got.values()))

    def buckets(self, name, **labels):
        """[(le, cumulative count)] in order, of one histogram."""
        rows = [(float(dict(key)["le"]), value)
                for key, value in self.of(f"{name}_bucket", **labels).items()]
        return sorted(rows)


class Serve(Trace):
    """A running one, by default on a port that the kernel chooses."""

    def __init__(self, *words, listen="127.0.0.1:0", argv0=(PKTPATH, "serve"), **options):
        super().__init__("--listen", listen, *words, argv0=argv0, **options)

    def __enter__(self):
        super().__enter__()
        self.host, port = re.search(r"http://\[?([^/]*?)\]?:(\d+)/metrics", self.err()).groups()
        self.port = int(port)
        return self

    def get(self, path="/metrics", method="GET", seconds=10, **headers):
        """(status, headers, body)"""
        connection = http.client.HTTPConnection(self.host, self.port, timeout=seconds)
        try:
            connection.request(method, path, headers=headers)
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read().decode()
        finally:
            connection.close()

    def scrape(self, accept=ACCEPT_OPEN):
        time.sleep(0.12)  # an answer is kept for a tenth of a second
        status, _, body = self.get(Accept=accept)
        check(status == 200, f"status {status}: {body}")
        return Metrics(body)

    def settled(self, condition):
        """A scrape for which condition(metrics) holds, or the last one."""
        last = []

        def look():
            last[:] = [self.scrape()]
            return condition(last[0])

        eventually(look, 20)
        return last[0]

    def end(self, number=15):
        """Ends it: the ledger that it wrote, after checking that it is well."""
        status = self.signal(number).wait()
        check(status == 0, f"exit status {status}: {self.err()}")
        said = self.err()
        check("seen in " in said and "NOT BALANCE" not in said, f"no good ledger: {said}")
        return said
