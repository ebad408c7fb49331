/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* What the groups of `--by` are called: in tables, in JSON and in the labels of metrics. */
#ifndef PKTPATH_OUTPUT_GROUP_NAMES_H
#define PKTPATH_OUTPUT_GROUP_NAMES_H

#include "output/sink_env.h"

/*
 * "eth0", "eth0:3", "udp/53", "4711 nginx" … into buf, which it returns; never "". `key` is one
 * that pp_by_pack() made (include/by_keys.h). Of `env` it takes dev_name(), comm_name() and
 * cgroup_path().
 */
const char *group_name(char buf[FMT_TEXT_MAX], const struct sink_env *env, enum pp_by by,
		       uint64_t key);

#endif /* PKTPATH_OUTPUT_GROUP_NAMES_H */
