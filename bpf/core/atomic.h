/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * Compare-and-swap, on which every claim in the tables rests: pp_cas64(word, old, new) and
 * pp_cas32() put `new` where `old` is and return what was there, so that `old` means success.
 *
 * BPF has it from v5.12 on. For kernels before (PP_LEGACY) the includer provides a lock:
 *	int pp_lock(__u32 key);		1, or 0: it is held and was not given back in time
 *	void pp_unlock(__u32 key);
 * A claim that finds its word locked fails, like one that came too late. The holder of the lock may
 * be a program on this very CPU that was interrupted, so nobody must wait for ever.
 */
#ifndef PKTPATH_BPF_CORE_ATOMIC_H
#define PKTPATH_BPF_CORE_ATOMIC_H

#include <linux/types.h>

#ifndef __always_inline
#define __always_inline inline __attribute__((always_inline))
#endif

/*
 * The low half of an address, as a number. The verifier allows no shift or multiplication of a
 * typed pointer, but a 32-bit move of one yields a plain number. It is written in assembly so that
 * the compiler does not fold it into a 64-bit shift again.
 */
static __always_inline __u32 pp_low32(__u64 addr)
{
#ifdef __bpf__
	__u32 low;

	asm volatile("%0 = %1" : "=w"(low) : "w"((__u32)addr));
	return low;
#else
	return (__u32)addr;
#endif
}

#ifdef PP_LEGACY

#define PP_LOCKED_CAS(type)                                                                        \
	__u32 key = pp_low32((__u64)word);                                                         \
	type was = *word;                                                                          \
                                                                                                   \
	if (was != old)                                                                            \
		return was;                                                                        \
	if (!pp_lock(key))                                                                         \
		return ~old;                                                                       \
	was = *word;                                                                               \
	if (was == old)                                                                            \
		*word = new;                                                                       \
	pp_unlock(key);                                                                            \
	return was

static __always_inline __u64 pp_cas64(volatile __u64 *word, __u64 old, __u64 new)
{
	PP_LOCKED_CAS(__u64);
}

static __always_inline __u32 pp_cas32(volatile __u32 *word, __u32 old, __u32 new)
{
	PP_LOCKED_CAS(__u32);
}

#else

static __always_inline __u64 pp_cas64(volatile __u64 *word, __u64 old, __u64 new)
{
	return __sync_val_compare_and_swap(word, old, new);
}

static __always_inline __u32 pp_cas32(volatile __u32 *word, __u32 old, __u32 new)
{
	return __sync_val_compare_and_swap(word, old, new);
}

#endif /* PP_LEGACY */

#endif /* PKTPATH_BPF_CORE_ATOMIC_H */
