/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
#ifndef PKTPATH_BENCH_AGE_H
#define PKTPATH_BENCH_AGE_H

/* Attach the histograms of age.bpf.c; kind: 'f' by fentry, 'k' by kprobe. 0 or -errno. */
int age_start(char kind);
void age_stop(void);

#endif /* PKTPATH_BENCH_AGE_H */
