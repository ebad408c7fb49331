// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * Somebody else's XDP program, for the tests of the stage `xdp`: the UDP port that a packet is sent
 * to decides what becomes of it (e1000_xdp.py). All else passes.
 */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/udp.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#define ETH1 3	/* the guest's second NIC, by its index */
#define LO   1	/* no driver that takes frames from native XDP */

struct {
	__uint(type, BPF_MAP_TYPE_XSKMAP);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, __u32);
} socks SEC(".maps");

struct headers {
	struct ethhdr eth;
	struct iphdr ip;
	struct udphdr udp;
} __attribute__((packed));

/* Where it came from, as a switch that learns would expect of what is sent back. */
static void turn_round(struct headers *h)
{
	unsigned char mac[ETH_ALEN];

	__builtin_memcpy(mac, h->eth.h_dest, ETH_ALEN);
	__builtin_memcpy(h->eth.h_dest, h->eth.h_source, ETH_ALEN);
	__builtin_memcpy(h->eth.h_source, mac, ETH_ALEN);
}

static __attribute__((always_inline)) int verdict(struct xdp_md *ctx)
{
	struct headers *h = (void *)(long)ctx->data;

	if ((void *)(h + 1) > (void *)(long)ctx->data_end ||
	    h->eth.h_proto != bpf_htons(ETH_P_IP) ||
	    h->ip.ihl != 5 || h->ip.protocol != IPPROTO_UDP)
		return XDP_PASS;
	switch (bpf_ntohs(h->udp.dest)) {
	case 7101:
		return XDP_DROP;
	case 7102:
		turn_round(h);
		return XDP_TX;
	case 7103:
		return bpf_redirect(ETH1, 0);
	case 7104:
		return XDP_ABORTED;
	case 7105:
		return bpf_redirect(LO, 0);
	case 7106:
		return bpf_redirect_map(&socks, ctx->rx_queue_index, XDP_DROP);
	case 7107:
		return 77;	/* no verdict at all */
	}
	return XDP_PASS;
}

SEC("xdp")
int verdict_by_udp_port(struct xdp_md *ctx)
{
	return verdict(ctx);
}

/* In the stack, Linux 6.9 and later give it another skb. */
SEC("xdp.frags")
int verdict_of_frags(struct xdp_md *ctx)
{
	return verdict(ctx);
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
