# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
"""The guest's initramfs: busybox, the agent, kernel modules, and programs of the host.

The archive is made in memory in the "newc" format of cpio, so that device nodes need no
privilege and nothing is left on disk. Programs are packed with the shared libraries that ldd
names.
"""

import os
import re
import shutil
import stat
import subprocess

from lib.kernels import AssetError, output

DIRS = ("bin", "sbin", "usr", "usr/bin", "usr/sbin", "dev", "etc", "proc", "root", "run", "sys",
        "tmp", "var")
ETC = {
    "etc/passwd": "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/sh\n",
    "etc/group": "root:x:0:\nnogroup:x:65534:\n",
    "etc/hosts": "127.0.0.1 localhost\n::1 localhost\n",
    # busybox's shell would take its own ip instead of the one in the PATH.
    "etc/profile": "PS1='guest:\\w# '\nalias ip=/bin/ip\n",
}
BUSYBOX = "/bin/busybox"


class Cpio:
    """A cpio archive in the making; adding a file adds the directories above it."""

    def __init__(self):
        self._parts, self._seen, self._ino = [], set(), 0

    def _entry(self, name, mode, data=b""):
        self._ino += 1
        raw = name.encode() + b"\0"
        fields = (self._ino, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(raw), 0)
        head = b"070701" + b"".join(b"%08X" % field for field in fields) + raw
        self._parts += [head, b"\0" * (-len(head) % 4), data, b"\0" * (-len(data) % 4)]
        self._seen.add(name)

    def _parents(self, name):
        parts = name.split("/")[:-1]
        for i in range(1, len(parts) + 1):
            self.directory("/".join(parts[:i]))

    def directory(self, name):
        if name not in self._seen:
            self._entry(name, stat.S_IFDIR | 0o755)

    def file(self, name, data, mode=0o644):
        name = name.lstrip("/")
        if name not in self._seen:
            self._parents(name)
            self._entry(name, stat.S_IFREG | mode, data)

    def link(self, name, target):
        name = name.lstrip("/")
        if name not in self._seen:
            self._parents(name)
            self._entry(name, stat.S_IFLNK | 0o777, target.encode())

    def finish(self):
        self._entry("TRAILER!!!", 0)
        return b"".join(self._parts)


def shared_libraries(program):
    """Absolute paths of what the dynamic linker loads for a program; none for a static one."""
    done = subprocess.run(["ldd", program], capture_output=True, text=True, check=False)
    missing = re.search(r"^\s*(\S+) => not found", done.stdout, re.M)
    if missing:
        raise AssetError(f"{program}: shared library {missing[1]} is not installed")
    return re.findall(r"(?:^|\s)(/\S+)(?= \(0x)", done.stdout)


def add_program(cpio, source, name):
    """A program of the host under /bin, with its libraries at the paths it expects."""
    if not os.path.isfile(source):
        raise AssetError(f"{source} is not there; run 'make'")
    with open(source, "rb") as file:
        cpio.file(f"bin/{name}", file.read(), 0o755)
    for library in shared_libraries(source):
        with open(library, "rb") as file:
            cpio.file(library, file.read(), 0o755)


def add_busybox(cpio):
    busybox = shutil.which("busybox") or BUSYBOX
    if not os.path.isfile(busybox):
        raise AssetError("busybox is not installed; run 'make deps'")
    if shared_libraries(busybox):
        raise AssetError("busybox is not static; run 'make deps' (package busybox-static)")
    with open(busybox, "rb") as file:
        cpio.file("bin/busybox", file.read(), 0o755)
    for applet in output([busybox, "--list"]).split():
        cpio.link(f"bin/{applet}", "busybox")


def add_modules(cpio, kernel, load):
    """All modules for modprobe, and the list that the agent loads at once."""
    base = f"/lib/modules/{kernel.version}"
    for name in kernel.depends:
        cpio.file(f"{base}/{name}.ko", kernel.module_file(name).read_bytes())
    cpio.file(f"{base}/modules.dep", "".join(
        f"{name}.ko: {' '.join(f'{d}.ko' for d in reversed(kernel.load_order([name])[:-1]))}\n"
        for name in kernel.depends).encode())
    cpio.file("etc/modules", "".join(
        f"{base}/{name}.ko\n" for name in kernel.load_order(load)).encode())


def build(kernel, agent, load, programs, files=None):
    """The archive's bytes. `load`: modules to load at boot; `programs`: {name in /bin: path};
    `files`: {path in the guest: path}, as they are."""
    cpio = Cpio()
    for name in DIRS:
        cpio.directory(name)
    for name, text in ETC.items():
        cpio.file(name, text.encode())
    # In front of busybox, whose applets must not hide a program of the same name.
    for name, source in programs.items():
        add_program(cpio, source, name)
    for name, source in (files or {}).items():
        with open(source, "rb") as file:
            cpio.file(name, file.read(), 0o755)
    add_busybox(cpio)
    add_modules(cpio, kernel, load)
    with open(agent, "rb") as file:
        cpio.file("init", file.read(), 0o755)
    return cpio.finish()
