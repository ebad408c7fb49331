// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * The programs: every row of PP_HOOKS expands to one program per backend that can serve it. The
 * loader (src/probe.c) picks one backend per row and loads only that.
 */
#include "hooks.bpf.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

#define ARGS_0(c) 0, 0, 0
#define ARGS_1(c) (c)[0], 0, 0
#define ARGS_2(c) (c)[0], (c)[1], 0
#define ARGS_3(c) (c)[0], (c)[1], (c)[2]
#define REGS_0(c) 0, 0, 0
#define REGS_1(c) PT_REGS_PARM1(c), 0, 0
#define REGS_2(c) PT_REGS_PARM1(c), PT_REGS_PARM2(c), 0
#define REGS_3(c) PT_REGS_PARM1(c), PT_REGS_PARM2(c), PT_REGS_PARM3(c)
#define RETS_0(c) 0, 0, 0
#define RETS_2(c) (c)[0], (c)[1], (c)[2]

#define PROG(sec, name, ctxtype, typed, handler, ...)                                              \
	SEC(sec)                                                                                   \
	int name(ctxtype *ctx)                                                                     \
	{                                                                                          \
		h_##handler(typed, __VA_ARGS__);                                                   \
		return 0;                                                                          \
	}

#define HOOK_FUNC(id, symbol, nargs, handler)                                                      \
	PROG("fentry/" #symbol, f_##id, u64, 1, handler, ARGS_##nargs(ctx))                        \
	PROG("kprobe/" #symbol, k_##id, struct pt_regs, 0, handler, REGS_##nargs(ctx))

#define HOOK_TP(id, symbol, nargs, handler)                                                        \
	PROG("tp_btf/" #symbol, t_##id, u64, 1, handler, ARGS_##nargs(ctx))

/*
 * A kretprobe does not have the arguments: its entry keeps them. One place per CPU is enough,
 * since only functions of the softirq need it, and softirqs do not nest.
 */
#define HOOK_RET(id, symbol, nargs, handler)                                                       \
	PROG("fexit/" #symbol, x_##id, u64, 1, handler, RETS_##nargs(ctx))                         \
	PROG("kprobe/" #symbol, s_##id, struct pt_regs, 0, stash, REGS_##nargs(ctx))               \
	SEC("kretprobe/" #symbol)                                                                  \
	int r_##id(struct pt_regs *ctx)                                                            \
	{                                                                                          \
		u32 cpu = bpf_get_smp_processor_id();                                              \
		struct pp_cpu *c = bpf_map_lookup_elem(&cpus, &cpu);                               \
                                                                                                   \
		if (c)                                                                             \
			h_##handler(0, c->stash[0], c->stash[1], PT_REGS_RC(ctx));                 \
		return 0;                                                                          \
	}

HANDLER(stash)
{
	u32 cpu = bpf_get_smp_processor_id();
	struct pp_cpu *c = bpf_map_lookup_elem(&cpus, &cpu);

	if (c) {
		c->stash[0] = a0;
		c->stash[1] = a1;
	}
}

#define EXPAND(kind, id, slot, level, stage, symbol, nargs, handler, module)                       \
	HOOK_##kind(id, symbol, nargs, handler)

PP_HOOKS(EXPAND)
