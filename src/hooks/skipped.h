/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* The kernel's own counts of runs that it skipped; -1 where this kernel does not count them. */
#ifndef PKTPATH_HOOKS_SKIPPED_H
#define PKTPATH_HOOKS_SKIPPED_H

#include <stdint.h>
#include "hooks/table.h"

/*
 * Runs of a program attached by a link: those skipped because it, or for kprobes another one, was
 * active on that CPU (fentry, fexit, tp_btf: from v5.12 on), and those that the kprobe or fprobe
 * itself skipped (kprobe, kprobe.multi: from v6.7 on).
 */
int64_t skipped_runs(enum backend be, int prog_fd, int link_fd);

#endif /* PKTPATH_HOOKS_SKIPPED_H */
