// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * The benchmark's generator. BPF_PROG_RUN with live frames calls it once a frame; the kernel
 * turns its XDP_TX into a redirect to the device that the frame claims to come from.
 */
#include "vmlinux.h"
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include "xdpbench.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

struct xb_gen_cfg gen = {};
struct xb_slot slots[XB_CPUS] = {};

#define SPORT_AT 34

static __always_inline void set_flow(struct xdp_md *ctx, u64 n, u32 flows)
{
	u8 *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;

	if (data + SPORT_AT + 2 <= end)
		*(__u16 *)(data + SPORT_AT) = bpf_htons(1024 + n % flows);
}

/* Frames are used again, so one without a stamp must lose that of the frame before. */
static __always_inline void set_stamp(struct xdp_md *ctx, u64 n, u32 every)
{
	u8 *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	__u64 *stamp = (void *)(data + XB_STAMP_AT);

	if (data + XB_STAMP_AT + XB_STAMP_LEN > end)
		return;
	if (n % every) {
		stamp[0] = 0;
		return;
	}
	stamp[0] = XB_MAGIC;
	stamp[1] = bpf_ktime_get_ns();
}

static __always_inline struct xb_slot *own_slot(void)
{
	return &slots[bpf_get_smp_processor_id() & (XB_CPUS - 1)];
}

/* Idle, or frames that differ: apart, as the registers that this needs would cost all frames. */
static __noinline int seldom(struct xdp_md *ctx, u32 what)
{
	volatile struct xb_gen_cfg *g = &gen;
	u32 flows = g->flows, every = g->stamp_every;
	struct xb_slot *slot = own_slot();

	what &= ~XB_GEN_VARIED;
	if (what == XB_GEN_IDLE)
		return XDP_DROP;
	if (flows > 1)
		set_flow(ctx, slot->sent + slot->alone, flows);
	if (what == XB_GEN_ALONE) {
		slot->alone++;
		return XDP_DROP;
	}
	if (every)
		set_stamp(ctx, slot->sent, every);
	slot->sent++;
	return XDP_TX;
}

SEC("xdp")
int generate(struct xdp_md *ctx)
{
	u32 what = *(volatile u32 *)&gen.what;

	if (what == XB_GEN_SEND) {
		own_slot()->sent++;
		return XDP_TX;
	}
	if (what == XB_GEN_ALONE) {
		own_slot()->alone++;
		return XDP_DROP;
	}
	return seldom(ctx, what);
}
