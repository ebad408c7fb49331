/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * The tables everything else is expanded from: stages, verdicts, poll causes, reasons for an
 * incomplete record, and the hooks. BPF programs, names, `pktpath probes`, the manual page's
 * lists and the tests all come from here. docs/ADDING.md says how to add a row.
 */
#ifndef PKTPATH_STAGES_H
#define PKTPATH_STAGES_H

/*
 * X(ID, label, what happens there). The order is that of the receive path of a NIC. A record
 * may take stages in another order (netif_rx() puts `backlog` before `softirq`), so consumers
 * order by timestamp, and by this order only where timestamps are equal.
 */
#define PP_STAGES(X)                                                                               \
	X(IRQ,     "irq",     "the NIC's hard interrupt handler starts")                           \
	X(NAPI,    "napi",    "the handler schedules the NAPI instance")                           \
	X(SOFTIRQ, "softirq", "the NET_RX softirq starts to run")                                  \
	X(POLL,    "poll",    "the NAPI instance's poll begins")                                   \
	X(GRO,     "gro",     "the driver hands the packet to GRO")                                \
	X(FLUSH,   "flush",   "GRO lets the packet go up, merged or not")                          \
	X(BACKLOG, "backlog", "netif_rx() or RPS queues the packet to a CPU's backlog")            \
	X(NETIF,   "netif",   "the packet enters the network stack")                               \
	X(IP,      "ip",      "IP receive")                                                        \
	X(LOCAL,   "local",   "past routing and netfilter's INPUT: it is for this host")           \
	X(L4,      "l4",      "transport receive (TCP, UDP, ICMP)")                                \
	X(HELD,    "held",    "TCP: the socket is locked by its owner, the packet waits for it")   \
	X(OOO,     "ooo",     "TCP: out of order, the packet waits for the ones before it")        \
	X(SOCK,    "sock",    "queued on the socket, ready to be read")                            \
	X(READ,    "read",    "copied to the application")

/* X(ID, label, meaning). Every packet ends in exactly one. LIVE is not a verdict: in flight. */
#define PP_VERDICTS(X)                                                                             \
	X(LIVE,      "in-flight", "not ended yet")                                                 \
	X(DELIVERED, "delivered", "an application read it")                                        \
	X(CONSUMED,  "consumed",  "the kernel itself was the receiver (ACK, ICMP echo, ARP)")      \
	X(DROPPED,   "dropped",   "thrown away; the reason and the place are in the record")       \
	X(MERGED,    "merged",    "GRO put its data into another packet, the parent")              \
	X(UNTRACKED, "untracked", "pktpath lost sight of it; the reason is in the record")

/* X(ID, label, meaning): why the poll that fetched the packet ran. NONE: no poll was seen. */
#define PP_CAUSES(X)                                                                               \
	X(NONE,    "none",    "no poll was seen for this packet")                                  \
	X(IRQ,     "irq",     "an interrupt scheduled the poll")                                   \
	X(REPOLL,  "repoll",  "the poll before used up its budget, so the softirq polled again")   \
	X(MISSED,  "missed",  "an interrupt came during a poll, which scheduled itself again")     \
	X(TIMER,   "timer",   "scheduled outside an interrupt handler and outside its own poll")   \
	X(BACKLOG, "backlog", "the per-CPU backlog's own NAPI instance")

/* X(ID, label, meaning): why a record is `untracked`. The first ones never became a record. */
#define PP_LOSSES(X)                                                                               \
	X(NONE,      "none",          "")                                                          \
	X(BIRTH,     "missed birth",  "the kernel skipped the hook that starts a record")          \
	X(FULL,      "table full",    "no free record (see --records)")                            \
	X(EVICTED,   "evicted",       "the address index had no room in the packet's set")         \
	X(STALE,     "stale",         "its skb was reused before an end was seen")                 \
	X(END,       "missed end",    "its skb was freed after it was queued, but no read was seen") \
	X(SOCKTAB,   "socket table full", "no room for the packet's socket in the socket table")   \
	X(ORPHAN,    "parent unknown", "coalesced into a packet that has no record")

/* pktpath's own drop reasons, apart from the kernel's: values from PP_REASON_OWN on. */
#define PP_REASON_OWN 0xff000000u
#define PP_OWN_REASONS(X)                                                                          \
	X(UNREAD, "socket closed unread")

#define PP_ENUM_STAGE(id, ...) PP_ST_##id,
#define PP_ENUM_VERDICT(id, ...) PP_V_##id,
#define PP_ENUM_CAUSE(id, ...) PP_C_##id,
#define PP_ENUM_LOSS(id, ...) PP_L_##id,
#define PP_ENUM_REASON(id, ...) PP_R_##id,

enum pp_stage { PP_STAGES(PP_ENUM_STAGE) PP_ST_NR };
enum pp_verdict { PP_VERDICTS(PP_ENUM_VERDICT) PP_V_NR };
enum pp_cause { PP_CAUSES(PP_ENUM_CAUSE) PP_C_NR };
enum pp_loss { PP_LOSSES(PP_ENUM_LOSS) PP_L_NR };
enum pp_own_reason { PP_R_BASE = PP_REASON_OWN - 1, PP_OWN_REASONS(PP_ENUM_REASON) PP_R_END };

/* The stages as a bit mask, and a hook that serves no stage (it ends, merges or counts). */
#define PP_ST_NONE PP_ST_NR
#define PP_ST_BIT(st) (1u << (st))

#endif /* PKTPATH_STAGES_H */
