// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * XDP programs which make a guest's receive path do something known: `spin` keeps its softirq
 * busy for a measured time, `linger` does so on any kernel, and `lose` drops every so
 * manieth TCP segment that carries data.
 */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/tcp.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#define SPIN_NS 30000000ull
#define SPINS 64	/* a power of two */
#define LOSE_EVERY 37
#define LOOKS 1024	/* at the clock, and as many times as many */

struct spin {
	__u64 start_ns, end_ns;	/* CLOCK_MONOTONIC */
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, SPINS);
	__type(key, __u32);
	__type(value, struct spin);
} spins SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 2);	/* data segments seen, dropped */
	__type(key, __u32);
	__type(value, __u64);
} lost SEC(".maps");

__u32 nr_spins;

static long busy(__u32 i, __u64 *until_ns)
{
	return bpf_ktime_get_ns() >= *until_ns;
}

SEC("xdp")
int spin(struct xdp_md *ctx)
{
	__u32 slot = __sync_fetch_and_add(&nr_spins, 1) & (SPINS - 1);
	struct spin *s = bpf_map_lookup_elem(&spins, &slot);
	__u64 until;

	if (!s)
		return XDP_ABORTED;
	s->start_ns = bpf_ktime_get_ns();
	until = s->start_ns + SPIN_NS;
	bpf_loop(1 << 22, busy, &until, 0);
	s->end_ns = bpf_ktime_get_ns();
	return XDP_PASS;
}

/* A function that is verified by itself, so that its turns are not multiplied by the caller's. */
__attribute__((noinline)) int passed(__u64 until)
{
	for (int i = 0; i < LOOKS; i++) {
		if (bpf_ktime_get_ns() >= until)
			return 1;
	}
	return 0;
}

/* As spin, without bpf_loop(), which came with Linux 5.17, and without a note of when. */
SEC("xdp.linger")
int linger(struct xdp_md *ctx)
{
	__u64 until = bpf_ktime_get_ns() + SPIN_NS;

	for (int i = 0; i < LOOKS; i++) {
		if (passed(until))
			break;
	}
	return XDP_PASS;
}

SEC("xdp.lose")
int lose(struct xdp_md *ctx)
{
	void *end = (void *)(long)ctx->data_end;
	struct ethhdr *eth = (void *)(long)ctx->data;
	struct iphdr *ip = (void *)(eth + 1);
	struct tcphdr *tcp = (void *)(ip + 1);
	__u32 seen = 0, dropped = 1;
	__u64 *n = bpf_map_lookup_elem(&lost, &seen);
	__u64 *d = bpf_map_lookup_elem(&lost, &dropped);

	if (!n || !d || (void *)(tcp + 1) > end || eth->h_proto != bpf_htons(ETH_P_IP) ||
	    ip->protocol != IPPROTO_TCP)
		return XDP_PASS;
	if (bpf_ntohs(ip->tot_len) - ip->ihl * 4 - tcp->doff * 4 <= 0)
		return XDP_PASS;
	if (++*n % LOSE_EVERY)
		return XDP_PASS;
	++*d;
	return XDP_DROP;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
