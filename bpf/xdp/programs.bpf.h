/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * The programs of the stage `xdp`: fentry and fexit on other people's XDP programs, and a program
 * of our own that lets everything pass. src/trace/xdp_stage.c chooses which of them are loaded;
 * where there is no XDP program, none are.
 */
#ifndef PKTPATH_BPF_XDP_PROGRAMS_BPF_H
#define PKTPATH_BPF_XDP_PROGRAMS_BPF_H

#include "xdp/stage.bpf.h"

/*
 * The frame on which an observed program runs; NULL if it is none of a traced device. fentry and
 * fexit get an XDP program's context as it is in the kernel: struct xdp_buff (v5.6).
 */
static __always_inline struct pp_xdp_dev *frame_of(const struct xdp_buff *xdp, struct frame *f)
{
	struct pp_xdp_dev *d = xdp_dev_of(xdp->rxq->dev->ifindex);

	if (!d)
		return NULL;
	/* Interface indexes are per namespace. */
	if (d->netns && netns_of(1, xdp->rxq->dev) != d->netns)
		return NULL;
	f->data = (u64)xdp->data;
	f->len = (u64)xdp->data_end - f->data;
	f->queue = xdp->rxq->queue_index;
	return d;
}

static __always_inline void entered(u64 *ctx)
{
	const struct pp_xdp_dev *d;
	struct frame f;
	struct here h;

	d = frame_of((void *)ctx[0], &f);
	if (d && here(&h))
		xdp_enter(&h, d, &f);
}

static __always_inline void left(u64 *ctx)
{
	const struct pp_xdp_dev *d;
	struct frame f;
	struct here h;

	d = frame_of((void *)ctx[0], &f);
	if (d && here(&h))
		xdp_leave(&h, d, &f, ctx[1]);
}

/* A pair for each program that is observed: its target is set before load. */
#define OBSERVER(n)                                                                                \
	SEC("fentry")                                                                              \
	int xdp_in_##n(u64 *ctx)                                                                   \
	{                                                                                          \
		entered(ctx);                                                                      \
		return 0;                                                                          \
	}                                                                                          \
                                                                                                   \
	SEC("fexit")                                                                               \
	int xdp_out_##n(u64 *ctx)                                                                  \
	{                                                                                          \
		left(ctx);                                                                         \
		return 0;                                                                          \
	}

OBSERVER(0)
OBSERVER(1)
OBSERVER(2)
OBSERVER(3)
_Static_assert(PP_XDP_PROGS == 4, "a pair for each");

/* Not tp_btf: v6.1 refuses a program that reads an argument which is a const void pointer. */
#define OUTCOME(tp, handler)                                                                       \
	SEC("raw_tp/" #tp)                                                                         \
	int t_##tp(u64 *ctx)                                                                       \
	{                                                                                          \
		handler(ctx);                                                                      \
		return 0;                                                                          \
	}

OUTCOME(xdp_redirect, redirected)
OUTCOME(xdp_redirect_err, redirected)
OUTCOME(xdp_exception, excepted)
OUTCOME(xdp_devmap_xmit, devmap_emptied)
OUTCOME(xdp_cpumap_enqueue, cpumap_emptied)

/* Our own program: it notes that it ran, and changes nothing. */
static __always_inline void own(struct xdp_md *ctx)
{
	struct frame f = { .data = ctx->data, .len = ctx->data_end - ctx->data };
	const struct pp_xdp_dev *d = xdp_dev_of(ctx->ingress_ifindex);
	struct here h;

	if (!d || !here(&h))
		return;
	xdp_enter(&h, d, &f);
	xdp_leave(&h, d, &f, XDP_PASS);
}

SEC("xdp")
int pktpath_pass(struct xdp_md *ctx)
{
	own(ctx);
	return XDP_PASS;
}

/* For drivers that take no other at a large MTU (v5.18 on). */
SEC("xdp.frags")
int pktpath_pass_mb(struct xdp_md *ctx)
{
	own(ctx);
	return XDP_PASS;
}

#endif /* PKTPATH_BPF_XDP_PROGRAMS_BPF_H */
