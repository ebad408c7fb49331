// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* One JSON object per line: the records, then the ledger. */
#include <errno.h>
#include <stdlib.h>
#include "model/lineage.h"
#include "output/ledger_json.h"
#include "output/record_json.h"
#include "output/sink.h"

struct json_state {
	struct record_json record;
	struct lineage *lineage;	/* merged records wait here for their parent */
};

static int write_record(void *arg, const struct pp_rec *rec, const struct pp_rec *whole)
{
	const struct sink_env *env = arg;
	struct json_state *st = env->state;

	return record_json(&st->record, env, rec, whole);
}

static int json_begin(struct sink_env *env)
{
	struct json_state *st = calloc(1, sizeof(*st));

	env->state = st;
	if (!st)
		return -ENOMEM;
	st->lineage = lineage_new(write_record, env);
	return st->lineage ? 0 : -ENOMEM;
}

static int json_add(struct sink_env *env, const struct pp_rec *rec)
{
	struct json_state *st = env->state;

	return lineage_add(st->lineage, rec);
}

static void json_free(struct sink_env *env)
{
	struct json_state *st = env->state;

	if (st)
		lineage_free(st->lineage);
	free(st);
	env->state = NULL;
}

static int json_done(struct sink_env *env, const struct ledger *led)
{
	struct json_state *st = env->state;
	int err = led->so_far ? 0 : lineage_flush(st->lineage);

	return err ? err : ledger_json(env, led);
}

const struct sink sink_json = {
	.name = "json",
	.begin = json_begin,
	.record = json_add,
	.done = json_done,
	.free = json_free,
};
