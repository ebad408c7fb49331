/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Runs another program, such as nft, which dies with this one. */
#ifndef PKTPATH_BASE_CHILD_H
#define PKTPATH_BASE_CHILD_H

#include <stddef.h>

/*
 * `words` end with NULL, the first is the program, looked for in PATH and where administrators'
 * tools are. Standard input is `input` ("" for none), standard output goes to `out`, cut to its
 * size. Returns 0; -ENOENT if there is no such program; -EIO if it failed.
 */
int tool_run(const char *const *words, const char *input, char *out, size_t size);

#endif /* PKTPATH_BASE_CHILD_H */
