// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* A tracer at work, and its account: see tracer.h. How it starts and ends is in tracer_start.c. */
#include <errno.h>
#include <string.h>
#include <unistd.h>
#include <bpf/libbpf.h>
#include "base/log.h"
#include "base/procfile.h"
#include "hooks/skipped.h"
#include "model/labels.h"
#include "trace/config.h"
#include "trace/quiesce.h"
#include "trace/tracer_state.h"

int tracer_row(const struct tracer *t, int i, struct bpf_program *progs[ROW_PROGS])
{
	return row_programs(t->home[i] ? t->home[i] : t->o.obj, t->plan.backend[i], i, progs);
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

uint32_t tracer_hist_counts(const struct tracer *t)
{
	return t->nr_cpus * cpu_counts(t);
}

struct memory_opts tracer_memory(const struct tracer *t)
{
	return (struct memory_opts){ .records = t->opts.records, .ring_bytes = t->opts.ring_bytes,
				     .cpus = t->nr_cpus,
				     .hist_counts = t->opts.hist ? tracer_hist_counts(t) : 0,
				     .worst = t->opts.worst,
				     .legacy = t->o.kind == OBJECT_LEGACY,
				     .fifos = plan_serves(&t->plan, PP_SL_READ_UDP, 1) };
}

/* Before v5.13 BPF cannot tell the name of the function that dropped a packet. */
static void name_place(struct tracer *t, struct pp_rec *rec)
{
	bool first = !t->symbols.loaded;

	kallsyms_name(&t->symbols, rec->location, rec->place, sizeof(rec->place));
	if (first && !t->symbols.nr)
		log_note("places of drops have no names: /proc/kallsyms shows no addresses "
			 "(kernel.kptr_restrict is %lld)",
			 (long long)procfile_number(-1, "/proc/sys/kernel/kptr_restrict"));
}

int tracer_on_event(void *arg, void *data, size_t size)
{
	struct tracer *t = arg;
	struct pp_rec rec;

	if (size < PP_REC_SHORT)
		return 0;
	/* Records without a place are sent without that field. */
	memset(&rec, 0, sizeof(rec));
	memcpy(&rec, data, size < sizeof(rec) ? size : sizeof(rec));
	if (rec.verdict == PP_V_DROPPED && rec.location && !rec.place[0])
		name_place(t, &rec);
	if (verdict_is_xdp(rec.verdict))
		xdpview_place(&t->xdp, &rec);
	t->fn_ret = t->fn(t->fn_arg, &rec);
	return t->fn_ret ? -ECANCELED : --t->left ? 0 : -EAGAIN;
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

	return k < tracer_row(t, row, progs) && t->links[row][k] ?
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

void tracer_look(struct tracer *t, const struct links *l)
{
	xdpview_look(&t->xdp, l);
	sight_look(&t->sight, t);
}

void tracer_follow(struct tracer *t)
{
	int i;

	for (i = 0; i < PP_IFS; i++)
		t->o.wanted_ifs[i] = t->opts.scope->ifs[i];
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
		n = tracer_row(t, i, progs);
		t->missed[i] = n ? 0 : -1;
		for (k = 0; k < n && t->missed[i] >= 0; k++) {
			int64_t m = skipped_runs(t->plan.backend[i],
						bpf_program__fd(progs[k]),
						bpf_link__fd(t->links[i][k]));

			t->missed[i] = m < 0 ? -1 : t->missed[i] + m;
		}
	}
}

void tracer_rest(struct tracer *t)
{
	*t->o.enabled = PP_LAST;
}

void tracer_stop(struct tracer *t)
{
	/* No births from here on; a packet already under way in a softirq still meets its hooks. */
	tracer_rest(t);
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
	ledger_add_in_flight(led, t->slab, t->opts.records,
			     led->so_far ? 0 : sight_blind_ns(&t->sight));
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
