/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* The plan: which hook and which backend serve what on this kernel, and why others do not. */
#ifndef PKTPATH_HOOKS_PLAN_H
#define PKTPATH_HOOKS_PLAN_H

#include <stdbool.h>
#include <stdint.h>
#include "hooks/switches.h"
#include "hooks/table.h"
#include "host/drivers.h"
#include "host/scope.h"
#include "model/hook_report.h"
#include "record.h"

#define MAX_DRIVERS 16

struct plan_opts {
	const struct scope *scope;	/* the traced interfaces */
	enum backend force;		/* BE_NONE: the best; tracepoints are never forced away */
	uint32_t stages;		/* bit mask: without hooks serving others only; 0 = all */
	bool banned[NR_HOOKS][BE_NR];	/* backends that failed at load or attach before */
	const char *ban_why[NR_HOOKS];
};

struct plan {
	struct drivers drivers;		/* of the traced interfaces, when it was made */
	const struct hook_switch *off[BE_NR];	/* why hooks would not run; NULL: they do */
	bool bridge;			/* there were bridges' functions to hook then */
	enum backend backend[NR_HOOKS];	/* BE_NONE: unused */
	const char *why[NR_HOOKS];	/* why it is not served; NULL if it is, or was not needed */
	uint32_t stages;		/* bit mask of the stages served */
	uint32_t hardirq_mask;		/* programs may ask what the CPU does (trial.h); 0: not */
	bool have_end;			/* frees can be seen */
	bool irq_threads;		/* drivers' interrupt handlers run in threads */
	struct hook_report reports[NR_HOOKS + PP_ST_NR + PP_IFS]; /* with those of XDP */
	int nr_reports;
};

/*
 * Try every hook and choose. 0, or -errno: -ENOENT when the kernel has no BTF. The plan's
 * strings are static.
 */
int plan_make(struct plan *plan, const struct plan_opts *opts);

/*
 * Would a plan of now have hooks that this one has not, as a driver or a module has come since?
 * Cheap, and takes note of what there is.
 */
bool plan_is_outdated(struct plan *plan, const struct plan_opts *opts);

/* Adds the rows of another one with `added`, and what they serve. */
void plan_join(struct plan *plan, const struct plan *other, const bool added[NR_HOOKS]);

/* Takes rows away again, and what only they served. */
void plan_leave(struct plan *plan, const bool rows[NR_HOOKS]);

#define LEVEL_ANY (-1)

/* Is a slot served by that level's rows? */
bool plan_serves(const struct plan *plan, enum pp_slot slot, int level);

#endif /* PKTPATH_HOOKS_PLAN_H */
