/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * Trials: can this kernel serve that hook? Answered by doing it with a program of three
 * instructions, not by the kernel's version. Each returns 0 or -errno and, on failure, a reason
 * in plain words.
 */
#ifndef PKTPATH_HOOKS_TRIAL_H
#define PKTPATH_HOOKS_TRIAL_H

#include <stdbool.h>
#include <stddef.h>

struct trial;

/* NULL with errno set when the kernel has no BTF of its own. */
struct trial *trial_new(void);
void trial_free(struct trial *t);

/* fentry on `symbol` reading `nargs` arguments; `ret`: fexit, which reads the return value too. */
int trial_fentry(struct trial *t, const char *symbol, const char *module, int nargs, int ret,
		 const char **why);
/*
 * BTF id of a module's function, or -errno; *fd gets the module's BTF object, which stays open
 * until another module is asked for.
 */
int trial_find(struct trial *t, const char *symbol, const char *module, int *fd);

int trial_tp(struct trial *t, const char *name, int nargs, const char **why);
int trial_kprobe(const char *symbol, int ret, const char **why);

/*
 * Can programs read the CPU's preemption count? Those that would are refused where the kernel's
 * symbols are functions only (CONFIG_KALLSYMS_ALL is off); and libbpf must be able to look for what
 * this kernel does not have in all modules, which takes CAP_SYS_ADMIN. Returns its bits that count
 * hard interrupts (HARDIRQ_MASK), 0 if not.
 */
unsigned int trial_preempt_count(const struct trial *t);

/* As kprobe, through the link that the kernel makes of fprobe (v5.18 on). */
int trial_kprobe_multi(struct trial *t, const char *symbol, int ret, const char **why);

#endif /* PKTPATH_HOOKS_TRIAL_H */
