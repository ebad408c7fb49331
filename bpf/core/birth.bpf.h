/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* How a record begins: which packets get one, and what they take over from their poll. */
#ifndef PKTPATH_BPF_CORE_BIRTH_BPF_H
#define PKTPATH_BPF_CORE_BIRTH_BPF_H

#include "core/headers.bpf.h"
#include "core/xdp_slot.bpf.h"

#define NOT_COUNTED (-1)

/* A record as words of eight bytes: where a member is, and how many bytes one is before another. */
#define WORD_OF(member) (offsetof(struct pp_rec, member) / 8)
#define BYTES_TO(from, to) (offsetof(struct pp_rec, to) - offsetof(struct pp_rec, from))

/*
 * A packet's place among those of the current poll, or NOT_COUNTED. A poll's packets are counted
 * where the first of them is met: at GRO, or at the stack's entry if its driver, or the backlog,
 * bypasses GRO. Packets that are not traced count as well.
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
	if (p->irq_ns)
		pp_put(rec, PP_ST_IRQ, p->irq_ns, p->irq_cpu);
	if (cfg.irq_threads && p->thread_ns)
		pp_put(rec, PP_ST_IRQTHREAD, p->thread_ns, p->thread_cpu);
	if (p->sched_ns)
		pp_put(rec, PP_ST_NAPI, p->sched_ns, p->sched_cpu);
	if (p->softirq_ns)
		pp_put(rec, PP_ST_SOFTIRQ, p->softirq_ns, cpu);
	pp_put(rec, PP_ST_POLL, p->poll_ns, cpu);
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
		if (wanted_ifs[i] == ifindex)
			return 1;
	}
	return !cfg.nr_ifs;
}

/* Is this a busy poll that no hook saw begin? See busy_polled_id() for how that is known. */
static __always_inline int is_busy_polled(const int typed, const struct here *h,
					  struct sk_buff *skb)
{
	if (h->c->poll.napi || !h->c->busy_id || !bpf_core_field_exists(skb->napi_id))
		return 0;
	return (u32)RD(typed, skb, napi_id) == h->c->busy_id;
}

/*
 * Count a packet, or a clone. Returns its number among this CPU's packets, which no other one gets.
 * -1, before v5.12 only: this softirq interrupted another program in this very function.
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

/* Enter a new record in the address index. -1: there was no room, so the record is lost. */
static __always_inline int enter(const struct here *h, struct pp_rec *rec)
{
	u32 ref = rec->self, loser = pp_index(rec->skb, ref, h->now);
	struct pp_rec *old;

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

/*
 * Erase what the slot held before, by words of eight bytes: the compiler writes byte by byte what
 * it does not know to begin at such a word.
 */
static __always_inline void clear_rec(struct pp_rec *rec)
{
	u64 *words = (u64 *)rec;

	__builtin_memset(words, 0, offsetof(struct pp_rec, state));
	rec->next = 0;
	__builtin_memset(&words[WORD_OF(prev)], 0, BYTES_TO(prev, order));
	/* Greater than any stage: see is_in_order(). */
	__builtin_memset(rec->order, PP_ORDER - 1, sizeof(rec->order));
	__builtin_memset(&words[WORD_OF(comm)], 0, BYTES_TO(comm, place));
	rec->place[0] = 0;
}

/*
 * XDP passed a packet that has got a new skb, whose address is not known. Until it reaches IP the
 * record is found by the address at which its frame begins. Packets that never reach IP have no
 * more stages, so they end here.
 */
static __always_inline void xdp_keep_moved(const struct here *h, u64 data)
{
	u32 ref = h->c->xdp.moved;
	struct pp_rec *rec = ref ? pp_rec_at(ref - 1) : NULL;

	if (!rec)
		return;
	if (rec->eth_proto != ETH_P_IP && rec->eth_proto != ETH_P_IPV6) {
		xdp_end_moved(h);
		return;
	}
	h->c->xdp.moved = 0;
	rec->end_ns = 0;
	rec->skb = data;
	enter(h, rec);
}

/* The record of such a packet, now that it has come to IP with its new skb; or NULL. */
static __always_inline struct pp_rec *xdp_adopt(const int typed, struct sk_buff *skb,
						struct here *h)
{
	u64 head = (u64)RD(typed, skb, head), data = head + (u16)RD(typed, skb, mac_header);
	struct pp_rec *rec;
	u32 ref = 0;

	rec = record_here(data, h, &ref);
	if (!rec || !pp_unindex(data, ref))
		return NULL;
	rec->skb = (u64)skb;
	rec->head = head;
	return enter(h, rec) ? NULL : rec;
}

/* Do packets count, whether they are followed or not? */
static __always_inline int counts_packets(void)
{
	u32 phase = enabled;

	return phase == PP_ON || phase == PP_BLIND;
}

/*
 * Take a free record for a packet, which counts as seen from here on. NULL: none is free, or it
 * cannot be followed, counted.
 */
static __always_inline struct pp_rec *new_record(const struct here *h, u32 ifindex, u32 netns)
{
	u64 nth = next_number(h, 0);
	struct pp_rec *rec;
	u32 ref = 0;

	if (nth == (u64)-1) {
		count_lost(h, PP_L_BIRTH);
		return NULL;
	}
	if (enabled == PP_BLIND) {
		count_lost(h, PP_L_BLIND);
		return NULL;
	}
	rec = pp_alloc(&h->c->cursor, cfg.rec_mask, &ref);
	if (!rec) {
		count_lost(h, PP_L_FULL);
		return NULL;
	}
	clear_rec(rec);
	rec->id = nth * cfg.nr_cpus + h->cpu + 1;	/* unique without a shared counter */
	rec->ifindex = ifindex;
	rec->netns = netns;
	rec->birth_cpu = h->cpu;
	rec->self = ref;
	return rec;
}

/* What a record takes over from the poll that fetched its packet; `index`: as which, if known. */
static __always_inline void take_fetch(const struct here *h, struct pp_rec *rec, int index)
{
	take_poll(&h->c->poll, rec, h->cpu);
	if (index != NOT_COUNTED)
		take_index(&h->c->poll, rec, index, h->cpu);
}

/*
 * Birth of a record, for an skb at `stage`; the caller has ended the one that its address had.
 * NULL: the interface is not traced, or the packet is not in the sample or finds no room, which is
 * counted.
 */
static __always_inline struct pp_rec *birth(const int typed, const struct here *h,
					    struct sk_buff *skb, u32 stage, int frag0)
{
	struct net_device *dev = RD(typed, skb, dev);
	u32 ifindex = RD(typed, dev, ifindex), netns, len;
	struct pp_rec *rec;
	int index = NOT_COUNTED;
	struct pp_head hd;
	u64 head;

	/* What netif_rx() queues was sent by this host, and not fetched by the current poll. */
	if (stage != PP_ST_BACKLOG)
		index = poll_count(&h->c->poll, stage);
	/* Interface indexes are per namespace: in each of them 1 is loopback. */
	if (!counts_packets() || !is_wanted_iface(ifindex))
		return NULL;
	netns = netns_of(typed, dev);
	if (cfg.netns && netns != cfg.netns)
		return NULL;
	/* Here, where the compiler loads nothing twice for read_head(). */
	head = (u64)RD(typed, skb, head);
	len = RD(typed, skb, len) + (u16)((u64)RD(typed, skb, data) - head) -
	      RD(typed, skb, mac_header) + stripped_tag(typed, skb);
	read_head(typed, skb, frag0, &hd);
	if (!sampled(&hd)) {
		COUNT(h, sampled_out);
		return NULL;
	}
	rec = new_record(h, ifindex, netns);
	if (!rec) {
		refused = 1;
		return NULL;
	}
	rec->skb = (u64)skb;
	rec->head = head;
	rec->dev = (u64)dev;
	if (cfg.by == PP_BY_QUEUE)
		rec->queue = RD(typed, skb, queue_mapping);
	rec->len = len;
	if (stage != PP_ST_BACKLOG)
		take_fetch(h, rec, index);
	if (stage == PP_ST_GRO && is_busy_polled(typed, h, skb)) {
		rec->cause = PP_C_BUSY;
		rec->context = PP_X_PROCESS;
	}
	parse(rec, &hd);
	if (cfg.xdp)
		take_xdp(typed, h, skb, rec);
	stamp(h, rec, stage);
	return enter(h, rec) ? NULL : rec;
}

/*
 * Read the headers that could not be read at birth; `frag0` as there. Returns -1 if they show that
 * the packet is not in the sample, in which case its record is given back.
 */
static __always_inline int parse_late(const int typed, const struct here *h, struct sk_buff *skb,
				      u32 ref, struct pp_rec *rec, int frag0)
{
	struct pp_head hd;

	read_head(typed, skb, frag0, &hd);
	parse(rec, &hd);
	if (!cfg.sample || cfg.sample_packets || sampled(&hd) || enabled == PP_OFF ||
	    !pp_unindex(rec->skb, ref))
		return 0;
	COUNT(h, sampled_late);
	*(volatile u32 *)&rec->state = PP_S_FREE;
	return -1;
}

#endif /* PKTPATH_BPF_CORE_BIRTH_BPF_H */
