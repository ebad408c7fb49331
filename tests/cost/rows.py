# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
"""What the overhead table compares, and how each row is started: here and in guests."""

import shlex
from typing import NamedTuple

TEN = "irq,napi,softirq,poll,gro,netif,ip,l4,sock,read"
# Without examples: what measures, and nothing else.
HIST = "pktpath hist --worst 0"
HIST_TEN = f"pktpath hist --worst 0 --stage {TEN}"

# Durations from GRO on by skb, as one writes it: three hooks, and five.
BPFTRACE_3 = """BEGIN { printf("ready\\n"); }
HOOK:napi_gro_receive { @t[SKB1] = nsecs; }
HOOK:tcp_queue_rcv { if (@t[SKB2]) { @sock = hist(nsecs - @t[SKB2]); } }
HOOK:__udp_enqueue_schedule_skb { if (@t[SKB2]) { @sock = hist(nsecs - @t[SKB2]); } }
HOOK:skb_consume_udp { if (@t[SKB2]) { @read = hist(nsecs - @t[SKB2]); delete(@t, SKB2); } }
HOOK:skb_copy_datagram_iter { if (@t[SKB1]) { @read = hist(nsecs - @t[SKB1]); delete(@t, SKB1); } }
"""
BPFTRACE_5 = BPFTRACE_3 + """
HOOK:ip_rcv_core { if (@t[SKB0]) { @gro = hist(nsecs - @t[SKB0]); } }
HOOK:udp_rcv { if (@t[SKB0]) { @ip = hist(nsecs - @t[SKB0]); } }
HOOK:tcp_v4_rcv { if (@t[SKB0]) { @ip = hist(nsecs - @t[SKB0]); } }
"""
# Where functions cannot be hooked.
BPFTRACE_HOST = """BEGIN { printf("ready\\n"); }
tracepoint:net:netif_rx { @t[args.skbaddr] = nsecs; }
tracepoint:net:netif_receive_skb { if (@t[args.skbaddr]) { \
@backlog = hist(nsecs - @t[args.skbaddr]); delete(@t, args.skbaddr); } }
"""
PWRU = ("^(napi_gro_receive|netif_receive_skb_list_internal|ip_rcv_core|udp_rcv|tcp_v4_rcv|"
        "tcp_queue_rcv|__udp_enqueue_schedule_skb|skb_consume_udp)$")


def bpftrace(text, fentry):
    names = ("args.skb", "args.skb", "args.skb") if fentry else ("arg0", "arg1", "arg0")
    for name, value in zip(("SKB1", "SKB2", "SKB0"), names):
        text = text.replace(name, value)
    return text.replace("HOOK", "fentry" if fentry else "kprobe")


class Row(NamedTuple):
    """`command` is for a shell; `peer` names a program of peers.py that PEER stands for in it."""
    name: str
    command: str        # "": nothing is attached
    process: str = ""   # whose CPU time is the tool's own
    peer: str = ""
    ready: str = "listening"
    settle: float = 0   # seconds from there until it really listens
    kprobe: str = ""    # option for kprobes; "-": it has no such row
    few: bool = False   # also where not all rows are measured
    ring: bool = False  # its process may sleep meanwhile: what it shows is kept for it
    knows: str = ""     # after its end: prints how many of the UDP packets it told of


BACKEND = " --backend kprobe"
OFF = Row("off", "")
ROWS = [
    Row("empty", "floors hold empty", "floors", kprobe=BACKEND),
    Row("clock", "floors hold clock", "floors", kprobe=BACKEND),
    Row("clock + slot", "floors hold slot", "floors", kprobe=BACKEND),
    Row("empty, ten stages", f"floors hold empty --stage {TEN}", "floors", kprobe=BACKEND),
    Row("clock, ten stages", f"floors hold clock --stage {TEN}", "floors", kprobe=BACKEND,
        few=True),
    Row("clock + slot, ten stages", f"floors hold slot --stage {TEN}", "floors",
        kprobe=BACKEND, few=True),
    Row("pktpath hist", "pktpath hist", "pktpath", kprobe=BACKEND, few=True),
    Row("pktpath hist --worst 0", HIST, "pktpath", kprobe=BACKEND, few=True),
    Row("pktpath hist --worst 0, ten stages", HIST_TEN, "pktpath", kprobe=BACKEND, few=True),
    Row("pktpath trace -q", "pktpath trace -q > /dev/null", "pktpath", kprobe=BACKEND, few=True,
        ring=True),
    Row("pktpath trace --json", "pktpath trace --json > /dev/null", "pktpath",
        kprobe=BACKEND, ring=True),
    Row("age, three places, log2", "floors hold age", "floors", kprobe=BACKEND, few=True),
    Row("bpftrace, three places", "PEER -e " + shlex.quote(bpftrace(BPFTRACE_3, True)), "ld.so",
        "bpftrace", "ready", 2, kprobe="-", few=True),
    Row("bpftrace, five places", "PEER -e " + shlex.quote(bpftrace(BPFTRACE_5, True)), "ld.so",
        "bpftrace", "ready", 2, kprobe="-"),
    Row("bpftrace, three kprobes", "PEER -e " + shlex.quote(bpftrace(BPFTRACE_3, False)), "ld.so",
        "bpftrace", "ready", 2, kprobe="-"),
    Row("perf record, tracepoints", "echo ready; exec PEER record -q -a -o /tmp/perf.data "
        "-e 'net:*,napi:*,irq:softirq_entry'", "ld.so", "perf", "ready", 5, kprobe="-"),
    Row("pwru, eight functions", f"PEER --backend kprobe --filter-func '{PWRU}' > /tmp/pwru.out",
        "ld.so", "pwru", "istening", 3, kprobe="-",
        knows="grep -c skb_consume_udp /tmp/pwru.out || true"),
]
