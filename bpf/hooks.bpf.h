/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * One handler per row kind of PP_HOOKS: what is learnt where that hook fires. Each is
 * h_NAME(typed, a0, a1, a2), arguments as the hooked function has them; the programs in
 * pktpath.bpf.c only fetch them. Kernel facts are from v6.1 unless a line says otherwise.
 */
#ifndef PKTPATH_HOOKS_BPF_H
#define PKTPATH_HOOKS_BPF_H

#include "path.bpf.h"

#define HANDLER(name) static __always_inline void h_##name(const int typed, u64 a0, u64 a1, u64 a2)
#define NET_RX_SOFTIRQ 3	/* include/linux/interrupt.h, part of the ABI of /proc/softirqs */

/* --- interrupt, NAPI, poll: once per poll, not per packet ----------------------------------- */

HANDLER(irq_enter)
{
	struct here h;

	if (here(&h))
		h.c->irq_ns = h.now;
}

HANDLER(irq_exit)
{
	u32 cpu = bpf_get_smp_processor_id();
	struct pp_cpu *c = bpf_map_lookup_elem(&cpus, &cpu);

	if (c)
		c->irq_ns = 0;
}

/* __napi_schedule(napi): the interrupt handler that encloses it is the poll's cause. */
HANDLER(napi)
{
	struct pp_napi *n;
	struct here h;

	if (!here(&h))
		return;
	n = pp_napi_find(a0, 1);
	if (!n || n->sched_ns)	/* on RT one of the two functions calls the other */
		return;
	n->irq_ns = h.c->irq_ns;
	n->irq_cpu = h.cpu;
	n->sched_cpu = h.cpu;
	if (h.c->irq_ns)
		n->cause = PP_C_IRQ;
	else	/* napi_complete_done() within the poll, after an interrupt found it running */
		n->cause = h.c->poll.napi == a0 ? PP_C_MISSED : PP_C_TIMER;
	n->sched_ns = h.now;
}

HANDLER(softirq)
{
	struct here h;

	if (here(&h))
		h.c->softirq_ns = h.now;
}

HANDLER(softirq_vec)
{
	if ((u32)a0 == NET_RX_SOFTIRQ)
		h_softirq(typed, 0, 0, 0);
}

/* __napi_poll(napi): take over what the interrupt left, for the packets of this poll. */
HANDLER(poll)
{
	struct napi_struct *napi = (void *)a0;
	struct pp_poll *p;
	struct pp_napi *n;
	struct here h;

	if (!here(&h))
		return;
	p = &h.c->poll;
	p->napi = a0;
	p->poll_ns = h.now;
	p->irq_ns = p->sched_ns = p->softirq_ns = 0;
	n = pp_napi_find(a0, 0);
	if (!n) {
		/* Never seen scheduled: only the backlog has no device (net_dev_init()). */
		p->cause = RD(typed, napi, dev) ? PP_C_NONE : PP_C_BACKLOG;
		return;
	}
	if (!n->sched_ns) {
		p->cause = PP_C_REPOLL;
		return;
	}
	p->cause = n->cause;
	p->irq_ns = n->irq_ns;
	p->irq_cpu = n->irq_cpu;
	p->sched_ns = n->sched_ns;
	p->sched_cpu = n->sched_cpu;
	/* An interrupt may come while the softirq runs already: then this one did not start it. */
	if (h.c->softirq_ns >= n->sched_ns)
		p->softirq_ns = h.c->softirq_ns;
	n->sched_ns = 0;
}

/* tp napi_poll fires when the driver's poll is over: what comes now is not of this poll. */
HANDLER(poll_end)
{
	u32 cpu = bpf_get_smp_processor_id();
	struct pp_cpu *c = bpf_map_lookup_elem(&cpus, &cpu);

	if (c)
		c->poll.napi = 0;
}

/* --- birth and the way up ------------------------------------------------------------------- */

HANDLER(gro)
{
	struct here h;

	if (!here(&h))
		return;
	finish_stale(&h, a0);
	birth(typed, &h, (struct sk_buff *)a0, PP_ST_GRO);
}

/* skb_gro_receive(p, skb) == 0, or its list twin: skb's data now belongs to p. */
HANDLER(merge)
{
	u32 ref = 0, parent_ref = 0;
	struct pp_rec *rec, *parent;
	struct here h;

	if ((int)a2 != 0)
		return;
	rec = pp_find(a1, &ref);
	if (!rec || !here(&h))
		return;
	parent = pp_find(a0, &parent_ref);
	rec->parent = parent ? parent->id : 0;
	pp_unindex(a1, ref);
	finish(&h, rec, PP_V_MERGED, 0, 0);
}

/* The list's packets meet `netif` one by one on this CPU right after: they take this stamp. */
HANDLER(flush)
{
	struct here h;

	if (here(&h))
		h.c->flush_ns = h.now;
}

static __always_inline void take_flush(const struct here *h, struct pp_rec *rec)
{
	u64 flush = h->c->flush_ns;

	if (rec->ts[PP_ST_GRO] && !rec->ts[PP_ST_FLUSH] && flush >= rec->last_ns) {
		rec->ts[PP_ST_FLUSH] = flush;
		rec->cpu[PP_ST_FLUSH] = h->cpu;
		rec->last_ns = flush;
	}
}

/* A packet that came through a backlog is fetched by the poll of the backlog. */
static __always_inline void take_backlog_poll(const struct here *h, struct pp_rec *rec)
{
	u64 queued = rec->ts[PP_ST_BACKLOG];

	if (!queued || rec->ts[PP_ST_POLL] || rec->ts[PP_ST_SOFTIRQ])
		return;
	rec->cause = PP_C_BACKLOG;
	if (h->c->softirq_ns >= queued) {
		rec->ts[PP_ST_SOFTIRQ] = h->c->softirq_ns;
		rec->cpu[PP_ST_SOFTIRQ] = h->cpu;
		rec->last_ns = h->c->softirq_ns;
	}
	if (h->c->poll.napi && h->c->poll.poll_ns >= queued) {
		rec->ts[PP_ST_POLL] = h->c->poll.poll_ns;
		rec->cpu[PP_ST_POLL] = h->cpu;
		rec->last_ns = h->c->poll.poll_ns;
	}
}

/* tp netif_rx: birth on loopback and veth, or one more device on the way. */
HANDLER(netif_rx)
{
	struct sk_buff *skb = (void *)a0;
	struct pp_rec *rec;
	struct here h;
	u32 ref = 0;

	if (!here(&h))
		return;
	rec = pp_find(a0, &ref);
	if (rec && rec->head == (u64)RD(typed, skb, head)) {
		rec->flags |= PP_F_HOP;
		stamp(&h, rec, PP_ST_BACKLOG);
		return;
	}
	finish_stale(&h, a0);
	birth(typed, &h, skb, PP_ST_BACKLOG);
}

HANDLER(backlog)
{
	struct pp_rec *rec;
	struct here h;
	u32 ref = 0;

	rec = pp_find(a0, &ref);
	if (!rec || !here(&h))
		return;
	take_flush(&h, rec);
	stamp(&h, rec, PP_ST_BACKLOG);
}

/* tp netif_receive_skb, also for packets whose driver uses neither GRO nor netif_rx(). */
HANDLER(netif)
{
	struct sk_buff *skb = (void *)a0;
	struct pp_rec *rec;
	struct here h;
	u32 ref = 0;

	if (!here(&h))
		return;
	rec = pp_find(a0, &ref);
	if (!rec) {
		rec = birth(typed, &h, skb, PP_ST_NETIF);
		if (rec)
			rec->flags |= PP_F_LATE;
		return;
	}
	take_flush(&h, rec);
	take_backlog_poll(&h, rec);
	if (rec->flags & PP_F_NOPARSE)
		parse(typed, skb, rec);
	stamp(&h, rec, PP_ST_NETIF);
}

static __always_inline struct pp_rec *stamp_skb(u64 skb, u32 stage)
{
	struct pp_rec *rec;
	struct here h;
	u32 ref = 0;

	rec = pp_find(skb, &ref);
	if (rec && here(&h))
		stamp(&h, rec, stage);
	return rec;
}

HANDLER(ip)
{
	stamp_skb(a0, PP_ST_IP);
}

/* ip_local_deliver_finish(net, sk, skb) and ip6_input_finish(): the same three. */
HANDLER(local)
{
	stamp_skb(a2, PP_ST_LOCAL);
}

HANDLER(l4)
{
	stamp_skb(a0, PP_ST_L4);
}

/* --- TCP -------------------------------------------------------------------------------------- */

/* Everything that hangs below a record which itself goes no further ends with it. */
static __always_inline void finish_children(const struct here *h, struct pp_rec *rec, u32 verdict,
					    u32 loss)
{
	u32 ref = rec->child;
	int i;

	/* tcp_add_backlog() coalesces at most MAX_SKB_FRAGS packets into one. */
	for (i = 0; i < 48 && ref; i++) {
		struct pp_rec *child = pp_rec_at(ref - 1);

		if (!child)
			break;
		ref = child->next;
		child->reason = rec->reason;
		finish(h, child, verdict, loss, 0);
	}
	rec->child = rec->child_tail = 0;
}

/*
 * tcp_add_backlog(sk, skb), under the socket's spinlock while its owner may be reading: the
 * socket's list must not be touched here. Data may be coalesced into the backlog's tail right
 * now; the free that follows (h_end) finds it in state HELD and hangs it below the tail.
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

	rec = pp_find(a1, &ref);
	if (!rec || !here(&h))
		return;
	stamp(&h, rec, PP_ST_HELD);
	seg = segment_of(typed, skb);
	if (!pp_seq_after(seg.data_end, seg.seq))
		return;
	rec->end_seq = seg.data_end;
	rec->sk = a0;
	tail = (u64)RD(typed, sk, sk_backlog.tail);
	if (tail && pp_find(tail, &tail_ref))
		rec->tail = tail_ref;
	rec->state = PP_S_HELD;
}

/* Enter a record in its socket's list, under the socket lock. Returns 0, or ends it as lost. */
static __always_inline int queue_on_sock(const struct here *h, u64 sk, u32 ref, struct pp_rec *rec)
{
	struct pp_sock *s = pp_sock_find(sk, 1);
	int unsorted = 0;

	if (!s) {
		finish_children(h, rec, PP_V_UNTRACKED, PP_L_SOCKTAB);
		pp_unindex(rec->skb, ref);
		finish(h, rec, PP_V_UNTRACKED, PP_L_SOCKTAB, 0);
		return -1;
	}
	pp_sock_link(s, ref, rec, &unsorted);
	if (unsorted)
		COUNT(h, unsorted);
	return 0;
}

/* tcp_data_queue(sk, skb): a segment beyond rcv_nxt waits in the out-of-order queue. */
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
		rec->end_seq = seg.data_end;
	if (!queue_on_sock(&h, a0, ref, rec))
		rec->state = PP_S_OOO;
}

/*
 * tcp_queue_rcv(sk, skb): in order, readable from here on. From now the record is known by
 * (socket, sequence): the skb itself may be coalesced away at once.
 */
HANDLER(sock_tcp)
{
	struct sk_buff *skb = (void *)a1;
	struct pp_rec *rec;
	struct segment seg;
	struct here h;
	u32 ref = 0;

	rec = pp_find(a1, &ref);
	if (!rec || !here(&h))
		return;
	seg = segment_of(typed, skb);
	if (!pp_seq_after(seg.data_end, seg.seq)) {
		pp_unindex(a1, ref);
		finish(&h, rec, PP_V_CONSUMED, 0, 0);	/* FIN without data */
		return;
	}
	stamp(&h, rec, PP_ST_SOCK);
	if (rec->state != PP_S_HELD)
		rec->end_seq = seg.data_end;
	if (queue_on_sock(&h, a0, ref, rec))
		return;
	pp_unindex(a1, ref);
	rec->state = PP_S_SOCK;
}

/*
 * tp tcp_probe(sk, skb), v6.12 on, where no function can be hooked: tcp_rcv_established() before
 * it decides. What it will drop as old is left to its end.
 */
HANDLER(sock_probe)
{
	struct sk_buff *skb = (void *)a1;
	struct pp_rec *rec;
	struct segment seg;
	struct here h;
	u32 rcv_nxt, ref = 0;

	rec = pp_find(a1, &ref);
	if (!rec || !here(&h))
		return;
	seg = segment_of(typed, skb);
	rcv_nxt = TCP_SK(a0, rcv_nxt);
	if (!pp_seq_after(seg.data_end, seg.seq)) {
		pp_unindex(a1, ref);
		finish(&h, rec, PP_V_CONSUMED, 0, 0);
		return;
	}
	if (pp_seq_after(seg.seq, rcv_nxt))
		h_ooo(typed, a0, a1, 0);
	else if (pp_seq_after(seg.data_end, rcv_nxt))
		h_sock_tcp(typed, a0, a1, 0);
}

/*
 * End the records at the head of the socket's list that `copied_seq` has passed. A record that
 * has no `sock` stamp of its own (coalesced in the backlog, or it waited out of order) became
 * readable together with the one before it in sequence. Returns 0 when there is no more to do.
 */
static __always_inline int drain_one(const struct here *h, struct pp_sock *s, u32 copied, int closing)
{
	struct pp_rec *rec = s->head ? pp_rec_at(s->head - 1) : NULL;
	int read;
	u32 ref;

	if (!rec)
		return 0;
	read = !pp_seq_after(rec->end_seq, copied);
	if (!read && !closing)
		return 0;
	ref = s->head;
	if (rec->state == PP_S_ZOMBIE) {
		pp_sock_pop(s, rec);
		*(volatile u32 *)&rec->state = PP_S_FREE;
		return 1;
	}
	if (rec->state == PP_S_OOO)
		pp_unindex(rec->skb, ref);
	if (rec->ts[PP_ST_SOCK]) {
		s->sock_ns = rec->ts[PP_ST_SOCK];
		s->sock_cpu = rec->cpu[PP_ST_SOCK];
	} else if (read && s->sock_ns) {
		pp_stamp(rec, PP_ST_SOCK, s->sock_ns, s->sock_cpu);
	}
	pp_sock_pop(s, rec);
	if (read) {
		stamp(h, rec, PP_ST_READ);
		finish(h, rec, PP_V_DELIVERED, 0, 0);
	} else {
		rec->reason = PP_R_UNREAD;
		finish(h, rec, PP_V_DROPPED, 0, 0);
	}
	return 1;
}

/*
 * tp tcp_rcv_space_adjust(sk): after each chunk copied, under the socket lock, copied_seq
 * already moved. A chunk is at most one skb of the receive queue; what exceeds the bound is
 * taken at the next chunk.
 */
HANDLER(read_tcp)
{
	struct pp_sock *s = pp_sock_find(a0, 0);
	struct here h;
	u32 copied;
	int i;

	if (!s || !here(&h))
		return;
	copied = TCP_SK(a0, copied_seq);
	for (i = 0; i < 128; i++)
		if (s->sk != a0 || !drain_one(&h, s, copied, 0))
			break;
}

struct sweep {
	struct here h;
	u64 sk;
	u32 copied;
	u32 slot;
};

static long sweep_one(u32 i, struct sweep *w)
{
	struct pp_sock *s = pp_sock_at(w->slot & (PP_SOCKS - 1));
	struct here h;

	if (!s || s->sk != w->sk || !here(&h))
		return 1;
	return !drain_one(&h, s, w->copied, 1);
}

/* __tcp_close(sk), inet_sock_destruct(sk): what is still there was never read. */
HANDLER(close)
{
	struct sweep w = { .sk = a0 };
	u32 hash = pp_hash(a0, PP_SOCK_BITS), i;

	for (i = 0; i < PP_PROBES; i++) {
		struct pp_sock *s = pp_sock_at((hash + i) & (PP_SOCKS - 1));

		if (s && s->sk == a0)
			break;
	}
	if (i == PP_PROBES)
		return;
	w.slot = hash + i;
	w.copied = TCP_SK(a0, copied_seq);
	bpf_loop(PP_REC_MAX, sweep_one, &w, 0);
}

#include "udp_tp.bpf.h"

/* --- UDP -------------------------------------------------------------------------------------- */

HANDLER(sock_udp)
{
	stamp_skb(a1, PP_ST_SOCK);
}

/*
 * skb_consume_udp(sk, skb, len): after the copy. MSG_PEEK comes here too, with len negative (0
 * for an empty datagram, hence the look at the references, of which the queue then holds one).
 */
HANDLER(read_udp)
{
	struct sk_buff *skb = (void *)a1;
	struct pp_rec *rec;
	struct here h;
	u32 ref = 0;

	rec = pp_find(a1, &ref);
	if (!rec || (int)a2 < 0 || RD(typed, skb, users.refs.counter) > 1 || !here(&h))
		return;
	stamp(&h, rec, PP_ST_READ);
	pp_unindex(a1, ref);
	finish(&h, rec, PP_V_DELIVERED, 0, 0);
}

/* --- ends ------------------------------------------------------------------------------------- */

/*
 * The address may belong to another packet by now if an end was missed. The head was saved at
 * birth; it may change legitimately (pskb_expand_head()), so the interface must differ too.
 */
static __always_inline int is_other(const int typed, struct sk_buff *skb, const struct pp_rec *rec)
{
	return (u64)RD(typed, skb, head) != rec->head && (u32)RD(typed, skb, skb_iif) != rec->ifindex;
}

/* An skb is freed: the last word on its record, unless a socket's list has it. */
static __always_inline void end_skb(const struct here *h, u32 ref, struct pp_rec *rec)
{
	struct pp_rec *tail;

	pp_unindex(rec->skb, ref);
	if (rec->state == PP_S_FIFO)
		fifo_forget(rec->sk, ref, rec->tail);
	if (rec->flags & PP_F_DOOMED) {
		finish_children(h, rec, PP_V_DROPPED, 0);
		finish(h, rec, PP_V_DROPPED, 0, rec->state == PP_S_OOO);
		return;
	}
	if (rec->state == PP_S_OOO) {
		rec->state = PP_S_SOCK;		/* coalesced in the out-of-order queue */
		return;
	}
	if (rec->state == PP_S_HELD) {		/* coalesced in the backlog */
		tail = rec->tail ? pp_rec_at(rec->tail - 1) : NULL;
		if (tail && tail->sk == rec->sk && tail->state == PP_S_HELD) {
			pp_adopt(rec->tail, tail, ref, rec);
			rec->state = PP_S_SOCK;
			return;
		}
		finish_children(h, rec, PP_V_UNTRACKED, PP_L_ORPHAN);
		finish(h, rec, PP_V_UNTRACKED, PP_L_ORPHAN, 0);
		return;
	}
	if (rec->l4_proto == 17 && rec->ts[PP_ST_SOCK])
		finish(h, rec, PP_V_UNTRACKED, PP_L_END, 0);
	else
		finish(h, rec, PP_V_CONSUMED, 0, 0);
}

HANDLER(end)
{
	struct sk_buff *skb = (void *)a0;
	struct pp_rec *rec;
	struct here h;
	u32 ref = 0;

	rec = pp_find(a0, &ref);
	if (!rec || !here(&h))
		return;
	if (is_other(typed, skb, rec)) {
		finish_stale(&h, a0);
		return;
	}
	end_skb(&h, ref, rec);
}

/* napi_reuse_skb(napi, skb): the frags path recycles the skb of a merged or dropped frame. */
HANDLER(end_reuse)
{
	h_end(typed, a1, 0, 0);
}

/*
 * tp kfree_skb(skb, location, reason): announces a drop; the free that follows ends the record.
 * Where no free can be seen, this is the end.
 */
HANDLER(drop)
{
	static const char fmt[] = "%ps";
	struct sk_buff *skb = (void *)a0;
	struct pp_rec *rec;
	struct here h;
	u32 ref = 0;

	rec = pp_find(a0, &ref);
	if (!rec || !here(&h))
		return;
	if (is_other(typed, skb, rec)) {
		finish_stale(&h, a0);
		return;
	}
	rec->location = a1;
	rec->reason = (u32)a2;
	rec->flags |= PP_F_DOOMED;
	rec->end_ns = h.now;
	bpf_snprintf(rec->place, sizeof(rec->place), fmt, &a1, sizeof(a1));
	if (!cfg.have_end)
		end_skb(&h, ref, rec);
}

/*
 * tp consume_skb(skb), where no free can be hooked: a packet that nobody but the kernel wanted.
 * One in a UDP socket's FIFO is being read: the socket's own hook says so in a moment.
 */
HANDLER(consume)
{
	struct pp_rec *rec;
	struct here h;
	u32 ref = 0;

	rec = pp_find(a0, &ref);
	if (!rec || rec->state == PP_S_FIFO || !here(&h))
		return;
	end_skb(&h, ref, rec);
}

#endif /* PKTPATH_HOOKS_BPF_H */
