/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Files of /proc and /sys that hold one line or one number. Paths are given as printf(3) has it. */
#ifndef PKTPATH_BASE_PROCFILE_H
#define PKTPATH_BASE_PROCFILE_H

#include <stddef.h>
#include <stdint.h>

/* The first line, without its end and cut to `size` bytes. 0 or -errno, and "" then. */
__attribute__((format(printf, 3, 4))) int procfile_line(char *buf, size_t size, const char *path,
							...);

/* The decimal number that the file begins with; `otherwise` if it cannot be had. */
__attribute__((format(printf, 2, 3))) int64_t procfile_number(int64_t otherwise, const char *path,
							      ...);

/* Writes `value` by one write(2), as such files want it. 0 or -errno. */
__attribute__((format(printf, 2, 3))) int procfile_write(const char *value, const char *path, ...);

#endif /* PKTPATH_BASE_PROCFILE_H */
