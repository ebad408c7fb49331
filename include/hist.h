/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * Log-linear histograms of durations: 32 buckets for each power of two, so a bucket is at most
 * 1/32 of its lower bound wide, and its middle at most 1.6 % away from any value in it. Up to
 * 63 ns each value has a bucket of its own; the last one also takes what is longer than 68 s.
 *
 * Pure code without helpers, for the BPF programs and user space alike.
 */
#ifndef PKTPATH_INCLUDE_HIST_H
#define PKTPATH_INCLUDE_HIST_H

#include <linux/types.h>
#include "stages.h"

#ifndef __always_inline
#define __always_inline inline __attribute__((always_inline))
#endif

#define PP_H_SUB_BITS	5
#define PP_H_SUB	(1u << PP_H_SUB_BITS)
#define PP_H_BITS	10
#define PP_H_BUCKETS	(1u << PP_H_BITS)
#define PP_H_MAX_NS	(1ull << 36)	/* from here on: the last bucket */

/* Rows: one for each stage's duration, and one for the whole journey. */
#define PP_H_TOTAL	PP_ST_NR
#define PP_H_ROWS	(PP_ST_NR + 1)

/*
 * One half of a search: is the value too large by `bits` bits? The empty assembly keeps it a jump;
 * the compiler would compute both ways and choose, at three times the cost in BPF.
 */
#define PP_H_HALVE(ns, bucket, bits)                                                               \
	do {                                                                                       \
		if ((ns) >= 1ull << ((bits) + PP_H_SUB_BITS)) {                                    \
			(ns) >>= (bits);                                                           \
			(bucket) += (bits) * PP_H_SUB;                                             \
			asm volatile("");                                                          \
		}                                                                                  \
	} while (0)

/* The bucket of a duration, 0..PP_H_BUCKETS - 1. BPF cannot count leading zeros: by halves. */
static __always_inline __u32 pp_hist_bucket(__u64 ns)
{
	__u32 bucket = 0;

	/* Above 2 ms only. */
	if (ns >= 1ull << (16 + PP_H_SUB_BITS)) {
		if (ns >= PP_H_MAX_NS)
			return PP_H_BUCKETS - 1;
		ns >>= 16;
		bucket = 16 * PP_H_SUB;
		asm volatile("");
	}
	PP_H_HALVE(ns, bucket, 8);
	PP_H_HALVE(ns, bucket, 4);
	PP_H_HALVE(ns, bucket, 2);
	PP_H_HALVE(ns, bucket, 1);
	return bucket + ns;
}

/* The smallest duration in a bucket, ns; of PP_H_BUCKETS, where the last bucket ends. */
static __always_inline __u64 pp_hist_low(__u32 bucket)
{
	__u32 shift = bucket < 2 * PP_H_SUB ? 0 : bucket / PP_H_SUB - 1;

	return (__u64)(bucket - shift * PP_H_SUB) << shift;
}

/* Groups that rows are split into; the one after the last takes all others. */
#define PP_GROUPS_MAX	64
#define PP_GROUPS	16
#define PP_WORST_MAX	16

#endif /* PKTPATH_INCLUDE_HIST_H */
