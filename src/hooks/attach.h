/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Which programs serve a row of the hook table with a backend, and how they are attached. */
#ifndef PKTPATH_HOOKS_ATTACH_H
#define PKTPATH_HOOKS_ATTACH_H

#include <bpf/libbpf.h>
#include "hooks/table.h"

#define ROW_PROGS 2	/* at most, of one row: a kretprobe may need the entry as well */

/*
 * The programs of row `i` in an object that was expanded from the table (programs.bpf.h), in the
 * order of attaching. Returns how many.
 */
int row_programs(const struct bpf_object *obj, enum backend be, int i,
		 struct bpf_program *progs[ROW_PROGS]);

/* Marks one of them, between open and load, to be loaded. */
void row_want(struct bpf_program *prog, enum backend be);

/* The link, or NULL with errno set. */
struct bpf_link *row_attach(const struct bpf_program *prog, enum backend be, int i);

#endif /* PKTPATH_HOOKS_ATTACH_H */
