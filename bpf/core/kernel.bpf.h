/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * Reading the kernel's structures: one accessor for each thing that differs between kernels or
 * between backends. `typed` is a compile-time constant: 1 where the verifier knows the pointer's
 * type and allows a plain load (fentry, fexit, tp_btf), 0 for kprobes.
 */
#ifndef PKTPATH_BPF_CORE_KERNEL_BPF_H
#define PKTPATH_BPF_CORE_KERNEL_BPF_H

#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>
#include <bpf/bpf_endian.h>

#ifndef offsetof
#define offsetof(type, member) __builtin_offsetof(type, member)
#endif
#ifndef NULL
#define NULL ((void *)0)
#endif

#define RD(typed, ptr, field)                                                                      \
	({                                                                                         \
		__typeof__((ptr)->field) __v;                                                      \
		if (typed)                                                                         \
			__v = (ptr)->field;                                                        \
		else                                                                               \
			bpf_core_read(&__v, sizeof(__v), &(ptr)->field);                           \
		__v;                                                                               \
	})

#define IP_MIN 28	/* an IPv4 header and one of UDP or ICMP; fewer bytes are of no use */

#define VLAN_LEN 4	/* a VLAN tag */
/* enum ip_conntrack_status, linux/netfilter/nf_conntrack_common.h */
#define IPS_SRC_NAT 0x10
#define IPS_DST_NAT 0x20

#define TCP_FLAG_FIN 0x01
#define TCP_FLAG_SYN 0x02
#define TCP_FLAG_RST 0x04
#define TCP_FLAG_PSH 0x08
#define TCP_FLAG_URG 0x20

/*
 * skb->cb as TCP uses it. A typed load will do: the verifier allows any access within an array of
 * an integer type (btf_struct_walk(), v5.5 on; its comment has cb as the example).
 */
static __always_inline u32 cb_u32(const int typed, const struct sk_buff *skb, u32 offset)
{
	const char *p = (const char *)skb + bpf_core_field_offset(struct sk_buff, cb) + offset;
	u32 v = 0;

	if (typed)
		return *(const u32 *)p;
	bpf_probe_read_kernel(&v, sizeof(v), p);
	return v;
}

static __always_inline u64 cb_u64(const int typed, const struct sk_buff *skb, u32 offset)
{
	const char *p = (const char *)skb + bpf_core_field_offset(struct sk_buff, cb) + offset;
	u64 v = 0;

	if (typed)
		return *(const u64 *)p;
	bpf_probe_read_kernel(&v, sizeof(v), p);
	return v;
}

static __always_inline u8 cb_u8(const int typed, const struct sk_buff *skb, u32 offset)
{
	const char *p = (const char *)skb + bpf_core_field_offset(struct sk_buff, cb) + offset;
	u8 v = 0;

	if (typed)
		return *(const u8 *)p;
	bpf_probe_read_kernel(&v, sizeof(v), p);
	return v;
}

/*
 * Did GRO hold the packet, and merge no other into it? Then dev_gro_receive() has set `last` to the
 * packet itself. In a packet that it let pass, the same place holds an address of data, or nothing.
 */
static __always_inline int was_held_alone(const int typed, const struct sk_buff *skb)
{
	return cb_u64(typed, skb, bpf_core_field_offset(struct napi_gro_cb, last)) == (u64)skb;
}

/*
 * Where the network header begins. In GRO it may lie in a page, with little or nothing of the
 * packet in the linear part. Then GRO's control block has its address, until skb_gro_receive() is
 * over or the packet is held (`frag0`: the caller knows that it is set). Elsewhere such a header is
 * out of reach. *avail: how many bytes are not.
 */
static __always_inline const u8 *network_header(const int typed, struct sk_buff *skb, int frag0,
						u32 *avail)
{
	u32 len = RD(typed, skb, len);

	*avail = len - RD(typed, skb, data_len);
	if (frag0 && *avail < IP_MIN) {
		/* A packet that was merged has no length any more (skb_gro_receive()). */
		*avail = cb_u32(typed, skb, bpf_core_field_offset(struct napi_gro_cb, frag0_len));
		return (const u8 *)cb_u64(typed, skb,
					  bpf_core_field_offset(struct napi_gro_cb, frag0));
	}
	return RD(typed, skb, data);
}

/*
 * Has conntrack changed addresses or ports of the packet's connection? A kernel that does not
 * describe conntrack's entries (before v5.11 a module's types are not known) may have done so to
 * any packet that has one.
 */
static __always_inline int is_natted(const int typed, struct sk_buff *skb)
{
	const struct nf_conn *ct;
	unsigned long status = 0;

	if (!bpf_core_field_exists(skb->_nfct))
		return 0;
	ct = (void *)(RD(typed, skb, _nfct) & ~7ul);	/* enum ip_conntrack_info is below */
	if (!ct)
		return 0;
	if (!bpf_core_field_exists(ct->status))
		return 1;
	bpf_core_read(&status, sizeof(status), &ct->status);
	return !!(status & (IPS_SRC_NAT | IPS_DST_NAT));
}

/* Bytes of a VLAN tag that the NIC took out of the frame. */
static __always_inline u32 stripped_tag(const int typed, struct sk_buff *skb)
{
	if (!RD(typed, skb, vlan_proto))
		return 0;
	/* Before v6.2 a tag that is gone leaves the protocol behind. */
	if (bpf_core_field_exists(skb->vlan_present) &&
	    !BPF_CORE_READ_BITFIELD_PROBED(skb, vlan_present))
		return 0;
	return VLAN_LEN;
}

/* A segment's place in the stream, from its control block: data bytes only, no SYN, no FIN. */
struct segment {
	u32 seq, data_end;
};

static __always_inline struct segment segment_of(const int typed, const struct sk_buff *skb)
{
	u32 seq = cb_u32(typed, skb, bpf_core_field_offset(struct tcp_skb_cb, seq));
	u32 end = cb_u32(typed, skb, bpf_core_field_offset(struct tcp_skb_cb, end_seq));
	u8 flags = cb_u8(typed, skb, bpf_core_field_offset(struct tcp_skb_cb, tcp_flags));

	if (flags & TCP_FLAG_SYN)
		seq++;
	if (flags & TCP_FLAG_FIN)
		end--;
	return (struct segment){ .seq = seq, .data_end = end };
}

/*
 * Is it the reason of a kfree_skb() that gives none? Its value differs between kernels. Where there
 * are no reasons at all (before v5.17): no.
 */
static __always_inline int is_no_reason(u32 reason)
{
	if (!bpf_core_enum_value_exists(enum skb_drop_reason, SKB_DROP_REASON_NOT_SPECIFIED))
		return 0;
	return reason == bpf_core_enum_value(enum skb_drop_reason, SKB_DROP_REASON_NOT_SPECIFIED);
}

/* Is it that of a queue which is thrown away as a whole (v6.5 on)? */
static __always_inline int is_purge(u32 reason)
{
	if (!bpf_core_enum_value_exists(enum skb_drop_reason, SKB_DROP_REASON_QUEUE_PURGE))
		return 0;
	return reason == bpf_core_enum_value(enum skb_drop_reason, SKB_DROP_REASON_QUEUE_PURGE);
}

static __always_inline u32 no_reason(void)
{
	if (!bpf_core_enum_value_exists(enum skb_drop_reason, SKB_DROP_REASON_NOT_SPECIFIED))
		return 0;
	return bpf_core_enum_value(enum skb_drop_reason, SKB_DROP_REASON_NOT_SPECIFIED);
}

#if defined(__bpf__) && !defined(PP_NO_KSYMS)
extern int __preempt_count __ksym __weak;
extern struct pcpu_hot pcpu_hot __ksym __weak;
#endif

#define SOFTIRQ_OFFSET	0x00000100	/* include/linux/preempt.h: a softirq is being served */
#define COUNT_UNKNOWN	(-1)

/* The CPU's preemption count, a per-CPU variable on x86; COUNT_UNKNOWN where it cannot be read. */
static __always_inline int preemption_count(void)
{
#if defined(__bpf__) && !defined(PP_NO_KSYMS)
	if (&__preempt_count)
		return *(int *)bpf_this_cpu_ptr(&__preempt_count) & ~(1 << 31);
	if (&pcpu_hot)
		return ((struct pcpu_hot *)bpf_this_cpu_ptr(&pcpu_hot))->preempt_count & ~(1 << 31);
#endif
	return COUNT_UNKNOWN;
}

/* Is a hard interrupt handler running? Also true where that is not known. */
#define in_hardirq() (!!(preemption_count() & (cfg.hardirq_mask ?: ~0u)))

/* The current thread, with its type where BPF has the helper for it (v5.11 on). */
static __always_inline struct task_struct *this_task(void)
{
#ifdef PP_LEGACY
	return (void *)bpf_get_current_task();
#else
	return bpf_get_current_task_btf();
#endif
}

#ifdef PP_LEGACY
#define TASK_TYPED 0
#else
#define TASK_TYPED 1
#endif
#define TASK(task, field) RD(TASK_TYPED, task, field)

/* PREEMPT_RT: is the current thread serving softirqs? There each thread counts for itself. */
static __always_inline int serves_softirq(void)
{
	struct task_struct *task = this_task();

	return bpf_core_field_exists(task->softirq_disable_cnt) &&
	       TASK(task, softirq_disable_cnt) & SOFTIRQ_OFFSET;
}

/* Is it certain that a process is running, with no interrupt or softirq on top of it? */
#define in_thread()                                                                                \
	(!(preemption_count() & (cfg.hardirq_mask | SOFTIRQ_OFFSET)) && !serves_softirq())

/* A thread's name: two loads instead of a helper that copies byte by byte. */
static __always_inline void task_comm(const struct task_struct *task, u64 comm[2])
{
	if (TASK_TYPED) {
		comm[0] = ((const u64 *)task->comm)[0];
		comm[1] = ((const u64 *)task->comm)[1];
	} else {
		bpf_core_read(comm, 16, &task->comm);
	}
}

/* A struct sock argument seen as the struct tcp_sock it begins. */
#define TCP_SK(sk, field) BPF_CORE_READ((const struct tcp_sock *)(sk), field)

#endif /* PKTPATH_BPF_CORE_KERNEL_BPF_H */
