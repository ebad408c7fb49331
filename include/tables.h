/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * The kernel side's tables: their entries and sizes. bpf/core/maps.bpf.h has the tables themselves,
 * bpf/core/stitch.h finds its way in them; user space reads struct pp_cpu.
 */
#ifndef PKTPATH_INCLUDE_TABLES_H
#define PKTPATH_INCLUDE_TABLES_H

#include "record.h"

#define PP_WAYS		4
#define PP_SET_BITS	12
#define PP_SETS		(1u << PP_SET_BITS)
#define PP_REC_BITS	19		/* at most 512 Ki records: see --records */
#define PP_REC_MAX	(1u << PP_REC_BITS)
/*
 * At most: see memory_socks(). Kernels older than v6.1 may refuse a section of variables of more
 * than 4 MB, and the oldest want as much memory in one piece while it is made.
 */
#define PP_SOCK_BITS	16
#define PP_SOCKS	(1u << PP_SOCK_BITS)
#define PP_SOCKS_LEGACY	(PP_SOCKS / 2)
#define PP_FIFO_BITS	10
#define PP_FIFOS	(1u << PP_FIFO_BITS)
#define PP_FIFO_LEN	256
#define PP_NAPI_BITS	10
#define PP_NAPIS	(1u << PP_NAPI_BITS)
#define PP_NAPI_OLD_NS	10000000000ull	/* quiet for so long, an instance gives its entry up */
#define PP_IRQ_THREAD_BITS 10
#define PP_IRQ_THREADS	(1u << PP_IRQ_THREAD_BITS)
#define PP_DONE		512		/* a power of two */
#define PP_XDP_WAIT	128		/* more than a driver's poll fetches (NAPI_POLL_WEIGHT) */
#define PP_TASK_BITS	12
#define PP_TASKS	(1u << PP_TASK_BITS)
#define PP_PROBES	4		/* neighbouring entries tried in the small tables */
#define PP_ALLOC_TRIES	32		/* slots of the slab that are tried for a new record … */
#define PP_ALLOC_NEAR	8		/* … of which neighbours */
#define PP_OLD_NS	1000000000ull	/* a record untouched for so long may lose its way */
#define PP_SORT_STEPS	64		/* how far a segment's place is searched from each end */

/* A set of the address index: its ways are pp_word()s of address and slab reference; 0 = empty. */
struct pp_set {
	__u64 way[PP_WAYS];
};

/*
 * A socket with unread data, or a queue of fragments, and the list of its records, sorted by
 * read_seq. Changed under the lock of the socket or queue only.
 */
struct pp_sock {
	__u64 sk;		/* its address; 0 = entry is free */
	__u64 sock_ns;		/* `sock` stamp of the record last taken off the list … */
	__u32 head, tail;
	__u16 sock_cpu;		/* … and its CPU */
	__u16 pad[3];
};

/*
 * A UDP socket's unread packets in the order of arrival, for kernels on which the read cannot be
 * hooked. `head` and `tail` hand out tickets: tail's go to arrivals, head's to reads, atomically.
 */
struct pp_fifo {
	__u64 sk;		/* 0 = entry is free */
	__u32 head, tail;
	__u32 skipped;		/* arrivals while the ring was full: read after those in it */
	__u32 pad;
	__u32 ring[PP_FIFO_LEN];
};

/*
 * A thread that reads sockets, or was woken for one; its entry is found by its ID's low bits.
 * Written when the thread is woken, when it gets a CPU and when it reads, which happen one after
 * the other.
 */
struct pp_task {
	__u64 sk;		/* socket for whose data it was last woken */
	__u64 wake_ns;		/* when; 0 = not known */
	__u64 run_ns;		/* when it first got a CPU after that; 0 = not yet */
	__u64 on_ns;		/* when it last got a CPU; 0 = not known */
	__u64 awake_ns;		/* it has not slept since then; 0 = not known */
	__u64 sleeps;		/* how often it had slept by then */
	__u32 tid;		/* 0 = entry is free */
	__u16 wake_cpu, run_cpu;
	__u64 pad;
};

/* What is known of a NAPI instance's scheduling, until its poll takes that over. */
struct pp_napi {
	__u64 napi;		/* its address; 0 = entry is free */
	__u64 irq_ns;		/* 0 = not scheduled from an interrupt handler */
	__u64 sched_ns;		/* 0 = nothing pending */
	__u64 thread_ns;	/* … whose thread began with it then; 0 = none, or not seen */
	__u64 used_ns;		/* when the entry was last asked for */
	__u16 irq_cpu, sched_cpu, thread_cpu;
	__u8 cause;		/* enum pp_cause */
	__u8 again;		/* its last poll used up the budget */
	__u8 busy;		/* its last poll was a busy poll */
	__u8 pad[7];
};

/*
 * A thread that runs the handler of an interrupt; its entry is found by its ID's low bits. The hard
 * interrupt writes what woke it, the thread takes that over when the handler begins.
 */
struct pp_irq_thread {
	__u64 woken_ns;		/* the hard interrupt for which it has yet to run; 0 = none */
	__u64 irq_ns;		/* that for which it runs, or last ran; 0 = not seen */
	__u64 thread_ns;	/* when its handler last began; 0 = no hook sees that */
	__u64 sleeps;		/* how often it had slept by then */
	__u32 tid;		/* 0 = entry is free */
	__u16 woken_cpu, irq_cpu, thread_cpu;
	__u16 pad;
	__u32 pad2;
};

/* The poll that a CPU is in, and what led to it: the stamps that its packets share. */
struct pp_poll {
	__u64 napi;		/* 0 = not in a poll */
	__u64 irq_ns, thread_ns, sched_ns, softirq_ns, poll_ns;
	__u16 irq_cpu, thread_cpu, sched_cpu;
	__u16 budget;		/* packets it may fetch; 0 = not known */
	__u32 id;		/* of this CPU's polls that fetched something; others reuse it */
	__u16 index;		/* of the packet that comes next */
	__u8 cause;		/* enum pp_cause */
	__u8 context;		/* enum pp_context */
	__u8 counts;		/* enum pp_stage at which its packets are counted; 0 = none yet */
	__u8 pad[7];
};

/* What the XDP programs that ran on a CPU left behind there. See bpf/core/xdp_slot.bpf.h. */
struct pp_xdp {
	__u64 enter_ns;		/* when the running program began; 0 = none is running */
	__u64 pass_ns;		/* native: when the program began that passed a frame; 0 = none … */
	__u64 data;		/* … waits to become a packet; address of its first byte */
	__u32 len;		/* … length of its first buffer */
	__u32 ifindex;		/* … device that received it */
	__u32 prog;		/* … ID of the program */
	__u32 netif_ref;	/* newest packet that entered the stack: generic XDP may follow */
	__u32 cur_ref;		/* generic: the packet on which a program is running */
	__u32 pending;		/* packet to be sent or redirected: its outcome is not known */
	__u32 wait_head, wait_tail; /* packets in a device's or CPU's queue, in order, by `next` */
	__u32 waiting;		/* how many; the queues are emptied before the poll is over */
	__u32 moved;		/* packet that got another skb before its program runs */
	__u32 pad;
	__u32 told;		/* while a queue is emptied: packets of it whose outcome is known */
};

/* How much of a packet's headers is known. */
enum pp_head_have {
	PP_HEAD_NONE,		/* neither IPv4 nor IPv6 */
	PP_HEAD_LATER,		/* they cannot be read, or not yet */
	PP_HEAD_IP,		/* no transport header: cut short, or a fragment's rest */
	PP_HEAD_ALL,
};

#define PP_HEAD_LEN 56

/*
 * What was read of a packet's headers: an IP header, and right behind it, at 20 (IPv4) or 40, the
 * begin of the transport's; its protocol is in the IP header.
 */
struct pp_head {
	__u8 b[PP_HEAD_LEN] __attribute__((aligned(8)));
	__u32 l4_len;		/* of the transport's header and what it carries */
	__u16 eth_proto;	/* host order */
	__u8 have;		/* enum pp_head_have */
	__u8 frag;		/* IPv6: a fragment, with its datagram's ID at 40 */
};

/*
 * What programs do: nothing that the ledger would show; everything; only end records; or count new
 * packets as untracked, since hooks that would follow them do not run.
 */
enum pp_phase { PP_OFF, PP_ON, PP_LAST, PP_BLIND };

/* What is known on one CPU, and its counters. */
struct pp_cpu {
	__u64 irq_ns;		/* start of the interrupt handler it is in; 0 = not in one */
	__u64 softirq_ns;	/* last start of NET_RX */
	__u64 flush_ns;		/* when a list was last handed to the stack */
	__u64 gro_flush_ns;	/* when GRO last let go all, or the old, of what it held */
	struct pp_poll poll;
	struct pp_xdp xdp;
	__u32 busy_id;		/* NAPI ID of a busy poll by a driver's function that has no hook */
	__u8 context;		/* enum pp_context of the last NET_RX */
	__u8 netpoll;		/* in netpoll_poll_dev() */
	__u16 pad;
	__u64 done[PP_DONE];	/* pp_done() of the last polls that are over, by their id */
	__u64 waking;		/* socket whose reader is being woken here; 0 = none */
	__u64 stash[2];		/* for kretprobes: arguments of the function that returns next */
	__u32 cursor;		/* where to look for a free record */
	__u32 local_ref;	/* newest packet for this host, of which others may be copies */
	__u32 unchecked;	/* bytes sent since the ring's fill level was last looked at */
	__u32 shared_ref;	/* packet whose skb IP is about to clone: one without a record … */
	__u64 shared_id;	/* … may be the clone, if the slot still belongs to that packet */
	__u64 shared_head;	/* only tracepoints: its skb->head */
	__u64 raw_head;		/* … of the copy that a raw socket last got, and a hash … */
	__u64 raw_hash;		/* … of its first bytes */
	__u64 orphan;		/* address of an skb without a record, for pp_adopt_clone() */
	__u32 numbering;	/* before v5.12: a number is being given out … */
	__u32 pad2;
	__u64 births;		/* … and the next one */
	__u64 odd_net;		/* network header that pp_odd_head() read last … */
	struct pp_head odd;	/* … and what it found */
	struct pp_counts n;
} __attribute__((aligned(64)));

#endif /* PKTPATH_INCLUDE_TABLES_H */
