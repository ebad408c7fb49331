// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include <stdlib.h>
#include "run/intervals.h"

struct intervals {
	struct tracer *tracer;
	struct histogram *now, *before, *since;
	uint64_t start_ns, begin_ns;
	uint32_t nr;
	struct hist_span span;
};

struct intervals *intervals_new(struct tracer *t, const struct hist_opts *o)
{
	struct intervals *iv = calloc(1, sizeof(*iv));

	if (!iv)
		return NULL;
	iv->tracer = t;
	iv->now = histogram_new(hist_opts_groups(o));
	iv->before = histogram_new(hist_opts_groups(o));
	iv->since = histogram_new(hist_opts_groups(o));
	if (iv->now && iv->before && iv->since)
		return iv;
	intervals_free(iv);
	return NULL;
}

void intervals_free(struct intervals *iv)
{
	if (!iv)
		return;
	free(iv->now);
	free(iv->before);
	free(iv->since);
	free(iv);
}

void intervals_begin(struct intervals *iv, uint64_t start_ns)
{
	iv->start_ns = iv->begin_ns = start_ns;
}

const struct hist_span *intervals_next(struct intervals *iv, uint64_t now_ns)
{
	struct histogram *older = iv->before;

	tracer_hist(iv->tracer, iv->now);
	histogram_since(iv->since, iv->now, older);
	iv->span = (struct hist_span){ .h = iv->since, .nr = ++iv->nr, .begin_ns = iv->begin_ns,
				       .ns = now_ns - iv->begin_ns };
	iv->before = iv->now;
	iv->now = older;
	iv->begin_ns = now_ns;
	return &iv->span;
}

const struct hist_span *intervals_whole(struct intervals *iv, uint64_t now_ns, bool final)
{
	tracer_hist(iv->tracer, iv->now);
	iv->span = (struct hist_span){ .h = iv->now, .begin_ns = iv->start_ns,
				       .ns = now_ns - iv->start_ns, .final = final };
	return &iv->span;
}
