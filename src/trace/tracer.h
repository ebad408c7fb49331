/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * A running trace, as an opaque object: new (choose hooks, load, attach) → enable → poll …
 * → stop (the account is final) → ledger → free (detach; nothing is left in the kernel). Functions
 * return 0 or -errno. Only tracer_new() says on stderr why it failed, in one line, as it knows.
 */
#ifndef PKTPATH_TRACE_TRACER_H
#define PKTPATH_TRACE_TRACER_H

#include "by_keys.h"
#include "model/histogram.h"
#include "trace/memory.h"
#include "hooks/plan.h"
#include "model/ledger.h"
#include "trace/xdp_stage.h"

struct tracer_opts {
	const struct scope *scope;	/* interfaces; must outlive the tracer */
	uint32_t sample;		/* 1 of this many flows; 0 and 1 = all */
	bool sample_packets;		/* packets instead of flows */
	bool sample_changes;		/* tracer_sample() will be called */
	enum backend force;	/* BE_NONE: the best per hook */
	uint32_t records;	/* slab size, a power of two, 1 Ki..512 Ki */
	uint32_t ring_bytes;	/* a power of two, at least a page */
	uint32_t verdicts;	/* bit mask: records with these are sent to tracer_consume() */
	/* Only what such a process read is sent; 0 and NULL: any. The group is a directory. */
	uint32_t reader_pid;
	const char *reader_comm, *reader_cgroup;
	bool hist;		/* count durations in histograms: tracer_hist() */
	bool wire;		/* a packet counts for each frame merged into it */
	enum pp_by by;
	uint32_t groups;	/* with `by`: 1..PP_GROUPS_MAX, and one for the rest */
	/* What is sent of the records with `verdicts`; 0 and false: all. */
	uint32_t worst;		/* this many of the slowest of each row, CPU and interval */
	bool slow_any;		/* those with a row slower than this, ns */
	uint64_t slow[PP_H_ROWS];
	uint32_t stages;	/* bit mask: measure only these; 0 = all. See plan_opts */
	enum xdp_want xdp;	/* what else than observe; interfaces must be named then */
};

#define TRACER_RECORDS (1u << 15)
#define TRACER_RING (8u << 20)
#define VERDICTS_ALL (~0u)
/* With XDP_DROP goes what an XDP program decided, but could not be done. */
#define VERDICTS_DROPS (1u << PP_V_DROPPED | 1u << PP_V_XDP_DROP | 1u << PP_V_XDP_ABORTED)

struct tracer;
struct bpf_object;

int tracer_new(struct tracer **out, const struct tracer_opts *opts);
void tracer_enable(struct tracer *t);

/* Follow a share of flows or packets from here on, 0..1; with `sample` or `sample_changes` only. */
void tracer_sample(struct tracer *t, double share);

/* The descriptor of a row's k-th program; -1: it has no such one, or it is detached. */
int tracer_program(const struct tracer *t, int row, int k);

/* Packets that have come in so far, those that sampling left out as well. */
uint64_t tracer_packets(const struct tracer *t);

/* Poll this descriptor for input; fetch with tracer_consume(), also from time to time. */
int tracer_fd(const struct tracer *t);

/* Calls `fn` for each ended record; stops early, returning its value, when it is not 0. */
typedef int (*tracer_fn)(void *arg, const struct pp_rec *rec);
int tracer_consume(struct tracer *t, tracer_fn fn, void *arg);

const struct plan *tracer_plan(const struct tracer *t);

/*
 * Looks from time to time whether XDP programs came or went, and whether hooks run; call it at any
 * rate.
 */
void tracer_look(struct tracer *t, const struct links *l);

/* The scope's interfaces are others now: follow these. */
void tracer_follow(struct tracer *t);

/*
 * Interfaces came: attaches hooks for those of other drivers, and bridges' once there is one. Says
 * so; also where that cannot be done, as without privileges (`may_load` is false). Call it in the
 * scope's namespace. True: there are more stages or hooks now.
 */
bool tracer_grow(struct tracer *t, bool may_load);

/* Start no new record from here on. */
void tracer_rest(struct tracer *t);

/* Are all XDP programs that are observed generic ones, which run after `netif`? */
bool tracer_xdp_late(const struct tracer *t);

/* Histograms so far, of all CPUs, into one with as many groups; while packets move as well. */
void tracer_hist(const struct tracer *t, struct histogram *h);

/* The groups' keys so far (bpf/core/histograms.bpf.h), 0 = not used; how many there may be. */
uint32_t tracer_groups(const struct tracer *t, uint64_t key[PP_GROUPS_MAX]);

/* From here on the slowest are those of a new interval. */
void tracer_new_interval(struct tracer *t);

/* The BPF object whose programs run, for what the kernel tells about them. */
const struct bpf_object *tracer_object(const struct tracer *t);

/* What its tables were made for. */
struct memory_opts tracer_memory(const struct tracer *t);

/* Start no new record, let those under way end, and let nothing change any more. */
void tracer_stop(struct tracer *t);

/*
 * The account, all fields but `shown`, `absent` and the duration. Exact after tracer_stop();
 * before, set led->so_far.
 */
int tracer_ledger(struct tracer *t, struct ledger *led);

/* Detaches and frees everything, which takes seconds where the kernel waits after each function. */
void tracer_free(struct tracer *t);

#endif /* PKTPATH_TRACE_TRACER_H */
