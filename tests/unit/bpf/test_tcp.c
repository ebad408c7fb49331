// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * The handlers of bpf/, as they run in the kernel, against a model of its TCP receiver: segments
 * come in random order, again, held by a locked socket, coalesced into others; the reader takes
 * what it likes. Every packet must end exactly once, with the verdict the model knows.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "unit.h"
#include "handlers.h"

#define SKBS 256
#define SEGMENT 100
#define PACKETS 400		/* a connection */
#define GROUP 24		/* packets coalesced into one in the backlog */

/* --- what the model expects, and what came: by the packet's number, its source address --- */

static struct {
	int want, got, ends;
	u32 end;	/* of its own data */
} fate[PACKETS + 1];

static u32 number_of(struct pp_rec *rec)
{
	u32 n;

	memcpy(&n, rec->saddr, sizeof(n));
	return bpf_ntohl(n);
}

static int woken, awake;	/* records read that say so */
static int closing;

static void check_reader(const struct pp_rec *rec)
{
	u64 wake = rec->ts[PP_ST_WAKE], run = rec->ts[PP_ST_RUN];

	/* What came after its bytes had been read meets no read, but the close. */
	if (closing && !rec->pid) {
		assert_true(!rec->comm[0] && !wake && !run);
		return;
	}
	assert_int_equal(rec->pid, READER);
	assert_string_equal(rec->comm, "reader");
	assert_true(!wake || (wake >= rec->ts[PP_ST_SOCK] && run >= wake));
	assert_true(!run || (run >= rec->ts[PP_ST_SOCK] && run <= rec->ts[PP_ST_READ]));
	assert_true(!run || !(rec->flags & PP_F_AWAKE));
	woken += wake != 0;
	awake += !!(rec->flags & PP_F_AWAKE);
}

static void host_emit(void *record)
{
	struct pp_rec *rec = record;
	u32 n = number_of(rec);

	assert_in_range(n, 1, PACKETS);
	fate[n].ends++;
	fate[n].got = rec->verdict;
	assert_true(rec->end_ns >= rec->last_ns);
	for (int st = 0; st < PP_ST_NR; st++)
		assert_true(rec->ts[st] <= rec->end_ns);
	if (rec->verdict != PP_V_DELIVERED) {
		assert_true(!rec->pid && !rec->comm[0] && !rec->ts[PP_ST_WAKE]);
		return;
	}
	check_reader(rec);
	assert_true(rec->ts[PP_ST_READ] && rec->ts[PP_ST_SOCK] <= rec->ts[PP_ST_READ]);
	/* Read when its own data was, whatever was coalesced behind it. */
	assert_int_equal(rec->end_seq, fate[n].end);
}

#include "tcp_model.h"

static void reset(u32 run_seed)
{
	host_reset();
	memset(fate, 0, sizeof(fate));
	memset(pool, 0, sizeof(pool));
	memset(&socket_, 0, sizeof(socket_));
	rxq = backlog = ofo = (struct queue){ 0 };
	seed = run_seed;
	sent = 0;
	locked = asleep = 0;
	TP->inet_conn.icsk_ulp_ops = rnd(4) ? NULL : &layers[rnd(3)];
	/* Sequence numbers wrap somewhere on the way. */
	TP->rcv_nxt = TP->copied_seq = 0u - rnd(PACKETS / 2) * SEGMENT;
}

static void check_ended(u32 run_seed)
{
	const struct tcp_ulp_ops *layer = TP->inet_conn.icsk_ulp_ops;
	int taken = layer == &layers[0] || layer == &layers[1];

	for (u32 n = 1; n <= sent; n++) {
		if (taken && fate[n].want == PP_V_DELIVERED)
			fate[n].want = PP_V_CONSUMED;
		if (fate[n].ends == 1 && fate[n].got == fate[n].want)
			continue;
		fail_msg("seed %u: packet %u ended %d times, verdict %d, expected %d", run_seed, n,
			 fate[n].ends, fate[n].got, fate[n].want);
	}
	for (u32 i = 0; i < RECS; i++)
		assert_int_equal(slab_data[i].state, PP_S_FREE);
	for (u32 i = 0; i < PP_SETS * PP_WAYS; i++)
		assert_true(pp_sets[i / PP_WAYS].way[i % PP_WAYS] == 0);
	for (u32 i = 0; i < PP_SOCKS; i++)
		assert_true(pp_socks[i].sk == 0);
	assert_true(cpu_data.n.seen == sent && cpu_data.n.verdict[PP_V_UNTRACKED] == 0);
	assert_true(cpu_data.n.inversions == 0);
}

static void run_connection(u32 run_seed)
{
	u32 pace;

	reset(run_seed);
	pace = 1 + rnd(20);
	while (sent < PACKETS) {
		send_something();
		if (!rnd(8) && !locked && !asleep)
			locked = socket_.sk.sk_lock.owned = 1;
		else if (!rnd(5) && locked)
			release_sock();
		if (!rnd(pace) && !locked && !asleep)
			read_some(rnd(10 * SEGMENT));
		if (!rnd(4) && !locked && !rxq.head)
			reader.nvcsw += asleep = 1;
	}
	if (locked)
		release_sock();
	if (rnd(2))
		read_some(0xffffffff);
	close_sock();
	check_ended(run_seed);
}

static void test_every_packet_ends_once(void **state)
{
	char *only = getenv("SEED");

	if (only) {
		run_connection(strtoul(only, NULL, 0));
		return;
	}
	for (u32 i = 1; i <= 300; i++)
		run_connection(i * 2654435761u | 1);
	assert_true(woken > 1000 && awake > 1000);
}

int main(void)
{
	struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_packet_ends_once),
	};

	return cmocka_run_group_tests_name("tcp", tests, NULL, NULL);
}
