// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* What is exposed: how many series at most, whose names are one, and what an example may hold. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "serve/families.h"
#include "unit.h"

#define GROUPS 2

struct world {
	struct ledger led;
	struct histogram *hist;
	char group[PP_GROUPS_MAX + 1][FMT_TEXT_MAX];
	struct reason_counts drops;
	struct hook_report hooks[3];
	struct snapshot snap;
	struct metrics m;
};

/* To be written to, as the tracer would. */
static uint64_t *row_of(struct histogram *h, uint32_t group, uint32_t row)
{
	return &h->count[((uint64_t)group * PP_H_ROWS + row) * PP_H_BUCKETS];
}

static const char *reason(void *names, uint32_t r)
{
	static char name[16];

	snprintf(name, sizeof(name), "R%u", r);
	return name;
}

static int make(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	assert_non_null(w);
	w->hist = histogram_new(GROUPS);
	strcpy(w->group[0], "eth0");
	strcpy(w->group[GROUPS], "other");
	w->hooks[0] = (struct hook_report){ PP_ST_IRQ, "irq", "e1000_intr", "kprobe", "", 3 };
	w->hooks[1] = w->hooks[0];	/* of another module */
	w->hooks[2] = (struct hook_report){ PP_ST_IP, "ip", "ip_rcv_core", "kprobe", "", -1 };
	w->led.hooks = w->hooks;
	w->led.nr_hooks = 3;
	w->snap = (struct snapshot){ .led = &w->led, .hist = w->hist, .by = "dev",
				     .group = w->group, .per_octave = 1, .drops = &w->drops,
				     .reason_name = reason };
	*state = w;
	return 0;
}

static int unmake(void **state)
{
	struct world *w = *state;

	metrics_free(&w->m);
	free(w->hist);
	free(w);
	return 0;
}

static const char *text(struct world *w)
{
	assert_int_equal(0, expose(&w->m, METRICS_OPEN, &w->snap));
	return w->m.text;
}

static int times(const char *where, const char *what)
{
	int n = 0;

	while ((where = strstr(where, what))) {
		n++;
		where += strlen(what);
	}
	return n;
}

/* An interface that was made anew is the same to people: its counts go on in one series. */
static void test_same_name(void **state)
{
	struct world *w = *state;

	strcpy(w->group[1], "eth0");
	row_of(w->hist, 0, PP_ST_IP)[100] = 4;
	row_of(w->hist, 1, PP_ST_IP)[100] = 5;
	row_of(w->hist, 2, PP_ST_IP)[100] = 6;
	assert_int_equal(1, times(text(w), "_count{dev=\"eth0\",stage=\"ip\"} 9\n"));
	assert_int_equal(1, times(w->m.text, "_count{dev=\"other\",stage=\"ip\"} 6\n"));
	assert_int_equal(2, times(w->m.text, "_duration_seconds_count"));
}

static void test_empty_rows_make_no_series(void **state)
{
	struct world *w = *state;

	assert_int_equal(0, times(text(w), "_bucket{"));
	row_of(w->hist, 0, PP_H_TOTAL)[100] = 1;
	row_of(w->hist, 0, PP_ST_READ)[0] = 1;
	assert_int_equal(metrics_histogram_series(1), times(text(w), "{dev=\"eth0\""));
	assert_int_equal(1, times(w->m.text,
				  "pktpath_packet_duration_seconds_count{dev=\"eth0\"} 1\n"));
}

static void test_no_label(void **state)
{
	struct world *w = *state;

	free(w->hist);
	w->hist = histogram_new(0);
	w->snap.hist = w->hist;
	w->snap.by = NULL;
	strcpy(w->group[0], "other");
	row_of(w->hist, 0, PP_ST_IP)[100] = 4;
	row_of(w->hist, 0, PP_H_TOTAL)[100] = 4;
	assert_int_equal(1,
			 times(text(w), "pktpath_stage_duration_seconds_count{stage=\"ip\"} 4\n"));
	assert_int_equal(1, times(w->m.text, "pktpath_packet_duration_seconds_count 4\n"));
}

static void test_hooks(void **state)
{
	struct world *w = *state;

	assert_int_equal(1, times(text(w), "pktpath_hook_info{role=\"irq\""));
	assert_int_equal(1, times(w->m.text, "pktpath_hook_info{role=\"ip\""));
	assert_int_equal(1, times(w->m.text, "pktpath_hook_misses_total{role=\"irq\","
				  "hook=\"e1000_intr\",backend=\"kprobe\"} 3\n"));
	assert_int_equal(0, times(w->m.text, "pktpath_hook_misses_total{role=\"ip\""));
}

static void test_reasons_are_bounded(void **state)
{
	struct world *w = *state;
	struct pp_rec rec = { .id = 7 };
	uint32_t i;

	for (i = 0; i < 3 * REASONS_MAX; i++) {
		rec.reason = i / 2;
		reason_add(&w->drops, &rec, 1.5);
	}
	assert_int_equal(REASONS_MAX + 1, times(text(w), "\npktpath_drops_total{"));
	assert_int_equal(1, times(w->m.text, "{reason=\"other\"} 128\n"));
	assert_int_equal(1, times(w->m.text, "{reason=\"R5\"} 2 # {packet=\"7\""));
}

/* An example's labels may not be longer than 128 characters: what does not fit is left out. */
static void test_example_fits(void **state)
{
	struct world *w = *state;
	struct pp_rec rec = { .id = UINT64_MAX, .reason = PP_R_UNREAD,
			      .eth_proto = 0x86dd, .l4_proto = 17, .sport = 0xffff,
			      .dport = 0xffff };

	memset(rec.place, 'f', sizeof(rec.place) - 1);
	memset(rec.saddr, 0xfd, sizeof(rec.saddr));
	memset(rec.daddr, 0xfd, sizeof(rec.daddr));
	reason_add(&w->drops, &rec, 2);
	assert_int_equal(1, times(text(w), "{reason=\"socket closed unread\"} 1 # {packet=\""));
	assert_int_equal(1, times(w->m.text, ",place=\"fff"));
	assert_int_equal(0, times(w->m.text, "flow="));
	memset(rec.place, 0, sizeof(rec.place));
	rec.id = 7;
	reason_add(&w->drops, &rec, 2);
	assert_int_equal(1, times(text(w), ",flow=\"udp [fdfd:fdfd"));
}

static void test_what_is_not_known_is_absent(void **state)
{
	struct world *w = *state;

	assert_int_equal(0, times(text(w), "pktpath_bpf_"));
	assert_int_equal(0, times(w->m.text, "pktpath_packet_cost"));
	w->snap.own.bpf_known = true;
	w->snap.own.packet_seconds = 1.5e-6;
	assert_int_equal(1, times(text(w), "pktpath_bpf_stats_enabled 0\n"));
	assert_int_equal(1, times(w->m.text, "\npktpath_packet_cost_seconds 1.5e-06\n"));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, make, unmake)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_same_name),
		TEST(test_empty_rows_make_no_series),
		TEST(test_no_label),
		TEST(test_hooks),
		TEST(test_reasons_are_bounded),
		TEST(test_example_fits),
		TEST(test_what_is_not_known_is_absent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
