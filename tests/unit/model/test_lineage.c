// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* lineage.c: merged records wait for their parent, follow it in order, and none is lost. */
#include <stdlib.h>
#include <string.h>
#include "unit.h"
#include "model/lineage.h"

struct seen {
	uint64_t id[3 * LINEAGE_MAX], whole[3 * LINEAGE_MAX];
	int nr, stop_after;
};

static int on_record(void *arg, const struct pp_rec *rec, const struct pp_rec *whole)
{
	struct seen *s = arg;

	s->id[s->nr] = rec->id;
	s->whole[s->nr++] = whole ? whole->id : 0;
	return s->stop_after && s->nr == s->stop_after ? -77 : 0;
}

static int add(struct lineage *l, uint64_t id, uint64_t parent)
{
	struct pp_rec rec = { .id = id, .parent = parent,
			      .verdict = parent ? PP_V_MERGED : PP_V_DELIVERED };

	return lineage_add(l, &rec);
}

static struct lineage *fresh(struct seen **s)
{
	struct lineage *l;

	*s = calloc(1, sizeof(**s));
	assert_non_null(*s);
	l = lineage_new(on_record, *s);
	assert_non_null(l);
	return l;
}

static void expect(const struct seen *s, int i, uint64_t id, uint64_t whole)
{
	assert_true(i < s->nr);
	assert_int_equal(s->id[i], id);
	assert_int_equal(s->whole[i], whole);
}

static void test_children_follow_in_order(void **state)
{
	struct seen *s;
	struct lineage *l = fresh(&s);

	add(l, 1, 9);
	add(l, 2, 8);
	add(l, 3, 9);
	add(l, 7, 0);
	assert_int_equal(s->nr, 1);
	add(l, 9, 0);
	expect(s, 0, 7, 0);
	expect(s, 1, 9, 0);
	expect(s, 2, 1, 9);
	expect(s, 3, 3, 9);
	assert_int_equal(s->nr, 4);
	lineage_flush(l);
	expect(s, 4, 2, 0);
	assert_int_equal(s->nr, 5);
	lineage_free(l);
	free(s);
}

static void test_grandchildren(void **state)
{
	struct seen *s;
	struct lineage *l = fresh(&s);

	add(l, 1, 2);
	add(l, 2, 3);
	add(l, 3, 0);
	expect(s, 0, 3, 0);
	expect(s, 1, 2, 3);
	expect(s, 2, 1, 3);
	assert_int_equal(lineage_flush(l), 0);
	assert_int_equal(s->nr, 3);
	lineage_free(l);
	free(s);
}

/* More than may wait: the oldest go first, alone, and every record comes out once. */
static void test_overflow(void **state)
{
	const uint64_t n = 2 * LINEAGE_MAX;
	struct seen *s;
	struct lineage *l = fresh(&s);

	for (uint64_t i = 1; i <= n; i++)
		add(l, i, n + i);
	assert_int_equal(s->nr, LINEAGE_MAX);
	expect(s, 0, 1, 0);
	expect(s, LINEAGE_MAX - 1, LINEAGE_MAX, 0);
	for (uint64_t i = n; i > n / 2; i--) {
		add(l, n + i, 0);
		expect(s, s->nr - 1, i, n + i);
	}
	assert_int_equal(s->nr, 2 * LINEAGE_MAX + LINEAGE_MAX);
	lineage_flush(l);
	assert_int_equal(s->nr, 3 * LINEAGE_MAX);
	lineage_free(l);
	free(s);
}

/* Parents in any order, among many children: a model counts. */
static void test_random_order(void **state)
{
	struct seen *s;
	struct lineage *l = fresh(&s);
	int children[64] = { 0 }, out = 0, in = 0;

	srand(7);
	for (int i = 0; i < 20000; i++) {
		uint64_t parent = 1 + (uint64_t)(rand() % 63);

		in++;
		if (rand() % 20) {
			add(l, 1000 + (uint64_t)i, parent);
			children[parent]++;
			continue;
		}
		out += 1 + children[parent];
		children[parent] = 0;
		add(l, parent, 0);
		assert_int_equal(s->nr, out);
	}
	lineage_flush(l);
	assert_int_equal(s->nr, in);
	lineage_free(l);
	free(s);
}

static void test_stops(void **state)
{
	struct seen *s;
	struct lineage *l = fresh(&s);

	s->stop_after = 2;
	add(l, 1, 3);
	add(l, 2, 3);
	assert_int_equal(add(l, 3, 0), -77);
	assert_int_equal(s->nr, 2);
	s->stop_after = 0;
	assert_int_equal(lineage_flush(l), 0);
	assert_int_equal(s->nr, 3);
	lineage_free(l);
	free(s);
}

static void test_journey(void **state)
{
	struct pp_rec rec = { .verdict = PP_V_MERGED, .end_ns = 50 };
	struct pp_rec whole = { .verdict = PP_V_DELIVERED, .end_ns = 100, .end_cpu = 3 }, way;

	rec.ts[PP_ST_POLL] = 10;
	rec.ts[PP_ST_GRO] = 40;
	whole.ts[PP_ST_IRQ] = 2;	/* of another poll: not this frame's */
	whole.ts[PP_ST_POLL] = 5;
	whole.ts[PP_ST_GRO] = 20;
	whole.ts[PP_ST_FLUSH] = 60;
	whole.ts[PP_ST_READ] = 100;
	way = lineage_journey(&rec, &whole);
	assert_int_equal(way.ts[PP_ST_IRQ], 0);
	assert_int_equal(way.ts[PP_ST_POLL], 10);
	assert_int_equal(way.ts[PP_ST_GRO], 40);
	assert_int_equal(way.ts[PP_ST_FLUSH], 60);
	assert_int_equal(way.ts[PP_ST_READ], 100);
	assert_int_equal(way.end_ns, 100);
	assert_int_equal(way.end_cpu, 3);
	assert_int_equal(way.verdict, PP_V_DELIVERED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_children_follow_in_order),
		cmocka_unit_test(test_grandchildren),
		cmocka_unit_test(test_overflow),
		cmocka_unit_test(test_random_order),
		cmocka_unit_test(test_stops),
		cmocka_unit_test(test_journey),
	};

	return cmocka_run_group_tests_name("lineage", tests, NULL, NULL);
}
