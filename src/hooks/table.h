/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* The hook table of include/stages.h as data, for everything that is not a BPF program. */
#ifndef PKTPATH_HOOKS_TABLE_H
#define PKTPATH_HOOKS_TABLE_H

#include <stdbool.h>
#include "stages.h"

enum hook_kind { HOOK_FUNC, HOOK_RET, HOOK_TP };
enum backend { BE_NONE, BE_FENTRY, BE_KMULTI, BE_KPROBE, BE_TP, BE_NR };

struct hook {
	enum hook_kind kind;
	const char *id;		/* names the programs */
	enum pp_slot slot;
	int level;		/* 0 = first choice of its slot */
	int stage;		/* enum pp_stage or PP_ST_NONE */
	const char *symbol;
	int nargs;
	const char *module;	/* "", a driver's name, "*" or "+name" */
};

/* A job that several hooks can do. */
struct slot {
	const char *label;
	bool measures;		/* its stage, and nothing else */
	enum pp_slot needs;	/* of no use without this one; itself if it needs none */
	const char *why;	/* that is so; "" if it need not be said */
};

#define HOOK_COUNT_ROW(...) +1
enum { NR_HOOKS = 0 PP_HOOKS(HOOK_COUNT_ROW) };

extern const struct hook hooks[NR_HOOKS];
extern const struct slot slots[PP_SL_NR];

/*
 * HOOK_RET without fexit: must a program at the entry keep the arguments? Not those of an
 * interrupt handler: nobody asks for them, and they would overwrite the ones of the softirq's
 * function that it interrupts.
 */
bool hook_wants_args(const struct hook *h);

/* The module that has the row's function; "" if it is built in. */
const char *hook_module(const struct hook *h);

const char *backend_name(enum backend be);

/* Which backend the name means, or -1. "auto" is BE_NONE: no preference. */
int backend_parse(const char *name);

#endif /* PKTPATH_HOOKS_TABLE_H */
