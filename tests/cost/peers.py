# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
"""The other tools that the overhead table compares with, as Debian has them: bpftrace, pwru, perf.

apt fetches them once, with the libraries they need, into the cache; nothing is installed. They run
from there by their own dynamic linker, here and in guests.
"""

import pathlib

ROOT = pathlib.Path(__file__).resolve().parents[2]

from lib import debtree
from lib.kernels import AssetError, cache_dir

SUITE = "trixie"
PACKAGES = {"bpftrace": "bpftrace", "pwru": "pwru", "perf": "linux-perf"}


def tree():
    """Where they are unpacked. Raises AssetError."""
    return debtree.unpacked(cache_dir() / "peers" / SUITE, SUITE, (f"{SUITE}-security",),
                            tuple(PACKAGES.values()))


def program(name):
    """The program's file: the real one where /usr/bin has a script that chooses a version."""
    usr = tree() / "usr"
    found = [usr / "bin" / name, usr / "sbin" / name, *sorted(usr.glob(f"bin/{name}_*"))]
    for path in found:
        if path.is_file() and path.read_bytes()[:4] == b"\x7fELF":
            return path
    raise AssetError(f"{name}: its package has no program of that name")


def is_static(path):
    return b"/lib64/ld-linux-x86-64.so.2" not in path.read_bytes()[:1 << 20]


def here(name):
    """The words that start it on this machine."""
    path = program(name)
    if is_static(path):
        return [str(path)]
    return debtree.command(tree(), path)


def in_guest(name):
    """(words that start it in a guest, {path there: file here} to be packed for that)."""
    path = program(name)
    there = f"/peers/{name}"
    if is_static(path):
        return [there], {there: path}
    files = {there: path, "/peers/ld.so": debtree.linker(tree())}
    files.update({f"/peers/lib/{lib}": file
                  for lib, file in debtree.libraries(tree(), path).items()})
    return ["/peers/ld.so", "--library-path", "/peers/lib", there], files
