/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* The kernel side's tables: their entries and sizes. stitch.h works on them. */
#ifndef PKTPATH_INCLUDE_TABLES_H
#define PKTPATH_INCLUDE_TABLES_H

#include "record.h"

#define PP_WAYS		4
#define PP_SET_BITS	12
#define PP_SETS		(1u << PP_SET_BITS)
#define PP_REC_BITS	19		/* at most 512 Ki records */
#define PP_REC_MAX	(1u << PP_REC_BITS)
#define PP_SOCK_BITS	12
#define PP_SOCKS	(1u << PP_SOCK_BITS)
#define PP_FIFO_BITS	10
#define PP_FIFOS	(1u << PP_FIFO_BITS)
#define PP_FIFO_LEN	256
#define PP_NAPI_BITS	10
#define PP_NAPIS	(1u << PP_NAPI_BITS)
#define PP_DONE		512		/* a power of two */
#define PP_XDP_WAIT	128		/* more than a driver's poll fetches (NAPI_POLL_WEIGHT) */
#define PP_TASK_BITS	12
#define PP_TASKS	(1u << PP_TASK_BITS)
#define PP_PROBES	4		/* neighbouring slots tried in the small tables */
#define PP_ALLOC_TRIES	32
#define PP_ALLOC_NEAR	8
#define PP_OLD_NS	1000000000ull
#define PP_SORT_STEPS	64		/* how far an out-of-order segment is moved to its place */

/* One set of the address index: 4 words, each a packed (address, slab reference); 0 = empty. */
struct pp_set {
	__u64 way[PP_WAYS];
};

/* A socket with unread data: its records sorted by read_seq. Changed under the socket lock only. */
struct pp_sock {
	__u64 sk;		/* 0 = slot is free */
	__u64 sock_ns;		/* stamp of the newest record taken off the list … */
	__u32 head, tail;
	__u16 sock_cpu;		/* … and its CPU */
	__u16 pad[3];
};

/*
 * A UDP socket's unread packets in the order of their arrival, for kernels on which the read
 * cannot be hooked. Tickets: tail is taken by arrivals, head by reads, both with atomics.
 */
struct pp_fifo {
	__u64 sk;		/* 0 = slot is free */
	__u32 head, tail;
	__u32 skipped;		/* arrivals after the ring was full: read after the ring's */
	__u32 pad;
	__u32 ring[PP_FIFO_LEN];
};

/*
 * A thread that reads sockets, or was woken for one; its slot is its number's low bits. It changes
 * when the thread is woken, when it gets a CPU and when it reads: one after the other.
 */
struct pp_task {
	__u64 sk;		/* socket for whose data it was woken last */
	__u64 wake_ns;		/* when; 0 = not known */
	__u64 run_ns;		/* when it first got a CPU after that; 0 = not yet */
	__u64 on_ns;		/* when it last got a CPU; 0 = not known */
	__u64 awake_ns;		/* it has not slept since then; 0 = not known */
	__u64 sleeps;		/* how often it had slept by then */
	__u32 tid;		/* 0 = slot is free */
	__u16 wake_cpu, run_cpu;
	__u64 pad;
};

/* What the interrupt told about a NAPI instance, until the poll takes it. */
struct pp_napi {
	__u64 napi;		/* 0 = slot is free */
	__u64 irq_ns;		/* 0 = not scheduled from an interrupt handler */
	__u64 sched_ns;		/* 0 = nothing pending */
	__u16 irq_cpu, sched_cpu;
	__u8 cause;		/* enum pp_cause */
	__u8 again;		/* its last poll used up the budget */
	__u8 busy;		/* its last poll was a busy poll */
	__u8 pad;
};

/* The poll that a CPU is in, and what led to it: the stamps that its packets share. */
struct pp_poll {
	__u64 napi;		/* 0 = not in a poll */
	__u64 irq_ns, sched_ns, softirq_ns, poll_ns;
	__u16 irq_cpu, sched_cpu;
	__u16 budget;		/* packets it may fetch; 0 = not known */
	__u8 cause;		/* enum pp_cause */
	__u8 context;		/* enum pp_context */
	__u32 id;		/* of this CPU's polls that fetched something; others reuse it */
	__u16 index;		/* of the packet that comes next */
	__u8 counts;		/* enum pp_stage at which its packets are counted; 0 = none yet */
	__u8 pad;
};

/* What the XDP programs that run on a CPU left behind there. See bpf/xdp/slot.bpf.h. */
struct pp_xdp {
	__u64 enter_ns;		/* when the program that runs began; 0 = none runs */
	__u64 pass_ns;		/* native: when that began which passed a frame; 0 = none waits … */
	__u64 data;		/* … to become a packet; where the frame begins in memory */
	__u32 len;		/* … how long its first buffer is */
	__u32 ifindex;		/* … the device that received it */
	__u32 prog;		/* … and the program's ID */
	__u32 netif_ref;	/* newest packet that entered the stack here: generic XDP is next */
	__u32 cur_ref;		/* generic: the packet on which a program runs */
	__u32 pending;		/* packet that is sent or redirected, it is not known yet how */
	__u32 wait_head, wait_tail; /* packets in a device's or CPU's queue, in order, by `next` */
	__u32 waiting;		/* how many; the queues are emptied before the poll is over */
	__u32 moved;		/* packet whose skb was freed for another before its program runs */
	__u32 pad;
	__u32 told;		/* of one queue: how many it has been said of what became of them */
};

/* What one CPU knows, and its counters. */
/* What the programs do: nothing that the account shows; all; or only what ends a record. */
enum pp_phase { PP_OFF, PP_ON, PP_LAST };

struct pp_cpu {
	__u64 irq_ns;		/* start of the interrupt handler it is in; 0 = not in one */
	__u64 softirq_ns;	/* newest start of NET_RX */
	__u64 flush_ns;		/* newest hand-over of a list to the stack */
	__u64 gro_flush_ns;	/* newest time that GRO let go all, or the old, of what it held */
	struct pp_poll poll;
	struct pp_xdp xdp;
	__u32 busy_id;		/* NAPI ID that is busy polled here by a function without a hook */
	__u8 context;		/* enum pp_context of the newest NET_RX */
	__u8 netpoll;		/* in netpoll_poll_dev() */
	__u16 pad;
	__u64 done[PP_DONE];	/* pp_done() of the newest polls that are over, by their id */
	__u64 waking;		/* socket whose reader is being woken here; 0 = none */
	__u64 stash[2];		/* kretprobe: arguments of the function that returns next */
	__u32 cursor;		/* where to look for a free record */
	__u32 local_ref;	/* newest packet for this host: what has none may be its copy */
	__u32 unchecked;	/* bytes sent since it last looked how full the ring is */
	__u32 numbering;	/* before v5.12: a number is being given … */
	__u32 pad2;
	__u64 births;		/* … and the next one */
	__u32 cut_ref;		/* such a packet whose skb is gone: its first datagram takes over */
	struct pp_rec cut;	/* the packet cut into datagrams last, as it was; state 0 = none */
	struct pp_counts n;
} __attribute__((aligned(64)));

#endif /* PKTPATH_INCLUDE_TABLES_H */
