/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * The handlers of bpf/ with the host in the kernel's place: their maps as plain arrays, a clock
 * that ticks at each reading, and one thread that reads. For the tests that include this, once
 * each; they provide host_emit(), which gets every ended record.
 */
#ifndef PKTPATH_HANDLERS_H
#define PKTPATH_HANDLERS_H

/* The loader writes the configuration before load; here it is a variable like any other. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#define const
#include "hooks/all.bpf.h"
#undef const

#define RECS 1024
#define READER 4711	/* the thread that reads; it is the process's only one */

static struct pp_rec slab_data[RECS];
static struct pp_fifo fifos_data[PP_FIFOS];
static struct pp_cpu cpu_data;
static struct task_struct reader = { .pid = READER, .tgid = READER, .comm = "reader" };
static u64 clock_now;

#define HOST_MAP(name, data)                                                                       \
	if (map == (const void *)&(name))                                                          \
		return key < sizeof(data) / sizeof((data)[0]) ? &(data)[key] : NULL

static void *host_lookup(const void *map, unsigned int key)
{
	HOST_MAP(slab, slab_data);
	HOST_MAP(fifos, fifos_data);
	return map == (const void *)&cpus && !key ? &cpu_data : NULL;
}

static unsigned long long host_clock(void)
{
	return ++clock_now;
}

static void *host_task(void)
{
	return &reader;
}

/* As the loader leaves it, with empty tables. */
static void host_reset(void)
{
	memset(slab_data, 0, sizeof(slab_data));
	memset(pp_sets, 0, sizeof(pp_sets));
	memset(pp_socks, 0, sizeof(pp_socks));
	memset(pp_napis, 0, sizeof(pp_napis));
	memset(fifos_data, 0, sizeof(fifos_data));
	memset(pp_tasks, 0, sizeof(pp_tasks));
	memset(pp_watched, 0, sizeof(pp_watched));
	memset(pp_irq_threads, 0, sizeof(pp_irq_threads));
	memset(&cpu_data, 0, sizeof(cpu_data));
	cfg.nr_cpus = cfg.have_end = 1;
	cfg.stages = ~0u;
	cfg.emit = ~0u;
	cfg.rec_mask = RECS - 1;
	cfg.sock_mask = PP_SOCKS - 1;
	cfg.sock_shift = 32 - PP_SOCK_BITS;
	enabled = 1;
}

#endif /* PKTPATH_HANDLERS_H */
