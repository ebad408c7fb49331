// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * How old a packet is at three places, by the kernel's own receive time stamp, as log2 histograms
 * in a hash map: the least that tells more than a counter, and what tools for latency commonly do.
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "Dual BSD/GPL";

struct key {
	u32 hook, bucket, ifindex;
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(max_entries, 4096);
	__type(key, struct key);
	__type(value, u64);
} ages SEC(".maps");

/* vmlinux.h has only what the tracer reads. */
struct sk_buff___age {
	s64 tstamp;
	int skb_iif;
} __attribute__((preserve_access_index));

static __always_inline u32 log2_of(u64 v)
{
	u32 r, shift;

	r = (v > 0xffffffff) << 5; v >>= r;
	shift = (v > 0xffff) << 4; v >>= shift; r |= shift;
	shift = (v > 0xff) << 3; v >>= shift; r |= shift;
	shift = (v > 0xf) << 2; v >>= shift; r |= shift;
	shift = (v > 0x3) << 1; v >>= shift; r |= shift;
	return r | (u32)(v >> 1);
}

static __always_inline int count(u32 hook, u64 addr)
{
	const struct sk_buff___age *skb = (const void *)addr;
	struct key key = { .hook = hook };
	s64 born = BPF_CORE_READ(skb, tstamp), age;
	u64 *n, one = 1;

	if (!born)
		return 0;
	age = bpf_ktime_get_tai_ns() - born;
	key.bucket = log2_of(age > 0 ? age : 0);
	key.ifindex = BPF_CORE_READ(skb, skb_iif);
	n = bpf_map_lookup_elem(&ages, &key);
	if (n)
		++*n;
	else
		bpf_map_update_elem(&ages, &key, &one, BPF_NOEXIST);
	return 0;
}

#define HOOK(function, nr, arg)                                                                    \
	SEC("fentry/" #function)                                                                   \
	int f_##function(u64 *ctx)                                                                 \
	{                                                                                          \
		return count(nr, ctx[arg]);                                                        \
	}                                                                                          \
	SEC("kprobe/" #function)                                                                   \
	int k_##function(struct pt_regs *ctx)                                                      \
	{                                                                                          \
		return count(nr, arg ? PT_REGS_PARM2(ctx) : PT_REGS_PARM1(ctx));                   \
	}

HOOK(ip_rcv_core, 0, 0)
HOOK(tcp_queue_rcv, 1, 1)
HOOK(__udp_enqueue_schedule_skb, 1, 1)
HOOK(skb_consume_udp, 2, 1)
HOOK(skb_copy_datagram_iter, 2, 0)
