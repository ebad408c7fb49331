/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * Names of drop reasons, from the running kernel's own BTF: the values change between versions,
 * so no header may be asked.
 */
#ifndef PKTPATH_HOST_DROP_REASONS_H
#define PKTPATH_HOST_DROP_REASONS_H

#include <stdint.h>

struct drop_reasons;

/* Reads the kernel's names; where it has none, reasons are numbers. 0 or -errno. */
int drop_reasons_new(struct drop_reasons **out);
void drop_reasons_free(struct drop_reasons *r);

struct btf;

/*
 * The name that an enum of drop reasons gives this value, among the types from `first` on; NULL if
 * none does.
 */
const char *drop_reasons_find(const struct btf *btf, uint32_t first, uint32_t reason);

/* "NO_SOCKET", or "reason 0x4d" if the kernel has no name for it, until the next such question. */
const char *drop_reasons_name(struct drop_reasons *r, uint32_t reason);

#endif /* PKTPATH_HOST_DROP_REASONS_H */
