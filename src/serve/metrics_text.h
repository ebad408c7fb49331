/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * Writes metrics as text: OpenMetrics 1.0.0, or the older text format 0.0.4 that every scraper
 * reads. Pure: from numbers to a buffer. Families come one after the other, each as a header and
 * its samples.
 */
#ifndef PKTPATH_SERVE_METRICS_TEXT_H
#define PKTPATH_SERVE_METRICS_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "hist.h"

enum metrics_format { METRICS_TEXT, METRICS_OPEN, METRICS_FORMATS };

enum metrics_type { M_COUNTER, M_GAUGE, M_HISTOGRAM, M_INFO };

/* Without the suffix that the type adds to samples (_total, _info). `unit`: "" or its last word. */
struct family {
	const char *name, *unit, *help;
	enum metrics_type type;
};

struct label {
	const char *name, *value;
};

#define METRICS_LABELS 4	/* at most, of a sample */

struct labels {
	struct label l[METRICS_LABELS];
	int nr;
};

/* An example that belongs to a counter; OpenMetrics only. */
struct exemplar {
	struct labels labels;	/* names and values together at most 128 characters */
	double value, time;	/* time: seconds of CLOCK_REALTIME */
};

/* The text so far; all zero to begin with. The buffer is kept from one use to the next. */
struct metrics {
	enum metrics_format format;
	char *text;
	size_t len, room;
	const struct family *family;
	int err;		/* -ENOMEM: what came after is missing */
};

/* The Content-Type of a format. */
const char *metrics_content_type(enum metrics_format format);

/* What to answer to an HTTP Accept header, NULL if there was none. */
enum metrics_format metrics_negotiate(const char *accept);

void metrics_start(struct metrics *m, enum metrics_format format);
/* Closes the text. 0 or -errno. */
int metrics_end(struct metrics *m);
void metrics_free(struct metrics *m);

void metrics_family(struct metrics *m, const struct family *family);

/* Samples of that family; `labels` may be NULL. */
void metrics_count(struct metrics *m, const struct labels *labels, uint64_t value);
void metrics_example(struct metrics *m, const struct labels *labels, uint64_t value,
		     const struct exemplar *ex);
void metrics_double(struct metrics *m, const struct labels *labels, double value);

/*
 * The buckets of one row as cumulative ones, `per_octave` of them (1, 2, 4 … PP_H_SUB) for each
 * doubling from METRICS_LE_MIN to METRICS_LE_MAX ns. Durations are whole nanoseconds, so a bound
 * of one less than where a bucket begins is exact. Their sum is taken from the middles.
 */
#define METRICS_LE_MIN (1ull << 7)
#define METRICS_LE_MAX (1ull << 33)
void metrics_histogram(struct metrics *m, const struct labels *labels,
		       const uint64_t row[PP_H_BUCKETS], uint32_t per_octave);

/* Series that one such row makes. */
uint32_t metrics_histogram_series(uint32_t per_octave);

#endif /* PKTPATH_SERVE_METRICS_TEXT_H */
