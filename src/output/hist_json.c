// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * Histograms as JSON: one object for each interval and one for the whole run, each after the
 * records of the packets that it names as examples; the ledger last.
 */
#include <errno.h>
#include <stdlib.h>
#include "model/labels.h"
#include "output/hist_rows.h"
#include "output/ledger_json.h"
#include "output/record_json.h"
#include "output/sink.h"
#include "text/line.h"

#define HIST_SCHEMA "pktpath.hist.v1"
#define WRITTEN_MAX 16384

struct hist_json {
	struct record_json record;
	struct hist_rows rows;
	uint64_t written[WRITTEN_MAX];	/* IDs of records written, by hash; 0 = none */
};

static int hist_begin(struct sink_env *env)
{
	struct hist_json *hj = calloc(1, sizeof(*hj));

	env->state = hj;
	return hj ? hist_rows_new(&hj->rows, &env->hist) : -ENOMEM;
}

static void hist_free(struct sink_env *env)
{
	struct hist_json *hj = env->state;

	if (hj)
		hist_rows_free(&hj->rows);
	free(hj);
	env->state = NULL;
}

static int hist_record(struct sink_env *env, const struct pp_rec *rec)
{
	struct hist_json *hj = env->state;

	hist_rows_record(&hj->rows, &env->hist, rec);
	return 0;
}

/*
 * A packet may be the slowest of several rows and spans. It is written once; rarely twice, when
 * another one's hash took its place in between.
 */
static int write_once(struct hist_json *hj, const struct sink_env *env, const struct pp_rec *rec)
{
	uint64_t *seen = &hj->written[(rec->id * 0x9e3779b97f4a7c15ull >> 32) % WRITTEN_MAX];

	if (*seen == rec->id)
		return 0;
	*seen = rec->id;
	return record_json(&hj->record, env, rec, NULL);
}

static int write_examples(struct hist_json *hj, const struct sink_env *env,
			  const struct hist_span *span)
{
	const struct slowest_entry *list[PP_WORST_MAX];
	int err = 0;

	for (uint32_t row = 0; row < PP_H_ROWS; row++) {
		uint32_t n = slowest_list(hist_rows_slowest(&hj->rows, span), row, list);

		for (uint32_t i = 0; !err && i < n; i++)
			err = write_once(hj, env, &list[i]->rec);
	}
	return err;
}

static void add_worst(doc_t *d, val_t *o, const struct hist_json *hj, const struct hist_span *span,
		      uint32_t row)
{
	const struct slowest_entry *list[PP_WORST_MAX];
	uint32_t n = slowest_list(hist_rows_slowest(&hj->rows, span), row, list);
	val_t *worst = yyjson_mut_obj_add_arr(d, o, "worst");

	for (uint32_t i = 0; i < n; i++) {
		val_t *w = yyjson_mut_arr_add_obj(d, worst);

		json_num(d, w, "ns", list[i]->ns);
		json_num(d, w, "id", list[i]->rec.id);
	}
}

static void add_buckets(doc_t *d, val_t *o, const uint64_t *counts)
{
	val_t *buckets = yyjson_mut_obj_add_arr(d, o, "buckets");

	for (uint32_t i = 0; i < PP_H_BUCKETS; i++) {
		val_t *b;

		if (!counts[i])
			continue;
		b = yyjson_mut_arr_add_obj(d, buckets);
		json_num(d, b, "from_ns", pp_hist_low(i));
		if (i + 1 < PP_H_BUCKETS)
			json_num(d, b, "below_ns", pp_hist_low(i + 1));
		else
			yyjson_mut_obj_add_null(d, b, "below_ns");
		json_num(d, b, "count", counts[i]);
	}
}

static void add_quantiles(doc_t *d, val_t *o, const struct hist_row *r)
{
	static const char *const keys[] = { QUANTILES(QUANTILE_KEY_NS) };

	json_num(d, o, "count", r->q.n);
	json_num(d, o, "min_ns", r->q.min_ns);
	for (int i = 0; i < QUANTILE_NR; i++)
		json_num(d, o, keys[i], r->q.at_ns[i]);
	json_num(d, o, "max_ns", r->q.max_ns);
	json_num(d, o, "sum_ns", r->q.sum_ns < 1.8e19 ? (uint64_t)r->q.sum_ns : UINT64_MAX);
	yyjson_mut_obj_add_real(d, o, "share_percent", 100 * r->share);
}

static void add_row(doc_t *d, val_t *rows, const struct sink_env *env, const struct hist_span *span,
		    uint32_t group, uint32_t row, double total_ns)
{
	const struct hist_json *hj = env->state;
	char label[FMT_TEXT_MAX];
	struct hist_row r;
	val_t *o;

	if (!hist_rows_get(&r, &hj->rows, span, group, row, total_ns))
		return;
	o = yyjson_mut_arr_add_obj(d, rows);
	yyjson_mut_obj_add_str(d, o, "stage", row_label(row));
	json_text(d, o, "group", group == ALL_GROUPS ? NULL :
		  hist_rows_group_label(label, env, span, group));
	add_quantiles(d, o, &r);
	if (env->hist.buckets)
		add_buckets(d, o, r.counts);
	else
		yyjson_mut_obj_add_null(d, o, "buckets");
	if (group == ALL_GROUPS)
		add_worst(d, o, hj, span, row);
	else
		yyjson_mut_obj_add_null(d, o, "worst");
}

static void add_hist(doc_t *d, val_t *o, const struct sink_env *env, const struct hist_span *span)
{
	uint32_t order[PP_GROUPS_MAX + 1], n = hist_rows_groups(span, order);
	double total_ns = hist_rows_total(span);
	val_t *rows;

	yyjson_mut_obj_add_bool(d, o, "final", span->final);
	if (span->nr)
		json_num(d, o, "interval", span->nr);
	else
		yyjson_mut_obj_add_null(d, o, "interval");
	json_num(d, o, "time_ns", span->begin_ns + env->wall_offset_ns);
	json_num(d, o, "duration_ns", span->ns);
	yyjson_mut_obj_add_str(d, o, "weight", env->hist.wire ? "wire" : "skb");
	yyjson_mut_obj_add_str(d, o, "by", by_label(env->hist.by));
	rows = yyjson_mut_obj_add_arr(d, o, "rows");
	for (uint32_t row = 0; row < PP_H_ROWS; row++) {
		if (!hist_opts_want(&env->hist, row))
			continue;
		add_row(d, rows, env, span, ALL_GROUPS, row, total_ns);
		for (uint32_t i = 0; span->h->groups && i < n; i++)
			add_row(d, rows, env, span, order[i], row, total_ns);
	}
}

static int hist_hist(struct sink_env *env, const struct hist_span *span)
{
	struct hist_json *hj = env->state;
	int err = write_examples(hj, env, span);
	struct json_heap heap;
	doc_t *d;
	val_t *o;

	if (err)
		return err;
	d = json_doc(&heap);
	if (!d)
		return -ENOMEM;
	o = yyjson_mut_obj(d);
	yyjson_mut_doc_set_root(d, o);
	yyjson_mut_obj_add_str(d, o, "schema", HIST_SCHEMA);
	add_hist(d, yyjson_mut_obj_add_obj(d, o, "hist"), env, span);
	err = json_doc_line(env, d, &heap);
	yyjson_mut_doc_free(d);
	if (span->nr)
		slowest_clear(hj->rows.now);
	return err ? err : file_flush(env->out);
}

static int hist_done(struct sink_env *env, const struct ledger *led)
{
	return ledger_json(env, led);
}

const struct sink sink_hist_json = {
	.name = "hist-json",
	.begin = hist_begin,
	.record = hist_record,
	.hist = hist_hist,
	.done = hist_done,
	.free = hist_free,
};
