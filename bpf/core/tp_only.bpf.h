/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * Kernels that allow tracepoints only (cfg.have_end is 0): most ends of a packet cannot be seen, so
 * the address of its skb, and the address of its data as well, soon belong to another one. Here is
 * what still tells whose an skb is, and where it is freed. See docs/INTERNALS.md.
 */
#ifndef PKTPATH_BPF_CORE_TP_ONLY_BPF_H
#define PKTPATH_BPF_CORE_TP_ONLY_BPF_H

#include "core/arrival.bpf.h"
#include "core/shared.bpf.h"

#ifndef PP_LEGACY	/* those kernels let functions be hooked */

u32 pp_place_of(u64 location);

/* What the function at this address says of the skb that it frees: enum pp_place. */
__attribute__((noinline)) u32 pp_place_of(u64 location)
{
	const volatile struct pp_range *r;
	u32 i = 0, step;

	for (step = PP_PLACE_MAX / 2; step; step /= 2)
		if (cfg.places[(i + step) & (PP_PLACE_MAX - 1)].begin <= location)
			i += step;
	r = &cfg.places[i & (PP_PLACE_MAX - 1)];
	return location - r->begin < r->len ? r->place : PP_AT_OTHER;
}

/*
 * Does the skb still hold this record's packet? Another one may have the same address and the same
 * head, and an interface in another namespace the same index, so the addresses in the header
 * decide. Behind NAT one of the two is left; then head and interface must be the same as well. A
 * macvlan, a VLAN or a bond takes the place of its lower device in skb_iif, without a hook.
 */
static __always_inline int is_own(const int typed, struct sk_buff *skb, const struct pp_rec *rec)
{
	int same_head = (u64)RD(typed, skb, head) == rec->head, same;
	u32 iif = RD(typed, skb, skb_iif);
	u64 head;

	if (!rec->ts[PP_ST_NETIF])
		return same_head;
	if (rec->eth_proto != ETH_P_IP && rec->eth_proto != ETH_P_IPV6)
		return same_head && iif && (iif == last_iif(rec) ||
			bpf_ntohs(RD(typed, skb, protocol)) == rec->eth_proto);
	/* Read as a number: a function takes no other. */
	head = (u64)BPF_CORE_READ(skb, head);
	same = pp_same_flow(head + RD(typed, skb, network_header), rec->self);
	return same == SAME_FLOW || (same && same_head && iif == last_iif(rec));
}

/* A hash of a packet's network header and what follows, ICMP's checksum, too. 0: unreadable. */
static __always_inline u64 first_bytes(const int typed, struct sk_buff *skb)
{
	u64 at = (u64)RD(typed, skb, head) + RD(typed, skb, network_header), w[6], hash = 1;
	int i;

	if (bpf_probe_read_kernel(w, sizeof(w), (void *)at))
		return 0;
	for (i = 0; i < 6; i++)
		hash = (hash ^ w[i]) * 0x9e3779b97f4a7c15ull;
	return hash;
}

/*
 * This CPU's stack gets the packet now. Until it gets the next one, an skb without a record that
 * shares its data is a clone of it.
 */
static __always_inline void note_current(const struct here *h, const struct pp_rec *rec)
{
	if (cfg.have_end)
		return;
	h->c->shared_ref = rec->self;
	h->c->shared_id = rec->id;
	h->c->shared_head = rec->head;
}

/* Is that the end of a socket's receive queue, and no skb? */
static __always_inline int is_queue_head(const struct sock *sk, const struct sk_buff *skb)
{
	return (u64)skb == (u64)sk + bpf_core_field_offset(struct sock, sk_receive_queue);
}

/* The record of the packet of which an skb without one is a clone; or NULL. */
static __always_inline struct pp_rec *clone_of_current(const int typed, struct sk_buff *skb)
{
	struct pp_cpu *c = this_cpu();
	struct pp_rec *rec;

	if (!c || !c->shared_ref || c->shared_head != (u64)RD(typed, skb, head))
		return NULL;
	rec = pp_rec_at(c->shared_ref - 1);
	return rec && rec->id == c->shared_id && rec->state == PP_S_SKB &&
	       is_own(typed, skb, rec) ? rec : NULL;
}

/*
 * The record of an skb; or of the packet that it is a clone of, which goes on in its place: with a
 * packet socket for IP, it is the clone that goes up (core/shared.bpf.h).
 */
static __always_inline struct pp_rec *record_or_clone(const int typed, struct sk_buff *skb,
						      struct here *h, u32 *ref)
{
	struct pp_rec *rec = pp_find((u64)skb, ref);

	if (rec)
		return here(h) ? rec : NULL;
	return clone_of_current(typed, skb) && here(h) ? adopt(h, (u64)skb, ref) : NULL;
}

#else
static __always_inline void note_current(const struct here *h, const struct pp_rec *rec) {}
static __always_inline u32 pp_place_of(u64 location) { return PP_AT_OTHER; }
static __always_inline int is_own(const int typed, struct sk_buff *skb, const struct pp_rec *rec)
{
	return !is_other(typed, skb, rec);
}
#endif /* PP_LEGACY */

#endif /* PKTPATH_BPF_CORE_TP_ONLY_BPF_H */
