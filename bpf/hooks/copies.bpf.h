/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * One packet, several receivers: copies for more sockets than one (multicast, raw sockets), and
 * what GRO had merged cut into datagrams again. Each copy has a record of its own.
 */
#ifndef PKTPATH_BPF_HOOKS_COPIES_BPF_H
#define PKTPATH_BPF_HOOKS_COPIES_BPF_H

#include "core/shared.bpf.h"

/*
 * An skb has no record: of which packet is it a copy? Returns that one's record, or NULL. The
 * kernel copies a packet on its way from ip_local_deliver_finish() to the sockets (multicast, raw
 * sockets), on one CPU and while it still has the original: both share their data.
 */
static __always_inline struct pp_rec *original_of(const int typed, struct sk_buff *skb)
{
	struct pp_cpu *c = this_cpu();
	struct pp_rec *rec = c && c->local_ref ? pp_rec_at(c->local_ref - 1) : NULL;
	const struct sk_buff *original;

	if (!rec || rec->state != PP_S_SKB || !rec->ts[PP_ST_LOCAL])
		return NULL;
	original = (void *)rec->skb;
	return BPF_CORE_READ(original, head) == RD(typed, skb, head) ? rec : NULL;
}

/* Copy all of a record but its state and the place of a drop. */
static __always_inline void copy_rec(struct pp_rec *to, const struct pp_rec *from)
{
	const u64 *words = (const u64 *)from;

	__builtin_memcpy(to, from, offsetof(struct pp_rec, state));
	to->next = from->next;
	__builtin_memcpy((u64 *)to + WORD_OF(prev), &words[WORD_OF(prev)], BYTES_TO(prev, place));
	if (from->nr_hops)
		__builtin_memcpy(to->hops, from->hops, sizeof(to->hops));
	if (from->flags & PP_F_NAT)
		to->nat = from->nat;
	to->place[0] = 0;
}

/* A record for a copy of a packet, which came the same way. NULL: there is no room, counted. */
static __always_inline struct pp_rec *birth_clone(const int typed, const struct here *h,
						  const struct pp_rec *of, struct sk_buff *skb)
{
	struct pp_rec *rec;
	u32 ref = 0;
	u64 nth;

	if (enabled == PP_OFF)
		return NULL;
	nth = next_number(h, 1);
	rec = nth == (u64)-1 ? NULL : pp_alloc(&h->c->cursor, cfg.rec_mask, &ref);
	if (!rec) {
		count_lost(h, PP_L_FULL);
		return NULL;
	}
	copy_rec(rec, of);
	rec->self = ref;
	rec->id = nth * cfg.nr_cpus + h->cpu + 1;
	rec->clone_of = of->id;
	rec->skb = (u64)skb;
	rec->head = (u64)RD(typed, skb, head);
	rec->flags |= PP_F_CLONE;
	return enter(h, rec) ? NULL : rec;
}

/* What differs from piece to piece: its length, and its place in the stream. */
static __always_inline void parse_piece(struct sk_buff *skb, struct pp_rec *rec)
{
	u8 b[L4_LEN] __attribute__((aligned(8)));
	u64 head = (u64)BPF_CORE_READ(skb, head);
	u32 begin = (u64)BPF_CORE_READ(skb, data) - head, len = BPF_CORE_READ(skb, len);
	u32 l4 = BPF_CORE_READ(skb, transport_header);

	rec->len = len + begin - BPF_CORE_READ(skb, mac_header);
	if (!bpf_probe_read_kernel(b, sizeof(b), (void *)(head + l4)))
		parse_l4(rec, b, len + begin - l4, 1);
}

/* A record for one more piece of what was cut; returns the next piece's skb, 0 after the last. */
static __always_inline u64 birth_piece(u32 ref, struct sk_buff *skb)
{
	struct pp_rec *of = pp_rec_at(ref - 1), *rec;
	struct here h;

	if (!of || !here(&h))
		return 0;
	rec = birth_clone(0, &h, of, skb);
	if (rec)
		parse_piece(skb, rec);
	return (u64)BPF_CORE_READ(skb, next);
}

/*
 * Kernels without bpf_loop() verify the function apart from the loop. What is cut into more pieces
 * than this (64 KB into less than 512 bytes each) keeps records for the first ones only.
 */
#ifdef PP_LEGACY
#define PIECES 128
u64 pp_piece(u32 ref, u64 skb);

__attribute__((noinline)) u64 pp_piece(u32 ref, u64 skb)
{
	return birth_piece(ref, (struct sk_buff *)skb);
}

static __always_inline void birth_pieces(u32 ref, u64 skb)
{
	u32 i;

#pragma clang loop unroll(disable)
	for (i = 0; i < PIECES && skb; i++)
		skb = pp_piece(ref, skb);
}
#else
#define PIECES 65536	/* GSO_MAX_SEGS, include/linux/netdevice.h */

struct pieces {
	u64 skb;
	u32 ref;
};

static long birth_next(u32 i, struct pieces *p)
{
	p->skb = birth_piece(p->ref, (struct sk_buff *)p->skb);
	return !p->skb;
}

static __always_inline void birth_pieces(u32 ref, u64 skb)
{
	struct pieces p = { .skb = skb, .ref = ref };

	if (skb)
		bpf_loop(PIECES, birth_next, &p, 0);
}
#endif

/* Is it a piece of that packet? __copy_skb_header() gave it the same interface and hash. */
static __always_inline int is_piece(struct sk_buff *skb, struct sk_buff *whole)
{
	return BPF_CORE_READ(skb, dev) == BPF_CORE_READ(whole, dev) &&
	       BPF_CORE_READ(skb, skb_iif) == BPF_CORE_READ(whole, skb_iif) &&
	       BPF_CORE_READ(skb, hash) == BPF_CORE_READ(whole, hash);
}

/*
 * __skb_gso_segment(skb, features, tx_path) has returned a list of new skbs: what GRO had merged,
 * or a sender on this host left whole, goes on in pieces, since a socket, a device, a shaper or
 * NFQUEUE does not take it so. The first piece goes on with the packet's record; the others get
 * copies of it. The whole is freed next, some ways as if it were dropped: it has no record then.
 */
HANDLER(cut)
{
	struct sk_buff *first = (void *)a2;
	struct pp_rec *rec;
	struct here h;
	u32 ref = 0;

	/* NULL: it may go whole. An error: it goes nowhere. */
	if (!a2 || a2 >= (u64)-4095)
		return;
	rec = record_of(a0, &h, &ref);
	if (!rec || rec->state != PP_S_SKB || !is_piece(first, (struct sk_buff *)a0))
		return;
	if (rekey(&h, ref, rec, a2))
		return;
	rec->head = (u64)BPF_CORE_READ(first, head);
	parse_piece(first, rec);
	rec->gro_frames = 0;	/* of those that were merged into it, each is a piece again */
	birth_pieces(ref, (u64)BPF_CORE_READ(first, next));
}

#endif /* PKTPATH_BPF_HOOKS_COPIES_BPF_H */
