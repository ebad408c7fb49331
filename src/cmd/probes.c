// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* pktpath probes: the table of stages and hooks on this kernel. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <bpf/libbpf.h>
#include "cmd/cmd.h"
#include "base/exit.h"
#include "base/log.h"
#include "hooks/kernel.h"
#include "trace/memory.h"
#include "model/labels.h"
#include "cmd/options.h"
#include "hooks/plan.h"
#include "hooks/trial_program.h"
#include "trace/xdp_scan.h"

static void print_memory(const struct plan *plan, const struct opts *o)
{
	int cpus = libbpf_num_possible_cpus();
	struct memory_opts mo = { .records = o->tracer.records, .ring_bytes = o->tracer.ring_bytes,
				  .cpus = cpus, .legacy = !trial_bpf_is_new(),
				  .fifos = plan_serves(plan, PP_SL_READ_UDP, 1) };
	char text[MEMORY_LEN];

	if (cpus < 0) {
		printf("\nMemory of a trace: not known, nor how many CPUs there are: %s\n",
		       strerror(-cpus));
		return;
	}
	printf("\nMemory of a trace: %s\n", memory_text(text, &mo));
}

/* What a trace would see of the XDP programs on these interfaces; nothing if there are none. */
static void print_xdp(const struct scope *scope)
{
	char name[XDP_FUNC_LEN + 16];
	struct xdpscan s;
	int i;

	xdpscan_find(&s, scope);
	if (s.err)
		printf("\nXDP programs: cannot list interfaces: %s\n", strerror(-s.err));
	if (s.nr_devs)
		printf("\n%-9s %-32s %-12s %s\n", "XDP ON", "PROGRAM", "MODE",
		       "OBSERVED, OR WHY NOT");
	for (i = 0; i < s.nr_devs; i++) {
		const struct xdp_dev *d = &s.devs[i];
		const char *why = xdpscan_why(&s, d);

		if (d->attached)
			printf("%-8s %-32s %-12s %s%s\n", d->name, xdpscan_name(&s, d, name),
			       d->hardware ? "hardware" : xdp_mode_label(d->mode),
			       why ? why : "by fentry",
			       why ? "" : xdpscan_note(&s.progs[d->prog]));
		else if (d->err)
			printf("%-8s %-32s %-12s cannot ask which is attached: %s\n", d->name, "?",
			       "?", strerror(-d->err));
		else
			printf("%-8s %-32s %-12s %s\n", d->name, "-", "-",
			       "none is attached; --xdp attaches one");
	}
	xdpscan_free(&s);
}

static int print_table(const struct plan *plan, const struct opts *o)
{
	int i;

	printf("%-9s %-32s %-12s %s\n", "STAGE", "HOOK", "BACKEND", "WHY NOT");
	for (i = 0; i < plan->nr_reports; i++) {
		const struct hook_report *r = &plan->reports[i];

		printf("%-9s %-32s %-12s %s\n", r->role, *r->hook ? r->hook : "-", r->backend,
		       r->why);
	}
	if (!plan->have_end)
		printf("\nMany frees cannot be seen on this kernel: packets that TCP frees "
		       "without a word\n"
		       "end as untracked (stale) when their memory is used again.\n");
	print_xdp(&o->scope);
	print_memory(plan, o);
	if (fflush(stdout) || ferror(stdout)) {
		log_err("cannot write: standard output: %s", strerror(errno));
		return EXIT_RUNTIME;
	}
	return EXIT_OK;
}

static int run(int argc, char **argv)
{
	struct plan_opts po = {};
	struct opts o = { 0 };
	struct plan plan;
	int err, ret = opts_parse(&cmd_probes, argc, argv, &o);

	if (ret != OPTS_READ)
		return ret;
	ret = check_reading();
	if (ret)
		return ret;
	log_capture_libbpf();
	po.scope = &o.scope;
	po.force = o.tracer.force;
	err = plan_make(&plan, &po);
	if (err) {
		log_err("cannot look for hooks: kernel BTF, interfaces: %s", strerror(-err));
		return EXIT_RUNTIME;
	}
	return print_table(&plan, &o);
}

const struct command cmd_probes = {
	.name = "probes",
	.bit = CMD_PROBES,
	.summary = "show which hook serves each stage on this kernel",
	.doc = "Show which hook and backend serve each stage, and why others cannot be had.",
	.rows = run_options,
	.finish = finish_run,
	.run = run,
};
