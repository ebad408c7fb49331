/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * The tables from which everything else is expanded: stages, verdicts, poll causes, reasons for losing
 * sight of a packet, and the hooks. BPF programs, labels and `pktpath probes` come from here, and
 * tests hold the manual against it. docs/ADDING.md says how to add a row.
 *
 * Where is something handled? A row of PP_HOOKS, at the end, leads from a kernel function to its
 * handler; docs/GLOSSARY.md has a grep for each of the usual questions.
 */
#ifndef PKTPATH_INCLUDE_STAGES_H
#define PKTPATH_INCLUDE_STAGES_H

/*
 * X(ID, label, SHOW, what happens there). The order is that of the receive path of a NIC. A record
 * may take stages in another order (netif_rx() puts `backlog` before `softirq`), so consumers
 * order by timestamp, and by this order only where timestamps are equal.
 *
 * SHOW is the stage's place on a line of `pktpath trace`. COLUMN: one of its own. SUFFIX: few
 * packets reach it, so it is named behind the columns where it was reached. FOLDED: part of the
 * column of the stage before it. END: nothing follows it, so it takes no time.
 */
#define PP_STAGES(X)                                                                                            \
	X(IRQ,     "irq",     COLUMN, "the NIC's hard interrupt handler starts")                                \
	X(IRQTHREAD, "irqthread", SUFFIX, "threaded interrupts: the driver's handler starts in its thread")     \
	X(NAPI,    "napi",    COLUMN, "the handler schedules the NAPI instance")                                \
	X(SOFTIRQ, "softirq", COLUMN, "the NET_RX softirq starts to run")                                       \
	X(POLL,    "poll",    COLUMN, "the NAPI instance's poll begins")                                        \
	X(XDP,     "xdp",     COLUMN, "an XDP program runs: native before `gro', generic after `netif'")        \
	X(GRO,     "gro",     COLUMN, "the driver hands the packet to GRO")                                     \
	X(BATCH,   "batch",   FOLDED, "GRO holds it no longer, or never did: it waits for the list to be full") \
	X(FLUSH,   "flush",   COLUMN, "the list of packets goes up to the stack")                               \
	X(BACKLOG, "backlog", SUFFIX, "netif_rx() or RPS queues the packet to a CPU's backlog")                 \
	X(NETIF,   "netif",   COLUMN, "the packet enters the network stack")                                    \
	X(IP,      "ip",      COLUMN, "IP receive")                                                             \
	X(FORWARD, "forward", SUFFIX, "routed or bridged onwards: it is for another host")                      \
	X(XMIT,    "xmit",    SUFFIX, "handed to the driver of the device through which it leaves")             \
	X(LOCAL,   "local",   COLUMN, "past routing and netfilter's INPUT: it is for this host")                \
	X(L4,      "l4",      COLUMN, "transport receive (TCP, UDP, ICMP)")                                     \
	X(HELD,    "held",    SUFFIX, "TCP: the socket is locked by its owner, the packet waits for it")        \
	X(OOO,     "ooo",     SUFFIX, "TCP: out of order, the packet waits for the ones before it")             \
	X(SOCK,    "sock",    COLUMN, "queued on the socket, ready to be read")                                 \
	X(WAKE,    "wake",    COLUMN, "the reader, which slept, is woken")                                      \
	X(RUN,     "run",     COLUMN, "the reader gets a CPU")                                                  \
	X(READ,    "read",    END,    "copied to the application")

/* X(ID, label, meaning). Every packet ends in exactly one. LIVE is not a verdict: in flight. */
#define PP_VERDICTS(X)                                                                             \
	X(LIVE,      "in-flight", "not ended yet")                                                 \
	X(DELIVERED, "delivered", "an application read it")                                        \
	X(CONSUMED,  "consumed",  "the kernel itself was the receiver (ACK, ICMP echo, ARP)")      \
	X(DROPPED,   "dropped",   "thrown away; the reason and the place are in the record")       \
	X(MERGED,    "merged",    "GRO put its data into another packet, the parent")              \
	X(FORWARDED, "forwarded", "it left this host through another device")                      \
	X(XDP_DROP,  "xdp-drop",  "an XDP program dropped it")                                     \
	X(XDP_TX,    "xdp-tx",    "an XDP program sent it back out of the interface it came in by") \
	X(XDP_REDIRECT, "xdp-redirect", "an XDP program sent it to another device, CPU or socket") \
	X(XDP_ABORTED, "xdp-aborted", "an XDP program failed, or returned what is no verdict")      \
	X(UNTRACKED, "untracked", "pktpath lost sight of it; the reason is in the record")

/* X(ID, label, meaning): why the poll that fetched the packet ran. */
#define PP_CAUSES(X)                                                                               \
	X(NONE,    "none",    "no poll was seen, or not what scheduled it")                        \
	X(IRQ,     "irq",     "an interrupt scheduled the poll")                                   \
	X(REPOLL,  "repoll",  "the poll before used up its budget, so the softirq polled again")   \
	X(MISSED,  "missed",  "an interrupt came during a poll, which scheduled itself again")     \
	X(TIMER,   "timer",   "scheduled outside an interrupt handler and outside its own poll")   \
	X(BACKLOG, "backlog", "the per-CPU backlog's own NAPI instance")                           \
	X(BUSY,    "busy",    "a reader or poller of a socket polled the device itself (busy poll)") \
	X(THREADED, "threaded", "scheduled to its own kernel thread (threaded NAPI), which polled it") \
	X(NETPOLL, "netpoll", "polled by netconsole or another user of netpoll")

/* X(ID, label, meaning): where the poll ran. */
#define PP_CONTEXTS(X)                                                                             \
	X(NONE,      "none",      "no poll was seen")                                              \
	X(SOFTIRQ,   "softirq",   "in softirq, on top of what the CPU was doing")                  \
	X(KSOFTIRQD, "ksoftirqd", "in softirq, in the thread that takes over when there is much")  \
	X(THREAD,    "thread",    "in the NAPI instance's own thread")                             \
	X(PROCESS,   "process",   "in a process that waits for packets (busy poll)")

/* X(ID, label, meaning): what GRO did with a packet that was not merged into another. */
#define PP_GROS(X)                                                                                 \
	X(NONE,   "none",   "it did not pass GRO, or was merged")                                  \
	X(NORMAL, "normal", "not held: nothing to merge it with can come")                         \
	X(HELD,   "held",   "held, so that later packets could be merged into it")

/* X(ID, label, meaning): why GRO let a held packet go. */
#define PP_GRO_ENDS(X)                                                                             \
	X(NONE,     "none",     "not held, or not known")                                          \
	X(PUSH,     "push",     "a segment with PSH, FIN or the like, or a short one, ended it")   \
	X(FULL,     "full",     "it can take no more")                                             \
	X(MISMATCH, "mismatch", "the flow's next packet does not fit it, or others needed its place") \
	X(TIMEOUT,  "timeout",  "it was held for as long as gro_flush_timeout allows")             \
	X(POLL_END, "poll end", "the poll was over")

/* X(ID, label, meaning): how the XDP program that a packet met is attached. */
#define PP_XDP_MODES(X)                                                                            \
	X(NONE,    "none",    "it met none that is observed")                                      \
	X(NATIVE,  "native",  "in the driver, before there is an skb")                             \
	X(GENERIC, "generic", "in the stack, on the skb: not the fast path")

/* X(ID, label, meaning): where an XDP program redirected a packet to. */
#define PP_XDP_TOS(X)                                                                              \
	X(NONE,    "none",    "nowhere, or not known")                                             \
	X(DEVICE,  "device",  "through another device")                                            \
	X(DEVICES, "devices", "through all devices of a map")                                      \
	X(CPU,     "cpu",     "to another CPU, which makes an skb of it")                          \
	X(SOCKET,  "socket",  "to an AF_XDP socket")

/* X(ID, bit, label, meaning): flags of a record. Those without a label are the kernel side's own. */
#define PP_FLAGS(X)                                                                                \
	X(LATE,    0x0001, "late",    "first seen at a later hook than where its driver handed it up") \
	X(NOPARSE, 0x0002, "noparse", "headers could not be read: flow unknown")                   \
	X(DOOMED,  0x0004, "",        "a drop was announced; the free that follows ends it")       \
	X(HOP,     0x0008, "hop",     "received again inside this host (loopback, veth, bridge)")  \
	X(NODATA,  0x0010, "",        "held without data of its own; others' may join it")         \
	X(CLONE,   0x0020, "clone",   "the copy of a packet for one more receiver")                \
	X(AWAKE,   0x0040, "awake",   "its reader did not sleep when it came")                     \
	X(MPTCP,   0x0080, "mptcp",   "MPTCP took it off the subflow: its read by an application is not seen") \
	X(KTLS,    0x0100, "ktls",    "kernel TLS took it: its read by an application is not seen") \
	X(SOCKMAP, 0x0200, "sockmap", "a BPF sockmap took it: its read by an application is not seen") \
	X(RAW,     0x0400, "raw",     "a raw socket got it")                                       \
	X(FRAG,    0x0800, "frag",    "a fragment of an IP datagram")                              \
	X(WANTED,  0x1000, "",        "its reader is one that was asked for")                      \
	X(MORPH,   0x2000, "",        "its skb's head state is about to be released, which is not its end") \
	X(TAKEN,   0x4000, "",        "a consumer of the kernel's own has it (ARP, IGMP)")              \
	X(AGAIN,   0x8000, "",        "at its transport it may have other headers inside (ESP, AH)")    \
	X(NAT,    0x10000, "nat",     "conntrack changed addresses or ports on its way")

/* X(ID, label, meaning): why a record is `untracked`. Some never became a record. */
#define PP_LOSSES(X)                                                                               \
	X(NONE,      "none",          "")                                                          \
	X(BIRTH,     "missed birth",  "the kernel skipped the hook that starts a record")          \
	X(FULL,      "table full",    "no free record (see --records)")                            \
	X(EVICTED,   "index full",    "the address index had no room in the packet's set")         \
	X(STALE,     "stale",         "its skb was reused before an end was seen")                 \
	X(END,       "missed end",    "its skb was freed after it was queued, but no read was seen") \
	X(SOCKTAB,   "socket table full", "no room for the packet's socket in the socket table")   \
	X(ORPHAN,    "parent unknown", "coalesced into a packet that has no record")               \
	X(UNKNOWN,   "unknown end",   "it was freed without a drop, and nothing was seen to take it") \
	X(BLIND,     "blind hooks",   "hooks that would have seen it did not run")

/* pktpath's own drop reasons, with values beyond the kernel's: from PP_REASON_OWN on. */
#define PP_REASON_OWN 0xff000000u
#define PP_OWN_REASONS(X)                                                                          \
	X(UNREAD,    "socket closed unread")                                                       \
	X(NOT_GIVEN, "no reason given")                                                            \
	X(XDP,       "XDP")                                                                        \
	X(XDP_ABORTED, "XDP aborted")                                                              \
	X(XDP_TX,    "XDP transmit failed")                                                        \
	X(XDP_REDIRECT, "XDP redirect failed")

#define PP_ENUM_XDP_MODE(id, ...) PP_XM_##id,
#define PP_ENUM_XDP_TO(id, ...) PP_XT_##id,
#define PP_ENUM_CONTEXT(id, ...) PP_X_##id,
#define PP_ENUM_GRO(id, ...) PP_G_##id,
#define PP_ENUM_GRO_END(id, ...) PP_GE_##id,
#define PP_ENUM_FLAG(id, bit, ...) PP_F_##id = (bit),
#define PP_ENUM_STAGE(id, ...) PP_ST_##id,
#define PP_ENUM_SLOT(id, ...) PP_SL_##id,
#define PP_ENUM_VERDICT(id, ...) PP_V_##id,
#define PP_ENUM_CAUSE(id, ...) PP_C_##id,
#define PP_ENUM_LOSS(id, ...) PP_L_##id,
#define PP_ENUM_REASON(id, ...) PP_R_##id,

enum pp_stage { PP_STAGES(PP_ENUM_STAGE) PP_ST_NR };
enum pp_show { PP_SHOW_COLUMN, PP_SHOW_SUFFIX, PP_SHOW_FOLDED, PP_SHOW_END };
enum pp_verdict { PP_VERDICTS(PP_ENUM_VERDICT) PP_V_NR };
enum pp_cause { PP_CAUSES(PP_ENUM_CAUSE) PP_C_NR };
enum pp_loss { PP_LOSSES(PP_ENUM_LOSS) PP_L_NR };
enum pp_context { PP_CONTEXTS(PP_ENUM_CONTEXT) PP_X_NR };
enum pp_gro { PP_GROS(PP_ENUM_GRO) PP_G_NR };
enum pp_gro_end { PP_GRO_ENDS(PP_ENUM_GRO_END) PP_GE_NR };
enum pp_xdp_mode { PP_XDP_MODES(PP_ENUM_XDP_MODE) PP_XM_NR };
enum pp_xdp_to { PP_XDP_TOS(PP_ENUM_XDP_TO) PP_XT_NR };
enum pp_flag { PP_FLAGS(PP_ENUM_FLAG) };
enum pp_own_reason { PP_R_BASE = PP_REASON_OWN - 1, PP_OWN_REASONS(PP_ENUM_REASON) PP_R_END };

/* The stage of a hook that stamps none (it ends, merges or counts), and a stage in a bit mask. */
#define PP_ST_NONE PP_ST_NR
#define PP_ST_BIT(st) (1u << (st))

/* Whatever an application reads has come through these, on every way that there is. */
#define PP_READ_PASSES                                                                             \
	(PP_ST_BIT(PP_ST_NETIF) | PP_ST_BIT(PP_ST_IP) | PP_ST_BIT(PP_ST_LOCAL) |                   \
	 PP_ST_BIT(PP_ST_L4) | PP_ST_BIT(PP_ST_SOCK))

/*
 * X(ID, label, USE, NEEDS, why): the jobs that hooks do; see the slot of a hook below. They are
 * served in this order.
 *
 * USE    MEASURE: its hooks do nothing but measure their stage, so who does not ask for that
 *        stage (--stage) does not pay for them. FOLLOW: without it packets are lost sight of.
 * NEEDS  the slot without which this one is of no use, and why; itself if it needs none.
 */
#define PP_SLOTS(X)                                                                                                        \
	X(IRQ,       "irq",       MEASURE, NAPI,      "an interrupt cannot be joined to a packet without __napi_schedule") \
	X(IRQ_THREAD, "irqthread", MEASURE, NAPI,     "an interrupt cannot be joined to a packet without __napi_schedule") \
	X(NAPI,      "napi",      MEASURE, NAPI,      "")                                                                  \
	X(TIMER,     "timer",     MEASURE, TIMER,     "")                                                                  \
	X(SOFTIRQ,   "softirq",   MEASURE, SOFTIRQ,   "")                                                                  \
	X(POLL,      "poll",      FOLLOW,  POLL,      "")                                                                  \
	X(POLL_DRV,  "polldrv",   FOLLOW,  POLL_DRV,  "")                                                                  \
	X(NETPOLL,   "netpoll",   FOLLOW,  NETPOLL,   "")                                                                  \
	X(POLL_END,  "pollend",   FOLLOW,  POLL_END,  "")                                                                  \
	X(GRO,       "gro",       FOLLOW,  GRO,       "")                                                                  \
	X(MERGE,     "merge",     FOLLOW,  GRO,       "")                                                                  \
	X(GRO_DONE,  "grodone",   MEASURE, GRO_DONE,  "")                                                                  \
	X(GRO_FLUSH, "groflush",  MEASURE, GRO_FLUSH, "")                                                                  \
	X(FLUSH,     "flush",     MEASURE, FLUSH,     "")                                                                  \
	X(BACKLOG,   "backlog",   FOLLOW,  BACKLOG,   "")                                                                  \
	X(RPS,       "rps",       FOLLOW,  RPS,       "")                                                                  \
	X(NETIF,     "netif",     FOLLOW,  NETIF,     "")                                                                  \
	X(IP4,       "ip",        FOLLOW,  IP4,       "")                                                                  \
	X(IP6,       "ip6",       FOLLOW,  IP6,       "")                                                                  \
	X(FORWARD4,  "forward",   FOLLOW,  FORWARD4,  "")                                                                  \
	X(FORWARD6,  "forward6",  FOLLOW,  FORWARD6,  "")                                                                  \
	X(BRIDGE,    "bridge",    FOLLOW,  BRIDGE,    "")                                                                  \
	X(XMIT,      "xmit",      FOLLOW,  XMIT,      "")                                                                  \
	X(FRAG,      "frag",      FOLLOW,  FRAG,      "")                                                                  \
	X(CUT,       "cut",       FOLLOW,  CUT,       "")                                                                  \
	X(LOCAL4,    "local",     FOLLOW,  LOCAL4,    "")                                                                  \
	X(LOCAL6,    "local6",    FOLLOW,  LOCAL6,    "")                                                                  \
	X(TCP4,      "tcp",       FOLLOW,  TCP4,      "")                                                                  \
	X(UDP4,      "udp",       FOLLOW,  UDP4,      "")                                                                  \
	X(ICMP4,     "icmp",      FOLLOW,  ICMP4,     "")                                                                  \
	X(TCP6,      "tcp6",      FOLLOW,  TCP6,      "")                                                                  \
	X(UDP6,      "udp6",      FOLLOW,  UDP6,      "")                                                                  \
	X(ICMP6,     "icmp6",     FOLLOW,  ICMP6,     "")                                                                  \
	X(ARP,       "arp",       FOLLOW,  ARP,       "")                                                                  \
	X(IGMP,      "igmp",      FOLLOW,  IGMP,      "")                                                                  \
	X(HELD,      "held",      FOLLOW,  HELD,      "")                                                                  \
	X(OOO,       "ooo",       FOLLOW,  OOO,       "")                                                                  \
	X(SOCK_TCP,  "tcpsock",   FOLLOW,  SOCK_TCP,  "")                                                                  \
	X(SOCK_TFO,  "tfosock",   FOLLOW,  SOCK_TFO,  "")                                                                  \
	X(SOCK_UDP,  "udpsock",   FOLLOW,  SOCK_UDP,  "")                                                                  \
	X(SOCK_RAW,  "rawsock",   FOLLOW,  SOCK_RAW,  "")                                                                  \
	X(READ_TCP,  "tcpread",   FOLLOW,  READ_TCP,  "")                                                                  \
	X(READ_UDP,  "udpread",   FOLLOW,  READ_UDP,  "")                                                                  \
	X(WAKE,      "wake",      MEASURE, POLL_END,  "what a CPU does for a poll's packets has no end without napi_poll") \
	X(RUN,       "run",       MEASURE, WAKE,      "a reader is only known to have slept if it is seen woken")          \
	X(MPTCP,     "mptcp",     FOLLOW,  MPTCP,     "")                                                                  \
	X(CLOSE,     "close",     FOLLOW,  CLOSE,     "")                                                                  \
	X(DROP,      "drop",      FOLLOW,  DROP,      "")                                                                  \
	X(END,       "end",       FOLLOW,  END,       "")

enum pp_slot { PP_SLOTS(PP_ENUM_SLOT) PP_SL_NR };
enum pp_use { PP_USE_MEASURE, PP_USE_FOLLOW };
enum pp_runs_in { PP_IN_IRQ, PP_IN_SOFTIRQ, PP_IN_PROCESS, PP_IN_ANY };

/*
 * The hooks. X(KIND, id, SLOT, level, STAGE, symbol, nargs, handler, CONTEXT, module)
 *
 * KIND     FUNC: a function's entry (fentry, else kprobe.multi, else kprobe); RET: its return
 *          (fexit, else the same two); TP: a tracepoint (tp_btf).
 * id       names the programs: f_ID, x_ID (fexit), k_ID, r_ID (kretprobe), s_ID (its entry), t_ID.
 * SLOT     rows of one slot do one job together. The lowest level whose first row can be had
 *          serves the slot; rows of other levels stay unused. Rows of a driver do not stand for
 *          each other: all that can be had are used.
 * STAGE    the stage it stamps, NONE for bookkeeping.
 * nargs    FUNC, TP: how many leading arguments the handler reads; RET: how many the function
 *          has, because the return value follows them (one less if it returns nothing); 0 if the
 *          handler reads nothing.
 * handler  what is done there: `grep -rn 'HANDLER(NAME)' bpf/hooks` finds it, and so does a tags
 *          file made by universal-ctags (.ctags.d/pktpath.ctags).
 * CONTEXT  where the kernel runs the function, which decides whether the program keeps interrupts
 *          away while it runs (bpf/core/irqs_off.bpf.h). IRQ: in a hard interrupt. SOFTIRQ: with
 *          softirqs off, so only a hard interrupt comes between. PROCESS: in processes as well,
 *          and the handler takes bounded time: interrupts are kept away. ANY: anywhere, and left
 *          as it is: the scheduler's run with interrupts off, and a socket's close takes as long
 *          as the socket has unread packets.
 * module   "": built in. A name: used only if that driver serves a traced interface. "*": used
 *          only if a traced interface has no row of its own. "+name": in a module that is no
 *          driver.
 */
#define PP_HOOKS(X)                                                                                                  \
	X(FUNC, irq_e1000,    IRQ,       0, IRQ,     e1000_intr,               0, irq_enter,   IRQ,     "e1000")      \
	X(RET,  irqx_e1000,   IRQ,       0, NONE,    e1000_intr,               0, irq_exit,    IRQ,     "e1000")      \
	X(FUNC, irq_e1000e,   IRQ,       0, IRQ,     e1000_intr_msix_rx,       0, irq_enter,   IRQ,     "e1000e")     \
	X(RET,  irqx_e1000e,  IRQ,       0, NONE,    e1000_intr_msix_rx,       0, irq_exit,    IRQ,     "e1000e")     \
	X(FUNC, irq_e1000e_msi, IRQ,     0, IRQ,     e1000_intr_msi,           0, irq_enter,   IRQ,     "e1000e")     \
	X(RET,  irqx_e1000e_msi, IRQ,    0, NONE,    e1000_intr_msi,           0, irq_exit,    IRQ,     "e1000e")     \
	X(FUNC, irq_e1000e_intx, IRQ,    0, IRQ,     e1000_intr,               0, irq_enter,   IRQ,     "e1000e")     \
	X(RET,  irqx_e1000e_intx, IRQ,   0, NONE,    e1000_intr,               0, irq_exit,    IRQ,     "e1000e")     \
	X(FUNC, irq_igb,      IRQ,       0, IRQ,     igb_msix_ring,            0, irq_enter,   IRQ,     "igb")        \
	X(RET,  irqx_igb,     IRQ,       0, NONE,    igb_msix_ring,            0, irq_exit,    IRQ,     "igb")        \
	X(FUNC, irq_igb_msi,  IRQ,       0, IRQ,     igb_intr_msi,             0, irq_enter,   IRQ,     "igb")        \
	X(RET,  irqx_igb_msi, IRQ,       0, NONE,    igb_intr_msi,             0, irq_exit,    IRQ,     "igb")        \
	X(FUNC, irq_igb_intx, IRQ,       0, IRQ,     igb_intr,                 0, irq_enter,   IRQ,     "igb")        \
	X(RET,  irqx_igb_intx, IRQ,      0, NONE,    igb_intr,                 0, irq_exit,    IRQ,     "igb")        \
	X(TP,   irq_any,      IRQ,       1, IRQ,     irq_handler_entry,        0, irq_enter,   IRQ,     "*")          \
	X(TP,   irqx_any,     IRQ,       1, NONE,    irq_handler_exit,         0, irq_exit,    IRQ,     "*")          \
	X(TP,   irq_hard,     IRQ_THREAD, 0, IRQ,    irq_handler_entry,        2, irq_hard,    IRQ,     "")           \
	X(FUNC, irq_forced,   IRQ_THREAD, 0, IRQTHREAD, irq_forced_thread_fn,  0, irq_thread,  PROCESS, "")           \
	X(FUNC, irq_thread,   IRQ_THREAD, 0, IRQTHREAD, irq_thread_fn,         0, irq_thread,  PROCESS, "")           \
	X(FUNC, napi,         NAPI,      0, NAPI,    __napi_schedule,          1, napi,        ANY,     "")           \
	X(FUNC, napi_irqoff,  NAPI,      0, NAPI,    __napi_schedule_irqoff,   1, napi,        ANY,     "")           \
	X(FUNC, napi_timer,   TIMER,     0, NAPI,    napi_watchdog,            1, napi_timer,  IRQ,     "")           \
	X(FUNC, softirq,      SOFTIRQ,   0, SOFTIRQ, net_rx_action,            0, softirq,     SOFTIRQ, "")           \
	X(TP,   softirq_tp,   SOFTIRQ,   1, SOFTIRQ, softirq_entry,            1, softirq_vec, SOFTIRQ, "")           \
	X(FUNC, poll,         POLL,      0, POLL,    __napi_poll,              1, poll,        SOFTIRQ, "")           \
	X(FUNC, poll_backlog, POLL,      1, POLL,    process_backlog,          2, poll_driver, SOFTIRQ, "")           \
	X(FUNC, poll_e1000,   POLL_DRV,  0, POLL,    e1000_clean,              2, poll_driver, SOFTIRQ, "e1000")      \
	X(FUNC, poll_e1000e,  POLL_DRV,  0, POLL,    e1000e_poll,              2, poll_driver, SOFTIRQ, "e1000e")     \
	X(FUNC, poll_igb,     POLL_DRV,  0, POLL,    igb_poll,                 2, poll_driver, SOFTIRQ, "igb")        \
	X(FUNC, poll_virtio,  POLL_DRV,  0, POLL,    virtnet_poll,             2, poll_driver, SOFTIRQ, "virtio_net") \
	X(FUNC, netpoll,      NETPOLL,   0, NONE,    netpoll_poll_dev,         0, netpoll_enter, ANY,   "")           \
	X(RET,  netpollx,     NETPOLL,   0, NONE,    netpoll_poll_dev,         0, netpoll_exit, ANY,    "")           \
	X(TP,   poll_end,     POLL_END,  0, NONE,    napi_poll,                3, poll_end,    SOFTIRQ, "")           \
	X(TP,   gro,          GRO,       0, GRO,     napi_gro_receive_entry,   1, gro,         SOFTIRQ, "")           \
	X(TP,   gro_frags,    GRO,       0, GRO,     napi_gro_frags_entry,     1, gro_frags,   SOFTIRQ, "")           \
	X(RET,  merge,        MERGE,     0, NONE,    skb_gro_receive,          2, merge,       SOFTIRQ, "")           \
	X(RET,  merge_list,   MERGE,     0, NONE,    skb_gro_receive_list,     2, merge,       SOFTIRQ, "")           \
	X(FUNC, gro_done,     GRO_DONE,  0, BATCH,   gro_complete,             2, gro_done,    SOFTIRQ, "")           \
	X(FUNC, gro_done4,    GRO_DONE,  1, BATCH,   inet_gro_complete,        1, gro_done_ip, SOFTIRQ, "")           \
	X(FUNC, gro_done6,    GRO_DONE,  1, BATCH,   ipv6_gro_complete,        1, gro_done_ip, SOFTIRQ, "")           \
	X(FUNC, gro_flush,    GRO_FLUSH, 0, BATCH,   __gro_flush,              0, gro_flush,   SOFTIRQ, "")           \
	X(FUNC, gro_flush_old, GRO_FLUSH, 1, BATCH,  napi_gro_flush,           0, gro_flush,   SOFTIRQ, "")           \
	X(FUNC, flush,        FLUSH,     0, FLUSH,   netif_receive_skb_list_internal, 0, flush, SOFTIRQ, "")          \
	X(TP,   netif_rx,     BACKLOG,   0, BACKLOG, netif_rx,                 1, netif_rx,    SOFTIRQ, "")           \
	X(FUNC, backlog,      RPS,       0, BACKLOG, enqueue_to_backlog,       1, backlog,     SOFTIRQ, "")           \
	X(TP,   netif,        NETIF,     0, NETIF,   netif_receive_skb,        1, netif,       SOFTIRQ, "")           \
	X(FUNC, ip4,          IP4,       0, IP,      ip_rcv_core,              1, ip,          SOFTIRQ, "")           \
	X(FUNC, ip6,          IP6,       0, IP,      ip6_rcv_core,             1, ip,          SOFTIRQ, "")           \
	X(FUNC, forward4,     FORWARD4,  0, FORWARD, ip_forward,               1, forward,     SOFTIRQ, "")           \
	X(FUNC, forward6,     FORWARD6,  0, FORWARD, ip6_forward,              1, forward,     SOFTIRQ, "")           \
	X(FUNC, bridge,       BRIDGE,    0, FORWARD, __br_forward,             2, bridge,      SOFTIRQ, "+bridge")    \
	X(TP,   xmit,         XMIT,      0, XMIT,    net_dev_start_xmit,       2, xmit,        SOFTIRQ, "")           \
	X(FUNC, frag,         FRAG,      0, NONE,    inet_frag_queue_insert,   2, frag,        SOFTIRQ, "")           \
	X(FUNC, reasm,        FRAG,      0, NONE,    inet_frag_reasm_prepare,  2, reasm,       SOFTIRQ, "")           \
	X(FUNC, reasm_end,    FRAG,      0, NONE,    inet_frag_reasm_finish,   2, reasm_end,   SOFTIRQ, "")           \
	X(FUNC, frag_gone,    FRAG,      0, NONE,    inet_frag_destroy,        1, frag_gone,   ANY,     "")           \
	X(RET,  cut,          CUT,       0, NONE,    __skb_gso_segment,        3, cut,         PROCESS, "")           \
	X(FUNC, local4,       LOCAL4,    0, LOCAL,   ip_local_deliver_finish,  3, local,       SOFTIRQ, "")           \
	X(FUNC, local6,       LOCAL6,    0, LOCAL,   ip6_input_finish,         3, local,       SOFTIRQ, "")           \
	X(FUNC, tcp4,         TCP4,      0, L4,      tcp_v4_rcv,               1, l4,          SOFTIRQ, "")           \
	X(FUNC, udp4,         UDP4,      0, L4,      udp_rcv,                  1, l4,          SOFTIRQ, "")           \
	X(FUNC, icmp4,        ICMP4,     0, L4,      icmp_rcv,                 1, l4,          SOFTIRQ, "")           \
	X(FUNC, tcp6,         TCP6,      0, L4,      tcp_v6_rcv,               1, l4,          SOFTIRQ, "")           \
	X(FUNC, udp6,         UDP6,      0, L4,      udpv6_rcv,                1, l4,          SOFTIRQ, "")           \
	X(FUNC, icmp6,        ICMP6,     0, L4,      icmpv6_rcv,               1, l4,          SOFTIRQ, "")           \
	X(FUNC, arp,          ARP,       0, NONE,    arp_rcv,                  1, taken,       SOFTIRQ, "")           \
	X(FUNC, igmp,         IGMP,      0, NONE,    igmp_rcv,                 1, taken,       SOFTIRQ, "")           \
	X(FUNC, held,         HELD,      0, HELD,    tcp_add_backlog,          2, held,        PROCESS, "")           \
	X(FUNC, ooo,          OOO,       0, OOO,     tcp_data_queue,           2, ooo,         PROCESS, "")           \
	X(FUNC, sock_tcp,     SOCK_TCP,  0, SOCK,    tcp_queue_rcv,            2, sock_tcp,    PROCESS, "")           \
	X(TP,   sock_probe,   SOCK_TCP,  1, SOCK,    tcp_probe,                2, sock_probe,  PROCESS, "")           \
	X(TP,   sock_state,   SOCK_TCP,  1, NONE,    inet_sock_set_state,      3, sock_state,  PROCESS, "")           \
	X(RET,  sock_tfo,     SOCK_TFO,  0, SOCK,    tcp_try_fastopen,         5, sock_tfo,    PROCESS, "")           \
	X(FUNC, sock_udp,     SOCK_UDP,  0, SOCK,    __udp_enqueue_schedule_skb, 2, sock_udp,  SOFTIRQ, "")           \
	X(TP,   sock_udp_tp,  SOCK_UDP,  1, SOCK,    sk_data_ready,            1, data_ready,  ANY,     "")           \
	X(FUNC, sock_raw,     SOCK_RAW,  0, SOCK,    sock_queue_rcv_skb_reason, 2, sock_raw,   SOFTIRQ, "")           \
	X(FUNC, sock_raw_old, SOCK_RAW,  1, SOCK,    sock_queue_rcv_skb,       2, sock_raw,    SOFTIRQ, "")           \
	X(TP,   read_tcp,     READ_TCP,  0, READ,    tcp_rcv_space_adjust,     1, read_tcp,    PROCESS, "")           \
	X(FUNC, read_udp,     READ_UDP,  0, READ,    skb_consume_udp,          3, read_udp,    PROCESS, "")           \
	X(TP,   read_udp_tp,  READ_UDP,  1, READ,    sock_recv_length,         3, read_udp_tp, PROCESS, "")           \
	X(TP,   wake,         WAKE,      0, WAKE,    sched_waking,             1, waking,      ANY,     "")           \
	X(TP,   run,          RUN,       0, RUN,     sched_switch,             3, running,     ANY,     "")           \
	X(RET,  mptcp,        MPTCP,     0, NONE,    mptcp_data_ready,         1, mptcp,       PROCESS, "")           \
	X(FUNC, close,        CLOSE,     0, NONE,    __tcp_close,              1, close,       ANY,     "")           \
	X(FUNC, destruct,     CLOSE,     0, NONE,    inet_sock_destruct,       1, destruct,    ANY,     "")           \
	X(TP,   destroy_tp,   CLOSE,     1, NONE,    tcp_destroy_sock,         1, destruct,    ANY,     "")           \
	X(TP,   drop,         DROP,      0, NONE,    kfree_skb,                3, drop,        PROCESS, "")           \
	X(TP,   drop_bare,    DROP,      1, NONE,    kfree_skb,                2, drop_bare,   ANY,     "")           \
	X(FUNC, end,          END,       0, NONE,    skb_release_head_state,   1, end,         PROCESS, "")           \
	X(FUNC, end_stolen,   END,       0, NONE,    napi_skb_free_stolen_head, 1, end,        PROCESS, "")           \
	X(FUNC, end_stateless, END,      0, NONE,    __consume_stateless_skb,  1, end_stateless, PROCESS, "")         \
	X(FUNC, end_reuse,    END,       0, NONE,    napi_reuse_skb,           2, end_reuse,   SOFTIRQ, "")           \
	X(TP,   consume_loc,  END,       1, NONE,    consume_skb,              2, consume,     PROCESS, "")

#endif /* PKTPATH_INCLUDE_STAGES_H */
