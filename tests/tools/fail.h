/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Between two halves of the library that makes calls fail: fail.c decides, fail_calls.c asks. */
#ifndef PKTPATH_TESTS_FAIL_H
#define PKTPATH_TESTS_FAIL_H

#include <stdbool.h>

/* Whether this call is to fail. Sets errno then. `call` is cut to 23 characters. */
bool fail_now(const char *call);
/* With what, for functions that return it. */
int fail_errno(void);
/* Notes the ID of what a command of bpf(2) made. */
void fail_note_bpf(int command, int fd);

/* The real syscall(2). */
long syscall_next(long number, long a, long b, long c, long d, long e, long f);

#endif /* PKTPATH_TESTS_FAIL_H */
