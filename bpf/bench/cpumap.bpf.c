// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* What a CPU map's queue had no room for: no counter of the kernel has it, a tracepoint does. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include "xdpbench.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

/* Set once a map has its ID, which is never 0. */
int wanted[XB_CPUMAPS] = {};
__u64 dropped = 0;

SEC("tp_btf/xdp_cpumap_enqueue")
int BPF_PROG(enqueue, int map_id, unsigned int processed, unsigned int drops)
{
	int i;

	if (!drops)
		return 0;
	for (i = 0; i < XB_CPUMAPS; i++)
		if (map_id == wanted[i])
			__sync_fetch_and_add(&dropped, drops);
	return 0;
}
