/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * IP fragments and their reassembly, for IPv4 and IPv6 (net/ipv4/inet_fragment.c). While fragments
 * wait, their records are in a list per queue, like those of a socket's segments out of order: each
 * may still be dropped. The skb that came last carries the datagram on, and the other records end
 * as merged into its record.
 */
#ifndef PKTPATH_BPF_HOOKS_FRAGMENTS_BPF_H
#define PKTPATH_BPF_HOOKS_FRAGMENTS_BPF_H

#include "core/shared.bpf.h"
#include "core/sock_list.bpf.h"

/* inet_frag_queue_insert(q, skb), under the queue's lock. */
HANDLER(frag)
{
	struct pp_rec *rec;
	struct here h;
	u32 ref = 0;

	rec = record_of(a1, &h, &ref);
	if (!rec || rec->state != PP_S_SKB)
		return;
	rec->flags |= PP_F_FRAG;
	rec->read_seq = 0;	/* all the same: the list keeps the order of arrival */
	if (!link_to_sock(&h, a0, ref, rec))
		rec->state = PP_S_OOO;
	else if (pp_unindex(a1, ref))
		finish_no_sock(&h, rec);
}

/* A walk over the list of a queue that is done with. */
struct reasm {
	u64 q, skb, parent;
	u32 slot;
};

/*
 * Before v5.17 there is no bpf_loop(), and at most this many fragments of a datagram end with it.
 * If there are more (with an MTU below 600), the rest stay in flight.
 */
#ifdef PP_LEGACY
#define FRAGMENTS 128
#define EACH_FRAGMENT(fn, w)                                                                       \
	_Pragma("clang loop unroll(disable)") for (u32 n = 0; n < FRAGMENTS; n++) if (fn(n, &(w))) \
		break
#else
#define EACH_FRAGMENT(fn, w) bpf_loop(PP_REC_MAX, fn, &(w), 0)
#endif

/*
 * Take the first record off the list, for the two functions below, which pass on what this returns:
 * 1 if there are no more. *out is NULL if the record has already ended.
 */
static __always_inline long pop_frag(const struct reasm *w, struct here *h, struct pp_rec **out,
				     u32 *ref)
{
	struct pp_sock *s = pp_sock_at(w->slot);
	struct pp_rec *rec;

	*out = NULL;
	*ref = s->sk == w->q ? s->head : 0;
	rec = *ref ? pp_rec_at(*ref - 1) : NULL;
	if (!rec || !here(h))
		return 1;
	pp_sock_pop(s, rec);
	if (rec->state == PP_S_ZOMBIE)
		*(volatile u32 *)&rec->state = PP_S_FREE;
	else
		*out = rec;
	return 0;
}

/* Reassembly: a fragment's record ends as merged, but for that of the skb which carries all. */
static long merge_frag(u32 i, struct reasm *w)
{
	struct pp_rec *rec;
	struct here h;
	u32 ref;
	long end = pop_frag(w, &h, &rec, &ref);

	if (!rec)
		return end;
	if (rec->skb == w->skb) {
		rec->state = PP_S_SKB;
		rec->flags |= PP_F_MORPH;
	} else if (rec->state == PP_S_SOCK || pp_unindex(rec->skb, ref)) {
		rec->parent = w->parent;
		finish(&h, rec, PP_V_MERGED, 0, 0);
	}
	return 0;
}

/*
 * A fragment of a datagram that never became whole. It is freed next, in v6.12 without a drop
 * event.
 */
static long drop_frag(u32 i, struct reasm *w)
{
	struct pp_rec *rec;
	struct here h;
	u32 ref;
	long end = pop_frag(w, &h, &rec, &ref);

	if (!rec)
		return end;
	if (!(rec->flags & PP_F_DOOMED))
		rec->reason = no_reason();
	rec->flags |= PP_F_DOOMED;
	if (rec->state == PP_S_SOCK)	/* freed before, see end_skb() */
		finish(&h, rec, PP_V_DROPPED, 0, 0);
	else
		rec->state = PP_S_SKB;
	return 0;
}

/*
 * inet_frag_reasm_prepare(q, skb): all fragments are there, and skb is the one that came last. It
 * takes over the first one's data (skb_morph()). That frees its own, which looks like its end.
 */
HANDLER(reasm)
{
	struct reasm w = { .q = a0, .skb = a1 };
	int slot = sock_slot(a0);
	struct pp_rec *rec;
	u32 ref = 0;

	if (slot < 0)
		return;
	rec = pp_find(a1, &ref);
	w.parent = rec ? rec->id : 0;
	w.slot = slot;
	EACH_FRAGMENT(merge_frag, w);
}

/* inet_frag_reasm_finish(q, skb): skb has that data now. */
HANDLER(reasm_end)
{
	struct sk_buff *skb = (void *)a1;
	struct pp_rec *rec;
	u32 ref = 0;

	rec = pp_find(a1, &ref);
	if (!rec)
		return;
	rec->flags &= ~PP_F_MORPH;
	rec->head = (u64)RD(typed, skb, head);
}

/* inet_frag_destroy(q): nobody uses the queue any more. */
HANDLER(frag_gone)
{
	struct reasm w = { .q = a0 };
	int slot = sock_slot(a0);

	if (slot < 0)
		return;
	w.slot = slot;
	EACH_FRAGMENT(drop_frag, w);
}

#endif /* PKTPATH_BPF_HOOKS_FRAGMENTS_BPF_H */
