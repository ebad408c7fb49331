/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * Stitching: the tables that lead from an skb or a socket to its record. Pure code, without helpers
 * or kernel types, for the BPF programs and for unit tests on the host.
 *
 * The includer defines how tables are reached:
 *	struct pp_rec  *pp_rec_at(__u32 i);	the slab; NULL when i is out of range
 *	struct pp_set  *pp_set_at(__u32 i);	the address index; i is taken modulo its size
 *	struct pp_sock *pp_sock_at(__u32 i);	sockets that have unread data, same
 *	__u32 pp_sock_shift(void);		32 minus the bits of that table's size
 *	struct pp_napi *pp_napi_at(__u32 i);	NAPI instances, same
 *
 * and, for kernels without compare-and-swap, the lock that atomic.h wants.
 *
 * A slab reference is the index of a record + 1, so that 0 means none.
 */
#ifndef PKTPATH_BPF_CORE_STITCH_H
#define PKTPATH_BPF_CORE_STITCH_H

#include "core/atomic.h"
#include "tables.h"

static __always_inline __u32 pp_hash_shift(__u64 addr, __u32 shift)
{
	/* Fibonacci hashing; skbs are 8-byte aligned at least (the second of a clone pair). */
	return ((pp_low32(addr) >> 3) * 0x9e3779b1u) >> shift;
}

static __always_inline __u32 pp_hash(__u64 addr, __u32 bits)
{
	return pp_hash_shift(addr, 32 - bits);
}

/* TCP sequence numbers wrap: is a after b? */
static __always_inline int pp_seq_after(__u32 a, __u32 b)
{
	return (__s32)(b - a) < 0;
}

/*
 * A way holds the low half of the address and the slab reference in one word, so that it is read
 * and replaced atomically. The record's `skb` settles the rest of the address.
 */
static __always_inline __u64 pp_word(__u64 addr, __u32 ref)
{
	return (__u64)pp_low32(addr) << 32 | ref;
}

static __always_inline struct pp_set *pp_set_of(__u64 addr)
{
	return pp_set_at(pp_hash(addr, PP_SET_BITS));
}

/* The record of an skb, or NULL. *ref gets its slab reference. */
static __always_inline struct pp_rec *pp_find(__u64 addr, __u32 *ref)
{
	struct pp_set *set = pp_set_of(addr);
	struct pp_rec *rec;
	int i;

	for (i = 0; i < PP_WAYS; i++) {
		__u64 w = *(volatile __u64 *)&set->way[i];

		if (!w || (__u32)(w >> 32) != pp_low32(addr))
			continue;
		rec = pp_rec_at((__u32)w - 1);
		if (!rec || rec->skb != addr)
			continue;
		*ref = (__u32)w;
		return rec;
	}
	return NULL;
}

/*
 * Enter a record in the index. Returns 0, or, if the set is full, the reference of the record that
 * is left out: an old one that this one replaces, or this one itself. A record that was touched
 * within PP_OLD_NS is never replaced, since a hook on another CPU may be working on it; an older
 * one has most likely lost its skb long ago.
 */
static __always_inline __u32 pp_index(__u64 addr, __u32 ref, __u64 now)
{
	struct pp_set *set = pp_set_of(addr);
	__u64 word = pp_word(addr, ref), old;
	struct pp_rec *victim;
	int i;

	for (i = 0; i < PP_WAYS; i++) {
		/* Two CPUs may want the same way: only one gets it. */
		if (!set->way[i] && !pp_cas64(&set->way[i], 0, word))
			return 0;
	}
	old = set->way[ref % PP_WAYS];
	victim = pp_rec_at((__u32)old - 1);
	if (victim && victim->last_ns + PP_OLD_NS > now)
		return ref;
	/* Of two CPUs that evict here, each must get a victim of its own. */
	if (pp_cas64(&set->way[ref % PP_WAYS], old, word) != old)
		return ref;
	return (__u32)old;
}

/*
 * Take a record out of the index. Returns 1 if it was there. Only who took it out may end it, since
 * another CPU may be evicting, and ending, it right now.
 */
static __always_inline int pp_unindex(__u64 addr, __u32 ref)
{
	struct pp_set *set = pp_set_of(addr);
	__u64 word = pp_word(addr, ref);
	int i;

	for (i = 0; i < PP_WAYS; i++)
		if (set->way[i] == word)
			return pp_cas64(&set->way[i], word, 0) == word;
	return 0;
}

/*
 * Take a free record from the slab; NULL if PP_ALLOC_TRIES slots are all in use. Each CPU starts at
 * a place of its own, so two rarely want the same slot, and then only one gets it. A slot is given
 * back by one store. Records that live long (unread data) lie side by side, so after a few
 * neighbours the search jumps.
 */
static __always_inline struct pp_rec *pp_alloc(__u32 *cursor, __u32 mask, __u32 *ref)
{
	/* About the golden ratio of the slab, so the jumps spread; odd, so that all are met. */
	__u32 jump = ((mask >> 1) + (mask >> 3)) | 1;
	int i;

	for (i = 0; i < PP_ALLOC_TRIES; i++) {
		__u32 idx = *cursor & mask;
		struct pp_rec *rec = pp_rec_at(idx);

		if (!rec)
			return NULL;
		if (!rec->state && !pp_cas32(&rec->state, PP_S_FREE, PP_S_SKB)) {
			*ref = idx + 1;
			return rec;
		}
		*cursor += i < PP_ALLOC_NEAR ? 1 : jump;
	}
	return NULL;
}

/* The socket's slot, or NULL; claims a free one if asked to. */
static __always_inline struct pp_sock *pp_sock_find(__u64 sk, int claim)
{
	__u32 h = pp_hash_shift(sk, pp_sock_shift());
	int i;

	for (i = 0; i < PP_PROBES; i++) {
		struct pp_sock *s = pp_sock_at(h + i);

		if (s->sk == sk)
			return s;
	}
	for (i = 0; claim && i < PP_PROBES; i++) {
		struct pp_sock *s = pp_sock_at(h + i);

		if (!s->sk && !pp_cas64(&s->sk, 0, sk))
			return s;
	}
	return NULL;
}

/*
 * Where a record belongs in its socket's list: after the record with this reference; 0 = at the
 * head. If data comes in order, as it nearly always does, that is the tail. *unsorted is set if the
 * search gave up.
 */
static __always_inline __u32 pp_sock_place(const struct pp_sock *s, __u32 end_seq, int *unsorted)
{
	__u32 cur = s->tail, fwd = 0, next = s->head;
	struct pp_rec *r;
	int i;

	for (i = 0; i < PP_SORT_STEPS && cur; i++) {
		r = pp_rec_at(cur - 1);
		if (!r || !pp_seq_after(r->read_seq, end_seq))
			return cur;
		cur = r->prev;
	}
	if (!cur)
		return 0;
	/* Far from the tail. If the reader keeps up, what fills a gap goes close to the head. */
	for (i = 0; i < PP_SORT_STEPS && next; i++) {
		r = pp_rec_at(next - 1);
		if (!r || pp_seq_after(r->read_seq, end_seq))
			return fwd;
		fwd = next;
		next = r->next;
	}
	*unsorted = 1;
	return cur;
}

/* Link a record, and behind it the ones coalesced into it, at its place in the socket's list. */
static __always_inline void pp_sock_link(struct pp_sock *s, __u32 ref, struct pp_rec *rec,
					 int *unsorted)
{
	__u32 after = pp_sock_place(s, rec->read_seq, unsorted);
	__u32 last = rec->child_tail ? rec->child_tail : ref, next;
	struct pp_rec *prev = after ? pp_rec_at(after - 1) : NULL;
	struct pp_rec *end = pp_rec_at(last - 1), *r;

	if (!end || (after && !prev))
		return;
	next = prev ? prev->next : s->head;
	rec->prev = after;
	if (last != ref) {
		rec->next = rec->child;
		rec->child = rec->child_tail = 0;
	}
	end->next = next;
	r = next ? pp_rec_at(next - 1) : NULL;
	if (r)
		r->prev = last;
	else
		s->tail = last;
	if (prev)
		prev->next = ref;
	else
		s->head = ref;
}

/* Hang a record below the one it was coalesced into while both waited for the socket. */
static __always_inline void pp_adopt(__u32 parent_ref, struct pp_rec *parent, __u32 ref,
				     struct pp_rec *rec)
{
	struct pp_rec *last;

	rec->next = 0;
	rec->prev = parent->child_tail ? parent->child_tail : parent_ref;
	if (parent->child_tail) {
		last = pp_rec_at(parent->child_tail - 1);
		if (last)
			last->next = ref;
	} else {
		parent->child = ref;
	}
	parent->child_tail = ref;
}

/* Take the head off the socket's list. With the last record, the socket's slot becomes free. */
static __always_inline void pp_sock_pop(struct pp_sock *s, const struct pp_rec *head)
{
	struct pp_rec *r;

	s->head = head->next;
	r = s->head ? pp_rec_at(s->head - 1) : NULL;
	if (r) {
		r->prev = 0;
		return;
	}
	s->head = s->tail = 0;
	s->sock_ns = 0;
	/* Another socket may claim the slot from here on. */
	*(volatile __u64 *)&s->sk = 0;
}

/* The slot of a NAPI instance; claims one if it is new. NULL: the table is full around it. */
static __always_inline struct pp_napi *pp_napi_find(__u64 napi, int claim)
{
	__u32 h = pp_hash(napi, PP_NAPI_BITS);
	int i;

	for (i = 0; i < PP_PROBES; i++) {
		struct pp_napi *n = pp_napi_at(h + i);

		if (n->napi == napi)
			return n;
		if (!n->napi) {
			if (!claim)
				return NULL;
			if (!pp_cas64(&n->napi, 0, napi))
				return n;
		}
	}
	return NULL;
}

/* Take the entry of an instance that is gone, or has been quiet for long. NULL: all are in use. */
static __attribute__((noinline)) struct pp_napi *pp_napi_take(__u64 napi, __u64 now)
{
	__u32 h = pp_hash(napi, PP_NAPI_BITS);
	int i;

	for (i = 0; i < PP_PROBES; i++) {
		struct pp_napi *n = pp_napi_at(h + i);
		__u64 old = n->napi;

		if (now - n->used_ns < PP_NAPI_OLD_NS || pp_cas64(&n->napi, old, napi) != old)
			continue;
		n->sched_ns = n->irq_ns = n->thread_ns = 0;
		n->again = n->busy = 0;
		return n;
	}
	return NULL;
}

/* The same, which claims an entry where there is none. NULL: all around it are in use. */
static __always_inline struct pp_napi *pp_napi_claim(__u64 napi, __u64 now)
{
	struct pp_napi *n = pp_napi_find(napi, 1);

	if (!n)
		n = pp_napi_take(napi, now);
	if (n)
		n->used_ns = now;
	return n;
}

/*
 * A poll's work and budget, which are known when it is over, for the records that end later. The
 * upper half says to which poll the entry belongs, since entries are reused; it is never 0, which
 * marks an unused one.
 */
static __always_inline __u64 pp_done(__u32 id, __u16 work, __u16 budget)
{
	return (__u64)(id / PP_DONE + 1) << 32 | (__u32)work << 16 | budget;
}

/* Stamp a stage that has no stamp yet, at a time that is not before the newest stamp. */
static __always_inline void pp_put(struct pp_rec *rec, __u32 stage, __u64 ns, __u16 cpu)
{
	__u8 n = rec->nr_order;

	rec->ts[stage] = ns;
	rec->cpu[stage] = cpu;
	rec->last_ns = ns;
	rec->order[n & (PP_ORDER - 1)] = stage;
	rec->nr_order = n + 1;
}

/*
 * Take a stamp back. The stages that order[] keeps are counted in memory, so that the verifier does
 * not follow each possible number on its own.
 */
static __always_inline void pp_unput(struct pp_rec *rec, __u32 stage)
{
	__u32 n = rec->nr_order, i, kept;

	rec->ts[stage] = 0;
	rec->nr_order = 0;
#ifdef __bpf__
#pragma clang loop unroll(disable)
#endif
	for (i = 0; i < PP_ST_NR && i < n; i++) {
		__u8 other = rec->order[i];

		if (other == stage)
			continue;
		kept = *(volatile __u8 *)&rec->nr_order;
		rec->order[kept & (PP_ORDER - 1)] = other;
		*(volatile __u8 *)&rec->nr_order = kept + 1;
	}
}

/* Stamp a stage once, never before the record's newest stamp. Returns 1 if the clock went back. */
static __always_inline int pp_stamp(struct pp_rec *rec, __u32 stage, __u64 now, __u16 cpu)
{
	int back = 0;

	if (rec->ts[stage])
		return 0;
	if (now < rec->last_ns) {
		now = rec->last_ns;
		back = 1;
	}
	pp_put(rec, stage, now, cpu);
	return back;
}

#endif /* PKTPATH_BPF_CORE_STITCH_H */
