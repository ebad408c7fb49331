// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* The table of outputs: between a command, which asks for one by name, and src/output/. */
#include <stddef.h>
#include <string.h>
#include "model/labels.h"
#include "output/sink.h"

extern const struct sink sink_text, sink_json, sink_drops, sink_hist, sink_hist_json;

static const struct sink *const sinks[] = { &sink_text, &sink_json, &sink_drops, &sink_hist,
					    &sink_hist_json };

const struct sink *sink_find(const char *name)
{
	for (size_t i = 0; i < sizeof(sinks) / sizeof(sinks[0]); i++)
		if (!strcmp(sinks[i]->name, name))
			return sinks[i];
	return NULL;
}

const char *sink_dev(const struct sink_env *env, uint32_t netns, uint32_t ifindex,
		     char buf[FMT_TEXT_MAX], int cols)
{
	const char *name = env->dev_name(netns, ifindex);

	if (name)
		return fmt_clean(buf, name, (size_t)cols);
	snprintf(buf, FMT_TEXT_MAX, "if%u", ifindex);
	return buf;
}

const char *sink_reason(const struct sink_env *env, const struct pp_rec *rec)
{
	const char *own = own_reason_label(rec->reason);

	return own ? own : env->reason_name(rec->reason);
}
