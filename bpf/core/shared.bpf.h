/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * A packet that changes its skb because somebody else holds the one it has: a packet socket for
 * IP, as DHCP clients leave open, is given each packet besides IP. __netif_receive_skb_core()
 * hands it to IP with a reference more (deliver_skb()), skb_share_check() in ip_rcv_core() and
 * ip6_rcv_core() makes a clone, and this is what goes up; the original is freed when the socket has
 * seen it (v5.10 to v7.3). A clone has another address, but the same data: skb->head tells.
 */
#ifndef PKTPATH_BPF_CORE_SHARED_BPF_H
#define PKTPATH_BPF_CORE_SHARED_BPF_H

#include "core/birth.bpf.h"

/* IP is about to clone this record's skb, on this CPU, before anything else happens to it here. */
static __always_inline void share(const struct here *h, const struct pp_rec *rec)
{
	h->c->shared_ref = rec->self;
	h->c->shared_id = rec->id;
	shares = 1;
}

/* Give a record another key in the address index. -1: it was lost on the way. */
static __always_inline int rekey(const struct here *h, u32 ref, struct pp_rec *rec, u64 addr)
{
	if (!pp_unindex(rec->skb, ref))
		return -1;
	rec->skb = addr;
	return enter(h, rec);
}

/*
 * The reference of the record that the skb at `orphan` of this CPU takes over, or 0. A function of
 * its own, global and so verified apart from its many callers. It has no argument: such functions
 * take numbers, and where an skb's address is a typed pointer only memory makes it one.
 */
u32 pp_adopt_clone(void);

__attribute__((noinline)) u32 pp_adopt_clone(void)
{
	struct pp_rec *rec;
	struct here h;
	u64 addr, head;
	u32 ref;

	if (!here(&h))
		return 0;
	addr = h.c->orphan;
	head = (u64)BPF_CORE_READ((struct sk_buff *)addr, head);
	ref = h.c->shared_ref;
	rec = ref ? pp_rec_at(ref - 1) : NULL;
	if (rec && rec->id == h.c->shared_id && rec->head == head && rec->state == PP_S_SKB)
		h.c->shared_ref = 0;
	else	/* one that outlived its original: see outlives() */
		rec = pp_find(head, &ref);
	return rec && !rekey(&h, ref, rec, addr) ? ref : 0;
}

/* The record that this skb, which has none, takes over; or NULL. */
static __always_inline struct pp_rec *adopt(const struct here *h, u64 addr, u32 *ref)
{
	struct pp_rec *rec;

	h->c->orphan = addr;
	*ref = pp_adopt_clone();
	rec = *ref ? pp_rec_at(*ref - 1) : NULL;
	/* A softirq may have come in between, with an orphan of its own. */
	return rec && rec->skb == addr ? rec : NULL;
}

/* As record_here(), where the first hook that a clone meets may be. */
static __always_inline struct pp_rec *record_of(u64 addr, struct here *h, u32 *ref)
{
	struct pp_rec *rec = pp_find(addr, ref);

	if (rec)
		return here(h) ? rec : NULL;
	return shares && here(h) ? adopt(h, addr, ref) : NULL;
}

/*
 * The original is freed, and no hook has met the clone: it waits somewhere (NFQUEUE). Until then
 * its data stands for it. The caller has taken the record out of the index.
 */
static __always_inline int outlives(const struct here *h, u32 ref, struct pp_rec *rec)
{
	if (!shares || h->c->shared_ref != ref || h->c->shared_id != rec->id)
		return 0;
	h->c->shared_ref = 0;
	rec->skb = rec->head;
	enter(h, rec);
	return 1;
}

#endif /* PKTPATH_BPF_CORE_SHARED_BPF_H */
