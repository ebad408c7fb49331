/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* What is read from a packet's headers: its flow, and from that, whether it is in the sample. */
#ifndef PKTPATH_BPF_CORE_HEADERS_BPF_H
#define PKTPATH_BPF_CORE_HEADERS_BPF_H

#include "core/odd_headers.bpf.h"

/*
 * Ports and TCP's sequence numbers from the first bytes of a transport header, if those are there.
 * Of other protocols than these there may be another header inside: AH, ESP, GRE.
 */
static __always_inline void parse_l4(struct pp_rec *rec, const u8 *b, u32 l4_len, int have)
{
	if (rec->l4_proto != IPPROTO_TCP && rec->l4_proto != IPPROTO_UDP) {
		if (rec->l4_proto != IPPROTO_ICMP && rec->l4_proto != IPPROTO_ICMPV6)
			rec->flags |= PP_F_AGAIN;
		return;
	}
	if (!have)
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

/*
 * One read of a fixed size serves the packets of every day: TCP, UDP and ICMP behind an IP header
 * without options, all of it in reach, and of a length that the header can tell. Returns 0 for
 * others.
 */
static __always_inline int read_plain(const u8 *net, u32 avail, struct pp_head *hd)
{
	const u8 *b = hd->b;
	u32 need = UDP_LEN, upper;

	if (avail < IP_MIN || bpf_probe_read_kernel(hd->b, sizeof(hd->b), net))
		return 0;
	if (hd->eth_proto == ETH_P_IP) {
		u32 tot = bpf_ntohs(*(u16 *)&b[2]);

		need = IP4_LEN + (b[9] == IPPROTO_TCP ? TCP_LEN : UDP_LEN);
		if (b[0] != 0x45 || tot < need || avail < need)
			return 0;
		hd->l4_len = tot - IP4_LEN;
	} else {
		upper = b[6];
		if (upper != IPPROTO_TCP && upper != IPPROTO_UDP && upper != IPPROTO_ICMPV6)
			return 0;
		need = upper == IPPROTO_TCP ? TCP_LEN : UDP_LEN;
		hd->l4_len = bpf_ntohs(*(u16 *)&b[4]);
		if (b[0] >> 4 != 6 || hd->l4_len < need || avail < IP6_LEN + need)
			return 0;
		hd->frag = 0;
	}
	hd->have = PP_HEAD_ALL;
	return 1;
}

/*
 * Read the headers from the network header on. Of all `len` bytes from there, `avail` can be read.
 */
static __always_inline void read_from(const u8 *net, u32 avail, u32 len, struct pp_head *hd)
{
	u32 proto = hd->eth_proto;
	struct pp_cpu *c;
	u64 at;

	if ((proto == ETH_P_IP || proto == ETH_P_IPV6) && read_plain(net, avail, hd))
		return;
	hd->have = PP_HEAD_NONE;
	c = this_cpu();
	if (!c)
		return;
	/* From v6.17 on skb->data is a pointer to the verifier; memory makes it a number. */
	*(volatile u64 *)&c->odd_net = (u64)net;
	at = *(volatile u64 *)&c->odd_net;
	pp_odd_head(at, avail, len, proto);
	*hd = c->odd;
	asm volatile("" ::: "memory");
	/* A softirq may have come in between, with a packet of its own. */
	if (*(volatile u64 *)&c->odd_net != at)
		hd->have = PP_HEAD_LATER;
}

/* Read the headers of an skb; `frag0`: see network_header(). */
static __always_inline void read_head(const int typed, struct sk_buff *skb, int frag0,
				      struct pp_head *hd)
{
	u32 avail, len = RD(typed, skb, len);
	const u8 *net = network_header(typed, skb, frag0, &avail);

	hd->eth_proto = bpf_ntohs(RD(typed, skb, protocol));
	read_from(net, avail, len, hd);
}

/* The addresses of an IP header, word by word: see clear_rec(). */
static __always_inline void copy_addresses(const struct pp_head *hd, u8 *saddr, u8 *daddr)
{
	const u32 *from = (const u32 *)hd->b;
	u32 *src = (u32 *)saddr, *dst = (u32 *)daddr;

	if (hd->eth_proto == ETH_P_IP) {
		src[0] = from[3];
		dst[0] = from[4];
	} else {
		__builtin_memcpy(src, &from[2], 16);
		__builtin_memcpy(dst, &from[6], 16);
	}
}

/* Fill in what the headers say: addresses, ports, TCP's sequence numbers and flags. */
static __always_inline void parse(struct pp_rec *rec, const struct pp_head *hd)
{
	int have = hd->have == PP_HEAD_ALL;
	const u8 *b = hd->b;

	rec->eth_proto = hd->eth_proto;
	rec->flags &= ~PP_F_NOPARSE;
	if (hd->have < PP_HEAD_IP) {
		if (hd->have == PP_HEAD_LATER)
			rec->flags |= PP_F_NOPARSE;
		return;
	}
	copy_addresses(hd, rec->saddr, rec->daddr);
	if (hd->eth_proto == ETH_P_IP) {
		u32 frag = bpf_ntohs(*(u16 *)&b[6]);

		rec->l4_proto = b[9];
		if (frag & IP_FRAGMENT)
			rec->flags |= PP_F_FRAG;
		if (!(frag & IP_OFFSET))
			parse_l4(rec, &b[IP4_LEN], hd->l4_len, have);
	} else {
		rec->l4_proto = b[6];
		if (hd->frag)	/* ports: from the whole datagram */
			rec->flags |= PP_F_FRAG;
		else
			parse_l4(rec, &b[IP6_LEN], hd->l4_len, have);
	}
}

/* Is the packet's flow, which decides whether it is in the sample, not known yet? */
static __always_inline int undecided(const struct pp_head *hd)
{
	return cfg.sample && !cfg.sample_packets && hd->have == PP_HEAD_LATER;
}

static __always_inline u32 mix(u32 h, u32 word)
{
	h = (h ^ word) * 0x9e3779b1u;
	return h ^ h >> 15;
}

/*
 * Is the packet in the sample? The hash of its flow decides, so that journeys are complete: GRO
 * merges only within a flow. Fragments have no ports; the ID of their datagram stands in for them.
 * Packets without a flow are chosen each by itself. If the headers cannot be read yet, the packet
 * is in for now: see parse_late().
 */
static __always_inline int sampled(const struct pp_head *hd)
{
	u32 h = mix(cfg.sample_seed, hd->eth_proto), i;
	const u32 *w = (const u32 *)hd->b;

	if (!cfg.sample)
		return 1;
	if (undecided(hd))
		return 1;
	if (cfg.sample_packets || hd->have == PP_HEAD_NONE)
		return bpf_get_prandom_u32() <= sample_max;
	if (hd->eth_proto == ETH_P_IP) {
		int fragment = bpf_ntohs(*(u16 *)&hd->b[6]) & IP_FRAGMENT;

		h = mix(mix(mix(h, w[3]), w[4]), hd->b[9]);
		h = mix(h, fragment ? *(u16 *)&hd->b[4] : w[5]);
	} else {
		for (i = 2; i < 11; i++)	/* addresses and ports */
			h = mix(h, w[i]);
	}
	return mix(h, 0) <= sample_max;
}

#endif /* PKTPATH_BPF_CORE_HEADERS_BPF_H */
