/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * What BPF programs and user space share: the record (one per packet), the configuration and the
 * counters. It is an ABI: fixed-width fields, explicit padding, no pointers. Recordings in
 * tests/golden hold records as they are.
 */
#ifndef PKTPATH_INCLUDE_RECORD_H
#define PKTPATH_INCLUDE_RECORD_H

#include <linux/types.h>
#include "hist.h"
#include "free_places.h"
#include "stages.h"

#define PP_PLACE_LEN 48	/* symbol of the function that dropped the packet, NUL-terminated */

#define PP_IFS 16	/* interfaces that -i can name */
#define PP_COMM_LEN 16	/* TASK_COMM_LEN, include/linux/sched.h */
#define PP_HOPS 4	/* devices that a record names after the first one: three, and the last */
#define PP_ORDER 32	/* of order[]: more than there are stages, and a multiple of 8 */
#define PP_WORK_UNKNOWN 0xffff
#define PP_XDP_FAILED 0xffff	/* in xdp_err: it failed, and the kernel does not say why */
#define PP_XDP_PROGS 4	/* different XDP programs that can be observed at once */

/* The states of a slot of the slab; in all but FREE and ZOMBIE the packet is in flight. */
enum pp_state {
	PP_S_FREE,	/* unused */
	PP_S_SKB,	/* found by its skb's address */
	PP_S_HELD,	/* TCP data in the backlog of a locked socket: still found by address */
	PP_S_SOCK,	/* TCP data in its socket's list: found by socket and sequence only */
	PP_S_OOO,	/* found by both, since it may yet be dropped: TCP data out of order, or a
			 * fragment in its queue */
	PP_S_FIFO,	/* UDP where the read cannot be hooked: in its socket's FIFO */
	PP_S_ZOMBIE,	/* ended and sent, but still linked in its socket's list */
};

/* One more device that received the packet: a veth's other end, a bridge, a VLAN, a tunnel. */
struct pp_hop {
	__u64 ns;
	__u32 ifindex;
	__u32 netns;		/* inode of the device's network namespace; 0 = not known */
};

/* What conntrack made of a packet's flow, in the form of the record's own. */
struct pp_nat {
	__u8 saddr[16], daddr[16];
	__u16 sport, dport;	/* 0 where there is none */
	__u32 pad;
};

/*
 * One packet. Times are ns of CLOCK_MONOTONIC; 0 means that the stage was not seen. Addresses and
 * ports are in network order, an IPv4 address in the first four bytes. `kernel:` fields mean
 * nothing to user space.
 */
struct pp_rec {
	__u64 id;		/* unique within a run, never 0 */
	__u64 ts[PP_ST_NR];	/* when each stage was reached */
	__u64 end_ns;		/* time of its verdict; if delivered, that of ts[PP_ST_READ] */
	__u64 last_ns;		/* kernel: newest stamp, to clamp clock inversions */
	__u64 parent;		/* merged: id of the packet that it is part of now; 0 = not known */
	__u64 clone_of;		/* id of the packet of which this is a copy; 0 = it is none */
	__u64 skb;		/* kernel: address of its skb */
	__u64 head;		/* kernel: skb->head: shows when the address has been reused */
	__u64 dev;		/* kernel: address of the device that last received it */
	__u64 sk;		/* kernel: held, in a FIFO, or a raw socket's copy: its socket */
	__u64 cgroup;		/* kernel: ID of the reader's control group, with --by cgroup */
	__u64 location;		/* dropped: return address in the function that dropped it */
	__u32 state;		/* enum pp_state */
	__u32 next, prev;	/* kernel: socket list, slab index + 1; 0 = none */
	__u32 child, child_tail; /* kernel: held: packets coalesced into this one, same form */
	__u32 tail;		/* kernel: held: packet at the backlog's tail, same form; in a FIFO:
				 * its ticket; redirected by XDP: 1 = its outcome is known */
	__u32 end_seq;		/* TCP: sequence number after its last data byte, host order */
	__u32 read_seq;		/* kernel: end of its whole skb; read when copied_seq is here */
	__u32 data_len;		/* TCP: payload bytes of this frame */
	__u32 ifindex;
	__u32 netns;		/* inode of the interface's network namespace; 0 = not known */
	__u32 len;		/* bytes on the wire, Ethernet header included, no FCS */
	__u32 reason;		/* dropped: kernel's skb_drop_reason, or PP_REASON_OWN.. */
	__u32 egress;		/* forwarded, xdp-redirect: ifindex of the device it left by */
	__u32 pid;		/* delivered: process that read it; 0 = not known */
	__u32 poll_id;		/* kernel: which of its CPU's polls fetched it */
	__u16 cpu[PP_ST_NR];	/* CPU of each stage */
	__u16 end_cpu;
	__u16 eth_proto;	/* host order: ETH_P_IP, ETH_P_ARP … (linux/if_ether.h) */
	__u16 sport, dport;	/* network order; 0 where there is none */
	__u8 l4_proto;		/* IPPROTO_TCP … (netinet/in.h); 0 = not known */
	__u8 tcp_flags;
	__u8 verdict;		/* enum pp_verdict */
	__u8 loss;		/* enum pp_loss, with verdict untracked */
	__u8 cause;		/* enum pp_cause */
	__u8 context;		/* enum pp_context: where its poll ran */
	__u8 gro;		/* enum pp_gro */
	__u8 gro_end;		/* enum pp_gro_end */
	__u8 xdp_mode;		/* enum pp_xdp_mode of the program that it met */
	__u8 xdp_to;		/* enum pp_xdp_to, with verdict xdp-redirect */
	__u8 nr_hops;		/* of hops[], 0..PP_HOPS */
	__u8 nr_order;		/* of order[], 0..PP_ST_NR */
	__u16 gro_frames;	/* frames of the wire that it holds; 0 and 1: only itself */
	__u16 pad;
	__u32 flags;		/* enum pp_flag */
	__u16 poll_index;	/* place among its poll's packets, from 0 */
	__u16 poll_budget;	/* packets that its poll could have fetched; 0 = not known */
	__u16 poll_work;	/* … and did fetch; PP_WORK_UNKNOWN: it ended before its poll did */
	__u16 xdp_err;		/* why XDP's verdict failed: errno or PP_XDP_FAILED; 0 = not */
	__u32 picks;		/* rows (hist.h) in which it was slow enough to be sent: bits */
	__u16 queue;		/* kernel: receive queue + 1, with --by queue; 0 = not known */
	__u16 birth_cpu;	/* CPU on which it was first seen */
	__u32 self;		/* kernel: its own slab index + 1 */
	__u32 xdp_prog;		/* ID of the XDP program that it met; 0 = none */
	__u32 xdp_index;	/* redirected to a CPU or a socket: index in the map */
	__u32 bucket;		/* kernel: scratch, see count_row() */
	/* kernel: the stages in the order in which they were stamped; read eight at once */
	__u8 order[PP_ORDER] __attribute__((aligned(8)));
	char comm[PP_COMM_LEN];	/* delivered: reader's name, as in /proc/PID/comm; "" = not known */
	__u8 saddr[16], daddr[16]; /* as on the wire */
	/* What follows is sent only where it is used (PP_REC_SHORT). */
	char place[PP_PLACE_LEN]; /* dropped: function that dropped it, "" if not known */
	struct pp_hop hops[PP_HOPS];
	struct pp_nat nat;	/* with flag NAT: what it was where it got to, or left */
};
#define PP_REC_SHORT __builtin_offsetof(struct pp_rec, place)
_Static_assert(sizeof(struct pp_rec) % 8 == 0, "records are copied in 8-byte units");
_Static_assert(__builtin_offsetof(struct pp_rec, prev) % 8 == 0 &&
	       __builtin_offsetof(struct pp_rec, order) % 8 == 0 &&
	       __builtin_offsetof(struct pp_rec, comm) % 8 == 0 && PP_REC_SHORT % 8 == 0,
	       "records are erased in 8-byte units: see clear_rec()");

/* Set before load, constant afterwards: dead branches vanish in the verifier. */
struct pp_cfg {
	__u32 nr_ifs;		/* only interfaces of this many names; 0 = all */
	__u32 nr_cpus;		/* possible CPUs */
	__u32 rec_mask;		/* records in the slab, a power of two, minus 1 */
	__u32 sock_mask;	/* entries of the table of sockets, a power of two, minus 1 */
	__u32 sock_shift;	/* 32 minus their number's bits: for pp_hash_shift() */
	__u32 emit;		/* bit mask of verdicts: records with these are sent */
	__u32 have_end;		/* 1: the hooks that see every free are attached */
	__u32 wakeup_bytes;	/* wake user space when this much waits in the ring */
	__u32 netns;		/* only devices of the namespace with this inode; 0 = of all */
	__u32 sample;		/* 1: only flows or packets whose hash is at most `sample_max` */
	__u32 sample_seed;	/* so that two runs choose differently */
	__u32 sample_packets;	/* 1: choose each packet by itself, not whole flows */
	__u32 reader_pid;	/* only what this process reads; 0 = any */
	__u64 reader_comm[PP_COMM_LEN / 8]; /* only what processes of this name read; 0 = any */
	__u8 reader_cgroup;	/* 1: only what processes of the group in `wanted_cgroup` read */
	__u8 by_reader;		/* 1: one of these three is set */
	__u8 hist;		/* 1: count durations in histograms */
	__u8 wire;		/* 1: count frames of the wire, else skbs: see weight_of() */
	__u8 by;		/* enum pp_by */
	__u8 slow_any;		/* 1: send only records that exceed one of slow[] */
	__u8 xdp;		/* 1: XDP programs are observed, or pktpath's own is attached */
	__u8 xdp_old_tp;	/* 1: the redirects' tracepoints have the map (before v5.13) */
	__u8 irq_threads;	/* 1: drivers' interrupt handlers run in threads */
	__u8 pad[7];
	__u32 groups;		/* with `by`: how many, and there is one more for the rest */
	__u32 stages;		/* bit mask: durations of these are counted */
	__u32 hardirq_mask;	/* bits of the CPU's preemption count; 0 = it cannot be read */
	__u32 worst;		/* send this many, the slowest, per row and interval; 0 = all */
	__u64 slow[PP_H_ROWS];	/* thresholds, ns; ~0 = none */
	struct pp_range places[PP_PLACE_MAX]; /* used if not have_end */
};

/* An interface whose XDP program is observed. Written when that is known, before `enabled`. */
struct pp_xdp_dev {
	__u32 ifindex;		/* 0 = no more */
	__u32 netns;		/* inode of its network namespace */
	__u32 prog;		/* the program's ID */
	__u32 mode;		/* enum pp_xdp_mode */
};

/* The longest durations of each row, on one CPU, in the interval of `epoch`. */
struct pp_worst {
	__u32 epoch;
	__u32 busy;		/* a program is changing it, and another may interrupt that */
	__u64 least[PP_H_ROWS];	/* what a duration must exceed; 0 while there is room */
	__u64 nr[PP_H_ROWS];
	__u64 ns[PP_H_ROWS][PP_WORST_MAX];
};

_Static_assert(__builtin_offsetof(struct pp_rec, end_ns) ==
	       __builtin_offsetof(struct pp_rec, ts[PP_ST_NR]), "the end follows the stamps");
_Static_assert(PP_H_ROWS <= 32, "picks has a bit for each row");
_Static_assert(PP_ORDER > PP_ST_NR, "order[] is read one further");
_Static_assert(PP_ORDER % 8 == 0, "order[] is read eight at once");
_Static_assert(PP_V_NR <= 16 && PP_L_NR <= 16, "counter arrays are indexed with a mask of 15");

/* Counters, one set per CPU; added to atomically, because a softirq may interrupt a program. */
struct pp_counts {
	__u64 seen;		/* births */
	__u64 clones;		/* copies for further receivers: records too, on top of `seen` */
	__u64 verdict[16];	/* by enum pp_verdict */
	__u64 loss[16];		/* of verdict UNTRACKED, by reason */
	__u64 sampled_out;	/* packets that --sample left out: not in `seen` */
	__u64 sampled_late;	/* left out only when their headers could be read: in `seen` */
	__u64 filtered;		/* ended, but another's to read, so not sent (--pid and the like) */
	__u64 emitted;		/* records sent */
	__u64 ring_lost;	/* records not sent because the ring was full */
	__u64 inversions;	/* stamps clamped because the clock went back */
	__u64 unsorted;		/* inserts into a socket's list that gave up the search */
	__u64 napi_full;	/* polls whose NAPI instance found no room: cause not known */
};

#endif /* PKTPATH_INCLUDE_RECORD_H */
