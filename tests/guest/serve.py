# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
"""`pktpath serve` in a guest, where functions can be hooked: all stages are told, without a
privilege but the two that loading takes."""

import re

from guest.env import send_udp
from lib.harness import check, test
from lib.serving import Metrics

COUNT = 200
STAGE = "pktpath_stage_duration_seconds"
CAPS = "+cap_38,+cap_39"  # PERFMON and BPF, by numbers: older ones do not know the names
# What each datagram passes on its way to a reader, and a poll of e1000.
EACH = ("gro", "netif", "ip", "local", "l4", "sock")


def as_nobody(g):
    """The words before the command; none, where this host has no such program to lend. Before v5.11
    BPF's memory counts as locked."""
    if "setpriv" not in g.packed:
        return []
    return ["sh", "-c", 'ulimit -l unlimited; exec "$@"', "sh", "setpriv", "--reuid=65534",
            "--regid=65534", "--clear-groups", f"--inh-caps={CAPS}", f"--ambient-caps={CAPS}",
            f"--bounding-set=-all,{CAPS}"]


def powerless(g):
    """/proc/PID/status of the only one that serves."""
    status = g.check("cat /proc/$(pidof pktpath)/status")
    fields = dict(re.findall(r"^(\w+):\t(.*)$", status, re.M))
    check(fields["Uid"].split() == ["65534"] * 4, f"Uid {fields['Uid']}")
    caps = {name: int(fields[name], 16) for name in ("CapInh", "CapPrm", "CapEff", "CapAmb")}
    check(not any(caps.values()) and fields["NoNewPrivs"] == "1" and fields["Seccomp"] == "2",
          f"{caps} {fields['NoNewPrivs']} {fields['Seccomp']}")


def served(g, before):
    """COUNT datagrams, and what is told of them; the ledger."""
    process = g.start([*before, "pktpath", "serve", "-i", "eth0"])
    process.wait_for("serving http://127.0.0.1:9464/metrics", 120)
    powerless(g)
    send_udp(g, g.next_port(), COUNT)
    g.check("sleep 0.3")
    m = Metrics(g.check("wget -q -O - http://127.0.0.1:9464/metrics"))
    process.signal()
    check(process.wait(30) == 0, process.err())
    said = process.err()
    check(f"{COUNT} packets seen" in said and "NOT BALANCE" not in said, said)
    return m


@test
def a_server_as_nobody_tells_all_stages(env):
    g = env.guest()
    g.next_port = env.port
    before = as_nobody(g)
    m = served(g, before)
    backends = {dict(key)["backend"] for key in m.of("pktpath_hook_info")}
    check(m.one("pktpath_packets_total", verdict="delivered") == COUNT,
          f"{m.of('pktpath_packets_total')}")
    counts = {dict(key)["stage"]: int(n) for key, n in m.of(f"{STAGE}_count", dev="eth0").items()}
    check(all(counts.get(stage) == COUNT for stage in EACH), f"{counts}")
    # 5.10's modules have no BTF, and only root may use kprobes: nobody sees the driver's functions.
    hooked = {dict(key)["hook"] for key in m.of("pktpath_hook_info")}
    if {"__napi_poll", "e1000_clean"} & hooked:
        check(counts.get("irq", 0) > 0 and counts.get("poll", 0) > 0, f"no poll: {counts}")
    check(m.one("pktpath_packet_duration_seconds_count", dev="eth0") == COUNT, "the total")
    return (f"{'with two capabilities' if before else 'as root'}: {len(counts)} stages by "
            f"{'+'.join(sorted(backends))}")
