# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
"""Upstream's xdp-tools and libxdp, as Debian sid has them: versions before 1.5.6 do not run on new
kernels, and the newest needs its own C library."""

import contextlib
import os

from lib import debtree
from lib.kernels import AssetError, cache_dir


def tools():
    """Their folder. Raises AssetError."""
    return debtree.unpacked(cache_dir() / "xdp-tools", "sid", (), ("xdp-tools",))


def version():
    return (tools() / debtree.VERSION).read_text()


def prefetch():
    """While there is a network. Without one, who needs them says so."""
    with contextlib.suppress(AssetError):
        tools()


def program(tool):
    return tools() / "usr/sbin" / tool


def objects():
    """The folder of libxdp's own BPF programs."""
    return tools() / debtree.LIBRARIES / "bpf"


def here(tool):
    """(the words that start it on this machine, its environment)"""
    return (debtree.command(tools(), program(tool)),
            dict(os.environ, LIBXDP_OBJECT_PATH=str(objects())))


def packed(tool, where):
    """({path: file} of what it needs in a guest in the folder `where`, the words that start it)"""
    linker = debtree.linker(tools())
    files = [linker, program(tool), *debtree.libraries(tools(), program(tool)).values(),
             *objects().glob("*.o")]
    return ({f"{where}/{file.name}": file for file in files},
            f"LIBXDP_OBJECT_PATH={where} {where}/{linker.name} --library-path {where} "
            f"{where}/{tool}")
