// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* The programs of the tracer: shims around the handlers of hooks/all.bpf.h. */
#include "hooks/all.bpf.h"
#include "core/irqs_off.bpf.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

#define RUN(context, handler, typed, nargs, ...)                                                   \
	RUN_IN(context, h_##handler(typed, __VA_ARGS__))

/* One place per CPU is enough: only functions of the softirq need it, and softirqs do not nest. */
#define RUN_STASH(arg0, arg1)                                                                      \
	do {                                                                                       \
		struct pp_cpu *c = this_cpu();                                                     \
                                                                                                   \
		if (c) {                                                                           \
			c->stash[0] = arg0;                                                        \
			c->stash[1] = arg1;                                                        \
		}                                                                                  \
	} while (0)

/*
 * Arguments serve one return only: the kernel may skip the entry of the next call. A function
 * whose handler asks for none has put none there: it may be an interrupt's, and must leave those of
 * the function that it interrupted.
 */
#define RUN_RETURN(handler, nargs, result)                                                         \
	do {                                                                                       \
		struct pp_cpu *c = this_cpu();                                                     \
		u64 arg0, arg1;                                                                    \
                                                                                                   \
		if (!c)                                                                            \
			break;                                                                     \
		arg0 = c->stash[0];                                                                \
		arg1 = c->stash[1];                                                                \
		if (nargs)                                                                         \
			c->stash[0] = c->stash[1] = 0;                                             \
		h_##handler(0, arg0, arg1, result);                                                \
	} while (0)

#include "core/programs.bpf.h"
#include "xdp/programs.bpf.h"
