/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * Every row of PP_HOOKS as programs, one per backend that can serve it. The loader picks one
 * backend per row and loads only that. The includer says what the programs do:
 *	RUN(context, handler, typed, nargs, a0, a1, a2)
 *						with the arguments of the hooked function
 *	RUN_STASH(a0, a1)			at the entry of a function whose kretprobe follows
 *	RUN_RETURN(handler, nargs, result)	at its return
 * pktpath.bpf.c runs the handlers; tests/cost measures other work on the very same hooks.
 */
#ifndef PKTPATH_BPF_CORE_PROGRAMS_BPF_H
#define PKTPATH_BPF_CORE_PROGRAMS_BPF_H

#define ARGS_0(c) 0, 0, 0
#define ARGS_1(c) (c)[0], 0, 0
#define ARGS_2(c) (c)[0], (c)[1], 0
#define ARGS_3(c) (c)[0], (c)[1], (c)[2]
#define REGS_0(c) 0, 0, 0
#define REGS_1(c) PT_REGS_PARM1(c), 0, 0
#define REGS_2(c) PT_REGS_PARM1(c), PT_REGS_PARM2(c), 0
#define REGS_3(c) PT_REGS_PARM1(c), PT_REGS_PARM2(c), PT_REGS_PARM3(c)
#define RETS_0(c) 0, 0, 0
#define RETS_1(c) (c)[0], (c)[1], 0
#define RETS_2(c) (c)[0], (c)[1], (c)[2]
#define RETS_3(c) (c)[0], (c)[1], (c)[3]
#define RETS_5(c) (c)[0], (c)[1], (c)[5]

/* RUN is a macro, and its arguments come from macros that must be expanded first. */
#define CALL(run, ...) run(__VA_ARGS__)

#define PROG(sec, name, ctxtype, ...)                                                              \
	SEC(sec)                                                                                   \
	int name(ctxtype *ctx)                                                                     \
	{                                                                                          \
		CALL(__VA_ARGS__);                                                                 \
		return 0;                                                                          \
	}

/*
 * Programs for a module's functions have the module's name in their section's: see
 * src/hooks/module_functions.h.
 */
#define HOOK_FUNC(id, symbol, nargs, handler, context, module)                                     \
	PROG("fentry" module "/" #symbol, f_##id, u64, RUN, context, handler, 1, nargs,            \
	     ARGS_##nargs(ctx))                                                                    \
	PROG("kprobe" module "/" #symbol, k_##id, struct pt_regs, RUN, context, handler, 0, nargs, \
	     REGS_##nargs(ctx))

#define HOOK_TP(id, symbol, nargs, handler, context, module)                                       \
	PROG("tp_btf/" #symbol, t_##id, u64, RUN, context, handler, 1, nargs, ARGS_##nargs(ctx))

/* A kretprobe does not have the arguments: a kprobe at the entry keeps them. */
#define HOOK_RET(id, symbol, nargs, handler, context, module)                                      \
	PROG("fexit" module "/" #symbol, x_##id, u64, RUN, context, handler, 1, nargs,             \
	     RETS_##nargs(ctx))                                                                    \
	PROG("kprobe" module "/" #symbol, s_##id, struct pt_regs, RUN_STASH, PT_REGS_PARM1(ctx),   \
	     PT_REGS_PARM2(ctx))                                                                   \
	PROG("kretprobe" module "/" #symbol, r_##id, struct pt_regs, RUN_RETURN, handler, nargs,   \
	     PT_REGS_RC(ctx))

#define EXPAND(kind, id, slot, level, stage, symbol, nargs, handler, context, module)              \
	HOOK_##kind(id, symbol, nargs, handler, context, module)

PP_HOOKS(EXPAND)

#endif /* PKTPATH_BPF_CORE_PROGRAMS_BPF_H */
