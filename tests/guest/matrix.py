#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
"""Every NIC on every kernel by every backend, as a table: `make matrix`.

python3 -m guest.matrix [WORD...] restricts it to these NICs, kernels and backends; `--few` to the
cells that stand for all of them in `make test`. A guest is booted for each NIC and kernel. Column
`guest` is traffic both ways without a trace: what fails there is no fault of pktpath.
"""

import subprocess
import sys
import time
from typing import NamedTuple

from lib import guest as guests
from lib import kernels
from guest import matrix_job
from guest import matrix_peer
from lib import wire
from lib.harness import Skip, one, total

NICS = (*guests.NICS, matrix_peer.VETH)
KERNELS = tuple(kernels.KERNELS)
BACKENDS = ("auto", "fentry", "kprobe.multi", "kprobe")
# Each NIC, kernel and backend at least once.
FEW = {
    ("e1000", "5.10"): ("kprobe",), ("virtio-net-pci", "6.1"): ("fentry",),
    ("veth", "6.1"): ("auto",), ("igb", "6.12"): ("fentry", "kprobe.multi"),
    ("e1000e", "7"): ("auto",),
}


class Cell(NamedTuple):
    nic: str
    kernel: str
    backend: str    # or "guest"
    word: str
    said: str


class Machine:
    """The guest with one NIC and kernel: booted when first asked for, and anew after a failure."""

    def __init__(self, nic, kernel):
        self.nic, self.kernel, self.lack = nic, kernel, None
        self._guest = self._peer = None
        try:
            guests.fetch(kernel, [matrix_peer.model(nic)])  # later there is no network
        except kernels.AssetError as error:
            self.lack = str(error)

    def peer(self):
        """The other end of the wire."""
        if self.lack:
            raise Skip(self.lack)
        if not self._peer:
            ping = matrix_peer.ping_program()
            self._guest = guests.Guest(kernel=self.kernel, nic=matrix_peer.model(self.nic),
                                       modules=matrix_peer.modules(self.nic),
                                       programs={"ping": ping} if ping else {})
            self._peer = matrix_peer.peer(self.nic, self._guest.__enter__())
        return self._peer

    def tell(self):
        """What the guest itself says of its interfaces, for whoever looks into a failure."""
        if self._peer:
            try:
                print(self._guest.check("grep -E 'eth|virtio' /proc/interrupts; ip -s link"))
            except guests.GuestError as error:
                print(error)

    def close(self):
        if self._guest:
            self._guest.close()
        self._guest = self._peer = None


def run_cell(machine, backend):
    job = matrix_job.both_ways if backend == "guest" else matrix_job.traced

    def test():
        return job(machine.peer(), *([] if backend == "guest" else [backend]))

    test.__name__ = f"{machine.nic}_{machine.kernel}_{backend}"
    word, said = one(test)
    if word == "FAIL":
        machine.tell()
        machine.close()  # its next cell shall not suffer from it
    return Cell(machine.nic, machine.kernel, backend, word, said)


def show(cells):
    """The table, and the reasons for what is not ok, each once."""
    columns = [b for b in ("guest", *BACKENDS) if any(c.backend == b for c in cells)]
    words = {c[:3]: "-" if c.word == "SKIP" else c.word for c in cells}
    print(f"\n{'NIC':15} {'KERNEL':7}" + "".join(f" {b:12}" for b in columns).rstrip())
    for nic, kernel in dict.fromkeys(c[:2] for c in cells):
        row = "".join(f" {words.get((nic, kernel, b), ''):12}" for b in columns)
        print(f"{nic:15} {kernel:7}{row}".rstrip())
    reasons = {}
    for c in cells:
        if c.word != "ok":
            lines = c.said.strip().splitlines()
            said = lines[-1] if lines[0].startswith("Traceback") else lines[0]
            key = ("-" if c.word == "SKIP" else c.word, said)
            reasons.setdefault(key, []).append("/".join(c[:3]))
    for (word, said), where in reasons.items():
        print(f"{word} {', '.join(where)}: {said}")
    print()


def choose(words):
    """{(NIC, kernel): backends} that are asked for."""
    if words == ["--few"]:
        return FEW
    for word in words:
        if word not in NICS + KERNELS + BACKENDS:
            print(f"matrix: '{word}' is no NIC ({', '.join(NICS)}), kernel ({', '.join(KERNELS)}) "
                  f"or backend ({', '.join(BACKENDS)})", file=sys.stderr)
            sys.exit(2)

    def those(names):
        return [n for n in names if n in words] or names

    return {(n, k): those(BACKENDS) for n in those(NICS) for k in those(KERNELS)}


def main(words):
    chosen, started, cells = choose(words), time.monotonic(), []
    reason = guests.available()
    if reason:
        sys.exit(f"matrix: {reason}")
    machines = {key: Machine(*key) for key in chosen}
    wire.isolate()
    for key, machine in machines.items():
        try:
            cells += [run_cell(machine, backend) for backend in ("guest", *chosen[key])]
        finally:
            machine.close()
    show(cells)
    print(f"{len(machines)} guests, {time.monotonic() - started:.0f} s")
    return total([c.word for c in cells])


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except (KeyboardInterrupt, subprocess.TimeoutExpired) as why:
        sys.exit(f"matrix: {why or 'interrupted'}")
