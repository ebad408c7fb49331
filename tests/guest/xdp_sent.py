# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
"""`pktpath bench tx` and `redirect` on a card with traffic from outside: what it says left is what
comes out of the guest, natively (igb) and generically (e1000)."""

import json

from guest.xdp import BARE, Frames, attached, foreign, wait_link
from lib.harness import check, test
from lib.tool import eventually

COUNT = 300


def sent_on(env, g, mode, *words):
    """(result, what it said, frames that came out of eth0 and of eth1)."""
    port = env.port()
    taps = [Frames(nic.tap) for nic in g.nics[:2]]
    try:
        tool = g.start(["pktpath", "bench", mode, "-i", "eth0", "-d", "6", "--json", *words])
        check(eventually(lambda: attached(g), 20), f"it attached nothing: {tool.err()}")
        wait_link(g)  # igb's comes back seconds after a program has come
        g.check("sleep 1.5")
        g.traffic("udp-send", g.nics[0].guest, port, COUNT, "--gap-us", 300)
        tool.wait(120)
    finally:
        out = [frames.stop().get(port, 0) for frames in taps]
    check(tool.out(), tool.err())
    return json.loads(tool.out()), tool.err(), out


def check_sent(result, out, card):
    sent = result["sent"]
    check(result["seen"] == COUNT, f"{result['seen']} of {COUNT} seen")
    check(sent["taken"] == out[card] == COUNT - sent["refused"] - sent["failed"] > 0 and
          not out[1 - card],
          f"{sent}; out of eth0 and eth1 came {out}")
    return f"{sent['taken']} of {COUNT}"


def check_both(env, g, *words):
    back, _, out = sent_on(env, g, "tx", *words)
    said = check_sent(back, out, 0)
    with foreign(g, "xdpgeneric" if words else "xdpdrv", BARE, "eth1"):
        on, _, out = sent_on(env, g, "redirect", "--to", "eth1", *words)
    return f"sent back {said}, redirected {check_sent(on, out, 1)}"


@test
def the_benchmark_says_what_leaves_generically(env):
    return check_both(env, env.guest(), "--generic")


@test
def the_benchmark_says_what_leaves_natively(env):
    return check_both(env, env.guest(nic="igb", both=True))


@test
def the_benchmark_gives_no_rate_if_nothing_leaves(env):
    """eth1 has no program, so igb takes nothing that is redirected to it (igb_xdp_xmit(),
    v6.12)."""
    result, said, out = sent_on(env, env.guest(nic="igb", both=True), "redirect", "--to", "eth1")
    lost = result["sent"]["refused"] + result["sent"]["failed"]
    check(result["no_rate"] and "none of the packets left" in said and said.count("\n") == 1, said)
    check(result["seen"] == lost == COUNT and out == [0, 0], f"{result}, {out}")
    return said.strip()
