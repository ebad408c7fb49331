/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * UDP on kernels that allow no hooks on functions. Two tracepoints remain: sk_data_ready(sk), which
 * fires right after a datagram was queued, and sock_recv_length(sk, ret, flags), which fires after
 * a read (both v6.12 on). Neither names the skb. At the first it is at the tail of the receive
 * queue; at the second it is the oldest one, since a datagram socket is read in order. Two CPUs
 * that queue to one socket at the same instant may swap their packets here.
 */
#ifndef PKTPATH_BPF_HOOKS_UDP_FIFO_BPF_H
#define PKTPATH_BPF_HOOKS_UDP_FIFO_BPF_H

#include "core/tp_only.bpf.h"
#include "hooks/reader.bpf.h"

#ifdef PP_LEGACY	/* neither tracepoint is there, and nothing ever enters a FIFO */
HANDLER(read_udp_tp) {}
#else

#define MSG_PEEK 2
#define FIFO_BEHIND 8	/* v6.18: a CPU may queue for several before the reader is woken */
#define FIFO_READ (~0u)	/* in a FIFO's ring: the read came before the record was entered */

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
		/* The end of a UDP socket cannot be seen, so an empty FIFO may be taken over. */
		was = f ? f->sk : 0;
		if (f && (!was || f->head == f->tail) &&
		    pp_cas64(&f->sk, was, sk) == was) {
			f->skipped = 0;
			return f;
		}
	}
	return NULL;
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
	if (__sync_lock_test_and_set(&f->ring[ticket & (PP_FIFO_LEN - 1)], ref) != FIFO_READ)
		return;
	f->ring[ticket & (PP_FIFO_LEN - 1)] = 0;
	stamp(h, rec, PP_ST_READ);
	if (pp_unindex(rec->skb, ref))
		finish(h, rec, PP_V_DELIVERED, 0, 0);
}

/*
 * Take the oldest entry, unless its packet is `unread`: then the one that was read came and went
 * before it could be entered. 0: there is none, or it is not written yet; then whoever writes it
 * ends its record. Entries of packets that left the queue in another way, or whose record belongs
 * to another by now, are skipped.
 */
static __always_inline u32 fifo_pop(struct pp_fifo *f, u64 sk, u64 unread)
{
	u32 head, ref;
	struct pp_rec *rec;
	int i;

	for (i = 0; i < 32; i++) {
		head = *(volatile u32 *)&f->head;
		if (head == *(volatile u32 *)&f->tail)
			break;
		ref = *(volatile u32 *)&f->ring[head & (PP_FIFO_LEN - 1)];
		rec = ref ? pp_rec_at(ref - 1) : NULL;
		if (rec && (rec->state != PP_S_FIFO || rec->sk != sk || rec->tail != head))
			rec = NULL;
		if (rec && rec->skb == unread)
			return 0;
		if (pp_cas32(&f->head, head, head + 1) != head)
			continue;
		ref = __sync_lock_test_and_set(&f->ring[head & (PP_FIFO_LEN - 1)], FIFO_READ);
		if (!ref)
			return 0;
		f->ring[head & (PP_FIFO_LEN - 1)] = 0;
		if (rec)
			return ref;
	}
	if (i < 32 && f->skipped)
		__sync_fetch_and_add(&f->skipped, -1);
	return 0;
}

/* Is it the record of this datagram, which has just been queued? */
static __always_inline int is_new_there(const int typed, struct sk_buff *skb,
					const struct pp_rec *rec)
{
	return rec && rec->state == PP_S_SKB && !rec->ts[PP_ST_SOCK] && is_own(typed, skb, rec);
}

/*
 * The datagrams that no FIFO has yet, the newest first: in the receive queue and, if a reader has
 * taken all of that over meanwhile, at the end of its own. Returns how many.
 */
static __always_inline int find_new(const int typed, struct sock *sk, u32 refs[FIFO_BEHIND])
{
	struct sk_buff *skb = RD(typed, sk, sk_receive_queue.prev), *own;
	struct pp_rec *rec;
	struct here h;
	int n, in_own;
	u32 ref = 0;

	for (n = 0; n < FIFO_BEHIND && !is_queue_head(sk, skb); n++) {
		rec = n ? pp_find((u64)skb, &ref) : record_or_clone(typed, skb, &h, &ref);
		if (!is_new_there(typed, skb, rec))
			break;
		refs[n] = ref;
		skb = RD(typed, skb, prev);
	}
	if (!is_queue_head(sk, skb))
		return n;
	own = BPF_CORE_READ((const struct udp_sock *)sk, reader_queue.prev);
	for (in_own = 0; in_own < FIFO_BEHIND && n < FIFO_BEHIND; in_own++) {
		if (!is_new_there(0, own, pp_find((u64)own, &ref)))
			break;
		refs[n++ & (FIFO_BEHIND - 1)] = ref;
		own = BPF_CORE_READ(own, prev);
	}
	return n;
}

/* tp sk_data_ready(sk): enter all that was queued since the last one, the oldest first. */
static __always_inline void ready_udp(const int typed, struct sock *sk)
{
	u32 refs[FIFO_BEHIND] = {};
	struct pp_rec *rec;
	struct here h;
	int i;

	if (!find_new(typed, sk, refs) || !here(&h))
		return;
	for (i = FIFO_BEHIND - 1; i >= 0; i--) {
		rec = refs[i] ? pp_rec_at(refs[i] - 1) : NULL;
		if (!rec)
			continue;
		stamp(&h, rec, PP_ST_SOCK);
		fifo_push(&h, (u64)sk, refs[i], rec);
	}
	announce(&h, (u64)sk);
}

/* The datagram that will be read next, from the reader's own queue or else from the socket's. */
static __always_inline u64 next_unread(const int typed, struct sock *sk)
{
	const struct udp_sock *up = (const struct udp_sock *)sk;
	u64 first = (u64)BPF_CORE_READ(up, reader_queue.next);

	if (first != (u64)sk + bpf_core_field_offset(struct udp_sock, reader_queue))
		return first;
	return (u64)RD(typed, sk, sk_receive_queue.next);
}

/* tp sock_recv_length(sk, ret, flags): a datagram was read, or peeked at. */
HANDLER(read_udp_tp)
{
	struct pp_fifo *f = fifo_find(a0, 0);
	struct pp_rec *rec;
	struct here h;
	u32 ref;

	if (!f || (int)a1 < 0 || (a2 & MSG_PEEK) || !here(&h))
		return;
	ref = fifo_pop(f, a0, next_unread(typed, (struct sock *)a0));
	rec = ref ? pp_rec_at(ref - 1) : NULL;
	if (!rec || !pp_unindex(rec->skb, ref))
		return;
	finish_read_here(&h, rec, a0);
}

#endif /* PP_LEGACY */

#endif /* PKTPATH_BPF_HOOKS_UDP_FIFO_BPF_H */
