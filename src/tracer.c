// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include "log.h"
#include "missed.h"
#include "tracer.h"
#include "tables.h"
#include "pktpath.skel.h"

#define MAX_PROGS 3	/* of one row: a kretprobe needs the entry as well */

struct tracer {
	struct plan plan;
	struct plan_opts plan_opts;
	struct tracer_opts opts;
	struct pktpath_bpf *skel;
	struct bpf_link *links[NR_HOOKS][MAX_PROGS];
	struct ring_buffer *ring;
	struct pp_cpu *cpus;
	struct pp_rec *slab;
	int nr_cpus;
	int64_t missed[NR_HOOKS];
	tracer_fn fn;
	void *fn_arg;
	int fn_ret;
};

static struct bpf_program *prog_of(struct tracer *t, char prefix, int i)
{
	char name[64];

	snprintf(name, sizeof(name), "%c_%s", prefix, hooks[i].id);
	return bpf_object__find_program_by_name(t->skel->obj, name);
}

/* The programs that serve row i with its chosen backend, in the order of attaching. */
static int progs_of(struct tracer *t, int i, struct bpf_program *progs[MAX_PROGS])
{
	int n = 0;

	switch (t->plan.backend[i]) {
	case BE_FENTRY:
		progs[n++] = prog_of(t, hooks[i].kind == HOOK_RET ? 'x' : 'f', i);
		break;
	case BE_TP:
		progs[n++] = prog_of(t, 't', i);
		break;
	case BE_KPROBE:
		if (hooks[i].kind == HOOK_RET) {
			progs[n++] = prog_of(t, 'r', i);
			if (hooks[i].nargs)
				progs[n++] = prog_of(t, 's', i);
		} else {
			progs[n++] = prog_of(t, 'k', i);
		}
		break;
	default:
		break;
	}
	return n;
}

static int open_skel(struct tracer *t)
{
	struct bpf_program *p, *progs[MAX_PROGS];
	int i, k, n;

	t->skel = pktpath_bpf__open();
	if (!t->skel)
		return -errno;
	bpf_object__for_each_program(p, t->skel->obj)
		bpf_program__set_autoload(p, false);
	for (i = 0; i < NR_HOOKS; i++) {
		n = progs_of(t, i, progs);
		for (k = 0; k < n; k++)
			bpf_program__set_autoload(progs[k], true);
	}
	return 0;
}

/* Inode of the network namespace in which interface indexes and names are meant; 0 if not known. */
static uint32_t own_netns(void)
{
	struct stat st;

	return stat("/proc/self/ns/net", &st) ? 0 : st.st_ino;
}

static void configure_reader(struct tracer *t, struct pp_cfg *cfg)
{
	const struct tracer_opts *o = &t->opts;

	cfg->reader_pid = o->reader_pid;
	if (o->reader_comm)
		memcpy(cfg->reader_comm, o->reader_comm,
		       strnlen(o->reader_comm, sizeof(cfg->reader_comm)));
	cfg->reader_cgroup = o->reader_cgroup != NULL;
	cfg->by_reader = o->reader_pid || o->reader_comm || o->reader_cgroup;
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
	err = bpf_map_update_elem(bpf_map__fd(t->skel->maps.wanted_cgroup), &key, &fd, BPF_ANY);
	close(fd);
	return err;
}

static int configure(struct tracer *t)
{
	struct pp_cfg *cfg = (struct pp_cfg *)&t->skel->rodata->cfg;
	int err;

	t->nr_cpus = libbpf_num_possible_cpus();
	if (t->nr_cpus < 0)
		return t->nr_cpus;
	cfg->ifindex = t->opts.ifindex;
	cfg->netns = own_netns();
	cfg->nr_cpus = t->nr_cpus;
	cfg->rec_mask = t->opts.records - 1;
	cfg->emit = t->opts.verdicts;
	cfg->have_end = t->plan.have_end;
	cfg->wakeup_bytes = t->opts.ring_bytes / 8;
	configure_reader(t, cfg);
	/* A kernel without control groups has no such map. */
	bpf_map__set_autocreate(t->skel->maps.wanted_cgroup, cfg->reader_cgroup);
	err = bpf_map__set_max_entries(t->skel->maps.cpus, t->nr_cpus);
	if (!err)
		err = bpf_map__set_max_entries(t->skel->maps.slab, t->opts.records);
	if (!err)
		err = bpf_map__set_max_entries(t->skel->maps.ring, t->opts.ring_bytes);
	if (!err && plan_serves(&t->plan, "udpread", 1))
		err = bpf_map__set_max_entries(t->skel->maps.fifos, PP_FIFOS);
	return err;
}

static int attach_row(struct tracer *t, int i)
{
	struct bpf_program *progs[MAX_PROGS];
	int n = progs_of(t, i, progs), k;

	for (k = 0; k < n; k++) {
		struct bpf_link *link = bpf_program__attach(progs[k]);

		if (!link)
			return -errno;
		t->links[i][k] = link;
	}
	return 0;
}

static void detach_row(struct tracer *t, int i)
{
	int k;

	for (k = 0; k < MAX_PROGS; k++) {
		bpf_link__destroy(t->links[i][k]);
		t->links[i][k] = NULL;
	}
}

static void unload(struct tracer *t)
{
	int i;

	for (i = 0; i < NR_HOOKS; i++)
		detach_row(t, i);
	ring_buffer__free(t->ring);
	t->ring = NULL;
	if (t->cpus)
		munmap(t->cpus, t->nr_cpus * sizeof(*t->cpus));
	if (t->slab)
		munmap(t->slab, (size_t)t->opts.records * sizeof(*t->slab));
	t->cpus = NULL;
	t->slab = NULL;
	pktpath_bpf__destroy(t->skel);
	t->skel = NULL;
}

static void *map_table(struct bpf_map *map, size_t bytes)
{
	void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, bpf_map__fd(map), 0);

	return p == MAP_FAILED ? NULL : p;
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
	t->fn_ret = t->fn(t->fn_arg, &rec);
	return t->fn_ret ? -ECANCELED : 0;
}

static int map_tables(struct tracer *t)
{
	int i;

	t->cpus = map_table(t->skel->maps.cpus, t->nr_cpus * sizeof(*t->cpus));
	t->slab = map_table(t->skel->maps.slab, (size_t)t->opts.records * sizeof(*t->slab));
	t->ring = ring_buffer__new(bpf_map__fd(t->skel->maps.ring), on_event, t, NULL);
	if (!t->cpus || !t->slab || !t->ring)
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
	err = open_skel(t);
	if (!err)
		err = configure(t);
	if (!err)
		err = pktpath_bpf__load(t->skel);
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
	return err;
}

int tracer_new(struct tracer **out, const struct tracer_opts *opts)
{
	struct tracer *t = calloc(1, sizeof(*t));
	bool again = true;
	int err = 0, tries;

	if (!t)
		return -ENOMEM;
	t->opts = *opts;
	t->plan_opts.ifindex = opts->ifindex;
	t->plan_opts.force = opts->force;
	libbpf_set_strict_mode(LIBBPF_STRICT_ALL);
	for (tries = 0; again && tries < NR_HOOKS; tries++) {
		log_capture_libbpf();
		unload(t);
		err = plan_make(&t->plan, &t->plan_opts);
		if (err)
			break;
		err = try_plan(t, &again);
	}
	if (err) {
		log_show_libbpf();
		log_err("cannot start tracing: BPF programs: %s", strerror(-err));
		tracer_free(t);
		return err;
	}
	*out = t;
	return 0;
}

void tracer_enable(struct tracer *t)
{
	t->skel->bss->enabled = 1;
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
	ret = ring_buffer__consume(t->ring);
	if (t->fn_ret)
		return t->fn_ret;
	return ret < 0 ? ret : 0;
}

const struct plan *tracer_plan(const struct tracer *t)
{
	return &t->plan;
}

/* What the kernel says it skipped, before the links that know it are gone. */
static void read_missed(struct tracer *t)
{
	struct bpf_program *progs[MAX_PROGS];
	int i, k, n;

	for (i = 0; i < NR_HOOKS; i++) {
		n = progs_of(t, i, progs);
		t->missed[i] = n ? 0 : -1;
		for (k = 0; k < n && t->missed[i] >= 0; k++) {
			int64_t m = t->plan.backend[i] == BE_KPROBE ?
					    missed_by_link(bpf_link__fd(t->links[i][k])) :
					    missed_by_prog(bpf_program__fd(progs[k]));

			t->missed[i] = m < 0 ? -1 : t->missed[i] + m;
		}
	}
}

void tracer_stop(struct tracer *t)
{
	int i;

	/* No births from here on; a packet already under way in a softirq still meets its hooks. */
	t->skel->bss->enabled = 0;
	usleep(20000);
	read_missed(t);
	/*
	 * The hooks that end records are last in the table and go first: a packet that is still
	 * under way then stays in flight, instead of ending for want of the hooks before them.
	 */
	for (i = NR_HOOKS - 1; i >= 0; i--)
		detach_row(t, i);
}

static int last_stage(const struct pp_rec *r)
{
	int st, last = 0;

	for (st = 0; st < PP_ST_NR; st++)
		if (r->ts[st] && r->ts[st] >= r->ts[last])
			last = st;
	return last;
}

static void count_in_flight(struct tracer *t, struct ledger *led)
{
	uint32_t i;

	for (i = 0; i < t->opts.records; i++) {
		const struct pp_rec *r = &t->slab[i];

		if (r->state == PP_S_FREE || r->state == PP_S_ZOMBIE)
			continue;
		led->in_flight++;
		led->in_flight_at[last_stage(r)]++;
	}
}

static void add_counts(struct pp_counts *sum, const struct pp_counts *n)
{
	const uint64_t *from = (const uint64_t *)n;
	uint64_t *to = (uint64_t *)sum;
	size_t i;

	for (i = 0; i < sizeof(*n) / sizeof(*to); i++)
		to[i] += from[i];
}

/* Births that the kernel skipped are packets seen by nobody else: they belong in the account. */
static void add_missed_births(struct tracer *t, struct ledger *led)
{
	int i;

	for (i = 0; i < NR_HOOKS; i++) {
		if (hooks[i].stage != PP_ST_GRO || t->missed[i] <= 0)
			continue;
		led->n.seen += t->missed[i];
		led->n.verdict[PP_V_UNTRACKED] += t->missed[i];
		led->n.loss[PP_L_BIRTH] += t->missed[i];
	}
}

int tracer_ledger(struct tracer *t, struct ledger *led)
{
	uint64_t ends = 0;
	int i, k;

	if (led->so_far)
		read_missed(t);
	for (i = 0; i < t->nr_cpus; i++)
		add_counts(&led->n, &t->cpus[i].n);
	count_in_flight(t, led);
	for (i = PP_V_LIVE + 1; i < PP_V_NR; i++)
		ends += led->n.verdict[i];
	led->balanced = led->n.seen + led->n.clones == ends + led->in_flight;
	add_missed_births(t, led);
	led->coverage = led->n.seen ? 100.0 * (led->n.seen - led->n.verdict[PP_V_UNTRACKED]) /
					      led->n.seen : 100.0;
	for (i = 0; i < t->plan.nr_reports; i++)
		for (k = 0; k < NR_HOOKS; k++)
			if (!strcmp(t->plan.reports[i].hook, hooks[k].symbol) &&
			    t->plan.reports[i].stage == hooks[k].stage && t->plan.backend[k])
				t->plan.reports[i].missed = t->missed[k];
	led->hooks = t->plan.reports;
	led->nr_hooks = t->plan.nr_reports;
	return 0;
}

void tracer_free(struct tracer *t)
{
	if (!t)
		return;
	unload(t);
	free(t);
}
