#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
"""A flood over veth on this machine's own kernel, of any length: `make long-test COUNT=10000000`.

However many packets come, the tool must hold the same memory, know all of them, and have none left
once the sockets are closed. The host suite runs a short one (host/flood.py).
"""

import os
import pathlib
import re
import subprocess
import sys
import threading
import time

from lib.harness import check, main, test
from lib.netns import HERE, Net
from lib.tool import BUILD, PKTPATH, Trace, need, served

COUNT = 10_000_000
PORT = 7000
RCVBUF = 65536      # fewer datagrams than a socket's FIFO has room for, where reads are not hooked
GROWTH = 256 << 10  # bytes of the tool's own memory, whatever is sent
TRAFFIC = str(BUILD / "traffic")



def transmitted(net):
    """What was handed to the other end of the wire, taken or not: the NIC's own count of it."""
    def count():
        # A sysfs mount shows the namespace that it was made in, so ask over netlink.
        text = subprocess.run(["ip", "-s", "link", "show", "pp1"], capture_output=True, text=True,
                              check=True).stdout
        fields = re.search(r"TX:.*\n\s*(\d+)\s+(\d+)\s+(\d+)\s+(\d+)", text)
        return int(fields[2]) + int(fields[4])
    return net.there(count)


def udp_counters():
    """(datagrams taken by sockets and read, thrown away for want of room), of this namespace."""
    rows = [line.split()[1:]
            for line in pathlib.Path("/proc/self/net/snmp").read_text().splitlines()
            if line.startswith("Udp:")]
    values = dict(zip(*rows))
    return int(values["InDatagrams"]), int(values["RcvbufErrors"])


def own_memory(pid):
    """Bytes of the tool's heap and stack; what it maps of the tables is the kernel's."""
    return int(re.search(r"^RssAnon:\s*(\d+) kB",
                         pathlib.Path(f"/proc/{pid}/status").read_text(), re.M)[1]) << 10


def kernel_memory(pid):
    """Bytes of all maps that a process holds, as the kernel accounts for them."""
    maps = {}
    for info in pathlib.Path(f"/proc/{pid}/fdinfo").iterdir():
        try:
            text = info.read_text()
        except OSError:  # closed meanwhile
            continue
        ident = re.search(r"^map_id:\s*(\d+)", text, re.M)
        if ident:
            maps[int(ident[1])] = int(re.search(r"^memlock:\s*(\d+)", text, re.M)[1])
    return sum(maps.values())


def account(text):
    """The numbers of the ledger as people read it."""
    rows = dict((what, int(n.replace(",", ""))) for n, what in re.findall(
        r"^ *([\d,]+) (packets? seen|delivered|consumed|dropped|merged|untracked|in flight)",
        text, re.M))
    rows["seen"] = rows.pop("packets seen", rows.pop("packet seen", 0))
    return rows


def send(net, count):
    """`count` datagrams from the other side as fast as it can. What it says it sent."""
    done = net.there(lambda: subprocess.run([TRAFFIC, "udp-send", HERE, str(PORT), str(count),
                                             "--size", "32"],
                                            capture_output=True, text=True, check=False))
    check(done.returncode == 0, f"the sender: {done.stderr}")
    return int(re.search(r"sent (\d+)", done.stdout)[1])


def receiver():
    """Reads until nothing has come for a while."""
    process = subprocess.Popen([TRAFFIC, "udp-recv", str(PORT), "0", "--rcvbuf", str(RCVBUF),
                                "--timeout", "3"],
                               stdout=subprocess.PIPE, text=True)
    check(process.stdout.readline().strip() == "ready", "no receiver")
    return process


class Watch:
    """The largest of the tool's memory while it runs, and that of its maps."""

    def __init__(self, pid):
        self._pid, self._end = pid, threading.Event()
        self.own, self.maps = own_memory(pid), {kernel_memory(pid)}
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self):
        while not self._end.wait(0.2):
            self.own = max(self.own, own_memory(self._pid))
            self.maps.add(kernel_memory(self._pid))

    def stop(self):
        self._end.set()
        self._thread.join()


def check_reads(env, rows, read, err):
    """What was read is delivered, and nothing is left. How many reads were not seen.

    Where the read of UDP cannot be hooked, a reader may take a datagram before it is known to be
    queued. Then the packet is consumed, or stale once its memory is used again.
    """
    other = rows["consumed"] + rows.get("untracked", 0) + rows["in flight"]
    check(rows["delivered"] <= read <= rows["delivered"] + other, f"{read} were read: {err}")
    if "skb_consume_udp" in env.roles["read"]:
        check(rows["delivered"] == read and rows["in flight"] == 0 and "100.00%" in err,
              f"{read} were read: {err}")
    elif env.udp_read:
        check(other <= read // 50 and rows["in flight"] <= 8, f"{read} were read: {err}")
    return read - rows["delivered"]


def flood(env, count):
    """`count` packets through a running trace: all known, none kept, no memory taken."""
    need(env.roles, "netif", "drop")
    before, snmp = transmitted(env.net), udp_counters()
    with Trace("-i", "pp0", "--records", "4096", "--ring", "1048576",
               argv0=(PKTPATH, "drops")) as trace:
        pid, began = trace.process.pid, time.monotonic()
        reader = receiver()
        send(env.net, min(20_000, count // 10))  # what is allocated once is allocated now
        warm, watch = own_memory(pid), Watch(pid)
        maps = kernel_memory(pid)
        sent = send(env.net, count) + min(20_000, count // 10)
        took = time.monotonic() - began
        read = int(re.search(r"received (\d+)", reader.communicate()[0])[1])
        watch.stop()
        check(trace.signal().wait() == 0, f"exit status: {trace.err()}")
        err = trace.err()
    rows, wire = account(err), transmitted(env.net) - before
    ended = sum(rows.get(v, 0) for v in ("delivered", "consumed", "dropped", "merged", "untracked"))
    taken, full = (now - then for now, then in zip(udp_counters(), snmp))
    check("DOES NOT BALANCE" not in err and rows["seen"] == ended + rows["in flight"],
          f"not balanced: {err}")
    check(sent >= count and rows["seen"] == wire, f"sent {sent}, over the wire {wire}, seen: {err}")
    check(taken == read and rows["dropped"] >= full,
          f"read {read}, the kernel says {taken}, {full} refused: {err}")
    unseen = check_reads(env, rows, read, err)
    check(watch.own - warm <= GROWTH, f"the tool grew by {watch.own - warm} bytes")
    check(watch.maps == {maps}, f"its maps: {maps} bytes at first, later {watch.maps}")
    return (f"{rows['seen']} packets in {took:.1f} s: {rows['delivered']} delivered, "
            f"{rows['dropped']} dropped ({full} of them by the full socket), {unseen} reads not "
            f"seen, {rows['in flight']} in flight; the tool grew by {(watch.own - warm) >> 10} kB "
            f"from {warm >> 10} kB, its maps stayed at {maps / 1e6:.1f} MB")


class Env:
    """As host/tracing.py has it."""

    def __init__(self):
        self.net = Net()
        self.roles = served("-i", "lo")
        self.udp_read = {"skb_consume_udp", "sock_recv_length"} & set(self.roles["read"])


if __name__ == "__main__":
    if os.geteuid():
        print("SKIP all: BPF programs need root\n0 passed, 0 failed, 1 skipped")
        sys.exit(0)

    @test
    def a_long_flood_in_fixed_memory(env):
        return flood(env, int(os.environ.get("COUNT") or COUNT))

    main(Env())
