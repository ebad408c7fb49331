# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
"""A QEMU guest with a real NIC model, on a wire to this process.

    with Guest(kernel="6.1", nic="e1000", smp=2) as g:
        rc, out, err = g.sh("uname -r")
        trace = g.start(["pktpath", "trace", "-i", "eth0", "--json"])
        trace.wait_for("listening on", 30)
        ... send from here to g.nics[0].guest (10.77.0.2) ...
        trace.signal()
        trace.wait()

Commands run in the guest under its agent (tests/tools/agent.c), which is its init. Nothing is
left behind: archive and console log are anonymous memory, QEMU dies with this process (with the
thread that booted it, to be exact: boot from the main thread). One guest at a time: its taps have
fixed names and addresses.
"""

import atexit
import ctypes
import os
import pathlib
import re
import shlex
import shutil
import signal
import socket
import struct
import subprocess
import threading
import time

from lib import image
from lib import kernels
from lib import qemu
from lib import wire

ROOT = pathlib.Path(__file__).resolve().parents[2]
# Model: (driver, smallest QEMU version).
NICS = {
    "e1000": ("e1000", 0), "e1000e": ("e1000e", 0), "igb": ("igb", 8),
    "virtio-net-pci": ("virtio_net", 0),
}
# Fast and repeatable: no mitigations, no relocation, no timer calibration by trial.
KERNEL_ARGS = ("console=ttyS0 loglevel=4 panic=-1 oops=panic net.ifnames=0 mitigations=off nokaslr "
               "tsc=reliable no_timer_check random.trust_cpu=on rcupdate.rcu_expedited=1")
# Without the hardening that takes a good part of the time in which BPF programs are loaded.
SOFT = "init_on_alloc=0 hardened_usercopy=off lsm=capability audit=0 nowatchdog"
# Without what QEMU emulates slowly: a kernel told of ERMS copies byte by byte (and one told of FSRM
# alone does not boot); the others cost at each access to memory or change of privilege.
CPU = "max,-erms,-fsrm,-la57,-smap,-smep,-pku,-umip,-fsgsbase"
HEADER = struct.Struct("<III")
MAX_FRAME = 32768
TROUBLE = re.compile(r"Kernel panic|BUG:|Oops|WARNING:|lockup|stall|agent: |qemu-system")
PR_SET_PDEATHSIG = 1
BOOT_SECONDS = 60
# Seconds to wait are meant for a machine that does nothing else. Nothing waits that long in vain
# but what has failed.
PATIENCE = 6

_libc = ctypes.CDLL(None, use_errno=True)


class GuestError(Exception):
    """What went wrong, and the guest's last words."""


def build_dir():
    return pathlib.Path(os.environ.get("PKTPATH_BUILD") or ROOT / "build")


def unknown(kernel, models):
    """One line on a kernel or a NIC that there is not, or None."""
    names = [("kernel", kernel, kernels.KERNELS), *(("NIC", model, NICS) for model in models)]
    for what, name, known in names:
        if name not in known:
            return f"{what} '{name}' is not one of {', '.join(known)}"
    return None


def fetch(kernel, models):
    """(kernel, QEMU) for a guest with these NICs, fetched if they are not in the cache. Tests do
    that before wire.isolate(), which takes the network away. Raises AssetError."""
    wrong = unknown(kernel, models)
    if wrong:
        raise kernels.AssetError(wrong)
    return kernels.kernel(kernel), qemu.qemu(max(NICS[m][1] for m in models))


def _die_with_parent():
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    os.setpgid(0, 0)  # Ctrl-C is for the command in the guest, not for QEMU


class Process:
    """A command in the guest."""

    def __init__(self, guest, ident, command, stdout, stderr):
        self._guest, self._id, self.command = guest, ident, command
        self._data = {"o": bytearray(), "e": bytearray()}
        self._sinks = {"o": stdout, "e": stderr}
        self.returncode = None

    def _received(self, kind, data):
        """In the reader's thread, with the guest's lock held."""
        if kind == "q":
            self.returncode = struct.unpack("<i", data)[0]
            return
        self._data[kind] += data
        sink = self._sinks[kind]
        if sink:
            sink.write(data)
            sink.flush()

    def out_bytes(self):
        with self._guest.changed:
            return bytes(self._data["o"])

    def out(self):
        """Standard output so far."""
        return self.out_bytes().decode(errors="replace")

    def err(self):
        with self._guest.changed:
            return self._data["e"].decode(errors="replace")

    def signal(self, number=signal.SIGINT):
        """To the command's whole process group. Start the command as a list then: a shell misses
        a signal that comes in the instant in which it forks."""
        self._guest.send("s", self._id, struct.pack("<I", number))

    def wait(self, timeout=60):
        """The exit status; 128 + n if signal n ended it."""
        self._guest.wait_until(lambda: self.returncode is not None, timeout,
                               f"'{self.command}' did not end", self)
        return self.returncode

    def wait_for(self, text, timeout=30):
        """Waits until it printed `text`, on either stream."""
        raw = text.encode()

        def seen():
            return any(raw in data for data in self._data.values())

        self._guest.wait_until(lambda: seen() or self.returncode is not None, timeout,
                               f"'{self.command}' did not print '{text}'", self)
        if not seen():
            raise GuestError(f"'{self.command}' ended with {self.returncode} before it printed "
                             f"'{text}': {(self.err() or self.out()).strip()[-500:]}")


def installed(names, path=qemu.SYSTEM_PATH):
    """{name: where it is} of those programs that this machine has, for Guest's `programs`."""
    found = {name: shutil.which(name, path=path) for name in names}
    return {name: where for name, where in found.items() if where}


class Guest:
    """See the module's text. `nics`: what the guest has, with names and addresses on both ends.

    nic, extra_nics: models of NICS; eth0 is `nic`. modules: more to load at boot. programs: more
    programs for /bin, {name: path on the host}; files: {path in the guest: path on the host}.
    console: "stdio" gives the serial console to the user's terminal. pktpath and traffic are
    packed if they are built.
    """

    CPU, SOFT = CPU, SOFT

    def __init__(self, kernel="6.1", nic="e1000", smp=1, extra_nics=(), append="", memory=512,
                 modules=(), programs=None, files=None, ipv6=False, static_arp=True, console=None,
                 progress=None):
        self.nics = [wire.Nic(i, model) for i, model in enumerate([nic, *extra_nics])]
        self.smp, self.append, self.memory = smp, append, memory
        self.modules, self.programs = list(modules), dict(programs or {})
        self.files = files
        self.ipv6, self.static_arp, self.console_mode = ipv6, static_arp, console
        self.changed = threading.Condition()
        self.boot_seconds = 0.0
        self._kernel_name, self._say = kernel, progress or (lambda text: None)
        self._qemu = self._port = self._log = self._reader = None
        self._ready, self._gone = False, False
        self._next_id, self._processes = 1, {}
        self._send_lock = threading.Lock()
        self.ending = []  # processes that have said all and still clean up: see records.settle()

    # --- life ---

    def __enter__(self):
        try:
            self.boot()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *exc):
        self.close()

    def boot(self):
        kernel, machine = fetch(self._kernel_name, [n.model for n in self.nics])
        wire.isolate()
        start = time.monotonic()
        self._say(f"booting Linux {kernel.version} with {self.smp} CPU(s) and "
                  f"{', '.join(n.model for n in self.nics)}")
        self._open_wires()
        self._launch(kernel, machine)
        self._reader = threading.Thread(target=self._read_port, daemon=True)
        self._reader.start()
        atexit.register(self.close)
        self.wait_until(lambda: self._ready, BOOT_SECONDS, "the guest did not boot")
        self._set_addresses()
        self.boot_seconds = time.monotonic() - start
        self._say(f"guest is up after {self.boot_seconds:.1f} s")

    def close(self):
        """Ends QEMU, at once: the guest has nothing to save."""
        atexit.unregister(self.close)
        if self._qemu:
            self._qemu.kill()
            self._qemu.wait()
            self._qemu = None
        if self._reader:
            self._reader.join()
            self._reader = None
        if self._port:
            self._port.close()
            self._port = None
        for nic in self.nics:
            nic.close()
        if self._log is not None:
            os.close(self._log)
            self._log = None

    def _open_wires(self):
        for nic in self.nics:
            nic.open_tap(self.ipv6)

    def _memory_file(self, name, data=b""):
        fd = os.memfd_create(name)
        view = memoryview(data)
        while view:
            view = view[os.write(fd, view):]
        return fd

    def _programs(self):
        programs = dict(self.programs)
        for name in ("pktpath", "traffic"):
            if (build_dir() / name).exists():
                programs.setdefault(name, str(build_dir() / name))
        # busybox's ip knows neither static neighbours nor veth. Its shell would prefer that ip
        # over any in the PATH, therefore the host's shell.
        return installed(("sh", "ip", "tc")) | programs

    def _launch(self, kernel, machine):
        load = ["virtio_pci", "virtio_console", *(NICS[n.model][0] for n in self.nics),
                *self.modules]
        initrd = self._memory_file("initramfs", image.build(
            kernel, build_dir() / "agent", load, self._programs(), self.files))
        self._log = self._memory_file("console")
        self._port, theirs = socket.socketpair()
        argv = machine.argv + self._options(kernel, initrd, theirs.fileno())
        fds = [initrd, self._log, theirs.fileno(), *(n.fd for n in self.nics if n.fd >= 0)]
        try:
            self._qemu = subprocess.Popen(
                argv, env=machine.env, pass_fds=fds,
                preexec_fn=None if self.console_mode else _die_with_parent,
                stdin=None if self.console_mode else subprocess.DEVNULL,
                stdout=None if self.console_mode else self._log,
                stderr=self._log)
        finally:
            theirs.close()
            os.close(initrd)
            for nic in self.nics:
                nic.close()

    def _options(self, kernel, initrd, port):
        console = "stdio,id=con,signal=off" if self.console_mode else \
            f"file,id=con,path=/proc/self/fd/{self._log},append=on"
        argv = [
            "-nodefaults", "-no-user-config", "-no-reboot", "-display", "none",
            "-machine", "q35", *self._accel(), "-cpu", self.CPU,
            "-smp", str(self.smp), "-m", str(self.memory),
            "-kernel", str(kernel.vmlinux), "-initrd", f"/proc/self/fd/{initrd}",
            "-append", f"{KERNEL_ARGS} {self.SOFT} {self.append}".strip(),
            "-chardev", console, "-serial", "chardev:con",
            "-chardev", f"socket,id=agent,fd={port}",
            "-device", "virtio-serial-pci,addr=2", "-device", "virtserialport,chardev=agent,nr=1"]
        for nic in self.nics:
            argv += ["-netdev", self._netdev(nic), "-device", self._device(nic)]
        return argv

    def _accel(self):
        return ["-accel", "tcg,thread=multi"]

    def _netdev(self, nic):
        return f"tap,id=net{nic.index},fd={nic.fd}"

    def _device(self, nic):
        # Apart from each other: two igb side by side collide with their virtual functions.
        return (f"{nic.model},netdev=net{nic.index},mac={nic.mac},romfile=,"
                f"addr={3 + 3 * nic.index:#x}")

    def _set_addresses(self):
        script = ["set -e", "ip link set lo up"]
        if self.smp > 1:
            # Statistics stay on, for switching them patches code that every tracepoint runs
            # through: now and then a CPU of QEMU's (7.2) goes on executing the breakpoint that the
            # kernel had there meanwhile, and traps for ever.
            script.append("echo 1 > /proc/sys/kernel/bpf_stats_enabled")
        for nic in self.nics:
            script += [
                f"[ \"$(cat /sys/class/net/{nic.name}/address)\" = {nic.mac} ] || "
                f"{{ echo no {nic.name} with {nic.mac} >&2; exit 1; }}",
                f"echo {int(not self.ipv6)} > /proc/sys/net/ipv6/conf/{nic.name}/disable_ipv6",
                f"echo 0 > /proc/sys/net/ipv6/conf/{nic.name}/accept_dad",
                f"ip addr add {nic.guest}/24 dev {nic.name}", f"ip link set {nic.name} up"]
            if self.ipv6:
                script.append(f"ip addr add {nic.guest6}/64 dev {nic.name}")
            if self.static_arp:
                outside = [nic.outside] + [nic.outside6] * self.ipv6
                script += [f"ip neigh replace {address} lladdr {nic.tap_mac} dev {nic.name} "
                           "nud permanent" for address in outside]
                nic.static_neighbour(self.ipv6)
            # e1000 reports its link some time after it is up; what is sent before is lost.
            script.append(f"n=0; until [ \"$(cat /sys/class/net/{nic.name}/carrier)\" = 1 ]; do "
                          f"n=$((n + 1)); [ $n -lt 1000 ] || "
                          f"{{ echo {nic.name}: no link >&2; exit 1; }}; usleep 10000; done")
        self.check("\n".join(script))

    # --- the agent's port ---

    def send(self, kind, ident, data=b""):
        try:
            with self._send_lock:
                self._port.sendall(HEADER.pack(len(data), ident, ord(kind)) + data)
        except OSError:
            raise GuestError(f"the guest is gone{self.last_words()}") from None

    def _read_exactly(self, size):
        data = bytearray()
        while len(data) < size:
            more = self._port.recv(min(size - len(data), 1 << 16))
            if not more:
                raise EOFError
            data += more
        return bytes(data)

    def _read_port(self):
        try:
            while True:
                length, ident, kind = HEADER.unpack(self._read_exactly(HEADER.size))
                data = self._read_exactly(length)
                with self.changed:
                    if chr(kind) == "r":
                        self._ready = True
                    elif ident in self._processes:
                        self._processes[ident]._received(chr(kind), data)
                    self.changed.notify_all()
        except (OSError, EOFError):
            pass
        finally:  # whatever ended it, nobody may wait for more
            with self.changed:
                self._gone = True
                self.changed.notify_all()

    def wait_until(self, condition, timeout, complaint, process=None):
        """Waits until `condition()`, evaluated with the lock held, is true."""
        timeout *= PATIENCE
        with self.changed:
            self.changed.wait_for(lambda: condition() or self._gone, timeout)
            if condition():
                return
            gone = self._gone
        if gone:
            raise GuestError(f"the guest died{self.last_words()}")
        said = (process.err() or process.out()).strip()[-300:] if process else ""
        if process:
            process.signal(signal.SIGKILL)
        raise GuestError(f"{complaint} within {timeout} s{'; it said: ' + said if said else ''}"
                         f"{self.last_words()}")

    def console(self):
        """The kernel's log on the serial console."""
        if self._log is None:
            return ""
        return os.pread(self._log, 1 << 24, 0).decode(errors="replace")

    def last_words(self, lines=15):
        if self._gone and self._qemu:  # QEMU's own message may still be under way
            try:
                self._qemu.wait(timeout=2)
            except subprocess.TimeoutExpired:
                pass
        text = [line.rstrip() for line in self.console().splitlines() if line.strip()]
        # The headline of a panic stands far above the end of its register dump.
        heads = [i for i, line in enumerate(text[:-lines]) if TROUBLE.search(line)][-3:]
        shown = [text[i] for i in heads] + ["..."] * bool(heads) + text[-lines:]
        return "; console:\n    " + "\n    ".join(shown) if text else ""

    # --- commands ---

    def start(self, command, stdout=None, stderr=None):
        """Runs a command: a string for the guest's shell, or a list of arguments. stdout, stderr:
        binary files that its output is also written to as it comes."""
        if not isinstance(command, str):
            command = "exec " + shlex.join(map(str, command))
        raw = command.encode()
        if len(raw) > MAX_FRAME:
            raise GuestError("command too long; write it to a file with push()")
        return self._request("x", raw, command.removeprefix("exec "), stdout, stderr)

    def _request(self, kind, data, name, stdout=None, stderr=None):
        with self.changed:
            ident, self._next_id = self._next_id, self._next_id + 1
            process = Process(self, ident, name.splitlines()[0] if name else "", stdout, stderr)
            self._processes[ident] = process
        self.send(kind, ident, data)
        return process

    def _finish(self, process, timeout):
        rc = process.wait(timeout)
        with self.changed:  # its output may be large
            del self._processes[process._id]
        return rc

    def sh(self, command, timeout=60):
        """Runs a command to its end: (exit status, standard output, standard error)."""
        process = self.start(command)
        rc = self._finish(process, timeout)
        return rc, process.out(), process.err()

    def check(self, command, timeout=60):
        """Standard output of a command that must succeed."""
        rc, out, err = self.sh(command, timeout)
        if rc:
            raise GuestError(f"in the guest, '{str(command).splitlines()[0]}' failed with {rc}: "
                             f"{(err or out).strip()[-500:]}")
        return out

    def pull(self, path, timeout=120):
        """The bytes of a file in the guest."""
        process = self.start(["cat", path])
        if self._finish(process, timeout):
            raise GuestError(f"pull {path}: {process.err().strip()}")
        return process.out_bytes()

    def push(self, data, path, timeout=120):
        """Makes a file (executable) in the guest."""
        frames = [("c", path.encode())]
        frames += [("a", data[i:i + MAX_FRAME]) for i in range(0, len(data), MAX_FRAME)]
        for kind, payload in frames:
            rc = self._finish(self._request(kind, payload, f"push {path}"), timeout)
            if rc:
                raise GuestError(f"push {path}: {os.strerror(rc)}")

    # --- the wire ---

    def nic_stats(self, nic=0):
        """The driver's counters, as of `ethtool -S`."""
        out = self.check(["traffic", "nic-stats", self.nics[nic].name])
        return {k: int(v) for k, v in (line.rsplit(": ", 1) for line in out.splitlines())}

    def traffic(self, *args, timeout=60):
        """Runs the traffic tool outside; its standard output."""
        argv = [str(build_dir() / "traffic"), *map(str, args)]
        done = subprocess.run(argv, capture_output=True, text=True, check=False,
                              timeout=timeout * PATIENCE)
        if done.returncode:
            raise GuestError(f"traffic {' '.join(argv[1:])}: {done.stderr.strip()}")
        return done.stdout


def available():
    """Whether guests can run on this machine: None, or the reason why not."""
    if not qemu.installed():
        return f"{qemu.PROGRAM} is not installed; run 'make deps'"
    return None
