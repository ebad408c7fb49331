// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include "age.h"
#include "floors.h"
#include "hold.h"
#include "base/exit.h"
#include "base/log.h"
#include "hooks/kernel.h"
#include "cmd/options.h"
#include "hooks/plan.h"

static const char *const kinds[FLOOR_NR] = {
	[FLOOR_EMPTY] = "empty", [FLOOR_CLOCK] = "clock", [FLOOR_SLOT] = "slot",
	[FLOOR_COUNT] = "count",
};

struct hold {
	struct opts o;		/* first: the rows of `hist` fill it in */
	int kind;		/* FLOOR_NR: age.bpf.c instead */
};

static int parse_kind(char *word, void *hold)
{
	struct hold *h = hold;

	for (h->kind = 0; h->kind < FLOOR_NR; h->kind++)
		if (!strcmp(word, kinds[h->kind]))
			return 0;
	if (!strcmp(word, "age"))
		return 0;
	log_err("floors: hold %s: no such floor (empty, clock, slot, count, age)", word);
	return -1;
}

static void wait_for_signal(void)
{
	sigset_t set;
	int sig;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigwait(&set, &sig);
}

static int hold_age(const struct hold *h)
{
	int err = age_start(h->o.tracer.force == BE_KPROBE ? 'k' : 'f');

	if (err) {
		log_err("floors: hold age: %s", strerror(-err));
	} else {
		log_note("age: listening at three places");
		wait_for_signal();
	}
	age_stop();
	return err ? EXIT_RUNTIME : EXIT_OK;
}

static int hold(const struct hold *h)
{
	struct plan plan;
	struct plan_opts popts = { .scope = &h->o.scope, .force = h->o.tracer.force,
				   .stages = h->o.hist.stages };
	struct floor *floor = NULL;
	int err, i, rows = 0;

	log_capture_libbpf();
	err = plan_make(&plan, &popts);
	if (!err)
		err = floor_new(&floor, h->kind, &plan);
	if (!err)
		err = floor_attach(floor);
	if (err) {
		log_show_libbpf();
		log_err("floors: hold %s: %s", kinds[h->kind], strerror(-err));
		floor_free(floor);
		return EXIT_RUNTIME;
	}
	for (i = 0; i < NR_HOOKS; i++)
		rows += plan.backend[i] != BE_NONE;
	log_note("%s: listening on %d hooks", kinds[h->kind], rows);
	wait_for_signal();
	printf("calls=%" PRIu64 "\n", floor_calls(floor));
	floor_free(floor);
	return EXIT_OK;
}

int hold_main(int argc, char **argv)
{
	/* With the options of `hist`; --stage says which stages' hooks. */
	static const struct command command = {
		.name = "hold", .bit = CMD_HIST, .words = "empty|clock|slot|count|age",
		.doc = "Attach a floor's programs to the tracer's hooks until a signal comes.",
		.rows = run_options, .word = parse_kind, .finish = finish_run,
	};
	struct hold h = { .kind = FLOOR_EMPTY };
	int ret = opts_parse(&command, argc, argv, &h);
	sigset_t set;

	if (ret != OPTS_READ)
		return ret;
	if (check_kernel())
		return EXIT_USAGE;
	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	return h.kind == FLOOR_NR ? hold_age(&h) : hold(&h);
}
