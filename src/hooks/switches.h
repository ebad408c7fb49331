/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* The kernel's switches by which hooks are attached, and yet never run. */
#ifndef PKTPATH_HOOKS_SWITCHES_H
#define PKTPATH_HOOKS_SWITCHES_H

#include <stdbool.h>
#include "hooks/table.h"

struct hook_switch {
	const char *file;	/* begins with "0" if it is off */
	const char *why;	/* its name, and that it is off */
	const char *remedy;	/* a command that turns it on */
	unsigned int backends;	/* bits by enum backend: what it concerns */
	bool at_load;		/* what is loaded already goes on */
};

#define BE_BIT(be) (1u << (be))

/*
 * The first switch that is off and concerns one of the backends; NULL if none is, or if that cannot
 * be read. `loaded`: of those that concern programs that run already.
 */
const struct hook_switch *switch_off(unsigned int backends, bool loaded);

#endif /* PKTPATH_HOOKS_SWITCHES_H */
