/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * The packet is for another host: routed or bridged, and handed to the device it leaves by.
 */
#ifndef PKTPATH_BPF_HOOKS_FORWARD_BPF_H
#define PKTPATH_BPF_HOOKS_FORWARD_BPF_H

#include "core/arrival.bpf.h"
#include "core/shared.bpf.h"

static __always_inline void leave_by(struct pp_rec *rec, u32 ifindex)
{
	rec->egress = ifindex;
	if (!leaving)
		leaving = 1;
}

/* The packet is forwarded: it is on its way to another host, through this device. */
static __always_inline void bound_for(const struct here *h, struct pp_rec *rec,
				      const struct net_device *dev)
{
	stamp(h, rec, PP_ST_FORWARD);
	leave_by(rec, BPF_CORE_READ(dev, ifindex));
}

/* ip_forward(skb), ip6_forward(skb): routed, to the device of its route. */
HANDLER(forward)
{
	struct sk_buff *skb = (void *)a0;
	const struct dst_entry *dst;
	struct pp_rec *rec;
	struct here h;
	u32 ref = 0;

	rec = record_of(a0, &h, &ref);
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

	rec = record_of(a1, &h, &ref);
	if (rec)
		bound_for(&h, rec, BPF_CORE_READ(port, dev));
}

/*
 * tp net_dev_start_xmit(skb, dev), at each device on the way out (VLAN, bond): the last one counts.
 * A packet that this host sends itself has no record, and came in by no interface.
 */
HANDLER(xmit)
{
	struct sk_buff *skb = (void *)a0;
	struct net_device *dev = (void *)a1;
	struct pp_rec *rec;
	struct here h;
	u32 ref = 0, iif = RD(typed, skb, skb_iif);

	if (!iif && !leaving)
		return;
	rec = record_of(a0, &h, &ref);
	if (!rec || is_other(typed, skb, rec) || !(rec->egress || iif))
		return;
	if (rec->ts[PP_ST_XMIT])
		pp_unput(rec, PP_ST_XMIT);
	stamp(&h, rec, PP_ST_XMIT);
	leave_by(rec, RD(typed, dev, ifindex));
	rec->head = (u64)RD(typed, skb, head);
	if (rec->flags & PP_F_NOPARSE || is_natted(typed, skb))
		pp_look_again(rec->self, 0);
}

/*
 * A packet on its way out is freed, by the driver or by segmentation. It left when the driver got
 * it, long before this: drivers free what they have sent when it suits them.
 */
static __always_inline void finish_forwarded(const struct here *h, struct pp_rec *rec)
{
	struct here left = *h;

	left.now = rec->ts[PP_ST_XMIT];
	left.cpu = rec->cpu[PP_ST_XMIT];
	finish(&left, rec, PP_V_FORWARDED, 0, 0);
}

/*
 * Some drivers free what they have sent as if they threw it away: for a long time there was nothing
 * but dev_kfree_skb_any(), which v5.10's e1000 still uses. Such a free gives no reason. What the
 * queue of a device below (a VLAN's) drops after that has one.
 */
static __always_inline int was_sent(const struct pp_rec *rec)
{
	return rec->egress && rec->ts[PP_ST_XMIT];
}

#endif /* PKTPATH_BPF_HOOKS_FORWARD_BPF_H */
