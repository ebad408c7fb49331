/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* May BPF programs be loaded here, and has this kernel's BPF what all of pktpath needs? */
#ifndef PKTPATH_HOOKS_KERNEL_H
#define PKTPATH_HOOKS_KERNEL_H

#include "hooks/table.h"

/*
 * 0, or EXIT_USAGE after one line on stderr that says what is lacking: privileges, the kernel's
 * BTF, or ring buffers in its BPF.
 */
int check_kernel(void);

/* The same of programs that trace: may they read the kernel's memory? */
int check_reading(void);

/*
 * Both, and: do hooks run with this backend (BE_NONE: the best), as far as the kernel's switches
 * tell?
 */
int check_tracing(enum backend force);

#endif /* PKTPATH_HOOKS_KERNEL_H */
