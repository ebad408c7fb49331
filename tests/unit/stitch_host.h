/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* The stitching code's tables as plain arrays, for the tests that include this, once each. */
#ifndef PKTPATH_STITCH_HOST_H
#define PKTPATH_STITCH_HOST_H

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
	return i < PP_SETS ? &sets[i] : NULL;
}

static inline struct pp_sock *pp_sock_at(__u32 i)
{
	return i < PP_SOCKS ? &socks[i] : NULL;
}

static inline struct pp_napi *pp_napi_at(__u32 i)
{
	return i < PP_NAPIS ? &napis[i] : NULL;
}

#include "stitch.h"

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

#endif /* PKTPATH_STITCH_HOST_H */
