/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * Functions of modules. libbpf (before 1.6) takes the first function of a name that it finds in
 * any module, but e1000 and e1000e both have an e1000_intr(). So such programs have sections of
 * their own, "fentryMODULE/FUNCTION" and "kprobeMODULE/FUNCTION", and libbpf is told which
 * function is meant.
 */
#ifndef PKTPATH_HOOKS_MODULE_FUNCTIONS_H
#define PKTPATH_HOOKS_MODULE_FUNCTIONS_H

#include "hooks/table.h"

#define MODFN_NAME 128

/* Before any object with programs of PP_HOOKS is opened; once is enough. 0 or -errno. */
int modfn_register(void);

struct modfn {
	struct trial *trial;	/* knows modules' functions; NULL: none was asked for yet */
};

/* Stand around the loading of such an object, in the thread that loads it. */
void modfn_begin(struct modfn *m);
void modfn_end(struct modfn *m);

/* How the kernel's kprobes name the row's function: "FUNCTION" or "MODULE:FUNCTION". */
const char *modfn_kprobe_name(const struct hook *h, char buf[MODFN_NAME]);

#endif /* PKTPATH_HOOKS_MODULE_FUNCTIONS_H */
