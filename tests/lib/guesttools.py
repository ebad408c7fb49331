# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
"""Programs of Debian that some tests start in a guest, and that nobody needs installed: Open
vSwitch's, whose package starts a daemon, and WireGuard's."""

import contextlib

from lib import debtree
from lib.harness import Skip
from lib.kernels import AssetError, cache_dir

PACKAGES = ("openvswitch-switch", "wireguard-tools")
WHERE = "/tmp/tools"


def tree():
    """The folder they are in. Raises AssetError."""
    return debtree.unpacked(cache_dir() / "guest-tools", "trixie", (), PACKAGES)


def prefetch():
    """While there is a network. Without one, who needs them is skipped."""
    with contextlib.suppress(AssetError):
        tree()


def bring(g, tool):
    """Brings one into the guest, with its libraries: the words that start it there."""
    try:
        program, linker = tree() / "usr/bin" / tool, debtree.linker(tree())
    except AssetError as error:
        raise Skip(str(error)) from error
    g.check(["mkdir", "-p", WHERE])
    for file in (linker, program, *debtree.libraries(tree(), program).values()):
        if g.sh(["test", "-f", f"{WHERE}/{file.name}"])[0]:
            g.push(file.read_bytes(), f"{WHERE}/{file.name}")
    return f"{WHERE}/{linker.name} --library-path {WHERE} {WHERE}/{tool}"
