/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * The stage `xdp`: what is learnt when an XDP program begins, when it returns its verdict, and when
 * that has been carried out. Kernel facts are from v6.1 unless a line says otherwise.
 *
 * Native: there is no skb yet. A frame that the program passes waits in the CPU's slot
 * (core/xdp_slot) for the driver to hand it up; any other gets a record here, with the poll's
 * stamps, and ends at once.
 *
 * Generic: __netif_receive_skb_core() runs the program right after tp netif_receive_skb. So the
 * packet is the one that this CPU noted there, and its record ends before the free of its skb could
 * end it in another way.
 *
 * What becomes of XDP_TX and XDP_REDIRECT is only known after the program has returned: a
 * tracepoint in xdp_do_redirect() says it, right away and on the same CPU. Until then the record is
 * pending there; then it may have to wait until the queue is emptied into which its frame was put.
 */
#ifndef PKTPATH_BPF_XDP_STAGE_BPF_H
#define PKTPATH_BPF_XDP_STAGE_BPF_H

#include "hooks/all.bpf.h"

#define ETH_LEN		14

/* A frame as an XDP program has it. */
struct frame {
	u64 data;
	u32 len;		/* of its first buffer */
	u32 queue;
	u64 began;		/* when the program did; known when it is over */
};

/*
 * The packet on which a generic program runs: its frame begins where the program's does. Before the
 * program, pskb_expand_head() may have moved it, but it is still the newest packet here.
 */
static __always_inline u32 generic_ref(const struct pp_xdp *x, const struct frame *f)
{
	u32 ref = x->netif_ref;
	struct pp_rec *rec = ref ? pp_rec_at(ref - 1) : NULL;
	struct sk_buff *skb;
	u64 head;
	u16 mac;

	if (!rec || rec->state != PP_S_SKB)
		return 0;
	if (ref == x->moved)
		return ref;
	skb = (void *)rec->skb;
	head = (u64)RD(0, skb, head);
	mac = RD(0, skb, mac_header);
	return head + mac == f->data ? ref : 0;
}

/* A program begins to run. */
static __always_inline void xdp_enter(const struct here *h, const struct pp_xdp_dev *d,
				      const struct frame *f)
{
	struct pp_xdp *x = &h->c->xdp;
	struct pp_rec *rec;

	if (x->pending)
		xdp_settle(h);
	x->enter_ns = h->now;
	x->pass_ns = 0;
	if (d->mode != PP_XM_GENERIC)
		return;
	x->cur_ref = generic_ref(x, f);
	rec = x->cur_ref ? pp_rec_at(x->cur_ref - 1) : NULL;
	if (!rec)
		return;
	stamp(h, rec, PP_ST_XDP);
	rec->xdp_mode = PP_XM_GENERIC;
	rec->xdp_prog = d->prog;
}

/* It lets a frame pass, for which there is no skb yet. */
static __always_inline void xdp_pass(const struct here *h, const struct pp_xdp_dev *d,
				     const struct frame *f)
{
	struct pp_xdp *x = &h->c->xdp;

	x->pass_ns = f->began;
	x->data = f->data;
	x->len = f->len;
	x->ifindex = d->ifindex;
	x->prog = d->prog;
}

/* As read_head() for an skb, from the Ethernet header on. */
static __always_inline void read_frame(const struct frame *f, struct pp_head *hd)
{
	u64 net = f->data + ETH_LEN;
	u32 len = f->len > ETH_LEN ? f->len - ETH_LEN : 0;
	__be16 proto = 0;

	bpf_probe_read_kernel(&proto, sizeof(proto), (void *)(net - sizeof(proto)));
	hd->eth_proto = bpf_ntohs(proto);
	read_from((const u8 *)net, len, len, hd);
}

/* A record for a frame that never becomes an skb. It is in no index. */
static __always_inline struct pp_rec *birth_frame(const struct here *h, const struct pp_xdp_dev *d,
						  const struct frame *f)
{
	struct pp_poll *p = &h->c->poll;
	int index = poll_count(p, p->counts ? p->counts : PP_ST_GRO);
	struct pp_rec *rec;
	struct pp_head hd;

	if (!counts_packets())
		return NULL;
	read_frame(f, &hd);
	if (!sampled(&hd)) {
		COUNT(h, sampled_out);
		return NULL;
	}
	rec = new_record(h, d->ifindex, d->netns);
	if (!rec)
		return NULL;
	if (cfg.by == PP_BY_QUEUE)
		rec->queue = f->queue + 1;
	rec->len = f->len;
	take_fetch(h, rec, index);
	parse(rec, &hd);
	if (pp_stamp(rec, PP_ST_XDP, f->began, h->cpu))
		COUNT(h, inversions);
	rec->xdp_mode = PP_XM_NATIVE;
	rec->xdp_prog = d->prog;
	return rec;
}

/*
 * The record of a frame that goes no further, out of the index so that nothing else ends it; or
 * NULL.
 */
static __always_inline struct pp_rec *xdp_take_record(const struct here *h,
						      const struct pp_xdp_dev *d,
						      const struct frame *f)
{
	u32 ref = h->c->xdp.cur_ref;
	struct pp_rec *rec;

	if (d->mode != PP_XM_GENERIC)
		return birth_frame(h, d, f);
	rec = ref ? pp_rec_at(ref - 1) : NULL;
	h->c->xdp.cur_ref = 0;
	if (rec && ref == h->c->xdp.moved) {
		h->c->xdp.moved = 0;
		return rec;
	}
	return rec && pp_unindex(rec->skb, ref) ? rec : NULL;
}

/* An XDP program returns. All drivers treat an unknown verdict as XDP_ABORTED. */
static __always_inline void xdp_leave(const struct here *h, const struct pp_xdp_dev *d,
				      struct frame *f, u32 act)
{
	struct pp_xdp *x = &h->c->xdp;
	struct pp_rec *rec;

	f->began = x->enter_ns ?: h->now;
	x->enter_ns = 0;
	if (act == XDP_PASS) {
		if (d->mode != PP_XM_GENERIC)
			xdp_pass(h, d, f);
		else if (x->moved)
			xdp_keep_moved(h, f->data);
		return;
	}
	rec = xdp_take_record(h, d, f);
	if (!rec)
		return;
	rec->end_ns = h->now;
	if (act == XDP_TX || act == XDP_REDIRECT) {
		rec->verdict = act == XDP_TX ? PP_V_XDP_TX : PP_V_XDP_REDIRECT;
		x->pending = rec->self;
		return;
	}
	rec->reason = act == XDP_DROP ? PP_R_XDP : PP_R_XDP_ABORTED;
	finish(h, rec, act == XDP_DROP ? PP_V_XDP_DROP : PP_V_XDP_ABORTED, 0, 0);
}

/* --- what became of it ------------------------------------------------------------------------ */

/* The record that waits here for the outcome of a redirect or a transmission, or NULL. */
static __always_inline struct pp_rec *xdp_pending(void)
{
	struct pp_cpu *c = this_cpu();

	return c && c->xdp.pending ? pp_rec_at(c->xdp.pending - 1) : NULL;
}

/* What the program decided could not be done: the packet is lost. */
static __always_inline void xdp_failed(struct pp_rec *rec, u32 err)
{
	rec->xdp_err = err;
	rec->reason = rec->verdict == PP_V_XDP_TX ? PP_R_XDP_TX : PP_R_XDP_REDIRECT;
}

/* Where a redirect leads. One to all devices of a map has no entry. */
static __always_inline void xdp_target(struct pp_rec *rec, u32 map_type, u64 entry, u32 index)
{
	const struct bpf_dtab_netdev *dtab = (void *)entry;

	switch (map_type) {
	case BPF_MAP_TYPE_UNSPEC:	/* bpf_redirect(): the index is the device's */
		rec->xdp_to = PP_XT_DEVICE;
		rec->egress = index;
		return;
	case BPF_MAP_TYPE_DEVMAP:
	case BPF_MAP_TYPE_DEVMAP_HASH:
		rec->xdp_to = entry ? PP_XT_DEVICE : PP_XT_DEVICES;
		if (entry)
			rec->egress = BPF_CORE_READ(dtab, dev, ifindex);
		return;
	case BPF_MAP_TYPE_CPUMAP:
		rec->xdp_to = PP_XT_CPU;
		rec->xdp_index = index;
		return;
	case BPF_MAP_TYPE_XSKMAP:
		rec->xdp_to = PP_XT_SOCKET;
		rec->xdp_index = index;
	}
}

/*
 * Natively redirected frames go into a queue of the device (bq_enqueue()) or CPU, which is emptied
 * when it is full and when the poll is over: only then are they sent, or not. Generic ones are sent
 * at once. Returns 1 if the record waits.
 */
static __always_inline int xdp_wait(const struct here *h, struct pp_rec *rec)
{
	struct pp_xdp *x = &h->c->xdp;
	struct pp_rec *last = x->wait_tail ? pp_rec_at(x->wait_tail - 1) : NULL;

	if (x->waiting == PP_XDP_WAIT ||
	    (rec->xdp_to != PP_XT_DEVICE && rec->xdp_to != PP_XT_CPU))
		return 0;
	x->pending = 0;
	x->waiting++;
	if (last)
		last->next = rec->self;
	else
		x->wait_head = rec->self;
	x->wait_tail = rec->self;
	return 1;
}

/*
 * A queue was emptied: its first `sent` frames were sent, the rest were not. With a sample, frames
 * that are not followed may be among them; then it is only known which were lost if all were.
 */
static __always_inline void emptied(const struct here *h, u32 to, u32 key, u32 sent, u32 drops,
				    int err)
{
	/* Counted in memory, where the verifier does not follow each number on its own. */
	volatile u32 *told = &h->c->xdp.told;
	u32 ref = h->c->xdp.wait_head, i;

	if (cfg.sample && sent)
		drops = 0;
	*told = 0;
#pragma clang loop unroll(disable)
	for (i = 0; i < PP_XDP_WAIT && ref; i++) {
		struct pp_rec *rec = pp_rec_at(ref - 1);

		if (!rec)
			break;
		ref = rec->next;
		if (rec->tail || rec->xdp_to != to ||
		    (to == PP_XT_CPU ? rec->xdp_index : rec->egress) != key)
			continue;
		rec->tail = 1;
		*told = *told + 1;
		if (drops && *told > sent)
			xdp_failed(rec, err ? -err : PP_XDP_FAILED);
	}
}

/* tp xdp_devmap_xmit(from, to, sent, drops, err) */
static __always_inline void devmap_emptied(u64 *ctx)
{
	struct net_device *to = (void *)ctx[1];
	struct pp_cpu *c = this_cpu();
	struct here h;

	if (c && c->xdp.wait_head && here(&h))
		emptied(&h, PP_XT_DEVICE, RD(0, to, ifindex), ctx[2], ctx[3], ctx[4]);
}

/* tp xdp_cpumap_enqueue(map_id, processed, drops, to_cpu) */
static __always_inline void cpumap_emptied(u64 *ctx)
{
	struct pp_cpu *c = this_cpu();
	struct here h;

	if (c && c->xdp.wait_head && here(&h))
		emptied(&h, PP_XT_CPU, ctx[3], ctx[1], ctx[2], 0);
}

/*
 * tp xdp_redirect, xdp_redirect_err (dev, prog, entry, err, map_type, map_id, index); before v5.13
 * (dev, prog, entry, err, map, index).
 */
static __always_inline void redirected(u64 *ctx)
{
	struct net_device *dev = (void *)ctx[0];
	struct pp_rec *rec = xdp_pending();
	const struct bpf_map *map;
	struct here h;
	int err = ctx[3];

	if (!rec || rec->verdict != PP_V_XDP_REDIRECT ||
	    (u32)RD(0, dev, ifindex) != rec->ifindex || !here(&h))
		return;
	if (cfg.xdp_old_tp) {
		map = (void *)ctx[4];
		xdp_target(rec, map ? BPF_CORE_READ(map, map_type) : BPF_MAP_TYPE_UNSPEC, ctx[2],
			   ctx[5]);
	} else {
		xdp_target(rec, ctx[4], ctx[2], ctx[6]);
	}
	if (err)
		xdp_failed(rec, -err);
	/* xdp_do_generic_redirect() says so before it transmits, which may still fail. */
	if (err || (rec->xdp_mode == PP_XM_NATIVE && !xdp_wait(&h, rec)))
		xdp_settle(&h);
}

/*
 * tp xdp_exception(dev, prog, act): the frame could not be sent, and nothing says why. Generic XDP
 * transmits what it redirects to a device by generic_xdp_tx(), which reports XDP_TX.
 */
static __always_inline void excepted(u64 *ctx)
{
	struct net_device *dev = (void *)ctx[0];
	struct pp_rec *rec = xdp_pending();
	u32 act = ctx[2];
	int meant;

	if (!rec)
		return;
	if (act == XDP_TX && rec->verdict == PP_V_XDP_REDIRECT)
		meant = rec->xdp_mode == PP_XM_GENERIC;
	else
		meant = rec->verdict == (act == XDP_TX ? PP_V_XDP_TX : PP_V_XDP_REDIRECT) &&
			(u32)RD(0, dev, ifindex) == rec->ifindex;
	if (meant)
		xdp_failed(rec, PP_XDP_FAILED);
}

#endif /* PKTPATH_BPF_XDP_STAGE_BPF_H */
