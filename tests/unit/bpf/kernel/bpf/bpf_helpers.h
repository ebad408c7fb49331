/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * The BPF helpers that the handlers call, played by the host, so that the very code which runs
 * in the kernel runs under the sanitizers. The test provides the host_*() functions.
 */
#ifndef PKTPATH_HOST_BPF_HELPERS_H
#define PKTPATH_HOST_BPF_HELPERS_H

#include <stdlib.h>

#define SEC(name)
#define __uint(name, val) int (*name)[val]
#define __type(name, val) __typeof__(val) *name
#ifndef __always_inline
#define __always_inline inline __attribute__((always_inline))
#endif

static inline long bpf_probe_read_kernel(void *dst, unsigned int size, const void *src)
{
	memcpy(dst, src, size);
	return 0;
}

static void *host_lookup(const void *map, unsigned int key);
static unsigned long long host_clock(void);
static void host_emit(void *record);

/* Of hash maps there is one, and a key in it is a lock: nobody takes two, or one that is held. */
static int host_lock_held;

static inline long host_lock(const void *key, unsigned long long flags)
{
	if (host_lock_held || flags != BPF_NOEXIST)
		abort();
	host_lock_held = 1;
	return 0;
}

static inline long host_unlock(const void *key)
{
	if (!host_lock_held)
		abort();
	host_lock_held = 0;
	return 0;
}

#define bpf_map_update_elem(map, key, value, flags) ((void)(value), host_lock(key, flags))
#define bpf_map_delete_elem(map, key) host_unlock(key)
static void *host_task(void);

#define bpf_get_current_task() ((unsigned long long)host_task())
#define bpf_get_current_task_btf() ((struct task_struct *)host_task())
#define bpf_get_current_cgroup_id() 1
#define bpf_current_task_under_cgroup(map, i) ((void)(map), 1)
#define bpf_map_lookup_elem(map, key) host_lookup(map, *(key))
#define bpf_get_smp_processor_id() 0
#define bpf_ktime_get_ns() host_clock()
static inline unsigned int bpf_get_prandom_u32(void)
{
	return 0;
}
#define bpf_ringbuf_query(ring, what) 0
#define bpf_ringbuf_output(ring, rec, size, flags) (host_emit(rec), (void)(flags), 0)
#define bpf_snprintf(out, size, fmt, args, len) ((void)(fmt), (out)[0] = '?', (out)[1] = 0)
#define bpf_loop(n, fn, ctx, flags)                                                                \
	do {                                                                                       \
		for (unsigned int i_ = 0; i_ < (n) && !fn(i_, ctx); i_++)                          \
			;                                                                          \
	} while (0)

#endif /* PKTPATH_HOST_BPF_HELPERS_H */
