# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
"""QEMU: the installed one, or for NIC models which it lacks (igb, on Debian 12) a newer one.

The newer one comes from Debian's backports, fetched by apt and unpacked in the cache beside the
installed one, which stays as it is. `qemu(8)` returns a Qemu: how to start one of version 8 or
later.
"""

import os
import pathlib
import re
import shutil
import tempfile
from typing import NamedTuple

from lib.kernels import Apt, AssetError, cache_dir, locked, output, say

PROGRAM, PACKAGE = "qemu-system-x86_64", "qemu-system-x86"
RELEASE, SUITE = "bookworm", "bookworm-backports"
SYSTEM_PATH = "/usr/sbin:/usr/bin:/sbin:/bin"  # a user's PATH may lack sbin
MULTIARCH = "lib/x86_64-linux-gnu"


class Qemu(NamedTuple):
    argv: list  # the program and where its data is
    env: dict   # None: this process's


def installed():
    """The path of the installed one, or None."""
    return shutil.which(PROGRAM) or shutil.which(PROGRAM, path=SYSTEM_PATH)


def version(argv, env=None):
    """The major version. Raises AssetError if it cannot run here."""
    found = re.search(r"version (\d+)", output([*argv, "--version"], env=env))
    return int(found[1]) if found else 0


def qemu(needed=0):
    """One of version `needed` or later: the installed one, if that will do. Raises AssetError."""
    path = installed()
    if not path:
        raise AssetError(f"{PROGRAM} is not installed; run 'make deps'")
    if not needed or version([path]) >= needed:
        return Qemu([path], None)
    cache = cache_dir()
    entry = cache / "qemu" / SUITE
    try:
        if not entry.exists():
            with locked(cache / "qemu.lock"):
                if not entry.exists():  # another run may have done it meanwhile
                    entry.parent.mkdir(exist_ok=True)
                    _fetch(entry, cache)
    except OSError as error:
        raise AssetError(f"QEMU of {SUITE}: {error}") from error
    newer = _unpacked(entry)
    found = version(newer.argv, newer.env)
    if found < needed:
        raise AssetError(f"QEMU {needed} or later is needed, {SUITE} has {found}")
    return newer


def _unpacked(entry):
    """How to start the one in directory `entry`, with its own libraries, modules and firmware."""
    usr = entry / "usr"
    libraries = [str(usr / MULTIARCH), *filter(None, [os.environ.get("LD_LIBRARY_PATH")])]
    env = dict(os.environ, QEMU_MODULE_DIR=str(usr / MULTIARCH / "qemu"),
               LD_LIBRARY_PATH=":".join(libraries))
    share = usr / "share"
    program = str(usr / "bin" / PROGRAM)
    return Qemu([program, "-L", str(share / "qemu"), "-L", str(share / "seabios")], env)


def _fetch(entry, cache):
    """The package, and what it depends on that the installed system lacks or has too old."""
    for left in cache.glob("tmp-qemu-*"):  # of a run that was killed
        shutil.rmtree(left, ignore_errors=True)
    scratch = pathlib.Path(tempfile.mkdtemp(prefix="tmp-qemu-", dir=cache))
    try:
        apt = Apt(scratch, (RELEASE, SUITE), (f"{RELEASE}-security",))
        say(f"looking up QEMU in {SUITE}")
        apt.update()
        # Against the system's list of packages, but nothing is installed: so no lock is needed.
        command = ["apt-get", "install", "-y", "-q", "--no-install-recommends", "-t", SUITE,
                   "-o", "Dir::State::status=/var/lib/dpkg/status", "-o", "Debug::NoLocking=1",
                   PACKAGE]
        sizes = re.findall(r"^'\S+' \S+ (\d+)", apt.run(*command, "--print-uris"), re.M)
        say(f"fetching {len(sizes)} packages of QEMU ({sum(map(int, sizes)) // 1000000} MB)")
        apt.run(*command, "--download-only")
        for deb in sorted(apt.archives.glob("*.deb")):
            output(["dpkg-deb", "-x", str(deb), str(scratch / "tree")])
        (scratch / "tree").rename(entry)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
