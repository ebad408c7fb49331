#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
"""What real hosts do to packets, on every kernel, as a table: `make wild`.

python3 -m guest.wild [KERNEL...] [WORD...] restricts it to these kernels (`here` is this machine's
own) and to rows with one of the words. A cell passes when verdicts, bytes and egress equal its
witness's, or when what cannot be known is `untracked` with its reason: that is what its test asks
for. `-`: this kernel or this machine lacks what the row needs.
"""

import sys
import time

from lib import guest as guests
from lib import guesttools
from lib import kernels
from lib import wire
from lib.harness import Skip, one, take_tests, total
from guest.env import Env

from guest import copies, counts, evidence, forward, gro, headers, nat, ooo, others  # noqa: F401
from guest import later, poll, read, sockets, threaded, tunnels, ways, xdp  # noqa: F401

NIC = "e1000"
# What a host has or does: the test that tries it.
ROWS = {
    "packet socket, IP, one device": "under_a_dhcp_clients_socket",
    "packet socket, IP, all devices": "under_a_packet_socket_of_all_interfaces",
    "packet socket, all protocols": "a_packet_socket_changes_nothing",
    "NFQUEUE, INPUT, without F_GSO": "segmented_by_nfqueue",
    "NFQUEUE, PREROUTING": "a_program_that_holds_packets_shows_in_ip",
    "tc redirects": "redirected_by_tc",
    "tc mirrors": "mirrored_by_tc",
    "tc drops": "dropped_by_tc",
    "tc traps": "freed_where_nobody_sees_it",
    "router": "routed_packets_leave",
    "router that may not": "a_packet_that_may_not_leave_is_dropped",
    "router that shapes": "a_router_that_shapes",
    "bridge": "a_bridge_is_a_hop",
    "bridge, made later": "a_bridge_made_while_it_runs",
    "container by veth": "datagrams_into_a_container",
    "container by macvlan": "a_macvlan_is_a_hop",
    "container by ipvlan": "an_ipvlan_is_a_hop",
    "VRF": "a_vrf_changes_nothing",
    "bond": "a_bond_is_followed_by_its_ports",
    "VLAN": "a_vlan_is_a_hop",
    "VXLAN": "a_vxlan_tunnel_is_a_hop",
    "GRE": "a_gre_tunnel_is_a_hop",
    "IPIP": "an_ipip_tunnel_is_a_hop",
    "GENEVE": "a_geneve_tunnel_is_a_hop",
    "WireGuard": "a_wireguard_tunnel_is_a_hop",
    "Open vSwitch": "a_switch_of_open_vswitch_forwards",
    "Open vSwitch drops": "what_open_vswitch_drops_has_its_reason",
    "flow table": "a_flow_table_forwards",
    "TPROXY": "a_proxy_takes_what_is_for_others",
    "SO_REUSEPORT": "two_readers_share_a_port",
    "socket handed over": "a_socket_is_handed_over",
    "AF_XDP": "generic_redirects_into_a_socket",
    "NIC of another driver, later": "a_nic_with_rows_comes_later",
    "fragments": "fragments_end_in_their_datagram",
    "fragments under conntrack": "fragments_under_conntrack",
    "fragments that wait in vain": "fragments_that_wait_in_vain",
    "broadcast": "a_broadcast_for_two_readers",
    "multicast": "a_multicast_for_three_readers",
    "raw socket": "replies_for_a_raw_socket",
    "GRO cut again for a socket": "what_gro_merged_is_cut_again",
    "sent whole by a container": "what_a_sender_left_whole_is_cut",
    "jumbo frames": "jumbo_frames_by_the_frags_path",
    "lost and reordered segments": "reordered_segments_show_in_ooo",
    "a stream with losses": "a_stream_with_losses",
    "data in a SYN": "data_in_a_syn_is_read",
    "never accepted": "what_nobody_accepts_is_closed_unread",
    "a reader that dies": "a_reader_that_dies",
    "kernel TLS": "what_ktls_takes_is_labelled",
    "MPTCP": "what_mptcp_takes_is_labelled",
    "threaded NAPI": "a_thread_polls",
    "threaded interrupts": "interrupts_in_threads_of_e1000",
    "busy polling": "a_busy_poller_polls",
    "ping": "twenty_pings_are_consumed",
}
# The same on this machine's own kernel, which may allow tracepoints only: tests of host/.
OWN = "here"
OWN_ROWS = {
    "packet socket, IP, one device": "under_a_dhcp_clients_socket",
    "tc traps": "freed_where_no_consumer_is_known",
    "container by macvlan": "what_comes_through_a_macvlan",
    "container by ipvlan": "what_comes_through_an_ipvlan",
    "VLAN": "what_comes_through_a_vlan",
    "VLAN, priority tags": "priority_tagged_datagrams_that_were_read",
    "VXLAN": "what_comes_through_a_vxlan",
    "ping": "an_answered_ping_is_not_dropped",
    "a reply for nobody": "a_reply_that_nobody_asked_for_is_dropped",
    "connections that are closed": "closing_a_connection_drops_nothing",
    "a reader that dies": "what_nobody_read_is_dropped",
    "a flood": "a_flood_is_accounted_for",
    "a namespace that is deleted": "a_deleted_namespace_goes_while_it_is_traced",
    "an interface made anew": "an_interface_made_anew_is_followed_again",
    "interfaces that swap names": "swapped_names_label_the_right_interface",
}


def table():
    """{row: test function}, and those of headers and NAT by their own names."""
    found = {}
    for function in take_tests():
        found[function.__name__] = function
    missing = [name for name in ROWS.values() if name not in found]
    if missing:
        sys.exit(f"wild: no such tests: {', '.join(missing)}")
    rows = {row: found[name] for row, name in ROWS.items()}
    for module in (headers, nat):
        for name, function in found.items():
            if function.__module__ == module.__name__:
                rows.setdefault(name.replace("_", " "), function)
    return rows


def own_tests():
    """(what host/ has for OWN_ROWS, its environment)"""
    from host import tracing  # defines its tests, so not before table() has taken the others
    found = {f.__name__: f for f in take_tests()}
    return {row: found[name] for row, name in OWN_ROWS.items()}, tracing.Env()


def lacking(kernel):
    if kernel == OWN:
        return None
    try:
        guests.fetch(kernel, [NIC])  # later there is no network
    except kernels.AssetError as error:
        return str(error)
    return None


def cell(kernel, function, env, lack):
    def trial():
        if lack:
            raise Skip(lack)
        return function(env)

    trial.__name__ = f"{kernel}_{function.__name__}"
    word, said = one(trial)
    if word == "FAIL" and kernel != OWN:
        env.close()  # the next row shall not suffer from it
    return word, said


def show(rows, columns, cells):
    width = max(map(len, rows)) + 1
    print(f"\n{'':{width}}" + "".join(f" {kernel:8}" for kernel in columns).rstrip())
    for row in rows:
        words = (cells.get((row, kernel), ("", ""))[0] for kernel in columns)
        print(f"{row:{width}}" + "".join(f" {'-' if w == 'SKIP' else w:8}" for w in words).rstrip())
    print()
    for (row, kernel), (word, said) in cells.items():
        if word != "ok":
            lines = said.strip().splitlines()
            print(f"{'-' if word == 'SKIP' else word} {row}/{kernel}: {lines[-1][:300]}")
    print()


def column(kernel, rows, lack):
    """{row: (ok, FAIL or SKIP; what was said)} of a kernel."""
    if kernel == OWN:
        tests, env = own_tests()
        return {row: cell(kernel, tests[row], env, None) for row in rows if row in tests}
    env = Env(kernel, NIC)
    try:
        return {row: cell(kernel, function, env, lack) for row, function in rows.items()
                if function}
    finally:
        env.close()


def main(words):
    reason = guests.available()
    if reason:
        sys.exit(f"wild: {reason}")
    started, rows = time.monotonic(), table()
    guesttools.prefetch()
    every = [*kernels.KERNELS, OWN]
    columns = [k for k in every if k in words] or every
    asked = [w for w in words if w not in every]
    rows = {row: f for row, f in {**dict.fromkeys(OWN_ROWS), **rows}.items()
            if not asked or any(w in row or f and w in f.__name__ for w in asked)}
    lacks, cells = {kernel: lacking(kernel) for kernel in columns}, {}
    wire.isolate()
    for kernel in columns:
        for row, done in column(kernel, rows, lacks[kernel]).items():
            cells[row, kernel] = done
    if not cells:
        sys.exit(f"wild: no row has one of the words {', '.join(asked)}")
    show(rows, columns, cells)
    print(f"{len(rows)} rows, {len(columns)} kernels, {time.monotonic() - started:.0f} s")
    return total([word for word, _ in cells.values()])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
