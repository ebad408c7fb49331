// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* A run: records come from the tracer and go to a sink, until something ends it; see live.h. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/exit.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/streams.h"
#include "base/wall.h"
#include "hooks/kernel.h"
#include "output/group_names.h"
#include "output/ledger_text.h"
#include "output/sink.h"
#include "run/ask.h"
#include "run/env_names.h"
#include "run/intervals.h"
#include "run/live.h"
#include "run/session.h"
#include "run/terminal.h"
#include "run/trace_file.h"
#include "trace/memory.h"
#include "trace/tracer.h"

#define TICK_NS	  50000000ull	/* how long a record may lie in the ring before it is shown */
#define REDRAW_NS 1000000000ull
#define CLOCK_NS  1000000000ull
#define BACK_NS	  2000000000ull	/* in which an interface may be made anew, with none left */

struct live {
	struct opts o;
	struct session s;
	struct sink_env env;
	struct env_names names;
	const struct sink *sink;
	struct intervals *intervals;	/* with histograms */
	struct trace_file *file;	/* with --trace */
	FILE *out;
	struct ledger led;
	uint64_t next_tick_ns;		/* when the sink is due */
	uint64_t end_ns;		/* no interface is left: when to give up; 0 = one is */
	uint64_t next_clock_ns;
	int clock_fd;			/* tells that the clock was set */
	bool out_failed;		/* standard output could not be written */
	bool in_failed;			/* records could not be fetched */
	bool vanished;
};

static void set_env(struct live *l)
{
	struct sink_env *env = &l->env;

	terminal_look(env, &l->o);
	env->out = l->out;
	env->err = stderr;
	env->verbose = l->o.verbose;
	env->any_dev = l->o.scope.nr != 1;
	env->quiet = l->o.quiet;
	env->wall_offset_ns = wall_offset();
	env->stages_served = tracer_plan(l->s.tracer)->stages;
	env->xdp_late = tracer_xdp_late(l->s.tracer);
	env_names_use(&l->names, env);
	env->hist = l->o.hist;
}

/* What a sink returned: it writes to standard output. */
static int shown(struct live *l, int err)
{
	l->out_failed |= err < 0;
	return err;
}

static int show_hist(struct live *l, const struct hist_span *span)
{
	return shown(l, l->sink->hist(&l->env, span));
}

/*
 * A stage through which a packet that was read must have come, and that it lacks, was missed. A
 * poll, only if a driver handed it up from one.
 */
static void count_absent(struct live *l, const struct pp_rec *rec)
{
	uint32_t must = PP_READ_PASSES & l->env.stages_served;
	int st;

	if (rec->verdict != PP_V_DELIVERED)
		return;
	for (st = 0; st < PP_ST_NR; st++)
		if ((must & PP_ST_BIT(st)) && !rec->ts[st])
			l->led.absent[st]++;
	if ((l->env.stages_served & PP_ST_BIT(PP_ST_POLL)) && rec->ts[PP_ST_GRO] &&
	    !rec->ts[PP_ST_POLL])
		l->led.absent[PP_ST_POLL]++;
}

static int on_record(void *arg, const struct pp_rec *rec)
{
	struct live *l = arg;
	int err;

	if (rec->pid && l->intervals)
		remember_this_comm(l->names.remember, rec->pid, rec->comm, PP_COMM_LEN);
	err = trace_file_record(l->file, rec);
	if (!err)
		err = shown(l, l->sink->record(&l->env, rec));
	if (err)
		return err;
	count_absent(l, rec);
	l->led.shown++;
	return l->o.count && l->led.shown >= l->o.count ? LOOP_STOP : 0;
}

static void follow(struct live *l)
{
	if (!session_follow(&l->s, &l->o.scope))
		return;
	l->env.stages_served = tracer_plan(l->s.tracer)->stages;
	if (!l->o.scope.nr || scope_left(&l->o.scope))
		l->end_ns = 0;
	else if (!l->end_ns)
		l->end_ns = now_ns(CLOCK_MONOTONIC) + BACK_NS;
}

/* Is there nothing left to follow? */
static bool is_over(const struct live *l, uint64_t now)
{
	if (links_lost(l->s.links))
		log_err("--netns %s: the network namespace is gone", l->o.scope.netns);
	return links_lost(l->s.links) || (l->end_ns && now >= l->end_ns);
}

static int on_input(void *arg)
{
	struct live *l = arg;
	int err;

	follow(l);		/* records are shown with the names of now */
	err = tracer_consume(l->s.tracer, on_record, l);
	l->in_failed |= err < 0;
	return err;
}

static int on_links(void *arg)
{
	follow(arg);
	return 0;
}

static int on_clock_set(void *arg)
{
	struct live *l = arg;

	if (wall_was_set(l->clock_fd))
		l->env.wall_offset_ns = wall_offset();
	return 0;
}

/* A clock that is only made to go faster or slower (NTP) is told by nobody. */
static void look_at_clock(struct live *l, uint64_t now)
{
	if (now < l->next_clock_ns)
		return;
	l->next_clock_ns = now + CLOCK_NS;
	l->env.wall_offset_ns = wall_offset();
}

/* The run's histograms so far, over those that stand on the terminal. */
static int show_so_far_live(struct live *l, uint64_t now)
{
	struct hist_span span = *intervals_whole(l->intervals, now, false);

	span.live = true;
	return show_hist(l, &span);
}

/* Sinks that show a picture of the whole redraw it on a terminal. */
static int sink_tick(struct live *l)
{
	uint64_t now = now_ns(CLOCK_MONOTONIC);
	bool live = l->intervals && !l->o.hist.interval_ns && !l->o.json;

	if ((!l->sink->tick && !live) || !l->env.draws || now < l->next_tick_ns)
		return 0;
	l->next_tick_ns = now + REDRAW_NS;
	return live ? show_so_far_live(l, now) :
		      shown(l, l->sink->tick(&l->env, now - l->s.start_ns));
}

/* Interfaces, processes and control groups may be gone when they are shown: asked for once now. */
static void learn_names(struct live *l)
{
	uint64_t key[PP_GROUPS_MAX];
	char name[FMT_TEXT_MAX];
	uint32_t n = l->intervals ? tracer_groups(l->s.tracer, key) : 0, i;

	for (i = 0; i < n; i++)
		if (key[i])
			group_name(name, &l->env, l->o.hist.by, key[i]);
}

/*
 * An interval is over. Candidates that come between the two calls belong to the next one's
 * slowest, so that none is forgotten.
 */
static int on_interval(void *arg)
{
	struct live *l = arg;
	int ret = on_input(arg);

	if (ret)
		return ret;
	learn_names(l);
	tracer_new_interval(l->s.tracer);
	return show_hist(l, intervals_next(l->intervals, now_ns(CLOCK_MONOTONIC)));
}

static int on_tick(void *arg)
{
	struct live *l = arg;
	uint64_t now = now_ns(CLOCK_MONOTONIC);
	int ret = on_input(arg);

	learn_names(l);
	session_tick(&l->s);
	look_at_clock(l, now);
	if (!ret)
		ret = sink_tick(l);
	if (!ret && is_over(l, now)) {
		l->vanished = true;
		return LOOP_STOP;
	}
	return ret;
}

static int get_ledger(struct live *l, struct ledger *led)
{
	int err = tracer_ledger(l->s.tracer, led);

	led->slow_only = l->o.tracer.slow_any;
	led->slow = led->n.emitted + led->n.ring_lost;
	return err;
}

/* The account so far, after the records that have ended; those that are lost stay so. */
static int show_so_far(struct live *l)
{
	int ret = on_input(l);
	struct ledger led = l->led;

	if (ret)
		return ret;
	led.so_far = true;
	session_account(&l->s, &led);
	ret = get_ledger(l, &led);
	if (!ret && l->intervals)
		ret = show_hist(l, intervals_whole(l->intervals, now_ns(CLOCK_MONOTONIC), false));
	return ret ? ret : shown(l, l->sink->done(&l->env, &led));
}

static int on_signal(void *arg, int signo)
{
	return signo == SIGUSR1 ? show_so_far(arg) : LOOP_STOP;
}

static int on_deadline(void *arg)
{
	return LOOP_STOP;
}

/* What came since the last interval, and the whole. */
static int show_last_hist(struct live *l)
{
	uint64_t now = l->s.start_ns + l->led.duration_ns;
	int err = 0;

	if (!l->intervals)
		return 0;
	learn_names(l);
	if (l->o.hist.interval_ns)
		err = show_hist(l, intervals_next(l->intervals, now));
	return err ? err : show_hist(l, intervals_whole(l->intervals, now, true));
}

static int show_end(struct live *l)
{
	int err = 0;

	session_stop(&l->s);
	session_account(&l->s, &l->led);
	if (!l->o.count || l->led.shown < l->o.count)
		err = on_input(l);
	if (err >= 0)
		err = get_ledger(l, &l->led);
	if (!err)
		err = trace_file_done(l->file, &l->led);
	if (!err)
		err = show_last_hist(l);
	return err ? err : shown(l, l->sink->done(&l->env, &l->led));
}

/* Where it listens; asked to be verbose, also what that costs in memory. */
static void announce(const struct live *l)
{
	struct memory_opts mo = tracer_memory(l->s.tracer);
	char text[MEMORY_LEN], ifs[SCOPE_TEXT];

	if (l->o.verbose)
		log_note("memory: %s", memory_text(text, &mo));
	log_note("listening on %s (Ctrl-C ends)", scope_text(&l->o.scope, ifs));
}

static int run(struct live *l)
{
	struct loop_calls c = { .input = on_input, .tick = on_tick, .signal = on_signal,
				.deadline = on_deadline, .interval = on_interval,
				.tick_ns = TICK_NS, .interval_ns = l->o.hist.interval_ns,
				.deadline_ns = l->o.seconds_ns,
				.also = { { on_links, links_fd(l->s.links) },
					  { on_clock_set, l->clock_fd } } };
	int err = shown(l, l->sink->begin(&l->env));

	if (!err)
		err = trace_file_begin(l->file, &l->env);
	if (err)
		return err;
	session_watch_cost(&l->s, l->o.budget,
			   l->o.tracer.sample > 1 ? 1.0 / l->o.tracer.sample : 1);
	session_begin(&l->s);
	announce(l);
	if (l->o.seconds_ns)
		out_until(l->s.start_ns + l->o.seconds_ns);
	if (l->intervals)
		intervals_begin(l->intervals, l->s.start_ns);
	err = loop_run(l->s.loop, tracer_fd(l->s.tracer), &c, l);
	return err ? err : show_end(l);
}

static int watch_failed(int fd)
{
	if (fd < 0)
		log_err("cannot start: watching the clock: %s", strerror(-fd));
	return fd < 0 ? fd : 0;
}

static int start(struct live *l, const struct tracer_opts *to)
{
	int err = session_open(&l->s, to);

	if (err)
		return err;
	l->out = out_open(STDOUT_FILENO);
	if (l->out && to->hist)
		l->intervals = intervals_new(l->s.tracer, &l->o.hist);
	if (l->out && (l->intervals || !to->hist) && !env_names_open(&l->names, l->s.links)) {
		l->clock_fd = wall_watch();
		return watch_failed(l->clock_fd);
	}
	log_err("cannot start: %s: %s", !l->out ? "standard output" :
		to->hist && !l->intervals ? "histograms" : "names", strerror(ENOMEM));
	return -ENOMEM;
}

/* The run is over, and its reader does not read: what it does not get. */
static void say_unwritten(struct live *l)
{
	uint64_t n = 0;

	session_stop(&l->s);
	if (!get_ledger(l, &l->led))
		n = l->led.n.emitted + l->led.n.ring_lost - l->led.shown;
	log_err("cannot write: standard output: nobody read it until the end (-d): at least %llu "
		"packet%s and the summary were not written", (unsigned long long)n,
		n == 1 ? "" : "s");
}

/* It has what it wanted (| head), and the account is for whoever started it. */
static int reader_went(struct live *l)
{
	session_stop(&l->s);
	session_account(&l->s, &l->led);
	if (!get_ledger(l, &l->led))
		ledger_text(&l->env, &l->led);
	return EXIT_OK;
}

static int exit_status(struct live *l, int err)
{
	bool file = trace_file_failed(l->file);

	if (err == -EPIPE && l->out_failed)
		return reader_went(l);
	if (!err)
		return l->vanished ? EXIT_RUNTIME : EXIT_OK;
	if (err == -ETIMEDOUT && l->out_failed && !file)
		say_unwritten(l);
	else if (file || l->out_failed)
		log_err("cannot write: %s: %s", file ? l->o.trace_file : "standard output",
			err == -EINTR ?
			"ended while its reader did not read, so not all was shown" :
			strerror(-err));
	else
		log_err("cannot go on: %s: %s", l->in_failed ? "records from the kernel" :
			"event loop", strerror(-err));
	return EXIT_RUNTIME;
}

static int run_traced(struct live *l, const struct tracer_opts *to)
{
	int ret = EXIT_RUNTIME;

	if (!start(l, to)) {
		set_env(l);
		ret = exit_status(l, run(l));
		l->sink->free(&l->env);
	}
	intervals_free(l->intervals);
	if (l->out)
		fclose(l->out);
	if (l->clock_fd > 0)
		close(l->clock_fd);
	session_close(&l->s);
	env_names_close(&l->names);
	return ret;
}

static int run_with(struct live *l, const struct tracer_opts *to)
{
	int err = check_tracing(to->force), ret;

	if (err)
		return err;
	if (l->o.trace_file)
		err = trace_file_new(&l->file, l->o.trace_file);
	if (err) {
		log_err("--trace %s: %s", l->o.trace_file, strerror(-err));
		return err == -ENOMEM ? EXIT_RUNTIME : EXIT_USAGE;
	}
	ret = run_traced(l, to);
	trace_file_free(l->file);
	return ret;
}

int run_sink(const struct opts *o, const char *sink, uint32_t verdicts)
{
	struct live l = { .o = *o, .sink = sink_find(sink) };
	struct tracer_opts to = ask_for_records(&l.o, verdicts);

	return run_with(&l, &to);
}

int run_hist(const struct opts *o)
{
	struct live l = { .o = *o, .sink = sink_find(o->json ? "hist-json" : "hist") };
	struct tracer_opts to = ask_for_hist(&l.o);

	return run_with(&l, &to);
}
