# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
"""Upstream's xdp-tools and libxdp, as Debian sid has them, in the cache: nothing is installed.

Versions before 1.5.6 do not run on new kernels, and the newest needs its own C library: it runs by
the package's own dynamic linker, here and in guests.
"""

import contextlib
import os
import pathlib
import platform
import re
import shutil
import tempfile

import kernels
from kernels import AssetError

LIBRARIES = "usr/lib/{}-linux-gnu".format(platform.machine())


def _fetch(entry):
    """With all that they depend on, unpacked into `entry`, complete or not at all."""
    scratch = pathlib.Path(tempfile.mkdtemp(prefix="tmp-xdp-tools-", dir=entry.parent))
    try:
        apt = kernels.Apt(scratch / "apt", ("sid",), ())
        kernels.say("fetching Debian sid's xdp-tools")
        apt.update()
        apt.run("apt-get", "install", "-y", "-q", "--download-only", "--no-install-recommends",
                "xdp-tools")
        for deb in sorted(apt.archives.glob("*.deb")):
            kernels.output(["dpkg-deb", "-x", str(deb), str(scratch / "tree")])
        version = apt.run("apt-cache", "show", "xdp-tools")
        (scratch / "tree/version").write_text(re.search(r"^Version: (\S+)", version, re.M)[1])
        (scratch / "tree").rename(entry)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def tools():
    """Their folder. Raises AssetError."""
    cache = kernels.cache_dir()
    entry = cache / "xdp-tools"
    try:
        with kernels.locked(cache / "xdp-tools.lock"):
            if not (entry / "version").exists():
                _fetch(entry)
    except (AssetError, OSError) as error:
        raise AssetError(f"xdp-tools of Debian sid cannot be had: {error}") from error
    return entry


def prefetch():
    """While there is a network. Without one, who needs them says so."""
    with contextlib.suppress(AssetError):
        tools()


def linker():
    found = next((tools() / LIBRARIES).glob("ld-linux*"), None)
    if not found:
        raise AssetError(f"xdp-tools: no dynamic linker in {LIBRARIES}")
    return found


def here(tool):
    """(the words that start it on this machine, its environment)"""
    libraries = tools() / LIBRARIES
    return ([str(linker()), "--library-path", str(libraries), str(tools() / "usr/sbin" / tool)],
            dict(os.environ, LIBXDP_OBJECT_PATH=str(libraries / "bpf")))


def packed(tool, where):
    """({path: file} of what it needs in a guest in the folder `where`, the words that start it)"""
    library = tools() / LIBRARIES
    words, _ = here(tool)
    listed = kernels.output([*words[:3], "--list", words[3]])
    files = [pathlib.Path(path) for path in re.findall(r"=> (\S+)", listed)]
    files += [linker(), tools() / "usr/sbin" / tool, *(library / "bpf").glob("*.o")]
    return ({f"{where}/{file.name}": file for file in files},
            f"LIBXDP_OBJECT_PATH={where} {where}/{linker().name} --library-path {where} "
            f"{where}/{tool}")
