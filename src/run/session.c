// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include <errno.h>
#include <string.h>
#include "base/clock.h"
#include "base/log.h"
#include "run/session.h"

#define COST_NS	  10000000000ull	/* how often to look at what tracing costs */
#define BUDGET_NS 500000000ull	/* and if it must keep to a budget */

int session_open(struct session *s, const struct tracer_opts *to)
{
	int err = loop_new(&s->loop);

	if (err) {
		log_err("cannot start: event loop: %s", strerror(-err));
		return err;
	}
	err = tracer_new(&s->tracer, to);
	if (err)
		return err;
	err = links_new(&s->links, to->scope->entered ? to->scope->home : -1);
	if (err)
		log_err("cannot start: names of interfaces: %s", strerror(-err));
	return err;
}

int session_follow(struct session *s, struct scope *scope)
{
	int ret = links_read(s->links);

	if (ret < 0 && !s->deaf) {
		s->deaf = true;
		log_note("interfaces that come, go or get another name are not noticed any more: "
			 "%s", strerror(-ret));
	}
	if (ret <= 0)
		return 0;
	scope_follow(scope, s->links);
	tracer_follow(s->tracer);
	/* Drivers can only be asked for from within. */
	if (links_nsid(s->links) < 0)
		tracer_grow(s->tracer, !s->sealed);
	return 1;
}

/* Without privileges nobody expects figures; a budget was asked for. */
static void say_unknown(int err, bool budget)
{
	if (budget && err == EPERM)
		log_note("--overhead-budget has no effect: the kernel says how long programs run "
			 "only to CAP_SYS_ADMIN");
	else if (budget)
		log_note("--overhead-budget has no effect: run times of programs: %s",
			 strerror(err));
	else if (err != EPERM)
		log_note("the summary will not say what tracing costs: run times of programs: %s",
			 strerror(err));
}

void session_watch_cost(struct session *s, double budget, double share)
{
	s->cost = cost_new(s->tracer);
	if (!s->cost) {
		say_unknown(errno, budget > 0);
		return;
	}
	if (budget > 0)
		cost_budget(s->cost, budget, share);
	cost_start(s->cost, budget > 0 ? BUDGET_NS : COST_NS);
}

void session_begin(struct session *s)
{
	s->softnet_known = !softnet_read(&s->softnet);
	tracer_enable(s->tracer);
	s->start_ns = now_ns(CLOCK_MONOTONIC);
}

void session_tick(struct session *s)
{
	tracer_look(s->tracer, s->links);
	if (!s->cost)
		return;
	cost_tick(s->cost);
	if (!cost_error(s->cost) || s->blind || !cost_has_budget(s->cost))
		return;
	s->blind = true;
	log_note("--overhead-budget: run times of programs cannot be read now: %s",
		 strerror(-cost_error(s->cost)));
}

void session_stop(struct session *s)
{
	if (s->cost)
		cost_stop(s->cost);
	tracer_stop(s->tracer);
}

void session_account(const struct session *s, struct ledger *led)
{
	struct softnet now;

	led->duration_ns = now_ns(CLOCK_MONOTONIC) - s->start_ns;
	if (s->softnet_known && !softnet_read(&now)) {
		led->softnet_known = true;
		now = softnet_since(&s->softnet, &now);
		led->time_squeeze = now.time_squeeze;
		led->backlog_drops = now.dropped;
	}
	if (s->cost)
		cost_get(s->cost, &led->cost);
}

void session_close(struct session *s)
{
	cost_free(s->cost);
	tracer_free(s->tracer);
	links_free(s->links);
	loop_free(s->loop);
	memset(s, 0, sizeof(*s));
}
