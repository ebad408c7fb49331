/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* The kernel's own counts of runs that it skipped; -1 where this kernel does not count them. */
#ifndef PKTPATH_MISSED_H
#define PKTPATH_MISSED_H

#include <stdint.h>

/* fentry, fexit, tp_btf: skipped because the program was active on that CPU (v5.12 on). */
int64_t missed_by_prog(int prog_fd);

/* kprobe, kretprobe: the same and kprobes' own nmissed (v6.7 on). */
int64_t missed_by_link(int link_fd);

#endif /* PKTPATH_MISSED_H */
