/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * Names of drop reasons, from the running kernel's own BTF: the values change between versions,
 * so no header may be asked.
 */
#ifndef PKTPATH_HOST_DROP_REASONS_H
#define PKTPATH_HOST_DROP_REASONS_H

#include <stdint.h>

/* Read the kernel's names, once. Without them, numbers are shown. */
void reasons_load(void);
void reasons_free(void);

/* "NO_SOCKET", or "reason 0x4d" if the kernel has no name for it. */
const char *reason_name(uint32_t reason);

#endif /* PKTPATH_HOST_DROP_REASONS_H */
