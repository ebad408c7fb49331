/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * Names of processes and control groups, remembered from the first time they are asked for: what
 * they belong to may be gone when it is shown. A fixed number of them.
 */
#ifndef PKTPATH_HOST_REMEMBER_H
#define PKTPATH_HOST_REMEMBER_H

#include <stdint.h>

/* As in /proc/PID/comm; NULL if there is no such process. */
const char *proc_comm(uint32_t pid);

/* Tells a name that is known otherwise. */
void proc_note(uint32_t pid, const char *comm);

/* The path below the control groups' mount, "/" for its root; NULL if it is not found. */
const char *cgroup_path(uint64_t id);

#endif /* PKTPATH_HOST_REMEMBER_H */
