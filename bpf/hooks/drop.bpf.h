/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Drops, as tp kfree_skb announces them. */
#ifndef PKTPATH_BPF_HOOKS_DROP_BPF_H
#define PKTPATH_BPF_HOOKS_DROP_BPF_H

#include "hooks/end.bpf.h"
#include "hooks/tp_end.bpf.h"

/*
 * Does the protocol free like this, without a reason, what it has dealt with? icmpv6_rcv() does
 * (v6.1). So does tcp_v4_rcv(), at `discard_it', with the FIN that meets a socket in TIME_WAIT,
 * whose side closed first, and is answered; and with a SYN that came twice. What they drop has a
 * reason, or data that nobody gets.
 */
static __always_inline int was_dealt_with(const struct pp_rec *rec, u32 reason)
{
	if (!rec->ts[PP_ST_L4] || !is_no_reason(reason))
		return 0;
	return rec->l4_proto == IPPROTO_ICMPV6 ||
	       (rec->l4_proto == IPPROTO_TCP && !rec->data_len && rec->state == PP_S_SKB);
}

/* tp kfree_skb(skb, location, reason), v5.17 on */
HANDLER(drop)
{
	struct here h;
	u32 ref = 0;
	struct pp_rec *rec;

	if (!cfg.have_end) {
		drop_seen(typed, (struct sk_buff *)a0, a1, a2);
		return;
	}
	rec = record_of_freed(typed, a0, &h, &ref);
	if (!rec || was_dealt_with(rec, a2))
		return;
	if (!raw_took_it(rec, a2) && !(was_sent(rec) && is_no_reason(a2)))
		doom(&h, rec, a1, a2);
}

/* tp kfree_skb(skb, location), before v5.17. What icmpv6_rcv() drops cannot be told apart there. */
HANDLER(drop_bare)
{
	struct here h;
	u32 ref = 0;
	struct pp_rec *rec = record_of_freed(typed, a0, &h, &ref);

	if (!rec || (rec->l4_proto == IPPROTO_ICMPV6 && rec->ts[PP_ST_L4]))
		return;
	if (!raw_took_it(rec, 0) && !was_sent(rec))
		doom(&h, rec, a1, PP_R_NOT_GIVEN);
	if (!cfg.have_end)
		end_skb(&h, ref, rec, 0);
}

#endif /* PKTPATH_BPF_HOOKS_DROP_BPF_H */
