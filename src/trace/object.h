/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * The BPF object that can be run here. All have the same programs and maps: the usual one; the
 * plain one, which uses no variable or function of the kernel's own; and the one for kernels whose
 * BPF lacks compare-and-swap or bpf_loop() (before v5.17), which does not either.
 */
#ifndef PKTPATH_TRACE_OBJECT_H
#define PKTPATH_TRACE_OBJECT_H

#include <stdbool.h>
#include <stdint.h>
#include <bpf/libbpf.h>
#include "record.h"

enum object_kind { OBJECT_PKTPATH, OBJECT_NO_KSYMS, OBJECT_LEGACY };

struct object {
	struct bpf_object *obj;
	struct bpf_map *cpus, *slab, *fifos, *wanted_cgroup, *ring, *hists, *groups, *worsts;
	struct pp_cfg *cfg;		/* to be set between open and load */
	struct bpf_map *bss;		/* variables, the table of sockets last … */
	size_t socks_at;		/* … from here on */
	volatile uint32_t *enabled, *epoch, *sample_max;	/* from load on */
	volatile uint32_t *wanted_ifs;	/* PP_IFS of them; from load on */
	struct pp_xdp_dev *xdp_devs;	/* PP_IFS of them; from load on */
	void *skel;
	enum object_kind kind;
};

/* Each returns 0 or -errno. object_close() takes one that was never opened as well. */
int object_open(struct object *o, bool no_ksyms);
int object_load(struct object *o);

/* Between open and load: how many entries the table of sockets has, at most PP_SOCKS. */
int object_size_socks(struct object *o, uint32_t socks);

/* Opens one more of the kind of `o`, which is loaded, with the maps and variables of that. */
int object_open_beside(struct object *more, const struct object *o);
void object_close(struct object *o);

/* A map's first bytes, shared with the kernel; NULL with errno. Give back with munmap(). */
void *object_map_table(struct bpf_map *map, size_t bytes);

#define OBJECT_HINT 96

/*
 * What to try where programs could not be loaded or attached because of `err`; in `buf`, or
 * constant. Before v5.11 maps and programs count as locked memory, and failing that is an EPERM.
 */
const char *object_hint(char buf[OBJECT_HINT], int err);

#endif /* PKTPATH_TRACE_OBJECT_H */
