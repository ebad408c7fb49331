// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* What became of packets that the program under test sent on, by the kernel's tracepoints. */
#include "vmlinux.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include "xdpbench.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

/* Whose packets; set before anything is attached. */
const volatile __u32 prog_id = 0;
const volatile int from = 0;	/* ifindex, */
const volatile __u32 netns = 0;	/* which others have in their namespaces, too */

struct xb_sent sent = {};

static __always_inline int is_ours(const struct bpf_prog *prog)
{
	return BPF_CORE_READ(prog, aux, id) == prog_id;
}

static __always_inline void failed(int err)
{
	__sync_fetch_and_add(&sent.failed, 1);
	if (err)
		sent.err = -err;
}

static __always_inline int is_from(const struct net_device *dev)
{
	if (BPF_CORE_READ(dev, ifindex) != from)
		return 0;
	return !bpf_core_field_exists(dev->nd_net.net) ||
	       BPF_CORE_READ(dev, nd_net.net, ns.inum) == netns;
}

static __always_inline void bulk(const struct net_device *dev, int taken, int refused, int err)
{
	if (!is_from(dev))
		return;
	if (taken > 0)
		__sync_fetch_and_add(&sent.taken, taken);
	if (refused > 0)
		__sync_fetch_and_add(&sent.refused, refused);
	if (refused > 0 && err)
		sent.err = -err;
}

/* raw_tp: v6.1 refuses to read arguments beside a const void pointer as tp_btf. */

/* (from_dev, to_dev, sent, drops, err), v5.6 */
SEC("raw_tp/xdp_devmap_xmit")
int devmap_xmit(u64 *ctx)
{
	bulk((void *)ctx[0], ctx[2], ctx[3], ctx[4]);
	return 0;
}

/* (dev, sent, drops, err): veth and a few others send back in bulks */
SEC("raw_tp/xdp_bulk_tx")
int bulk_tx(u64 *ctx)
{
	bulk((void *)ctx[0], 0, ctx[2], ctx[3]);
	return 0;
}

/* (dev, prog, tgt, err, ...) */
SEC("raw_tp/xdp_redirect_err")
int redirect_err(u64 *ctx)
{
	if (is_ours((void *)ctx[1]))
		failed(ctx[3]);
	return 0;
}

/* The same for maps. Unused since v5.13, and gone later. */
SEC("raw_tp/xdp_redirect_map_err")
int redirect_map_err(u64 *ctx)
{
	if (is_ours((void *)ctx[1]))
		failed(ctx[3]);
	return 0;
}

/* (dev, prog, act): of generic XDP's redirects `dev` is the target */
SEC("raw_tp/xdp_exception")
int exception(u64 *ctx)
{
	if (is_ours((void *)ctx[1]))
		failed(0);
	return 0;
}
