# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
"""Programs of Debian that some tests start in a guest, or talk to it with, and that nobody needs
installed: servers with their clients, Open vSwitch's, WireGuard's."""

import contextlib

from lib import debtree
from lib.harness import Skip
from lib.kernels import AssetError, cache_dir

PACKAGES = ("openvswitch-switch", "wireguard-tools", "iperf3", "redis-tools", "nginx", "wrk",
            "nsd", "dnsperf")
WHERE = "/tmp/tools"


def tree():
    """The folder they are in. Raises AssetError."""
    return debtree.unpacked(cache_dir() / "guest-tools", "trixie", (), PACKAGES)


def prefetch():
    """While there is a network. Without one, who needs them is skipped."""
    with contextlib.suppress(AssetError):
        tree()


def bring(g, tool, name=None, folder="usr/bin"):
    """Brings one into the guest, with its libraries: the words that start it there. name: another
    one that it is to have."""
    try:
        program, linker = tree() / folder / tool, debtree.linker(tree())
    except AssetError as error:
        raise Skip(str(error)) from error
    g.check(["mkdir", "-p", WHERE])
    # pthread_cancel() loads libgcc_s itself.
    for file in (linker, program, *debtree.libraries(tree(), program).values(),
                 tree() / debtree.LIBRARIES / "libgcc_s.so.1"):
        if g.sh(["test", "-f", f"{WHERE}/{file.name}"])[0]:
            g.push(file.read_bytes(), f"{WHERE}/{file.name}")
    if name:
        g.check(["ln", "-sf", tool, f"{WHERE}/{name}"])
    return f"{WHERE}/{linker.name} --library-path {WHERE} {WHERE}/{name or tool}"
