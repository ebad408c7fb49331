/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * The list of records of a socket or, while fragments wait, of their queue: found by its address
 * in the table of sockets. Changed under the lock of the socket or queue only.
 */
#ifndef PKTPATH_BPF_CORE_SOCK_LIST_BPF_H
#define PKTPATH_BPF_CORE_SOCK_LIST_BPF_H

#include "core/record.bpf.h"

/* Enter a record in its socket's list, under the socket lock. -1: the table of sockets is full. */
static __always_inline int link_to_sock(const struct here *h, u64 sk, u32 ref, struct pp_rec *rec)
{
	struct pp_sock *s = pp_sock_find(sk, 1);
	int unsorted = 0;

	if (!s)
		return -1;
	pp_sock_link(s, ref, rec, &unsorted);
	if (unsorted)
		COUNT(h, unsorted);
	return 0;
}

/* The table of sockets is full: the record is lost. The caller has taken it out of the index. */
static __always_inline void finish_no_sock(const struct here *h, struct pp_rec *rec)
{
	finish_children(h, rec, PP_V_UNTRACKED, PP_L_SOCKTAB);
	finish(h, rec, PP_V_UNTRACKED, PP_L_SOCKTAB, 0);
}

/* A socket's slot in the table; -1 if it has no list. */
static __always_inline int sock_slot(u64 sk)
{
	u32 hash = pp_hash_shift(sk, pp_sock_shift()), i;

	for (i = 0; i < PP_PROBES; i++) {
		struct pp_sock *s = pp_sock_at(hash + i);

		if (s->sk == sk)
			return (hash + i) & cfg.sock_mask;
	}
	return -1;
}

#endif /* PKTPATH_BPF_CORE_SOCK_LIST_BPF_H */
