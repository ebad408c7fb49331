/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * Names of processes and control groups, remembered from the first time they are asked
 * for: what they belong to may be gone when it is shown. A fixed number of each; then the oldest
 * makes room.
 */
#ifndef PKTPATH_HOST_REMEMBER_H
#define PKTPATH_HOST_REMEMBER_H

#include <stddef.h>
#include <stdint.h>

#define REMEMBER_MAX 128	/* of each kind */

struct remember;

/* 0 or -errno. */
int remember_new(struct remember **out);
void remember_free(struct remember *r);

/* Names stay valid until the next question of their kind. */

/* As in /proc/PID/comm; NULL if there is no such process. */
const char *remember_comm(struct remember *r, uint32_t pid);

/* A process's name that is known otherwise: `len` bytes, or up to a NUL. */
void remember_this_comm(struct remember *r, uint32_t pid, const char *comm, size_t len);

/* The path below the control groups' mount, "/" for its root; NULL if it is not found. */
const char *remember_cgroup(struct remember *r, uint64_t id);

#endif /* PKTPATH_HOST_REMEMBER_H */
