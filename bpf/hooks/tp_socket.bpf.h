/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * Sockets on kernels that allow no hooks on functions. Tp sk_data_ready(sk), v6.12 on, fires when
 * something was queued on a socket, of whatever kind. It does not name the skb, which is at the
 * tail of the receive queue.
 */
#ifndef PKTPATH_BPF_HOOKS_TP_SOCKET_BPF_H
#define PKTPATH_BPF_HOOKS_TP_SOCKET_BPF_H

#include "core/tp_only.bpf.h"
#include "hooks/raw.bpf.h"
#include "hooks/tcp.bpf.h"
#include "hooks/udp_fifo.bpf.h"

#ifdef PP_LEGACY
HANDLER(data_ready) {}
HANDLER(sock_probe) {}
HANDLER(sock_state) {}
#else

#define SOCK_RAW 3	/* include/linux/net.h */

enum { TCP_ESTABLISHED = 1, TCP_FIN_WAIT2 = 5, TCP_CLOSE = 7, TCP_LAST_ACK = 9, TCP_CLOSING = 11 };

/* A raw or ping socket got a copy; some ping sockets get the packet itself. */
static __always_inline void ready_raw(const int typed, struct sock *sk)
{
	struct sk_buff *skb = RD(typed, sk, sk_receive_queue.prev);
	struct pp_rec *rec, *of;
	struct here h;
	u32 ref = 0;

	if (is_queue_head(sk, skb))
		return;
	rec = pp_find((u64)skb, &ref);
	if (!here(&h) || (rec && !is_own(typed, skb, rec)))
		return;
	if (!rec) {
		/* It need not be the current one's, if the stack got a list: see is_no_loss(). */
		h.c->raw_head = (u64)RD(typed, skb, head);
		h.c->raw_hash = first_bytes(typed, skb);
		of = clone_of_current(typed, skb);
		if (!of)
			return;
		of->flags |= PP_F_RAW;
		rec = birth_clone(typed, &h, of, skb);
	}
	if (!rec || rec->ts[PP_ST_SOCK])
		return;
	queue_on(&h, rec, (u64)sk);
}

/*
 * What tp tcp_probe has not shown before: it only fires in an established connection. The socket is
 * locked. A segment without data (FIN) has been dealt with by now.
 */
static __always_inline void ready_tcp(const int typed, struct sock *sk)
{
	struct sk_buff *skb = RD(typed, sk, sk_receive_queue.prev);
	struct pp_rec *rec;
	struct here h;
	u32 ref = 0;

	if (is_queue_head(sk, skb))
		return;
	rec = record_or_clone(typed, skb, &h, &ref);
	if (rec && rec->state == PP_S_SKB && is_own(typed, skb, rec))
		h_sock_tcp(typed, (u64)sk, (u64)skb, 0);
}

HANDLER(data_ready)
{
	struct sock *sk = (void *)a0;
	u16 protocol = RD(typed, sk, sk_protocol);

	if (protocol == IPPROTO_UDP)
		ready_udp(typed, sk);
	else if (protocol == IPPROTO_TCP)
		ready_tcp(typed, sk);
	else if (RD(typed, sk, sk_type) == SOCK_RAW || protocol == IPPROTO_ICMP ||
		 protocol == IPPROTO_ICMPV6)
		ready_raw(typed, sk);
}

/*
 * tp tcp_probe(sk, skb), v6.12 on. It fires in tcp_rcv_established() before that decides what to
 * do. Data that it will drop as old is left alone until it is freed.
 */
HANDLER(sock_probe)
{
	struct sk_buff *skb = (void *)a1;
	struct pp_rec *rec;
	struct segment seg;
	u32 rcv_nxt, ref = 0;
	struct here h;
	int data;

	rec = record_or_clone(typed, skb, &h, &ref);
	if (!rec || !is_own(typed, skb, rec))
		return;
	seg = segment_of(typed, skb);
	rcv_nxt = TCP_SK(a0, rcv_nxt);
	data = pp_seq_after(seg.data_end, seg.seq);
	if (data && pp_seq_after(seg.seq, rcv_nxt))
		h_ooo(typed, a0, a1, 0);
	else if (!data || pp_seq_after(seg.data_end, rcv_nxt))
		h_sock_tcp(typed, a0, a1, 0);	/* without data: the kernel was the receiver */
}

/* Is it a packet without data of this connection? */
static __always_inline int is_signal_of(const int typed, struct sock *sk,
					const struct pp_rec *rec)
{
	if (rec->l4_proto != IPPROTO_TCP || rec->data_len ||
	    rec->sport != RD(typed, sk, __sk_common.skc_dport) ||
	    bpf_ntohs(rec->dport) != RD(typed, sk, __sk_common.skc_num))
		return 0;
	return rec->eth_proto != ETH_P_IP ||
	       *(u32 *)rec->saddr == RD(typed, sk, __sk_common.skc_daddr);
}

/* Does a connection only change its state so when a packet comes? */
static __always_inline int is_by_packet(u32 from, u32 to, const struct pp_rec *rec)
{
	if (to == TCP_CLOSE)
		return from == TCP_LAST_ACK || from == TCP_CLOSING ||
		       rec->tcp_flags & TCP_FLAG_RST;
	return to == TCP_ESTABLISHED || to == TCP_FIN_WAIT2;
}

/*
 * tp inet_sock_set_state(sk, from, to): the packet that this CPU's stack has is what changed it, as
 * the last ACK of a handshake does. It is freed without a word.
 */
HANDLER(sock_state)
{
	struct sock *sk = (void *)a0;
	struct pp_cpu *c = this_cpu();
	u32 ref = c ? c->shared_ref : 0;
	struct pp_rec *rec = ref ? pp_rec_at(ref - 1) : NULL;
	struct here h;

	if (!rec || rec->id != c->shared_id || rec->state != PP_S_SKB ||
	    RD(typed, sk, sk_protocol) != IPPROTO_TCP)
		return;
	if (is_signal_of(typed, sk, rec) && is_by_packet(a1, a2, rec) && here(&h) &&
	    pp_unindex(rec->skb, ref))
		finish(&h, rec, PP_V_CONSUMED, 0, 0);
}

#endif /* PP_LEGACY */

#endif /* PKTPATH_BPF_HOOKS_TP_SOCKET_BPF_H */
