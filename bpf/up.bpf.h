/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * Birth of a record, and its way up to the transport.
 */
#ifndef PKTPATH_UP_BPF_H
#define PKTPATH_UP_BPF_H

#include "path.bpf.h"

HANDLER(gro)
{
	struct here h;

	if (!here(&h))
		return;
	finish_stale(&h, a0);
	birth(typed, &h, (struct sk_buff *)a0, PP_ST_GRO);
}

/* skb_gro_receive(p, skb) == 0, or its list twin: skb's data now belongs to p. */
HANDLER(merge)
{
	u32 ref = 0, parent_ref = 0;
	struct pp_rec *rec, *parent;
	struct here h;

	if ((int)a2 != 0)
		return;
	rec = pp_find(a1, &ref);
	if (!rec || !here(&h))
		return;
	parent = pp_find(a0, &parent_ref);
	rec->parent = parent ? parent->id : 0;
	if (pp_unindex(a1, ref))
		finish(&h, rec, PP_V_MERGED, 0, 0);
}

/* The list's packets meet `netif` one by one on this CPU right after: they take this stamp. */
HANDLER(flush)
{
	struct here h;

	if (here(&h))
		h.c->flush_ns = h.now;
}

static __always_inline void take_flush(const struct here *h, struct pp_rec *rec)
{
	u64 flush = h->c->flush_ns;

	if (rec->ts[PP_ST_GRO] && !rec->ts[PP_ST_FLUSH] && flush >= rec->last_ns) {
		rec->ts[PP_ST_FLUSH] = flush;
		rec->cpu[PP_ST_FLUSH] = h->cpu;
		rec->last_ns = flush;
	}
}

/* A packet that came through a backlog is fetched by the poll of the backlog. */
static __always_inline void take_backlog_poll(const struct here *h, struct pp_rec *rec)
{
	u64 queued = rec->ts[PP_ST_BACKLOG];
	const struct pp_poll *p = &h->c->poll;
	int index;

	if (!queued || rec->ts[PP_ST_POLL] || rec->ts[PP_ST_SOFTIRQ] || rec->poll_work)
		return;
	rec->cause = PP_C_BACKLOG;
	if (h->c->softirq_ns >= queued) {
		rec->ts[PP_ST_SOFTIRQ] = h->c->softirq_ns;
		rec->cpu[PP_ST_SOFTIRQ] = h->cpu;
		rec->last_ns = h->c->softirq_ns;
	}
	if (!p->napi || p->cause != PP_C_BACKLOG)
		return;
	rec->context = p->context;
	/* What is queued while the poll runs may be fetched by that very poll. */
	if (p->poll_ns >= queued) {
		rec->ts[PP_ST_POLL] = p->poll_ns;
		rec->cpu[PP_ST_POLL] = h->cpu;
		rec->last_ns = p->poll_ns;
	}
	index = poll_count(&h->c->poll, PP_ST_NETIF);
	if (index != NOT_COUNTED)
		take_index(p, rec, index, h->cpu);
}

/*
 * Is it the record's own packet that arrives once more, at a device further inside? Where frees
 * are not seen, the next packet may have not only the address but also the head of one that is
 * gone; but it is fresh from a sender, so nothing has received it yet.
 */
static __always_inline int is_hop(const int typed, struct sk_buff *skb, const struct pp_rec *rec)
{
	struct net_device *dev = RD(typed, skb, dev);

	if (rec->head != (u64)RD(typed, skb, head))
		return 0;
	return cfg.have_end || (u32)RD(typed, skb, skb_iif) == rec->ifindex ||
	       (u32)RD(typed, dev, ifindex) != rec->ifindex;
}

/* tp netif_rx: birth on loopback and veth, or one more device on the way. */
HANDLER(netif_rx)
{
	struct sk_buff *skb = (void *)a0;
	struct pp_rec *rec;
	struct here h;
	u32 ref = 0;

	if (!here(&h))
		return;
	rec = pp_find(a0, &ref);
	if (rec && is_hop(typed, skb, rec)) {
		rec->flags |= PP_F_HOP;
		stamp(&h, rec, PP_ST_BACKLOG);
		return;
	}
	if (rec)
		finish_stale(&h, a0);
	birth(typed, &h, skb, PP_ST_BACKLOG);
}

HANDLER(backlog)
{
	struct pp_rec *rec;
	struct here h;
	u32 ref = 0;

	rec = pp_find(a0, &ref);
	if (!rec || !here(&h))
		return;
	take_flush(&h, rec);
	stamp(&h, rec, PP_ST_BACKLOG);
}

/* tp netif_receive_skb, also for packets whose driver uses neither GRO nor netif_rx(). */
HANDLER(netif)
{
	struct sk_buff *skb = (void *)a0;
	struct pp_rec *rec;
	struct here h;
	u32 ref = 0;

	if (!here(&h))
		return;
	rec = pp_find(a0, &ref);
	if (!rec) {
		rec = birth(typed, &h, skb, PP_ST_NETIF);
		if (rec)
			rec->flags |= PP_F_LATE;
		return;
	}
	take_flush(&h, rec);
	take_backlog_poll(&h, rec);
	if (rec->flags & PP_F_NOPARSE)
		parse(typed, skb, rec);
	stamp(&h, rec, PP_ST_NETIF);
}

static __always_inline struct pp_rec *stamp_skb(u64 skb, u32 stage)
{
	struct pp_rec *rec;
	struct here h;
	u32 ref = 0;

	rec = pp_find(skb, &ref);
	if (rec && here(&h))
		stamp(&h, rec, stage);
	return rec;
}

HANDLER(ip)
{
	stamp_skb(a0, PP_ST_IP);
}

/* ip_local_deliver_finish(net, sk, skb) and ip6_input_finish(): the same three. */
HANDLER(local)
{
	stamp_skb(a2, PP_ST_LOCAL);
}

HANDLER(l4)
{
	stamp_skb(a0, PP_ST_L4);
}

#endif /* PKTPATH_UP_BPF_H */
