# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
"""What GRO does: how long it holds, why it lets go, and where each merged frame's data went."""

import contextlib
import socket
import time

from lib import wire
from guest.counts import check_stream, transfer
from guest.env import MS, MSS, median, part, receive, trace_eth0
from lib.harness import Skip, check, later, test
from lib.records import at, spent, tally


HOLD_MS = 40
JIFFY_MS = 4  # CONFIG_HZ=250 in Debian's kernels


def lineage(run, flow):
    """Every merged frame brings its journey, which ends as its parent does, and when."""
    merged = [r for r in flow if r["verdict"] == "merged"]
    frames = {}
    for rec in merged:
        parent = run.by_id[rec["parent"]]
        way = rec["journey"]
        check(way and way["verdict"] == parent["verdict"], f"no journey, or another: {rec}")
        ends = rec["time_ns"] + way["total_ns"], parent["time_ns"] + parent["total_ns"]
        check(ends[0] == ends[1],
              f"the journey ends at another time than its parent: {rec} {parent}")
        late = [s for s in ("netif", "sock", "read") if at(parent, s)]
        check([at(dict(way, time_ns=rec["time_ns"]), s) for s in late] ==
              [at(parent, s) for s in late], f"other stages than its parent's: {rec} {parent}")
        frames[parent["id"]] = frames.get(parent["id"], 1) + 1
    for rec in flow:
        if rec["verdict"] != "merged":
            check(rec["gro_frames"] == frames.get(rec["id"], 1),
                  f"{frames.get(rec['id'], 1)} frames by the records' parents: {rec}")
    return len(merged)


@test
def every_merged_frame_has_a_journey(env):
    size = 3_000_000
    run, flow, _ = transfer(env, 1, size=size)
    said = check_stream(run, flow, size)
    merged = lineage(run, flow)
    held = [r for r in flow if r["gro"] == "held"]
    check(merged > len(flow) / 2 and held, said)
    ends = tally([r for r in held if r["gro_frames"] > 1], "gro_end")
    check(set(ends) <= {"push", "full", "poll end", "mismatch", None} and
          ends.get("push", 0) + ends.get("full", 0), f"why it let go: {ends}")
    whole = [r["journey"]["total_ns"] for r in flow if r["journey"]] + \
        [r["total_ns"] for r in flow if r["verdict"] == "delivered"]
    skbs = [r["total_ns"] for r in flow if r["verdict"] == "delivered"]
    return (f"{merged} journeys end as and when their parents do; held until {ends}; median to the "
            f"reader per frame {median(whole) / MS:.2f} ms, per skb {median(skbs) / MS:.2f} ms")


@later
def what_was_not_held_waits_in_the_batch_only(env):
    g, port = env.guest(), env.port()
    with trace_eth0(g) as trace:
        process = receive(g, "udp-recv", port, 200)
        g.traffic("udp-send", g.nics[0].guest, port, 200, "--gap-us", 300)
        check(process.wait(30) == 0, process.err())
        run = trace.stop()
    flow = run.flow(proto="udp", dport=port)
    check(len(flow) == 200 and {r["gro"] for r in flow} == {"normal"}, f"{tally(flow, 'gro')}")
    check(all(spent(r, "gro") == 0 and at(r, "batch") == at(r, "gro") for r in flow),
          "GRO took time though it held nothing")
    check(all(r["gro_end"] is None and r["gro_frames"] == 1 for r in flow), f"{flow[0]}")
    return f"200 not held, batch median {median([spent(r, 'batch') for r in flow]) / 1000:.1f} us"


def send_unpushed(g, port, count):
    """`count` full segments without PSH, some time apart: GRO may hope for more each time."""
    with socket.create_connection((g.nics[0].guest, port)) as sock:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        time.sleep(0.2)
        for _ in range(count):
            sock.sendall(bytes(MSS), socket.MSG_MORE)
            time.sleep(3 * HOLD_MS / 1000)


@test
def gro_flush_timeout_shows_in_gro(env):
    """A device told to hold packets for 40 ms: a segment without PSH waits in GRO that long, the
    timer's accuracy and one jiffy aside, and nowhere else."""
    g, port, count = env.guest(), env.port(), 20
    g.check(f"echo {HOLD_MS * MS} > /sys/class/net/eth0/gro_flush_timeout")
    try:
        with trace_eth0(g) as trace:
            receive(g, "tcp-recv", port)
            send_unpushed(g, port, count)
            trace.wait_records(f'"dport":{port}', count)
            run = trace.stop()
    finally:
        g.check("echo 0 > /sys/class/net/eth0/gro_flush_timeout")
    flow = [r for r in run.flow(proto="tcp", dport=port) if r["data_len"] == MSS]
    plain = [r for r in flow if "P" not in r["tcp_flags"] and r["verdict"] == "delivered"]
    if len(plain) < count // 2:
        raise Skip(f"the sender pushed {len(flow) - len(plain)} of {len(flow)} segments")
    check({r["gro"] for r in plain} == {"held"}, f"{tally(plain, 'gro')}")
    # A poll without work lets all go (napi_complete_done()): one for a frame that was sent, say.
    timed = [r for r in plain if r["gro_end"] == "timeout"]
    check(len(timed) >= 0.7 * len(plain), f"{tally(plain, 'gro_end')}")
    holds = [spent(r, "gro") for r in timed]
    others = [max(s["ns"] for s in r["stages"] if s["stage"] != "gro") for r in timed]
    check(min(holds) >= (HOLD_MS - JIFFY_MS) * MS, f"let go after {min(holds) / MS:.1f} ms")
    near = part(holds, (2 * HOLD_MS + JIFFY_MS) * MS)
    check(near >= 0.9 and median(holds) <= (HOLD_MS + JIFFY_MS) * MS * 1.1,
          f"held: median {median(holds) / MS:.1f} ms, {near:.0%} within one more period")
    check(min(others) < MS, f"another stage took {min(others) / MS:.1f} ms")
    return (f"{len(timed)} of {len(plain)} held by the timer, median {median(holds) / MS:.2f} ms "
            f"of {HOLD_MS}, ends {tally(plain, 'gro_end')}; longest other stage median "
            f"{median(others) / MS:.2f} ms")


@contextlib.contextmanager
def mtu(g, size):
    """On both ends of eth0's wire; e1000 starts anew for it."""
    def set_mtu(size):
        wire.ip(f"link set {g.nics[0].tap} mtu {size}")
        g.check(f"ip link set eth0 mtu {size}; "
                "until [ \"$(cat /sys/class/net/eth0/carrier)\" = 1 ]; do usleep 10000; done")

    set_mtu(size)
    try:
        yield
    finally:
        set_mtu(1500)


@test
def jumbo_frames_by_the_frags_path(env):
    """With an MTU of 9000 e1000 hands up pages (napi_gro_frags()), whose skbs it uses again."""
    g, size = env.guest(), 3_000_000
    with mtu(g, 9000):
        run, flow, lengths = transfer(env, 1, size=size)
    said = check_stream(run, flow, size)
    check(max(lengths) > 8000, f"no jumbo frame: {max(lengths)}")
    check(lineage(run, flow) > 0 and not [r for r in flow if "noparse" in r["flags"]], said)
    hooks = {h["hook"] for h in run.hooks if h["backend"]}
    check("napi_gro_frags_entry" in hooks, f"{hooks}")
    return said


