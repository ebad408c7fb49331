/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Waiting for BPF programs that are at work. */
#ifndef PKTPATH_TRACE_QUIESCE_H
#define PKTPATH_TRACE_QUIESCE_H

/*
 * Returns once every BPF program that was running when it was called is over, on all CPUs; those
 * that start later see what was written to maps before. Some milliseconds.
 */
void quiesce(void);

#endif /* PKTPATH_TRACE_QUIESCE_H */
