/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * Birth of a record, and its way up to the transport.
 */
#ifndef PKTPATH_BPF_HOOKS_STACK_BPF_H
#define PKTPATH_BPF_HOOKS_STACK_BPF_H

#include "core/birth.bpf.h"
#include "hooks/forward.bpf.h"

/*
 * A device hands a packet up, at `stage`: it is new, or one more device has it (loopback, veth, a
 * tunnel's gro_cells), or its address still has the record of one whose end was missed.
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

/* skb_gro_receive(p, skb) == 0, or its list twin: skb's data now belongs to p. */
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
	/* virtio_net leaves all but the Ethernet header of long frames in a page. */
	if (rec->flags & PP_F_NOPARSE && parse_late(typed, &h, (struct sk_buff *)a1, ref, rec, 1))
		return;
	parent = pp_find(a0, &parent_ref);
	if (parent) {
		rec->parent = parent->id;
		parent->gro_frames = (parent->gro_frames ?: 1) + (rec->gro_frames ?: 1);
		/* What tcp_gro_receive() looks at; the flush follows at once. */
		if ((rec->tcp_flags & TCP_PUSHING) || rec->data_len < parent->data_len)
			parent->gro_end = PP_GE_PUSH;
	}
	if (pp_unindex(a1, ref))
		finish(&h, rec, PP_V_MERGED, 0, 0);
}

/* napi_gro_flush(): the poll is over, or gave up its CPU; GRO lets go what it holds. */
HANDLER(gro_flush)
{
	struct here h;

	if (here(&h))
		h.c->gro_flush_ns = h.now;
}

/*
 * Was GRO left because of a flush, not because of another packet? No packet comes to GRO between
 * the flush and the end of its poll.
 */
static __always_inline int in_gro_flush(const struct here *h)
{
	return h->c->gro_flush_ns > h->c->poll.poll_ns;
}

#define GRO_MAX 65536	/* GRO_LEGACY_MAX_SIZE, include/linux/netdevice.h */

/* Why GRO lets a held packet go. What gro_flush_timeout keeps goes with the timer's poll. */
static __always_inline u32 gro_end_of(const int typed, const struct here *h, struct sk_buff *skb,
				      const struct pp_rec *rec)
{
	if (rec->gro_end)
		return rec->gro_end;
	if (!h->c->gro_flush_ns)
		return PP_GE_NONE;	/* nobody tells of flushes here, or there was none yet */
	if (in_gro_flush(h))
		return h->c->poll.cause == PP_C_TIMER ? PP_GE_TIMEOUT : PP_GE_POLL_END;
	return RD(typed, skb, len) + rec->data_len >= GRO_MAX ? PP_GE_FULL : PP_GE_MISMATCH;
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

/* inet_gro_complete(skb), ipv6_gro_complete(skb): the same, but only of merged packets. */
HANDLER(gro_done_ip)
{
	h_gro_done(typed, 0, a0, 0);
}

/*
 * What GRO did with a packet, when it comes out: of one that was not held, all the time is the
 * batch's; one that was held alone, where nobody tells when it was let go, went with the flush.
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

/* The list's packets meet `netif` one by one on this CPU right after: they take this stamp. */
HANDLER(flush)
{
	struct here h;

	if (here(&h))
		h.c->flush_ns = h.now;
}

static __always_inline void take_flush(const int typed, const struct here *h, struct sk_buff *skb,
				       struct pp_rec *rec)
{
	u64 flush = h->c->flush_ns;

	take_gro(typed, h, skb, rec);
	if (rec->ts[PP_ST_GRO] && !rec->ts[PP_ST_FLUSH] && flush >= rec->last_ns)
		pp_put(rec, PP_ST_FLUSH, flush, h->cpu);
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
	if (h->c->softirq_ns >= queued)
		pp_put(rec, PP_ST_SOFTIRQ, h->c->softirq_ns, h->cpu);
	if (!p->napi || p->cause != PP_C_BACKLOG)
		return;
	rec->context = p->context;
	/* What is queued while the poll runs may be fetched by that very poll. */
	if (p->poll_ns >= queued)
		pp_put(rec, PP_ST_POLL, p->poll_ns, h->cpu);
	index = poll_count(&h->c->poll, PP_ST_NETIF);
	if (index != NOT_COUNTED)
		take_index(p, rec, index, h->cpu);
}

/* tp netif_rx: loopback, and veth without NAPI. */
HANDLER(netif_rx)
{
	arrive(typed, a0, PP_ST_BACKLOG, 0);
}

HANDLER(backlog)
{
	struct pp_rec *rec;
	struct here h;
	u32 ref = 0;

	rec = record_here(a0, &h, &ref);
	if (!rec)
		return;
	take_flush(typed, &h, (struct sk_buff *)a0, rec);
	stamp(&h, rec, PP_ST_BACKLOG);
}

/*
 * Has a packet without a record passed a hook that starts one? Then it was refused there, and
 * counted. GRO notes the NAPI instance in the skb; what a device of this host transmitted, to be
 * received through netif_rx(), has the sender's CPU in the same place (skb_mark_napi_id(),
 * netdev_core_pick_tx()). What was received by an outer device before is new at this one.
 */
static __always_inline int was_refused(const int typed, struct sk_buff *skb)
{
	if (!(refused || cfg.sample) || !bpf_core_field_exists(skb->napi_id))
		return 0;
	return RD(typed, skb, napi_id) && !RD(typed, skb, skb_iif);
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
	if (cfg.xdp) {
		h.c->xdp.netif_ref = 0;
		xdp_end_moved(&h);
	}
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
		if (was_refused(typed, skb))
			return;
		rec = birth(typed, &h, skb, PP_ST_NETIF, 0);
		if (rec)
			rec->flags |= PP_F_LATE;
		if (rec && cfg.xdp)
			h.c->xdp.netif_ref = rec->self;
		return;
	}
	take_flush(typed, &h, skb, rec);
	take_backlog_poll(&h, rec);
	if (rec->flags & PP_F_NOPARSE && parse_late(typed, &h, skb, ref, rec, 0))
		return;
	stamp(&h, rec, PP_ST_NETIF);
	if (cfg.xdp)
		h.c->xdp.netif_ref = ref;
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

	rec = record_here(a0, &h, &ref);
	if (!rec && cfg.xdp)
		rec = xdp_adopt(typed, skb, &h);
	if (!rec)
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

	rec = record_here(a2, &h, &ref);
	if (!rec)
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

#endif /* PKTPATH_BPF_HOOKS_STACK_BPF_H */
