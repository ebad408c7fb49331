/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* What tracer.c and tracer_start.c share: a tracer's inside. Nobody else's business. */
#ifndef PKTPATH_TRACE_TRACER_STATE_H
#define PKTPATH_TRACE_TRACER_STATE_H

#include "hooks/attach.h"
#include "hooks/plan.h"
#include "host/kallsyms.h"
#include "tables.h"
#include "trace/object.h"
#include "trace/sight.h"
#include "trace/tracer.h"
#include "trace/xdp_stage.h"

#define GROWTHS 8	/* times that hooks can be added */

struct tracer {
	struct plan plan;
	struct plan_opts plan_opts;
	struct tracer_opts opts;
	struct object o;
	struct object more[GROWTHS];	/* with hooks that came later, and the maps of `o` */
	int nr_more;
	const struct bpf_object *home[NR_HOOKS];	/* of a row that is one of those */
	struct xdpview xdp;
	struct sight sight;
	struct kallsyms symbols;
	struct bpf_link *links[NR_HOOKS][ROW_PROGS];
	struct ring_buffer *ring;
	struct pp_cpu *cpus;
	struct pp_rec *slab;
	uint64_t *hists, *groups;
	int nr_cpus;
	int64_t missed[NR_HOOKS];
	tracer_fn fn;
	void *fn_arg;
	int fn_ret;
	uint32_t left;		/* records to fetch in this call */
	const char *step;	/* of the start: what is being done */
	int said;		/* an error about which there was a word */
};

/* The programs of row i; returns how many. */
int tracer_row(const struct tracer *t, int i, struct bpf_program *progs[ROW_PROGS]);

/* Attaches row i, or takes what is attached of it away. 0 or -errno. */
int tracer_attach(struct tracer *t, int i);
void tracer_detach(struct tracer *t, int i);

/* Counters of all histograms of all CPUs. */
uint32_t tracer_hist_counts(const struct tracer *t);

/* For the ring: one record. */
int tracer_on_event(void *arg, void *data, size_t size);

#endif /* PKTPATH_TRACE_TRACER_STATE_H */
