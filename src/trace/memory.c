// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include <stdio.h>
#include <unistd.h>
#include "trace/memory.h"
#include "tables.h"

/* An array's values are aligned to 8 bytes and fill whole pages (array_map_alloc()). */
static uint64_t table_bytes(uint64_t entries, uint64_t size)
{
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);

	return (entries * ((size + 7) & ~7ull) + page - 1) / page * page;
}

/* Its data pages are mapped twice, one after the other, but are there once. */
static uint64_t ring_buffer_bytes(uint64_t size)
{
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);

	return size + 3 * page + 2 * size / page * sizeof(void *);
}

static uint64_t hist_bytes(const struct memory_opts *o)
{
	return table_bytes(o->hist_counts ? o->hist_counts : PP_H_ROWS * PP_H_BUCKETS,
			   sizeof(uint64_t)) +
	       table_bytes(PP_GROUPS_MAX, sizeof(uint64_t)) +
	       table_bytes(o->worst ? o->cpus : 1, sizeof(struct pp_worst));
}

uint32_t memory_socks(const struct memory_opts *o)
{
	uint32_t most = o->legacy ? PP_SOCKS_LEGACY : PP_SOCKS;

	return o->records < most / 2 ? 2 * o->records : most;
}

uint64_t memory_bytes(const struct memory_opts *o)
{
	return table_bytes(o->records, sizeof(struct pp_rec)) +
	       table_bytes(PP_SETS, sizeof(struct pp_set)) +
	       table_bytes(memory_socks(o), sizeof(struct pp_sock)) +
	       table_bytes(PP_TASKS, sizeof(struct pp_task)) +
	       table_bytes(PP_NAPIS, sizeof(struct pp_napi)) +
	       table_bytes(PP_IRQ_THREADS, sizeof(struct pp_irq_thread)) +
	       table_bytes(o->fifos ? PP_FIFOS : 1, sizeof(struct pp_fifo)) +
	       table_bytes(o->cpus, sizeof(struct pp_cpu)) + hist_bytes(o) +
	       ring_buffer_bytes(o->ring_bytes);
}

const char *memory_text(char buf[MEMORY_LEN], const struct memory_opts *o)
{
	char hists[32] = "";

	if (o->hist_counts)
		snprintf(hists, sizeof(hists), ", %.1f for histograms",
			 (double)hist_bytes(o) / 1e6);
	snprintf(buf, MEMORY_LEN, "%.1f MB in the kernel, fixed "
		 "(%.1f for records, %.1f for the ring%s)",
		 (double)memory_bytes(o) / 1e6,
		 (double)table_bytes(o->records, sizeof(struct pp_rec)) / 1e6,
		 (double)ring_buffer_bytes(o->ring_bytes) / 1e6, hists);
	return buf;
}
