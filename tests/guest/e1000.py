#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
"""Proves pktpath's figures in a guest with Debian's 6.1 and the NIC e1000: `make guest-test`.

guest/e1000.py [--all] [PART] [WORD...] runs only the tests with one of the words in their name; the
part 2/3 is the second third of all. --all: those marked @later as well.
"""

import sys

from lib import guesttools
from lib import kernels
from lib import wire
from lib import xdptools
from guest.env import Env
from lib.guest import NICS, available, fetch
from lib.harness import run

from guest import counts  # noqa: F401  each defines tests; they run in this order
from guest import delays  # noqa: F401
from guest import life  # noqa: F401
from guest import later  # noqa: F401
from guest import blind  # noqa: F401
from guest import smp  # noqa: F401
from guest import poll  # noqa: F401
from guest import threaded  # noqa: F401
from guest import read  # noqa: F401
from guest import v6  # noqa: F401
from guest import gro  # noqa: F401
from guest import ooo  # noqa: F401
from guest import scope  # noqa: F401
from guest import serve  # noqa: F401
from guest import flood  # noqa: F401
from guest import forward  # noqa: F401
from guest import copies  # noqa: F401
from guest import others  # noqa: F401
from guest import evidence  # noqa: F401
from guest import headers  # noqa: F401
from guest import nat  # noqa: F401
from guest import ways  # noqa: F401
from guest import clients  # noqa: F401
from guest import sockets  # noqa: F401
from guest import tunnels  # noqa: F401
from guest import hist  # noqa: F401
from guest import xdp  # noqa: F401
from guest import xdp_sent  # noqa: F401
from guest import dispatcher  # noqa: F401


def main():
    reason = available()
    if reason:
        sys.exit(f"guest_e1000: {reason}")
    try:
        fetch(Env.KERNEL, NICS)
        xdptools.prefetch()
        if "--all" in sys.argv or any(word.isidentifier() for word in sys.argv[1:]):
            guesttools.prefetch()  # from here on there is no network
    except kernels.AssetError as error:
        sys.exit(f"guest_e1000: {error}")
    wire.isolate()
    env = Env()
    try:
        return run(env, only=sys.argv[1:])
    finally:
        env.close()


if __name__ == "__main__":
    sys.exit(main())
