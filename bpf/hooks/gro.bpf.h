/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * The driver hands a packet to GRO, where its record begins; GRO merges it into another, holds it,
 * lets it go, and gives it to the stack in a list.
 */
#ifndef PKTPATH_BPF_HOOKS_GRO_BPF_H
#define PKTPATH_BPF_HOOKS_GRO_BPF_H

#include "core/arrival.bpf.h"

/* tp napi_gro_receive_entry: GRO's control block is not set yet. */
HANDLER(gro)
{
	arrive(typed, a0, PP_ST_GRO, 0);
}

/* tp napi_gro_frags_entry: the driver handed up pages, and napi_frags_skb() knows the first. */
HANDLER(gro_frags)
{
	arrive(typed, a0, PP_ST_GRO, 1);
}

#define TCP_PUSHING (TCP_FLAG_FIN | TCP_FLAG_SYN | TCP_FLAG_RST | TCP_FLAG_PSH | TCP_FLAG_URG)

/* GRO merges a packet: skb_gro_receive(p, skb) == 0, or its twin for lists. Its data is p's now. */
HANDLER(merge)
{
	u32 ref = 0, parent_ref = 0;
	struct pp_rec *rec, *parent;
	struct here h;

	if ((int)a2 != 0)
		return;
	rec = record_here(a1, &h, &ref);
	if (!rec)
		return;
	/* virtio_net leaves all of a long frame but its Ethernet header in a page. */
	if (rec->flags & PP_F_NOPARSE && parse_late(typed, &h, (struct sk_buff *)a1, ref, rec, 1))
		return;
	parent = pp_find(a0, &parent_ref);
	if (parent) {
		rec->parent = parent->id;
		parent->gro_frames = (parent->gro_frames ?: 1) + (rec->gro_frames ?: 1);
		/* The conditions of tcp_gro_receive(), which lets p go at once. */
		if ((rec->tcp_flags & TCP_PUSHING) || rec->data_len < parent->data_len)
			parent->gro_end = PP_GE_PUSH;
	}
	if (pp_unindex(a1, ref))
		finish(&h, rec, PP_V_MERGED, 0, 0);
}

/* napi_gro_flush(): the poll is over, or yields its CPU; GRO lets go what it holds. */
HANDLER(gro_flush)
{
	struct here h;

	if (here(&h))
		h.c->gro_flush_ns = h.now;
}

/*
 * Does a packet leave GRO because of a flush, not because of another packet? Between the flush and
 * the end of the poll no packet comes to GRO.
 */
static __always_inline int in_gro_flush(const struct here *h)
{
	return h->c->gro_flush_ns > h->c->poll.poll_ns;
}

#define GRO_MAX 65536	/* GRO_LEGACY_MAX_SIZE, include/linux/netdevice.h */

/* How long GRO may make a packet: BIG TCP has limits of its own (v5.19, for IPv4 v6.3). */
static __always_inline u32 gro_max(const int typed, struct sk_buff *skb, const struct pp_rec *rec)
{
	struct net_device *dev = RD(typed, skb, dev);

	if (rec->eth_proto == ETH_P_IP && bpf_core_field_exists(dev->gro_ipv4_max_size))
		return RD(typed, dev, gro_ipv4_max_size);
	if (rec->eth_proto == ETH_P_IPV6 && bpf_core_field_exists(dev->gro_max_size))
		return RD(typed, dev, gro_max_size);
	return GRO_MAX;
}

/* Why GRO lets a held packet go. What gro_flush_timeout keeps is let go in the timer's poll. */
static __always_inline u32 gro_end_of(const int typed, const struct here *h, struct sk_buff *skb,
				      const struct pp_rec *rec)
{
	if (rec->gro_end)
		return rec->gro_end;
	if (!h->c->gro_flush_ns)
		return PP_GE_NONE;	/* flushes cannot be seen here, or there was none yet */
	if (in_gro_flush(h))
		return h->c->poll.cause == PP_C_TIMER ? PP_GE_TIMEOUT : PP_GE_POLL_END;
	return RD(typed, skb, len) + rec->data_len >= gro_max(typed, skb, rec) ? PP_GE_FULL :
										 PP_GE_MISMATCH;
}

/* gro_complete(gro, skb), from v7.0: a held packet, alone or with others merged into it. */
HANDLER(gro_done)
{
	struct pp_rec *rec;
	struct here h;
	u32 ref = 0;

	rec = pp_find(a1, &ref);
	if (!rec || rec->gro == PP_G_HELD || !here(&h))
		return;
	rec->gro = PP_G_HELD;
	rec->gro_end = gro_end_of(typed, &h, (struct sk_buff *)a1, rec);
	stamp(&h, rec, PP_ST_BATCH);
}

/* inet_gro_complete(skb), ipv6_gro_complete(skb): the same, but for merged packets only. */
HANDLER(gro_done_ip)
{
	h_gro_done(typed, 0, a0, 0);
}

/*
 * A packet comes out of GRO: what did GRO do with it? One that was not held spent all the time in
 * the batch. One that was held alone went with the flush, unless its end in GRO was seen.
 */
static __always_inline void take_gro(const int typed, const struct here *h, struct sk_buff *skb,
				     struct pp_rec *rec)
{
	u64 left = rec->ts[PP_ST_GRO];

	if (!left || rec->gro)
		return;
	rec->gro = was_held_alone(typed, skb) ? PP_G_HELD : PP_G_NORMAL;
	if (rec->gro == PP_G_HELD) {
		rec->gro_end = gro_end_of(typed, h, skb, rec);
		left = in_gro_flush(h) && h->c->gro_flush_ns >= left ? h->c->gro_flush_ns : 0;
	}
	if (!left)
		return;
	pp_put(rec, PP_ST_BATCH, left, h->cpu);
}

/*
 * netif_receive_skb_list_internal(): right after this, the list's packets come to `netif` one by
 * one on this CPU, and take over this stamp.
 */
HANDLER(flush)
{
	struct here h;

	if (here(&h))
		h.c->flush_ns = h.now;
}

/* The packet has come out of GRO, and may be one of the list that was handed over last. */
static __always_inline void take_flush(const int typed, const struct here *h, struct sk_buff *skb,
				       struct pp_rec *rec)
{
	u64 flush = h->c->flush_ns;

	take_gro(typed, h, skb, rec);
	if (rec->ts[PP_ST_GRO] && !rec->ts[PP_ST_FLUSH] && flush >= rec->last_ns)
		pp_put(rec, PP_ST_FLUSH, flush, h->cpu);
}

#endif /* PKTPATH_BPF_HOOKS_GRO_BPF_H */
