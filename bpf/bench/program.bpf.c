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

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, u64);
} counter SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, u32);
	__type(value, u64);
} table SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_DEVMAP);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, u32);
} devs SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_DEVMAP);
	__uint(max_entries, 2);
	__type(key, u32);
	__type(value, u32);
} group SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_CPUMAP);
	__uint(max_entries, 1024);
	__type(key, u32);
	__type(value, struct bpf_cpumap_val);
} cpus SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_XSKMAP);
	__uint(max_entries, XB_CORES);
	__type(key, u32);
	__type(value, u32);
} socks SEC(".maps");

/* Which of them serves: known before load. */
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

static __always_inline void parse(struct headers *h)
{
	u32 port = 0;

	if (h->proto == bpf_htons(0x0800) && h->ihl_version == 0x45 && h->l4 == 17)
		port = h->dport + h->sport;
	USE(port);
}

static __always_inline void work(struct xdp_md *ctx, u32 what)
{
	struct headers *h;
	u32 zero = 0, key;
	u64 *value;

	if (what == XB_CLOCK)
		USE(bpf_ktime_get_ns());
	if (what == XB_COUNT) {
		value = bpf_map_lookup_elem(&counter, &zero);
		if (value)
			(*value)++;
	}
	if (what != XB_TOUCH && what != XB_PARSE && what != XB_LOOKUP)
		return;
	h = headers(ctx);
	if (!h)
		return;
	if (what == XB_TOUCH)
		USE(*(volatile u8 *)h);
	if (what == XB_PARSE)
		parse(h);
	if (what == XB_LOOKUP) {
		key = h->sport;
		value = bpf_map_lookup_elem(&table, &key);
		USE(value);
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

static __always_inline int verdict(struct xdp_md *ctx)
{
	switch (cfg.mode) {
	case XB_DROP:
		return XDP_DROP;
	case XB_PASS:
		return XDP_PASS;
	case XB_TX:
		return XDP_TX;
	case XB_REDIRECT:
		return bpf_redirect(cfg.ifindex, 0);
	case XB_REDIRECT_MAP:
		return bpf_redirect_map(&devs, 0, 0);
	case XB_REDIRECT_CPU:
		return bpf_redirect_map(&cpus, target_cpu, 0);
	case XB_REDIRECT_MULTI:
		return bpf_redirect_map(&group, 0, BPF_F_BROADCAST);
	case XB_XSK:
		return bpf_redirect_map(&socks, ctx->rx_queue_index, 0);
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
	work(ctx, cfg.work);
	if (cfg.count)
		count();
	if (cfg.stamps && cfg.mode != XB_REDIRECT_CPU)
		sample(ctx);
	return verdict(ctx);
}

/* What the CPU that packets were sent to does with them. */
SEC("xdp/cpumap")
int on_cpu(struct xdp_md *ctx)
{
	count();
	if (cfg.stamps)
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
