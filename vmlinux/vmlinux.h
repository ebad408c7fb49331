/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * The kernel types that pktpath reads, cut by hand to the fields it reads. CO-RE finds the real
 * offsets at load, so the build does not depend on the kernel of the build machine. Types of
 * the user API come from the kernel's own exported headers.
 */
#ifndef PKTPATH_VMLINUX_H
#define PKTPATH_VMLINUX_H
#define __VMLINUX_H__	/* tells libbpf's bpf_tracing.h how pt_regs names its registers */

#include <linux/types.h>
#include <linux/bpf.h>

typedef __u8 u8;
typedef __u16 u16;
typedef __u32 u32;
typedef __u64 u64;
typedef __s64 s64;
typedef _Bool bool;
#define true 1
#define false 0

/* x86's registers as kprobes see them (arch/x86/include/asm/ptrace.h). */
#if defined(__TARGET_ARCH_x86)
struct pt_regs {
	unsigned long r15, r14, r13, r12, bp, bx;
	unsigned long r11, r10, r9, r8, ax, cx, dx, si, di;
	unsigned long orig_ax, ip, cs, flags, sp, ss;
};
#elif defined(__TARGET_ARCH_arm64)
struct user_pt_regs {
	__u64 regs[31], sp, pc, pstate;
};
struct pt_regs {
	__u64 regs[31];
};
#endif

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

/* Only its presence in the kernel's BTF counts: values differ between kernels. */
enum skb_drop_reason {
	SKB_DROP_REASON_NOT_SPECIFIED = 2,
	SKB_DROP_REASON_NO_SOCKET = 3,
	SKB_DROP_REASON_QUEUE_PURGE = 4,
};

struct ns_common {
	unsigned int inum;
};

struct net {
	struct ns_common ns;
};

typedef struct {
	struct net *net;	/* not there without CONFIG_NET_NS */
} possible_net_t;

struct net_device {
	int ifindex;
	unsigned int gro_max_size;	/* v5.19 on */
	unsigned int gro_ipv4_max_size;	/* v6.3 on */
	possible_net_t nd_net;
};

struct task_struct;

struct hrtimer {
	u8 state;
};

struct napi_struct {
	unsigned long state;
	int weight;
	struct net_device *dev;
	struct task_struct *thread;	/* v5.12 on */
	struct hrtimer timer;
	unsigned int napi_id;
};

typedef struct {
	int counter;
} atomic_t;

struct refcount_struct {
	atomic_t refs;
};

struct dst_entry {
	struct net_device *dev;
};

struct net_bridge_port {
	struct net_device *dev;
};

struct sock;

struct sk_buff {
	struct sk_buff *next, *prev;
	struct net_device *dev;
	struct sock *sk;
	char cb[48];
	unsigned int len, data_len;
	__u16 transport_header;
	__u16 network_header;
	__u16 mac_header;
	__be16 protocol;
	__be16 vlan_proto;
	__u8 vlan_present : 1;		/* before v6.2 */
	unsigned long _nfct;		/* without CONFIG_NF_CONNTRACK: not there */
	__u16 queue_mapping;
	int skb_iif;
	__u32 hash;
	unsigned int napi_id;	/* shares its place with sender_cpu */
	unsigned long _skb_refdst;
	unsigned char *head, *data;
	struct refcount_struct users;
};

/* include/net/netfilter/nf_conntrack.h */
struct nf_conn {
	unsigned long status;
};

/* include/net/tcp.h: what TCP keeps in skb->cb from tcp_v4_do_rcv() and tcp_add_backlog() on. */
struct tcp_skb_cb {
	__u32 seq, end_seq;
	__u8 tcp_flags;
};

/* include/net/gro.h: what GRO keeps in skb->cb from dev_gro_receive() to the stack's entry. */
struct napi_gro_cb {
	void *frag0;
	unsigned int frag0_len;
	struct sk_buff *last;	/* from v6.1 in the same place as frag0 */
};

struct sk_buff_head {
	struct sk_buff *next, *prev;
};

typedef struct {
	int owned;
} socket_lock_t;

struct task_struct {
	int pid, tgid;
	unsigned long nvcsw;	/* times it gave its CPU up to sleep */
	int softirq_disable_cnt;	/* PREEMPT_RT only */
	struct task_struct *group_leader;
	char comm[16];
};

struct irqaction {
	struct task_struct *thread;
	unsigned long thread_flags;
};

/* Where v6.2 to v6.13 keep the preemption count (x86); elsewhere it is a variable of its own. */
struct pcpu_hot {
	int preempt_count;
};

/* struct sock's backlog is an anonymous struct in the kernel; only its tail is read. */
struct sock_common {
	__be32 skc_daddr;
	__be16 skc_dport;
	u16 skc_num;		/* local port, host order */
};

struct sock {
	struct sock_common __sk_common;
	struct sk_buff_head sk_receive_queue;
	struct {
		struct sk_buff *head, *tail;
	} sk_backlog;
	socket_lock_t sk_lock;
	void *sk_user_data;
	u16 sk_type, sk_protocol;	/* numbers of their own from v5.6 on */
	u8 sk_shutdown;
};

/* include/net/xdp.h: what the verifier gives to fentry of an XDP program for its context. */
struct xdp_rxq_info {
	struct net_device *dev;
	u32 queue_index;
};

struct xdp_buff {
	void *data, *data_end;
	struct xdp_rxq_info *rxq;
};

/* kernel/bpf/devmap.c: an entry of a device map. */
struct bpf_dtab_netdev {
	struct net_device *dev;
};

struct bpf_prog_aux {
	u32 id;
};

struct bpf_prog {
	struct bpf_prog_aux *aux;
};

struct bpf_map {
	enum bpf_map_type map_type;
};

struct tcp_ulp_ops {
	char name[16];
};

struct inet_sock {
	struct sock sk;
};

struct inet_connection_sock {
	struct inet_sock icsk_inet;
	const struct tcp_ulp_ops *icsk_ulp_ops;
	void *icsk_ulp_data;
};

struct udp_sock {
	struct inet_sock inet;
	struct sk_buff_head reader_queue;
};

struct tcp_sock {
	struct inet_connection_sock inet_conn;
	u32 rcv_nxt, copied_seq;
};

struct tls_context {
	u8 rx_conf : 3;
};

struct sk_psock {
	void (*saved_data_ready)(struct sock *sk);
};

#pragma clang attribute pop

#endif /* PKTPATH_VMLINUX_H */
