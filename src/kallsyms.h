/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
#ifndef PKTPATH_KALLSYMS_H
#define PKTPATH_KALLSYMS_H

#include <linux/types.h>

/*
 * Address range of a function: its start and the distance to the next text symbol. 0, or -ENOENT
 * with both set to 0 when the kernel does not tell (no such symbol, or addresses hidden).
 */
int kallsyms_range(const char *symbol, __u64 *start, __u64 *len);

#endif /* PKTPATH_KALLSYMS_H */
