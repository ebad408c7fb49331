# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
"""Programs that nobody here wrote, with their own clients outside: iperf3, Redis, nginx, NSD. The
witness is what they say of themselves, the NIC's count of frames and /proc/net/snmp."""

import contextlib
import json
import re
import subprocess

from guest.env import nic_received, snmp, trace_eth0
from guest.forward import at_rest
from lib import debtree, guesttools
from lib.harness import check, later
from lib.records import tally
from lib.tool import eventually

SECONDS = 60
# /proc/net/snmp; what GRO merged is one of Tcp's InSegs (tcp_v4_rcv()).
SNMP = {"tcp": ("Tcp", "InSegs"), "udp": ("Udp", "InDatagrams"), "full": ("Udp", "RcvbufErrors"),
        "closed": ("Udp", "NoPorts"), "wrong": ("Udp", "InCsumErrors")}


def counted(g):
    account = snmp(g)
    return {key: account[name] for key, name in SNMP.items()} | {"frames": nic_received(g)}


def outside(tool, *words):
    """What a client says, on this side of the wire."""
    tree = guesttools.tree()
    done = subprocess.run([*debtree.command(tree, tree / "usr/bin" / tool), *map(str, words)],
                          capture_output=True, text=True, check=False, timeout=SECONDS * 4)
    check(done.returncode == 0, f"{tool}: {done.stdout[-300:]}{done.stderr[-300:]}")
    return done.stdout


def check_listens(g, process, port, family="tcp"):
    listens = f"grep -qi ':{port:04x} ' /proc/net/{family} /proc/net/{family}6"
    check(eventually(lambda: process.returncode is not None or not g.sh(listens)[0], SECONDS) and
          process.returncode is None, f"it does not listen: {process.err()}")


@contextlib.contextmanager
def serving(g, port, command, family="tcp"):
    """A server in the guest that listens."""
    process = g.start(command)
    try:
        check_listens(g, process, port, family)
        yield process
    finally:
        process.signal(15)
        process.wait(SECONDS)


def traced(g, talk):
    """(the run while talk() went on, what the kernel counted meanwhile, what talk() returned)"""
    with trace_eth0(g, file=True) as trace:
        before = counted(g)
        said = talk()
        g.check("until ! cat /proc/net/tcp /proc/net/tcp6 | grep -q ' 0[14589B] '; do "
                "usleep 50000; done", SECONDS)
        run = at_rest(trace.stop())
        after = counted(g)
    return run, {key: after[key] - before[key] for key in after}, said


def check_account(run, count):
    """Each frame that the NIC counted has its record, and each verdict is the kernel's count. Only
    what the kernel says it did not show may be missing: on one CPU, a program is skipped while it
    is at work already."""
    tcp = [r for r in run.records if r["proto"] == "tcp" and r["verdict"] != "merged"]
    udp = run.flow(proto="udp")
    lost, unseen = run.flow(verdict="untracked"), run.unseen()
    check(run.summary["seen"] == count["frames"] and
          count["frames"] - unseen <= len(run.records) <= count["frames"],
          f"{count}, {len(run.records)} records: {run.summary}")
    check(count["tcp"] - unseen <= len(tcp) <= count["tcp"], f"{len(tcp)} of TCP, {count}")
    ends = tally(udp)
    check(count["udp"] - unseen <= ends.get("delivered", 0) <= count["udp"] and
          ends.get("dropped", 0) == count["full"] + count["closed"] + count["wrong"],
          f"{ends}, {count}")
    check(len(lost) <= unseen, f"{tally(lost, 'reason')}, {unseen} were not shown: {lost[:2]}")
    return f"{dict(tally(run.records))} of {count['frames']} frames, {unseen} not shown"


def bytes_read(run, port):
    """Of data that was delivered, each byte once: what GRO merged is in its parent."""
    return sum(r["data_len"] for r in run.flow(proto="tcp", dport=port)
               if r["verdict"] in ("delivered", "merged"))


@later
def iperf3_is_accounted_for(env):
    """TCP with losses on the way, then UDP faster than its reader."""
    g, port = env.guest(), env.port()
    iperf = guesttools.bring(g, "iperf3")
    with serving(g, port, f"{iperf} -s -p {port}") as server:
        run, count, said = traced(g, lambda: json.loads(outside(
            "iperf3", "-c", g.nics[0].guest, "-p", port, "-n", "3M", "-J")))
        first = check_account(run, count)
        got = said["end"]["sum_received"]["bytes"]
        read = bytes_read(run, port)
        # The connection that controls it has its words, some thousands.
        check(got <= read < got + 20_000, f"{got} bytes received, {read} shown")
        check_listens(g, server, port)  # again: it opens a socket for each test
        run, count, said = traced(g, lambda: json.loads(outside(
            "iperf3", "-c", g.nics[0].guest, "-p", port, "-u", "-b", "8M", "-l", 1000, "-n", "1M",
            "-J")))
        second = check_account(run, count)
    return f"TCP: {first}; UDP: {second}"


@later
def redis_is_accounted_for(env):
    g, port = env.guest(), env.port()
    redis = guesttools.bring(g, "redis-check-rdb", "redis-server")
    with serving(g, port, f"{redis} --port {port} --save '' --protected-mode no"):
        run, count, said = traced(g, lambda: outside(
            "redis-benchmark", "-h", g.nics[0].guest, "-p", port, "-n", 300, "-c", 5, "-q", "-t",
            "set,get"))
    check(len(re.findall(r"requests per second", said)) == 2, said)
    return check_account(run, count)


@later
def nginx_is_accounted_for(env):
    g, port = env.guest(), env.port()
    nginx = guesttools.bring(g, "nginx", folder="usr/sbin")
    g.push(f"""daemon off; user root; pid /tmp/nginx.pid; error_log stderr;
events {{ }}
http {{ access_log off; client_body_temp_path /tmp; proxy_temp_path /tmp;
fastcgi_temp_path /tmp; uwsgi_temp_path /tmp; scgi_temp_path /tmp;
server {{ listen {port}; location / {{ return 200 "{'x' * 3000}"; }} }} }}
""".encode(), "/tmp/nginx.conf")
    with serving(g, port, f"{nginx} -p /tmp -e stderr -c /tmp/nginx.conf"):
        run, count, said = traced(g, lambda: outside(
            "wrk", "-t", 1, "-c", 4, "-d", "1s", f"http://{g.nics[0].guest}:{port}/"))
    done = int(re.search(r"(\d+) requests in", said)[1])
    check(done and "Socket errors" not in said, said)
    return f"{done} requests: {check_account(run, count)}"


@later
def nsd_is_accounted_for(env):
    """Two processes with a socket each on one port."""
    g, port, queries = env.guest(), env.port(), 400
    nsd = guesttools.bring(g, "nsd", folder="usr/sbin")
    g.push(f"""server:
 port: {port}
 username: ""
 server-count: 2
 reuseport: yes
 zonesdir: "/tmp"
 pidfile: "/tmp/nsd.pid"
 database: ""
 zonelistfile: "/tmp/zone.list"
 xfrdfile: ""
 xfrdir: "/tmp"
remote-control:
 control-enable: no
zone:
 name: example.org
 zonefile: zone
""".encode(), "/tmp/nsd.conf")
    g.push(b"$ORIGIN example.org.\n$TTL 60\n@ SOA ns a 1 2 3 4 5\n@ NS ns\nns A 10.0.0.1\n",
           "/tmp/zone")
    asked = guesttools.tree().parent / "queries"
    asked.write_text("ns.example.org A\n" * queries)
    with serving(g, port, f"{nsd} -d -c /tmp/nsd.conf", family="udp"):
        run, count, said = traced(g, lambda: outside(
            "dnsperf", "-s", g.nics[0].guest, "-p", port, "-d", asked, "-n", 1, "-q", 5, "-T", 1))
    done = int(re.search(r"Queries completed:\s+(\d+)", said)[1])
    # An answer may be late for dnsperf, which gives up, but each query came.
    check(done <= queries == count["udp"], f"{done} answered, {count}: {said[-500:]}")
    return f"{done} answered: {check_account(run, count)}"
