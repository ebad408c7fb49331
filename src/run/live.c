// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* A run: records come from the tracer and go to a sink, until something ends it; see run.h. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/clock.h"
#include "hooks/kernel.h"
#include "trace/cost.h"
#include "host/drivers.h"
#include "run/intervals.h"
#include "base/exit.h"
#include "base/log.h"
#include "base/loop.h"
#include "trace/memory.h"
#include "base/streams.h"
#include "host/remember.h"
#include "host/softnet.h"
#include "host/drop_reasons.h"
#include "run/live.h"
#include "output/sink.h"
#include "run/trace_file.h"
#include "trace/tracer.h"

#define TICK_NS	  50000000ull	/* how long a record may lie in the ring before it is shown */
#define REDRAW_NS 1000000000ull
#define COST_NS	  10000000000ull	/* how often to look at what tracing costs */
#define BUDGET_NS 500000000ull	/* and if it must keep to a budget */

struct trace {
	struct opts o;
	struct sink_env env;
	const struct sink *sink;
	struct tracer *tracer;
	struct cost *cost;		/* NULL: cannot be had */
	struct loop *loop;
	struct intervals *intervals;	/* with histograms */
	struct tee *tee;		/* with --trace */
	FILE *out;
	struct ledger led;
	bool softnet_known;
	struct softnet softnet;		/* when the trace began */
	uint64_t start_ns;
	uint64_t next_tick_ns;		/* when the sink is due */
	bool vanished;
};

/* CLOCK_REALTIME minus CLOCK_MONOTONIC: of a few readings, the one that took the shortest time. */
static uint64_t wall_offset(void)
{
	uint64_t best = UINT64_MAX, offset = 0;
	int i;

	for (i = 0; i < 10; i++) {
		uint64_t before = now_ns(CLOCK_MONOTONIC), wall = now_ns(CLOCK_REALTIME);
		uint64_t took = now_ns(CLOCK_MONOTONIC) - before;

		if (took < best) {
			best = took;
			offset = wall - before - took / 2;
		}
	}
	return offset;
}

static void terminal_size(struct sink_env *env, int fd)
{
	const char *columns = getenv("COLUMNS");
	struct winsize ws = { 0 };

	if (isatty(fd) && ioctl(fd, TIOCGWINSZ, &ws))
		memset(&ws, 0, sizeof(ws));
	env->width = ws.ws_col ? ws.ws_col : columns ? atoi(columns) : 0;
	env->height = ws.ws_row;
}

/* By the names alone: a rescue system or a container may lack the locale's files. */
static bool utf8_wanted(void)
{
	static const char *const names[] = { "LC_ALL", "LC_CTYPE", "LANG" };
	const char *value = NULL;
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]) && !(value && *value); i++)
		value = getenv(names[i]);
	return value && (strcasestr(value, "utf-8") || strcasestr(value, "utf8"));
}

static void set_env(struct trace *tr)
{
	struct sink_env *env = &tr->env;
	struct stat st;

	env->out = tr->out;
	env->err = stderr;
	terminal_size(env, STDOUT_FILENO);
	env->colour = tr->o.colour == COLOUR_ALWAYS ||
		      (tr->o.colour == COLOUR_AUTO && isatty(STDOUT_FILENO) && !getenv("NO_COLOR"));
	env->ascii = !utf8_wanted();
	env->verbose = tr->o.verbose;
	env->any_dev = tr->o.scope.nr != 1;
	env->quiet = tr->o.quiet;
	/* A file gets blocks; whoever watches gets each line. */
	env->line_buffered = tr->o.line_buffered || fstat(STDOUT_FILENO, &st) ||
			     !S_ISREG(st.st_mode);
	env->wall_offset_ns = wall_offset();
	env->stages_served = tracer_plan(tr->tracer)->stages;
	env->xdp_late = tracer_xdp_late(tr->tracer);
	env->dev_name = iface_name;
	env->reason_name = reason_name;
	env->comm_name = proc_comm;
	env->cgroup_path = cgroup_path;
	env->hist = tr->o.hist;
}

/*
 * A packet that an application read went through all of these: what is not there was missed. A
 * poll, only if a driver handed it up from one.
 */
static void count_absent(struct trace *tr, const struct pp_rec *rec)
{
	static const int must[] = { PP_ST_NETIF, PP_ST_IP, PP_ST_LOCAL, PP_ST_L4, PP_ST_SOCK };
	size_t i;

	if (rec->verdict != PP_V_DELIVERED)
		return;
	for (i = 0; i < sizeof(must) / sizeof(must[0]); i++)
		if ((tr->env.stages_served & PP_ST_BIT(must[i])) && !rec->ts[must[i]])
			tr->led.absent[must[i]]++;
	if ((tr->env.stages_served & PP_ST_BIT(PP_ST_POLL)) && rec->ts[PP_ST_GRO] &&
	    !rec->ts[PP_ST_POLL])
		tr->led.absent[PP_ST_POLL]++;
}

static int on_record(void *arg, const struct pp_rec *rec)
{
	struct trace *tr = arg;
	int err;

	iface_name(rec->netns, rec->ifindex);	/* it may be gone when it is shown */
	if (rec->pid && tr->intervals)
		proc_note(rec->pid, rec->comm);
	err = tee_record(tr->tee, rec);
	if (!err)
		err = tr->sink->record(&tr->env, rec);
	if (err)
		return err;
	count_absent(tr, rec);
	tr->led.shown++;
	return tr->o.count && tr->led.shown >= tr->o.count ? LOOP_STOP : 0;
}

static int on_input(void *arg)
{
	struct trace *tr = arg;

	return tracer_consume(tr->tracer, on_record, tr);
}

/* The run's histograms so far, over those that stand on the terminal. */
static int show_live(struct trace *tr, uint64_t now)
{
	struct hist_span span = *intervals_whole(tr->intervals, now, false);

	span.live = true;
	return tr->sink->hist(&tr->env, &span);
}

/* Sinks that show a picture of the whole redraw it on a terminal. */
static int sink_tick(struct trace *tr)
{
	uint64_t now = now_ns(CLOCK_MONOTONIC);
	bool live = tr->intervals && !tr->o.hist.interval_ns && !tr->o.json;

	if ((!tr->sink->tick && !live) || !isatty(STDOUT_FILENO) || now < tr->next_tick_ns)
		return 0;
	tr->next_tick_ns = now + REDRAW_NS;
	return live ? show_live(tr, now) : tr->sink->tick(&tr->env, now - tr->start_ns);
}

/* Processes and control groups may be gone when they are shown. */
static void learn_names(struct trace *tr)
{
	uint64_t key[PP_GROUPS_MAX];
	uint32_t n = 0, i;

	if (tr->intervals && (tr->o.hist.by == PP_BY_PID || tr->o.hist.by == PP_BY_CGROUP))
		n = tracer_groups(tr->tracer, key);
	for (i = 0; i < n; i++) {
		if (tr->o.hist.by == PP_BY_PID && (uint32_t)key[i])
			proc_comm((uint32_t)key[i]);
		else if (tr->o.hist.by == PP_BY_CGROUP && key[i] > 1)
			cgroup_path(key[i] - 1);
	}
}

/*
 * An interval is over. Candidates that come between the two calls belong to the next one's
 * slowest, so that none is forgotten.
 */
static int on_interval(void *arg)
{
	struct trace *tr = arg;
	int ret = on_input(arg);

	if (ret)
		return ret;
	learn_names(tr);
	tracer_new_interval(tr->tracer);
	return tr->sink->hist(&tr->env, intervals_next(tr->intervals, now_ns(CLOCK_MONOTONIC)));
}

static int on_tick(void *arg)
{
	struct trace *tr = arg;
	int ret = on_input(arg);

	learn_names(tr);
	tracer_look(tr->tracer);
	if (tr->cost)
		cost_tick(tr->cost);
	if (!ret)
		ret = sink_tick(tr);
	if (!ret && tr->o.scope.nr && !scope_left(&tr->o.scope)) {
		tr->vanished = true;
		return LOOP_STOP;
	}
	return ret;
}

static void add_softnet(const struct trace *tr, struct ledger *led)
{
	struct softnet now;

	if (!tr->softnet_known || softnet_read(&now))
		return;
	led->softnet_known = true;
	now = softnet_since(&tr->softnet, &now);
	led->time_squeeze = now.time_squeeze;
	led->backlog_drops = now.dropped;
}

static int get_ledger(struct trace *tr, struct ledger *led)
{
	int err = tracer_ledger(tr->tracer, led);

	led->slow_only = tr->o.tracer.slow_any;
	led->slow = led->n.emitted + led->n.ring_lost;
	return err;
}

static void add_cost(const struct trace *tr, struct ledger *led)
{
	if (tr->cost)
		cost_get(tr->cost, &led->cost);
}

/* The account so far, after the records that have ended; those that are lost stay so. */
static int show_so_far(struct trace *tr)
{
	int ret = tracer_consume(tr->tracer, on_record, tr);
	struct ledger led = tr->led;

	if (ret)
		return ret;
	led.so_far = true;
	led.duration_ns = now_ns(CLOCK_MONOTONIC) - tr->start_ns;
	add_softnet(tr, &led);
	add_cost(tr, &led);
	ret = get_ledger(tr, &led);
	if (!ret && tr->intervals)
		ret = tr->sink->hist(&tr->env,
				     intervals_whole(tr->intervals, now_ns(CLOCK_MONOTONIC),
						     false));
	return ret ? ret : tr->sink->done(&tr->env, &led);
}

static int on_signal(void *arg, int signo)
{
	return signo == SIGUSR1 ? show_so_far(arg) : LOOP_STOP;
}

static int on_deadline(void *arg)
{
	return LOOP_STOP;
}

static int fetch_ledger(struct trace *tr)
{
	struct ledger *led = &tr->led;

	if (tr->cost)
		cost_stop(tr->cost);
	tracer_stop(tr->tracer);
	add_softnet(tr, led);
	add_cost(tr, led);
	if (!tr->o.count || led->shown < tr->o.count) {
		int ret = tracer_consume(tr->tracer, on_record, tr);

		if (ret < 0)
			return ret;
	}
	led->duration_ns = now_ns(CLOCK_MONOTONIC) - tr->start_ns;
	return get_ledger(tr, led);
}

/* What came since the last interval, and the whole. */
static int show_hist(struct trace *tr)
{
	uint64_t now = tr->start_ns + tr->led.duration_ns;
	int err = 0;

	if (!tr->intervals)
		return 0;
	learn_names(tr);
	if (tr->o.hist.interval_ns)
		err = tr->sink->hist(&tr->env, intervals_next(tr->intervals, now));
	return err ? err : tr->sink->hist(&tr->env, intervals_whole(tr->intervals, now, true));
}

/* Where it listens; asked to be verbose, also what that costs in memory. */
static void announce(const struct trace *tr)
{
	struct memory_opts mo = tracer_memory(tr->tracer);
	char text[MEMORY_LEN];

	if (tr->o.verbose)
		log_note("memory: %s", memory_text(text, &mo));
	log_note("listening on %s (Ctrl-C ends)", scope_text(&tr->o.scope));
}

static void start_cost(struct trace *tr)
{
	const struct opts *o = &tr->o;

	tr->cost = cost_new(tr->tracer);
	if (!tr->cost) {
		if (o->budget)
			log_note("--overhead-budget has no effect: the kernel says how long "
				 "programs run only to CAP_SYS_ADMIN");
		return;
	}
	if (o->budget)
		cost_budget(tr->cost, o->budget,
			    o->tracer.sample > 1 ? 1.0 / o->tracer.sample : 1);
	cost_start(tr->cost, o->budget ? BUDGET_NS : COST_NS);
}

static int run(struct trace *tr)
{
	struct loop_calls c = { .input = on_input, .tick = on_tick, .signal = on_signal,
				.deadline = on_deadline, .interval = on_interval,
				.tick_ns = TICK_NS, .interval_ns = tr->o.hist.interval_ns,
				.deadline_ns = tr->o.seconds_ns };
	int err;

	err = tr->sink->begin(&tr->env);
	if (err)
		return err;
	err = tee_begin(tr->tee, &tr->env);
	if (err)
		return err;
	tr->softnet_known = !softnet_read(&tr->softnet);
	start_cost(tr);
	tracer_enable(tr->tracer);
	announce(tr);
	tr->start_ns = now_ns(CLOCK_MONOTONIC);
	if (tr->intervals)
		intervals_begin(tr->intervals, tr->start_ns);
	err = loop_run(tr->loop, tracer_fd(tr->tracer), &c, tr);
	if (err)
		return err;
	err = fetch_ledger(tr);
	if (!err)
		err = tee_done(tr->tee, &tr->led);
	if (!err)
		err = show_hist(tr);
	if (!err)
		err = tr->sink->done(&tr->env, &tr->led);
	return err;
}

/*
 * Histograms, and which records are sent besides: the slowest. All with --trace, none without
 * examples; where readers are chosen thresholds that nothing exceeds keep the account of the rest.
 */
static void ask_for_hist(const struct opts *o, struct tracer_opts *to)
{
	to->hist = true;
	to->wire = o->hist.wire;
	to->by = o->hist.by;
	to->groups = o->hist.groups;
	to->stages = o->hist.stages;
	to->worst = o->trace_file ? 0 : o->hist.worst;
	if (to->worst || o->trace_file)
		return;
	if (!to->reader_pid && !to->reader_comm && !to->reader_cgroup) {
		to->verdicts = 0;
		return;
	}
	to->slow_any = true;
	memset(to->slow, 0xff, sizeof(to->slow));
}

static int start_hist(struct trace *tr)
{
	tr->intervals = intervals_new(tr->tracer, &tr->o.hist);
	if (tr->intervals)
		return 0;
	log_err("cannot start: histograms: %s", strerror(ENOMEM));
	return -ENOMEM;
}

static int start(struct trace *tr, uint32_t verdicts, bool hist)
{
	struct tracer_opts to = tr->o.tracer;
	int err;

	to.scope = &tr->o.scope;
	to.verdicts = verdicts;
	/* One flow alone may be too much: a budget chooses packets, unless flows were asked for. */
	if (tr->o.budget && to.sample < 2)
		to.sample_packets = true;
	to.sample_changes = tr->o.budget > 0;
	if (hist)
		ask_for_hist(&tr->o, &to);
	err = loop_new(&tr->loop);
	if (!err) {
		tr->out = out_open(STDOUT_FILENO);
		err = tr->out ? 0 : -errno;
	}
	if (err) {
		log_err("cannot start: event loop: %s", strerror(-err));
		return err;
	}
	err = tracer_new(&tr->tracer, &to);
	return err || !hist ? err : start_hist(tr);
}

static int exit_status(const struct trace *tr, int err)
{
	/* The reader went away (| head): it has what it wanted. */
	if (err == -EPIPE && !tee_failed(tr->tee))
		return EXIT_OK;
	if (err) {
		log_err("cannot write: %s: %s", tee_failed(tr->tee) ? tr->o.trace_file :
			"standard output", err == -EINTR ?
			"ended while its reader did not read, so not all was shown" :
			strerror(-err));
		return EXIT_RUNTIME;
	}
	return tr->vanished ? EXIT_RUNTIME : EXIT_OK;
}

static int run_with(const struct opts *o, const char *sink, uint32_t verdicts, bool hist)
{
	struct trace tr = { .o = *o, .sink = sink_find(sink) };
	int ret = check_kernel();

	if (ret)
		return ret;
	if (o->trace_file) {
		tr.tee = tee_new(o->trace_file);
		if (!tr.tee)
			return EXIT_USAGE;
	}
	ret = EXIT_RUNTIME;
	if (!start(&tr, verdicts, hist)) {
		reasons_load();
		set_env(&tr);
		ret = exit_status(&tr, run(&tr));
		tr.sink->free(&tr.env);
	}
	intervals_free(tr.intervals);
	tee_free(tr.tee);
	cost_free(tr.cost);
	tracer_free(tr.tracer);
	if (tr.out)
		fclose(tr.out);
	loop_free(tr.loop);
	reasons_free();
	return ret;
}

int run_sink(const struct opts *o, const char *sink, uint32_t verdicts)
{
	return run_with(o, sink, verdicts, false);
}

int run_hist(const struct opts *o)
{
	return run_with(o, o->json ? "hist-json" : "hist", VERDICTS_ALL, true);
}
