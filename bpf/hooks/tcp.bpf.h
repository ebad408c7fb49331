/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * TCP: from the socket to the reader. Applications read bytes, not skbs, so from here on a record
 * is found by its socket and sequence number. See docs/INTERNALS.md.
 */
#ifndef PKTPATH_BPF_HOOKS_TCP_BPF_H
#define PKTPATH_BPF_HOOKS_TCP_BPF_H

#include "core/sock_list.bpf.h"
#include "hooks/reader.bpf.h"

/*
 * The socket is locked by its owner: tcp_add_backlog(sk, skb), under the socket's spinlock only.
 * The owner may be reading, so the socket's list must not be touched here. The data may right now
 * be coalesced into the backlog's tail; then the free that follows (h_end) finds the record held,
 * and hangs it below that of the tail.
 */
HANDLER(held)
{
	struct sock *sk = (void *)a0;
	struct sk_buff *skb = (void *)a1;
	u32 ref = 0, tail_ref = 0;
	struct pp_rec *rec;
	struct segment seg;
	struct here h;
	u64 tail;

	rec = record_here(a1, &h, &ref);
	if (!rec)
		return;
	stamp(&h, rec, PP_ST_HELD);
	seg = segment_of(typed, skb);
	if (!pp_seq_after(seg.data_end, seg.seq))
		rec->flags |= PP_F_NODATA;
	rec->read_seq = seg.data_end;
	rec->sk = a0;
	tail = (u64)RD(typed, sk, sk_backlog.tail);
	if (tail && pp_find(tail, &tail_ref))
		rec->tail = tail_ref;
	rec->state = PP_S_HELD;
}

/*
 * tcp_data_queue(sk, skb): a segment beyond rcv_nxt waits in the out-of-order queue for a gap to
 * close.
 */
HANDLER(ooo)
{
	struct sk_buff *skb = (void *)a1;
	struct pp_rec *rec;
	struct segment seg;
	struct here h;
	u32 ref = 0;

	rec = pp_find(a1, &ref);
	if (!rec || rec->state == PP_S_OOO)
		return;
	seg = segment_of(typed, skb);
	if (!pp_seq_after(seg.data_end, seg.seq) || !pp_seq_after(seg.seq, TCP_SK(a0, rcv_nxt)))
		return;
	if (!here(&h))
		return;
	stamp(&h, rec, PP_ST_OOO);
	if (rec->state != PP_S_HELD)
		rec->read_seq = seg.data_end;
	if (!link_to_sock(&h, a0, ref, rec))
		rec->state = PP_S_OOO;
	else if (pp_unindex(a1, ref))
		finish_no_sock(&h, rec);
}

/*
 * tcp_queue_rcv(sk, skb): the data is in order, and can be read from now on. The record leaves the
 * address index, since the skb may be coalesced into another at once.
 */
HANDLER(sock_tcp)
{
	struct sk_buff *skb = (void *)a1;
	struct pp_rec *rec;
	struct segment seg;
	struct here h;
	u32 ref = 0;

	rec = record_here(a1, &h, &ref);
	if (!rec)
		return;
	/* First of all: if it was evicted this very moment, another CPU ends it. */
	if (!pp_unindex(a1, ref))
		return;
	seg = segment_of(typed, skb);
	if (!pp_seq_after(seg.data_end, seg.seq)) {
		finish(&h, rec, PP_V_CONSUMED, 0, 0);	/* nothing to be read: FIN, ACK */
		return;
	}
	stamp(&h, rec, PP_ST_SOCK);
	announce_tcp(typed, &h, (struct sock *)a0);
	if (rec->state != PP_S_HELD)
		rec->read_seq = seg.data_end;
	if (link_to_sock(&h, a0, ref, rec))
		finish_no_sock(&h, rec);
	else
		rec->state = PP_S_SOCK;
}

/*
 * tcp_try_fastopen(listener, skb, …) has returned a child, whose queue has a clone of the SYN with
 * its data. tcp_fastopen_add_skb(), which put it there, is inlined (v6.1).
 */
HANDLER(sock_tfo)
{
	if (a2)
		h_sock_tcp(0, a2, a1, 0);
}

/*
 * End the record at the head of the socket's list if `copied_seq` has passed it. A record without a
 * `sock` stamp of its own (its data was coalesced in the backlog, or waited out of order) became
 * readable together with the one before it in sequence. Returns 0 when there is no more to do.
 */
static __always_inline int drain_one(const struct here *h, struct pp_sock *s, u32 copied,
				     int closing, const struct reader *r)
{
	struct pp_rec *rec = s->head ? pp_rec_at(s->head - 1) : NULL;
	u64 sk = s->sk;
	int read;
	u32 ref;

	if (!rec)
		return 0;
	read = !pp_seq_after(rec->read_seq, copied);
	if (!read && !closing)
		return 0;
	ref = s->head;
	if (rec->state == PP_S_ZOMBIE) {
		pp_sock_pop(s, rec);
		*(volatile u32 *)&rec->state = PP_S_FREE;
		return 1;
	}
	if (rec->state == PP_S_OOO && !pp_unindex(rec->skb, ref)) {
		/* Evicted by another CPU, which ends it; the later of the two frees the slot. */
		pp_sock_pop(s, rec);
		if (pp_cas32(&rec->state, PP_S_OOO, PP_S_SKB) != PP_S_OOO)
			*(volatile u32 *)&rec->state = PP_S_FREE;
		return 1;
	}
	if (rec->ts[PP_ST_SOCK]) {
		s->sock_ns = rec->ts[PP_ST_SOCK];
		s->sock_cpu = rec->cpu[PP_ST_SOCK];
	} else if (read && s->sock_ns) {
		pp_stamp(rec, PP_ST_SOCK, s->sock_ns, s->sock_cpu);
	}
	pp_sock_pop(s, rec);
	if (rec->flags & PP_F_NODATA) {
		finish(h, rec, PP_V_CONSUMED, 0, 0);
	} else if (read) {
		finish_read(h, rec, sk, r);
	} else {
		rec->reason = PP_R_UNREAD;
		finish(h, rec, PP_V_DROPPED, 0, 0);
	}
	return 1;
}

/* Records at the head of a list that are to end: all, or those that `copied` has passed. */
struct sweep {
	struct reader r;
	u64 sk;
	u32 copied;
	u32 slot;
	int all;
};

#ifdef PP_LEGACY
/*
 * In place of bpf_loop(), before v5.17: global functions are verified apart from their callers, so
 * loops of loops cost the verifier next to nothing. Each returns 0 when there is no more to do.
 */
#define SWEEP_STEPS 64
int pp_sweep(u32 slot, u64 sk, u32 copied, u32 flags);
int pp_sweep_more(u32 slot, u64 sk, u32 copied, u32 flags);
_Static_assert(SWEEP_STEPS * SWEEP_STEPS * SWEEP_STEPS * 2 >= PP_REC_MAX, "a sweep takes all");

__attribute__((noinline)) int pp_sweep(u32 slot, u64 sk, u32 copied, u32 flags)
{
	struct pp_sock *s = pp_sock_at(slot);
	struct reader r = { .flags = flags };
	struct here h;
	int i;

	if (!here(&h))
		return 0;
#pragma clang loop unroll(disable)
	for (i = 0; i < SWEEP_STEPS; i++)
		if (s->sk != sk || !drain_one(&h, s, copied, 1, &r))
			return 0;
	return 1;
}

__attribute__((noinline)) int pp_sweep_more(u32 slot, u64 sk, u32 copied, u32 flags)
{
	int i;

#pragma clang loop unroll(disable)
	for (i = 0; i < SWEEP_STEPS; i++)
		if (!pp_sweep(slot, sk, copied, flags))
			return 0;
	return 1;
}

static __always_inline void sweep(u32 slot, u64 sk, u32 copied, u32 flags)
{
	struct pp_sock *s = pp_sock_at(slot);
	int i;

	if (s->sk != sk)
		return;
	sk = *(volatile u64 *)&s->sk;	/* a number, where the argument may be a typed pointer */
#pragma clang loop unroll(disable)
	for (i = 0; i < 2 * SWEEP_STEPS; i++)
		if (!pp_sweep_more(slot, sk, copied, flags))
			return;
}
#else
static long sweep_one(u32 i, struct sweep *w)
{
	struct pp_sock *s = pp_sock_at(w->slot);
	struct here h;

	if (s->sk != w->sk || !here(&h))
		return 1;
	return !drain_one(&h, s, w->copied, w->all, &w->r);
}

static __always_inline void sweep(u32 slot, u64 sk, u32 copied, u32 flags)
{
	struct sweep w = { .sk = sk, .copied = copied, .slot = slot, .r.flags = flags,
			   .all = 1 };

	bpf_loop(PP_REC_MAX, sweep_one, &w, 0);
}
#endif /* PP_LEGACY */

/*
 * A TCP read: tp tcp_rcv_space_adjust(sk), after each chunk that is copied, under the socket lock,
 * when copied_seq has already moved. A chunk is at most one skb of the receive queue, which nearly
 * always has few records: a short loop ends those, which the verifier follows turn by turn, and
 * bpf_loop() the others. What exceeds the bound is ended at the next chunk.
 */
#define READ_MAX 128
#ifdef PP_LEGACY
#define READ_NEAR READ_MAX
#else
#define READ_NEAR 4
#endif

HANDLER(read_tcp)
{
	int slot = sock_slot(a0), i;
	struct pp_sock *s = slot < 0 ? NULL : pp_sock_at(slot);
	struct pp_rec *first = s && s->head ? pp_rec_at(s->head - 1) : NULL;
	struct sweep w = { .sk = a0, .slot = slot };
	struct here h;

	if (!first)
		return;
	w.copied = TCP_SK(a0, copied_seq);
	if (pp_seq_after(first->read_seq, w.copied) || !here(&h))
		return;
	reader_of_tcp(a0, &w.r);
	for (i = 0; i < READ_NEAR; i++)
		if (s->sk != a0 || !drain_one(&h, s, w.copied, 0, &w.r))
			break;
#ifndef PP_LEGACY
	if (i == READ_NEAR)
		bpf_loop(READ_MAX - READ_NEAR, sweep_one, &w, 0);
#endif
	reader_done(&h, &w.r);
}

/*
 * mptcp_data_ready(sk, ssk) has returned: MPTCP took what it could off its subflow `ssk`, which no
 * other hook shows.
 */
HANDLER(mptcp)
{
	h_read_tcp(0, a1, 0, 0);
}

/* A socket goes: end all of its records. What `copied_seq` has not passed was never read. */
static __always_inline void sweep_sock(u64 sk, u32 copied)
{
	int slot = sock_slot(sk);

	/* No reader: whoever closes the socket need not be who read from it. */
	if (slot >= 0)
		sweep(slot, sk, copied, layer_of(sk));
}

/* __tcp_close(sk) */
HANDLER(close)
{
	sweep_sock(a0, TCP_SK(a0, copied_seq));
}

/*
 * inet_sock_destruct(sk), tp tcp_destroy_sock(sk). Some sockets are never closed, such as one that
 * was never accepted, and only come here. tcp_disconnect() has thrown their data away, but has
 * moved copied_seq past it, and cleared sk_shutdown, which is set in all sockets that end in
 * another way.
 */
HANDLER(destruct)
{
	u32 copied = TCP_SK(a0, copied_seq);

	if (!BPF_CORE_READ((const struct sock *)a0, sk_shutdown))
		copied -= 1u << 30;	/* beyond any window */
	sweep_sock(a0, copied);
}

#endif /* PKTPATH_BPF_HOOKS_TCP_BPF_H */
