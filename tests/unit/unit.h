/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* What every unit test includes first: cmocka wants these four headers before its own. */
#ifndef PKTPATH_UNIT_H
#define PKTPATH_UNIT_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#endif /* PKTPATH_UNIT_H */
