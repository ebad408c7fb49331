#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
"""Proves pktpath's figures in a guest with Debian's 6.1 and the NIC e1000: `make guest-test`.

guest_e1000.py [PART] [WORD...] runs only the tests with one of the words in their name; the part
2/3 is the second third of all.
"""

import sys

import kernels
import wire
import xdptools
from e1000_env import Env
from guest import available
from harness import run

import e1000_counts  # noqa: F401  each defines tests; they run in this order
import e1000_truth   # noqa: F401
import e1000_life    # noqa: F401
import e1000_smp     # noqa: F401
import e1000_poll    # noqa: F401
import e1000_read    # noqa: F401
import e1000_v6      # noqa: F401
import e1000_gro     # noqa: F401
import e1000_ooo     # noqa: F401
import e1000_scope   # noqa: F401
import e1000_serve   # noqa: F401
import e1000_flood   # noqa: F401
import e1000_inner   # noqa: F401
import e1000_copies  # noqa: F401
import e1000_others  # noqa: F401
import e1000_hist    # noqa: F401
import e1000_xdp     # noqa: F401
import e1000_sent    # noqa: F401
import e1000_dispatcher  # noqa: F401


def main():
    reason = available()
    if reason:
        sys.exit(f"guest_e1000: {reason}")
    try:
        kernels.kernel(Env.KERNEL)
        xdptools.prefetch()  # from here on there is no network
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
