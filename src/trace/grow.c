// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * Hooks that are added while a trace runs. libbpf loads an object once, so they come from one more
 * object of the same kind, which has the first one's maps and variables.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "base/log.h"
#include "hooks/module_functions.h"
#include "trace/tracer_state.h"

#define NAMES 200

static void close_more(struct tracer *t, struct object *more, const bool wanted[NR_HOOKS])
{
	int i;

	for (i = 0; i < NR_HOOKS; i++)
		if (wanted[i]) {
			tracer_detach(t, i);
			t->home[i] = NULL;
		}
	plan_leave(&t->plan, wanted);
	object_close(more);
}

/* The rows of `next` that are not served yet, from an object of their own. */
static int load(struct tracer *t, struct object *more, const bool wanted[NR_HOOKS])
{
	struct bpf_program *p, *progs[ROW_PROGS];
	struct modfn functions;
	int err, i, k, n;

	err = object_open_beside(more, &t->o);
	if (err)
		return err;
	bpf_object__for_each_program(p, more->obj)
		bpf_program__set_autoload(p, false);
	for (i = 0; i < NR_HOOKS; i++) {
		if (!wanted[i])
			continue;
		t->home[i] = more->obj;
		n = tracer_row(t, i, progs);
		for (k = 0; k < n; k++)
			row_want(progs[k], t->plan.backend[i]);
	}
	modfn_begin(&functions);
	err = object_load(more);
	modfn_end(&functions);
	for (i = 0; !err && i < NR_HOOKS; i++)
		if (wanted[i])
			err = tracer_attach(t, i);
	return err;
}

static int choose(const struct tracer *t, const struct plan *next, bool wanted[NR_HOOKS])
{
	int i, n = 0;

	for (i = 0; i < NR_HOOKS; i++) {
		wanted[i] = next->backend[i] && !t->plan.backend[i];
		n += wanted[i];
	}
	return n;
}

static const char *names(const bool rows[NR_HOOKS], char text[NAMES])
{
	size_t n = 0;
	int i;

	text[0] = 0;
	for (i = 0; i < NR_HOOKS && n < NAMES; i++)
		if (rows[i])
			n += snprintf(text + n, NAMES - n, "%s%s", n ? ", " : "", hooks[i].symbol);
	return text;
}

static int grow(struct tracer *t, const struct plan *next, const bool wanted[NR_HOOKS])
{
	int err = -ENOSPC;

	if (t->nr_more == GROWTHS)
		return err;
	plan_join(&t->plan, next, wanted);
	err = load(t, &t->more[t->nr_more], wanted);
	if (!err)
		t->nr_more++;
	else
		close_more(t, &t->more[t->nr_more], wanted);
	xdpview_report(&t->xdp, &t->plan);
	return err;
}

bool tracer_grow(struct tracer *t, bool may_load)
{
	bool wanted[NR_HOOKS];
	char text[NAMES];
	struct plan next;
	int err;

	if (!plan_is_outdated(&t->plan, &t->plan_opts))
		return false;
	if (!may_load) {
		log_note("an interface of another driver, or a bridge, came meanwhile, and hooks "
			 "cannot be added without privileges: start again to see its stages");
		return false;
	}
	log_capture_libbpf();
	err = plan_make(&next, &t->plan_opts);
	if (!err && !choose(t, &next, wanted))
		return false;
	if (!err)
		err = grow(t, &next, wanted);
	if (err)
		log_note("cannot add hooks for what came meanwhile: %s: start again to see its "
			 "stages", strerror(-err));
	else
		log_note("hooks added for what came meanwhile: %s", names(wanted, text));
	return !err;
}
