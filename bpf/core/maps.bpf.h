/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * What outlives a program's run: the configuration that the loader writes, the switches that it
 * turns, the tables and how an entry of each is reached.
 *
 * No hash map, and no event per hook: a record is reached through an array word found by the
 * skb's address, or through its socket's list.
 */
#ifndef PKTPATH_BPF_CORE_MAPS_BPF_H
#define PKTPATH_BPF_CORE_MAPS_BPF_H

#include "core/kernel.bpf.h"
#include "record.h"

static __always_inline struct pp_rec *pp_rec_at(u32 i);
static __always_inline struct pp_set *pp_set_at(u32 i);
static __always_inline struct pp_sock *pp_sock_at(u32 i);
static __always_inline u32 pp_sock_shift(void);
static __always_inline struct pp_napi *pp_napi_at(u32 i);
#ifdef PP_LEGACY
#include "core/legacy.bpf.h"
#endif

const volatile struct pp_cfg cfg = {};
#include "core/stitch.h"

/*
 * PP_ON from when all hooks are attached until just before they are detached, so that no packet is
 * followed only part of the way.
 */
volatile __u32 enabled = PP_OFF;

/*
 * With cfg.sample: flows or packets whose hash is at most this are followed. Changes at run time.
 */
volatile __u32 sample_max = ~0u;

/*
 * With cfg.nr_ifs: the interfaces that have those names now; 0 = none has. Changes at run time.
 */
volatile __u32 wanted_ifs[PP_IFS] = {};

/*
 * Set once a packet was refused a record: from then on one without may have been counted already.
 */
volatile __u32 refused = 0;

/* Set once IP cloned an skb on its way: from then on, one without a record may be such a clone. */
volatile __u32 shares = 0;

/*
 * Set once a packet was on its way out. Until then one without skb_iif is what this host sends, and
 * is told from others by one load. A tunnel clears skb_iif as well, but only of what is bound for
 * it already.
 */
volatile __u32 leaving = 0;

/* Filled in when XDP programs are attached; the first entry without an index is the end. */
struct pp_xdp_dev xdp_devs[PP_IFS] = {};

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

/*
 * Tables of a fixed size are variables: an element is found by adding to an address, where a map
 * would need a lookup.
 */
struct pp_set pp_sets[PP_SETS] = {};
struct pp_napi pp_napis[PP_NAPIS] = {};
struct pp_task pp_tasks[PP_TASKS] = {};
struct pp_irq_thread pp_irq_threads[PP_IRQ_THREADS] = {};
__u64 pp_watched[PP_TASKS / 64] = {};

/* Behind all other variables that start as zero: the loader cuts it to what --records asks for. */
struct pp_sock pp_socks[PP_SOCKS] = {};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);			/* set at load where it is needed: PP_FIFOS */
	__type(key, u32);
	__type(value, struct pp_fifo);
} fifos SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_CGROUP_ARRAY);
	__uint(max_entries, 1);			/* --cgroup */
	__type(key, u32);
	__type(value, u32);
} wanted_cgroup SEC(".maps");

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
	return &pp_sets[i & (PP_SETS - 1)];
}

static __always_inline struct pp_sock *pp_sock_at(u32 i)
{
	return &pp_socks[i & cfg.sock_mask];
}

static __always_inline u32 pp_sock_shift(void)
{
	return cfg.sock_shift;
}

static __always_inline struct pp_napi *pp_napi_at(u32 i)
{
	return &pp_napis[i & (PP_NAPIS - 1)];
}

static __always_inline struct pp_task *pp_task_at(u32 i)
{
	return &pp_tasks[i & (PP_TASKS - 1)];
}

#endif /* PKTPATH_BPF_CORE_MAPS_BPF_H */
