/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Names of kernel functions by address, from /proc/kallsyms. */
#ifndef PKTPATH_HOST_KALLSYMS_H
#define PKTPATH_HOST_KALLSYMS_H

#include <stddef.h>
#include <stdint.h>

/*
 * The function that `addr` lies in, written as the kernel's %ps does ("name", "name [module]"),
 * cut to `len` bytes. "" if it is not known, or if addresses are hidden from us. The first call
 * reads the file, which takes some 10 ms; it is read once, so modules loaded later are not known.
 */
void symbol_name(uint64_t addr, char *buf, size_t len);

void symbols_free(void);

#endif /* PKTPATH_HOST_KALLSYMS_H */
