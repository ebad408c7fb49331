/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * A device receives an skb: is it new, is it a packet that an outer device received already (a
 * bridge, a VLAN, a veth's other end), or does its address still belong to the record of one that
 * is gone?
 */
#ifndef PKTPATH_BPF_CORE_ARRIVAL_BPF_H
#define PKTPATH_BPF_CORE_ARRIVAL_BPF_H

#include "core/again.bpf.h"
#include "core/birth.bpf.h"
#include "core/same_flow.bpf.h"

/* The interface at which the record's packet was last seen to arrive, as skb->skb_iif has it. */
static __always_inline u32 last_iif(const struct pp_rec *rec)
{
	u32 n = rec->nr_hops;

	return n ? rec->hops[(n - 1) & (PP_HOPS - 1)].ifindex : rec->ifindex;
}

/*
 * If a packet's end was missed, its address may belong to another packet by now. skb->head shows
 * that; where it has changed for a good reason (pskb_expand_head()), the interface does. skb_iif is
 * cleared on the way out of a tunnel and into another namespace (skb_scrub_packet()), and is not
 * yet set in a fresh skb.
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

/*
 * Was it for this host, but of a protocol that may carry another packet inside (UDP: VXLAN)? Where
 * only tracepoints are allowed, `local` cannot be seen.
 */
static __always_inline int may_be_tunnel(const struct pp_rec *rec)
{
	return (rec->ts[PP_ST_LOCAL] || !cfg.have_end) && !rec->ts[PP_ST_SOCK] &&
	       rec->l4_proto != IPPROTO_TCP && rec->l4_proto != IPPROTO_ICMP &&
	       rec->l4_proto != IPPROTO_ICMPV6;
}

/*
 * Is this the record's own packet, which arrives once more at a device further inside? Where frees
 * cannot be seen, the next packet may have not only the address but also the head of one that is
 * gone. But it is fresh from a sender, so no device has received it yet.
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
	if (!moved || !may_be_tunnel(rec))
		return 0;
	return cfg.have_end || was_inside((u64)BPF_CORE_READ(skb, data), rec);
}

/* One more device has received the packet: it has not left, wherever it was bound for. */
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
	if (may_be_tunnel(rec))	/* it is the packet inside that goes on */
		pp_look_again(rec->self, 1);
}

/*
 * A device hands a packet up, at `stage`: it is new, or one more device has received it (loopback,
 * veth, a tunnel's gro_cells), or its address still has the record of one whose end was missed.
 */
static __always_inline void arrive(const int typed, u64 a0, u32 stage, int frag0)
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
		if (cfg.xdp)
			take_xdp(typed, &h, skb, rec);
		stamp(&h, rec, stage);
		return;
	}
	if (rec)
		finish_stale(&h, a0);
	birth(typed, &h, skb, stage, frag0);
}

#endif /* PKTPATH_BPF_CORE_ARRIVAL_BPF_H */
