/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * Headers are read a second time where they have become others: a tunnel's packet comes out, ESP
 * is decrypted, fragments are whole, conntrack has rewritten addresses and ports. Rare, and so out
 * of line.
 */
#ifndef PKTPATH_BPF_CORE_AGAIN_BPF_H
#define PKTPATH_BPF_CORE_AGAIN_BPF_H

#include "core/headers.bpf.h"

/* With one of these flags, the packet's transport may show more than was seen before. */
#define PP_F_LOOK (PP_F_FRAG | PP_F_NOPARSE | PP_F_AGAIN)

/* Forget what was read before: what is there now may have no addresses, such as ARP in a tunnel. */
static __always_inline void forget_flow(struct pp_rec *rec)
{
	__builtin_memset(rec->saddr, 0, sizeof(rec->saddr));
	__builtin_memset(rec->daddr, 0, sizeof(rec->daddr));
	rec->sport = rec->dport = 0;
	rec->l4_proto = rec->tcp_flags = 0;
	rec->data_len = rec->end_seq = 0;
	rec->flags &= ~PP_F_AGAIN;
}

/* Where an skb's network header is: at skb->data for who receives it, else where the skb says. */
static __always_inline void walk_from(const struct sk_buff *skb, int from_data, struct cursor *w)
{
	u64 data = (u64)BPF_CORE_READ(skb, data);
	u32 len = BPF_CORE_READ(skb, len), pulled;

	w->at = from_data ? data :
		(u64)BPF_CORE_READ(skb, head) + BPF_CORE_READ(skb, network_header);
	pulled = data - w->at;	/* below 0 where data begins with the Ethernet header */
	w->len = len + pulled;
	w->avail = w->len - BPF_CORE_READ(skb, data_len);
	w->proto = bpf_ntohs(BPF_CORE_READ(skb, protocol));
}

/* 0 if both addresses are the same. */
static __always_inline u32 differ(const u8 *a, const u8 *b)
{
	u32 differs = 0, i;

	for (i = 0; i < 16; i += sizeof(u32))
		differs |= *(const u32 *)&a[i] ^ *(const u32 *)&b[i];
	return differs;
}

/*
 * Conntrack has changed the packet: the record keeps the flow that was on the wire, and gets what
 * it is now beside it, if that differs. What the wire's header could not tell, such as ports that
 * only the first fragment had, is not to be taken from here.
 */
static __always_inline void note_nat(struct pp_rec *rec, const struct pp_head *hd)
{
	const u32 v4 = hd->eth_proto == ETH_P_IP;
	const u8 *l4 = &hd->b[v4 ? IP4_LEN : IP6_LEN];
	struct pp_nat now = {};
	u32 differs;

	if (hd->have < PP_HEAD_IP || hd->eth_proto != rec->eth_proto ||
	    hd->b[v4 ? 9 : 6] != rec->l4_proto)
		return;
	copy_addresses(hd, now.saddr, now.daddr);
	if (hd->have == PP_HEAD_ALL) {
		now.sport = *(const u16 *)&l4[0];
		now.dport = *(const u16 *)&l4[2];
	}
	differs = differ(rec->saddr, now.saddr) | differ(rec->daddr, now.daddr);
	if (rec->sport | rec->dport)
		differs |= (rec->sport ^ now.sport) | (rec->dport ^ now.dport);
	if (!differs)
		return;
	rec->nat = now;
	rec->flags |= PP_F_NAT;
}

/*
 * Read the headers of the record's skb again; `from_data`: it has just been received, by one more
 * device. A function of its own, which takes numbers: see pp_odd_head().
 */
int pp_look_again(u32 ref, u32 from_data);

__attribute__((noinline)) int pp_look_again(u32 ref, u32 from_data)
{
	struct pp_rec *rec = pp_rec_at(ref - 1);
	struct sk_buff *skb;
	struct pp_head hd;
	struct cursor w;

	if (!rec)
		return 0;
	skb = (struct sk_buff *)rec->skb;
	walk_from(skb, from_data, &w);
	walk_headers(&w, &hd);
	if (!from_data && is_natted(0, skb)) {
		note_nat(rec, &hd);
		return 0;
	}
	/* What a tunnel's packet was on the wire is gone once conntrack has changed it. */
	if (from_data ? rec->flags & PP_F_NAT :
			hd.have < PP_HEAD_IP || !(rec->flags & PP_F_LOOK))
		return 0;
	forget_flow(rec);
	parse(rec, &hd);
	rec->flags &= ~PP_F_AGAIN;
	return 0;
}

#endif /* PKTPATH_BPF_CORE_AGAIN_BPF_H */
