/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * A packet's way through the host once a device has received it: from device to device, out again,
 * or to several receivers.
 */
#ifndef PKTPATH_BPF_HOOKS_FORWARD_BPF_H
#define PKTPATH_BPF_HOOKS_FORWARD_BPF_H

#include "core/birth.bpf.h"
#include "hooks/reader.bpf.h"

#define IPPROTO_UDP	17
#define IPPROTO_TCP	6
#define IPPROTO_ICMP	1
#define IPPROTO_ICMPV6	58

/* The interface at which the record's packet was last seen to arrive, as skb->skb_iif has it. */
static __always_inline u32 last_iif(const struct pp_rec *rec)
{
	u32 n = rec->nr_hops;

	return n ? rec->hops[(n - 1) & (PP_HOPS - 1)].ifindex : rec->ifindex;
}

/*
 * The address may belong to another packet by now if an end was missed. The head tells; where it
 * changed legitimately (pskb_expand_head()), the interface tells. That is taken away on the way
 * out of a tunnel and into another namespace (skb_scrub_packet()), and fresh skbs have none.
 */
static __always_inline int is_other(const int typed, struct sk_buff *skb, const struct pp_rec *rec)
{
	u32 iif;

	if ((u64)RD(typed, skb, head) == rec->head)
		return 0;
	iif = RD(typed, skb, skb_iif);
	if (iif == rec->ifindex)
		return 0;
	if (iif)
		return iif != last_iif(rec);
	return !(rec->flags & PP_F_HOP) && !rec->egress;
}

/* Was it for this host, but for a protocol that hands on what it finds inside (UDP: VXLAN)? */
static __always_inline int may_be_tunnel(const struct pp_rec *rec)
{
	return rec->ts[PP_ST_LOCAL] && !rec->ts[PP_ST_SOCK] && rec->l4_proto != IPPROTO_TCP &&
	       rec->l4_proto != IPPROTO_ICMP && rec->l4_proto != IPPROTO_ICMPV6;
}

/*
 * Is it the record's own packet that arrives once more, at a device further inside? Where frees
 * are not seen, the next packet may have not only the address but also the head of one that is
 * gone; but it is fresh from a sender, so nothing has received it yet.
 */
static __always_inline int is_hop(const int typed, struct sk_buff *skb, const struct pp_rec *rec)
{
	int moved = (u64)RD(typed, skb, dev) != rec->dev || rec->egress;
	u32 iif = RD(typed, skb, skb_iif);

	if (rec->state != PP_S_SKB)
		return 0;	/* on a socket: it goes no further */

	if (rec->head == (u64)RD(typed, skb, head))
		return moved || (iif && iif == last_iif(rec));
	if (iif)
		return iif == last_iif(rec);
	return cfg.have_end && moved && may_be_tunnel(rec);
}

/* One more device has the packet: it did not leave, wherever it was bound for. */
static __always_inline void hop(const int typed, const struct here *h, struct sk_buff *skb,
				struct pp_rec *rec)
{
	struct net_device *dev = RD(typed, skb, dev);
	u32 n = rec->nr_hops < PP_HOPS ? rec->nr_hops : PP_HOPS - 1;
	struct pp_hop *to = &rec->hops[n & (PP_HOPS - 1)];

	rec->flags |= PP_F_HOP;
	rec->dev = (u64)dev;
	rec->head = (u64)RD(typed, skb, head);
	rec->egress = 0;
	to->ns = h->now < rec->last_ns ? rec->last_ns : h->now;
	to->ifindex = RD(typed, dev, ifindex);
	to->netns = netns_of(typed, dev);
	rec->nr_hops = n + 1;
	if (may_be_tunnel(rec))	/* the packet inside is what goes on */
		parse_again(typed, skb, rec);
}

/* --- out again ------------------------------------------------------------------------------ */

/* It is on its way to another host, through this device. */
static __always_inline void bound_for(const struct here *h, struct pp_rec *rec,
				      const struct net_device *dev)
{
	stamp(h, rec, PP_ST_FORWARD);
	rec->egress = BPF_CORE_READ(dev, ifindex);
}

/* ip_forward(skb), ip6_forward(skb): routed, to the device of its route. */
HANDLER(forward)
{
	struct sk_buff *skb = (void *)a0;
	const struct dst_entry *dst;
	struct pp_rec *rec;
	struct here h;
	u32 ref = 0;

	rec = record_here(a0, &h, &ref);
	if (!rec)
		return;
	/* The lowest bit says that no reference is held (SKB_DST_NOREF). */
	dst = (void *)(BPF_CORE_READ(skb, _skb_refdst) & ~1ul);
	bound_for(&h, rec, BPF_CORE_READ(dst, dev));
}

/* __br_forward(port, skb), in module bridge. */
HANDLER(bridge)
{
	const struct net_bridge_port *port = (void *)a0;
	struct pp_rec *rec;
	struct here h;
	u32 ref = 0;

	rec = record_here(a1, &h, &ref);
	if (rec)
		bound_for(&h, rec, BPF_CORE_READ(port, dev));
}

/*
 * tp net_dev_start_xmit(skb, dev), for every device on the way out (VLAN, bond): the last one
 * counts. A packet of this host's own has no record, and comes from no interface.
 */
HANDLER(xmit)
{
	struct sk_buff *skb = (void *)a0;
	struct net_device *dev = (void *)a1;
	struct pp_rec *rec;
	struct here h;
	u32 ref = 0;

	rec = pp_find(a0, &ref);
	if (!rec || is_other(typed, skb, rec) || !here(&h))
		return;
	if (!rec->egress && !RD(typed, skb, skb_iif))
		return;
	if (rec->ts[PP_ST_XMIT])
		pp_unput(rec, PP_ST_XMIT);
	stamp(&h, rec, PP_ST_XMIT);
	rec->egress = RD(typed, dev, ifindex);
	rec->head = (u64)RD(typed, skb, head);
}

/*
 * The driver, or segmentation, is done with a packet that was on its way out. It left when the
 * driver got it, which was long before this: drivers free what was sent when it suits them.
 */
static __always_inline void finish_forwarded(const struct here *h, struct pp_rec *rec)
{
	struct here left = *h;

	if (rec->ts[PP_ST_XMIT]) {
		left.now = rec->ts[PP_ST_XMIT];
		left.cpu = rec->cpu[PP_ST_XMIT];
	}
	finish(&left, rec, PP_V_FORWARDED, 0, 0);
}

/*
 * Drivers free what they have sent, and some as if they threw it away: dev_kfree_skb_any() was all
 * there was for long, and e1000 of v5.10 uses it still.
 */
static __always_inline int was_sent(const struct pp_rec *rec)
{
	return rec->egress && rec->ts[PP_ST_XMIT];
}

/* --- several receivers ---------------------------------------------------------------------- */

/*
 * The record of which an skb without one is a copy, or NULL. The kernel copies a packet on its way
 * from ip_local_deliver_finish() to the sockets (multicast, raw sockets), on one CPU, while it
 * still has the original: they share their data.
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

/* All of a record but its address, its state and the place of a drop. */
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

/* A record for a copy: it came the same way. NULL: no room, counted. */
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

/* What was cut last on this CPU is done with. */
static __always_inline void forget_cut(const struct here *h)
{
	u32 ref = h->c->cut_ref;
	struct pp_rec *rec = ref ? pp_rec_at(ref - 1) : NULL;

	h->c->cut_ref = h->c->cut.state = 0;
	if (rec)
		finish(h, rec, PP_V_CONSUMED, 0, 0);
}

/*
 * __skb_gso_segment(skb) within udp_rcv_segment(): what GRO merged, or a sender on this host left
 * whole, is for a socket that does not take it so. The first datagram goes on with the packet's
 * record; the others get copies of it.
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

/* The record of an skb that was cut out of another, right after that: the same flow and device. */
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

/* __udp_enqueue_schedule_skb(sk, skb) */
HANDLER(sock_udp)
{
	struct sk_buff *skb = (void *)a1;
	struct pp_rec *rec, *of;
	struct here h;
	u32 ref = 0;

	rec = pp_find(a1, &ref);
	if (!here(&h))
		return;
	if (!rec) {
		of = original_of(typed, skb);
		rec = of ? birth_clone(typed, &h, of, skb) : cut_out(typed, &h, skb);
	}
	if (!rec)
		return;
	rec->flags &= ~PP_F_CUT;
	/* v7.3 lets go of a route that it still has (multicast) when it queues it. */
	if (RD(typed, skb, _skb_refdst))
		rec->flags |= PP_F_MORPH;
	stamp(&h, rec, PP_ST_SOCK);
	rec->sk = a0;
	announce(&h, a0);
}

/*
 * sock_queue_rcv_skb_reason(sk, skb), v5.17 on: raw sockets, before the transport sees the packet,
 * and ping sockets (SOCK_DGRAM with ICMP) get a copy each.
 */
HANDLER(sock_raw)
{
	struct sk_buff *skb = (void *)a1;
	struct pp_rec *rec, *of;
	struct here h;
	u32 ref = 0;

	rec = pp_find(a1, &ref);
	of = rec ? NULL : original_of(typed, skb);
	if (!(rec || of) || !here(&h))
		return;
	if (of) {
		if (!of->ts[PP_ST_L4])
			of->flags |= PP_F_RAW;
		rec = birth_clone(typed, &h, of, skb);
	}
	if (!rec)
		return;
	stamp(&h, rec, PP_ST_SOCK);
	rec->sk = a0;
	announce(&h, a0);
}

/* Is a free that announces no drop the sign that an application has read it? */
static __always_inline int read_by_free(const struct pp_rec *rec)
{
	const u32 raw_copy = PP_F_RAW | PP_F_CLONE;

	if (!rec->ts[PP_ST_SOCK])
		return 0;
	return (rec->flags & raw_copy) == raw_copy || rec->l4_proto == IPPROTO_ICMP ||
	       rec->l4_proto == IPPROTO_ICMPV6;
}

/*
 * A raw socket got its copy, so it is no loss that no protocol wanted the original. Before v5.17
 * there are no reasons to tell that from other drops.
 */
static __always_inline int raw_took_it(const struct pp_rec *rec, u32 reason)
{
	if ((rec->flags & (PP_F_RAW | PP_F_CLONE)) != PP_F_RAW)
		return 0;
	if (!bpf_core_enum_value_exists(enum skb_drop_reason, SKB_DROP_REASON_NO_SOCKET))
		return 1;
	return reason == bpf_core_enum_value(enum skb_drop_reason, SKB_DROP_REASON_NO_SOCKET);
}

#endif /* PKTPATH_BPF_HOOKS_FORWARD_BPF_H */
