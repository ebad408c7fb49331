/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * UDP on kernels that let nobody hook functions. Two tracepoints remain: sk_data_ready(sk), fired
 * right after a datagram was queued, and sock_recv_length(sk, ret, flags), fired after a read
 * (both v6.12 on). Neither names the skb. The first finds it at the tail of the receive queue;
 * the second takes the oldest, since a datagram socket is read in order. Two CPUs that queue to
 * one socket at the same instant may swap their packets' places here.
 */
#ifndef PKTPATH_UDP_TP_BPF_H
#define PKTPATH_UDP_TP_BPF_H

#include "wake.bpf.h"

#define MSG_PEEK 2
#define FIFO_BEHIND 4	/* v6.18: one producer may queue for several before it wakes the reader */

static __always_inline struct pp_fifo *fifo_find(u64 sk, int claim)
{
	u32 h = pp_hash(sk, PP_FIFO_BITS), i, k;
	struct pp_fifo *f;

	for (i = 0; i < PP_PROBES; i++) {
		k = (h + i) & (PP_FIFOS - 1);
		f = bpf_map_lookup_elem(&fifos, &k);
		if (f && f->sk == sk)
			return f;
	}
	for (i = 0; claim && i < PP_PROBES; i++) {
		u64 was;

		k = (h + i) & (PP_FIFOS - 1);
		f = bpf_map_lookup_elem(&fifos, &k);
		/* Nobody tells when a UDP socket goes: an empty FIFO may be taken over. */
		was = f ? f->sk : 0;
		if (f && (!was || f->head == f->tail) &&
		    __sync_val_compare_and_swap(&f->sk, was, sk) == was) {
			f->skipped = 0;
			return f;
		}
	}
	return NULL;
}

/* The packet left the queue in another way: its read will not come. */
static __always_inline void fifo_forget(u64 sk, u32 ref, u32 ticket)
{
	struct pp_fifo *f = fifo_find(sk, 0);

	if (f && f->ring[ticket & (PP_FIFO_LEN - 1)] == ref)
		f->ring[ticket & (PP_FIFO_LEN - 1)] = 0;
}

static __always_inline void fifo_push(const struct here *h, u64 sk, u32 ref, struct pp_rec *rec)
{
	struct pp_fifo *f = fifo_find(sk, 1);
	u32 ticket;

	if (!f || f->skipped || f->tail - f->head >= PP_FIFO_LEN) {
		if (f)
			__sync_fetch_and_add(&f->skipped, 1);
		if (pp_unindex(rec->skb, ref))
			finish(h, rec, PP_V_UNTRACKED, PP_L_SOCKTAB, 0);
		return;
	}
	ticket = __sync_fetch_and_add(&f->tail, 1);
	rec->sk = sk;
	rec->tail = ticket;
	rec->state = PP_S_FIFO;
	f->ring[ticket & (PP_FIFO_LEN - 1)] = ref;
}

/* The oldest unread packet's reference and ticket; 0 if it has no record. */
static __always_inline u32 fifo_pop(struct pp_fifo *f, u32 *ticket)
{
	u32 head, ref;
	int i;

	for (i = 0; i < 32; i++) {
		head = *(volatile u32 *)&f->head;
		if (head == *(volatile u32 *)&f->tail) {
			if (f->skipped)
				__sync_fetch_and_add(&f->skipped, -1);
			return 0;
		}
		if (__sync_val_compare_and_swap(&f->head, head, head + 1) != head)
			continue;
		ref = f->ring[head & (PP_FIFO_LEN - 1)];
		f->ring[head & (PP_FIFO_LEN - 1)] = 0;
		*ticket = head;
		if (ref)
			return ref;
	}
	return 0;
}

/* tp sk_data_ready(sk) */
HANDLER(sock_udp_tp)
{
	struct sock *sk = (void *)a0;
	struct sk_buff *skb = RD(typed, sk, sk_receive_queue.prev);
	struct pp_rec *rec;
	struct here h;
	u32 ref = 0;
	int i;

	for (i = 0; i < FIFO_BEHIND; i++) {
		rec = pp_find((u64)skb, &ref);
		if (!rec || rec->l4_proto != 17 || rec->ts[PP_ST_SOCK] || !here(&h))
			return;
		stamp(&h, rec, PP_ST_SOCK);
		announce(&h, a0);
		fifo_push(&h, a0, ref, rec);
		skb = RD(typed, skb, prev);
	}
}

/* tp sock_recv_length(sk, ret, flags) */
HANDLER(read_udp_tp)
{
	struct pp_fifo *f = fifo_find(a0, 0);
	struct pp_rec *rec;
	struct reader r;
	struct here h;
	u32 ref, ticket = 0;

	if (!f || (int)a1 < 0 || (a2 & MSG_PEEK) || !here(&h))
		return;
	ref = fifo_pop(f, &ticket);
	rec = ref ? pp_rec_at(ref - 1) : NULL;
	/* The record may have been lost, and be another packet's by now. */
	if (!rec || rec->state != PP_S_FIFO || rec->sk != a0 || rec->tail != ticket)
		return;
	if (!pp_unindex(rec->skb, ref))
		return;
	reader_here(&r);
	finish_read(&h, rec, a0, &r);
	reader_done(&h, &r);
}

#endif /* PKTPATH_UDP_TP_BPF_H */
