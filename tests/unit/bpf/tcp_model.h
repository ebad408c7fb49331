/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * The model of the kernel's TCP receiver for test_tcp.c, which includes it in its middle: it calls
 * the handlers where the kernel would, and knows what must become of each packet (`fate`).
 */
#ifndef PKTPATH_TCP_MODEL_H
#define PKTPATH_TCP_MODEL_H

struct packet {
	struct sk_buff skb;
	struct packet *next;
	u8 bytes[40];
	u32 seq, end;
	u32 group[GROUP], nr;	/* numbers of the packets in it; its own is the first */
	int used;
};

struct queue {
	struct packet *head, *tail;
};

static struct packet pool[SKBS];
static struct net net = { .ns = { .inum = 4026531840u } };
static struct net_device device = { .ifindex = 2, .nd_net = { &net } };
static union {
	struct sock sk;
	struct tcp_sock tp;
} socket_;
static struct queue rxq, backlog, ofo;
static u32 seed, sent;
static int locked, asleep;	/* the reader: it owns the socket's lock, it waits for data */

/* What may read in the application's place; the last one does not. */
static struct tcp_ulp_ops layers[] = { { "tls" }, { "mptcp" }, { "smc" } };

#define SK ((u64)&socket_)
#define REASON 7	/* any: of one that is given, what has no data is dropped as well */
#define TP (&socket_.tp)
#define ADDR(p) ((u64)&(p)->skb)

static u32 rnd(u32 n)
{
	seed ^= seed << 13;
	seed ^= seed >> 17;
	seed ^= seed << 5;
	return seed % n;
}

static void append(struct queue *q, struct packet *p)
{
	p->next = NULL;
	if (q->tail)
		q->tail->next = p;
	else
		q->head = p;
	q->tail = p;
}

static struct packet *take(struct queue *q)
{
	struct packet *p = q->head;

	if (p)
		q->head = p->next;
	if (!q->head)
		q->tail = NULL;
	return p;
}

static void set_cb(struct packet *p)
{
	struct tcp_skb_cb cb = { .seq = p->seq, .end_seq = p->end, .tcp_flags = 0x10 };

	memcpy(p->skb.cb, &cb, sizeof(cb));
}

/* A fresh skb, at an address that another one may just have left. */
static struct packet *new_packet(u32 seq, u32 len)
{
	static u8 tcp_ip[40] = { 0x45, [9] = 6, [32] = 0x50, [33] = 0x10 };
	struct packet *p;

	do
		p = &pool[rnd(SKBS)];
	while (p->used);
	memset(p, 0, sizeof(*p));
	p->used = 1;
	p->seq = seq;
	p->end = seq + len;
	p->group[p->nr++] = ++sent;
	fate[sent].end = p->end;
	memcpy(p->bytes, tcp_ip, sizeof(tcp_ip));
	*(u16 *)&p->bytes[2] = bpf_ntohs(40 + len);
	*(u32 *)&p->bytes[12] = bpf_ntohl(sent);
	*(u32 *)&p->bytes[24] = bpf_ntohl(seq);
	p->skb.dev = &device;
	p->skb.protocol = bpf_ntohs(0x0800);
	p->skb.head = p->skb.data = p->bytes;
	p->skb.len = 40 + len;
	p->skb.users.refs.counter = 1;
	set_cb(p);
	return p;
}

static void free_skb(struct packet *p)
{
	h_end(1, ADDR(p), 0, 0);
	p->used = 0;
}

static void expect(struct packet *p, u32 from, int verdict)
{
	for (u32 i = from; i < p->nr; i++)
		fate[p->group[i]].want = verdict;
}

static void drop(struct packet *p)
{
	h_drop(1, ADDR(p), 0x1234, REASON);
	free_skb(p);
}

/* One that never came to the socket's list: all that was coalesced into it goes with it. */
static void drop_all(struct packet *p)
{
	expect(p, 0, PP_V_DROPPED);
#ifdef PP_LEGACY
	if (rnd(2)) {	/* tcp_drop() says nothing there */
		free_skb(p);
		return;
	}
#endif
	drop(p);
}

/* From here on each of the group is on the socket's list by itself: read, unless that changes. */
static void expect_read(struct packet *p, int own_data)
{
	expect(p, 0, PP_V_DELIVERED);
	if (!own_data)
		fate[p->group[0]].want = PP_V_CONSUMED;
}

static int has_own_data(struct packet *p)
{
	return bpf_ntohs(*(u16 *)&p->bytes[2]) > 40;
}

/* tcp_queue_rcv(), and what tcp_ofo_queue() does with what it moves. */
static void to_rxq(struct packet *p)
{
	TP->rcv_nxt = p->end;
	if (rxq.tail && rnd(2)) {
		rxq.tail->end = p->end;
		free_skb(p);
	} else {
		append(&rxq, p);
	}
}

static void ofo_drain(void)
{
	while (ofo.head && !pp_seq_after(ofo.head->seq, TP->rcv_nxt)) {
		struct packet *p = take(&ofo);

		if (pp_seq_after(p->end, TP->rcv_nxt)) {
			to_rxq(p);
			continue;
		}
		/* What was coalesced into it is on the list by itself, and is read. */
		fate[p->group[0]].want = PP_V_DROPPED;
		drop(p);
	}
}

/* tcp_data_queue_ofo(): sorted by the beginning; what is there already is dropped. */
static void to_ofo(struct packet *p)
{
	struct packet **at = &ofo.head, *prev = NULL;

	while (*at && !pp_seq_after((*at)->seq, p->seq)) {
		prev = *at;
		at = &prev->next;
	}
	if (prev && !pp_seq_after(p->end, prev->end)) {
		/* It is on the list already, so only its own record is dropped. */
		expect_read(p, has_own_data(p));
		fate[p->group[0]].want = PP_V_DROPPED;
		drop(p);
		return;
	}
	expect_read(p, has_own_data(p));
	if (prev && prev->end == p->seq && rnd(2)) {
		prev->end = p->end;
		set_cb(prev);
		free_skb(p);
		return;
	}
	p->next = *at;
	*at = p;
	if (!p->next)
		ofo.tail = p;
}

/* tcp_rcv_established(): an ACK ends here; what is in order may take the fast path. */
static void tcp_rcv(struct packet *p)
{
	if (p->seq == p->end) {
		expect(p, 0, PP_V_CONSUMED);
		free_skb(p);
		return;
	}
	if (p->seq != TP->rcv_nxt || rnd(2))
		h_ooo(1, SK, ADDR(p), 0);
	if (!pp_seq_after(p->end, TP->rcv_nxt)) {
		drop_all(p);
	} else if (pp_seq_after(p->seq, TP->rcv_nxt)) {
		to_ofo(p);
	} else {
		expect_read(p, has_own_data(p));
		h_sock_tcp(1, SK, ADDR(p), 0);
		to_rxq(p);
		ofo_drain();
	}
}

/* tcp_add_backlog(): may append to the tail, whose own record stays what it was. */
static void add_backlog(struct packet *p)
{
	struct packet *tail = backlog.tail;

	socket_.sk.sk_backlog.tail = tail ? &tail->skb : NULL;
	h_held(1, SK, ADDR(p), 0);
	if (!tail || tail->end != p->seq || tail->nr == GROUP || !rnd(3)) {
		append(&backlog, p);
		return;
	}
	tail->end = p->end;
	set_cb(tail);
	if (p->seq == p->end)
		expect(p, 0, PP_V_CONSUMED);
	else
		tail->group[tail->nr++] = p->group[0];
	free_skb(p);
}

static void release_sock(void)
{
	struct packet *p;

	while ((p = take(&backlog)))
		tcp_rcv(p);
	locked = socket_.sk.sk_lock.owned = 0;
}

/* sk_data_ready(), and the end of the poll. */
static void wake_reader(void)
{
	if (asleep && rxq.head) {
		h_waking(1, (u64)&reader, 0, 0);
		asleep = 0;
		if (rnd(2))
			h_running(1, 0, 0, (u64)&reader);
	}
	h_poll_end(1, 0, 1, 64);
}

static void receive(u32 seq, u32 len)
{
	struct packet *p = new_packet(seq, len);

	h_gro(1, ADDR(p), 0, 0);
	h_netif(1, ADDR(p), 0, 0);
	h_ip(1, ADDR(p), 0, 0);
	h_local(1, 0, 0, ADDR(p));
	h_l4(1, ADDR(p), 0, 0);
	if (locked)
		add_backlog(p);
	else
		tcp_rcv(p);
	wake_reader();
}

/* tcp_recvmsg(): a chunk at a time, at most one skb; that is given back after the hook. */
static void read_some(u32 bytes)
{
	while (bytes && rxq.head) {
		u32 left = rxq.head->end - TP->copied_seq, n = bytes < left ? bytes : left;

		TP->copied_seq += n;
		bytes -= n;
		socket_.sk.sk_lock.owned = 1;
		h_read_tcp(1, SK, 0, 0);
		socket_.sk.sk_lock.owned = locked;
		if (n == left)
			free_skb(take(&rxq));
	}
}

static void close_sock(void)
{
	struct packet *p;

	for (u32 i = 0; i < RECS; i++)
		if (slab_data[i].state == PP_S_SOCK || slab_data[i].state == PP_S_OOO) {
			u32 n = number_of(&slab_data[i]);

			if (fate[n].want == PP_V_DELIVERED &&
			    pp_seq_after(slab_data[i].read_seq, TP->copied_seq))
				fate[n].want = PP_V_DROPPED;
		}
	closing = 1;
	h_close(1, SK, 0, 0);
	closing = 0;
	while ((p = take(&rxq)))
		free_skb(p);
	while ((p = take(&ofo)))
		free_skb(p);
}

static void send_something(void)
{
	u32 kind = rnd(10), ahead = rnd(12) * SEGMENT;

	if (kind == 0)
		receive(TP->rcv_nxt, 0);
	else if (kind < 5)
		receive(backlog.tail ? backlog.tail->end : TP->rcv_nxt, SEGMENT);
	else if (kind == 5)
		receive(TP->rcv_nxt - 3 * SEGMENT + ahead, SEGMENT * (1 + rnd(4)));
	else
		receive(TP->rcv_nxt + ahead, SEGMENT);
}

#endif /* PKTPATH_TCP_MODEL_H */
