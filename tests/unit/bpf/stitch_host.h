/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* The stitching code's tables as plain arrays, for the tests that include this, once each. */
#ifndef PKTPATH_STITCH_HOST_H
#define PKTPATH_STITCH_HOST_H

#include <sched.h>
#include <string.h>
#include "tables.h"

#define HOST_RECS 1024

static struct pp_rec slab[HOST_RECS];
static struct pp_set sets[PP_SETS];
static struct pp_sock socks[PP_SOCKS];
static struct pp_napi napis[PP_NAPIS];

static inline struct pp_rec *pp_rec_at(__u32 i)
{
	return i < HOST_RECS ? &slab[i] : NULL;
}

static inline struct pp_set *pp_set_at(__u32 i)
{
	return &sets[i & (PP_SETS - 1)];
}

static inline struct pp_sock *pp_sock_at(__u32 i)
{
	return &socks[i & (PP_SOCKS - 1)];
}

static inline __u32 pp_sock_shift(void)
{
	return 32 - PP_SOCK_BITS;
}

static inline struct pp_napi *pp_napi_at(__u32 i)
{
	return &napis[i & (PP_NAPIS - 1)];
}

#ifdef PP_LEGACY
/*
 * A lock is a key in a map, as in bpf/core/legacy.bpf.h; here, one of HOST_LOCKS. Its holder may be
 * preempted on the host, as it cannot be in the kernel, so whoever wants it waits until it is
 * free. locks_stuck: as if the holder were below on this very CPU, so that nobody gets it.
 */
#define HOST_LOCKS 4096

static volatile __u32 locks[HOST_LOCKS];
static volatile __u32 locks_taken;
static int locks_stuck;

static inline int pp_lock(__u32 key)
{
	if (locks_stuck)
		return 0;
	while (__sync_val_compare_and_swap(&locks[key / 4 % HOST_LOCKS], 0, key))
		sched_yield();
	/* Let others in between the claim's first look at its word and its second. */
	if (!(__sync_fetch_and_add(&locks_taken, 1) % 64))
		sched_yield();
	return 1;
}

static inline void pp_unlock(__u32 key)
{
	__sync_val_compare_and_swap(&locks[key / 4 % HOST_LOCKS], key, 0);
}
#endif

#include "core/stitch.h"

#define NOW (10 * PP_OLD_NS)	/* of tests that do not care; a record without stamps is old */

static inline int clear_tables(void **state)
{
	(void)state;
	memset(slab, 0, sizeof(slab));
	memset(sets, 0, sizeof(sets));
	memset(socks, 0, sizeof(socks));
	memset(napis, 0, sizeof(napis));
	return 0;
}

/* xorshift: the same sequence everywhere for the same seed, which must not be 0. */
static inline __u32 next_random(__u32 *x)
{
	*x ^= *x << 13;
	*x ^= *x >> 17;
	*x ^= *x << 5;
	return *x;
}

/* An address that differs from others in number n only and falls into the table slot wanted. */
static inline __u64 address_in(__u32 slot, __u32 bits, __u32 n)
{
	__u64 addr = 0xffff888000000000ull;

	for (;; addr += 8)
		if (pp_hash(addr, bits) == slot && !n--)
			return addr;
}

/* The reference of a free record, 0 if there is none. */
static inline __u32 alloc_ref(__u32 *cursor, __u32 mask)
{
	__u32 ref = 0;

	return pp_alloc(cursor, mask, &ref) ? ref : 0;
}

#endif /* PKTPATH_STITCH_HOST_H */
