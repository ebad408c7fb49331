# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
"""The outside world of a guest: a network namespace of this process, and taps in it.

A tap carries plain Ethernet frames (no virtio header), so the kernel segments and checksums
before a frame reaches the guest: every frame is one receive descriptor of the guest's NIC. Tap
and namespace end with the processes that hold them, however these end.
"""

import ctypes
import errno
import fcntl
import os
import shutil
import socket
import struct
import subprocess
import threading

CLONE_NEWUSER, CLONE_NEWNET = 0x10000000, 0x40000000
TUNSETIFF, IFF_TAP, IFF_NO_PI = 0x400454CA, 0x0002, 0x1000
SIOCGIFFLAGS, IFF_RUNNING = 0x8913, 0x0040

_libc = ctypes.CDLL(None, use_errno=True)
_isolated = False


class WireError(Exception):
    """One line for the user."""


def _write(path, text):
    with open(path, "w", encoding="ascii") as file:
        file.write(text)


def isolate():
    """Moves this process into a network namespace of its own; without root, a user's too."""
    global _isolated
    if _isolated:
        return
    if threading.active_count() > 1:
        raise WireError("isolate() must be called before any thread is started")
    uid, gid = os.geteuid(), os.getegid()
    flags = CLONE_NEWNET if uid == 0 else CLONE_NEWNET | CLONE_NEWUSER
    if _libc.unshare(flags):
        reason = os.strerror(ctypes.get_errno())
        hint = "" if uid == 0 else "; run as root, or allow user namespaces"
        raise WireError(f"cannot make a network namespace: {reason}{hint}")
    if uid:
        _write("/proc/self/setgroups", "deny")
        _write("/proc/self/uid_map", f"0 {uid} 1")
        _write("/proc/self/gid_map", f"0 {gid} 1")
    ip("link set lo up")
    _isolated = True


def ip(*commands):
    """Commands for ip(8), in one process."""
    try:
        done = subprocess.run([shutil.which("ip") or "/sbin/ip", "-batch", "-"],
                              input="\n".join(commands) + "\n",
                              capture_output=True, text=True, check=False)
    except FileNotFoundError:
        raise WireError("ip is not installed; run 'make deps'") from None
    if done.returncode:
        raise WireError(f"ip: {done.stderr.strip().splitlines()[0]}")


def running(name):
    """Whether a device of this namespace has its carrier, and its queue sends what it is given."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        request = struct.pack("16sH14x", name.encode(), 0)
        flags = struct.unpack("16xH14x", fcntl.ioctl(s, SIOCGIFFLAGS, request))[0]
    return bool(flags & IFF_RUNNING)


class Nic:
    """One NIC of the guest and its wire: names and addresses on both ends."""

    def __init__(self, index, model):
        self.index, self.model = index, model
        self.name = f"eth{index}"          # in the guest
        self.tap = f"tap{index}"           # outside
        self.mac = f"52:54:00:77:{index:02x}:02"
        self.tap_mac = f"52:54:00:77:{index:02x}:01"
        self.outside, self.guest = f"10.77.{index}.1", f"10.77.{index}.2"
        self.outside6, self.guest6 = f"fd77:{index}::1", f"fd77:{index}::2"
        self.fd = -1

    def open_tap(self, ipv6=False):
        """Makes the tap; its descriptor is for QEMU."""
        try:
            self.fd = os.open("/dev/net/tun", os.O_RDWR | os.O_CLOEXEC)
            fcntl.ioctl(self.fd, TUNSETIFF,
                        struct.pack("16sH22x", self.tap.encode(), IFF_TAP | IFF_NO_PI))
        except OSError as error:
            self.close()
            if error.errno in (errno.EACCES, errno.EPERM, errno.ENOENT, errno.ENODEV):
                raise WireError(f"/dev/net/tun: {error.strerror}; run as root, or with read and "
                                "write permission to it (modprobe tun)") from None
            raise WireError(f"tap: {error.strerror}") from None
        # Without IPv6 no router solicitations and listener reports disturb the counts.
        _write(f"/proc/sys/net/ipv6/conf/{self.tap}/disable_ipv6", "0" if ipv6 else "1")
        commands = [f"link set {self.tap} address {self.tap_mac} txqueuelen 10000 up",
                    f"addr add {self.outside}/24 dev {self.tap}"]
        if ipv6:
            commands.append(f"addr add {self.outside6}/64 dev {self.tap} nodad")
        ip(*commands)

    def static_neighbour(self, ipv6=False):
        """No ARP and no neighbour discovery from outside."""
        ip(*(f"neigh replace {address} lladdr {self.mac} dev {self.tap} nud permanent"
             for address in [self.guest] + [self.guest6] * ipv6))

    def close(self):
        if self.fd >= 0:
            os.close(self.fd)
            self.fd = -1
