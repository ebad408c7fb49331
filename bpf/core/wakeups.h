/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * Whether a packet's reader slept, when it was woken, and when it got a CPU. Pure code as in
 * stitch.h; the includer defines
 *	struct pp_task *pp_task_at(__u32 i);	threads that read, NULL when i is out of range
 *	__u64 pp_watched[PP_TASKS / 64];	which slots of that table are in use, a bit each
 *
 * Every context switch of the machine asks whether the next thread is one of these, so that is
 * first looked up in a few cache lines. Bits are never cleared: the slot of a thread that is gone
 * costs other threads with the same low bits one more look.
 */
#ifndef PKTPATH_BPF_CORE_WAKEUPS_H
#define PKTPATH_BPF_CORE_WAKEUPS_H

#include "core/stitch.h"

/* The slot of a thread that is watched, or NULL. */
static __always_inline struct pp_task *pp_task_find(__u32 tid)
{
	__u32 slot = tid & (PP_TASKS - 1);
	struct pp_task *t;

	if (!(pp_watched[slot / 64] & 1ull << (slot & 63)))
		return NULL;
	t = pp_task_at(slot);
	return t && tid && t->tid == tid ? t : NULL;
}

/* The thread's slot. What it held of another thread is erased. */
static __always_inline struct pp_task *pp_task_watch(__u32 tid)
{
	__u32 slot = tid & (PP_TASKS - 1);
	struct pp_task *t = pp_task_at(slot);
	__u64 bit = 1ull << (slot & 63);

	if (!t || !tid)
		return NULL;
	if (t->tid != tid) {
		t->sk = t->wake_ns = t->run_ns = t->on_ns = t->awake_ns = 0;
		t->tid = tid;
	}
	/* Two CPUs may lose each other's bit here: the thread's next wake or read sets it again. */
	if (!(pp_watched[slot / 64] & bit))
		pp_watched[slot / 64] |= bit;
	return t;
}

/* A sleeping thread is woken just after data was queued on this socket: see announce(). */
static __always_inline void pp_task_wake(__u32 tid, __u64 sk, __u64 now, __u16 cpu)
{
	struct pp_task *t = pp_task_watch(tid);

	if (!t)
		return;
	t->sk = sk;
	t->wake_ns = now;
	t->wake_cpu = cpu;
	t->run_ns = 0;
}

/* The thread gets a CPU. */
static __always_inline void pp_task_run(struct pp_task *t, __u64 now, __u16 cpu)
{
	t->on_ns = now;
	if (t->wake_ns && !t->run_ns) {
		t->run_ns = now;
		t->run_cpu = cpu;
	}
}

/* The thread reads, so it runs. A wake-up after which it was not seen to get a CPU is void. */
static __always_inline void pp_task_reads(struct pp_task *t, __u64 now, __u64 sleeps)
{
	if (!t->awake_ns || t->sleeps != sleeps) {
		t->awake_ns = now;
		t->sleeps = sleeps;
	}
	if (!t->run_ns)
		t->wake_ns = 0;
}

/*
 * How long a packet waited for its reader to wake up and to run, judging by the thread that reads
 * it. The packet came
 *	while the thread had a CPU, or waited for one without having slept: it was awake;
 *	before the thread was woken for this socket: it takes both stamps;
 *	after it was woken, before it got a CPU: it takes that stamp;
 *	at another time: the thread waited for something else, and the packet for the thread.
 * `sleeps` counts how often the thread has slept. Returns 1 if the clock went back.
 */
static __always_inline int pp_take_wake(struct pp_rec *rec, const struct pp_task *t, __u64 sk,
					__u64 sleeps)
{
	__u64 sock = rec->ts[PP_ST_SOCK];
	int back = 0;

	if (!sock)
		return 0;
	if ((t->on_ns && t->on_ns <= sock) ||
	    (t->awake_ns && t->awake_ns <= sock && t->sleeps == sleeps)) {
		rec->flags |= PP_F_AWAKE;
		return 0;
	}
	if (!t->wake_ns || t->run_ns < t->wake_ns || t->run_ns < sock)
		return 0;
	if (sock <= t->wake_ns) {
		if (t->sk != sk)
			return 0;
		back = pp_stamp(rec, PP_ST_WAKE, t->wake_ns, t->wake_cpu);
	}
	return back | pp_stamp(rec, PP_ST_RUN, t->run_ns, t->run_cpu);
}

#endif /* PKTPATH_BPF_CORE_WAKEUPS_H */
