/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * Why something failed, in the words of the place that knows. It is handed up to whoever talks to
 * people, and said once: the first reason that was given stays.
 */
#ifndef PKTPATH_BASE_WHY_H
#define PKTPATH_BASE_WHY_H

#include <stdbool.h>

struct why {
	int err;		/* -errno; 0 = all is well */
	bool usage;		/* what was asked for cannot be: exit status 2 */
	char text[512];		/* one line */
};

/* "cannot …: the error's name (what to try)"; `fmt` is what cannot be. Returns `err`, 0 as well. */
__attribute__((format(printf, 3, 4))) int why_cannot(struct why *w, int err, const char *fmt, ...);
/* The whole line. Returns `err`, which is not 0. */
__attribute__((format(printf, 3, 4))) int why_is(struct why *w, int err, const char *fmt, ...);
/* The same of bad input. */
__attribute__((format(printf, 3, 4))) int why_usage(struct why *w, int err, const char *fmt, ...);

#endif /* PKTPATH_BASE_WHY_H */
