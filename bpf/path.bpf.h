/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * Maps, and the life of a record: birth, stamp, finish. The handlers (hooks.bpf.h) call these;
 * the programs (pktpath.bpf.c) are shims around the handlers.
 *
 * No hash map and no event per hook: a record is reached through an array word keyed by the
 * skb's address, or through its socket's list.
 */
#ifndef PKTPATH_PATH_BPF_H
#define PKTPATH_PATH_BPF_H

#include "compat.bpf.h"
#include "record.h"

static __always_inline struct pp_rec *pp_rec_at(u32 i);
static __always_inline struct pp_set *pp_set_at(u32 i);
static __always_inline struct pp_sock *pp_sock_at(u32 i);
static __always_inline struct pp_napi *pp_napi_at(u32 i);
#ifdef PP_LEGACY
#include "legacy.bpf.h"
#endif
#include "stitch.h"

const volatile struct pp_cfg cfg = {};

/* Set once all hooks are attached, cleared before they go: no packet is followed halfway. */
volatile __u32 enabled = 0;

/* Set once a packet could get no record: from then on a packet without one may be counted already. */
volatile __u32 refused = 0;

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);			/* set at load: possible CPUs */
	__type(key, u32);
	__type(value, struct pp_cpu);
} cpus SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);			/* set at load: --records */
	__type(key, u32);
	__type(value, struct pp_rec);
} slab SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, PP_SETS);
	__type(key, u32);
	__type(value, struct pp_set);
} sets SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, PP_SOCKS);
	__type(key, u32);
	__type(value, struct pp_sock);
} socks SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, PP_NAPIS);
	__type(key, u32);
	__type(value, struct pp_napi);
} napis SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);			/* set at load where it is needed: PP_FIFOS */
	__type(key, u32);
	__type(value, struct pp_fifo);
} fifos SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);		/* set at load: --ring */
} ring SEC(".maps");

static __always_inline struct pp_rec *pp_rec_at(u32 i)
{
	return bpf_map_lookup_elem(&slab, &i);
}

static __always_inline struct pp_set *pp_set_at(u32 i)
{
	return bpf_map_lookup_elem(&sets, &i);
}

static __always_inline struct pp_sock *pp_sock_at(u32 i)
{
	return bpf_map_lookup_elem(&socks, &i);
}

static __always_inline struct pp_napi *pp_napi_at(u32 i)
{
	return bpf_map_lookup_elem(&napis, &i);
}

/* A handler of PP_HOOKS; `typed` as in compat.bpf.h. */
#define HANDLER(name) static __always_inline void h_##name(const int typed, u64 a0, u64 a1, u64 a2)

static __always_inline struct pp_cpu *this_cpu(void)
{
	u32 cpu = bpf_get_smp_processor_id();

	return bpf_map_lookup_elem(&cpus, &cpu);
}

/* Where a hook runs and when. */
struct here {
	struct pp_cpu *c;
	u64 now;
	u32 cpu;
};

static __always_inline int here(struct here *h)
{
	h->cpu = bpf_get_smp_processor_id();
	h->c = bpf_map_lookup_elem(&cpus, &h->cpu);
	h->now = bpf_ktime_get_ns();
	return h->c != NULL;
}

#define COUNT(h, field) __sync_fetch_and_add(&(h)->c->n.field, 1)

static __always_inline void stamp(const struct here *h, struct pp_rec *rec, u32 stage)
{
	if (pp_stamp(rec, stage, h->now, h->cpu))
		COUNT(h, inversions);
}

/*
 * Waking the reader costs more than the copy, so it is woken only when a fair amount waits for
 * it; its own timer fetches the rest. A reader that is behind is awake already: looking at every
 * record, and waking for each, would tax the very packets that it cannot keep up with.
 */
static __always_inline u64 ring_flags(const struct here *h, u32 size)
{
	h->c->unchecked += size;
	if (h->c->unchecked < cfg.wakeup_bytes / 8)
		return BPF_RB_NO_WAKEUP;
	h->c->unchecked = 0;
	return bpf_ringbuf_query(&ring, BPF_RB_AVAIL_DATA) >= cfg.wakeup_bytes ?
		       BPF_RB_FORCE_WAKEUP : BPF_RB_NO_WAKEUP;
}

/* Send an ended record. */
static __always_inline void emit(const struct here *h, struct pp_rec *rec)
{
	u64 size = rec->verdict == PP_V_DROPPED || rec->nr_hops ? sizeof(*rec) : PP_REC_SHORT;
	u64 flags;

	if (!(cfg.emit & (1u << (rec->verdict & 15))))
		return;
	if (cfg.by_reader && !(rec->flags & PP_F_WANTED)) {
		COUNT(h, filtered);
		return;
	}
	flags = ring_flags(h, size);
	if (size == sizeof(*rec) ? bpf_ringbuf_output(&ring, rec, sizeof(*rec), flags) :
				   bpf_ringbuf_output(&ring, rec, PP_REC_SHORT, flags))
		COUNT(h, ring_lost);
	else
		COUNT(h, emitted);
}

/* What the poll that fetched a record had done when it was over, if it is; see tables.h. */
static __always_inline void take_work(const struct here *h, struct pp_rec *rec)
{
	u32 cpu = rec->cpu[PP_ST_POLL], id = rec->poll_id;
	struct pp_cpu *c = bpf_map_lookup_elem(&cpus, &cpu);
	u64 done;

	if (!c)
		return;
	done = *(volatile u64 *)&c->done[id % PP_DONE];
	if (done >> 32 != id / PP_DONE + 1)
		return;
	rec->poll_work = done >> 16;
	rec->poll_budget = done;
}

/*
 * End a record: count its verdict, send it, give the slot back. `linked`: the slot is still in
 * its socket's list and is freed when the list passes it. The caller has taken it out of the
 * address index.
 */
static __always_inline void finish(const struct here *h, struct pp_rec *rec, u32 verdict, u32 loss,
				   int linked)
{
	u64 end = rec->end_ns ? rec->end_ns : h->now;

	rec->verdict = verdict;
	rec->loss = loss;
	rec->end_ns = end < rec->last_ns ? rec->last_ns : end;
	rec->end_cpu = h->cpu;
	if (rec->poll_work)
		take_work(h, rec);
	__sync_fetch_and_add(&h->c->n.verdict[verdict & 15], 1);
	if (loss)
		__sync_fetch_and_add(&h->c->n.loss[loss & 15], 1);
	emit(h, rec);
	/* The list may pass an out-of-order record right now on another CPU: see drain_one(). */
	if (linked && pp_cas32(&rec->state, PP_S_OOO, PP_S_ZOMBIE) == PP_S_OOO)
		return;
	*(volatile u32 *)&rec->state = PP_S_FREE;
}

/* A packet that never gets a record still counts: it was seen, and it is untracked. */
static __always_inline void count_lost(const struct here *h, u32 loss)
{
	COUNT(h, verdict[PP_V_UNTRACKED]);
	__sync_fetch_and_add(&h->c->n.loss[loss & 15], 1);
}

/* Everything that hangs below a record which itself goes no further ends with it. */
static __always_inline void finish_children(const struct here *h, struct pp_rec *rec, u32 verdict,
					    u32 loss)
{
	u32 ref = rec->child;
	int i;

	/* tcp_add_backlog() coalesces at most MAX_SKB_FRAGS packets into one. */
#pragma clang loop unroll(disable)
	for (i = 0; i < 48 && ref; i++) {
		struct pp_rec *child = pp_rec_at(ref - 1);

		if (!child)
			break;
		ref = child->next;
		child->reason = rec->reason;
		finish(h, child, verdict, loss, 0);
	}
	rec->child = rec->child_tail = 0;
}

/* Lose sight of a record that is out of the index now. */
static __always_inline void finish_lost(const struct here *h, struct pp_rec *rec, u32 loss)
{
	finish_children(h, rec, PP_V_UNTRACKED, PP_L_ORPHAN);
	finish(h, rec, PP_V_UNTRACKED, loss, rec->state == PP_S_OOO);
}

/* The record that an address held before is overtaken by a new packet: its end was missed. */
static __always_inline void finish_stale(const struct here *h, u64 addr)
{
	u32 ref = 0;
	struct pp_rec *old = pp_find(addr, &ref);

	if (old && pp_unindex(addr, ref))
		finish_lost(h, old, PP_L_STALE);
}

#define ETH_P_IP	0x0800
#define ETH_P_IPV6	0x86dd
#define IP_OFFSET	0x1fff
#define IP_FRAGMENT	0x3fff	/* an offset, or more to come */
#define IP6_FRAGMENT	44	/* the header's number; 8 bytes long */

#define IP4_LEN		20	/* without options */
#define IP6_LEN		40
#define L4_LEN		16	/* what is read of a transport header */

/* Ports and TCP's sequence numbers from the first bytes of a transport header. */
static __always_inline void parse_l4(struct pp_rec *rec, const u8 *b, u32 l4_len)
{
	if (rec->l4_proto != 6 && rec->l4_proto != 17)
		return;
	rec->sport = *(u16 *)&b[0];
	rec->dport = *(u16 *)&b[2];
	if (rec->l4_proto == 6) {
		u32 hdr = (b[12] >> 4) * 4;

		rec->tcp_flags = b[13];
		rec->data_len = l4_len > hdr ? l4_len - hdr : 0;
		rec->end_seq = bpf_ntohl(*(u32 *)&b[4]) + !!(b[13] & TCP_FLAG_SYN) + rec->data_len;
	}
}

/* The first bytes from the network header on. */
struct head {
	u8 b[IP6_LEN + L4_LEN] __attribute__((aligned(8)));
	u16 eth_proto;
	u8 have;		/* 0: unreadable, or not IP */
};

/* One bounded read, but for IPv4 options, which move the transport header to its place in b[]. */
static __always_inline void read_head(const int typed, struct sk_buff *skb, int from_gro,
				      struct head *hd)
{
	const u8 *data = network_header(typed, skb, from_gro);
	u32 ihl;

	hd->have = 0;
	hd->eth_proto = bpf_ntohs(RD(typed, skb, protocol));
	if (hd->eth_proto != ETH_P_IP && hd->eth_proto != ETH_P_IPV6)
		return;
	if (!from_gro && RD(typed, skb, len) - RD(typed, skb, data_len) < IP_MIN)
		return;
	if (bpf_probe_read_kernel(hd->b, sizeof(hd->b), data))
		return;
	hd->have = 1;
	if (hd->eth_proto != ETH_P_IP)
		return;
	ihl = (hd->b[0] & 15) * 4;
	if (ihl != IP4_LEN && bpf_probe_read_kernel(&hd->b[IP4_LEN], L4_LEN, data + ihl))
		hd->have = 0;
}

/* What of a packet can be told from its head. */
static __always_inline void parse(struct pp_rec *rec, const struct head *hd)
{
	const u8 *b = hd->b;

	rec->eth_proto = hd->eth_proto;
	rec->flags &= ~PP_F_NOPARSE;
	if (hd->eth_proto != ETH_P_IP && hd->eth_proto != ETH_P_IPV6)
		return;
	if (!hd->have) {
		rec->flags |= PP_F_NOPARSE;
		return;
	}
	if (hd->eth_proto == ETH_P_IP) {
		u32 ihl = (b[0] & 15) * 4, tot = bpf_ntohs(*(u16 *)&b[2]);
		u32 frag = bpf_ntohs(*(u16 *)&b[6]);

		rec->l4_proto = b[9];
		__builtin_memcpy(rec->saddr, &b[12], 4);
		__builtin_memcpy(rec->daddr, &b[16], 4);
		if (frag & IP_FRAGMENT)
			rec->flags |= PP_F_FRAG;
		if (!(frag & IP_OFFSET))
			parse_l4(rec, &b[IP4_LEN], tot > ihl ? tot - ihl : 0);
	} else {
		rec->l4_proto = b[6];
		__builtin_memcpy(rec->saddr, &b[8], 16);
		__builtin_memcpy(rec->daddr, &b[24], 16);
		if (rec->l4_proto == IP6_FRAGMENT) {	/* ports: from the whole datagram */
			rec->flags |= PP_F_FRAG;
			rec->l4_proto = b[IP6_LEN];
			return;
		}
		parse_l4(rec, &b[IP6_LEN], bpf_ntohs(*(u16 *)&b[4]));
	}
}

static __always_inline u32 mix(u32 h, u32 word)
{
	h = (h ^ word) * 0x9e3779b1u;
	return h ^ h >> 15;
}

/*
 * Is the packet in the sample? By the hash of its flow, so that journeys are whole: GRO merges
 * only within a flow. Fragments have no ports: their datagram's ID stands for them. What has no
 * flow is judged by its address, as is every packet if packets were asked for.
 */
static __always_inline int sampled(const struct sk_buff *skb, const struct head *hd)
{
	u32 h = mix(cfg.sample_seed, hd->eth_proto), i;
	const u32 *w = (const u32 *)hd->b;

	if (!cfg.sample)
		return 1;
	if (cfg.sample_packets)
		return bpf_get_prandom_u32() < cfg.sample;
	if (!hd->have) {
		h = mix(h, pp_low32((u64)skb));
	} else if (hd->eth_proto == ETH_P_IP) {
		int fragment = bpf_ntohs(*(u16 *)&hd->b[6]) & IP_FRAGMENT;

		h = mix(mix(mix(h, w[3]), w[4]), hd->b[9]);
		h = mix(h, fragment ? *(u16 *)&hd->b[4] : w[5]);
	} else {
		for (i = 2; i < 11; i++)	/* addresses and ports */
			h = mix(h, w[i]);
	}
	return mix(h, 0) < cfg.sample;
}

#define NOT_COUNTED (-1)

/*
 * A packet's place in the poll that it is met in, or NOT_COUNTED. A poll's packets are counted
 * where the first of them is met: at GRO, or on entering the stack where its driver, or the
 * backlog, passes GRO by. Packets that are not traced count as well.
 */
static __always_inline int poll_count(struct pp_poll *p, u32 stage)
{
	if (!p->napi && stage != PP_ST_GRO)
		return NOT_COUNTED;
	if (!p->counts)
		p->counts = stage;
	return p->counts == stage ? p->index++ : NOT_COUNTED;
}

static __always_inline void take_index(const struct pp_poll *p, struct pp_rec *rec, int index,
				       u32 cpu)
{
	rec->cpu[PP_ST_POLL] = cpu;
	rec->poll_id = p->id;
	rec->poll_index = index;
	rec->poll_budget = p->budget;
	rec->poll_work = PP_WORK_UNKNOWN;
}

/* The stamps that all packets of a poll share. */
static __always_inline void take_poll(const struct pp_poll *p, struct pp_rec *rec, u32 cpu)
{
	if (!p->napi)
		return;
	rec->cause = p->cause;
	rec->context = p->context;
	if (p->irq_ns) {
		rec->ts[PP_ST_IRQ] = p->irq_ns;
		rec->cpu[PP_ST_IRQ] = p->irq_cpu;
	}
	if (p->sched_ns) {
		rec->ts[PP_ST_NAPI] = p->sched_ns;
		rec->cpu[PP_ST_NAPI] = p->sched_cpu;
	}
	if (p->softirq_ns) {
		rec->ts[PP_ST_SOFTIRQ] = p->softirq_ns;
		rec->cpu[PP_ST_SOFTIRQ] = cpu;
	}
	rec->ts[PP_ST_POLL] = p->poll_ns;
	rec->cpu[PP_ST_POLL] = cpu;
	rec->last_ns = p->poll_ns;
}

/* Inode of a device's network namespace; 0 where the kernel has no namespaces. */
static __always_inline u32 netns_of(const int typed, struct net_device *dev)
{
	struct net *net;

	if (!bpf_core_field_exists(dev->nd_net.net))
		return 0;
	net = RD(typed, dev, nd_net.net);
	return RD(typed, net, ns.inum);
}

/* Is the device one of those asked for? */
static __always_inline int is_wanted_iface(u32 ifindex)
{
	u32 i;

	for (i = 0; i < PP_IFS; i++) {
		if (i >= cfg.nr_ifs)
			break;
		if (cfg.ifs[i] == ifindex)
			return 1;
	}
	return !cfg.nr_ifs;
}

/* A busy poll that no hook saw begin; poll_end() tells how it is known. */
static __always_inline int is_busy_polled(const int typed, const struct here *h,
					  struct sk_buff *skb)
{
	if (h->c->poll.napi || !h->c->busy_id || !bpf_core_field_exists(skb->napi_id))
		return 0;
	return (u32)RD(typed, skb, napi_id) == h->c->busy_id;
}

/*
 * Count a packet, or a clone. Returns its number among this CPU's; the same is never given twice.
 * -1, before v5.12 only: a softirq has interrupted this very function.
 */
static __always_inline u64 next_number(const struct here *h, int clone)
{
#ifdef PP_LEGACY
	volatile struct pp_cpu *c = h->c;
	u64 nth;

	if (clone)
		COUNT(h, clones);
	else
		COUNT(h, seen);
	if (c->numbering)
		return -1;
	c->numbering = 1;
	nth = c->births;
	c->births = nth + 1;
	c->numbering = 0;
	return nth;
#else
	if (clone)
		return __sync_fetch_and_add(&h->c->n.clones, 1) + h->c->n.seen;
	return __sync_fetch_and_add(&h->c->n.seen, 1) + h->c->n.clones;
#endif
}

/* Enter a new record in the address index. -1: it is lost, as there was no room. */
static __always_inline int enter(const struct here *h, u32 ref)
{
	struct pp_rec *rec = pp_rec_at(ref - 1), *old;
	u32 loser = rec ? pp_index(rec->skb, ref, h->now) : ref;

	if (!loser)
		return 0;
	old = pp_rec_at(loser - 1);
	if (old && old->state != PP_S_FREE)
		finish_lost(h, old, PP_L_EVICTED);
	if (loser != ref)
		return 0;
	refused = 1;
	return -1;
}

/* Headers that could not be read before, or that lie inside of those that were. */
static __always_inline void parse_again(const int typed, struct sk_buff *skb, struct pp_rec *rec)
{
	struct head hd;

	read_head(typed, skb, 0, &hd);
	parse(rec, &hd);
}

/*
 * Start a record for an skb at `stage`. Whatever its address held is overtaken. Returns the
 * record or NULL (another interface, not in the sample, or no room: counted).
 */
static __always_inline struct pp_rec *birth(const int typed, const struct here *h,
					    struct sk_buff *skb, u32 stage)
{
	struct net_device *dev = RD(typed, skb, dev);
	u32 ifindex = RD(typed, dev, ifindex), netns, ref;
	struct pp_rec *rec;
	int index = NOT_COUNTED;
	struct head hd;
	u64 nth;

	/* What netif_rx() queues is sent by somebody here, and was not fetched by this poll. */
	if (stage != PP_ST_BACKLOG)
		index = poll_count(&h->c->poll, stage);
	/* Each namespace counts its interfaces from 1, which is its loopback. */
	if (!enabled || !is_wanted_iface(ifindex))
		return NULL;
	netns = netns_of(typed, dev);
	if (cfg.netns && netns != cfg.netns)
		return NULL;
	read_head(typed, skb, stage == PP_ST_GRO, &hd);
	if (!sampled(skb, &hd)) {
		COUNT(h, sampled_out);
		return NULL;
	}
	nth = next_number(h, 0);
	if (nth == (u64)-1) {
		count_lost(h, PP_L_BIRTH);
		return NULL;
	}
	ref = pp_alloc(&h->c->cursor, cfg.rec_mask);
	rec = ref ? pp_rec_at(ref - 1) : NULL;
	if (!rec) {
		refused = 1;
		count_lost(h, PP_L_FULL);
		return NULL;
	}
	__builtin_memset(rec, 0, offsetof(struct pp_rec, state));
	__builtin_memset((char *)rec + offsetof(struct pp_rec, next), 0,
			 offsetof(struct pp_rec, place) - offsetof(struct pp_rec, next));
	rec->place[0] = 0;
	rec->id = nth * cfg.nr_cpus + h->cpu + 1;	/* unique without a shared counter */
	rec->skb = (u64)skb;
	rec->head = (u64)RD(typed, skb, head);
	rec->dev = (u64)dev;
	rec->ifindex = ifindex;
	rec->netns = netns;
	rec->len = RD(typed, skb, len) + (u16)(RD(typed, skb, data) - RD(typed, skb, head)) -
		   RD(typed, skb, mac_header);
	if (stage != PP_ST_BACKLOG)
		take_poll(&h->c->poll, rec, h->cpu);
	if (index != NOT_COUNTED)
		take_index(&h->c->poll, rec, index, h->cpu);
	if (stage == PP_ST_GRO && is_busy_polled(typed, h, skb)) {
		rec->cause = PP_C_BUSY;
		rec->context = PP_X_PROCESS;
	}
	parse(rec, &hd);
	stamp(h, rec, stage);
	return enter(h, ref) ? NULL : rec;
}

#endif /* PKTPATH_PATH_BPF_H */
