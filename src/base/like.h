/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* What somebody who mistyped a word may have meant. */
#ifndef PKTPATH_BASE_LIKE_H
#define PKTPATH_BASE_LIKE_H

#include <stddef.h>

/*
 * The one of `n` names that the word is the beginning of, or differs from in at most a third of
 * its letters; NULL if there is none, or if several are as near. NULLs among the names are none.
 */
const char *like_word(const char *word, const char *const *names, size_t n);

#endif /* PKTPATH_BASE_LIKE_H */
