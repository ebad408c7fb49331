// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * The handlers where tables are full and where two CPUs meet at one record: a packet is counted
 * once and ended once, whoever comes first.
 */
#include <string.h>
#include "unit.h"
#include "handlers.h"

/* What ended, in order. */
static struct pp_rec ended[RECS];
static int nr_ended;

static void host_emit(void *record)
{
	assert_in_range(nr_ended, 0, RECS - 1);
	memcpy(&ended[nr_ended++], record, offsetof(struct pp_rec, place));
}

static struct net net = { .ns = { .inum = 4026531840u } };
static struct net_device device = { .ifindex = 2, .nd_net = { &net } };
static u8 udp_ip[64] = { 0x45, [3] = 44, [9] = 17 };

static struct sk_buff new_skb(void)
{
	return (struct sk_buff){ .dev = &device, .protocol = bpf_ntohs(0x0800), .head = udp_ip,
				 .data = udp_ip, .len = 44, .users.refs.counter = 1 };
}

static int setup(void **state)
{
	host_reset();
	memset(ended, 0, sizeof(ended));
	nr_ended = 0;
	refused = 0;
	cfg = (struct pp_cfg){ .nr_cpus = 1, .rec_mask = RECS - 1, .emit = ~0u,
			       .sock_mask = PP_SOCKS - 1, .sock_shift = 32 - PP_SOCK_BITS,
			       .wakeup_bytes = 1u << 30 };
	return 0;
}

static void fill_slab(u32 with)
{
	for (int i = 0; i < RECS; i++)
		slab_data[i].state = with;
}

/* A packet that its driver hands up when there is no room, and the stack receives right after. */
static void test_refused_is_counted_once(void **state)
{
	struct sk_buff skb = new_skb(), late = new_skb(), inner = new_skb();

	fill_slab(PP_S_SOCK);
	skb.napi_id = 77;
	h_gro(1, (u64)&skb, 0, 0);
	assert_int_equal(cpu_data.n.seen, 1);
	assert_int_equal(cpu_data.n.loss[PP_L_FULL], 1);
	fill_slab(PP_S_FREE);
	h_netif(1, (u64)&skb, 0, 0);
	assert_int_equal(cpu_data.n.seen, 1);
	/* One whose driver uses no GRO, and one that an inner device receives, are new. */
	h_netif(1, (u64)&late, 0, 0);
	inner.napi_id = 77;
	inner.skb_iif = 1;
	h_netif(1, (u64)&inner, 0, 0);
	assert_int_equal(cpu_data.n.seen, 3);
	assert_int_equal(cpu_data.n.verdict[PP_V_UNTRACKED], 1);
}

/* Nothing was refused, so nothing is left out: a driver may note its NAPI without using GRO. */
static void test_late_without_refusal_is_born(void **state)
{
	struct sk_buff skb = new_skb();

	skb.napi_id = 77;
	h_netif(1, (u64)&skb, 0, 0);
	assert_int_equal(cpu_data.n.seen, 1);
	assert_int_equal(slab_data[0].flags, PP_F_LATE);
}

/* --- an out-of-order record that one CPU evicts while its reader passes it on another --- */

#define SK 0xffff888000010000ull

static struct pp_rec *out_of_order(struct here *h, struct pp_sock **s)
{
	struct pp_rec *rec = &slab_data[5];
	int unsorted = 0;

	assert_true(here(h));
	*rec = (struct pp_rec){ .id = 9, .state = PP_S_OOO, .skb = 0xffff888000020000ull,
				.read_seq = 100 };
	assert_int_equal(pp_index(rec->skb, 6, h->now), 0);
	*s = pp_sock_find(SK, 1);
	pp_sock_link(*s, 6, rec, &unsorted);
	return rec;
}

static void test_evicted_while_read_ends_once(void **state)
{
	for (int evicts_first = 0; evicts_first < 2; evicts_first++) {
		struct reader r = { .task = NULL };
		struct pp_sock *s;
		struct here h;
		struct pp_rec *rec;

		setup(state);
		rec = out_of_order(&h, &s);
		assert_true(pp_unindex(rec->skb, 6));	/* the other CPU has it now */
		if (evicts_first)
			finish_lost(&h, rec, PP_L_EVICTED);
		assert_int_equal(drain_one(&h, s, 100, 0, &r), 1);
		assert_int_equal(nr_ended, evicts_first);
		assert_int_equal(rec->state == PP_S_FREE, evicts_first);
		if (!evicts_first)
			finish_lost(&h, rec, PP_L_EVICTED);
		assert_int_equal(nr_ended, 1);
		assert_int_equal(ended[0].loss, PP_L_EVICTED);
		assert_int_equal(rec->state, PP_S_FREE);
		assert_int_equal(s->head, 0);
	}
}

/* --- a socket's FIFO, where the read of UDP cannot be hooked --- */

static union {
	struct sock sk;
	struct udp_sock up;
} socket_;
static struct sk_buff packets[8];

/* Packets first … last lie on the socket, and are born. */
static void queue(int first, int last)
{
	struct sk_buff *head = (struct sk_buff *)&socket_.sk.sk_receive_queue;

	for (int i = first; i <= last; i++) {
		packets[i] = new_skb();
		h_netif_rx(1, (u64)&packets[i], 0, 0);
		packets[i].prev = i == first ? head : &packets[i - 1];
		packets[i].next = i == last ? head : &packets[i + 1];
	}
	socket_.sk.sk_receive_queue.next = &packets[first];
	socket_.sk.sk_receive_queue.prev = &packets[last];
}

static void leave(int i)
{
	socket_.sk.sk_receive_queue.next = packets[i].next;
}

static int fifo_setup(void **state)
{
	setup(state);
	memset(&socket_, 0, sizeof(socket_));
	socket_.sk.sk_protocol = IPPROTO_UDP;
	socket_.up.reader_queue.next = (struct sk_buff *)&socket_.up.reader_queue;
	socket_.up.reader_queue.prev = (struct sk_buff *)&socket_.up.reader_queue;
	return 0;
}

static void data_ready(void)
{
	h_data_ready(1, (u64)&socket_, 0, 0);
}

static void read_length(void)
{
	h_read_udp_tp(1, (u64)&socket_, 4, 0);
}

static void test_a_batch_is_read_in_order(void **state)
{
	fifo_setup(state);
	queue(0, 4);
	data_ready();
	for (int i = 0; i < 5; i++) {
		leave(i);
		read_length();
		assert_int_equal(nr_ended, i + 1);
		assert_int_equal(ended[i].skb, &packets[i]);
		assert_int_equal(ended[i].verdict, PP_V_DELIVERED);
	}
}

/* A reader that was faster than the tracepoint must not take the next one's entry. */
static void test_unread_stays(void **state)
{
	fifo_setup(state);
	queue(1, 2);
	data_ready();
	read_length();		/* of a datagram before these */
	assert_int_equal(nr_ended, 0);
	leave(1);
	read_length();
	assert_int_equal(nr_ended, 1);
	assert_int_equal(ended[0].skb, &packets[1]);
}

/* A reader takes all that is queued over into a queue of its own, before the tracepoint. */
static void test_taken_over_by_the_reader(void **state)
{
	struct sk_buff_head *own = &socket_.up.reader_queue;

	fifo_setup(state);
	queue(0, 2);
	*own = socket_.sk.sk_receive_queue;
	packets[0].prev = packets[2].next = (struct sk_buff *)own;
	socket_.sk.sk_receive_queue.next = socket_.sk.sk_receive_queue.prev =
		(struct sk_buff *)&socket_.sk.sk_receive_queue;
	data_ready();
	for (int i = 0; i < 3; i++) {
		own->next = packets[i].next;
		read_length();
		assert_int_equal(nr_ended, i + 1);
		assert_int_equal(ended[i].skb, &packets[i]);
	}
}

/* Freed by somebody who is not known, or by a reader that was not seen: neither is `consumed`. */
static void test_freed_by_whom(void **state)
{
	static const struct {
		u64 location;
		u8 verdict, loss;
	} frees[] = { { 0x1000, PP_V_CONSUMED, 0 }, { 0x10ff, PP_V_CONSUMED, 0 },
		      { 0x1100, PP_V_UNTRACKED, PP_L_UNKNOWN },
		      { 0x2000, PP_V_UNTRACKED, PP_L_END }, { 5, PP_V_UNTRACKED, PP_L_UNKNOWN } };

	fifo_setup(state);
	for (int i = 0; i < PP_PLACE_MAX; i++)
		cfg.places[i] = (struct pp_range){ .begin = ~0ull };
	cfg.places[0] = (struct pp_range){ 0x1000, 0x100, PP_AT_TAKEN };
	cfg.places[1] = (struct pp_range){ 0x2000, 0x100, PP_AT_READ_LATE };
	for (int i = 0; i < 5; i++) {
		packets[i] = new_skb();
		h_netif_rx(1, (u64)&packets[i], 0, 0);
		h_consume(1, (u64)&packets[i], frees[i].location, 0);
		assert_int_equal(nr_ended, i + 1);
		assert_int_equal(ended[i].verdict, frees[i].verdict);
		assert_int_equal(ended[i].loss, frees[i].loss);
	}
}

/* The read of an entry whose writer has its ticket, but has not written it: the writer ends it. */
static void test_read_before_written(void **state)
{
	struct pp_fifo *f;

	fifo_setup(state);
	queue(0, 0);
	f = fifo_find((u64)&socket_, 1);
	f->tail = 1;
	leave(0);
	read_length();
	assert_int_equal(nr_ended, 0);
	f->tail = 0;		/* the writer, from where it stood */
	f->head = 0;
	data_ready();
	assert_int_equal(nr_ended, 1);
	assert_int_equal(ended[0].verdict, PP_V_DELIVERED);
	assert_int_equal(f->ring[0], 0);
}

/* One that was thrown away leaves its entry behind, which is not the next one's. */
static void test_dropped_is_passed_over(void **state)
{
	fifo_setup(state);
	queue(0, 1);
	data_ready();
	h_drop(1, (u64)&packets[0], 0x1234, 2);
	assert_int_equal(nr_ended, 1);
	leave(1);
	read_length();
	assert_int_equal(nr_ended, 2);
	assert_int_equal(ended[1].skb, &packets[1]);
	assert_int_equal(ended[1].verdict, PP_V_DELIVERED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_refused_is_counted_once, setup),
		cmocka_unit_test_setup(test_late_without_refusal_is_born, setup),
		cmocka_unit_test(test_evicted_while_read_ends_once),
		cmocka_unit_test(test_a_batch_is_read_in_order),
		cmocka_unit_test(test_unread_stays),
		cmocka_unit_test(test_taken_over_by_the_reader),
		cmocka_unit_test(test_freed_by_whom),
		cmocka_unit_test(test_read_before_written),
		cmocka_unit_test(test_dropped_is_passed_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
