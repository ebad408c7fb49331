# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
"""What clients and the command line may do to `pktpath serve`. host/serve.py runs these."""

import os
import random
import shutil
import socket
import threading
import time

from lib.harness import Skip, check, test
from host.long import own_memory
from lib.netns import HERE
from lib.serving import Serve
from lib.tool import PKTPATH, eventually, run

GARBAGE = 10_000
GROWTH = 1 << 20    # bytes of the tool's own memory, whatever is asked
CONNECTIONS = 64    # HTTP_CONNECTIONS
LIFE = 10           # HTTP_SECONDS


def garbage(rng, kind):
    """A request that is none, or one of the worst kind; the first three wait for more."""
    if kind == 0:
        return rng.randbytes(rng.randrange(1, 400))
    if kind == 3:
        return b"GET " + b"/" * 40_000 + b" HTTP/1.1\r\n\r\n"
    if kind == 4:
        return b"GET /metrics HTTP/1.1\r\n" + b"X-%d: y\r\n" % rng.randrange(999) * 3000 + b"\r\n"
    if kind == 5:
        return b"POST /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\nabc"
    if kind == 6:
        return b"GET /metrics HTTP/9.9\r\nHost: x\r\n\r\n"
    if kind == 7:
        return b"GET /%00%ff?a=%zz HTTP/1.1\r\nHost: x\r\nAccept: " + b",;=q" * 900 + b"\r\n\r\n"
    if kind == 1:
        return b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + rng.randbytes(200)  # TLS
    if kind == 8:
        return b"GET /nowhere HTTP/1.1\r\nHost: x\r\n\r\n" * 20
    return b""


def throw(address, count, seed, wrong):
    rng = random.Random(seed)
    for _ in range(count):
        try:
            with socket.create_connection(address, 10) as s:
                s.settimeout(10)
                kind = rng.randrange(9)
                s.sendall(garbage(rng, kind))
                if kind > 2 and rng.randrange(2):
                    s.recv(100)
        except (ConnectionResetError, BrokenPipeError):
            pass
        except OSError as error:
            wrong.append(repr(error))


class Scrapes:
    """A hundred scrapes a second, and how long each took."""

    def __init__(self, serve, seconds):
        self.took, self.wrong = [], []
        self._serve, self._end = serve, time.monotonic() + seconds
        self.threads = [threading.Thread(target=self._run, args=(i,)) for i in range(4)]
        for thread in self.threads:
            thread.start()

    def _run(self, i):
        due = time.monotonic() + i * 0.01
        while due < self._end:
            time.sleep(max(0, due - time.monotonic()))
            due += 0.04
            began = time.monotonic()
            try:
                status, _, body = self._serve.get()
                if status != 200 or "pktpath_packets_seen_total" not in body:
                    self.wrong.append(f"status {status}")
            except OSError as error:
                self.wrong.append(repr(error))
            self.took.append(time.monotonic() - began)

    def join(self):
        for thread in self.threads:
            thread.join()
        self.took.sort()


def descriptors(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


def flood(env, stop):
    """Datagrams to a closed port from the other side: each is a drop, and so a record."""
    with env.net.socket("there", socket.SOCK_DGRAM) as s:
        while not stop.wait(0.001):
            try:
                s.sendto(b"x", (HERE, 9))
            except ConnectionRefusedError:
                pass


@test
def ten_thousand_garbage_requests_and_a_hundred_scrapes_a_second(env):
    stop, wrong = threading.Event(), []
    with Serve("-i", "pp0") as s:
        pid = s.process.pid
        dropper = threading.Thread(target=flood, args=(env, stop))
        dropper.start()
        Scrapes(s, 1).join()     # buffers have their size after that
        throw((s.host, s.port), 100, 0, wrong)
        memory, fds = own_memory(pid), descriptors(pid)
        began = time.monotonic()
        scrapes = Scrapes(s, 8)
        threads = [threading.Thread(target=throw, args=((s.host, s.port), GARBAGE // 4, i, wrong))
                   for i in range(1, 5)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        took = time.monotonic() - began
        scrapes.join()
        stop.set()
        dropper.join()
        check(not wrong and not scrapes.wrong,
              f"garbage: {wrong[:3]}, scrapes: {scrapes.wrong[:3]}")
        check(eventually(lambda: descriptors(pid) <= fds, 20),
              f"{fds} descriptors before, {descriptors(pid)} after")
        grown = own_memory(pid) - memory
        check(grown <= GROWTH, f"{grown} bytes more than before")
        check(scrapes.took[-1] < 5, f"a scrape took {scrapes.took[-1]:.1f} s")
        m = s.settled(lambda m: not m.one("pktpath_packets_in_flight"))
        dropped = m.one("pktpath_packets_total", verdict="dropped")
        check(m.sum("pktpath_drops_total") + m.one("pktpath_ring_lost_total") == dropped > 0,
              f"{dropped} dropped: {m.of('pktpath_drops_total')}")
        s.end()
    return (f"{GARBAGE} in {took:.0f} s, {len(scrapes.took)} scrapes: "
            f"median {scrapes.took[len(scrapes.took) // 2] * 1e3:.0f} ms, "
            f"worst {scrapes.took[-1] * 1e3:.0f} ms; memory {grown:+d} bytes, "
            f"{dropped:.0f} drops counted")


def closed(s):
    try:
        return s.recv(1) == b""
    except BlockingIOError:
        return False
    except OSError:
        return True


@test
def slow_clients_are_cut_off_and_hold_up_nobody(env):
    """More of them than there are connections, each of which sends a byte now and then."""
    with Serve("-i", "pp0") as s:
        slow = [socket.create_connection((s.host, s.port)) for _ in range(CONNECTIONS + 20)]
        for c in slow:
            c.setblocking(False)
            c.send(b"GET /metrics HTTP/1.1\r\nX: ")
        began, last, worst = time.monotonic(), None, 0.0
        while time.monotonic() - began < LIFE + 5 and not all(closed(c) for c in slow):
            asked = time.monotonic()
            check(s.get(seconds=5)[0] == 200, "no answer beside slow clients")
            last = time.monotonic()
            worst = max(worst, last - asked)
            for c in slow:
                try:
                    c.send(b"y")
                except OSError:
                    pass
            time.sleep(0.5)
        took = time.monotonic() - began
        left = sum(not closed(c) for c in slow)
        for c in slow:
            c.close()
        check(not left, f"{left} of {len(slow)} are still connected after {took:.0f} s")
        check(worst < 2, f"a scrape took {worst:.1f} s")
        # Nor do they who ask, and then do not read.
        deaf = [socket.create_connection((s.host, s.port)) for _ in range(30)]
        for c in deaf:
            c.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
            c.send(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
        check(s.get(seconds=5)[0] == 200, "no answer beside deaf clients")
        for c in deaf:
            c.close()
        s.end()
    return f"{len(slow)} cut off after {took:.1f} s, scrapes within {worst * 1e3:.0f} ms"


WRONG = [
    (["--listen", ""], 2, "--listen : not an address"),
    (["--listen", "9464"], 2, "--listen 9464: not an address"),
    (["--listen", "127.0.0.1"], 2, "not an address"),
    (["--listen", "127.0.0.1:70000"], 2, "not an address"),
    (["--listen", "example.org:80"], 2, "not an address"),
    (["--listen", "192.0.2.1:9464"], 1,
     "cannot listen: 192.0.2.1:9464: Cannot assign requested address"),
    (["--by", "port"], 2, "--by port: its values come and go"),
    (["--by", "flavour"], 2, "--by flavour: not a label"),
    (["--groups", "0"], 2, "--groups 0: not a number from 1 to 64"),
    (["--groups", "65"], 2, "--groups 65: not a number from 1 to 64"),
    (["--buckets", "0"], 2, "--buckets 0: not a size"),
    (["--buckets", "16"], 2, "--buckets 16: not a size"),
    (["--user", "nosuchuser"], 2, "--user nosuchuser: no such user"),
    (["-i", "nosuch0"], 2, "-i nosuch0: no such interface"),
    (["-c", "5"], 2, "-c: no such option"),
    (["--json"], 2, "--json: no such option"),
    (["stray"], 2, "stray: unexpected word"),
]


def one_line(done, status, about):
    lines = done.stderr.splitlines()
    check(done.returncode == status, f"exit status {done.returncode}, not {status}: {done.stderr}")
    check(len(lines) == 1 and lines[0].startswith("pktpath: ") and about in lines[0],
          f"unclear: {done.stderr}")
    check(not done.stdout, f"output: {done.stdout[:200]}")


@test
def wrong_words_and_places_get_one_clear_line(env):
    for words, status, about in WRONG:
        one_line(run("serve", *words), status, about)
    with Serve("-i", "pp0") as s:
        one_line(run("serve", "--listen", f"127.0.0.1:{s.port}"), 1, "Address already in use")
        check(s.get()[0] == 200, "the first one does not answer any more")
        check("warning" not in s.err(), s.err())
        check(env.net.there(lambda: refused((HERE, s.port))),
              "it answers on another address than loopback's")
    if setpriv := shutil.which("setpriv"):
        with open(PKTPATH, "rb") as binary:
            memory = os.memfd_create("pktpath")
            os.write(memory, binary.read())
        argv0 = [setpriv, "--reuid=65534", "--regid=65534", "--clear-groups",
                 f"/proc/self/fd/{memory}"]
        one_line(run("serve", argv0=argv0, pass_fds=[memory]), 2, "run as root")
        os.close(memory)
    return f"{len(WRONG)} command lines, a port in use, no privileges"


@test
def other_hosts_can_reach_it_if_it_is_told_to_be_reached(env):
    with Serve("-i", "pp0", listen=f"{HERE}:0") as s:
        lines = [line for line in s.err().splitlines() if "warning" in line]
        check(len(lines) == 1 and f"{HERE}:{s.port} can be reached" in lines[0], s.err())
        check(env.net.there(lambda: s.get()[0]) == 200, "no answer to another host")
    with open("/proc/sys/net/ipv6/conf/lo/disable_ipv6", encoding="ascii") as file:
        if file.read().strip() != "0":
            return lines[0]
    with Serve("-i", "pp0", listen="[::1]:0") as s:
        check("warning" not in s.err() and s.get()[0] == 200, s.err())
    return lines[0]


def refused(address):
    try:
        socket.create_connection(address, 5).close()
    except ConnectionRefusedError:
        return True
    return False


@test
def help_names_every_option_of_serve(_):
    done = run("serve", "--help")
    check(done.returncode == 0 and not done.stderr, f"{done}")
    for word in ("--listen", "--by", "--groups", "--buckets", "--user", "-i, --interface",
                 "--netns", "--sample", "--backend", "--records", "--ring"):
        check(word in done.stdout, f"not in --help: {word}")
    wide = [line for line in done.stdout.splitlines() if len(line) > 80]
    check(not wide, f"wider than a terminal: {wide}")


@test
def bpf_time_is_told_where_the_kernel_measures_it(env):
    switch = "/proc/sys/kernel/bpf_stats_enabled"
    with open(switch, encoding="ascii") as file:
        before = file.read()
    try:
        try:
            with open(switch, "w", encoding="ascii") as file:
                file.write("1")
        except OSError as reason:
            raise Skip(f"{switch}: {reason.strerror}") from None
        with Serve("-i", "pp0") as s:
            env.net.ping(HERE, 5)
            m = s.settled(lambda m: m.one("pktpath_bpf_runs_total"))
            check(m.one("pktpath_bpf_stats_enabled") == 1, "not enabled")
            runs, seconds = m.one("pktpath_bpf_runs_total"), m.one("pktpath_bpf_run_seconds_total")
            check(runs > 0 and 1e-9 < seconds / runs < 1e-3, f"{runs} runs in {seconds} s")
            check(m.one("process_cpu_seconds_total") > 0 and
                  m.one("pktpath_kernel_memory_bytes") > 1e7, "its own cost")
    finally:
        with open(switch, "w", encoding="ascii") as file:
            file.write(before)
    return f"{runs:.0f} runs, {seconds / runs * 1e9:.0f} ns each"
