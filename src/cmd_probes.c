// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* pktpath probes: the table of stages and hooks on this kernel. */
#include <argp.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "cmd.h"
#include "log.h"
#include "opts.h"
#include "probe.h"

static const struct argp_option options[] = {
	{ "interface", 'i', "IF", 0, "for this interface, by name or index (default: all)", 0 },
	{ "backend", OPT_BACKEND, "NAME", 0, "auto (default), fentry, kprobe.multi or kprobe", 0 },
	{ 0 },
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct opts *o = state->input;

	switch (key) {
	case 'i':
		return parse_iface(arg, o) ? EINVAL : 0;
	case OPT_BACKEND:
		return parse_backend(arg, o) ? EINVAL : 0;
	case ARGP_KEY_ARG:
		log_err("%s: unexpected word (pktpath probes --help)", arg);
		return EINVAL;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static int print_table(const struct plan *plan)
{
	int i;

	printf("%-8s %-32s %-12s %s\n", "STAGE", "HOOK", "BACKEND", "WHY NOT");
	for (i = 0; i < plan->nr_reports; i++) {
		const struct hook_report *r = &plan->reports[i];

		printf("%-8s %-32s %-12s %s\n", r->role, *r->hook ? r->hook : "-", r->backend, r->why);
	}
	if (!plan->have_end)
		printf("\nFrees cannot be seen on this kernel: packets that the kernel consumes itself "
		       "(SYN, FIN)\nend as untracked (stale) when their memory is used again.\n");
	if (fflush(stdout) || ferror(stdout)) {
		log_err("cannot write: standard output: %s", strerror(errno));
		return EXIT_RUNTIME;
	}
	return EXIT_OK;
}

int cmd_probes(int argc, char **argv)
{
	static const struct argp argp = { options, parse, NULL,
		"Show which hook and backend serve each stage, and why others cannot be had.",
		NULL, NULL, NULL };
	struct plan_opts po = {};
	struct opts o = {};
	struct plan plan;
	int err;

	if (opts_parse(&argp, argc, argv, &o))
		return EXIT_USAGE;
	err = check_kernel();
	if (err)
		return err;
	log_capture_libbpf();
	po.ifindex = o.ifindex;
	po.force = o.backend;
	err = plan_make(&plan, &po);
	if (err) {
		log_err("cannot look for hooks: kernel BTF: %s", strerror(-err));
		return EXIT_RUNTIME;
	}
	return print_table(&plan);
}
