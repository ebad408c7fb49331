/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* What the BPF programs are told before load: from a tracer's options to struct pp_cfg. */
#ifndef PKTPATH_TRACE_CONFIG_H
#define PKTPATH_TRACE_CONFIG_H

#include "trace/tracer.h"

/* All that follows from the options alone. 0 or -errno: the namespace cannot be told. */
int config_fill(struct pp_cfg *cfg, const struct tracer_opts *o);

/* Groups that rows are split into, without the one of all others. */
uint32_t config_groups(const struct tracer_opts *o);

#endif /* PKTPATH_TRACE_CONFIG_H */
