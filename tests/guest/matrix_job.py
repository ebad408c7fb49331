# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
"""What is done in one cell of guest/matrix.py: known traffic, and the account of it held against
what was sent, against what the readers got, and against the interface's own counter."""

from guest.counts import check_stream, describe
from guest.env import send_tcp, send_udp, too_old
from lib.guest import GuestError
from lib.harness import Skip, check, take_tests
from guest.matrix_peer import ping
from lib.records import NO_RECORD, Trace, tally

take_tests()  # those of e1000_counts run elsewhere

UDP, PINGS, TCP = 200, 20, 1_000_000
UDP_PORT, TCP_PORT = 5001, 5002
UDP_GAP_US = 3000  # so that a slow guest, too, is mostly done with one before the next comes
# softirq is left out where it ran already when the interrupt came.
NIC_STAGES = ("poll", "gro", "flush")
STAGES = ("netif", "ip", "local", "l4", "sock", "read")
# A kprobe is skipped where an interrupt comes over another one.
ENOUGH = 0.85
FUNCTIONS = {"fentry", "kprobe", "kprobe.multi"}
MAY_BE_UNKNOWN = ("kprobe.multi",)


def both_ways(link):
    """Datagrams and a stream into the guest and out of it, without a trace."""
    ping(link, PINGS)
    send_udp(link, UDP_PORT, UDP, gap_us=UDP_GAP_US)
    send_tcp(link, TCP_PORT, TCP)
    for args, command, want in (
            (("udp-recv", UDP_PORT, UDP), ("udp-send", UDP, "--gap-us", UDP_GAP_US),
             f"received {UDP} lost 0 duplicated 0"),
            (("tcp-recv", TCP_PORT), ("tcp-send", TCP), f"received {TCP} bytes")):
        result = link.receiver(*args)
        link.g.check(["traffic", command[0], link.address, args[1], *command[1:]])
        said = result()
        check(want in said, f"{command[0]} out of the guest: {said[-200:]}")
    return f"{UDP} datagrams and {TCP} bytes in and out, {PINGS} pings"


# --- where a cell is empty ----------------------------------------------------------------------

def refused(link, backend, status, said):
    """Why pktpath rightly did not start, or None."""
    if backend in MAY_BE_UNKNOWN and "no such backend" in said:
        return f"--backend {backend}: no such backend"
    return too_old(link.g, status, said) or lacking(link, backend)


def lacking(link, backend):
    """What of the kernel's own the backend needs, but this kernel does not have; or None."""
    if backend == "kprobe.multi":
        # It attaches through fprobes (CONFIG_FPROBE, Linux 5.18).
        status = link.g.sh("grep -q ' register_fprobe_ips$' /proc/kallsyms")[0]
        return "this kernel has no fprobes" if status else None
    if backend == "fentry" and link.real:
        # Linux 5.11 on; before, the driver's functions, by which a poll is known, have no types.
        driver = f"/sys/class/net/{link.dev}/device/driver/module"
        status = link.g.sh(f"[ -e /sys/kernel/btf/$(basename $(readlink {driver})) ]")[0]
        return "this kernel has no BTF of modules: fentry cannot hook a driver" if status else None
    return None


def start(link, backend):
    """A trace that listens. Skips where the backend rightly cannot be had."""
    trace = Trace(link.g, "-i", link.dev, "--backend", backend, file=True).start()
    try:
        return trace.ready()
    except GuestError:
        why = refused(link, backend, *trace.wait_end())
        if why:
            raise Skip(why) from None
        raise


# --- a cell --------------------------------------------------------------------------------------

def rx_packets(link):
    """The interface's own count. Asked for its own statistics, a driver reads the hardware's."""
    link.g.sh(["traffic", "nic-stats", link.dev])
    return int(link.g.check(["cat", f"/sys/class/net/{link.dev}/statistics/rx_packets"]))


def traced(link, backend):
    """One trace of all the traffic by one backend."""
    why = lacking(link, backend)
    if why:
        raise Skip(why)
    trace = start(link, backend)  # whatever fails from here on, the guest ends with it
    before = rx_packets(link)
    send_udp(link, UDP_PORT, UDP, gap_us=UDP_GAP_US)
    ping(link, PINGS)
    send_tcp(link, TCP_PORT, TCP)
    received = rx_packets(link) - before
    run = trace.stop()
    served = sorted(run.backends() - {None})
    check_backend(link, backend, served)
    exact = not any("kprobe" in name for name in served)
    check(run.summary["seen"] == received,
          f"seen {run.summary['seen']}, the interface received {received}: {run.summary}")
    check_ends(run, exact)
    least = check_stages(run.flow(proto="udp", dport=UDP_PORT), link.real, exact)
    return (f"{'+'.join(served)}: seen {received} = received, {tally(run.records)}, causes "
            f"{tally(run.records, 'cause')}, {least}")


def check_backend(link, backend, served):
    """The functions' hooks are by the backend that was asked for."""
    if backend == "auto":
        return
    # What cannot be had by kprobe.multi may be had by a kprobe.
    others = FUNCTIONS - {backend} - ({"kprobe"} if backend == "kprobe.multi" else set())
    check(backend in served and not others & set(served), f"asked for, but served by {served}")


def check_ends(run, exact):
    """Each packet ended as its reader says. Only skipped probes excuse a record from that, and
    then the loss has a name."""
    led = run.summary
    check(led["ring_lost"] == 0, f"lost: {led}")
    # Headers in a page are read at the merge, so a skipped merge may leave such a packet nameless.
    nameless = [r for r in run.records if "noparse" in r["flags"] and
                (exact or r["verdict"] != "untracked")]
    check(not nameless, f"headers could not be read of {len(nameless)} of {len(run.records)} "
          f"packets, {tally(nameless)}")
    udp, icmp = run.flow(proto="udp", dport=UDP_PORT), run.flow(proto="icmp")
    tcp = run.flow(proto="tcp", dport=TCP_PORT)
    unborn = sum(led["untracked"][name] for name in NO_RECORD)
    untracked = led["verdicts"]["untracked"]
    if exact:
        run.unseen()
    else:
        check(led["in_flight"] == 0 and (not untracked or run.may_skip()),
              f"in flight, or untracked though nothing was skipped: {led}")
    for flow, sent, verdict in ((udp, UDP, "delivered"), (icmp, PINGS, "consumed")):
        check(sent - unborn <= len(flow) <= sent, f"{describe(flow)} of {sent} sent: {led}")
        other = set(tally(flow)) - {verdict} - ({"untracked"} if untracked else set())
        check(not other, f"{describe(flow)}, all were {verdict}")
    check(untracked <= (1 - ENOUGH) * led["seen"], f"more than 15 % are untracked: {led}")
    if exact or not untracked:
        check_stream(run, tcp, TCP)


def check_stages(flow, real, exact):
    """Nothing of the path is missing, and a NIC's packets were fetched after an interrupt."""
    must = (*NIC_STAGES, *STAGES) if real else STAGES
    delivered = [r for r in flow if r["verdict"] == "delivered"]
    enough = len(delivered) if exact else ENOUGH * len(flow)
    have = {s: sum(any(row["stage"] == s for row in r["stages"]) for r in delivered) for s in must}
    check(min(have.values()) >= enough, f"of {len(flow)} have the stage: {have}")
    if real:
        check_causes(tally(delivered, "cause"), 1.0 if exact else ENOUGH)
    return f"every stage in {min(have.values())} or more of {len(flow)} datagrams"


def check_causes(causes, enough):
    """An interrupt, which then has its stages (records.py); or, where packets came together, the
    poll before. Only skipped probes excuse one that is unknown."""
    irq, unknown = causes.get("irq", 0), causes.get("none", 0)
    check(set(causes) <= {"irq", "repoll", "missed", "none"}, f"a NIC's packets, but: {causes}")
    check(irq >= sum(causes.values()) / 2 and irq >= enough * (irq + unknown),
          f"fetched after an interrupt: {irq} of {causes}")
