/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Names of kernel functions by address, from /proc/kallsyms. */
#ifndef PKTPATH_HOST_KALLSYMS_H
#define PKTPATH_HOST_KALLSYMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct kallsym;

/* All zeros until it is first asked. */
struct kallsyms {
	struct kallsym *all;
	size_t nr;
	bool loaded;
};

/*
 * The function that `addr` lies in, written as the kernel's %ps does ("name", "name [module]"),
 * cut to `len` bytes. "" if it is not known, or if addresses are hidden from us. The first call
 * reads the file, which takes some 10 ms; it is read once, so modules loaded later are not known.
 */
void kallsyms_name(struct kallsyms *k, uint64_t addr, char *buf, size_t len);

/* One function, from `begin` up to `end`, named as above. false: no more are wanted. */
typedef bool (*kallsyms_fn)(void *arg, const char *name, uint64_t begin, uint64_t end);

/* Calls fn for each function in the order of their addresses, for none if these are hidden. */
void kallsyms_walk(struct kallsyms *k, kallsyms_fn fn, void *arg);

void kallsyms_free(struct kallsyms *k);

#endif /* PKTPATH_HOST_KALLSYMS_H */
