/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * What the files of the text sink share: sink_text.c (one line a packet), waterfall.c (-v) and
 * ledger_text.c (the account at the end). All return 0 or -errno of the stream.
 */
#ifndef PKTPATH_OUTPUT_RECORD_TEXT_H
#define PKTPATH_OUTPUT_RECORD_TEXT_H

#include "text/format.h"
#include "output/sink.h"
#include "model/timeline.h"

#define TEXT_PARENTS 4096	/* remembered ids that a merged packet named; power of two */

struct text_state {
	struct line line;
	int flow_cols;			/* width of the flow's column; grows with what is seen */
	unsigned int since_header;	/* lines; the header comes before the first */
	bool headed;
	uint64_t parents[TEXT_PARENTS];	/* by hash of the id; 0 = empty */
};

enum style verdict_style(unsigned int verdict);
/* BOLD for the slowest row, YELLOW if over half of the total, RED if also over 1 ms. */
enum style row_style(const struct timeline *tl, int row);

/* What became of it, if the verdict does not say it all: reason and place, parent, loss. */
void add_fate(const struct sink_env *env, struct line *l, const struct pp_rec *rec);
/* A duration, in the line's own alphabet. */
const char *line_duration(char buf[FMT_MAX], const struct line *l, uint64_t ns, bool with_s);
/* " #id" if a merged packet named this one as its parent, else "". Forgets that it did. */
void parent_mark(char buf[FMT_MAX], struct text_state *st, const struct pp_rec *rec);

int waterfall_print(struct sink_env *env, const struct pp_rec *rec, const struct timeline *tl);
/* Writes to env->err. `env` needs no state. */
int ledger_text(const struct sink_env *env, const struct ledger *led);

#endif /* PKTPATH_OUTPUT_RECORD_TEXT_H */
