// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include "hist.h"
#include "run/env_names.h"

_Static_assert(REMEMBER_MAX >= 2 * PP_GROUPS_MAX, "more names than there can be groups");

int env_names_open(struct env_names *n, const struct links *links)
{
	int err = remember_new(&n->remember);

	n->links = links;
	return err ? err : drop_reasons_new(&n->reasons);
}

void env_names_close(struct env_names *n)
{
	remember_free(n->remember);
	drop_reasons_free(n->reasons);
}

static const char *dev_name(void *names, uint32_t netns, uint32_t ifindex)
{
	return links_name(((struct env_names *)names)->links, netns, ifindex);
}

static const char *reason_name(void *names, uint32_t reason)
{
	return drop_reasons_name(((struct env_names *)names)->reasons, reason);
}

static const char *comm_name(void *names, uint32_t pid)
{
	return remember_comm(((struct env_names *)names)->remember, pid);
}

static const char *cgroup_path(void *names, uint64_t id)
{
	return remember_cgroup(((struct env_names *)names)->remember, id);
}

void env_names_use(struct env_names *n, struct sink_env *env)
{
	env->names = n;
	env->dev_name = dev_name;
	env->reason_name = reason_name;
	env->comm_name = comm_name;
	env->cgroup_path = cgroup_path;
}
