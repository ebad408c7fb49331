// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include <stdbool.h>
#include <stdlib.h>
#include "model/timeline.h"
#include "model/slowest.h"

/* A heap for each row. On top is the fastest of the slowest, the next to go. */
struct slowest {
	uint32_t k;
	uint32_t nr[PP_H_ROWS];
	struct slowest_entry entries[];	/* [row][k] */
};

struct slowest *slowest_new(uint32_t k)
{
	struct slowest *w = calloc(1, sizeof(*w) + sizeof(w->entries[0]) * PP_H_ROWS * k);

	if (w)
		w->k = k;
	return w;
}

void slowest_free(struct slowest *w)
{
	free(w);
}

void slowest_clear(struct slowest *w)
{
	for (uint32_t row = 0; row < PP_H_ROWS; row++)
		w->nr[row] = 0;
}

/* Of two that took equally long, the earlier one is kept, so that the order is always the same. */
static bool is_faster(const struct slowest_entry *a, const struct slowest_entry *b)
{
	return a->ns != b->ns ? a->ns < b->ns : a->rec.end_ns > b->rec.end_ns;
}

static void swap(struct slowest_entry *a, struct slowest_entry *b)
{
	struct slowest_entry keep = *a;

	*a = *b;
	*b = keep;
}

static void sift_up(struct slowest_entry *heap, uint32_t i)
{
	for (; i && is_faster(&heap[i], &heap[(i - 1) / 2]); i = (i - 1) / 2)
		swap(&heap[i], &heap[(i - 1) / 2]);
}

/* The fastest of an entry and the two below it. */
static uint32_t fastest_of(const struct slowest_entry *heap, uint32_t i, uint32_t n)
{
	uint32_t least = i, below;

	for (below = 2 * i + 1; below <= 2 * i + 2 && below < n; below++)
		if (is_faster(&heap[below], &heap[least]))
			least = below;
	return least;
}

static void sift_down(struct slowest_entry *heap, uint32_t n)
{
	uint32_t i = 0, least;

	for (least = fastest_of(heap, i, n); least != i; least = fastest_of(heap, i, n)) {
		swap(&heap[i], &heap[least]);
		i = least;
	}
}

static void add_to_row(struct slowest *w, uint32_t row, uint64_t ns, const struct pp_rec *rec)
{
	struct slowest_entry *heap = &w->entries[row * w->k];
	struct slowest_entry entry = { .ns = ns, .rec = *rec };

	if (w->nr[row] < w->k) {
		heap[w->nr[row]] = entry;
		sift_up(heap, w->nr[row]++);
	} else if (w->k && is_faster(&heap[0], &entry)) {
		heap[0] = entry;
		sift_down(heap, w->k);
	}
}

void slowest_add(struct slowest *w, const struct pp_rec *rec, uint32_t stages)
{
	uint64_t ns[PP_H_ROWS];
	struct timeline tl;
	uint32_t rows;

	if (rec->verdict == PP_V_MERGED || rec->verdict == PP_V_UNTRACKED)
		return;
	timeline_build(rec, &tl);
	rows = timeline_measure(&tl, stages, ns);
	for (uint32_t row = 0; row < PP_H_ROWS; row++)
		if (rows & 1u << row)
			add_to_row(w, row, ns[row], rec);
}

uint32_t slowest_list(const struct slowest *w, uint32_t row, const struct slowest_entry **list)
{
	const struct slowest_entry *heap = &w->entries[row * w->k];

	for (uint32_t n = 0; n < w->nr[row]; n++) {
		uint32_t i = n;

		for (; i && is_faster(list[i - 1], &heap[n]); i--)
			list[i] = list[i - 1];
		list[i] = &heap[n];
	}
	return w->nr[row];
}
