/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * What a handler does to a record between its birth (core/birth.bpf.h) and its end: find it, stamp
 * it, finish it. A finished record is counted, measured and sent; its slot is free again.
 */
#ifndef PKTPATH_BPF_CORE_RECORD_BPF_H
#define PKTPATH_BPF_CORE_RECORD_BPF_H

#include "core/histograms.bpf.h"
#include "core/maps.bpf.h"

/*
 * A handler of PP_HOOKS: HANDLER(read_tcp) defines h_read_tcp(). a0 to a2 are the arguments of the
 * hooked function, `typed` is explained in core/kernel.bpf.h.
 */
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

/* The record of an skb. NULL if it has none; then `h` is not set either. */
static __always_inline struct pp_rec *record_here(u64 skb, struct here *h, u32 *ref)
{
	struct pp_rec *rec = pp_find(skb, ref);

	return rec && here(h) ? rec : NULL;
}

#define COUNT(h, field) __sync_fetch_and_add(&(h)->c->n.field, 1)

static __always_inline void stamp(const struct here *h, struct pp_rec *rec, u32 stage)
{
	if (pp_stamp(rec, stage, h->now, h->cpu))
		COUNT(h, inversions);
}

/*
 * Waking user space costs more than copying a record to it, so it is woken only when a fair amount
 * is waiting; its own timer fetches the rest. When it has fallen behind it is awake anyway:
 * checking at every record, and waking it each time, would tax the very packets that it cannot keep
 * up with.
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

/* How much the poll that fetched the packet had fetched in all, if it is over; see tables.h. */
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

/* Send an ended record to user space, if it is one that was asked for. */
static __always_inline void emit(const struct here *h, struct pp_rec *rec)
{
	u32 as = rec->verdict;
	u64 size, flags;
	int whole;

	/* Who asks for drops also wants to see what XDP failed to send. */
	if (cfg.xdp && rec->xdp_err)
		as = PP_V_XDP_DROP;
	if (!(cfg.emit & (1u << (as & 15))))
		return;
	if (cfg.by_reader && !(rec->flags & PP_F_WANTED)) {
		COUNT(h, filtered);
		return;
	}
	if (rec->poll_work)
		take_work(h, rec);
	whole = rec->verdict == PP_V_DROPPED || rec->nr_hops || rec->flags & PP_F_NAT;
	size = whole ? sizeof(*rec) : PP_REC_SHORT;
	flags = ring_flags(h, size);
	if (whole ? bpf_ringbuf_output(&ring, rec, sizeof(*rec), flags) :
				   bpf_ringbuf_output(&ring, rec, PP_REC_SHORT, flags))
		COUNT(h, ring_lost);
	else
		COUNT(h, emitted);
}

/*
 * A record has ended: it is counted in the histograms, and sent. With --pid and the like, what
 * other processes read is not measured either.
 */
static __always_inline void conclude(struct pp_rec *rec, u32 cpu)
{
	const int wanted = !cfg.by_reader || rec->flags & PP_F_WANTED;
	struct here h = { .cpu = cpu };

	if ((cfg.hist || cfg.slow_any || cfg.worst) && wanted) {
		rec->picks = account_for(rec, cpu);
		if ((cfg.slow_any || cfg.worst) && !rec->picks)
			return;
	}
	h.c = bpf_map_lookup_elem(&cpus, &cpu);
	if (h.c)
		emit(&h, rec);
}

/*
 * Records end in many places, some of them in loops. So this is a global function, which the
 * verifier checks once and not at each call. Global functions take pointers from v5.12 on.
 */
#ifdef PP_LEGACY
int pp_conclude(u32 ref, u32 cpu);

__attribute__((noinline)) int pp_conclude(u32 ref, u32 cpu)
{
	struct pp_rec *rec = pp_rec_at(ref - 1);

	if (rec)
		conclude(rec, cpu);
	return 0;
}

#define CONCLUDE(rec, cpu) pp_conclude((rec)->self, cpu)
#else
int pp_conclude(struct pp_rec *rec, u32 cpu);

__attribute__((noinline)) int pp_conclude(struct pp_rec *rec, u32 cpu)
{
	if (rec)
		conclude(rec, cpu);
	return 0;
}

#define CONCLUDE(rec, cpu) pp_conclude(rec, cpu)
#endif

/*
 * End a record: count its verdict, send it, free its slot. The caller has taken it out of the
 * address index. `linked`: it is still in its socket's list, and its slot is freed when the list
 * gets to it.
 */
static __always_inline void finish(const struct here *h, struct pp_rec *rec, u32 verdict, u32 loss,
				   int linked)
{
	u64 end = rec->end_ns ? rec->end_ns : h->now;

	if (enabled == PP_OFF)
		return;		/* the account is closed */
	rec->verdict = verdict;
	rec->loss = loss;
	rec->end_ns = end < rec->last_ns ? rec->last_ns : end;
	rec->end_cpu = h->cpu;
	__sync_fetch_and_add(&h->c->n.verdict[verdict & 15], 1);
	if (loss)
		__sync_fetch_and_add(&h->c->n.loss[loss & 15], 1);
	if (cfg.emit || cfg.hist)
		CONCLUDE(rec, h->cpu);
	/*
	 * Another CPU may be taking an out-of-order record off the list right now: see drain_one().
	 */
	if (linked && pp_cas32(&rec->state, PP_S_OOO, PP_S_ZOMBIE) == PP_S_OOO)
		return;
	*(volatile u32 *)&rec->state = PP_S_FREE;
}

/* A packet that never got a record still counts: it was seen, and it is untracked. */
static __always_inline void count_lost(const struct here *h, u32 loss)
{
	COUNT(h, verdict[PP_V_UNTRACKED]);
	__sync_fetch_and_add(&h->c->n.loss[loss & 15], 1);
}

/* A record goes no further; those of the packets coalesced into its packet end with it. */
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

/* Lose sight of a record, which the caller has taken out of the index. */
static __always_inline void finish_lost(const struct here *h, struct pp_rec *rec, u32 loss)
{
	finish_children(h, rec, PP_V_UNTRACKED, PP_L_ORPHAN);
	finish(h, rec, PP_V_UNTRACKED, loss, rec->state == PP_S_OOO);
}

/* The address belongs to a new packet now: the end of the one whose record it held was missed. */
static __always_inline void finish_stale(const struct here *h, u64 addr)
{
	u32 ref = 0;
	struct pp_rec *old = pp_find(addr, &ref);

	if (old && pp_unindex(addr, ref))
		finish_lost(h, old, PP_L_STALE);
}

#endif /* PKTPATH_BPF_CORE_RECORD_BPF_H */
