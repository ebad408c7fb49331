#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
"""The figures that matter most, proved on other kernels than 6.1 as well: `make kernels-test`.

guest_kernels.py [WORD...] runs only the tests with one of the words in their name.
"""

import sys

import kernels
import wire
from e1000_env import Env
from guest import available
from harness import Skip, run, take_tests, test

import e1000_counts  # noqa: F401  defines tests
import e1000_truth   # noqa: F401
import e1000_inner   # noqa: F401
import e1000_copies  # noqa: F401

KERNELS = ("6.12", "7")
CHOSEN = ("a_thousand_datagrams", "a_thousand_datagrams_by_kprobe", "twenty_pings_are_consumed",
          "a_closed_port_drops", "a_large_stream", "a_stream_with_losses", "a_reader_that_dies",
          "a_slow_udp_reader_shows_in_sock", "a_segment_is_read_with_its_last_byte",
          "routed_packets_leave", "datagrams_into_a_container", "a_bridge_is_a_hop",
          "a_vlan_is_a_hop", "fragments_end_in_their_datagram", "a_multicast_for_three_readers",
          "replies_for_a_raw_socket")


def on(kernel, function, lack):
    """`lack`: why there is no such kernel here, or None."""
    def wrapped(envs):
        if lack:
            raise Skip(lack)
        for other in set(envs) - {kernel}:
            envs[other].close()  # one guest at a time
        return function(envs[kernel])

    wrapped.__name__ = f"linux_{kernel}_{function.__name__}"
    test(wrapped)


def main():
    reason = available()
    if reason:
        sys.exit(f"guest_kernels: {reason}")
    chosen = [f for f in take_tests() if f.__name__ in CHOSEN]
    if len(chosen) != len(CHOSEN):
        sys.exit(f"guest_kernels: only {len(chosen)} of {len(CHOSEN)} tests are there")
    for kernel in KERNELS:
        lack = None
        try:
            kernels.kernel(kernel)  # later there is no network
        except kernels.AssetError as error:
            lack = str(error)
        for function in chosen:
            on(kernel, function, lack)
    wire.isolate()
    envs = {kernel: Env(kernel) for kernel in KERNELS}
    try:
        return run(envs, only=sys.argv[1:])
    finally:
        for env in envs.values():
            env.close()


if __name__ == "__main__":
    sys.exit(main())
