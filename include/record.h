/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * What the kernel and the user side share: the record (one per packet), the configuration and
 * the counters. Fixed-width fields, explicit padding, no pointers: it is an ABI.
 */
#ifndef PKTPATH_RECORD_H
#define PKTPATH_RECORD_H

#include <linux/types.h>
#include "stages.h"

#define PP_PLACE_LEN 48	/* symbol of the function that dropped the packet, NUL-terminated */

/* Flags of a record. */
#define PP_F_LATE	0x01	/* not born where its driver handed it up, but at a later hook */
#define PP_F_NOPARSE	0x02	/* headers could not be read: flow unknown */
#define PP_F_DOOMED	0x04	/* kernel: a drop was announced; the free that follows ends it */
#define PP_F_HOP	0x08	/* received again by an inner device (loopback, veth) */
#define PP_F_NODATA	0x10	/* kernel: held without data of its own; others' may join it */

/* Life of a slot of the slab. Kernel only; user space counts SKB, HELD and SOCK as in flight. */
enum pp_state {
	PP_S_FREE,	/* unused */
	PP_S_SKB,	/* owned by an skb: found by the skb's address */
	PP_S_HELD,	/* TCP data in the backlog of a locked socket: still found by address */
	PP_S_SOCK,	/* TCP data on its socket's list: found by (socket, sequence) only */
	PP_S_OOO,	/* as SOCK, and by address too: it may yet be dropped */
	PP_S_FIFO,	/* UDP where its read cannot be hooked: in its socket's FIFO */
	PP_S_ZOMBIE,	/* ended and reported, but still linked in its socket's list */
};

/*
 * One packet. Times are CLOCK_MONOTONIC ns; 0 means that the stage was not seen. Addresses and
 * ports are in network order as on the wire, IPv4 in the first four bytes.
 */
struct pp_rec {
	__u64 id;		/* unique within a run, never 0 */
	__u64 ts[PP_ST_NR];	/* when each stage was reached */
	__u64 end_ns;		/* when the verdict fell: equals ts[PP_ST_READ] if delivered */
	__u64 last_ns;		/* kernel: newest stamp, to clamp clock inversions */
	__u64 parent;		/* merged: id of the packet it is part of now; 0 = not known */
	__u64 skb;		/* kernel: address of its skb */
	__u64 head;		/* kernel: skb->head at birth, tells a reused address */
	__u64 sk;		/* kernel: held: its socket */
	__u64 location;		/* dropped: return address in the function that dropped it */
	__u32 state;		/* enum pp_state */
	__u32 next, prev;	/* kernel: socket list, slab index + 1; 0 = none */
	__u32 child, child_tail; /* kernel: held: packets coalesced into this one, same form */
	__u32 tail;		/* kernel: held: packet at the backlog's tail, same form;
				 * in a FIFO: its ticket */
	__u32 end_seq;		/* TCP: sequence number after its last data byte, host order */
	__u32 read_seq;		/* kernel: copied_seq that makes it read: end of its whole skb */
	__u32 data_len;		/* TCP: payload bytes of this frame */
	__u32 ifindex;
	__u32 len;		/* bytes on the wire, Ethernet header included, no FCS */
	__u32 reason;		/* dropped: kernel's skb_drop_reason, or PP_REASON_OWN.. */
	__u16 cpu[PP_ST_NR];	/* CPU of each stage */
	__u16 end_cpu;
	__u16 eth_proto;	/* host order: 0x0800 IPv4, 0x86dd IPv6, 0x0806 ARP */
	__u16 sport, dport;	/* network order; 0 where there is none */
	__u8 l4_proto;		/* 6 TCP, 17 UDP, 1 ICMP, 58 ICMPv6 */
	__u8 tcp_flags;
	__u8 verdict;		/* enum pp_verdict */
	__u8 loss;		/* enum pp_loss, with verdict untracked */
	__u8 cause;		/* enum pp_cause */
	__u8 flags;		/* PP_F_* */
	__u8 pad[6];
	__u8 saddr[16], daddr[16];
	char place[PP_PLACE_LEN]; /* dropped: function that dropped it, "" if not known */
};
_Static_assert(sizeof(struct pp_rec) % 8 == 0, "records are copied in 8-byte units");

/* Set before load, constant afterwards: dead branches vanish in the verifier. */
struct pp_cfg {
	__u32 ifindex;		/* only this interface; 0 = all */
	__u32 nr_cpus;		/* possible CPUs */
	__u32 rec_mask;		/* records in the slab, a power of two, minus 1 */
	__u32 emit;		/* bit mask of verdicts: send such records to the ring buffer */
	__u32 have_end;		/* 1: the hooks that see every free are attached */
	__u32 wakeup_bytes;	/* wake the reader when this much lies in the ring */
	__u32 netns;		/* only devices of the namespace with this inode; 0 = of all */
};

_Static_assert(PP_V_NR <= 8 && PP_L_NR <= 8, "counter arrays are indexed with a mask of 7");

/* Counters, one set per CPU; added with atomics because a softirq may interrupt any program. */
struct pp_counts {
	__u64 seen;		/* births */
	__u64 verdict[8];	/* by enum pp_verdict */
	__u64 loss[8];		/* of verdict UNTRACKED, by reason */
	__u64 emitted;		/* records that reached the ring */
	__u64 ring_lost;	/* ended records that found the ring full */
	__u64 inversions;	/* stamps clamped because the clock went back */
	__u64 unsorted;		/* socket list inserts that gave up sorting */
};

#endif /* PKTPATH_RECORD_H */
