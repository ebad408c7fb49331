# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
"""The other tools that the overhead table compares with, as Debian has them: bpftrace, pwru, perf.

apt fetches them once, with the libraries they need, into the cache; nothing is installed. They run
from there by their own dynamic linker, here and in guests.
"""

import pathlib
import re
import shutil
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/e2e"))

from kernels import Apt, AssetError, cache_dir, locked, output, say  # noqa: E402

SUITE = "trixie"
PACKAGES = {"bpftrace": "bpftrace", "pwru": "pwru", "perf": "linux-perf"}
LIBRARIES = "usr/lib/x86_64-linux-gnu"
LINKER = f"{LIBRARIES}/ld-linux-x86-64.so.2"


def _fetch(entry, cache):
    for left in cache.glob("tmp-peers-*"):  # of a run that was killed
        shutil.rmtree(left, ignore_errors=True)
    scratch = pathlib.Path(tempfile.mkdtemp(prefix="tmp-peers-", dir=cache))
    try:
        apt = Apt(scratch, (SUITE,), (f"{SUITE}-security",))
        say(f"looking up {', '.join(PACKAGES)} in {SUITE}")
        apt.update()
        # Against an empty list of packages: all they need comes from the same suite.
        command = ["apt-get", "install", "-y", "-q", "--no-install-recommends", "-o",
                   "Debug::NoLocking=1", *PACKAGES.values()]
        sizes = re.findall(r"^'\S+' \S+ (\d+)", apt.run(*command, "--print-uris"), re.M)
        say(f"fetching {len(sizes)} packages ({sum(map(int, sizes)) // 1000000} MB)")
        apt.run(*command, "--download-only")
        for deb in sorted(apt.archives.glob("*.deb")):
            output(["dpkg-deb", "-x", str(deb), str(scratch / "tree")])
        (scratch / "tree").rename(entry)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def tree():
    """Where they are unpacked. Raises AssetError."""
    cache = cache_dir()
    entry = cache / "peers" / SUITE
    try:
        if not entry.exists():
            with locked(cache / "peers.lock"):
                if not entry.exists():  # another run may have done it meanwhile
                    entry.parent.mkdir(parents=True, exist_ok=True)
                    _fetch(entry, cache)
    except OSError as error:
        raise AssetError(f"peers of {SUITE}: {error}") from error
    return entry


def program(name):
    """The program's file: the real one where /usr/bin has a script that chooses a version."""
    usr = tree() / "usr"
    found = [usr / "bin" / name, usr / "sbin" / name, *sorted(usr.glob(f"bin/{name}_*"))]
    for path in found:
        if path.is_file() and path.read_bytes()[:4] == b"\x7fELF":
            return path
    raise AssetError(f"{name}: its package has no program of that name")


def libraries(path):
    """{name: file} of the shared libraries that a program needs; none if it is static."""
    where = tree()
    done = output([str(where / LINKER), "--library-path", f"{where}/{LIBRARIES}",
                   "--list", str(path)])
    return {pathlib.Path(p).name: pathlib.Path(p)
            for p in re.findall(r"=> (\S+)", done)}


def is_static(path):
    return b"/lib64/ld-linux-x86-64.so.2" not in path.read_bytes()[:1 << 20]


def here(name):
    """The words that start it on this machine."""
    path = program(name)
    if is_static(path):
        return [str(path)]
    return [str(tree() / LINKER), "--library-path", f"{tree()}/{LIBRARIES}", str(path)]


def in_guest(name):
    """(words that start it in a guest, {path there: file here} to be packed for that)."""
    path = program(name)
    there = f"/peers/{name}"
    if is_static(path):
        return [there], {there: path}
    files = {there: path, "/peers/ld.so": tree() / LINKER}
    files.update({f"/peers/lib/{lib}": file for lib, file in libraries(path).items()})
    return ["/peers/ld.so", "--library-path", "/peers/lib", there], files
