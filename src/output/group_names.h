/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* What the groups of `--by` are called: their keys, which group_key() in bpf/ makes, as words. */
#ifndef PKTPATH_OUTPUT_GROUP_NAMES_H
#define PKTPATH_OUTPUT_GROUP_NAMES_H

#include "output/sink_env.h"

/* "eth0", "eth0:3", "udp/53", "4711 nginx" …; returns buf. `key` is not 0. */
const char *group_label(char buf[FMT_TEXT_MAX], const struct sink_env *env, uint64_t key);

#endif /* PKTPATH_OUTPUT_GROUP_NAMES_H */
