// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/clock.h"
#include "hooks/kernel.h"
#include "serve/families.h"
#include "serve/http.h"
#include "base/exit.h"
#include "base/log.h"
#include "trace/memory.h"
#include "model/labels.h"
#include "serve/notify.h"
#include "serve/self.h"
#include "serve/privileges.h"
#include "serve/sandbox.h"
#include "serve/serve.h"
#include "output/group_names.h"
#include "output/ledger_text.h"
#include "run/env_names.h"
#include "run/session.h"
#include "trace/tracer.h"

#define TICK_NS	  100000000ull	/* how long a drop may lie in the ring uncounted */
#define SECOND_NS 1000000000ull
#define FRESH_NS  100000000ull	/* who asks again within this gets the same answer */

struct answer {
	struct metrics text;
	uint64_t at_ns;		/* when it was written; 0 = not yet */
};

struct serve {
	struct serve_opts *so;
	struct privs privs;
	struct notify notify;
	struct session run;
	struct http *http;
	struct histogram *hist;
	struct reason_counts drops;
	struct own_cost own;
	struct env_names names;
	struct sink_env env;		/* of this, names only */
	struct answer answer[METRICS_FORMATS];
	char group[PP_GROUPS_MAX + 1][FMT_TEXT_MAX];
	uint64_t next_look_ns, scrapes, shown;
	bool lost;		/* the traced namespace is, which was said */
	uint64_t seen;		/* most that was told: it may not go back */
	const char *failed;	/* what could not go on; NULL: the event loop */
};

/* Names new groups, soon after they are there: an interface may be gone when it is asked for. */
static void name_groups(struct serve *s)
{
	uint32_t i;

	for (i = 0; i < s->hist->groups; i++)
		if (s->hist->key[i] && !s->group[i][0])
			group_name(s->group[i], &s->env, s->so->by, s->hist->key[i]);
}

/* A group keeps the name of an interface that is gone; what has another name now gets that. */
static void rename_groups(struct serve *s)
{
	struct pp_rec rec;
	uint32_t i;

	for (i = 0; i < s->hist->groups; i++) {
		if (!s->hist->key[i])
			continue;
		memset(&rec, 0, sizeof(rec));
		pp_by_unpack(s->so->by, s->hist->key[i], &rec);
		if (links_name(s->run.links, rec.netns, rec.ifindex))
			group_name(s->group[i], &s->env, s->so->by, s->hist->key[i]);
	}
}

static int on_links(void *arg)
{
	struct serve *s = arg;

	if (session_follow(&s->run, &s->so->o.scope))
		rename_groups(s);
	if (!links_lost(s->run.links) || s->lost)
		return 0;
	s->lost = true;
	/* Another namespace may get its number. */
	tracer_rest(s->run.tracer);
	log_err("--netns %s: the network namespace is gone", s->so->o.scope.netns);
	return 0;
}

static int on_record(void *arg, const struct pp_rec *rec)
{
	struct serve *s = arg;
	uint64_t ago = now_ns(CLOCK_MONOTONIC) - rec->end_ns;

	reason_add(&s->drops, rec, (double)(now_ns(CLOCK_REALTIME) - ago) / 1e9);
	s->shown++;
	return 0;
}

static int failing(struct serve *s, const char *what, int err)
{
	if (err < 0)
		s->failed = what;
	return err;
}

static int on_input(void *arg)
{
	struct serve *s = arg;

	return failing(s, "records from the kernel",
		       tracer_consume(s->run.tracer, on_record, s));
}

/* A counter may not go back, but what --sample leaves out late is taken off again. */
static void hold_seen(struct serve *s, struct ledger *led)
{
	if (led->n.seen > s->seen)
		s->seen = led->n.seen;
	led->n.seen = s->seen;
}

static int write_answer(struct serve *s, enum metrics_format format)
{
	struct ledger led = { .so_far = true };
	struct snapshot snap = { .led = &led, .hist = s->hist,
				 .by = s->so->by == PP_BY_NONE ? NULL : by_label(s->so->by),
				 .group = s->group, .per_octave = s->so->per_octave,
				 .drops = &s->drops, .scrapes = s->scrapes,
				 .interfaces_missing = s->so->o.scope.nr -
						      scope_left(&s->so->o.scope),
				 .reason_name = s->env.reason_name,
				 .reasons = s->env.names };
	int err = on_links(s);

	if (!err)
		err = on_input(s);
	if (!err)
		err = tracer_ledger(s->run.tracer, &led);
	if (err)
		return err;
	hold_seen(s, &led);
	tracer_hist(s->run.tracer, s->hist);
	name_groups(s);
	owncost_read(&s->own, tracer_object(s->run.tracer));
	snap.own = s->own;
	return expose(&s->answer[format].text, format, &snap);
}

/* Reading and writing all of it takes a moment, so who asks too often gets what there is. */
static const struct metrics *on_scrape(void *arg, enum metrics_format format)
{
	struct serve *s = arg;
	struct answer *a = &s->answer[format];
	uint64_t now = now_ns(CLOCK_MONOTONIC);

	s->scrapes++;
	if (a->at_ns && now - a->at_ns < FRESH_NS)
		return &a->text;
	a->at_ns = write_answer(s, format) ? 0 : now;
	return a->at_ns ? &a->text : NULL;
}

static int on_http(void *arg)
{
	struct serve *s = arg;

	http_run(s->http);
	return 0;
}

static int on_tick(void *arg)
{
	struct serve *s = arg;
	uint64_t now = now_ns(CLOCK_MONOTONIC);
	int ret = on_input(arg);

	if (ret)
		return ret;
	http_run(s->http);
	notify_alive(&s->notify, now);
	if (now < s->next_look_ns)
		return 0;
	s->next_look_ns = now + SECOND_NS;
	tracer_groups(s->run.tracer, s->hist->key);
	name_groups(s);
	return 0;
}

static int show_ledger(struct serve *s, bool so_far)
{
	struct ledger led = { .so_far = so_far, .shown = s->shown };
	struct sink_env env = { .err = stderr, .ascii = true, .quiet = true };
	int err;

	session_account(&s->run, &led);
	err = tracer_ledger(s->run.tracer, &led);
	return err ? err : failing(s, "the account on standard error", ledger_text(&env, &led));
}

/* SIGHUP as well: there is no configuration to read again. */
static int on_signal(void *arg, int signo)
{
	if (signo != SIGUSR1)
		return LOOP_STOP;
	return show_ledger(arg, true);
}

static int serve_until_told(struct serve *s)
{
	struct loop_calls calls = { .input = on_input, .tick = on_tick, .signal = on_signal,
				    .tick_ns = TICK_NS,
				    .also = { { on_http, http_fd(s->http) },
					      { on_links, links_fd(s->run.links) } } };
	char ifs[SCOPE_TEXT], at[LISTEN_TEXT], status[LISTEN_TEXT + 64];
	int err;

	session_begin(&s->run);
	listen_text(at, &s->so->addr);
	log_note("listening on %s; serving http://%s/metrics (Ctrl-C ends)",
		 scope_text(&s->so->o.scope, ifs), at);
	snprintf(status, sizeof(status), "READY=1\nSTATUS=Serving http://%s/metrics", at);
	notify_send(&s->notify, status);
	err = loop_run(s->run.loop, tracer_fd(s->run.tracer), &calls, s);
	notify_send(&s->notify, "STOPPING=1");
	if (!err) {
		session_stop(&s->run);
		err = on_input(s);
	}
	return err ? err : show_ledger(s, false);
}

/* How many series there may be, and what it takes in the kernel: both bounded from the start. */
static void announce(struct serve *s)
{
	struct memory_opts mo = tracer_memory(s->run.tracer);
	uint32_t rows = 1, groups = s->hist->groups + 1;
	char text[MEMORY_LEN];
	int st;

	for (st = 0; st < PP_ST_NR; st++)
		rows += !!(tracer_plan(s->run.tracer)->stages & PP_ST_BIT(st));
	s->own.kernel_bytes = memory_bytes(&mo);
	log_note("memory: %s", memory_text(text, &mo));
	log_note("histograms: at most %u groups of %u rows: %u series", groups, rows,
		 groups * rows * metrics_histogram_series(s->so->per_octave));
	if (!listen_is_loopback(&s->so->addr))
		log_note("warning: %s can be reached from other hosts, and asks for no password",
			 listen_text(text, &s->so->addr));
}

static int start_tracer(struct serve *s)
{
	struct tracer_opts to = s->so->o.tracer;

	to.scope = &s->so->o.scope;
	to.verdicts = VERDICTS_DROPS;
	to.hist = to.wire = true;
	to.by = s->so->by;
	to.groups = to.by == PP_BY_NONE ? 0 : s->so->groups;
	s->hist = histogram_new(to.groups);
	if (!s->hist) {
		log_err("cannot start: histograms: %s", strerror(ENOMEM));
		return -ENOMEM;
	}
	strcpy(s->group[to.groups], "other");
	return session_open(&s->run, &to);
}

static int learn_names(struct serve *s)
{
	int err = env_names_open(&s->names, s->run.links);

	env_names_use(&s->names, &s->env);
	if (err)
		log_err("cannot start: names: %s", strerror(-err));
	return err;
}

/* What needs privileges, or a file that the user to be cannot read, comes before they are gone. */
static int start(struct serve *s)
{
	int err = notify_open(&s->notify);

	owncost_start(&s->own);
	if (!err)
		err = listen_start(&s->so->addr);
	if (!err)
		err = start_tracer(s);
	if (!err)
		err = learn_names(s);
	if (err)
		return err;
	announce(s);
	err = privs_drop(&s->privs);
	if (err)
		return err;
	s->run.sealed = true;
	err = http_new(&s->http, s->so->addr.fd, on_scrape, s);
	s->so->addr.fd = -1;
	if (err) {
		log_err("cannot start: HTTP: %s", strerror(-err));
		return err;
	}
	err = sandbox_enter();
	if (err)
		log_note("going on without a filter for system calls: %s", strerror(-err));
	return 0;
}

static void finish(struct serve *s)
{
	http_free(s->http);
	if (s->so->addr.fd >= 0)
		close(s->so->addr.fd);
	session_close(&s->run);
	notify_close(&s->notify);
	env_names_close(&s->names);
	for (int i = 0; i < METRICS_FORMATS; i++)
		metrics_free(&s->answer[i].text);
	free(s->hist);
	free(s);
}

int serve_run(struct serve_opts *so)
{
	struct serve *s;
	int err, ret = check_tracing(so->o.tracer.force);

	if (ret)
		return ret;
	s = calloc(1, sizeof(*s));
	if (!s) {
		log_err("cannot start: memory: %s", strerror(ENOMEM));
		return EXIT_RUNTIME;
	}
	s->so = so;
	s->notify.fd = -1;
	if (privs_find(so->user, &s->privs)) {
		finish(s);
		return EXIT_USAGE;
	}
	err = start(s);
	if (!err) {
		err = serve_until_told(s);
		if (err)
			log_err("cannot go on: %s: %s", s->failed ? s->failed : "event loop",
				strerror(-err));
	}
	finish(s);
	return err ? EXIT_RUNTIME : EXIT_OK;
}
