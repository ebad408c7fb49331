/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Which hook serves a stage, as `pktpath probes`, the ledger and the metrics show it. */
#ifndef PKTPATH_MODEL_HOOK_REPORT_H
#define PKTPATH_MODEL_HOOK_REPORT_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

struct hook_report {
	int stage;		/* enum pp_stage, or PP_ST_NONE for a hook of the bookkeeping */
	const char *role;	/* stage label, or "drop", "merge", "end", "exit" … */
	const char *hook;	/* symbol or tracepoint, "" if none could be had */
	const char *backend;	/* "fentry", "kprobe.multi", "kprobe", "tp_btf"; "-": not served */
	const char *why;	/* plain words: why it is missing, or "" */
	int64_t missed;		/* runs that the kernel skipped; -1 = it does not count them */
};

static inline bool hook_report_served(const struct hook_report *h)
{
	return h->hook[0] && strcmp(h->backend, "-") != 0;
}

#endif /* PKTPATH_MODEL_HOOK_REPORT_H */
