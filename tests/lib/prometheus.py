# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
"""A real Prometheus for the tests: Debian's own package, fetched by apt, unpacked in the cache and
never installed; started on loopback, and asked by its HTTP interface."""

import json
import pathlib
import shutil
import subprocess
import tempfile
import urllib.parse
import urllib.request

from lib.harness import check
from lib.kernels import Apt, cache_dir, locked, output, say
from lib.tool import eventually

SUITE, PACKAGE = "bookworm", "prometheus"


def prefix():
    """The directory that has bin/prometheus and bin/promtool. Raises AssetError."""
    cache = cache_dir()
    entry = cache / PACKAGE / SUITE
    with locked(cache / f"{PACKAGE}.lock"):
        if not entry.exists():
            entry.parent.mkdir(exist_ok=True)
            _fetch(entry, cache)
    return entry / "usr"


def _fetch(entry, cache):
    scratch = pathlib.Path(tempfile.mkdtemp(prefix=f"tmp-{PACKAGE}-", dir=cache))
    try:
        apt = Apt(scratch, (SUITE,), ())
        say(f"looking up {PACKAGE} in {SUITE}")
        apt.update()
        for deb in apt.download([PACKAGE]):
            output(["dpkg-deb", "-x", str(deb), str(scratch / "tree")])
        (scratch / "tree").rename(entry)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def promtool(usr, *words, **options):
    """promtool to its end: what it said, or an AssertionError with that."""
    done = subprocess.run([str(usr / "bin" / "promtool"), *words], capture_output=True, text=True,
                          check=False, timeout=60, **options)
    said = (done.stdout + done.stderr).strip()
    check(done.returncode == 0, f"promtool {' '.join(words)}: {said}")
    return said


CONFIG = """
global: {{ scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s }}
rule_files: {rules}
scrape_configs:
  - job_name: pktpath
    static_configs: [{{ targets: ["{target}"] }}]
"""


class Prometheus:
    """One that scrapes `target` once a second, in the network namespace of this process."""

    def __init__(self, usr, target, rules=(), port=9099):
        self._dir = pathlib.Path(tempfile.mkdtemp(prefix="pktpath-prometheus-"))
        config = self._dir / "prometheus.yml"
        config.write_text(CONFIG.format(target=target, rules=json.dumps([str(r) for r in rules])))
        self._base = f"http://127.0.0.1:{port}"
        self._log = open(self._dir / "log", "w+", encoding="utf-8")
        self.process = subprocess.Popen(
            [str(usr / "bin" / "prometheus"), f"--config.file={config}",
             f"--storage.tsdb.path={self._dir}/data", f"--web.listen-address=127.0.0.1:{port}",
             "--enable-feature=exemplar-storage"],
            stdout=self._log, stderr=subprocess.STDOUT)

    def __enter__(self):
        ready = eventually(lambda: self.process.poll() is not None or self._ready())
        if not ready or self.process.poll() is not None:
            said = (self._dir / "log").read_text()[-500:]
            self.__exit__()
            raise AssertionError(f"Prometheus did not start: {said}")
        return self

    def __exit__(self, *exc):
        self.process.kill()
        self.process.wait()
        self._log.close()
        shutil.rmtree(self._dir, ignore_errors=True)

    def _ready(self):
        try:
            with urllib.request.urlopen(f"{self._base}/-/ready", timeout=5) as answer:
                return answer.status == 200
        except OSError:
            return False

    def ask(self, what, **parameters):
        """One question to the HTTP interface: the data of its answer."""
        url = f"{self._base}/api/v1/{what}?{urllib.parse.urlencode(parameters)}"
        with urllib.request.urlopen(url, timeout=20) as answer:
            body = json.load(answer)
        check(body["status"] == "success", f"{what}: {body}")
        return body["data"]

    def query(self, text):
        """[(labels, value)] of an instant query."""
        return [(item["metric"], float(item["value"][1]))
                for item in self.ask("query", query=text)["result"]]
