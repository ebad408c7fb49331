#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
"""Shows pktpath at work: a guest with a real NIC driver, packets from outside, a live trace."""

import argparse
import shutil
import subprocess
import sys
import time

# pylint: disable=wrong-import-position
from lib.guest import Guest, GuestError, build_dir, unknown
from lib.kernels import AssetError, say
from lib.wire import WireError

FAST_PORT, SLOW_PORT, TCP_PORT, CLOSED_PORT = 7000, 7001, 8000, 7009
TCP_BYTES = 50000


class Terminal:
    """The user's terminal: narration between the guest's output, never within a line of it."""

    def __init__(self):
        self.colour = sys.stdout.isatty()
        self.columns = shutil.get_terminal_size((100, 24)).columns
        self.written = time.monotonic()
        self.bytes = 0
        self._line_open = False

    # As a file for Guest.start(): what the guest prints, as it comes.

    def write(self, data):
        self.written = time.monotonic()
        self.bytes += len(data)
        self._line_open = not data.endswith(b"\n")
        sys.stdout.buffer.write(data)

    def flush(self):
        sys.stdout.buffer.flush()

    def narrate(self, text):
        start = "\n" if self._line_open else ""
        self._line_open = False
        line = f"\x1b[1m— {text}\x1b[0m" if self.colour else f"— {text}"
        print(f"{start}\n{line}", flush=True)

    def settle(self, quiet=0.5, limit=5.0):
        """Waits until the guest has printed nothing for `quiet` seconds."""
        start = time.monotonic()
        while time.monotonic() - max(self.written, start) < quiet:
            if time.monotonic() - start > limit:
                break
            time.sleep(0.05)


class Demo:
    """The steps; each leaves the guest as it found it."""

    def __init__(self, guest, term):
        self.guest, self.term = guest, term
        self.nic = guest.nics[0]

    def trace(self, *options):
        command = ["pktpath", "trace", "-i", self.nic.name, *options]
        self.term.narrate(f"guest: {' '.join(command)}")
        colour = "always" if self.term.colour else "never"
        argv = ["env", "LC_ALL=C.UTF-8", f"COLUMNS={self.term.columns}", *command,
                f"--color={colour}"]
        process = self.guest.start(argv, stdout=self.term, stderr=self.term)
        self.ready(process)
        self.term.settle(0.2)
        return process

    @staticmethod
    def ready(process):
        try:
            process.wait_for("listening on", 60)
        except GuestError:
            if process.returncode is None:
                raise
            # Why, it has said itself, on the terminal.
            raise GuestError(f"pktpath ended with status {process.returncode} before it was ready"
                             ) from None

    def stop(self, process):
        process.signal()
        rc = process.wait(30)
        self.term.settle(0.1)
        if rc:
            raise GuestError(f"pktpath ended with status {rc}")
        if not process.out().strip():
            raise GuestError("pktpath traced nothing")

    def reader(self, *args):
        """The traffic tool in the guest, receiving."""
        process = self.guest.start(["traffic", *args])
        process.wait_for("ready")
        return process

    def done(self, process):
        if process.wait(30):
            raise GuestError(f"'{process.command}': {(process.err() or process.out()).strip()}")
        self.term.settle()

    def ping(self, count):
        self.term.narrate(f"outside: ping {self.nic.guest} ×{count}")
        argv = [shutil.which("ping") or "/bin/ping", "-q", "-c", str(count), "-i", "0.2", "-W", "5",
                self.nic.guest]
        result = subprocess.run(argv, capture_output=True, text=True, check=False)
        if result.returncode:
            raise GuestError(f"ping: {(result.stderr or result.stdout).strip().splitlines()[-1]}")
        self.term.settle()

    def udp(self):
        self.term.narrate(f"outside: 4 UDP datagrams to port {FAST_PORT}, whose reader is waiting")
        reader = self.reader("udp-recv", FAST_PORT, 4, "--timeout", 10)
        self.guest.traffic("udp-send", self.nic.guest, FAST_PORT, 4, "--gap-us", 20000)
        self.done(reader)

    def slow_reader(self):
        self.term.narrate(f"outside: 1 datagram to port {SLOW_PORT}, "
                          "whose reader takes 50 ms from waking up to reading")
        reader = self.reader("udp-recv", SLOW_PORT, 1, "--delay-ms", 50, "--timeout", 10)
        self.guest.traffic("udp-send", self.nic.guest, SLOW_PORT, 1)
        self.done(reader)

    def closed_port(self):
        self.term.narrate(f"outside: 1 datagram to port {CLOSED_PORT}, where nobody listens")
        self.guest.traffic("udp-send", self.nic.guest, CLOSED_PORT, 1)
        self.term.settle()

    def tcp(self):
        self.term.narrate(f"outside: {TCP_BYTES // 1000} KB of TCP to port {TCP_PORT}")
        reader = self.reader("tcp-recv", TCP_PORT, "--timeout", 10)
        self.guest.traffic("tcp-send", self.nic.guest, TCP_PORT, TCP_BYTES)
        self.done(reader)

    def run(self):
        say("the guest's CPU is emulated: all times are far longer than on hardware")
        trace = self.trace()
        self.ping(3)
        self.udp()
        self.slow_reader()
        self.closed_port()
        self.tcp()
        self.term.narrate("guest: Ctrl-C, and what became of every packet")
        self.stop(trace)
        trace = self.trace("-v")
        self.ping(1)
        self.slow_reader()
        self.stop(trace)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kernel", default="6.1")
    parser.add_argument("--nic", default="e1000")
    parser.add_argument("--smp", type=int, default=1)
    return parser.parse_args()


def main():
    args = arguments()
    wrong = unknown(args.kernel, [args.nic])
    if wrong:
        print(f"demo: {wrong}", file=sys.stderr)
        return 2
    if not (build_dir() / "pktpath").exists():
        print(f"demo: {build_dir() / 'pktpath'} is not there; run 'make'", file=sys.stderr)
        return 1
    term = Terminal()
    try:
        with Guest(args.kernel, args.nic, args.smp, progress=say) as guest:
            Demo(guest, term).run()
    except (GuestError, AssetError, WireError, subprocess.TimeoutExpired) as error:
        sys.stdout.flush()
        print(f"\ndemo: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\ndemo: interrupted", file=sys.stderr)
        return 130
    term.narrate("done. Next: 'make guest-shell' for a shell in such a guest, 'sudo "
                 "build/pktpath trace' on this machine, 'make demo NIC=e1000e' for another driver.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
