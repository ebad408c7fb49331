/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* What is read from a packet's headers: its flow, and from that, whether it is in the sample. */
#ifndef PKTPATH_BPF_CORE_HEADERS_BPF_H
#define PKTPATH_BPF_CORE_HEADERS_BPF_H

#include "core/record.bpf.h"

#define ETH_P_IP	0x0800
#define ETH_P_IPV6	0x86dd
#define ETH_P_8021Q	0x8100
#define ETH_P_8021AD	0x88a8
#define IPPROTO_ICMP	1
#define IPPROTO_TCP	6
#define IPPROTO_UDP	17
#define IPPROTO_ICMPV6	58
#define IP_OFFSET	0x1fff
#define IP_FRAGMENT	0x3fff	/* an offset, or more to come */
#define IP6_FRAGMENT	44	/* the header's number; 8 bytes long */

#define IP4_LEN		20	/* without options */
#define IP6_LEN		40
#define L4_LEN		16	/* what is read of a transport header */

/* Ports and TCP's sequence numbers from the first bytes of a transport header. */
static __always_inline void parse_l4(struct pp_rec *rec, const u8 *b, u32 l4_len)
{
	if (rec->l4_proto != IPPROTO_TCP && rec->l4_proto != IPPROTO_UDP)
		return;
	rec->sport = *(u16 *)&b[0];
	rec->dport = *(u16 *)&b[2];
	if (rec->l4_proto == IPPROTO_TCP) {
		u32 hdr = (b[12] >> 4) * 4;

		rec->tcp_flags = b[13];
		rec->data_len = l4_len > hdr ? l4_len - hdr : 0;
		rec->end_seq = bpf_ntohl(*(u32 *)&b[4]) + !!(b[13] & TCP_FLAG_SYN) + rec->data_len;
	}
}

/* The first bytes from the network header on. */
struct head {
	u8 b[IP6_LEN + L4_LEN] __attribute__((aligned(8)));
	u16 eth_proto;
	u8 have;		/* 0: unreadable, or not IP */
};

/* One read of a fixed size, and one more if IPv4 options push the transport header out of it. */
static __always_inline void read_head(const int typed, struct sk_buff *skb, int frag0,
				      struct head *hd)
{
	const u8 *data = network_header(typed, skb, frag0);
	u32 ihl;

	hd->have = 0;
	hd->eth_proto = bpf_ntohs(RD(typed, skb, protocol));
	if (hd->eth_proto != ETH_P_IP && hd->eth_proto != ETH_P_IPV6)
		return;
	if (bpf_probe_read_kernel(hd->b, sizeof(hd->b), data))
		return;
	hd->have = 1;
	if (hd->eth_proto != ETH_P_IP)
		return;
	ihl = (hd->b[0] & 15) * 4;
	if (ihl != IP4_LEN && bpf_probe_read_kernel(&hd->b[IP4_LEN], L4_LEN, data + ihl))
		hd->have = 0;
}

/* Fill in what the headers say: addresses, ports, TCP's sequence numbers and flags. */
static __always_inline void parse(struct pp_rec *rec, const struct head *hd)
{
	const u8 *b = hd->b;

	rec->eth_proto = hd->eth_proto;
	rec->flags &= ~PP_F_NOPARSE;
	if (hd->eth_proto != ETH_P_IP && hd->eth_proto != ETH_P_IPV6)
		return;
	if (!hd->have) {
		rec->flags |= PP_F_NOPARSE;
		return;
	}
	if (hd->eth_proto == ETH_P_IP) {
		u32 ihl = (b[0] & 15) * 4, tot = bpf_ntohs(*(u16 *)&b[2]);
		u32 frag = bpf_ntohs(*(u16 *)&b[6]);

		rec->l4_proto = b[9];
		__builtin_memcpy(rec->saddr, &b[12], 4);
		__builtin_memcpy(rec->daddr, &b[16], 4);
		if (frag & IP_FRAGMENT)
			rec->flags |= PP_F_FRAG;
		if (!(frag & IP_OFFSET))
			parse_l4(rec, &b[IP4_LEN], tot > ihl ? tot - ihl : 0);
	} else {
		rec->l4_proto = b[6];
		__builtin_memcpy(rec->saddr, &b[8], 16);
		__builtin_memcpy(rec->daddr, &b[24], 16);
		if (rec->l4_proto == IP6_FRAGMENT) {	/* ports: from the whole datagram */
			rec->flags |= PP_F_FRAG;
			rec->l4_proto = b[IP6_LEN];
			return;
		}
		parse_l4(rec, &b[IP6_LEN], bpf_ntohs(*(u16 *)&b[4]));
	}
}

/* Is the packet's flow, which decides whether it is in the sample, not known yet? */
static __always_inline int undecided(const struct head *hd)
{
	return cfg.sample && !cfg.sample_packets && !hd->have &&
	       (hd->eth_proto == ETH_P_IP || hd->eth_proto == ETH_P_IPV6);
}

static __always_inline u32 mix(u32 h, u32 word)
{
	h = (h ^ word) * 0x9e3779b1u;
	return h ^ h >> 15;
}

/*
 * Is the packet in the sample? The hash of its flow decides, so that journeys are complete: GRO
 * merges only within a flow. Fragments have no ports; the ID of their datagram stands in for them.
 * For packets without a flow, the skb's address decides. If the headers cannot be read yet, the
 * packet is in for now: see parse_late().
 */
static __always_inline int sampled(const struct sk_buff *skb, const struct head *hd)
{
	u32 h = mix(cfg.sample_seed, hd->eth_proto), i;
	const u32 *w = (const u32 *)hd->b;

	if (!cfg.sample)
		return 1;
	if (cfg.sample_packets)
		return bpf_get_prandom_u32() <= sample_max;
	if (undecided(hd)) {
		return 1;
	} else if (!hd->have) {
		h = mix(h, pp_low32((u64)skb));
	} else if (hd->eth_proto == ETH_P_IP) {
		int fragment = bpf_ntohs(*(u16 *)&hd->b[6]) & IP_FRAGMENT;

		h = mix(mix(mix(h, w[3]), w[4]), hd->b[9]);
		h = mix(h, fragment ? *(u16 *)&hd->b[4] : w[5]);
	} else {
		for (i = 2; i < 11; i++)	/* addresses and ports */
			h = mix(h, w[i]);
	}
	return mix(h, 0) <= sample_max;
}

/* Read headers that could not be read before, or that were inside those that could. */
static __always_inline void parse_again(const int typed, struct sk_buff *skb, struct pp_rec *rec)
{
	struct head hd;

	read_head(typed, skb, 0, &hd);
	parse(rec, &hd);
}

#endif /* PKTPATH_BPF_CORE_HEADERS_BPF_H */
