// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include <errno.h>
#include <stdlib.h>
#include "run/trace_file.h"

struct trace_file {
	FILE *file;
	const struct sink *sink;
	struct sink_env env;
	bool failed;
};

int trace_file_new(struct trace_file **out, const char *path)
{
	struct trace_file *t = calloc(1, sizeof(*t));
	int err;

	if (!t)
		return -ENOMEM;
	t->file = fopen(path, "we");
	if (!t->file) {
		err = -errno;
		free(t);
		return err;
	}
	t->sink = sink_find("json");
	*out = t;
	return 0;
}

static int noted(struct trace_file *t, int err)
{
	t->failed |= err != 0;
	return err;
}

int trace_file_begin(struct trace_file *t, const struct sink_env *env)
{
	if (!t)
		return 0;
	t->env = *env;
	t->env.out = t->file;
	t->env.line_buffered = false;
	t->env.state = NULL;
	return noted(t, t->sink->begin(&t->env));
}

int trace_file_record(struct trace_file *t, const struct pp_rec *rec)
{
	return t ? noted(t, t->sink->record(&t->env, rec)) : 0;
}

int trace_file_done(struct trace_file *t, const struct ledger *led)
{
	return t ? noted(t, t->sink->done(&t->env, led)) : 0;
}

bool trace_file_failed(const struct trace_file *t)
{
	return t && t->failed;
}

void trace_file_free(struct trace_file *t)
{
	if (!t)
		return;
	t->sink->free(&t->env);
	fclose(t->file);
	free(t);
}
