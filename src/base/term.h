/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* What a terminal can do. */
#ifndef PKTPATH_BASE_TERM_H
#define PKTPATH_BASE_TERM_H

#include <stdbool.h>

/*
 * Is it a terminal that understands control sequences? Editors' shells, serial consoles and logs
 * that do not are TERM=dumb, or have no TERM at all.
 */
bool term_draws(int fd);

#endif /* PKTPATH_BASE_TERM_H */
