# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
"""A TCP sender of our own, which may send what it likes in the order it likes."""

import select
import socket
import struct
import time

from lib import wire
from guest.env import MS, closed, median, part, receive, trace_eth0
from guest.forward import ether, ip4
from lib.harness import check, test
from lib.records import spent, tally

PEER = "10.77.0.99"  # nobody's address: this host's own TCP would answer for its own
SYN, RST, PSH, ACK = 2, 4, 8, 16
SEQ = 1 << 32


def checksum(data):
    words = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while words >> 16:
        words = (words & 0xffff) + (words >> 16)
    return ~words & 0xffff


class Peer:
    """One connection from outside to a port in the guest, by frames."""

    def __init__(self, nic, port):
        self._nic, self._port, self._sport = nic, port, 40_000 + port
        self._sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x0800))
        self._sock.bind((nic.tap, 0))
        self.seq, self._ack = 1000, 0

    def frame(self, flags, seq, data=b""):
        head = struct.pack("!HHIIBBHHH", self._sport, self._port, seq % SEQ, self._ack, 0x50, flags,
                           65535, 0, 0)
        pseudo = socket.inet_aton(PEER) + socket.inet_aton(self._nic.guest) + \
            struct.pack("!HH", 6, len(head) + len(data))
        total = checksum(pseudo + head + data + b"\0" * (len(data) % 2))
        head = head[:16] + struct.pack("!H", total) + head[18:]
        return ether(self._nic, ip4(self._nic.guest, 6, head + data, src=PEER))

    def send(self, flags, seq, data=b""):
        self._sock.send(self.frame(flags, seq, data))
        return time.monotonic_ns()

    def connect(self):
        self.send(SYN, self.seq)
        until = time.monotonic() + 10
        while time.monotonic() < until:
            if not select.select([self._sock], [], [], 1)[0]:
                continue
            frame = self._sock.recv(2048)
            if len(frame) < 54 or frame[23] != 6 or \
                    struct.unpack("!HH", frame[34:38]) != (self._port, self._sport):
                continue
            if frame[47] == SYN | ACK:
                self._ack = (struct.unpack("!I", frame[38:42])[0] + 1) % SEQ
                self.seq += 1
                self.send(ACK, self.seq)
                return
        check(False, "the guest did not answer a SYN")

    def close(self):
        self.send(RST | ACK, self.seq)
        self._sock.close()


@test
def reordered_segments_show_in_ooo(env):
    """The second of two segments is sent 60 ms before the first: it waits for it, out of order."""
    g, port, count, gap_ms, size = env.guest(), env.port(), 10, 60, 500
    nic, gaps = g.nics[0], []
    wire.ip(f"route replace {PEER}/32 dev {nic.tap}")
    g.check(f"ip neigh replace {PEER} lladdr {nic.tap_mac} dev eth0 nud permanent")
    with trace_eth0(g) as trace:
        process = receive(g, "tcp-recv", port)
        peer = Peer(nic, port)
        peer.connect()
        for _ in range(count):
            first, second = peer.seq, peer.seq + size
            ahead = peer.send(ACK | PSH, second, bytes(size))
            time.sleep(gap_ms / 1000)
            gaps.append(peer.send(ACK | PSH, first, bytes(size)) - ahead)
            peer.seq = second + size
            time.sleep(0.05)
        peer.close()
        process.wait(20)
        closed(g, port)
        run = trace.stop()
    data = [r for r in run.flow(proto="tcp", dport=port) if r["data_len"]]
    waited = [r for r in data if any(s["stage"] == "ooo" for s in r["stages"])]
    check(len(data) == 2 * count and len(waited) == count and
          tally(data) == {"delivered": 2 * count},
          f"{len(data)} segments, {len(waited)} waited: {tally(data)}")
    off = [spent(r, "ooo") - gap for r, gap in zip(waited, gaps)]
    others = [max(s["ns"] for s in r["stages"] if s["stage"] != "ooo") for r in waited]
    bound = max(MS, gap_ms * MS // 10)
    # An emulated CPU that stopped for a while got both segments at once.
    near = part([abs(o) for o in off], bound)
    check(abs(median(off)) <= bound and near >= 0.7,
          f"ooo differs from the gap by {median(off) / MS:.1f} ms (median), "
          f"{near:.0%} within {bound / MS:.0f} ms")
    check(min(others) < MS, f"another stage took {min(others) / MS:.1f} ms")
    return (f"{count} of {2 * count} waited, "
            f"median {median([spent(r, 'ooo') for r in waited]) / MS:.1f} ms for a gap of "
            f"{median(gaps) / MS:.1f}; longest other stage {median(others) / MS:.2f} ms")
