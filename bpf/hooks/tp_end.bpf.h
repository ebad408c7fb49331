/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * Ends of records on kernels that allow no hooks on functions: what tp consume_skb and kfree_skb
 * say, by the function that frees (include/free_places.h) and by the reason.
 */
#ifndef PKTPATH_BPF_HOOKS_TP_END_BPF_H
#define PKTPATH_BPF_HOOKS_TP_END_BPF_H

#include "core/tp_only.bpf.h"
#include "hooks/end.bpf.h"

#ifdef PP_LEGACY
HANDLER(consume) {}
static __always_inline void drop_seen(const int typed, struct sk_buff *skb, u64 location,
				      u32 reason) {}
#else

/* The record of an skb that is about to be freed, or NULL: then there is nothing more to do. */
static __always_inline struct pp_rec *record_of_gone(const int typed, struct sk_buff *skb,
						     struct here *h, u32 *ref)
{
	struct pp_rec *rec = record_or_clone(typed, skb, h, ref);

	if (rec && !is_own(typed, skb, rec)) {
		finish_stale(h, (u64)skb);
		return NULL;
	}
	return rec;
}

/* Its reader is known to have had it, but not when and who that was; or it is here. */
static __always_inline void end_read(const struct here *h, u32 ref, struct pp_rec *rec, int is_here)
{
	if (!pp_unindex(rec->skb, ref))
		return;
	if (is_here)
		finish_read_here(h, rec, rec->sk);
	else
		finish(h, rec, PP_V_UNTRACKED, PP_L_END, 0);
}

/*
 * tp consume_skb(skb, location). One in a UDP socket's FIFO is being read; the hook of that read
 * ends it in a moment.
 */
HANDLER(consume)
{
	struct pp_rec *rec;
	struct here h;
	u32 ref = 0, place;

	rec = record_of_gone(typed, (struct sk_buff *)a0, &h, &ref);
	if (!rec || rec->state == PP_S_FIFO)
		return;
	place = pp_place_of(a1);
	if (rec->state == PP_S_SKB && (place == PP_AT_READ || place == PP_AT_READ_LATE)) {
		end_read(&h, ref, rec, place == PP_AT_READ);
		return;
	}
	if (place == PP_AT_TAKEN)
		rec->flags |= PP_F_TAKEN;
	end_skb(&h, ref, rec, 0);
}

/* Is it a segment without data, of a connection that there was? In a backlog data may join it. */
static __always_inline int is_tcp_signal(const struct pp_rec *rec)
{
	return rec->state == PP_S_SKB && rec->l4_proto == IPPROTO_TCP && !rec->data_len &&
	       !(rec->flags & PP_F_NOPARSE) && !(rec->tcp_flags & TCP_FLAG_SYN);
}

/*
 * TCP frees such a segment, and gives no reason: it has dealt with it. So end those for a
 * connection in TIME_WAIT (tcp_v4_rcv(), v6.1 and v6.12).
 */
static __always_inline int is_tcp_done(const struct pp_rec *rec, u32 reason)
{
	return is_tcp_signal(rec) && is_no_reason(reason);
}

/*
 * Is it a packet that nobody lost, though its skb is freed as if it was dropped? A raw socket got a
 * copy; TCP has dealt with it; or it has no data, and is still in the queue of a socket that goes,
 * as the peer's FIN is if it comes last. What has data there was not read.
 */
static __always_inline int is_no_loss(const int typed, const struct here *h, struct sk_buff *skb,
				      struct pp_rec *rec, u64 location, u32 reason)
{
	if (h->c->raw_head == (u64)RD(typed, skb, head) &&
	    h->c->raw_hash == first_bytes(typed, skb))
		rec->flags |= PP_F_RAW;
	if (raw_took_it(rec, reason))
		return 1;
	if (is_tcp_done(rec, reason) && pp_place_of(location) == PP_AT_TAKEN)
		return 1;
	return is_purge(reason) && is_tcp_signal(rec);
}

/* tp kfree_skb(skb, location, reason) */
static __always_inline void drop_seen(const int typed, struct sk_buff *skb, u64 location,
				      u32 reason)
{
	struct pp_rec *rec;
	struct here h;
	u32 ref = 0;

	rec = record_of_gone(typed, skb, &h, &ref);
	if (!rec)
		return;
	if (is_no_loss(typed, &h, skb, rec, location, reason))
		rec->flags |= PP_F_TAKEN;
	else if (!(was_sent(rec) && is_no_reason(reason)))
		doom(&h, rec, location, reason);
	end_skb(&h, ref, rec, 0);
}

#endif /* PP_LEGACY */

#endif /* PKTPATH_BPF_HOOKS_TP_END_BPF_H */
