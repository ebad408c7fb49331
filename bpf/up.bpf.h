/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * Birth of a record, and its way up to the transport.
 */
#ifndef PKTPATH_UP_BPF_H
#define PKTPATH_UP_BPF_H

#include "inner.bpf.h"

HANDLER(gro)
{
	struct sk_buff *skb = (void *)a0;
	struct pp_rec *rec;
	struct here h;
	u32 ref = 0;

	if (!here(&h))
		return;
	rec = pp_find(a0, &ref);
	if (rec && is_hop(typed, skb, rec)) {	/* veth with NAPI, tunnels (gro_cells) */
		hop(typed, &h, skb, rec);
		stamp(&h, rec, PP_ST_GRO);
		return;
	}
	if (rec)
		finish_stale(&h, a0);
	birth(typed, &h, skb, PP_ST_GRO);
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

	if (!queued || rec->ts[PP_ST_POLL] || rec->ts[PP_ST_SOFTIRQ])
		return;
	rec->cause = PP_C_BACKLOG;
	if (h->c->softirq_ns >= queued) {
		rec->ts[PP_ST_SOFTIRQ] = h->c->softirq_ns;
		rec->cpu[PP_ST_SOFTIRQ] = h->cpu;
		rec->last_ns = h->c->softirq_ns;
	}
	if (h->c->poll.napi && h->c->poll.poll_ns >= queued) {
		rec->ts[PP_ST_POLL] = h->c->poll.poll_ns;
		rec->cpu[PP_ST_POLL] = h->cpu;
		rec->last_ns = h->c->poll.poll_ns;
	}
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
		hop(typed, &h, skb, rec);
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
	if (rec && (rec->dev != (u64)RD(typed, skb, dev) || rec->egress)) {
		if (is_hop(typed, skb, rec)) {	/* a bridge, or sent to itself */
			hop(typed, &h, skb, rec);
		} else {
			finish_stale(&h, a0);
			rec = NULL;
		}
	}
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

/* VLANs, bonds and the like change skb->dev within __netif_receive_skb_core(): it shows here. */
HANDLER(ip)
{
	struct sk_buff *skb = (void *)a0;
	struct pp_rec *rec;
	struct here h;
	u32 ref = 0;

	rec = pp_find(a0, &ref);
	if (!rec || !here(&h))
		return;
	if (rec->dev != (u64)RD(typed, skb, dev))
		hop(typed, &h, skb, rec);
	stamp(&h, rec, PP_ST_IP);
}

/* ip_local_deliver_finish(net, sk, skb) and ip6_input_finish(): the same three. */
HANDLER(local)
{
	struct pp_rec *rec;
	struct here h;
	u32 ref = 0;

	rec = pp_find(a2, &ref);
	if (!rec || !here(&h))
		return;
	h.c->local_ref = ref;
	if (h.c->cut.state)
		forget_cut(&h);
	stamp(&h, rec, PP_ST_LOCAL);
}

/* What a fragment could not say: the transport's header is at skb->data. */
static __always_inline void parse_whole(const int typed, struct sk_buff *skb, struct pp_rec *rec)
{
	u8 b[L4_LEN] __attribute__((aligned(8)));

	if (!bpf_probe_read_kernel(b, sizeof(b), RD(typed, skb, data)))
		parse_l4(rec, b, RD(typed, skb, len));
}

HANDLER(l4)
{
	struct pp_rec *rec = stamp_skb(a0, PP_ST_L4);

	if (rec && rec->flags & PP_F_FRAG)
		parse_whole(typed, (struct sk_buff *)a0, rec);
}

#endif /* PKTPATH_UP_BPF_H */
