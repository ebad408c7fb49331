# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
"""What the tests of guest/e1000.py share: the guests, known traffic, and counts from outside."""

import os
import re
import signal
import statistics
import struct
import subprocess
import tempfile
import time

from lib import guest as guests
from lib.harness import Skip, check
from lib.records import Trace, settle

SPIN = "spin.bpf.o"
MS = 1_000_000
MSS = 1448  # bytes of TCP in a frame of 1514, with timestamps
ALIGN_NS = MS // 5  # the tool's wall clock against the guest's: two clock readings apart
PLACES = ("/usr/sbin", "/usr/local/sbin", "/usr/bin")
PACKED = ("bpftool", "ethtool", "nft", "setpriv")  # into the guest, if they are installed
STREAM = 20_000_000  # bytes: the large TCP transfer
ROOM = 4 << 20       # bytes of socket buffer: for 1,000 datagrams and more
# udp-recv and tcp-recv with --timestamps.
CLOCK = re.compile(r"clock realtime (\d+) monotonic (\d+) window (\d+)")
UNSUPPORTED = re.compile(r"Linux (\d+)\.(\d+) or later is needed")


def megabytes(n):
    return f"{n / 1e6:g} MB"


class Env:
    """Boots the guest a test asks for, and keeps it while the next test wants the same one."""

    KERNEL = "6.1"

    def __init__(self, kernel=KERNEL, nic="e1000"):
        self.kernel, self.nic = kernel, nic
        self._guest, self._like, self._next_port = None, None, 5000

    def guest(self, smp=1, ipv6=False, nic=None, both=False, append=""):
        """eth0 and eth1 are of this environment's model, or eth0 of `nic` and eth1 an e1000 (with
        `both`: of `nic`, too); one CPU or two. IPv6 brings frames that nobody asked for. append:
        more words for the kernel's command line."""
        like = smp, ipv6, nic or self.nic, both, append
        if self._guest and self._like == like:
            return self._guest
        self.close()
        programs = guests.installed(PACKED, ":".join(PLACES))
        g = guests.Guest(kernel=self.kernel, nic=nic or self.nic,
                         extra_nics=["e1000" if nic and not both else nic or self.nic],
                         smp=smp, ipv6=ipv6, programs=programs, append=append)
        self._guest, self._like = g.__enter__(), like
        g.check("[ -f /sys/kernel/debug/kprobes/list ] || mount -t debugfs none /sys/kernel/debug")
        g.push((guests.build_dir() / "tests/tools" / SPIN).read_bytes(), f"/tmp/{SPIN}")
        g.packed, g.has_bpftool = set(programs), "bpftool" in programs
        print(f"     guest with Linux {self.kernel}, {nic or self.nic} and {smp} CPU(s): up after "
              f"{g.boot_seconds:.1f} s", flush=True)
        return g

    def close(self):
        if not self._guest:
            return
        try:
            settle(self._guest)
        finally:
            self._guest.close()
            self._guest = None

    def port(self):
        """One that no other test uses, so that a flow is a test's own."""
        self._next_port += 1
        return self._next_port


# --- traffic: from outside, each with the receiver's own account -------------------------------

def receive(g, *args, inside=()):
    """Starts a receiver in the guest; returns when it listens. inside: words before the command.

    A socket's usual buffer holds 270 datagrams, and a guest that had no CPU for a while gets more
    at once."""
    words = [*inside, "traffic", *map(str, args), "--timeout", str(20 * guests.PATIENCE)]
    if args[0] == "udp-recv" and "--rcvbuf" not in args:
        words += ["--rcvbuf", str(ROOM)]
    process = g.start(words)
    process.wait_for("ready", 20)
    return process


def send_udp(g, port, count, gap_us=500, size=64, nic=0, reader=(), to=None):
    """`count` datagrams to a reader which gets all of them. Its output."""
    process = receive(g, "udp-recv", port, count, *reader)
    g.traffic("udp-send", to or g.nics[nic].guest, port, count, "--gap-us", gap_us, "--size", size)
    rc = process.wait(60)
    check(rc == 0 and f"received {count} lost 0 duplicated 0" in process.out(),
          f"the reader got other datagrams than were sent: {process.out()[-200:]}{process.err()}")
    return process.out()


def send_tcp(g, port, size, reader=(), sender=(), to=None):
    """A stream to a reader which checks every byte and closes. Its output."""
    process = receive(g, "tcp-recv", port, *reader)
    g.traffic("tcp-send", to or g.nics[0].guest, port, size, *sender, timeout=120)
    rc = process.wait(60)
    check(rc == 0 and f"received {size} bytes" in process.out(),
          f"the reader got another stream: {process.out()[-200:]}{process.err()}")
    closed(g, port)
    return process.out()


# --- waiting for what the guest's kernel says ----------------------------------------------------

def closed(g, *ports, inside=""):
    """Until connections by these ports are gone, but for what ends by a timer (TIME_WAIT)."""
    for port in ports:
        g.check(f"while {inside} grep -qsE ': [0-9A-F:]+ ?[0-9A-F]*:{port:04X} [0-9A-F:]*"
                f" ?0[1-57-9B] ' /proc/net/tcp /proc/net/tcp6; do usleep 10000; done")


def asleep(g, pid):
    """Until the process waits for something."""
    g.check(f"until grep -q '^State:.S' /proc/{pid}/status; do usleep 1000; done")


def snmp(g):
    """The guest's kernel's own account: {("Udp", "InDatagrams"): 5, …}"""
    found = {}
    lines = g.check("cat /proc/net/snmp").splitlines()
    for names, values in zip(lines[::2], lines[1::2]):
        kind, *names = names.split()
        found |= {(kind.rstrip(":"), name): int(value)
                  for name, value in zip(names, values.split()[1:])}
    return found


def udp_counters(g):
    """(read, thrown away for want of room): datagrams."""
    values = snmp(g)
    return values["Udp", "InDatagrams"], values["Udp", "RcvbufErrors"]


def nic_received(g):
    return int(g.check("cat /sys/class/net/eth0/statistics/rx_packets"))


def clock_offset(out):
    """REALTIME - MONOTONIC in the guest, and how far that may be off, from a receiver's output."""
    real, mono, width = min((tuple(map(int, m)) for m in CLOCK.findall(out)), key=lambda c: c[2])
    return real - mono, width


def rx_lines(out):
    """What a receiver with --timestamps printed of each datagram or read."""
    rows = []
    for line in out.splitlines():
        if line.startswith("rx "):
            words = line.split()
            rows.append(dict(zip(words[::2], map(int, words[1::2]))))
    return rows


# --- other witnesses -----------------------------------------------------------------------------

class Capture:
    """tcpdump outside the guest, on its tap: the lengths of all frames sent to the guest (`out`),
    or by it (`in`), and when they passed, `times`, in ns of the clock outside."""

    def __init__(self, tap="tap0", direction="out"):
        self.times = []
        self._file = tempfile.TemporaryFile()
        try:
            self._tcpdump = subprocess.Popen(
                ["tcpdump", "-i", tap, "-Q", direction, "-n", "-p", "-U", "-s", "96", "-B", "32768",
                 "--immediate-mode", "-Z", "root", "-w", "-"],
                 stdout=self._file, stderr=subprocess.PIPE, text=True)
        except FileNotFoundError:
            raise Skip("tcpdump is not installed; run 'make deps'") from None
        line = self._tcpdump.stderr.readline()
        while line and "listening on" not in line:
            line = self._tcpdump.stderr.readline()
        check(line, "tcpdump did not start")

    def stop(self):
        """Lengths on the wire, in order; small frames as the NIC sees them, padded to 60 bytes."""
        size = -1
        while size != os.fstat(self._file.fileno()).st_size:  # it ends without what it has not read
            size = os.fstat(self._file.fileno()).st_size
            time.sleep(0.5)
        self._tcpdump.send_signal(signal.SIGINT)
        said = self._tcpdump.communicate(timeout=20)[1]
        check("\n0 packets dropped by kernel" in said, f"the capture is incomplete: {said.strip()}")
        self._file.seek(0)
        data = self._file.read()
        self._file.close()
        check(data[:4] == b"\xd4\xc3\xb2\xa1", "not a pcap file")
        lengths, offset = [], 24
        while offset < len(data):
            seconds, micros, kept, length = struct.unpack_from("<IIII", data, offset)
            self.times.append(seconds * 1_000_000_000 + micros * 1000)
            lengths.append(max(60, length))
            offset += 16 + kept
        return lengths


def bpf_objects(g):
    """(names of BPF programs, number of links, registered kprobes) in the guest."""
    if not g.has_bpftool:
        raise Skip("bpftool is not installed; run 'make deps'")
    settle(g)
    progs = re.findall(r"^\d+: \S+\s+name (\S+)", g.check("bpftool prog list"), re.M)
    links = re.findall(r"^\d+: ", g.check("bpftool link list"), re.M)
    probes = g.check("cat /sys/kernel/debug/kprobes/list").splitlines()
    return sorted(progs), len(links), probes


def too_old(g, status, said):
    """The line in which pktpath refuses this kernel, if it names a later version; or None."""
    line = said.strip().removeprefix("pktpath: ")
    needed = UNSUPPORTED.search(line)
    if status != 2 or not needed:
        return None
    release = re.match(r"(\d+)\.(\d+)", g.check(["uname", "-r"]))
    older = tuple(map(int, release.groups())) < tuple(map(int, needed.groups()))
    return line if older else None


def median(values):
    return statistics.median(values)


def part(values, limit):
    """Which part of the values is below the limit, 0 to 1."""
    return sum(v < limit for v in values) / len(values)


def trace_eth0(g, *args, file=False):
    return Trace(g, "-i", "eth0", *args, file=file)
