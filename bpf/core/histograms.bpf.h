/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * What the kernel side makes of an ended record: it counts the durations of its stages in
 * histograms, and finds out whether it is slow enough to be sent. That takes one walk over its
 * stamps when it ends; a packet on its way costs nothing more.
 */
#ifndef PKTPATH_BPF_CORE_HISTOGRAMS_BPF_H
#define PKTPATH_BPF_CORE_HISTOGRAMS_BPF_H

#include "core/maps.bpf.h"
#include "by_keys.h"
#include "hist.h"

/* The buckets of one CPU and group. */
struct pp_hists {
	u64 count[PP_H_ROWS * PP_H_BUCKETS];
};

/*
 * [CPU][group]. Each CPU has its own, and still adds with atomics, since a softirq may interrupt a
 * program in a process: so no count is lost, and user space reads them without a lock.
 */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);			/* set at load where histograms are wanted */
	__type(key, u32);
	__type(value, struct pp_hists);
} hists SEC(".maps");

/* The keys of the groups, first come, first served; see include/by_keys.h. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, PP_GROUPS_MAX);
	__type(key, u32);
	__type(value, u64);
} groups SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);			/* set at load with --worst: possible CPUs, and 1 */
	__type(key, u32);
	__type(value, struct pp_worst);
} worsts SEC(".maps");

/* User space changes it to begin a new interval, which then has slowest packets of its own. */
volatile __u32 epoch = 1;

static __always_inline u64 *pp_group_at(u32 i)
{
	return bpf_map_lookup_elem(&groups, &i);
}

/* The group's index; if the table is full, cfg.groups, which is that of all others. */
static __always_inline u32 group_of(const struct pp_rec *rec)
{
	u64 key, *slot;
	u32 i;

	if (cfg.by == PP_BY_NONE)
		return 0;
	key = pp_by_pack(cfg.by, rec);
#pragma clang loop unroll(disable)
	for (i = 0; i < PP_GROUPS_MAX; i++) {
		if (i >= cfg.groups)
			break;
		slot = pp_group_at(i);
		if (!slot)
			break;
		if (*slot == key || (!*slot && !pp_cas64(slot, 0, key)))
			return i;
		/* Another CPU may just have claimed it for the same key. */
		if (*(volatile u64 *)slot == key)
			return i;
	}
	return cfg.groups;
}

/* The shortest of the durations that are kept as a row's slowest, and its place. */
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
 * Is this among the slowest of its row, so far, on this CPU and in this interval? Then it takes the
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

/*
 * The slowest so far on a CPU. Without --worst, or if the record cannot be an example (`whole` is
 * 0): an entry that nothing is slower than, so that callers need no other code for these cases.
 */
static __always_inline struct pp_worst *worst_here(u32 cpu, u32 whole)
{
	u32 at = cfg.worst && whole ? cpu + 1 : 0;
	struct pp_worst *w = bpf_map_lookup_elem(&worsts, &at);

	if (w && w->epoch != epoch) {
		__builtin_memset(w->nr, 0, sizeof(w->nr));
		if (at)
			__builtin_memset(w->least, 0, sizeof(w->least));
		else
			__builtin_memset(w->least, 0xff, sizeof(w->least));
		w->epoch = epoch;
	}
	return w;
}

/*
 * Wire weight or skb weight: how much a record counts in the rows after GRO. A packet that others
 * were merged into stands for all of them if frames of the wire are counted; one that was merged
 * counts as part of its parent.
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
 * The stamp of a stage taken from order[]; PP_ST_NR gives the end, which follows the stamps. The
 * mask is for the verifier, which does not know what order[] holds. It is written in assembly
 * because the compiler does know, and would leave it out.
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
 * Count a duration in its histogram bucket. The bucket's number goes through memory, about which
 * the verifier knows nothing, so that it need not follow each way through pp_hist_bucket() on its
 * own. The mask is for the verifier, too.
 */
static __always_inline void count_row(struct pp_hists *h, struct pp_rec *rec, const u32 row, u64 ns,
				      u64 weight)
{
	u64 i;

	*(volatile u32 *)&rec->bucket = pp_hist_bucket(ns);
	i = *(volatile u32 *)&rec->bucket & (PP_H_BUCKETS - 1);
#ifdef __bpf__
	asm volatile("" : "+r"(i));	/* or the compiler ors it to the row's place */
#endif
	__sync_fetch_and_add(&h->count[row * PP_H_BUCKETS + i], weight);
}

/* The same for a row that is only known at run time; nothing if there is no such row. */
static __always_inline void count_any_row(struct pp_hists *h, struct pp_rec *rec, u32 row, u64 ns,
					  u64 weight)
{
	u64 i;

	*(volatile u32 *)&rec->bucket = row * PP_H_BUCKETS + pp_hist_bucket(ns);
	i = *(volatile u32 *)&rec->bucket;
#ifdef __bpf__
	asm volatile("" : "+r"(i));	/* compare the very register that is used below */
#endif
	if (i < PP_H_ROWS * PP_H_BUCKETS)
		__sync_fetch_and_add(&h->count[i], weight);
}

/* A record on its way into the histograms. */
struct walk {
	struct pp_hists *hists;
	const struct pp_worst *worst;
	struct pp_rec *rec;
	u64 weight, before;		/* in the rows after GRO, and in those before */
};

/*
 * Were the stages stamped in the order of their numbers? They nearly always are, but not if a
 * packet comes through netif_rx(), for example. Each byte of order[] is compared with the next one,
 * eight at a time; the bytes after the last stage are greater than any (clear_rec()).
 */
static __always_inline int is_in_order(const struct pp_rec *rec)
{
	const u64 high = 0x8080808080808080ull;
	const u8 *order = rec->order;
	u32 i;

	/* If the compiler knew that these are bytes, it would load them one by one. */
	asm volatile("" : "+r"(order));
#pragma unroll
	for (i = 0; i < PP_ORDER - 8; i += 8) {
		u64 these = *(const u64 *)&order[i], next = *(const u64 *)&order[i + 1];

		if ((((next | high) - these) & high) != high)
			return 0;
	}
	return 1;
}

/*
 * Count a row that the compiler knows wherever this is expanded. That it seems slow enough is noted
 * in memory, or the verifier would follow each combination of slow rows on its own.
 */
static __always_inline void take_row(const struct walk *w, const u32 row, u64 ns)
{
	count_row(w->hists, w->rec, row, ns, row > PP_ST_GRO ? w->weight : w->before);
	if (ns > w->worst->least[row])
		*(volatile u32 *)&w->rec->picks = 1;
}

/*
 * From the end back to the first stage, unrolled: each row has its own code, at half a loop's cost.
 */
static __always_inline void walk_back(const struct walk *w)
{
	u64 end = w->rec->end_ns, to = end;
	int stage;

#pragma unroll
	for (stage = PP_ST_NR - 1; stage >= 0; stage--) {
		u64 from = w->rec->ts[stage];

		if (!from)
			continue;
		take_row(w, stage, to - from);
		to = from;
	}
	take_row(w, PP_H_TOTAL, end - to);
}

/*
 * Is the stage asked for? PP_ST_NR, which is the end in order[], always is: it ends the last row.
 */
static __always_inline int is_measured(u32 stage)
{
	return stage == PP_ST_NR || cfg.stages & 1u << (stage & 31);
}

/* The same for stages in any order. The first one always counts, since the total begins with it. */
static __always_inline void walk_by_order(const struct walk *w)
{
	struct pp_rec *rec = w->rec;
	u32 n = rec->nr_order, row = rec->order[0], next, i;
	u64 from = stamp_at(rec, row), to;

	rec->picks = 1;
	count_row(w->hists, rec, PP_H_TOTAL, rec->end_ns - from, w->weight);
#pragma clang loop unroll(disable)
	for (i = 1; i <= PP_ST_NR && i <= n; i++) {
		next = rec->order[i];
		if (!is_measured(next))
			continue;
		to = stamp_at(rec, next);
		count_any_row(w->hists, rec, row, to - from,
			      row > PP_ST_GRO ? w->weight : w->before);
		from = to;
		row = next;
	}
}

/*
 * Is a row's duration long enough for the record to be sent? `whole`: it may be an example. A
 * global function, so that it is verified once, not at each turn of the loop below.
 */
int pp_is_slow(u32 cpu, u32 row, u64 ns, u32 whole);

__attribute__((noinline)) int pp_is_slow(u32 cpu, u32 row, u64 ns, u32 whole)
{
	struct pp_worst *worst = cfg.worst ? worst_here(cpu, whole) : NULL;
	u64 i = row;
	int slow = 0;

#ifdef __bpf__
	asm volatile("" : "+r"(i));	/* compare the very register that is used */
#endif
	if (i >= PP_H_ROWS)
		return 0;
	if (cfg.slow_any)
		slow = ns > cfg.slow[i];
	if (!worst)
		return slow;
	/*
	 * This interrupted a program that is in here already. User space has the last word anyway.
	 */
	if (*(volatile u32 *)&worst->busy)
		return 1;
	*(volatile u32 *)&worst->busy = 1;
	slow |= is_worst(worst, i, ns);
	*(volatile u32 *)&worst->busy = 0;
	return slow;
}

/*
 * The rows in which a record is slow enough to be sent, a bit each. Done only for the few records
 * that seem to be: this is also where the slowest are remembered.
 */
static __always_inline u32 slow_rows(const struct pp_rec *rec, u32 cpu, u32 whole)
{
	u32 n = rec->nr_order, picks = 0, row = PP_H_TOTAL, next = rec->order[0], i;
	u64 from = stamp_at(rec, next), ns = rec->end_ns - from, to;

	/* The total first, then stage by stage. */
#pragma clang loop unroll(disable)
	for (i = 0; i <= PP_ST_NR && i <= n && row < PP_H_ROWS; i++) {
		if (i) {
			if (!is_measured(rec->order[i]))
				continue;
			row = next;
			next = rec->order[i];
			to = stamp_at(rec, next);
			ns = to - from;
			from = to;
		}
		picks |= (u32)!!pp_is_slow(cpu, row, ns, whole) << row;
	}
	return picks;
}

/* Only whole journeys make good examples: a merged packet's goes on in its parent. */
static __always_inline u32 is_whole(const struct pp_rec *rec)
{
	return rec->verdict != PP_V_MERGED;
}

/* Count an ended record in the histograms. Returns 1 if it seems to be among the slowest. */
static __always_inline u32 count_rows(struct pp_rec *rec, u32 cpu)
{
	struct walk w = { .rec = rec, .weight = weight_of(rec), .before = weight_before_gro(rec),
			  .worst = worst_here(cpu, is_whole(rec)) };
	u32 at = cpu * (cfg.groups + 1) + group_of(rec);

	w.hists = bpf_map_lookup_elem(&hists, &at);
	if (!w.hists || !w.worst)
		return 0;
	rec->picks = 0;
	if (cfg.stages == ~0u && is_in_order(rec))
		walk_back(&w);
	else
		walk_by_order(&w);
	return *(volatile u32 *)&rec->picks;
}

/* Count an ended record. Returns the rows in which it is slow enough to be sent, a bit each. */
static __always_inline u32 account_for(struct pp_rec *rec, u32 cpu)
{
	/* Nobody knows how long a packet took after it was lost sight of. */
	if (rec->verdict == PP_V_UNTRACKED)
		return 0;
	rec->order[rec->nr_order & (PP_ORDER - 1)] = PP_ST_NR;
	if (cfg.hist && !count_rows(rec, cpu))
		return 0;
	return cfg.slow_any || cfg.worst ? slow_rows(rec, cpu, is_whole(rec)) : 0;
}

#endif /* PKTPATH_BPF_CORE_HISTOGRAMS_BPF_H */
