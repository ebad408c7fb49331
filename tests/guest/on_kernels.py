#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
"""The figures that matter most, proved on other kernels than 6.1 as well, and the hooks chosen on
each kernel: `make kernels-test`.

python3 -m guest.on_kernels [--few] [PART] [WORD...] runs only the tests with one of the words in
their name; the part 2/3 is the second third of all. --few: those of which a kernel's own ways may
decide, for `make test`, where all of them run on 6.1 (guest/e1000.py).
"""

import sys

from lib import guest as guests
from guest import hooks_chosen as kernel_probes
from lib import kernels
from lib import wire
from lib import xdptools
from guest.env import Env
from lib.harness import Skip, run, take_tests, test

from guest import counts  # noqa: F401  defines tests
from guest import delays  # noqa: F401
from guest import flood  # noqa: F401
from guest import poll  # noqa: F401
from guest import threaded  # noqa: F401
from guest import blind  # noqa: F401
from guest import read  # noqa: F401
from guest import forward  # noqa: F401
from guest import copies  # noqa: F401
from guest import evidence  # noqa: F401
from guest import headers  # noqa: F401
from guest import nat  # noqa: F401
from guest import hist  # noqa: F401
from guest import serve  # noqa: F401
from guest import xdp  # noqa: F401
from guest import xdp_sent  # noqa: F401
from guest import dispatcher  # noqa: F401
from guest import later  # noqa: F401
from guest import life  # noqa: F401

KERNELS = ("5.10", "6.12", "7")
RT_KERNELS = ("6.1-rt", "6.12-rt")
THREADED = ("interrupts_in_threads_of_e1000", "interrupts_in_threads_of_igb",
            "interrupts_in_threads_of_virtio", "a_stream_with_interrupts_in_threads",
            "an_interrupts_thread_that_gets_no_cpu_shows_in_irq")
CHOSEN = ("a_thousand_datagrams", "a_thousand_datagrams_by_kprobe",
          "a_thousand_datagrams_by_kprobe_multi", "twenty_pings_are_consumed",
          "a_closed_port_drops", "a_large_stream", "a_stream_with_losses", "a_reader_that_dies",
          "routed_packets_leave", "datagrams_into_a_container", "a_bridge_is_a_hop",
          "a_vlan_is_a_hop", "fragments_end_in_their_datagram", "a_multicast_for_three_readers",
          "replies_for_a_raw_socket", "under_a_dhcp_clients_socket", "redirected_by_tc",
          "freed_where_nobody_sees_it", "segmented_by_nfqueue", "a_router_that_shapes",
          "tags_in_the_bytes_hide_no_flow", "big_tcp_over_ipv6_has_its_length",
          "big_tcp_over_ipv4_has_its_length", "what_esp_had_inside_is_shown",
          "odd_and_short_frames_say_nothing_wrong", "a_redirected_port_is_shown_beside_the_wires",
          "a_containers_port_is_shown", "what_is_masqueraded_shows_what_left",
          "extension_headers_hide_no_flow", "echoes_behind_options_are_consumed",
          "readers_that_sleep_are_woken_for_udp", "data_in_a_syn_is_read",
          "what_nobody_accepts_is_closed_unread", "what_ktls_takes_is_labelled",
          "what_mptcp_takes_is_labelled",
          "a_slow_udp_reader_shows_in_sock", "a_segment_is_read_with_its_last_byte",
          "unread_datagrams_fill_the_table_of_records", "recycled_datagrams", "recycled_segments",
          "a_timer_polls", "a_thread_polls", "a_busy_poller_polls", "a_budget_used_up_is_a_repoll",
          "interrupts_of_e1000e", "interrupts_of_igb", "an_interrupt_during_a_poll_on_e1000e",
          "squeezes_are_counted_as_the_kernel_does",
          "histograms_of_datagrams_are_those_of_their_records",
          "histograms_of_a_large_stream_by_the_wire",
          "only_slow_packets_are_sent", "generic_verdicts_are_what_the_wire_says",
          "generic_verdicts_on_skbs_that_are_replaced", "alone_behind_the_dispatcher",
          "our_own_generic_program_passes_all", "native_verdicts_are_what_the_wire_says",
          "our_own_native_program_passes_all", "the_benchmark_says_what_leaves_natively",
          "a_server_as_nobody_tells_all_stages", "a_nic_without_rows_comes_later",
          "a_bridge_comes_later", "the_clock_is_set_while_it_runs",
          "switched_off_in_mid_run",
          "hooks_that_stop_for_no_known_reason", "a_locked_down_kernel_is_named",
          "places_without_names_are_explained")
# What a preemptible softirq may spoil.
RT_CHOSEN = ("a_thousand_datagrams", "twenty_pings_are_consumed", "a_closed_port_drops",
             "a_large_stream", "a_reader_that_dies", "routed_packets_leave",
             "a_bridge_is_a_hop", "readers_that_sleep_are_woken_for_udp", "a_timer_polls",
             "a_thread_polls", "a_budget_used_up_is_a_repoll", *THREADED)
# 5.10: no reasons of drops, no compare-and-swap for BPF, no types of modules' functions.
# 6.12: another driver's hooks, GRO's own header, more reasons. 7: all that changed since.
FEW = {
    "5.10": ("a_thousand_datagrams", "a_large_stream", "recycled_segments",
             "histograms_of_datagrams_are_those_of_their_records",
             "native_verdicts_are_what_the_wire_says", "under_a_dhcp_clients_socket",
             "tags_in_the_bytes_hide_no_flow"),
    "6.12": ("a_thousand_datagrams", "a_large_stream", "what_mptcp_takes_is_labelled",
             "our_own_native_program_passes_all", "interrupts_in_threads_of_virtio"),
    "7": ("a_thousand_datagrams", "a_thousand_datagrams_by_kprobe_multi", "a_large_stream",
          "a_multicast_for_three_readers", "readers_that_sleep_are_woken_for_udp",
          "alone_behind_the_dispatcher", "under_a_dhcp_clients_socket",
          "what_is_masqueraded_shows_what_left"),
    "6.12-rt": ("a_large_stream", "an_interrupts_thread_that_gets_no_cpu_shows_in_irq"),
}
ALL = {**dict.fromkeys(KERNELS, (*CHOSEN, *THREADED)),
       **dict.fromkeys(RT_KERNELS, RT_CHOSEN)}
PROBED = (*((kernel, "e1000") for kernel in kernels.KERNELS), ("6.12", "igb"))


def on(key, function, lack):
    """`key`: kernel and NIC; `lack`: why there is no such guest here, or None."""
    def wrapped(envs):
        if lack:
            raise Skip(lack)
        for other in set(envs) - {key}:
            envs[other].close()  # one guest at a time
        return function(envs[key])

    kernel, nic = key
    name = f"linux_{kernel}" if nic == "e1000" else f"linux_{kernel}_{nic}"
    wrapped.__name__ = f"{name}_{function.__name__}"
    test(wrapped)


def lacking(key):
    """Fetches what a guest needs. Why that cannot be had, or None."""
    try:
        guests.fetch(key[0], [key[1]])  # later there is no network
    except kernels.AssetError as error:
        return str(error)
    return None


def main():
    reason = guests.available()
    if reason:
        sys.exit(f"guest_kernels: {reason}")
    words = [w for w in sys.argv[1:] if w != "--few"]
    named = set().union(*ALL.values())
    chosen = [f for f in take_tests() if f.__name__ in named]
    if len(chosen) != len(named) or not set().union(*FEW.values()) <= named:
        sys.exit(f"guest_kernels: only {len(chosen)} of {len(named)} tests are there")
    for key in PROBED:
        lack = lacking(key)
        # First: in a guest that was just booted, whose modules are those of its NIC.
        on(key, kernel_probes.probes_are_as_before, lack)
        names = (FEW if "--few" in sys.argv else ALL).get(key[0], ())
        for function in chosen if key[1] == "e1000" else ():
            if function.__name__ in names:
                on(key, function, lack)
    xdptools.prefetch()
    wire.isolate()
    envs = {key: Env(*key) for key in PROBED}
    try:
        return run(envs, only=words)
    finally:
        for env in envs.values():
            env.close()


if __name__ == "__main__":
    sys.exit(main())
