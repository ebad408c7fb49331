// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include <stdint.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include "trace/quiesce.h"

/* Longer than any program, unless it is preempted. */
#define PATIENCE_US 20000

/*
 * The kernel promises that to whoever replaces a map within a map (v4.20:
 * maybe_wait_bpf_programs()), by an RCU grace period. membarrier(2) has none on one CPU, where a
 * program may be preempted all the same.
 */
void quiesce(void)
{
	LIBBPF_OPTS(bpf_map_create_opts, opts);
	uint32_t key = 0;
	int inner, outer = -1, err = -1;

	inner = bpf_map_create(BPF_MAP_TYPE_ARRAY, "pp_inner", sizeof(key), sizeof(key), 1, NULL);
	if (inner >= 0) {
		opts.inner_map_fd = inner;
		outer = bpf_map_create(BPF_MAP_TYPE_ARRAY_OF_MAPS, "pp_outer", sizeof(key),
				       sizeof(key), 1, &opts);
	}
	if (outer >= 0)
		err = bpf_map_update_elem(outer, &key, &inner, BPF_ANY);
	if (err)
		usleep(PATIENCE_US);
	if (outer >= 0)
		close(outer);
	if (inner >= 0)
		close(inner);
}
