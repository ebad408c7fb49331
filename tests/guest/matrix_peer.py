# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
"""The other end of the wire which guest/matrix.py traces: this process's tap, or, for a veth pair
inside the guest, another network namespace there. Both are used as guest/env.py uses a guest."""

import shutil
import subprocess

from lib import guest as guests
from lib.harness import Skip, check

VETH = "veth"  # no model of QEMU's
HERE, THERE = "10.78.0.2", "10.78.0.1"
PATIENT = str(20 * guests.PATIENCE)
MAKE_PAIR = f"""set -e
ip netns add there
ip link add v0 type veth peer name v1 netns there
echo 1 > /proc/sys/net/ipv6/conf/v0/disable_ipv6
ip netns exec there sh -c 'echo 1 > /proc/sys/net/ipv6/conf/v1/disable_ipv6'
ip addr add {HERE}/24 dev v0
ip link set v0 up
ip -n there addr add {THERE}/24 dev v1
ip -n there link set v1 up
ip neigh replace {THERE} lladdr $(ip netns exec there cat /sys/class/net/v1/address) dev v0
ip -n there neigh replace {HERE} lladdr $(cat /sys/class/net/v0/address) dev v1
"""


def model(nic):
    """The NIC model of the guest in which `nic` is tested."""
    return "e1000" if nic == VETH else nic


def modules(nic):
    return ["veth"] if nic == VETH else []


def ping_program():
    return shutil.which("ping") or shutil.which("ping", path="/bin:/usr/bin")


def peer(nic, guest):
    return Veth(guest) if nic == VETH else Tap(guest)


class _Link:
    """What guest/env.py wants of a NIC: the traced end's address."""

    def __init__(self, guest):
        self.guest = guest


class Tap:
    """The guest's eth0, and this process."""

    real = True  # a NIC with an interrupt

    def __init__(self, guest):
        self.g, self.dev = guest, "eth0"
        self.start, self.check = guest.start, guest.check
        self.traffic, self.nics = guest.traffic, guest.nics
        self.address = guest.nics[0].outside

    def receiver(self, *args):
        """Starts `traffic` here; returns a function that waits for its end and output."""
        argv = [str(guests.build_dir() / "traffic"), *map(str, args), "--timeout", PATIENT]
        process = subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                   text=True)
        check("ready" in process.stdout.readline(), f"{' '.join(argv)} does not get ready")
        return lambda: process.communicate(timeout=60 * guests.PATIENCE)[0]

    def run(self, *argv):
        """A command here: its standard output."""
        return subprocess.run(argv, capture_output=True, text=True, check=False,
                              timeout=60 * guests.PATIENCE).stdout


class Veth:
    """A pair inside the guest: v0, which is traced, and v1 in a namespace of its own."""

    real = False

    def __init__(self, guest):
        self.g, self.dev, self.address = guest, "v0", THERE
        self.start, self.check, self.nics = guest.start, guest.check, [_Link(HERE)]
        guest.check(MAKE_PAIR)

    def traffic(self, *args, timeout=60):
        return self.run("traffic", *args, timeout=timeout)

    def receiver(self, *args):
        process = self.g.start(["ip", "netns", "exec", "there", "traffic", *args,
                                "--timeout", PATIENT])
        process.wait_for("ready", 20)

        def result():
            process.wait(60)
            return process.out() + process.err()

        return result

    def run(self, *argv, timeout=60):
        return self.g.check(["ip", "netns", "exec", "there", *argv], timeout=timeout)


def ping(link, count):
    """`count` echo requests to the traced end, all answered."""
    if not ping_program():
        raise Skip("ping is not installed; run 'make deps'")
    program = ping_program() if link.real else "ping"
    out = link.run(program, "-n", "-c", str(count), "-i", "0.02", link.nics[0].guest)
    counts = [line for line in out.splitlines() if "received" in line]
    check(f" {count} received" in out, f"ping: {counts or out[-200:]}")
