/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * The packet's way through the stack up to the transport: backlog, netif, IP, this host, TCP or
 * UDP.
 */
#ifndef PKTPATH_BPF_HOOKS_STACK_BPF_H
#define PKTPATH_BPF_HOOKS_STACK_BPF_H

#include "core/arrival.bpf.h"
#include "core/shared.bpf.h"
#include "core/tp_only.bpf.h"
#include "hooks/copies.bpf.h"
#include "hooks/gro.bpf.h"

/* A packet that went through a CPU's backlog was fetched by the backlog's poll. */
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
	/* A packet that is queued while the poll runs may be fetched by that very poll. */
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

/* enqueue_to_backlog(skb): RPS, or netif_rx(), queues it to a CPU's backlog. */
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
 * Has this packet, which has no record, already passed a hook that starts one? Then it was refused
 * one there, and counted. GRO marks an skb with the NAPI instance; one that a device of this host
 * transmitted, for another to receive through netif_rx(), has the sender's CPU in the same place
 * (skb_mark_napi_id(), netdev_core_pick_tx()). A packet that an outer device received before is new
 * at this one.
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
		if (!rec)
			return;
		rec->flags |= PP_F_LATE;
		note_current(&h, rec);
		if (cfg.xdp)
			h.c->xdp.netif_ref = rec->self;
		return;
	}
	take_flush(typed, &h, skb, rec);
	take_backlog_poll(&h, rec);
	if (rec->flags & PP_F_NOPARSE && parse_late(typed, &h, skb, ref, rec, 0))
		return;
	stamp(&h, rec, PP_ST_NETIF);
	note_current(&h, rec);
	if (cfg.xdp)
		h.c->xdp.netif_ref = ref;
}

/* Stamp a stage of the skb's record, if it has one, and return that. */
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

/*
 * ip_rcv_core(skb), ip6_rcv_core(skb). VLANs, bonds and the like change skb->dev within
 * __netif_receive_skb_core(): here that shows.
 */
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
	if (RD(typed, skb, users.refs.counter) > 1)
		share(&h, rec);
}

/* ip_local_deliver_finish(net, sk, skb), ip6_input_finish(net, sk, skb): it is for this host. */
HANDLER(local)
{
	struct pp_rec *rec;
	struct here h;
	u32 ref = 0;

	rec = record_of(a2, &h, &ref);
	if (!rec)
		return;
	h.c->local_ref = ref;
	if (rec->ts[PP_ST_LOCAL])	/* it was for this host, and had another packet in it */
		rec->flags |= PP_F_AGAIN;
	stamp(&h, rec, PP_ST_LOCAL);
}

/* tcp_v4_rcv(skb), udp_rcv(skb), icmp_rcv(skb) and those of IPv6 */
HANDLER(l4)
{
	struct pp_rec *rec = stamp_skb(a0, PP_ST_L4);

	if (rec && (rec->flags & PP_F_LOOK || is_natted(typed, (struct sk_buff *)a0)))
		pp_look_again(rec->self, 0);
}

/* arp_rcv(skb), igmp_rcv(skb): for the kernel itself, which has no stage of its own for them. */
HANDLER(taken)
{
	struct pp_rec *rec;
	u32 ref = 0;

	rec = pp_find(a0, &ref);
	if (rec)
		rec->flags |= PP_F_TAKEN;
}

#endif /* PKTPATH_BPF_HOOKS_STACK_BPF_H */
