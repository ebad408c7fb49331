/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * Headers that are not just IP and then TCP or UDP: behind VLAN tags that lie in the bytes, MPLS
 * labels or PPPoE, with IPv4 options or IPv6 extension headers, of more than 64 KB (BIG TCP), or
 * cut short. Few packets have them, so none of this is on the others' way. What is found is laid
 * out as an ordinary packet has it: the IP header, and the transport's right behind it.
 */
#ifndef PKTPATH_BPF_CORE_ODD_HEADERS_BPF_H
#define PKTPATH_BPF_CORE_ODD_HEADERS_BPF_H

#include "core/record.bpf.h"

#define ETH_P_802_2	0x0004	/* what the kernel calls a frame with a length for its type */
#define ETH_P_802_3_MIN	0x0600
#define ETH_P_IP	0x0800
#define ETH_P_IPV6	0x86dd
#define ETH_P_8021Q	0x8100
#define ETH_P_8021AD	0x88a8
#define ETH_P_MPLS_UC	0x8847
#define ETH_P_MPLS_MC	0x8848
#define ETH_P_PPP_SES	0x8864
#define PPP_IP		0x0021
#define PPP_IPV6	0x0057
#define IPPROTO_HOPOPTS	0
#define IPPROTO_ICMP	1
#define IPPROTO_TCP	6
#define IPPROTO_UDP	17
#define IPPROTO_ROUTING	43
#define IPPROTO_FRAGMENT 44
#define IPPROTO_AH	51
#define IPPROTO_ICMPV6	58
#define IPPROTO_NONE	59
#define IPPROTO_DSTOPTS	60
#define IPPROTO_MH	135
#define IP_OFFSET	0x1fff
#define IP_FRAGMENT	0x3fff	/* an offset, or more to come */
#define IP6_OFFSET	0xfff8
#define IP_MAX_LEN	0xffff	/* longer ones do not say how long they are */

#define IP4_LEN		20	/* without options */
#define IP6_LEN		40
#define L4_LEN		16	/* what is read of a transport header */
#define UDP_LEN		8
#define TCP_LEN		20	/* without options */
#define PPPOE_LEN	8	/* with PPP's protocol */

/* Tags and labels, and extension headers: beyond these numbers the rest is not looked at. */
#define TAGS		8
#define EXTENSIONS	8

_Static_assert(IP6_LEN + L4_LEN == PP_HEAD_LEN, "the longest head");

/* Where a walk along a packet's headers is. */
struct cursor {
	u64 at;			/* address of the next header */
	u32 avail;		/* bytes from there on that can be read: the rest is in pages … */
	u32 len;		/* … of as many as there are */
	u32 proto;		/* EtherType */
};

/* The next header's first bytes. -1, or an error: they cannot be read. */
static __always_inline int peek(const struct cursor *w, void *to, u32 size)
{
	return w->avail < size ? -1 : (int)bpf_probe_read_kernel(to, size, (void *)w->at);
}

static __always_inline void advance(struct cursor *w, u32 size)
{
	w->at += size;
	w->avail -= size;
	w->len -= size;
}

/* Past one tag, label or PPPoE header. 0: it is none. -1: it cannot be read. */
static __always_inline int past_tag(struct cursor *w)
{
	u8 b[8];

	switch (w->proto) {
	case ETH_P_8021Q:
	case ETH_P_8021AD:
		if (peek(w, b, VLAN_LEN))
			return -1;
		w->proto = b[2] << 8 | b[3];
		if (w->proto < ETH_P_802_3_MIN)
			w->proto = ETH_P_802_2;
		advance(w, VLAN_LEN);
		return 1;
	case ETH_P_PPP_SES:
		if (peek(w, b, PPPOE_LEN))
			return -1;
		if (b[6] == 0 && b[7] == PPP_IP)
			w->proto = ETH_P_IP;
		else if (b[6] == 0 && b[7] == PPP_IPV6)
			w->proto = ETH_P_IPV6;
		else
			return 0;
		advance(w, PPPOE_LEN);
		return 1;
	case ETH_P_MPLS_UC:
	case ETH_P_MPLS_MC:
		if (peek(w, b, 5))
			return -1;
		advance(w, 4);
		if (!(b[2] & 1))	/* not the bottom of the stack */
			return 1;
		/* Labels do not say what they carry; IP shows by its version. */
		if (b[4] >> 4 == 4)
			w->proto = ETH_P_IP;
		else if (b[4] >> 4 == 6)
			w->proto = ETH_P_IPV6;
		else
			return 0;
		return 1;
	}
	return 0;
}

/* The transport's header, `off` bytes behind the IP header's begin; the packet ends at `end`. */
static __always_inline void odd_l4(const struct cursor *w, struct pp_head *hd, u8 *to, u8 proto,
				   u32 off, u32 end)
{
	u32 need = proto == IPPROTO_TCP ? TCP_LEN : UDP_LEN;

	hd->have = PP_HEAD_IP;
	hd->l4_len = end > off ? end - off : 0;
	if (proto != IPPROTO_TCP && proto != IPPROTO_UDP)
		return;
	if (end > w->len)
		end = w->len;
	if (off + need > end)
		return;		/* cut short: it has no ports */
	if (off + need > w->avail) {
		hd->have = PP_HEAD_LATER;
		return;
	}
	if (!bpf_probe_read_kernel(to, L4_LEN, (void *)(w->at + off)))
		hd->have = PP_HEAD_ALL;
}

static __always_inline void odd_ip4(const struct cursor *w, struct pp_head *hd)
{
	u32 ihl, end, frag;

	if (peek(w, hd->b, IP4_LEN))
		return;
	ihl = (hd->b[0] & 15) * 4;
	if (hd->b[0] >> 4 != 4 || ihl < IP4_LEN)
		return;
	end = hd->b[2] << 8 | hd->b[3];
	if (!end && w->len > IP_MAX_LEN)
		end = w->len;
	frag = hd->b[6] << 8 | hd->b[7];
	if (frag & IP_OFFSET)
		hd->have = PP_HEAD_IP;
	else
		odd_l4(w, hd, &hd->b[IP4_LEN], hd->b[9], ihl, end);
}

static __always_inline int is_extension(u32 proto)
{
	return proto == IPPROTO_HOPOPTS || proto == IPPROTO_ROUTING || proto == IPPROTO_AH ||
	       proto == IPPROTO_DSTOPTS || proto == IPPROTO_MH || proto == IPPROTO_FRAGMENT;
}

/* IPv6's extension headers up to the transport's, or to what a later fragment begins with. */
static __always_inline void odd_ip6(const struct cursor *w, struct pp_head *hd)
{
	u32 off = IP6_LEN, end, proto, later = 0, i;
	u8 x[8];

	if (peek(w, hd->b, IP6_LEN) || hd->b[0] >> 4 != 6)
		return;
	end = hd->b[4] << 8 | hd->b[5];
	end = !end && w->len > IP_MAX_LEN ? w->len : end + IP6_LEN;
	proto = hd->b[6];
#pragma clang loop unroll(disable)
	for (i = 0; i < EXTENSIONS && !later && is_extension(proto); i++) {
		if (off + sizeof(x) > end || off + sizeof(x) > w->len)
			break;
		if (off + sizeof(x) > w->avail) {
			hd->have = PP_HEAD_LATER;
			return;
		}
		if (bpf_probe_read_kernel(x, sizeof(x), (void *)(w->at + off)))
			return;
		if (proto == IPPROTO_MH && x[0] == IPPROTO_NONE)
			break;
		if (proto == IPPROTO_FRAGMENT) {	/* its datagram's ID in place of ports */
			hd->frag = 1;
			__builtin_memcpy(&hd->b[IP6_LEN], &x[4], 4);
			off += sizeof(x);
		} else {
			off += proto == IPPROTO_AH ? (x[1] + 2) * 4 : (x[1] + 1) * 8;
		}
		later = proto == IPPROTO_FRAGMENT && (x[2] << 8 | x[3]) & IP6_OFFSET;
		proto = x[0];
	}
	hd->b[6] = proto;
	if (hd->frag)
		hd->have = PP_HEAD_IP;
	else
		odd_l4(w, hd, &hd->b[IP6_LEN], proto, off, end);
}

/* Walk along all headers. */
static __always_inline void walk_headers(struct cursor *w, struct pp_head *hd)
{
	int more = 1;
	u32 i;

	__builtin_memset(hd, 0, sizeof(*hd));
#pragma clang loop unroll(disable)
	for (i = 0; i < TAGS && more > 0; i++)
		more = past_tag(w);
	hd->eth_proto = w->proto;
	/* What cannot be read may be in a page; a packet that ends here has no more headers. */
	if (w->avail < w->len)
		hd->have = PP_HEAD_LATER;
	if (more < 0)
		return;
	if (w->proto != ETH_P_IP && w->proto != ETH_P_IPV6) {
		hd->have = PP_HEAD_NONE;
		return;
	}
	hd->have = PP_HEAD_LATER;
	if (w->proto == ETH_P_IP)
		odd_ip4(w, hd);
	else
		odd_ip6(w, hd);
}

/*
 * The same as a function of its own, which the verifier checks once. Such functions take numbers
 * before v5.12, so what it finds is left with the CPU. `net`: address of the network header.
 */
int pp_odd_head(u64 net, u32 avail, u32 len, u32 proto);

__attribute__((noinline)) int pp_odd_head(u64 net, u32 avail, u32 len, u32 proto)
{
	struct cursor w = { .at = net, .avail = avail, .len = len, .proto = proto };
	struct pp_cpu *c = this_cpu();
	struct pp_head hd;

	if (!c)
		return 0;
	walk_headers(&w, &hd);
	c->odd = hd;
	c->odd_net = net;
	return 0;
}

#endif /* PKTPATH_BPF_CORE_ODD_HEADERS_BPF_H */
