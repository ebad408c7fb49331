// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include <math.h>
#include <stdio.h>
#include "run/cost_show.h"

void show_calibration(const struct cost_calib *c)
{
	int kind;

	printf("%-12s %10s %6s %18s %6s\n", "NS A RUN", "empty", "+-", "+ clock read", "+-");
	for (kind = 0; kind < COST_NR; kind++)
		if (!isnan(c->empty[kind]))
			printf("%-12s %10.1f %6.1f %18.1f %6.1f\n", cost_kind_name(kind),
			       c->empty[kind], c->empty_mad[kind],
			       c->clock[kind], c->clock_mad[kind]);
	putchar('\n');
}

void show_looking(uint64_t ns)
{
	printf("this machine, %.1f s: ", (double)ns / 1e9);
	fflush(stdout);
}

void show_now(const struct cost_figures *f)
{
	if (f->known && !f->each)
		printf("%.0f packets/s, too few to say what each costs (%d would do): "
		       "%.2f%% of one CPU\n", f->packets_s, COST_RATE, 100 * f->cpu);
	else if (f->known)
		printf("%.0f packets/s, %.0f ns each in %.1f programs: %.2f%% of one CPU\n",
		       f->packets_s, f->packet_ns, f->packet_runs, 100 * f->cpu);
	else
		puts("too few packets came to say more");
}

void show_pairs(const double *off, const double *added, int n)
{
	printf("a packet over loopback: %.0f ns, traced %.0f ns more (%.0f to %.0f in %d pairs)\n",
	       off[n / 2], added[n / 2], added[0], added[n - 1], n);
}

static void show_row(const struct cost *c, const struct plan *plan, int row)
{
	double ns, runs;

	cost_row(c, row, &ns, &runs);
	if (runs >= 0.005)
		printf("%-34s %-12s %8.2f %9.1f %12.1f\n", hooks[row].symbol,
		       backend_name(plan->backend[row]), runs, ns / runs, ns);
}

void show_hooks(const struct cost *c, const struct plan *plan)
{
	struct cost_figures f;
	int i;

	printf("\n%-34s %-12s %8s %9s %12s\n", "HOOK", "BACKEND", "runs", "ns a run",
	       "ns a packet");
	for (i = 0; i < NR_HOOKS; i++)
		show_row(c, plan, i);
	cost_get(c, &f);
	if (f.known)
		printf("%-47s %8.2f %9s %12.1f\n", "all", f.packet_runs, "", f.packet_ns);
}
