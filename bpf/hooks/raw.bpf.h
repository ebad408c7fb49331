/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Raw and ping sockets, which get a copy of what the kernel itself receives. */
#ifndef PKTPATH_BPF_HOOKS_RAW_BPF_H
#define PKTPATH_BPF_HOOKS_RAW_BPF_H

#include "hooks/copies.bpf.h"
#include "hooks/reader.bpf.h"

/*
 * sock_queue_rcv_skb_reason(sk, skb), v5.17 on: raw sockets, before the transport sees the packet,
 * and ping sockets (SOCK_DGRAM with ICMP) get a copy each.
 */
HANDLER(sock_raw)
{
	struct sk_buff *skb = (void *)a1;
	struct pp_rec *rec, *of;
	struct here h;
	u32 ref = 0;

	rec = pp_find(a1, &ref);
	of = rec ? NULL : original_of(typed, skb);
	if (!(rec || of) || !here(&h))
		return;
	if (of) {
		if (!of->ts[PP_ST_L4])
			of->flags |= PP_F_RAW;
		rec = birth_clone(typed, &h, of, skb);
	}
	if (!rec)
		return;
	queue_on(&h, rec, a0);
}

/* Nothing else shows that these were read: is a free without a drop a read by an application? */
static __always_inline int read_by_free(const struct pp_rec *rec)
{
	const u32 raw_copy = PP_F_RAW | PP_F_CLONE;

	if (!rec->ts[PP_ST_SOCK])
		return 0;
	return (rec->flags & raw_copy) == raw_copy || rec->l4_proto == IPPROTO_ICMP ||
	       rec->l4_proto == IPPROTO_ICMPV6;
}

/*
 * A raw socket got a copy, so the packet is not lost if no protocol wanted the original. Before
 * v5.17 there are no reasons by which to tell that from other drops.
 */
static __always_inline int raw_took_it(const struct pp_rec *rec, u32 reason)
{
	if ((rec->flags & (PP_F_RAW | PP_F_CLONE)) != PP_F_RAW)
		return 0;
	if (!bpf_core_enum_value_exists(enum skb_drop_reason, SKB_DROP_REASON_NO_SOCKET))
		return 1;
	return reason == bpf_core_enum_value(enum skb_drop_reason, SKB_DROP_REASON_NO_SOCKET);
}

#endif /* PKTPATH_BPF_HOOKS_RAW_BPF_H */
