// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include <errno.h>
#include <math.h>
#include "model/labels.h"
#include "output/ledger_json.h"
#include "text/line.h"

#define SUMMARY_SCHEMA "pktpath.summary.v1"

/* Counts by label, from number `from` on: "none" and "in flight" are not among them. */
static void add_counts(doc_t *d, val_t *o, const char *key, const __u64 *n,
		       unsigned int from, unsigned int nr, const char *(*label)(unsigned int))
{
	val_t *counts = yyjson_mut_obj_add_obj(d, o, key);

	for (unsigned int i = from; i < nr; i++)
		json_num(d, counts, label(i), n[i]);
}

static void add_hooks(doc_t *d, val_t *o, const struct ledger *led)
{
	val_t *hooks = yyjson_mut_obj_add_arr(d, o, "hooks");

	for (int i = 0; i < led->nr_hooks; i++) {
		const struct hook_report *r = &led->hooks[i];
		val_t *h = yyjson_mut_arr_add_obj(d, hooks);

		json_text(d, h, "role", r->role);
		json_text(d, h, "stage", r->stage < PP_ST_NR ? stage_label(r->stage) : NULL);
		json_text(d, h, "hook", r->hook);
		json_text(d, h, "backend", hook_report_served(r) ? r->backend : NULL);
		json_text(d, h, "why", r->why);
		if (r->missed < 0)
			yyjson_mut_obj_add_null(d, h, "missed");
		else
			json_num(d, h, "missed", (uint64_t)r->missed);
	}
}

/* Rounded to the digits that mean something. */
static void add_real(doc_t *d, val_t *o, const char *key, bool known, double value)
{
	if (known)
		yyjson_mut_obj_add_real(d, o, key, round(value * 1e4) / 1e4);
	else
		yyjson_mut_obj_add_null(d, o, key);
}

static void add_cost(doc_t *d, val_t *o, const struct cost_figures *c)
{
	add_real(d, o, "cost_packet_ns", c->each, c->packet_ns);
	add_real(d, o, "cost_packet_runs", c->each, c->packet_runs);
	add_real(d, o, "cost_cpu_percent", c->known, 100 * c->cpu);
	add_real(d, o, "own_cpu_percent", c->known, 100 * c->own_cpu);
	add_real(d, o, "budget_percent", c->budget > 0, 100 * c->budget);
	add_real(d, o, "followed_percent", c->budget > 0, 100 * c->share);
	add_real(d, o, "followed_percent_least", c->budget > 0, 100 * c->least);
	yyjson_mut_obj_add_bool(d, o, "budget_exceeded", c->over);
}

static void add_ledger(doc_t *d, val_t *o, const struct ledger *led)
{
	yyjson_mut_obj_add_bool(d, o, "final", !led->so_far);
	json_num(d, o, "duration_ns", led->duration_ns);
	json_num(d, o, "seen", led->n.seen);
	json_num(d, o, "clones", led->n.clones);
	json_num(d, o, "sampled_out", led->n.sampled_out);
	add_counts(d, o, "verdicts", led->n.verdict, PP_V_LIVE + 1, PP_V_NR, verdict_label);
	add_counts(d, o, "untracked", led->n.loss, PP_L_NONE + 1, PP_L_NR, loss_label);
	json_num(d, o, "in_flight", led->in_flight);
	add_counts(d, o, "in_flight_at", led->in_flight_at, 0, PP_ST_NR, stage_label);
	add_counts(d, o, "absent", led->absent, 0, PP_ST_NR, stage_label);
	yyjson_mut_obj_add_bool(d, o, "balanced", led->balanced);
	yyjson_mut_obj_add_real(d, o, "coverage_percent", led->coverage);
	json_num(d, o, "shown", led->shown);
	json_num(d, o, "emitted", led->n.emitted);
	json_num(d, o, "ring_lost", led->n.ring_lost);
	json_num(d, o, "filtered", led->n.filtered);
	json_num(d, o, "inversions", led->n.inversions);
	json_num(d, o, "unsorted", led->n.unsorted);
	json_num(d, o, "napi_full", led->n.napi_full);
	json_known(d, o, "slow", led->slow_only, led->slow);
	json_known(d, o, "time_squeeze", led->softnet_known, led->time_squeeze);
	json_known(d, o, "softnet_dropped", led->softnet_known, led->backlog_drops);
	add_cost(d, o, &led->cost);
	add_hooks(d, o, led);
}

int ledger_json(const struct sink_env *env, const struct ledger *led)
{
	struct json_heap heap;
	doc_t *d = json_doc(&heap);
	val_t *o;
	int err;

	if (!d)
		return -ENOMEM;
	o = yyjson_mut_obj(d);
	yyjson_mut_doc_set_root(d, o);
	yyjson_mut_obj_add_str(d, o, "schema", SUMMARY_SCHEMA);
	add_ledger(d, yyjson_mut_obj_add_obj(d, o, "summary"), led);
	err = json_doc_line(env, d, &heap);
	yyjson_mut_doc_free(d);
	return err ? err : file_flush(env->out);
}
