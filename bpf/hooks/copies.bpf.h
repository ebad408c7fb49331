/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * One packet, several receivers: copies for more sockets than one (multicast, raw sockets), and
 * what GRO had merged cut into datagrams again. Each copy has a record of its own.
 */
#ifndef PKTPATH_BPF_HOOKS_COPIES_BPF_H
#define PKTPATH_BPF_HOOKS_COPIES_BPF_H

#include "core/birth.bpf.h"

/*
 * An skb has no record: of which packet is it a copy? Returns that one's record, or NULL. The
 * kernel copies a packet on its way from ip_local_deliver_finish() to the sockets (multicast, raw
 * sockets), on one CPU and while it still has the original: both share their data.
 */
static __always_inline struct pp_rec *original_of(const int typed, struct sk_buff *skb)
{
	struct pp_cpu *c = this_cpu();
	struct pp_rec *rec = c && c->local_ref ? pp_rec_at(c->local_ref - 1) : NULL;
	const struct sk_buff *original;

	if (!rec || rec->state != PP_S_SKB || !rec->ts[PP_ST_LOCAL])
		return NULL;
	original = (void *)rec->skb;
	return BPF_CORE_READ(original, head) == RD(typed, skb, head) ? rec : NULL;
}

/* Copy all of a record but its state and the place of a drop. */
static __always_inline void copy_rec(struct pp_rec *to, const struct pp_rec *from)
{
	const u32 next = offsetof(struct pp_rec, next);

	__builtin_memcpy(to, from, offsetof(struct pp_rec, state));
	__builtin_memcpy((char *)to + next, (const char *)from + next,
			 offsetof(struct pp_rec, place) - next);
	if (from->nr_hops)
		__builtin_memcpy(to->hops, from->hops, sizeof(to->hops));
	to->place[0] = 0;
}

/* A record for a copy of a packet, which came the same way. NULL: there is no room, counted. */
static __always_inline struct pp_rec *birth_clone(const int typed, const struct here *h,
						  const struct pp_rec *of, struct sk_buff *skb)
{
	struct pp_rec *rec;
	u32 ref;
	u64 nth;

	if (enabled == PP_OFF)
		return NULL;
	nth = next_number(h, 1);
	ref = nth == (u64)-1 ? 0 : pp_alloc(&h->c->cursor, cfg.rec_mask);
	rec = ref ? pp_rec_at(ref - 1) : NULL;
	if (!rec) {
		count_lost(h, PP_L_FULL);
		return NULL;
	}
	copy_rec(rec, of);
	rec->self = ref;
	rec->id = nth * cfg.nr_cpus + h->cpu + 1;
	rec->clone_of = of->id;
	rec->skb = (u64)skb;
	rec->head = (u64)RD(typed, skb, head);
	rec->flags |= PP_F_CLONE;
	return enter(h, ref) ? NULL : rec;
}

/* The packet that was cut last on this CPU is done with. */
static __always_inline void forget_cut(const struct here *h)
{
	u32 ref = h->c->cut_ref;
	struct pp_rec *rec = ref ? pp_rec_at(ref - 1) : NULL;

	h->c->cut_ref = h->c->cut.state = 0;
	if (rec)
		finish(h, rec, PP_V_CONSUMED, 0, 0);
}

/*
 * __skb_gso_segment(skb) within udp_rcv_segment(): datagrams that GRO merged, or that a sender on
 * this host left in one piece, are for a socket that does not take them so. The first one goes on
 * with the packet's record; the others get copies of it.
 */
HANDLER(cut)
{
	struct pp_rec *rec;
	struct here h;
	u32 ref = 0;

	rec = pp_find(a0, &ref);
	if (!rec || rec->state != PP_S_SKB || rec->l4_proto != IPPROTO_UDP ||
	    !rec->ts[PP_ST_LOCAL] || rec->ts[PP_ST_SOCK] || !here(&h))
		return;
	forget_cut(&h);
	copy_rec(&h.c->cut, rec);
	h.c->cut.state = PP_S_SKB;
	rec->flags |= PP_F_CUT;
}

/* The record of an skb that was just cut out of another: it is of the same flow and device. */
static __always_inline struct pp_rec *cut_out(const int typed, const struct here *h,
					      struct sk_buff *skb)
{
	const struct pp_rec *of = &h->c->cut;
	u32 ref = h->c->cut_ref;
	struct pp_rec *rec;
	u16 ports[2];

	if (!of->state || of->dev != (u64)RD(typed, skb, dev) ||
	    bpf_probe_read_kernel(ports, sizeof(ports), RD(typed, skb, head) +
				  RD(typed, skb, transport_header)) ||
	    ports[0] != of->sport || ports[1] != of->dport)
		return NULL;
	rec = ref ? pp_rec_at(ref - 1) : NULL;
	if (!rec)
		return birth_clone(typed, h, of, skb);
	h->c->cut_ref = 0;
	rec->flags &= ~PP_F_CUT;
	rec->skb = (u64)skb;
	rec->head = (u64)RD(typed, skb, head);
	return enter(h, ref) ? NULL : rec;
}

#endif /* PKTPATH_BPF_HOOKS_COPIES_BPF_H */
