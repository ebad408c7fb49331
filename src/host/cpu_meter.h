/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* CPU time of several threads, the kernel's among them. */
#ifndef PKTPATH_HOST_CPU_METER_H
#define PKTPATH_HOST_CPU_METER_H

#include <stdint.h>

struct meter;

int meter_new(struct meter **out);
/* A thread of this process, or one of the kernel's. 0 or -errno. */
int meter_add(struct meter *m, int tid);
/* The kernel thread of this name: "ksoftirqd/1". -ESRCH if there is none. */
int meter_add_named(struct meter *m, const char *comm);
/* Sum in ns since each thread began. */
uint64_t meter_read(struct meter *m);
void meter_free(struct meter *m);

#endif /* PKTPATH_HOST_CPU_METER_H */
