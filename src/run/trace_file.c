// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/log.h"
#include "run/trace_file.h"

struct tee {
	FILE *file;
	const struct sink *sink;
	struct sink_env env;
	bool failed;
};

struct tee *tee_new(const char *path)
{
	struct tee *t = calloc(1, sizeof(*t));

	if (t)
		t->file = fopen(path, "we");
	if (t && t->file) {
		t->sink = sink_find("json");
		return t;
	}
	log_err("--trace %s: %s", path, strerror(errno));
	free(t);
	return NULL;
}

static int noted(struct tee *t, int err)
{
	t->failed |= err != 0;
	return err;
}

int tee_begin(struct tee *t, const struct sink_env *env)
{
	if (!t)
		return 0;
	t->env = *env;
	t->env.out = t->file;
	t->env.line_buffered = false;
	t->env.state = NULL;
	return noted(t, t->sink->begin(&t->env));
}

int tee_record(struct tee *t, const struct pp_rec *rec)
{
	return t ? noted(t, t->sink->record(&t->env, rec)) : 0;
}

int tee_done(struct tee *t, const struct ledger *led)
{
	return t ? noted(t, t->sink->done(&t->env, led)) : 0;
}

bool tee_failed(const struct tee *t)
{
	return t && t->failed;
}

void tee_free(struct tee *t)
{
	if (!t)
		return;
	if (t->sink)
		t->sink->free(&t->env);
	fclose(t->file);
	free(t);
}
