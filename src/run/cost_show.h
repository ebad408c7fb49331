/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* What `pktpath cost` prints on standard output, table by table. Whoever calls sees to errors. */
#ifndef PKTPATH_RUN_COST_SHOW_H
#define PKTPATH_RUN_COST_SHOW_H

#include "hooks/plan.h"
#include "trace/cost.h"

/* ns a run of each kind that was calibrated. */
void show_calibration(const struct cost_calib *c);

/* The packets of a span of time on this machine: the line's beginning, while they come, … */
void show_looking(uint64_t ns);
/* … and its end. */
void show_now(const struct cost_figures *f);

/* A packet over loopback, untraced and what tracing added, ns; both ascending, `n` of each. */
void show_pairs(const double *off, const double *added, int n);

/* Hook by hook, and their sum. */
void show_hooks(const struct cost *c, const struct plan *plan);

#endif /* PKTPATH_RUN_COST_SHOW_H */
