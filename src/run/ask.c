// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include <string.h>
#include "run/ask.h"

struct tracer_opts ask_for_records(const struct opts *o, uint32_t verdicts)
{
	struct tracer_opts to = o->tracer;

	to.scope = &o->scope;
	to.verdicts = verdicts;
	/* One flow alone may be too much: a budget chooses packets, unless flows were asked for. */
	if (o->budget > 0 && to.sample < 2)
		to.sample_packets = true;
	to.sample_changes = o->budget > 0;
	return to;
}

/*
 * Besides histograms the slowest records are sent: all with --trace, none without examples; where
 * readers are chosen thresholds that nothing exceeds keep the account of the rest.
 */
struct tracer_opts ask_for_hist(const struct opts *o)
{
	struct tracer_opts to = ask_for_records(o, VERDICTS_ALL);

	to.hist = true;
	to.wire = o->hist.wire;
	to.by = o->hist.by;
	to.groups = o->hist.groups;
	to.stages = o->hist.stages;
	to.worst = o->trace_file ? 0 : o->hist.worst;
	if (to.worst || o->trace_file)
		return to;
	if (!to.reader_pid && !to.reader_comm && !to.reader_cgroup) {
		to.verdicts = 0;
		return to;
	}
	to.slow_any = true;
	memset(to.slow, 0xff, sizeof(to.slow));
	return to;
}
