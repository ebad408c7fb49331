// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include <errno.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>
#include "trace/config.h"

_Static_assert(SCOPE_IFS == PP_IFS, "what -i names, the kernel side has room for");

/* A kernel without namespaces has no such file; where it cannot be read, 0 would mean all. */
static int check_netns(const struct scope *s, uint32_t netns)
{
	if (netns || s->any_netns)
		return 0;
	if (!access("/proc/self/ns/net", F_OK))
		return -EAGAIN;
	return errno == ENOENT ? 0 : -errno;
}

static int fill_scope(struct pp_cfg *cfg, const struct tracer_opts *o)
{
	int err;

	cfg->nr_ifs = o->scope->nr;
	cfg->netns = scope_netns(o->scope);
	err = check_netns(o->scope, cfg->netns);
	if (err)
		return err;
	cfg->sample = o->sample > 1 || o->sample_changes;
	cfg->sample_packets = o->sample_packets;
	if (getrandom(&cfg->sample_seed, sizeof(cfg->sample_seed), GRND_NONBLOCK) < 0)
		cfg->sample_seed = getpid();
	return 0;
}

static void fill_reader(struct pp_cfg *cfg, const struct tracer_opts *o)
{
	cfg->reader_pid = o->reader_pid;
	if (o->reader_comm)
		memcpy(cfg->reader_comm, o->reader_comm,
		       strnlen(o->reader_comm, sizeof(cfg->reader_comm)));
	cfg->reader_cgroup = o->reader_cgroup != NULL;
	cfg->by_reader = o->reader_pid || o->reader_comm || o->reader_cgroup;
}

uint32_t config_groups(const struct tracer_opts *o)
{
	return o->by == PP_BY_NONE ? 0 : o->groups;
}

static void fill_hist(struct pp_cfg *cfg, const struct tracer_opts *o)
{
	cfg->hist = o->hist;
	cfg->wire = o->wire;
	cfg->by = o->by;
	cfg->groups = config_groups(o);
	cfg->stages = o->stages ? o->stages : ~0u;
	cfg->worst = o->worst;
	cfg->slow_any = o->slow_any;
	memcpy(cfg->slow, o->slow, sizeof(cfg->slow));
}

int config_fill(struct pp_cfg *cfg, const struct tracer_opts *o)
{
	int err = fill_scope(cfg, o);

	if (err)
		return err;
	fill_reader(cfg, o);
	fill_hist(cfg, o);
	cfg->rec_mask = o->records - 1;
	cfg->emit = o->verdicts;
	cfg->wakeup_bytes = o->ring_bytes / 8;
	return 0;
}
