// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* The rows of modes, works, maps and ends are whole, and words lead to them. */
#include <string.h>
#include "bench/mode.h"
#include "unit.h"

static void test_words(void **state)
{
	int i;

	for (i = 0; i < XB_NR_MODES; i++) {
		if (i == XB_USER)
			assert_null(modes[i].word);
		else
			assert_int_equal(i, mode_parse(modes[i].word, strlen(modes[i].word)));
	}
	for (i = 0; i < XB_NR_WORKS; i++)
		assert_int_equal(i, work_parse(works[i].word));
	assert_int_equal(XB_REDIRECT, mode_parse("redirect-map", 8));
	assert_int_equal(-1, mode_parse("redirect-", 9));
	assert_int_equal(-1, mode_parse("", 0));
	assert_int_equal(-1, work_parse("countless"));
}

static void test_lists(void **state)
{
	assert_int_equal(0, strncmp(mode_words(), "drop, pass, ", 12));
	assert_int_equal(0, strncmp(work_words(), "nothing, touch, ", 16));
	assert_non_null(strstr(MODES_HELP, "  redirect-cpu: sent to another CPU"));
	assert_non_null(strstr(WORKS_HELP, "  clock: reads the clock\n"));
}

/* A packet that arrives there is seen there, and is not sought among losses of other ways. */
static void test_ends_are_whole(void **state)
{
	struct tally none = { .sent = 1 };
	int i;

	for (i = 0; i < NR_ENDS; i++) {
		const struct end_row *e = &ends[i];

		assert_non_null(e->where);
		assert_int_equal(0, e->arrived(&none, false));
		assert_true(e->copies >= 1 && e->copies >= e->targets);
		assert_true(e->losses & 1u << LOST_RING);
		assert_true(e->stamps != STAMPS_SINK || e->no_sink);
		assert_true(!e->targets || e->told != TOLD_NOT);
	}
}

/* What a mode's map is filled with is what its end needs. */
static void test_maps_fit_ends(void **state)
{
	int i;

	assert_null(map_rows[XB_MAP_none].name);
	for (i = XB_MAP_none + 1; i < XB_NR_MAPS; i++)
		assert_true(map_rows[i].name && map_rows[i].entries);
	for (i = 0; i < XB_NR_MODES; i++) {
		assert_int_equal(mode_fill(i) == XB_FILL_CPU, modes[i].end == END_CPU);
		assert_int_equal(mode_fill(i) == XB_FILL_SOCKETS, modes[i].end == END_SOCKET);
		if (mode_fill(i) == XB_FILL_TARGETS)
			assert_int_equal(map_rows[modes[i].map].entries,
					 ends[modes[i].end].targets);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_lists),
		cmocka_unit_test(test_ends_are_whole),
		cmocka_unit_test(test_maps_fit_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
