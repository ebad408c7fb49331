// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include <stdio.h>
#include "model/labels.h"
#include "output/sink_env.h"

const char *sink_env_dev(const struct sink_env *env, uint32_t netns, uint32_t ifindex,
			 char buf[FMT_TEXT_MAX], int cols)
{
	const char *name = env->dev_name(env->names, netns, ifindex);

	if (name)
		return fmt_clean(buf, name, (size_t)cols);
	snprintf(buf, FMT_TEXT_MAX, "if%u", ifindex);
	return buf;
}

const char *sink_env_reason(const struct sink_env *env, const struct pp_rec *rec)
{
	const char *own = own_reason_label(rec->reason);

	return own ? own : env->reason_name(env->names, rec->reason);
}
