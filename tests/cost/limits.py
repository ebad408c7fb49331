#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
"""What tracing may add to a packet, in instructions: in a guest that counts them (counted.py), so
the figures repeat, and a change that makes packets dearer fails here.

Linux 6.1, e1000, one CPU; 64-byte UDP one at a time, and TCP data frames.
"""


from lib.counted import CountedGuest
from lib.guest import available, build_dir
from lib.harness import Skip, check, main, test


from cost.guests import OFF, measure, warm_up
from cost.rows import HIST_TEN, Row

# In the packets' path, on top of no tracing. TCP's are the less exact ones, since how many frames
# GRO merges depends on when they come.
HIST_UDP, HIST_TCP = 5_790, 1_150
TEN_UDP = 5_500
TRACE_UDP = 5_860
REPEATS = 20    # two measurements of the same thing may differ by so much
LONG = 10_000   # rounds


class Env:
    """The guest, and what packets take in it untraced."""

    def __init__(self):
        self._guest = self.off = None

    def guest(self):
        if not (build_dir() / "pktpath").exists():
            raise Skip("pktpath is not built")
        if available():
            raise Skip(available())
        if not self._guest:
            self._guest = CountedGuest().__enter__()
            warm_up(self._guest)
            self.off = measure(self._guest, OFF)
        return self._guest

    def close(self):
        if self._guest:
            self._guest.close()
            self._guest = None


def in_path(env, name, command):
    """Instructions added per UDP packet and TCP frame, without the tool's own process."""
    row = measure(env.guest(), Row(name, command, "pktpath"))
    return row.udp - row.own_udp - env.off.udp, row.tcp - row.own_tcp - env.off.tcp


@test
def histograms_cost_no_more_than_allowed(env):
    """All stages, and examples."""
    udp, tcp = in_path(env, "hist", "pktpath hist")
    check(0 < udp < HIST_UDP, f"{udp:.0f} instructions per UDP packet, allowed are {HIST_UDP}")
    check(0 < tcp < HIST_TCP, f"{tcp:.0f} instructions per TCP frame, allowed are {HIST_TCP}")
    return f"{udp:.0f} instructions per UDP packet, {tcp:.0f} per TCP frame"


@test
def ten_stages_in_histograms_cost_no_more_than_allowed(env):
    udp, tcp = in_path(env, "hist, ten stages", HIST_TEN)
    check(0 < udp < TEN_UDP, f"{udp:.0f} instructions per UDP packet, allowed are {TEN_UDP}")
    check(0 < tcp < HIST_TCP, f"{tcp:.0f} instructions per TCP frame, allowed are {HIST_TCP}")
    return f"{udp:.0f} instructions per UDP packet, {tcp:.0f} per TCP frame"


@test
def a_quiet_trace_costs_the_path_no_more_than_allowed(env):
    guest = env.guest()
    row = measure(guest, Row("trace -q", "pktpath trace -q > /dev/null", "pktpath", ring=True))
    udp = row.udp - row.own_udp - env.off.udp
    check(0 < udp < TRACE_UDP, f"{udp:.0f} instructions per UDP packet, allowed are {TRACE_UDP}")
    return f"{udp:.0f} instructions per UDP packet, and {row.own_udp:.0f} of its own"


def untraced(env):
    """Instructions per datagram in a guest of its own. The cards' watchdogs and the kernel's
    workers run every second or two: once more or less makes a difference of some 20 instructions
    in the 1.2 s of the guest's time that the figures above are taken in."""
    env.close()
    with CountedGuest() as guest:
        warm_up(guest)
        count = guest.udp(LONG)
        check(not guest.idle_ms,
              f"the CPU was idle for {guest.idle_ms} ms while packets were counted")
    return count


@test
def the_count_repeats(env):
    env.guest()  # if there can be none, this says so
    one, other = untraced(env), untraced(env)
    check(abs(one - other) <= REPEATS, f"{one:.0f} in one boot, {other:.0f} in the next")
    return f"{one:.1f} in one boot, {other:.1f} in the next"


if __name__ == "__main__":
    environment = Env()
    try:
        main(environment)
    finally:
        environment.close()
