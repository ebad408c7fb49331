# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
"""Runs pktpath on this host: to its end, or as a trace while something else happens."""

import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import tempfile
import time

from lib.harness import Skip, check
from lib.records import Run

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("PKTPATH_BUILD") or ROOT / "build")
PKTPATH = str(BUILD / "pktpath")
PATIENCE = 120  # seconds: for what takes one at most, on a machine that does other work


class HostRun(Run):
    """A run on a kernel that may be poorer than the guests': a role that no hook serves was
    skipped throughout."""

    def may_skip(self, role=None):
        served = {h["role"] for h in self.hooks if h["backend"]}
        return (role is not None and role not in served) or super().may_skip(role)


def run(*words, argv0=(PKTPATH,), **options):
    """pktpath to its end. stdout, stderr and returncode are in the result."""
    options = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE,
               "text": True, "timeout": PATIENCE, "check": False, **options}
    return subprocess.run([*argv0, *words], **options)


def eventually(condition, seconds=PATIENCE, every=0.02):
    """What condition() returns as soon as that is true, or at last."""
    end = time.monotonic() + seconds
    while not (value := condition()) and time.monotonic() < end:
        time.sleep(every)
    return value


class Trace:
    """One `pktpath trace`. Its output goes to files: a full pipe would hold it up."""

    def __init__(self, *words, argv0=(PKTPATH, "trace"), **options):
        self._out, self._err = tempfile.TemporaryFile(), tempfile.TemporaryFile()
        options = {"stdin": subprocess.DEVNULL, "stdout": self._out, "stderr": self._err, **options}
        self.process = subprocess.Popen([*argv0, *words], **options)

    def __enter__(self):
        return self.ready()

    def __exit__(self, *exc):
        self.process.kill()
        self.process.wait()
        self._out.close()
        self._err.close()

    @staticmethod
    def _text(file):
        return os.pread(file.fileno(), 1 << 30, 0).decode("utf-8", "replace")

    def out(self):
        return self._text(self._out)

    def err(self):
        return self._text(self._err)

    def ready(self):
        """Waits until it is attached."""
        eventually(lambda: "listening on" in self.err() or self.process.poll() is not None)
        if "listening on" not in self.err():
            said = self.err().strip()
            self.__exit__()
            raise AssertionError(f"no trace began: {said}")
        return self

    def signal(self, number=signal.SIGINT):
        self.process.send_signal(number)
        return self

    def wait(self):
        """The exit status."""
        try:
            return self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"it did not end within {PATIENCE} s: {self.err()}") from None

    def stop(self):
        """Ctrl-C, and what it wrote: all checks that hold for every record are made here."""
        status = self.signal().wait()
        check(status == 0, f"exit status {status}: {self.err()}")
        return HostRun(self.out(), self.err())


def bpf_ids(pid):
    """What a process holds in the kernel: {("prog", 7), ("link", 3), …}."""
    held = set()
    for info in pathlib.Path(f"/proc/{pid}/fdinfo").iterdir():
        try:
            text = info.read_text()
        except OSError:  # closed meanwhile
            continue
        held |= {(kind, int(n))
                 for kind, n in re.findall(r"^(prog|link|map)_id:\s*(\d+)", text, re.M)}
    return held


def bpf_alive():
    """What the kernel holds, of all processes."""
    bpftool = shutil.which("bpftool",
                           path=f"/usr/sbin:/usr/local/sbin:{os.environ.get('PATH', '')}")
    if not bpftool:
        raise Skip("no bpftool")
    alive = set()
    for kind in ("prog", "link", "map"):
        for _ in range(20):  # what goes while it is listed is an error to bpftool
            done = subprocess.run([bpftool, "-j", kind, "list"],
                                  capture_output=True, text=True, check=False)
            if not done.returncode:
                break
        check(done.returncode == 0, f"bpftool {kind}: {done.stdout}{done.stderr}")
        alive |= {(kind, item["id"]) for item in json.loads(done.stdout or "[]")}
    return alive


def served(*words):
    """{role: [hooks that serve it]}, as `pktpath probes` says."""
    done = run("probes", *words)
    check(done.returncode == 0, f"pktpath probes: {done.stderr}")
    roles = {}
    for line in done.stdout.split("\n\n")[0].splitlines()[1:]:
        role, hook, backend = line.split()[:3]
        roles.setdefault(role, [])
        if backend != "-":
            roles[role].append(hook)
    return roles


def need(roles, *names):
    """Skips where this kernel lacks one."""
    missing = [n for n in names if not roles.get(n)]
    if missing:
        raise Skip(f"this kernel offers no hook for {', '.join(missing)}")
