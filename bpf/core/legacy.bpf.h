/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * What stands in, before v5.17, for what BPF lacks there: compare-and-swap and additions that
 * return the sum (v5.12), bpf_snprintf() (v5.13), bpf_loop() (v5.17). legacy.bpf.c builds all
 * handlers with it; the loader takes that object where a trial of the newer one fails.
 */
#ifndef PKTPATH_BPF_CORE_LEGACY_BPF_H
#define PKTPATH_BPF_CORE_LEGACY_BPF_H

#include "core/kernel.bpf.h"

/*
 * How often a lock is tried: some 10 us. It is held for a few instructions, so one that stays
 * held that long belongs to a program which was interrupted, perhaps by this very one.
 */
#define PP_LOCK_TRIES 128
#define PP_LOCKS 4096	/* far more than can be held: one per CPU and context */

/*
 * A key that is in the map is a lock that is held: entering one that is there fails, and a hash
 * map does that atomically. Its memory is allocated beforehand, so there is no other failure.
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
