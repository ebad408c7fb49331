// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* The benchmark's program under test, and the sink at the end of the path. */
#include "vmlinux.h"
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include "xdpbench.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

const volatile struct xb_recv_cfg cfg = {};

struct xb_slot counts[XB_CPUS] = {};
__u64 nr_samples = 0;
__u64 samples[XB_SAMPLES] = {};

#define MAP(name, kind, entries, key_type, value_type, fill) \
	struct { \
		__uint(type, BPF_MAP_TYPE_##kind); \
		__uint(max_entries, entries); \
		__type(key, key_type); \
		__type(value, value_type); \
	} name SEC(".maps");

XB_MAPS(MAP)

/* Whose row of `cpus` serves: known before load. */
const volatile __u32 target_cpu = 0;

struct headers {
	u8 macs[12];
	__be16 proto;
	u8 ihl_version, tos;
	__be16 len, id, frag;
	u8 ttl, l4;
	__be16 sum;
	__be32 saddr, daddr;
	__be16 sport, dport;
} __attribute__((packed));

/* Keeps the compiler from dropping a value that nothing else needs. */
#define USE(value) asm volatile("" : : "r"(value))

static __always_inline struct headers *headers(struct xdp_md *ctx)
{
	struct headers *h = (void *)(long)ctx->data;

	return (void *)(h + 1) <= (void *)(long)ctx->data_end ? h : NULL;
}

/* --- what XB_WORKS is made from --- */

static __always_inline void touch(struct xdp_md *ctx)
{
	struct headers *h = headers(ctx);

	if (h)
		USE(*(volatile u8 *)h);
}

static __always_inline void parse(struct xdp_md *ctx)
{
	struct headers *h = headers(ctx);
	u32 port = 0;

	if (!h)
		return;
	if (h->proto == bpf_htons(0x0800) && h->ihl_version == 0x45 && h->l4 == 17)
		port = h->dport + h->sport;
	USE(port);
}

static __always_inline void add_one(void)
{
	u32 zero = 0;
	u64 *value = bpf_map_lookup_elem(&counter, &zero);

	if (value)
		(*value)++;
}

static __always_inline void look_up(struct xdp_md *ctx)
{
	struct headers *h = headers(ctx);
	u32 key;

	if (!h)
		return;
	key = h->sport;
	USE(bpf_map_lookup_elem(&table, &key));
}

#define WORK(id, word, map, what, ...) case XB_##id: what; break;

static __always_inline void work(struct xdp_md *ctx)
{
	switch (cfg.work) {
	XB_WORKS(WORK)
	}
}

static __always_inline void sample(struct xdp_md *ctx)
{
	u8 *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	__u64 *stamp = (void *)(data + XB_STAMP_AT);
	u64 i, now;

	if (data + XB_STAMP_AT + XB_STAMP_LEN > end || stamp[0] != XB_MAGIC)
		return;
	now = bpf_ktime_get_ns();
	/* Not atomic, which before v5.12 returns nothing: a sample lost to a race is no loss. */
	i = nr_samples++;
	if (i < XB_SAMPLES)
		samples[i & (XB_SAMPLES - 1)] = now - stamp[1];
}

static __always_inline void count(void)
{
	counts[bpf_get_smp_processor_id() & (XB_CPUS - 1)].sent++;
}

#define VERDICT(id, word, map, end, floor, verdict, ...) case XB_##id: return verdict;

static __always_inline int verdict(struct xdp_md *ctx)
{
	switch (cfg.mode) {
	XB_MODES(VERDICT)
	}
	return XDP_ABORTED;
}

/*
 * A verdict and nothing else. The kernel drops branches that are never taken, but not the loads of
 * what they ask for, so this one does not ask: what it costs is what every program costs.
 */
SEC("xdp")
int bare(struct xdp_md *ctx)
{
	return verdict(ctx);
}

SEC("xdp")
int recv(struct xdp_md *ctx)
{
	work(ctx);
	if (cfg.count)
		count();
	if (cfg.stamps)
		sample(ctx);
	return verdict(ctx);
}

/* What the CPU that packets were sent to does with them. */
SEC("xdp/cpumap")
int on_cpu(struct xdp_md *ctx)
{
	count();
	if (cfg.cpu_stamps)
		sample(ctx);
	return XDP_DROP;
}

/* The rungs of the ladder behind XDP: TC_ACT_SHOT is 2. */
SEC("tc")
int shot(struct __sk_buff *skb)
{
	count();
	return 2;
}
