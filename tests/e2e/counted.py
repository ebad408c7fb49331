# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
"""A guest that counts instructions instead of time, so that what tracing costs repeats exactly.

Under QEMU's -icount the guest's clock advances by 16 ns with each instruction, whatever the
machine does besides. Two NICs lie on one hub inside QEMU, the second in a network namespace of
the guest: no packet waits for the host. A ping-pong leaves the CPU no idle time, which would
count as well: ITR is off, and the hub hands a frame over while it is sent.
"""

import re

from guest import Guest

SHIFT = 4
NS_PER_INSTRUCTION = 1 << SHIFT
HERE, THERE = "10.78.0.1", "10.78.0.2"
INSIDE = "ip netns exec peer"


class CountedGuest(Guest):
    """`models`: both NICs are of one model. Commands as in Guest; no traffic from outside."""

    def __init__(self, kernel="6.1", nic="e1000", **kwargs):
        super().__init__(kernel=kernel, nic=nic, extra_nics=[nic], **kwargs)

    def _open_wires(self):
        pass

    def _accel(self):
        return ["-accel", "tcg,thread=single", "-icount", f"shift={SHIFT},sleep=off", "-seed", "42",
                "-rtc", "base=2024-01-01T00:00:00,clock=vm"]

    def _netdev(self, nic):
        return f"hubport,id=net{nic.index},hubid=0"

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
        pong = self.start(["ip", "netns", "exec", "peer", "traffic", "udp-pong", "9", str(rounds)])
        pong.wait_for("ready", 60)
        out = self.check(f"traffic udp-ping {THERE} 9 {rounds} --size 64", 600)
        ns = int(re.search(r"ns=(\d+)", out)[1])
        pong.wait(60)
        return ns / NS_PER_INSTRUCTION / (2 * rounds)
