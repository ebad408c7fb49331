# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
"""Two network namespaces of this process, joined by veth: here (pp0) and there (pp1).

Sockets of both sides are made here: a thread visits the other namespace. Both namespaces end
with this process, however it ends.
"""

import ctypes
import os
import pathlib
import shutil
import socket
import subprocess
import threading

from lib import wire
from lib.harness import Skip, check
from lib.tool import eventually

CLONE_NEWNET = 0x40000000
HERE, THERE = "10.99.0.1", "10.99.0.2"
CHUNK = 1 << 16

_libc = ctypes.CDLL(None, use_errno=True)


def quiet(name):
    """Without IPv6 no router solicitations and listener reports disturb the counts."""
    pathlib.Path(f"/proc/sys/net/ipv6/conf/{name}/disable_ipv6").write_text("1")


class Net:
    def __init__(self):
        wire.isolate()
        # Ends when its standard input does, that is, with us.
        self._holder = subprocess.Popen(["unshare", "--net", "cat"], stdin=subprocess.PIPE)
        mine = os.readlink("/proc/self/ns/net")
        path = f"/proc/{self._holder.pid}/ns/net"
        check(eventually(lambda: os.readlink(path) != mine), "no second namespace")
        self._there = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        wire.ip(f"link add pp0 type veth peer name pp1 netns {self._holder.pid}")
        quiet("pp0")
        wire.ip(f"addr add {HERE}/24 dev pp0", "link set pp0 up")
        self.there(lambda: (quiet("pp1"), wire.ip(f"addr add {THERE}/24 dev pp1", "link set pp1 up",
                                                  "link set lo up")))
        # The first packet would wait for ARP.
        self.ping(HERE, 1)

    def close(self):
        os.close(self._there)
        self._holder.stdin.close()
        self._holder.wait()

    def pid(self):
        """A process in the other namespace."""
        return self._holder.pid

    def there(self, function):
        """function(), in the other namespace."""
        result = []

        def visit():
            if _libc.setns(self._there, CLONE_NEWNET):
                result.append(OSError(ctypes.get_errno(), "setns"))
                return
            try:
                result.append(function())
            except Exception as error:  # for the caller
                result.append(error)

        thread = threading.Thread(target=visit)
        thread.start()
        thread.join()
        if isinstance(result[0], Exception):
            raise result[0]
        return result[0]

    def ping(self, address, count):
        """From there; all must be answered."""
        ping = shutil.which("ping") or "/bin/ping"
        if not os.path.exists(ping):
            raise Skip("ping is not installed")
        argv = [ping, "-n", "-q", "-c", str(count), "-i", "0.05", "-W", "10", address]
        done = self.there(lambda: subprocess.run(argv, capture_output=True, text=True, check=False))
        check(done.returncode == 0, f"ping: {done.stdout}{done.stderr}")

    def socket(self, side, kind=socket.SOCK_STREAM):
        def make():
            s = socket.socket(socket.AF_INET, kind)
            s.settimeout(60)
            return s
        return self.there(make) if side == "there" else make()


def _receive(server, got):
    connection = server.accept()[0]
    connection.settimeout(60)
    while block := connection.recv(CHUNK):
        got.append(len(block))
    connection.close()


def tcp(net, size, server, client, address):
    """`size` bytes from side `client` to side `server`; returns the ports (client's, server's)."""
    with net.socket(server) as listener, net.socket(client) as sender:
        listener.bind((address, 0))
        listener.listen()
        got = []
        reader = threading.Thread(target=_receive, args=(listener, got))
        reader.start()
        sender.connect(listener.getsockname())
        sport, dport = sender.getsockname()[1], listener.getsockname()[1]
        sender.sendall(bytes(size))
        sender.shutdown(socket.SHUT_WR)
        reader.join(60)
        check(sum(got) == size, f"only {sum(got)} of {size} bytes arrived")
    return sport, dport


def udp(net, count, server, client, address):
    """`count` datagrams, each read before the next is sent; returns the server's port."""
    with net.socket(server, socket.SOCK_DGRAM) as receiver, \
            net.socket(client, socket.SOCK_DGRAM) as sender:
        receiver.bind((address, 0))
        for i in range(count):
            sender.sendto(b"%06d" % i, receiver.getsockname())
            check(receiver.recv(100) == b"%06d" % i, "another datagram than the one sent")
        return receiver.getsockname()[1]


def closed_port(net, side, address, kind):
    """Knocks at a port where nobody listens; returns the port."""
    with net.socket(side, kind) as s, net.socket(side, kind) as free:
        free.bind(("0.0.0.0", 0))
        port = free.getsockname()[1]
        free.close()
        try:
            s.connect((address, port))
            s.send(b"anybody?")
            s.recv(1)
        except ConnectionRefusedError:
            return port
    raise AssertionError("something answered at a closed port")
