// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include <argp.h>
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
#include "model/labels.h"
#include "cmd/options.h"
#include "hooks/plan.h"

static const char *const kinds[FLOOR_NR] = {
	[FLOOR_EMPTY] = "empty", [FLOOR_CLOCK] = "clock", [FLOOR_SLOT] = "slot",
	[FLOOR_COUNT] = "count",
};

enum { OPT_STAGE = 512 };

struct hold {
	struct opts o;		/* first: parse_run_option() takes it */
	int kind;		/* FLOOR_NR: age.bpf.c instead */
	uint32_t stages;	/* bit mask; 0 = all */
};

static int parse_stages(const char *words, uint32_t *mask)
{
	char copy[256], *word, *save;
	int st;

	snprintf(copy, sizeof(copy), "%s", words);
	for (word = strtok_r(copy, ",", &save); word; word = strtok_r(NULL, ",", &save)) {
		for (st = 0; st < PP_ST_NR && strcmp(word, stage_label(st)) != 0; st++)
			;
		if (st == PP_ST_NR) {
			log_err("floors: --stage %s: no such stage", word);
			return -1;
		}
		*mask |= PP_ST_BIT(st);
	}
	return 0;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct hold *h = state->input;

	switch (key) {
	case OPT_STAGE:
		return parse_stages(arg, &h->stages) ? EINVAL : 0;
	case ARGP_KEY_ARG:
		for (h->kind = 0; h->kind < FLOOR_NR; h->kind++)
			if (!strcmp(arg, kinds[h->kind]))
				return 0;
		if (!strcmp(arg, "age"))
			return 0;
		log_err("floors: hold %s: no such floor (empty, clock, slot, count, age)", arg);
		return EINVAL;
	default:
		return parse_run_option(key, arg, state);
	}
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
	int err = age_start(h->o.backend == BE_KPROBE ? 'k' : 'f');

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
	struct plan_opts popts = { .scope = &h->o.scope, .force = h->o.backend,
				   .stages = h->stages };
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
	static const struct argp_option options[] = {
		RUN_OPTIONS,
		{ "stage", OPT_STAGE, "LIST", 0,
		  "the hooks that these stages need (default: all)", 0 },
		{ 0 },
	};
	static const struct argp argp = { options, parse, "empty|clock|slot|count|age",
		"Attach a floor's programs to the tracer's hooks until a signal comes.",
		NULL, NULL, NULL };
	struct hold h = { .kind = FLOOR_EMPTY };
	sigset_t set;

	if (opts_parse(&argp, argc, argv, &h) || check_kernel())
		return EXIT_USAGE;
	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	return h.kind == FLOOR_NR ? hold_age(&h) : hold(&h);
}
