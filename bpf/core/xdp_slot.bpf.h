/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * What the XDP programs that ran on a CPU left behind there (struct pp_xdp), and who takes it up:
 * the packet that a driver makes of a frame which native XDP passed, or the end of the poll. It is
 * left there by xdp/stage.bpf.h. Where no XDP program is observed, cfg.xdp is 0 and none of this
 * runs.
 */
#ifndef PKTPATH_BPF_CORE_XDP_SLOT_BPF_H
#define PKTPATH_BPF_CORE_XDP_SLOT_BPF_H

#include "core/record.bpf.h"

/* The device's entry, or NULL: no XDP program of it is observed. */
static __always_inline struct pp_xdp_dev *xdp_dev_of(u32 ifindex)
{
	u32 i;

#pragma clang loop unroll(disable)
	for (i = 0; i < PP_IFS; i++) {
		struct pp_xdp_dev *d = &xdp_devs[i & (PP_IFS - 1)];

		if (!d->ifindex)
			break;
		if (d->ifindex == ifindex)
			return d;
	}
	return NULL;
}

/*
 * The driver hands up a packet: is it the frame that native XDP passed last? It is if it comes from
 * the same device, in the same poll, and fits. Drivers that build the skb around the buffer leave
 * the frame where it was (igb_build_skb()); others copy it (igb_construct_skb()), and then its
 * length has to do. A mark in XDP's metadata would be clearer, but GRO does not merge packets whose
 * metadata differ (skb_metadata_differs()).
 */
static __always_inline void take_xdp(const int typed, const struct here *h, struct sk_buff *skb,
				     struct pp_rec *rec)
{
	struct pp_xdp *x = &h->c->xdp;
	struct net_device *dev;
	u64 ran = x->pass_ns, head, data;
	u16 mac;

	if (!ran)
		return;
	x->pass_ns = 0;
	dev = RD(typed, skb, dev);
	if ((u32)RD(typed, dev, ifindex) != x->ifindex)
		return;
	head = (u64)RD(typed, skb, head);
	data = (u64)RD(typed, skb, data);
	mac = RD(typed, skb, mac_header);
	if (head + mac != x->data && RD(typed, skb, len) + (u16)(data - head) - mac < x->len)
		return;
	if (pp_stamp(rec, PP_ST_XDP, ran, h->cpu))
		COUNT(h, inversions);
	rec->xdp_mode = PP_XM_NATIVE;
	rec->xdp_prog = x->prog;
}

/* End the packet that was to be sent or redirected: nothing has said that it failed. */
static __always_inline void xdp_settle(const struct here *h)
{
	struct pp_xdp *x = &h->c->xdp;
	u32 ref = x->pending;
	struct pp_rec *rec = ref ? pp_rec_at(ref - 1) : NULL;

	x->pending = 0;
	if (rec)
		finish(h, rec, rec->verdict, 0, 0);
}

/* End the packets in queues: they have been emptied by now, or never will be. */
static __always_inline void xdp_end_waiting(const struct here *h)
{
	struct pp_xdp *x = &h->c->xdp;
	u32 ref = x->wait_head, i;

	x->wait_head = x->wait_tail = x->waiting = 0;
#pragma clang loop unroll(disable)
	for (i = 0; i < PP_XDP_WAIT && ref; i++) {
		struct pp_rec *rec = pp_rec_at(ref - 1);

		if (!rec)
			break;
		ref = rec->next;
		rec->next = rec->tail = 0;
		finish(h, rec, rec->verdict, 0, 0);
	}
}

/*
 * A packet's skb is freed between the stack's entry and generic XDP, which is next. Either it has
 * got another skb (skb_cow_data_for_xdp(), v6.9, for programs that take frames of several buffers);
 * then its record stays until the program has run. Or XDP left it out because it had been
 * redirected to a device (skb_is_redirected()), and nobody wanted it; then that was its end, which
 * is noticed when the poll is over.
 */
static __always_inline int xdp_moves(const struct here *h, u32 ref, struct pp_rec *rec)
{
	struct pp_xdp *x = &h->c->xdp;
	const struct pp_xdp_dev *d;

	if (x->netif_ref != ref || x->moved || rec->ts[PP_ST_XDP] || rec->flags & PP_F_DOOMED ||
	    rec->last_ns != rec->ts[PP_ST_NETIF])
		return 0;
	d = xdp_dev_of(rec->ifindex);
	if (!d || d->mode != PP_XM_GENERIC || !pp_unindex(rec->skb, ref))
		return 0;
	rec->end_ns = h->now;
	x->moved = ref;
	return 1;
}

/* A packet that was freed before generic XDP, and that XDP did not meet: that was its end. */
static __always_inline void xdp_end_moved(const struct here *h)
{
	u32 ref = h->c->xdp.moved;
	struct pp_rec *rec = ref ? pp_rec_at(ref - 1) : NULL;

	h->c->xdp.moved = 0;
	if (rec)
		finish(h, rec, PP_V_UNTRACKED, PP_L_UNKNOWN, 0);
}

/* The poll is over. A frame that XDP passed in it and the driver threw away is no later packet. */
static __always_inline void xdp_poll_over(void)
{
	struct pp_cpu *c = this_cpu();
	struct here h;

	if (!c)
		return;
	c->xdp.pass_ns = 0;
	if (!(c->xdp.pending || c->xdp.wait_head || c->xdp.moved) || !here(&h))
		return;
	xdp_end_moved(&h);
	xdp_settle(&h);
	xdp_end_waiting(&h);
}

#endif /* PKTPATH_BPF_CORE_XDP_SLOT_BPF_H */
