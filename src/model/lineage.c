// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include "model/lineage.h"

#define BUCKETS (LINEAGE_MAX * 2)
#define NONE	UINT32_MAX

/* A waiting record, in its bucket's list, which is in order of arrival. */
struct waiting {
	struct pp_rec rec;
	uint32_t next;
	bool used;
};

struct bucket {
	uint32_t head, tail;
};

struct lineage {
	lineage_fn fn;
	void *arg;
	uint32_t oldest, nr;	/* slots are used in turn, as a ring */
	struct bucket buckets[BUCKETS];
	struct waiting slots[LINEAGE_MAX];
};

struct lineage *lineage_new(lineage_fn fn, void *arg)
{
	struct lineage *l = calloc(1, sizeof(*l));

	if (!l)
		return NULL;
	l->fn = fn;
	l->arg = arg;
	for (uint32_t i = 0; i < BUCKETS; i++)
		l->buckets[i] = (struct bucket){ NONE, NONE };
	return l;
}

static struct bucket *bucket_of(struct lineage *l, uint64_t parent)
{
	return &l->buckets[(parent * 0x9e3779b97f4a7c15ull >> 32) % BUCKETS];
}

/* Takes out the first one that waits for `parent`; NONE if there is none. */
static uint32_t take(struct lineage *l, uint64_t parent)
{
	struct bucket *b = bucket_of(l, parent);
	uint32_t i, prev = NONE;

	for (i = b->head; i != NONE && l->slots[i].rec.parent != parent; i = l->slots[i].next)
		prev = i;
	if (i == NONE)
		return NONE;
	if (prev == NONE)
		b->head = l->slots[i].next;
	else
		l->slots[prev].next = l->slots[i].next;
	if (b->tail == i)
		b->tail = prev;
	l->slots[i].used = false;
	return i;
}

static void drop_taken(struct lineage *l)
{
	for (; l->nr && !l->slots[l->oldest].used; l->nr--)
		l->oldest = (l->oldest + 1) % LINEAGE_MAX;
}

/* The oldest goes without its parent. It is the first in its list, which is in order of arrival. */
static int put_out_oldest(struct lineage *l)
{
	uint32_t i = take(l, l->slots[l->oldest].rec.parent);
	int ret = l->fn(l->arg, &l->slots[i].rec, NULL);

	drop_taken(l);
	return ret;
}

static int wait_for_parent(struct lineage *l, const struct pp_rec *rec)
{
	struct bucket *b = bucket_of(l, rec->parent);
	int ret = l->nr == LINEAGE_MAX ? put_out_oldest(l) : 0;
	uint32_t i = (l->oldest + l->nr++) % LINEAGE_MAX;

	l->slots[i] = (struct waiting){ .rec = *rec, .next = NONE, .used = true };
	if (b->head == NONE)
		b->head = i;
	else
		l->slots[b->tail].next = i;
	b->tail = i;
	return ret;
}

/* Those that wait for `id`, and those that wait for them: GRO may merge merged packets again. */
static int follow(struct lineage *l, uint64_t id, const struct pp_rec *whole, int depth)
{
	uint32_t i;
	int ret = 0;

	while (!ret && (i = take(l, id)) != NONE) {
		struct pp_rec rec = l->slots[i].rec;

		ret = l->fn(l->arg, &rec, whole);
		if (!ret && depth)
			ret = follow(l, rec.id, whole, depth - 1);
	}
	return ret;
}

int lineage_add(struct lineage *l, const struct pp_rec *rec)
{
	int ret;

	if (rec->verdict == PP_V_MERGED && rec->parent)
		return wait_for_parent(l, rec);
	ret = l->fn(l->arg, rec, NULL);
	if (!ret && l->nr) {
		ret = follow(l, rec->id, rec, 3);
		drop_taken(l);
	}
	return ret;
}

int lineage_flush(struct lineage *l)
{
	int ret = 0;

	while (!ret && l->nr)
		ret = put_out_oldest(l);
	return ret;
}

void lineage_free(struct lineage *l)
{
	free(l);
}

struct pp_rec lineage_journey(const struct pp_rec *rec, const struct pp_rec *whole)
{
	struct pp_rec way = *rec;

	for (int st = 0; st < PP_ST_NR; st++) {
		if (rec->ts[st] || whole->ts[st] < rec->end_ns)
			continue;
		way.ts[st] = whole->ts[st];
		way.cpu[st] = whole->cpu[st];
	}
	way.end_ns = whole->end_ns;
	way.end_cpu = whole->end_cpu;
	way.verdict = whole->verdict;
	return way;
}
