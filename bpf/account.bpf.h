/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * What is made of an ended record in the kernel: histograms of its stages, and whether it is slow
 * enough to be sent. One walk over its stamps, at its end; packets under way cost nothing for it.
 */
#ifndef PKTPATH_ACCOUNT_BPF_H
#define PKTPATH_ACCOUNT_BPF_H

#include "hist.h"

/* The buckets of one CPU and group. */
struct pp_hists {
	u64 count[PP_H_ROWS * PP_H_BUCKETS];
};

/*
 * [CPU][group]. CPUs have their own, and add with atomics, since a softirq may interrupt a reader
 * on its CPU: no count is lost, and who reads them needs no lock.
 */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);			/* set at load where histograms are wanted */
	__type(key, u32);
	__type(value, struct pp_hists);
} hists SEC(".maps");

/* Keys of the groups, first come, first served; see group_key(). */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, PP_GROUPS_MAX);
	__type(key, u32);
	__type(value, u64);
} groups SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);			/* set at load with --worst: possible CPUs */
	__type(key, u32);
	__type(value, struct pp_worst);
} worsts SEC(".maps");

/* Changed by user space: from then on the slowest are those of a new interval. */
volatile __u32 epoch = 1;

static __always_inline u64 *pp_group_at(u32 i)
{
	return bpf_map_lookup_elem(&groups, &i);
}

/* What the packet belongs to, never 0. See group_label() for what it means to people. */
static __always_inline u64 group_key(const struct pp_rec *rec)
{
	switch (cfg.by) {
	case PP_BY_DEV:
		return (u64)rec->netns << 32 | rec->ifindex;
	case PP_BY_QUEUE:
		return (u64)rec->ifindex << 32 | (rec->queue + 1);
	case PP_BY_CPU:
		return rec->birth_cpu + 1ull;
	case PP_BY_PROTO:
		return 1ull << 32 | (u32)rec->eth_proto << 8 | rec->l4_proto;
	case PP_BY_PORT:
		return 1ull << 32 | (u32)rec->l4_proto << 16 | bpf_ntohs(rec->dport);
	case PP_BY_VERDICT:
		return rec->verdict;
	case PP_BY_PID:
		return 1ull << 32 | rec->pid;
	case PP_BY_CGROUP:
		return rec->cgroup + 1;
	default:
		return 0;
	}
}

/* Its group; cfg.groups, which is the one of all others, if the table has no room. */
static __always_inline u32 group_of(const struct pp_rec *rec)
{
	u64 key, *slot;
	u32 i;

	if (cfg.by == PP_BY_NONE)
		return 0;
	key = group_key(rec);
#pragma clang loop unroll(disable)
	for (i = 0; i < PP_GROUPS_MAX; i++) {
		if (i >= cfg.groups)
			break;
		slot = pp_group_at(i);
		if (!slot)
			break;
		if (*slot == key || (!*slot && !pp_cas64(slot, 0, key)))
			return i;
		/* Another CPU may have claimed it for the same key just now. */
		if (*(volatile u64 *)slot == key)
			return i;
	}
	return cfg.groups;
}

/* The fastest of the slowest of a row, and its place. */
static __always_inline u64 least_of(const struct pp_worst *w, u64 row, u32 *at)
{
	u64 least = ~0ull;
	u32 i;

#pragma clang loop unroll(disable)
	for (i = 0; i < PP_WORST_MAX; i++) {
		if (i >= cfg.worst)
			break;
		if (w->ns[row][i] < least) {
			least = w->ns[row][i];
			*at = i;
		}
	}
	return least;
}

/*
 * Is this among the slowest of its row on this CPU, so far in the interval? Then it takes the
 * place of the fastest of them. A new interval begins with none.
 */
static __always_inline u32 is_worst(struct pp_worst *w, u64 row, u64 ns)
{
	u32 at = 0;

	if (ns <= w->least[row])
		return 0;
	if (w->nr[row] < cfg.worst)
		at = w->nr[row]++;
	else
		least_of(w, row, &at);
	w->ns[row][at & (PP_WORST_MAX - 1)] = ns;
	if (w->nr[row] == cfg.worst)
		w->least[row] = least_of(w, row, &at);
	return 1;
}

static __always_inline struct pp_worst *worst_here(u32 cpu)
{
	struct pp_worst *w;

	if (!cfg.worst)
		return NULL;
	w = bpf_map_lookup_elem(&worsts, &cpu);
	if (w && w->epoch != epoch) {
		__builtin_memset(w->least, 0, sizeof(w->least));
		__builtin_memset(w->nr, 0, sizeof(w->nr));
		w->epoch = epoch;
	}
	return w;
}

/*
 * The weight of what follows GRO: a packet that others were merged into stands for all of them,
 * if frames of the wire are counted; and one that was merged has its part in its parent's.
 */
static __always_inline u32 weight_of(const struct pp_rec *rec)
{
	if (rec->verdict == PP_V_MERGED)
		return 0;
	return cfg.wire && rec->gro_frames > 1 ? rec->gro_frames : 1;
}

static __always_inline u32 weight_before_gro(const struct pp_rec *rec)
{
	return cfg.wire || rec->verdict != PP_V_MERGED;
}

/*
 * A stamp, by a stage of order[]; the end, by PP_ST_NR, which follows them. The mask is for the
 * verifier, which does not know what is in there; spelt in assembly, since the compiler does.
 */
static __always_inline u64 stamp_at(const struct pp_rec *rec, u32 stage)
{
	u64 i = stage;

#ifdef __bpf__
	asm volatile("%0 &= %1" : "+r"(i) : "i"(PP_ORDER - 1));
#endif
	return rec->ts[i];
}

/*
 * The bucket goes through memory, of which the verifier knows nothing, so that it need not follow
 * each way through pp_hist_bucket() to the end of the record.
 */
static __always_inline void count_row(struct pp_hists *h, struct pp_rec *rec, u32 row, u64 ns,
				      u32 weight)
{
	u64 i;

	*(volatile u32 *)&rec->bucket = row * PP_H_BUCKETS + pp_hist_bucket(ns);
	i = *(volatile u32 *)&rec->bucket;
#ifdef __bpf__
	asm volatile("" : "+r"(i));	/* compare the very register that is used */
#endif
	if (i < PP_H_ROWS * PP_H_BUCKETS)
		__sync_fetch_and_add(&h->count[i], weight);
}

/* Add an ended record to the histograms. */
static __always_inline void count_rows(struct pp_rec *rec, u32 cpu)
{
	u32 weight = weight_of(rec), before = weight_before_gro(rec), i, next;
	u32 n = rec->nr_order, at = cpu * (cfg.groups + 1) + group_of(rec);
	u32 stage = rec->order[0];
	u64 from = stamp_at(rec, stage), to;
	struct pp_hists *h;

	h = bpf_map_lookup_elem(&hists, &at);
	if (!h || !before)
		return;
	if (weight)
		count_row(h, rec, PP_H_TOTAL, rec->end_ns - from, weight);
#pragma clang loop unroll(disable)
	for (i = 1; i <= PP_ST_NR && i <= n; i++) {
		next = rec->order[i];
		to = stamp_at(rec, next);
		count_row(h, rec, stage, to - from, stage > PP_ST_GRO ? weight : before);
		from = to;
		stage = next;
	}
}

/* The row's bit, if it is slow enough to be sent. */
static __always_inline u32 slow_row(struct pp_worst *worst, u64 row, u64 ns)
{
	u32 slow = 0;

#ifdef __bpf__
	/* The compiler knows its bound and would leave the test out; the verifier does not know it. */
	asm volatile("" : "+r"(row));
#endif
	if (row >= PP_H_ROWS)
		return 0;
	if (cfg.slow_any)
		slow = ns > cfg.slow[row];
	if (worst)
		slow |= is_worst(worst, row, ns);
	return slow << row;
}

/*
 * The rows for which a record is slow enough to be sent, a bit each. A walk of its own: in one with
 * the other, what each has to keep at hand would cost more than walking twice.
 */
static __always_inline u32 slow_rows(const struct pp_rec *rec, u32 cpu)
{
	/* Examples are whole journeys only. */
	struct pp_worst *worst = rec->verdict == PP_V_MERGED ? NULL : worst_here(cpu);
	u32 n = rec->nr_order, picks = 0, row = PP_H_TOTAL, next = rec->order[0], i;
	u64 from = stamp_at(rec, next), ns = rec->end_ns - from, to;

	/* The whole first, then stage by stage. */
#pragma clang loop unroll(disable)
	for (i = 0; i <= PP_ST_NR && i <= n && row < PP_H_ROWS; i++) {
		if (i) {
			row = next;
			next = rec->order[i];
			to = stamp_at(rec, next);
			ns = to - from;
			from = to;
		}
		picks |= slow_row(worst, row, ns);
	}
	return picks;
}

/* Leave out of order[] what is not measured. */
static __always_inline void keep_measured(struct pp_rec *rec)
{
	u32 n = rec->nr_order, i, kept;

	rec->nr_order = 0;
#pragma clang loop unroll(disable)
	for (i = 0; i < PP_ST_NR && i < n; i++) {
		u32 stage = rec->order[i];

		/* The first stays in any case: the whole begins with it. */
		if (i && !(cfg.stages & 1u << (stage & 31)))
			continue;
		/* Counted in memory, where the verifier does not follow each number on its own. */
		kept = *(volatile u8 *)&rec->nr_order;
		rec->order[kept & (PP_ORDER - 1)] = stage;
		*(volatile u8 *)&rec->nr_order = kept + 1;
	}
}

/* What is made of an ended record, whose stamps were taken one after the other: see order[]. */
static __always_inline u32 account_for(struct pp_rec *rec, u32 cpu)
{
	/* How long a packet took that was lost sight of is not known. */
	if (rec->verdict == PP_V_UNTRACKED)
		return 0;
	if (cfg.stages != ~0u)
		keep_measured(rec);
	rec->order[rec->nr_order & (PP_ORDER - 1)] = PP_ST_NR;
	if (cfg.hist)
		count_rows(rec, cpu);
	return cfg.slow_any || cfg.worst ? slow_rows(rec, cpu) : 0;
}

#endif /* PKTPATH_ACCOUNT_BPF_H */
