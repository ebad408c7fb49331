/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * UDP: a datagram is queued on its socket, and read. Where its functions cannot be hooked:
 * hooks/udp_fifo.bpf.h.
 */
#ifndef PKTPATH_BPF_HOOKS_UDP_BPF_H
#define PKTPATH_BPF_HOOKS_UDP_BPF_H

#include "hooks/copies.bpf.h"
#include "hooks/reader.bpf.h"

/* __udp_enqueue_schedule_skb(sk, skb): a datagram is queued on its socket. */
HANDLER(sock_udp)
{
	struct sk_buff *skb = (void *)a1;
	struct pp_rec *rec, *of;
	struct here h;
	u32 ref = 0;

	rec = pp_find(a1, &ref);
	of = rec ? NULL : original_of(typed, skb);
	if (!(rec || of) || !here(&h))
		return;
	if (of)
		rec = birth_clone(typed, &h, of, skb);
	if (!rec)
		return;
	/* A multicast datagram still has its route; v7.3 lets go of that when it queues it. */
	if (RD(typed, skb, _skb_refdst))
		rec->flags |= PP_F_MORPH;
	queue_on(&h, rec, a0);
}

/*
 * A UDP read: skb_consume_udp(sk, skb, len), after the copy. MSG_PEEK comes here, too, with a
 * negative len, or 0 if the datagram is empty; hence the look at the references, of which the queue
 * then still holds one.
 */
HANDLER(read_udp)
{
	struct sk_buff *skb = (void *)a1;
	struct pp_rec *rec;
	struct here h;
	u32 ref = 0;

	rec = pp_find(a1, &ref);
	if (!rec || (int)a2 < 0 || RD(typed, skb, users.refs.counter) > 1 || !here(&h))
		return;
	if (!pp_unindex(a1, ref))
		return;
	finish_read_here(&h, rec, a0);
}

/* Does a UDP socket have it, without a read having been seen? */
static __always_inline int is_queued_udp(const struct pp_rec *rec)
{
	return rec->l4_proto == IPPROTO_UDP && rec->ts[PP_ST_SOCK];
}

/*
 * A datagram that a UDP socket had, and that a thread frees without a drop, was read by it just
 * now. The hook of the read may have been skipped: a thread may be preempted on its way into or out
 * of the program above, and until it goes on the kernel skips that program on that CPU, whoever
 * else reads (recursion_misses). A free in a softirq may come much later (skb_attempt_defer_free(),
 * v5.19), so it says nothing.
 */
static __always_inline int is_read_unseen(const struct pp_rec *rec)
{
	return is_queued_udp(rec) && in_thread();
}

#endif /* PKTPATH_BPF_HOOKS_UDP_BPF_H */
