# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
"""A guest that counts instructions instead of time, so that what tracing costs repeats exactly.

Under QEMU's -icount the guest's clock advances by 16 ns with each instruction, whatever the
machine does besides. Two NICs lie on one hub inside QEMU, the second in a network namespace of
the guest: no packet waits for the host. A ping-pong leaves the CPU no idle time, which would
count as well: interrupts are not moderated, and the hub hands a frame over while it is sent. The
ends run as batch jobs, since whether a woken one preempts the other depends on the past.
"""

import re

from lib.guest import Guest, GuestError

SHIFT = 4
NS_PER_INSTRUCTION = 1 << SHIFT
HERE, THERE = "10.78.0.1", "10.78.0.2"
INSIDE = "ip netns exec peer"


class CountedGuest(Guest):
    """`models`: both NICs are of one model. Commands as in Guest; no traffic from outside."""

    CPU, SOFT = "max", ""  # as the figures of docs/BENCHMARKS.md were taken

    def __init__(self, kernel="6.1", nic="e1000", **kwargs):
        super().__init__(kernel=kernel, nic=nic, extra_nics=[nic], **kwargs)
        self.idle_ms = 0  # while packets were counted

    def _open_wires(self):
        pass

    def _accel(self):
        return ["-accel", "tcg,thread=single", "-icount", f"shift={SHIFT},sleep=off", "-seed", "42",
                "-rtc", "base=2024-01-01T00:00:00,clock=vm"]

    def _netdev(self, nic):
        return f"hubport,id=net{nic.index},hubid=0"

    def _device(self, nic):
        return super()._device(nic) + (",mitigation=off" if nic.model == "e1000" else "")

    def _set_addresses(self):
        self.check(f"""set -e
            ip link set lo up; ip netns add peer; ip link set eth1 netns peer
            {INSIDE} ip link set lo up
            echo 1 > /proc/sys/net/ipv6/conf/eth0/disable_ipv6
            {INSIDE} sh -c 'echo 1 > /proc/sys/net/ipv6/conf/eth1/disable_ipv6'
            ip addr add {HERE}/24 dev eth0; ip link set eth0 up
            {INSIDE} ip addr add {THERE}/24 dev eth1; {INSIDE} ip link set eth1 up
            ip neigh replace {THERE} lladdr {self.nics[1].mac} dev eth0 nud permanent
            {INSIDE} ip neigh replace {HERE} lladdr {self.nics[0].mac} dev eth1 nud permanent
            n=0; until [ "$(cat /sys/class/net/eth0/carrier)" = 1 ] &&
                       [ "$({INSIDE} cat /sys/class/net/eth1/carrier)" = 1 ]; do
                n=$((n + 1)); [ $n -lt 1000 ] || exit 1; usleep 10000; done""", 120)

    def udp(self, rounds):
        """Instructions per received datagram of 64 bytes of payload; both ends receive one."""
        pong = self.start([*INSIDE.split(), "traffic", "udp-pong", "9", str(rounds), "--batch"])
        pong.wait_for("ready", 60)
        out = self.check(f"traffic udp-ping {THERE} 9 {rounds} --size 64 --batch", 600)
        pong.wait(60)
        return self._instructions(out) / (2 * rounds)

    def tcp(self, size=5_000_000):
        """Instructions per frame of TCP data that came in, and how many there were."""
        before = self._arrived()
        reader = self.start([*INSIDE.split(), "traffic", "tcp-recv", "10", "--bare", "--batch"])
        reader.wait_for("ready", 60)
        out = self.check(f"traffic tcp-send {THERE} 10 {size} --bare --batch", 600)
        if reader.wait(60):
            raise GuestError(f"the reader: {reader.err()}")
        frames = self._arrived() - before
        return self._instructions(out) / frames, frames

    def _instructions(self, out):
        """The clock also advances while the CPU has nothing to do: idle_ms should stay 0."""
        ns, idle = map(int, re.search(r"\bns=(\d+) idle_ms=(\d+)", out).groups())
        self.idle_ms += idle
        return ns / NS_PER_INSTRUCTION

    def _arrived(self):
        return int(self.check(f"{INSIDE} cat /sys/class/net/eth1/statistics/rx_packets"))

    def own(self, process):
        """Instructions that the threads of a process of that name have run."""
        out = self.check(f"for p in $(pidof {process}); do cat /proc/$p/task/*/schedstat; done")
        return sum(int(line.split()[0]) for line in out.splitlines()) / NS_PER_INSTRUCTION
