// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* What a mistyped word may have meant. */
#include <string.h>
#include "base/like.h"
#include "unit.h"

static const char *const names[] = { "trace", "hist", "drops", "serve", "cost", "probes", "bench",
				     NULL, "interval", "interface" };

static void expect(const char *word, const char *name)
{
	const char *found = like_word(word, names, sizeof(names) / sizeof(names[0]));

	if (name)
		assert_string_equal(found ? found : "(nothing)", name);
	else
		assert_null(found);
}

static void test_like(void **state)
{
	expect("trac", "trace");
	expect("trcae", NULL);		/* two letters of five */
	expect("tracee", "trace");
	expect("hits", NULL);
	expect("hst", "hist");
	expect("drop", "drops");
	expect("benhc", NULL);
	expect("bemch", "bench");
	expect("intervall", "interval");
	expect("inter", NULL);		/* of two the beginning */
	expect("inte rface", "interface");
}

static void test_unlike(void **state)
{
	expect("", NULL);
	expect("t", NULL);
	expect("xyz", NULL);
	expect("tcpdump", NULL);
	expect("a-word-that-is-longer-than-any-name-of-ours", NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_like),
		cmocka_unit_test(test_unlike),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
