/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * How records end that nobody reads: drops, and the free that has the last word.
 */
#ifndef PKTPATH_BPF_HOOKS_END_BPF_H
#define PKTPATH_BPF_HOOKS_END_BPF_H

#include "hooks/forward.bpf.h"
#include "hooks/raw.bpf.h"
#include "hooks/tcp.bpf.h"
#include "hooks/udp.bpf.h"

/*
 * Did TCP drop it? Before v5.17 tcp_drop() frees without announcing a drop. Data that has reached
 * TCP, and is freed before it was queued anywhere, is data that TCP already had or did not want.
 * What was coalesced into a packet of the backlog shares that one's fate.
 */
static __always_inline int is_silent_drop(const struct pp_rec *rec)
{
#ifdef PP_LEGACY
	u64 sk = rec->sk;	/* or CO-RE looks for our own structure in the kernel's types */

	if (rec->l4_proto != IPPROTO_TCP || !rec->ts[PP_ST_L4])
		return 0;
	if (rec->state != PP_S_HELD)
		return rec->state == PP_S_SKB && rec->data_len;
	return rec->child || (!(rec->flags & PP_F_NODATA) &&
			      !pp_seq_after(rec->read_seq, TCP_SK(sk, rcv_nxt)));
#else
	return 0;
#endif
}

/*
 * Was it for the kernel itself, and seen to get there? TCP and ICMP take what comes to `l4`; UDP
 * hands on what it does not queue (tunnels). No drop was announced, or the record would say so.
 */
static __always_inline int was_taken(const struct pp_rec *rec)
{
	return rec->flags & PP_F_TAKEN ||
	       (rec->ts[PP_ST_L4] && rec->l4_proto != IPPROTO_UDP);
}

/*
 * An skb is freed: that has the last word on its record, unless a socket's list has it. `function`:
 * the hook is on a function, not a tracepoint. Only then may the program ask what the CPU is doing:
 * kernels that have nothing but tracepoints may refuse to load such a program.
 */
static __always_inline void end_skb(const struct here *h, u32 ref, struct pp_rec *rec,
				    const int function)
{
	struct pp_rec *tail;

	if ((rec->flags & (PP_F_MORPH | PP_F_DOOMED)) == PP_F_MORPH) {
		rec->flags &= ~PP_F_MORPH;	/* not its end: see h_reasm() */
		return;
	}
	if (cfg.xdp && xdp_moves(h, ref, rec))
		return;
	if (!pp_unindex(rec->skb, ref))
		return;
	if (rec->flags & PP_F_DOOMED) {
		finish_children(h, rec, PP_V_DROPPED, 0);
		finish(h, rec, PP_V_DROPPED, 0, rec->state == PP_S_OOO);
		return;
	}
	if (rec->state == PP_S_OOO) {
		rec->state = PP_S_SOCK;		/* coalesced in the out-of-order queue */
		return;
	}
	/* coalesced in the backlog */
	if (rec->state == PP_S_HELD && !(rec->flags & PP_F_NODATA)) {
		tail = rec->tail ? pp_rec_at(rec->tail - 1) : NULL;
		if (tail && tail->sk == rec->sk && tail->state == PP_S_HELD) {
			pp_adopt(rec->tail, tail, ref, rec);
			rec->state = PP_S_SOCK;
			return;
		}
	}
	if (is_silent_drop(rec)) {
		rec->reason = PP_R_NOT_GIVEN;
		finish_children(h, rec, PP_V_DROPPED, 0);
		finish(h, rec, PP_V_DROPPED, 0, 0);
		return;
	}
	if (rec->state == PP_S_HELD && !(rec->flags & PP_F_NODATA)) {
		finish_lost(h, rec, PP_L_ORPHAN);
		return;
	}
	if (was_sent(rec)) {
		finish_forwarded(h, rec);
		return;
	}
	if (read_by_free(rec) || (function && is_read_unseen(rec))) {
		finish_read_here(h, rec, rec->sk);
		return;
	}
	if (is_queued_udp(rec))
		finish(h, rec, PP_V_UNTRACKED, PP_L_END, 0);
	else if (was_taken(rec))
		finish(h, rec, PP_V_CONSUMED, 0, 0);
	else if (!outlives(h, ref, rec))
		finish(h, rec, PP_V_UNTRACKED, PP_L_UNKNOWN, 0);
}

/* The record of an skb that is about to be freed, or NULL: then there is nothing more to do. */
static __always_inline struct pp_rec *record_of_freed(const int typed, u64 addr, struct here *h,
						      u32 *ref)
{
	struct pp_rec *rec = record_of(addr, h, ref);

	if (!rec)
		return NULL;
	if (is_other(typed, (struct sk_buff *)addr, rec)) {
		finish_stale(h, addr);
		return NULL;
	}
	return rec;
}

/* skb_release_head_state(skb), napi_skb_free_stolen_head(skb) */
HANDLER(end)
{
	struct here h;
	u32 ref = 0;
	struct pp_rec *rec = record_of_freed(typed, a0, &h, &ref);

	if (rec)
		end_skb(&h, ref, rec, 1);
}

/*
 * __consume_stateless_skb(skb): UDP's reader frees it, even if its head state was released before.
 */
HANDLER(end_stateless)
{
	struct pp_rec *rec;
	u32 ref = 0;

	rec = pp_find(a0, &ref);
	if (!rec)
		return;
	rec->flags &= ~PP_F_MORPH;
	h_end(typed, a0, 0, 0);
}

/* napi_reuse_skb(napi, skb): the frags path recycles the skb of a merged or dropped frame. */
HANDLER(end_reuse)
{
	h_end(typed, a1, 0, 0);
}

/* The name of the function that dropped it; before v5.13 user space has to look it up. */
static __always_inline void name_place(struct pp_rec *rec)
{
#ifndef PP_LEGACY
	static const char fmt[] = "%ps";

	bpf_snprintf(rec->place, sizeof(rec->place), fmt, &rec->location, sizeof(rec->location));
#endif
}

/*
 * A drop is announced: the record gets the drop's reason and place, and is doomed. The free that
 * follows ends it.
 */
static __always_inline void doom(const struct here *h, struct pp_rec *rec, u64 location,
				 u32 reason)
{
	rec->location = location;
	rec->reason = reason;
	rec->flags |= PP_F_DOOMED;
	rec->end_ns = h->now;
	if (rec->flags & PP_F_NOPARSE || is_natted(0, (struct sk_buff *)rec->skb))
		pp_look_again(rec->self, 0);
	name_place(rec);
}

#endif /* PKTPATH_BPF_HOOKS_END_BPF_H */
