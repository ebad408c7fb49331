// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* An XDP program that is built without -g, so that it has no BTF: it cannot be observed. */
#include <linux/bpf.h>

__attribute__((section("xdp"), used)) int lets_all_pass(struct xdp_md *ctx)
{
	(void)ctx;
	return XDP_PASS;
}

char LICENSE[] __attribute__((section("license"), used)) = "Dual BSD/GPL";
