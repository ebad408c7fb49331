// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include <stdbool.h>
#include <string.h>
#include "base/like.h"

#define LETTERS 31	/* no name of ours is longer */

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* How many letters must be put in, taken out or changed: Levenshtein's distance. */
static size_t distance(const char *a, size_t na, const char *b, size_t nb)
{
	size_t row[LETTERS + 1], i, k, corner, above;

	for (k = 0; k <= nb; k++)
		row[k] = k;
	for (i = 1; i <= na; i++) {
		corner = row[0];
		row[0] = i;
		for (k = 1; k <= nb; k++) {
			above = row[k];
			row[k] = least(least(above, row[k - 1]) + 1,
				       corner + (a[i - 1] != b[k - 1]));
			corner = above;
		}
	}
	return row[nb];
}

const char *like_word(const char *word, const char *const *names, size_t n)
{
	size_t len = strlen(word), best = LETTERS, i, far;
	const char *found = NULL;
	bool several = false;

	if (len < 2 || len > LETTERS)
		return NULL;
	for (i = 0; i < n; i++) {
		if (!names[i] || strlen(names[i]) > LETTERS)
			continue;
		far = strncmp(word, names[i], len) ?
		      distance(word, len, names[i], strlen(names[i])) : 0;
		if (far > (len > 3 ? len / 3 : 1) || far > best)
			continue;
		several = far == best;
		best = far;
		found = names[i];
	}
	return several ? NULL : found;
}
