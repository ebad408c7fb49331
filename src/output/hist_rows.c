// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include <errno.h>
#include <string.h>
#include "output/group_names.h"
#include "output/hist_rows.h"

int hist_rows_new(struct hist_rows *v, const struct hist_opts *o)
{
	v->now = slowest_new(o->worst);
	v->all = slowest_new(o->worst);
	v->wire = o->wire;
	return v->now && v->all ? 0 : -ENOMEM;
}

void hist_rows_free(struct hist_rows *v)
{
	slowest_free(v->now);
	slowest_free(v->all);
}

void hist_rows_record(struct hist_rows *v, const struct hist_opts *o, const struct pp_rec *rec)
{
	uint32_t stages = o->stages ? o->stages : ~0u;

	if (o->interval_ns)
		slowest_add(v->now, rec, stages);
	slowest_add(v->all, rec, stages);
}

const struct slowest *hist_rows_slowest(const struct hist_rows *v, const struct hist_span *span)
{
	return span->nr ? v->now : v->all;
}

/* Merged frames count too, in rows up to GRO, but there are no examples of them. */
static bool has_examples_of_all(const struct hist_rows *v, uint32_t row)
{
	return row > PP_ST_GRO || !v->wire;
}

static void exact_max(struct hist_row *r, const struct hist_rows *v, const struct hist_span *span,
		      uint32_t row)
{
	const struct slowest_entry *list[PP_WORST_MAX];

	if (!slowest_list(hist_rows_slowest(v, span), row, list) ||
	    pp_hist_bucket(list[0]->ns) != pp_hist_bucket(r->q.max_ns))
		return;
	if (!has_examples_of_all(v, row) && list[0]->ns < r->q.max_ns)
		return;
	r->q.max_ns = list[0]->ns;
	r->q.open = false;
	/* The bucket's middle may lie above it. */
	if (r->q.min_ns > r->q.max_ns)
		r->q.min_ns = r->q.max_ns;
	for (int i = 0; i < QUANTILE_NR; i++)
		if (r->q.at_ns[i] > r->q.max_ns)
			r->q.at_ns[i] = r->q.max_ns;
}

bool hist_rows_get(struct hist_row *r, const struct hist_rows *v, const struct hist_span *span,
	      uint32_t group, uint32_t row, double total_ns)
{
	if (group == ALL_GROUPS)
		histogram_sum(span->h, row, r->counts);
	else
		memcpy(r->counts, histogram_row(span->h, group, row), sizeof(r->counts));
	quantile_row(r->counts, &r->q);
	if (!r->q.n)
		return false;
	r->share = total_ns > 0 ? r->q.sum_ns / total_ns : 0;
	if (group == ALL_GROUPS)
		exact_max(r, v, span, row);
	return true;
}

double hist_rows_total(const struct hist_span *span)
{
	uint64_t counts[PP_H_BUCKETS];
	struct quantiles q;

	histogram_sum(span->h, PP_H_TOTAL, counts);
	quantile_row(counts, &q);
	return q.sum_ns;
}

/* The largest count of any row: frames that were merged are not in the total. */
static uint64_t group_count(const struct histogram *h, uint32_t group)
{
	uint64_t most = 0;

	for (uint32_t row = 0; row < PP_H_ROWS; row++) {
		uint64_t n = 0;

		for (uint32_t i = 0; i < PP_H_BUCKETS; i++)
			n += histogram_row(h, group, row)[i];
		most = n > most ? n : most;
	}
	return most;
}

uint32_t hist_rows_groups(const struct hist_span *span, uint32_t order[PP_GROUPS_MAX + 1])
{
	uint64_t count[PP_GROUPS_MAX + 1] = { 0 };
	uint32_t n = 0;

	for (uint32_t g = 0; g <= span->h->groups; g++) {
		uint64_t c = group_count(span->h, g);
		uint32_t i = n;

		if (!c)
			continue;
		for (; g < span->h->groups && i && count[i - 1] < c; i--) {
			count[i] = count[i - 1];
			order[i] = order[i - 1];
		}
		count[i] = c;
		order[i] = g;
		n++;
	}
	return n;
}

const char *hist_rows_group_label(char buf[FMT_TEXT_MAX], const struct sink_env *env,
			     const struct hist_span *span, uint32_t group)
{
	if (group < span->h->groups)
		return group_name(buf, env, env->hist.by, span->h->key[group]);
	snprintf(buf, FMT_TEXT_MAX, "other");
	return buf;
}
