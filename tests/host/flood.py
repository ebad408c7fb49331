# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
"""Under load on this machine's own kernel: the count, the memory, and whose stamps a record has.
host/tracing.py runs these."""

import os
import pathlib
import re
import resource
import signal
import socket
import subprocess
import tempfile

from lib.harness import check, test
from host.long import RCVBUF, TRAFFIC, flood, kernel_memory
from lib.mix import birth, check_own_stamps
from lib.netns import HERE
from lib.records import tally
from lib.tool import Trace, eventually, need, run

MIX_PORT, SENDER_PORT, WARM_PORT = 7100, 20_000, 9999
HOARD_PORT = 7200
CLOCK = re.compile(r"clock realtime (\d+) monotonic (\d+) window (\d+)")


@test
def a_short_flood_in_fixed_memory(env):
    return flood(env, 200_000)


def stated(text):
    """Bytes, from "21.9 MB in the kernel"."""
    return float(re.search(r"([\d.]+) MB in the kernel, fixed", text)[1]) * 1e6


@test
def the_memory_stated_is_what_the_kernel_holds(env):
    said = []
    for sizes in ((), ("--records", "1024", "--ring", "65536"),
                  ("--records", "131072", "--ring", "33554432")):
        probes = run("probes", "-i", "pp0", *sizes)
        check(probes.returncode == 0, f"probes: {probes.stderr}")
        with Trace("-i", "pp0", "-v", *sizes) as trace:
            held = kernel_memory(trace.process.pid)
            trace.signal().wait()
            for text in (probes.stdout, trace.err()):
                check(abs(stated(text) - held) <= held * 0.05,
                      f"the kernel holds {held} bytes: {text[-300:]}")
        said.append(f"{stated(probes.stdout) / 1e6:.1f} of {held / 1e6:.2f} MB")
    return ", ".join(said)


def unread(port):
    """How many TCP sockets of the port have data that nobody has read."""
    found = 0
    for name in ("tcp", "tcp6"):
        for line in pathlib.Path(f"/proc/thread-self/net/{name}").read_text("ascii").splitlines():
            local, queues = line.split()[1], line.split()[4]
            found += local.endswith(f":{port:04X}") and int(queues.split(":")[1], 16) > 0
    return found


def hoarded(env, port, count, *sizes):
    """So many connections with a segment that nobody reads until all are there. The run, and how
    many reads that took."""
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (count + 500, limits[1]))
    with Trace("-i", "pp0", "--json", "--ring", str(1 << 26), *sizes) as trace, \
            tempfile.TemporaryFile("w+") as out:
        reader = subprocess.Popen([TRAFFIC, "tcp-hoard", str(port), str(count)], stdout=out)
        try:
            check(eventually(lambda: "ready" in text_of(out)), "no reader")
            peers = env.net.there(lambda: [socket.create_connection((HERE, port), 30)
                                           for _ in range(count)])
            for peer in peers:
                peer.send(bytes(100))
            check(eventually(lambda: "all connected" in text_of(out)), "not all are connected")
            check(eventually(lambda: unread(port) == count), f"{unread(port)} have their segment")
            reader.send_signal(signal.SIGUSR1)
            check(eventually(lambda: "reads " in text_of(out)), "nothing was read")
            for peer in peers:
                peer.close()
        finally:
            reader.terminate()
            reader.wait()
            resource.setrlimit(resource.RLIMIT_NOFILE, limits)
        return trace.stop(), int(text_of(out).split("reads ")[1].split()[0])


@test
def thousands_of_unread_connections_have_a_place_each(env):
    """The table of sockets grows with --records. A small one fills, and says so."""
    need(env.roles, "read")
    count, said = 3000, []
    for port, sizes in ((HOARD_PORT, ()), (HOARD_PORT + 1, ("--records", "1024"))):
        result, reads = hoarded(env, port, count, *sizes)
        led = result.summary
        data = [r for r in result.flow(proto="tcp", dport=port) if r["data_len"]]
        lost = led["untracked"]["socket table full"]
        check(reads == count, f"{reads} of {count} were read")
        if sizes:
            check(0 < lost < count and led["untracked"]["table full"] > 0 and
                  led["coverage_percent"] < 100, f"{led}")
        else:
            check(tally(data) == {"delivered": count} and lost == 0, f"{tally(data)}: {led}")
        said.append(f"{tally(data)}, {lost} without a place, {led['coverage_percent']:.1f} %")
    return "; ".join(said)


def send(env, *words):
    argv = [TRAFFIC, words[0], HERE, str(MIX_PORT), *words[1:]]
    done = env.net.there(lambda: subprocess.run(argv, capture_output=True, text=True, check=False))
    check(done.returncode == 0, f"the sender: {done.stderr}")


def mixed(env, count, gap_us):
    """The run, and what the reader said: into a file, since a pipe that is full would hold it
    up."""
    argv = [TRAFFIC, "udp-recv", str(MIX_PORT), "0", "--rcvbuf", str(RCVBUF), "--timeout", "2",
            "--timestamps"]
    with Trace("-i", "pp0", "--json", "--ring", str(1 << 26)) as trace, \
            tempfile.TemporaryFile("w+") as out:
        reader = subprocess.Popen(argv, stdout=out)
        check(eventually(lambda: "ready" in text_of(out)), "no reader")
        send(env, "udp-send", "30", "--gap-us", "10000", "--sport", str(WARM_PORT))
        send(env, "udp-mix", str(count), "--gap-us", str(gap_us), "--sport", str(SENDER_PORT))
        reader.wait(60)
        return trace.stop(), text_of(out)


def text_of(file):
    return os.pread(file.fileno(), 1 << 30, 0).decode()


def own_stamps(env, gap_us):
    """Addresses of skbs come back at once. The kernel takes its own time of a datagram right before
    tp netif_rx: so after the one before it was born, and before it is itself."""
    need(env.roles, "netif", "backlog")
    count = 20_000
    result, out = mixed(env, count, gap_us)
    flow = [r for r in result.flow(proto="udp", dport=MIX_PORT) if r["sport"] != WARM_PORT]
    rows = [dict(zip(line.split()[::2], map(int, line.split()[1::2]))) for line in out.splitlines()
            if line.startswith("rx ")][30:]
    real, mono, width = min((tuple(map(int, m)) for m in CLOCK.findall(out)), key=lambda c: c[2])
    held, low, high = check_own_stamps(flow, rows, SENDER_PORT, count,
                                       real - mono + width + 200_000,
                                       lambda rec, before: (birth(before) if before else 0,
                                                            birth(rec)))
    return (f"{tally(flow)}; {held} of {len(rows)} read lie between the births of the one before "
            f"and their own, with one constant of {low} to {high} ns")


@test
def datagrams_keep_their_own_stamps(env):
    return own_stamps(env, 1)


@test
def datagrams_in_a_burst_keep_their_own_stamps(env):
    return own_stamps(env, 0)
