// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* A tracer's start, by trying, and its end: see tracer.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include "base/log.h"
#include "hooks/module_functions.h"
#include "trace/config.h"
#include "trace/places.h"
#include "trace/tracer_state.h"

static int open_object(struct tracer *t)
{
	struct bpf_program *p, *progs[ROW_PROGS];
	int i, k, n, err = modfn_register();	/* before the programs' sections are read */

	if (!err)
		err = object_open(&t->o, !t->plan.hardirq_mask);
	if (err)
		return err;
	bpf_object__for_each_program(p, t->o.obj)
		bpf_program__set_autoload(p, false);
	for (i = 0; i < NR_HOOKS; i++) {
		n = tracer_row(t, i, progs);
		for (k = 0; k < n; k++)
			row_want(progs[k], t->plan.backend[i]);
	}
	return xdpview_want(&t->xdp, t->o.obj);
}

static int load_object(struct tracer *t)
{
	struct modfn functions;
	int err;

	modfn_begin(&functions);
	err = object_load(&t->o);
	modfn_end(&functions);
	return err;
}

/* The kernel keeps the group itself, so the directory need not stay open. */
static int set_cgroup(struct tracer *t)
{
	uint32_t key = 0;
	int fd, err;

	if (!t->opts.reader_cgroup)
		return 0;
	fd = open(t->opts.reader_cgroup, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	err = bpf_map_update_elem(bpf_map__fd(t->o.wanted_cgroup), &key, &fd, BPF_ANY);
	close(fd);
	return err;
}

static int size_hists(struct tracer *t)
{
	int err = 0;

	if (t->opts.hist)
		err = bpf_map__set_max_entries(t->o.hists,
					       t->nr_cpus * (config_groups(&t->opts) + 1));
	if (!err && t->opts.worst)
		err = bpf_map__set_max_entries(t->o.worsts, t->nr_cpus + 1);
	return err;
}

static int size_socks(struct tracer *t)
{
	struct memory_opts mo = tracer_memory(t);
	uint32_t socks = memory_socks(&mo);

	t->o.cfg->sock_mask = socks - 1;
	t->o.cfg->sock_shift = __builtin_clz(socks) + 1;
	return object_size_socks(&t->o, socks);
}

static int configure(struct tracer *t)
{
	struct pp_cfg *cfg = t->o.cfg;
	int err;

	t->nr_cpus = libbpf_num_possible_cpus();
	if (t->nr_cpus < 0)
		return t->nr_cpus;
	err = config_fill(cfg, &t->opts);
	if (err)
		return err;
	cfg->nr_cpus = t->nr_cpus;
	cfg->have_end = t->plan.have_end;
	cfg->hardirq_mask = t->plan.hardirq_mask;
	cfg->irq_threads = t->plan.irq_threads;
	if (!cfg->have_end)
		places_find(cfg->places, &t->symbols);
	xdpview_configure(&t->xdp, cfg);
	/* A kernel without control groups has no such map. */
	bpf_map__set_autocreate(t->o.wanted_cgroup, cfg->reader_cgroup);
	err = bpf_map__set_max_entries(t->o.cpus, t->nr_cpus);
	if (!err)
		err = bpf_map__set_max_entries(t->o.slab, t->opts.records);
	if (!err)
		err = bpf_map__set_max_entries(t->o.ring, t->opts.ring_bytes);
	if (!err)
		err = size_socks(t);
	if (!err)
		err = size_hists(t);
	if (!err && tracer_memory(t).fifos)
		err = bpf_map__set_max_entries(t->o.fifos, PP_FIFOS);
	return err;
}

int tracer_attach(struct tracer *t, int i)
{
	struct bpf_program *progs[ROW_PROGS];
	int n = tracer_row(t, i, progs), k;

	for (k = 0; k < n; k++) {
		struct bpf_link *link = row_attach(progs[k], t->plan.backend[i], i);

		if (!link)
			return -errno;
		t->links[i][k] = link;
	}
	return 0;
}

void tracer_detach(struct tracer *t, int i)
{
	int k;

	for (k = 0; k < ROW_PROGS; k++) {
		bpf_link__destroy(t->links[i][k]);
		t->links[i][k] = NULL;
	}
}

static void unload(struct tracer *t)
{
	int i;

	for (i = 0; i < NR_HOOKS; i++)
		tracer_detach(t, i);
	xdpview_detach(&t->xdp);
	while (t->nr_more)
		object_close(&t->more[--t->nr_more]);
	memset(t->home, 0, sizeof(t->home));
	ring_buffer__free(t->ring);
	t->ring = NULL;
	if (t->cpus)
		munmap(t->cpus, t->nr_cpus * sizeof(*t->cpus));
	if (t->slab)
		munmap(t->slab, (size_t)t->opts.records * sizeof(*t->slab));
	if (t->hists)
		munmap(t->hists, tracer_hist_counts(t) * sizeof(*t->hists));
	if (t->groups)
		munmap(t->groups, PP_GROUPS_MAX * sizeof(*t->groups));
	t->cpus = NULL;
	t->slab = NULL;
	t->hists = t->groups = NULL;
	object_close(&t->o);
}

/* NULL after an error, whoever made it. */
static void *map_one(struct bpf_map *map, size_t bytes, int *err)
{
	void *p = *err ? NULL : object_map_table(map, bytes);

	if (!*err && !p)
		*err = -errno;
	return p;
}

static int map_tables(struct tracer *t)
{
	int err = 0, i;

	t->cpus = map_one(t->o.cpus, t->nr_cpus * sizeof(*t->cpus), &err);
	t->slab = map_one(t->o.slab, (size_t)t->opts.records * sizeof(*t->slab), &err);
	if (t->opts.hist) {
		t->hists = map_one(t->o.hists, tracer_hist_counts(t) * sizeof(*t->hists), &err);
		t->groups = map_one(t->o.groups, PP_GROUPS_MAX * sizeof(*t->groups), &err);
	}
	if (err)
		return err;
	t->ring = ring_buffer__new(bpf_map__fd(t->o.ring), tracer_on_event, t, NULL);
	if (!t->ring)
		return -errno;
	for (i = 0; i < t->nr_cpus; i++)
		t->cpus[i].cursor = (uint64_t)t->opts.records * i / t->nr_cpus;
	return 0;
}

static int attach_rows(struct tracer *t, bool *again)
{
	int i, err = 0;

	for (i = 0; !err && i < NR_HOOKS; i++) {
		err = tracer_attach(t, i);
		if (!err)
			continue;
		t->plan_opts.banned[i][t->plan.backend[i]] = true;
		t->plan_opts.ban_why[i] = "the kernel loads it but refuses to attach it";
		*again = true;
	}
	return err;
}

static int next_step(struct tracer *t, int err, const char *step)
{
	if (!err)
		t->step = step;
	return err;
}

/*
 * Load and attach what the plan says. A row that cannot be attached is banned, and the caller
 * plans again: attaching is part of trying.
 */
static int try_plan(struct tracer *t, bool *again)
{
	int err = 0;

	*again = false;
	if (!next_step(t, err, "BPF programs"))
		err = open_object(t);
	if (!next_step(t, err, "sizes of BPF maps"))
		err = configure(t);
	if (!next_step(t, err, "loading BPF programs"))
		err = load_object(t);
	if (err && xdpview_give_up(&t->xdp))
		*again = true;
	if (!next_step(t, err, "--cgroup"))
		err = set_cgroup(t);
	if (!next_step(t, err, "tables shared with the kernel"))
		err = map_tables(t);
	if (!err)
		tracer_follow(t);
	if (!next_step(t, err, "attaching BPF programs"))
		err = attach_rows(t, again);
	if (err)
		return err;
	/* Last: attaching may take a NIC's link away for seconds. */
	t->said = xdpview_attach(&t->xdp, t->o.obj, t->o.xdp_devs);
	if (!t->said)
		xdpview_report(&t->xdp, &t->plan);
	return t->said;
}

static void say_why(const struct tracer *t, int err)
{
	char path[LOG_PATH], hint[OBJECT_HINT];
	const char *file = log_save_libbpf(path);

	/* libbpf's word for it. */
	log_err("cannot start tracing: %s: %s (%s%s%s)", t->step,
		err == -ESRCH ? "the kernel's BTF cannot be read" : strerror(-err),
		object_hint(hint, err), file ? "; libbpf's own words are in " : "",
		file ? file : "");
}

static int start(struct tracer *t)
{
	bool again = true;
	int err = 0, tries;

	for (tries = 0; again && tries < NR_HOOKS; tries++) {
		log_capture_libbpf();
		unload(t);
		t->step = "looking for hooks";
		err = plan_make(&t->plan, &t->plan_opts);
		if (err)
			break;
		err = try_plan(t, &again);
	}
	if (err && !t->said)
		say_why(t, err);
	return err;
}

int tracer_new(struct tracer **out, const struct tracer_opts *opts)
{
	struct tracer *t = calloc(1, sizeof(*t));
	int err;

	if (!t) {
		log_err("cannot start tracing: memory: %s", strerror(ENOMEM));
		return -ENOMEM;
	}
	t->opts = *opts;
	t->plan_opts.scope = opts->scope;
	t->plan_opts.force = opts->force;
	t->plan_opts.stages = opts->stages;
	libbpf_set_strict_mode(LIBBPF_STRICT_ALL);
	log_capture_libbpf();
	xdpview_new(&t->xdp, opts->scope, opts->xdp);
	err = start(t);
	if (err) {
		tracer_free(t);
		return err;
	}
	sight_new(&t->sight, t);
	tracer_sample(t, opts->sample > 1 ? 1.0 / opts->sample : 1);
	*out = t;
	return 0;
}

void tracer_free(struct tracer *t)
{
	if (!t)
		return;
	unload(t);
	xdpview_free(&t->xdp);
	kallsyms_free(&t->symbols);
	free(t);
}
