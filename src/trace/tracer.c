// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include "model/ledger.h"
#include "hooks/attach.h"
#include "trace/config.h"
#include "base/log.h"
#include "hooks/skipped.h"
#include "hooks/module_functions.h"
#include "model/labels.h"
#include "trace/object.h"
#include "trace/quiesce.h"
#include "host/kallsyms.h"
#include "trace/tracer.h"
#include "tables.h"
#include "trace/xdp_stage.h"

struct tracer {
	struct plan plan;
	struct plan_opts plan_opts;
	struct tracer_opts opts;
	struct object o;
	struct xdpview xdp;
	struct bpf_link *links[NR_HOOKS][ROW_PROGS];
	struct ring_buffer *ring;
	struct pp_cpu *cpus;
	struct pp_rec *slab;
	uint64_t *hists, *groups;
	int nr_cpus;
	int64_t missed[NR_HOOKS];
	tracer_fn fn;
	void *fn_arg;
	int fn_ret;
	uint32_t left;		/* records to fetch in this call */
	int said;		/* an error about which there was a word */
};

static int progs_of(struct tracer *t, int i, struct bpf_program *progs[ROW_PROGS])
{
	return row_programs(t->o.obj, t->plan.backend[i], i, progs);
}

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
		n = progs_of(t, i, progs);
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

static uint32_t groups_of(const struct tracer *t)
{
	return config_groups(&t->opts);
}

/* Counters of all histograms of one CPU. */
static uint32_t cpu_counts(const struct tracer *t)
{
	return (groups_of(t) + 1) * PP_H_ROWS * PP_H_BUCKETS;
}

static uint32_t hist_counts(const struct tracer *t)
{
	return t->nr_cpus * cpu_counts(t);
}

struct memory_opts tracer_memory(const struct tracer *t)
{
	return (struct memory_opts){ .records = t->opts.records, .ring_bytes = t->opts.ring_bytes,
				     .cpus = t->nr_cpus,
				     .hist_counts = t->opts.hist ? hist_counts(t) : 0,
				     .worst = t->opts.worst,
				     .fifos = plan_serves(&t->plan, PP_SL_READ_UDP, 1) };
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
		err = bpf_map__set_max_entries(t->o.hists, t->nr_cpus * (groups_of(t) + 1));
	if (!err && t->opts.worst)
		err = bpf_map__set_max_entries(t->o.worsts, t->nr_cpus + 1);
	return err;
}

static int configure(struct tracer *t)
{
	struct pp_cfg *cfg = t->o.cfg;
	int err;

	t->nr_cpus = libbpf_num_possible_cpus();
	if (t->nr_cpus < 0)
		return t->nr_cpus;
	config_fill(cfg, &t->opts);
	cfg->nr_cpus = t->nr_cpus;
	cfg->have_end = t->plan.have_end;
	cfg->hardirq_mask = t->plan.hardirq_mask;
	xdpview_configure(&t->xdp, cfg);
	/* A kernel without control groups has no such map. */
	bpf_map__set_autocreate(t->o.wanted_cgroup, cfg->reader_cgroup);
	err = bpf_map__set_max_entries(t->o.cpus, t->nr_cpus);
	if (!err)
		err = bpf_map__set_max_entries(t->o.slab, t->opts.records);
	if (!err)
		err = bpf_map__set_max_entries(t->o.ring, t->opts.ring_bytes);
	if (!err)
		err = size_hists(t);
	if (!err && tracer_memory(t).fifos)
		err = bpf_map__set_max_entries(t->o.fifos, PP_FIFOS);
	return err;
}

static int attach_row(struct tracer *t, int i)
{
	struct bpf_program *progs[ROW_PROGS];
	int n = progs_of(t, i, progs), k;

	for (k = 0; k < n; k++) {
		struct bpf_link *link = row_attach(progs[k], t->plan.backend[i], i);

		if (!link)
			return -errno;
		t->links[i][k] = link;
	}
	return 0;
}

static void detach_row(struct tracer *t, int i)
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
		detach_row(t, i);
	xdpview_detach(&t->xdp);
	ring_buffer__free(t->ring);
	t->ring = NULL;
	if (t->cpus)
		munmap(t->cpus, t->nr_cpus * sizeof(*t->cpus));
	if (t->slab)
		munmap(t->slab, (size_t)t->opts.records * sizeof(*t->slab));
	if (t->hists)
		munmap(t->hists, hist_counts(t) * sizeof(*t->hists));
	if (t->groups)
		munmap(t->groups, PP_GROUPS_MAX * sizeof(*t->groups));
	t->cpus = NULL;
	t->slab = NULL;
	t->hists = t->groups = NULL;
	object_close(&t->o);
}

static int on_event(void *arg, void *data, size_t size)
{
	struct tracer *t = arg;
	struct pp_rec rec;

	if (size < PP_REC_SHORT)
		return 0;
	/* Records without a place are sent without that field. */
	memset(&rec, 0, sizeof(rec));
	memcpy(&rec, data, size < sizeof(rec) ? size : sizeof(rec));
	/* Before v5.13 BPF cannot tell the name. */
	if (rec.verdict == PP_V_DROPPED && rec.location && !rec.place[0])
		symbol_name(rec.location, rec.place, sizeof(rec.place));
	if (verdict_is_xdp(rec.verdict))
		xdpview_place(&t->xdp, &rec);
	t->fn_ret = t->fn(t->fn_arg, &rec);
	return t->fn_ret ? -ECANCELED : --t->left ? 0 : -EAGAIN;
}

static int map_tables(struct tracer *t)
{
	int i;

	t->cpus = object_map_table(t->o.cpus, t->nr_cpus * sizeof(*t->cpus));
	t->slab = object_map_table(t->o.slab, (size_t)t->opts.records * sizeof(*t->slab));
	t->ring = ring_buffer__new(bpf_map__fd(t->o.ring), on_event, t, NULL);
	if (t->opts.hist) {
		t->hists = object_map_table(t->o.hists, hist_counts(t) * sizeof(*t->hists));
		t->groups = object_map_table(t->o.groups, PP_GROUPS_MAX * sizeof(*t->groups));
	}
	if (!t->cpus || !t->slab || !t->ring || (t->opts.hist && (!t->hists || !t->groups)))
		return -errno;
	for (i = 0; i < t->nr_cpus; i++)
		t->cpus[i].cursor = (uint64_t)t->opts.records * i / t->nr_cpus;
	return 0;
}

/*
 * Load and attach what the plan says. A row that cannot be attached is banned, and the caller
 * plans again: attaching is part of trying.
 */
static int try_plan(struct tracer *t, bool *again)
{
	int err, i;

	*again = false;
	err = open_object(t);
	if (!err)
		err = configure(t);
	if (!err)
		err = load_object(t);
	if (err && xdpview_give_up(&t->xdp))
		*again = true;
	if (!err)
		err = set_cgroup(t);
	if (!err)
		err = map_tables(t);
	for (i = 0; !err && i < NR_HOOKS; i++) {
		err = attach_row(t, i);
		if (!err)
			continue;
		t->plan_opts.banned[i][t->plan.backend[i]] = true;
		t->plan_opts.ban_why[i] = "the kernel loads it but refuses to attach it";
		*again = true;
	}
	if (err)
		return err;
	/* Last: attaching may take a NIC's link away for seconds. */
	t->said = xdpview_attach(&t->xdp, t->o.obj, t->o.xdp_devs);
	if (!t->said)
		xdpview_report(&t->xdp, &t->plan);
	return t->said;
}

int tracer_new(struct tracer **out, const struct tracer_opts *opts)
{
	struct tracer *t = calloc(1, sizeof(*t));
	bool again = true;
	int err = 0, tries;

	if (!t)
		return -ENOMEM;
	t->opts = *opts;
	t->plan_opts.scope = opts->scope;
	t->plan_opts.force = opts->force;
	t->plan_opts.stages = opts->stages;
	libbpf_set_strict_mode(LIBBPF_STRICT_ALL);
	log_capture_libbpf();
	xdpview_new(&t->xdp, opts->scope, opts->xdp);
	for (tries = 0; again && tries < NR_HOOKS; tries++) {
		log_capture_libbpf();
		unload(t);
		err = plan_make(&t->plan, &t->plan_opts);
		if (err)
			break;
		err = try_plan(t, &again);
	}
	if (err && !t->said) {
		log_show_libbpf();
		log_err("cannot start tracing: BPF programs: %s%s", strerror(-err),
			object_memlock_hint(err));
	}
	if (err) {
		tracer_free(t);
		return err;
	}
	tracer_sample(t, opts->sample > 1 ? 1.0 / opts->sample : 1);
	*out = t;
	return 0;
}

void tracer_sample(struct tracer *t, double share)
{
	*t->o.sample_max = share >= 1 ? UINT32_MAX : (uint32_t)(share * UINT32_MAX);
}

void tracer_enable(struct tracer *t)
{
	*t->o.enabled = PP_ON;
}

int tracer_fd(const struct tracer *t)
{
	return ring_buffer__epoll_fd(t->ring);
}

int tracer_consume(struct tracer *t, tracer_fn fn, void *arg)
{
	int ret;

	t->fn = fn;
	t->fn_arg = arg;
	t->fn_ret = 0;
	/*
	 * As many as the ring can hold: all that is there now. Under load more come meanwhile, and
	 * libbpf would go on for as long as they do, whoever pressed Ctrl-C.
	 */
	t->left = t->opts.ring_bytes / PP_REC_SHORT + 1;
	ret = ring_buffer__consume(t->ring);
	if (t->fn_ret)
		return t->fn_ret;
	return ret < 0 && ret != -EAGAIN ? ret : 0;
}

void tracer_hist(const struct tracer *t, struct histogram *h)
{
	uint32_t n = cpu_counts(t), i;
	int cpu;

	memset(h->count, 0, n * sizeof(h->count[0]));
	for (cpu = 0; cpu < t->nr_cpus; cpu++)
		for (i = 0; i < n; i++)
			h->count[i] += __atomic_load_n(&t->hists[(size_t)cpu * n + i],
						       __ATOMIC_RELAXED);
	tracer_groups(t, h->key);
}

uint32_t tracer_groups(const struct tracer *t, uint64_t key[PP_GROUPS_MAX])
{
	uint32_t i, n = groups_of(t);

	for (i = 0; i < n; i++)
		key[i] = __atomic_load_n(&t->groups[i], __ATOMIC_RELAXED);
	return n;
}

void tracer_new_interval(struct tracer *t)
{
	++*t->o.epoch;
}

const struct bpf_object *tracer_object(const struct tracer *t)
{
	return t->o.obj;
}

int tracer_program(const struct tracer *t, int row, int k)
{
	struct bpf_program *progs[ROW_PROGS];

	return k < row_programs(t->o.obj, t->plan.backend[row], row, progs) && t->links[row][k] ?
		       bpf_program__fd(progs[k]) : -1;
}

uint64_t tracer_packets(const struct tracer *t)
{
	uint64_t n = 0;
	int i;

	for (i = 0; i < t->nr_cpus; i++)
		n += *(volatile __u64 *)&t->cpus[i].n.seen +
		     *(volatile __u64 *)&t->cpus[i].n.sampled_out;
	return n;
}

const struct plan *tracer_plan(const struct tracer *t)
{
	return &t->plan;
}

void tracer_look(struct tracer *t)
{
	xdpview_look(&t->xdp);
}

bool tracer_xdp_late(const struct tracer *t)
{
	return xdpview_late(&t->xdp);
}

/* What the kernel says it skipped, before the links that know it are gone. */
static void read_missed(struct tracer *t)
{
	struct bpf_program *progs[ROW_PROGS];
	int i, k, n;

	for (i = 0; i < NR_HOOKS; i++) {
		n = progs_of(t, i, progs);
		t->missed[i] = n ? 0 : -1;
		for (k = 0; k < n && t->missed[i] >= 0; k++) {
			int64_t m = skipped_runs(t->plan.backend[i],
						bpf_program__fd(progs[k]),
						bpf_link__fd(t->links[i][k]));

			t->missed[i] = m < 0 ? -1 : t->missed[i] + m;
		}
	}
}

void tracer_stop(struct tracer *t)
{
	/* No births from here on; a packet already under way in a softirq still meets its hooks. */
	*t->o.enabled = PP_LAST;
	usleep(20000);
	/*
	 * Then nothing ends, either, all at once: a packet that is still under way stays in flight.
	 * Detaching, hook by hook, takes a second or more: Linux waits some 100 ms for each
	 * function (v6.1: ftrace_shutdown()), so whoever waits for the account need not wait for
	 * that.
	 */
	*t->o.enabled = PP_OFF;
	quiesce();
	read_missed(t);
}

static uint64_t missed_births(const struct tracer *t)
{
	uint64_t n = 0;
	int i;

	for (i = 0; i < NR_HOOKS; i++)
		if (hooks[i].stage == PP_ST_GRO && t->missed[i] > 0)
			n += t->missed[i];
	return n;
}

int tracer_ledger(struct tracer *t, struct ledger *led)
{
	int i, k;

	if (led->so_far)
		read_missed(t);
	for (i = 0; i < t->nr_cpus; i++)
		ledger_add_counts(&led->n, &t->cpus[i].n);
	ledger_add_in_flight(led, t->slab, t->opts.records);
	ledger_close(led, missed_births(t));
	for (i = 0; i < t->plan.nr_reports; i++)
		for (k = 0; k < NR_HOOKS; k++)
			if (!strcmp(t->plan.reports[i].hook, hooks[k].symbol) &&
			    t->plan.reports[i].stage == hooks[k].stage && t->plan.backend[k])
				t->plan.reports[i].missed = t->missed[k];
	xdpview_missed(&t->xdp, &t->plan);
	led->hooks = t->plan.reports;
	led->nr_hooks = t->plan.nr_reports;
	return 0;
}

void tracer_free(struct tracer *t)
{
	if (!t)
		return;
	unload(t);
	xdpview_free(&t->xdp);
	symbols_free();
	free(t);
}
