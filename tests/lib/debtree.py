# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
"""Debian packages of another release, unpacked into a folder with all that they need: nothing is
installed. Their programs run from there by their own dynamic linker and C library, here and in
guests.
"""

import pathlib
import platform
import re
import shutil
import tempfile

from lib.kernels import Apt, AssetError, locked, output, say

LIBRARIES = "usr/lib/{}-linux-gnu".format(platform.machine())
VERSION = "version"  # a file with the first package's


def _fetch(entry, suite, security, packages):
    for left in entry.parent.glob(f"tmp-{entry.name}-*"):  # of a run that was killed
        shutil.rmtree(left, ignore_errors=True)
    scratch = pathlib.Path(tempfile.mkdtemp(prefix=f"tmp-{entry.name}-", dir=entry.parent))
    try:
        apt = Apt(scratch / "apt", (suite,), security)
        say(f"looking up {', '.join(packages)} in {suite}")
        apt.update()
        # Against an empty list of packages: all they need comes from the same suite.
        command = ["apt-get", "install", "-y", "-q", "--no-install-recommends", "-o",
                   "Debug::NoLocking=1", *packages]
        sizes = re.findall(r"^'\S+' \S+ (\d+)", apt.run(*command, "--print-uris"), re.M)
        say(f"fetching {len(sizes)} packages ({sum(map(int, sizes)) // 1000000} MB)")
        apt.run(*command, "--download-only")
        for deb in sorted(apt.archives.glob("*.deb")):
            output(["dpkg-deb", "-x", str(deb), str(scratch / "tree")])
        shown = apt.run("apt-cache", "show", packages[0])
        (scratch / "tree" / VERSION).write_text(re.search(r"^Version: (\S+)", shown, re.M)[1])
        (scratch / "tree").rename(entry)  # complete, or not at all
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def unpacked(entry, suite, security, packages):
    """The folder, made if it is not there yet. Raises AssetError."""
    try:
        if not entry.exists():
            entry.parent.mkdir(parents=True, exist_ok=True)
            with locked(entry.parent / f"{entry.name}.lock"):
                if not entry.exists():  # another run may have made it meanwhile
                    _fetch(entry, suite, security, packages)
    except (AssetError, OSError) as error:
        raise AssetError(f"{', '.join(packages)} of {suite} cannot be had: {error}") from error
    return entry


def linker(tree):
    found = next((tree / LIBRARIES).glob("ld-linux*"), None)
    if not found:
        raise AssetError(f"{tree}: no dynamic linker in {LIBRARIES}")
    return found


def command(tree, path):
    """The words that start one of its programs on this machine."""
    return [str(linker(tree)), "--library-path", str(tree / LIBRARIES), str(path)]


def libraries(tree, path):
    """{name: file} of the shared libraries that a program needs; none if it is static."""
    loader, *words = command(tree, path)
    return {pathlib.Path(p).name: pathlib.Path(p)
            for p in re.findall(r"=> (\S+)", output([loader, *words[:2], "--list", words[2]]))}
