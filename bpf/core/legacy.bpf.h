/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * Before v5.17, BPF lacks compare-and-swap and additions that return the sum (v5.12),
 * bpf_snprintf() (v5.13) and bpf_loop() (v5.17). This is what stands in for compare-and-swap; the
 * rest is where it is used, under PP_LEGACY. legacy.bpf.c builds all handlers so, and the loader
 * takes that object where a trial shows that the newer one would be refused.
 */
#ifndef PKTPATH_BPF_CORE_LEGACY_BPF_H
#define PKTPATH_BPF_CORE_LEGACY_BPF_H

#include "core/kernel.bpf.h"

/*
 * How often a lock is tried, which takes some 10 us. Locks are held for a few instructions, so the
 * holder of one that stays locked for so long was interrupted, perhaps by this very program.
 */
#define PP_LOCK_TRIES 128
#define PP_LOCKS 4096	/* far more than can be held: one per CPU and context */

/*
 * A key in the map is a lock that is held: entering one that is there fails, and a hash map does
 * that atomically. Its memory is allocated beforehand, so nothing else can fail.
 */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, PP_LOCKS);
	__type(key, u32);
	__type(value, u32);
} locks SEC(".maps");

/* Global functions are verified once, not at each of the many calls. */
int pp_lock(u32 key);

__attribute__((noinline)) int pp_lock(u32 key)
{
	u32 one = 1;
	int i;

#pragma clang loop unroll(disable)
	for (i = 0; i < PP_LOCK_TRIES; i++)
		if (!bpf_map_update_elem(&locks, &key, &one, BPF_NOEXIST))
			return 1;
	return 0;
}

static __always_inline void pp_unlock(u32 key)
{
	bpf_map_delete_elem(&locks, &key);
}

#endif /* PKTPATH_BPF_CORE_LEGACY_BPF_H */
