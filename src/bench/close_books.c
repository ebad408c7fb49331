// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include "bench/close_books.h"

#define TRIES 300	/* bed_settle() takes 6 ms at least */

/*
 * A counter that stands still does not mean that nothing is on its way: the thread that empties
 * another CPU's queue may be without a CPU for longer than one looks.
 */
int close_books(struct bed *b, enum xb_mode mode, bool generic, const struct tally *before,
		struct books *books)
{
	struct tally after;
	int i, err = 0;

	for (i = 0; i < TRIES; i++) {
		err = bed_settle(b);
		if (!err)
			err = bed_tally(b, &after);
		if (err)
			break;
		books_make(books, mode, generic, before, &after);
		if (!books_unexplained(books))
			break;
	}
	return err;
}
