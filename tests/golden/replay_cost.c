// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* What a ledger says of costs. */
#include <err.h>
#include <stdio.h>
#include "replay.h"

/* NS:RUNS:CPU:OWN, the last two as shares of a CPU */
void parse_cost(struct cost_figures *c, const char *value)
{
	c->known = sscanf(value, "%lf:%lf:%lf:%lf", &c->packet_ns, &c->packet_runs,
			  &c->cpu, &c->own_cpu) == 4;
	c->each = c->known;
	if (!c->known)
		errx(2, "not a cost: %s", value);
}

/* BUDGET:SHARE:LEAST:OVER */
void parse_budget(struct cost_figures *c, const char *value)
{
	int over = 0;

	if (sscanf(value, "%lf:%lf:%lf:%d", &c->budget, &c->share, &c->least, &over) != 4)
		errx(2, "not a budget: %s", value);
	c->over = over;
}
