/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * The reader: who it is, whether it slept, and what else may read in its place. A packet costs
 * nothing here until it is read; docs/INTERNALS.md says what the rest costs.
 */
#ifndef PKTPATH_BPF_HOOKS_READER_BPF_H
#define PKTPATH_BPF_HOOKS_READER_BPF_H

#include "core/record.bpf.h"
#include "core/wakeups.h"

/*
 * A packet was queued on `sk`: the threads that this CPU wakes from now until its poll is over
 * (h_poll_end()) read that socket. In a process there is no such end: see announce_tcp().
 */
static __always_inline void announce(const struct here *h, u64 sk)
{
	h->c->waking = sk;
}

/* A packet without a list of its own is queued on `sk`, ready to be read. */
static __always_inline void queue_on(const struct here *h, struct pp_rec *rec, u64 sk)
{
	stamp(h, rec, PP_ST_SOCK);
	rec->sk = sk;
	announce(h, sk);
}

/*
 * TCP: what waited in the backlog is queued by the thread that unlocks the socket, which may then
 * wake anybody. A socket without an owner is locked by a softirq.
 */
static __always_inline void announce_tcp(const int typed, const struct here *h, struct sock *sk)
{
	if (!RD(typed, sk, sk_lock.owned))
		announce(h, (u64)sk);
}

/*
 * Somebody wakes a reader: tp sched_waking(p), on the CPU that does so, before p is made runnable,
 * and only if it sleeps. sched_wakeup would not do: it may fire later, on the CPU where p will run.
 */
HANDLER(waking)
{
	struct task_struct *p = (void *)a0;
	struct pp_cpu *c = this_cpu();

	if (c && c->waking)
		pp_task_wake(RD(typed, p, pid), c->waking, bpf_ktime_get_ns(),
			     bpf_get_smp_processor_id());
}

/* tp sched_switch(preempt, prev, next): a thread gets the CPU. */
HANDLER(running)
{
	struct task_struct *next = (void *)a2;
	struct pp_task *t = pp_task_find(RD(typed, next, pid));

	if (t)
		pp_task_run(t, bpf_ktime_get_ns(), bpf_get_smp_processor_id());
}

/* Who reads. Looked up once per read, however many packets end by it. */
struct reader {
	struct pp_task *task;	/* NULL = whether it slept is not known */
	u64 comm[PP_COMM_LEN / 8];
	u64 sleeps;
	u64 cgroup;		/* ID of its control group, for --by cgroup */
	u32 pid;
	u16 flags;		/* enum pp_flag: MPTCP or the like reads in its place; WANTED */
};

/*
 * The reader's name. /proc/PID/comm has that of the process's first thread; other threads, such as
 * io_uring's workers and pollers (`iou-wrk-…`), may have names of their own.
 */
static __always_inline void read_comm(struct task_struct *task, struct reader *r)
{
	struct task_struct *leader = task;

	if ((u32)TASK(task, pid) != r->pid)
		leader = TASK(task, group_leader);
	task_comm(leader, r->comm);
}

static __always_inline int is_wanted(const struct reader *r)
{
	if (cfg.reader_pid && cfg.reader_pid != r->pid)
		return 0;
	if (cfg.reader_comm[0] &&
	    (cfg.reader_comm[0] != r->comm[0] || cfg.reader_comm[1] != r->comm[1]))
		return 0;
	return !cfg.reader_cgroup || bpf_current_task_under_cgroup(&wanted_cgroup, 0) == 1;
}

/* The current thread is the reader: called in its own context, not in a softirq on top of it. */
static __always_inline void reader_here(struct reader *r)
{
	struct task_struct *task = this_task();

	r->flags = 0;
	r->pid = TASK(task, tgid);
	r->sleeps = TASK(task, nvcsw);
	r->cgroup = cfg.by == PP_BY_CGROUP ? bpf_get_current_cgroup_id() : 0;
	read_comm(task, r);
	r->task = pp_task_watch(TASK(task, pid));
	if (cfg.by_reader && is_wanted(r))
		r->flags |= PP_F_WANTED;
}

/* Does kTLS receive for this socket? TLS_BASE (0) means that it leaves the direction alone. */
static __always_inline int tls_receives(u64 sk)
{
	const struct tls_context *ctx = TCP_SK(sk, inet_conn.icsk_ulp_data);

	/* The type belongs to a module, which may be loaded after pktpath. */
	if (!ctx || !bpf_core_field_exists(ctx->rx_conf))
		return 1;
	return BPF_CORE_READ_BITFIELD_PROBED(ctx, rx_conf) != 0;
}

#define SK_USER_DATA_PSOCK 4ull	/* v6.0 on; the bits below 8 are flags */

/* Does a BPF sockmap's program receive for this socket? */
static __always_inline int psock_receives(u64 user_data)
{
	const struct sk_psock *psock = (const void *)(user_data & ~7ull);
	u64 saved = 0;

	if (!(user_data & SK_USER_DATA_PSOCK) || !bpf_core_field_exists(psock->saved_data_ready))
		return 0;
	bpf_core_read(&saved, sizeof(saved), &psock->saved_data_ready);
	return saved != 0;
}

/*
 * Who takes data off a TCP socket before the application does, if anybody. kTLS may be in use for
 * sending only, and a socket may be in a sockmap without a program that takes what it receives.
 */
static __always_inline u16 layer_of(u64 sk)
{
	const struct tcp_ulp_ops *ulp = TCP_SK(sk, inet_conn.icsk_ulp_ops);
	u64 user = (u64)BPF_CORE_READ((const struct sock *)sk, sk_user_data);
	char name[8] = {};

	if (ulp) {
		bpf_core_read(name, sizeof(name), &ulp->name);
		if (name[0] == 't' && name[1] == 'l' && name[2] == 's' && !name[3])
			return tls_receives(sk) ? PP_F_KTLS : 0;
		if (name[0] == 'm' && name[1] == 'p' && name[2] == 't')
			return PP_F_MPTCP;
	}
	return psock_receives(user) ? PP_F_SOCKMAP : 0;
}

/*
 * The reader of a TCP socket. tcp_read_sock() may run in a softirq, for a part of the kernel that
 * uses the socket; then the current thread has nothing to do with it, and nobody owns the lock.
 */
static __always_inline void reader_of_tcp(u64 sk, struct reader *r)
{
	u16 layer = layer_of(sk);

	if (!layer && BPF_CORE_READ((const struct sock *)sk, sk_lock.owned)) {
		reader_here(r);
		return;
	}
	__builtin_memset(r, 0, sizeof(*r));
	r->flags = layer;
}

/* A packet was read: end it. The caller has taken it out of the tables. */
static __always_inline void finish_read(const struct here *h, struct pp_rec *rec, u64 sk,
					const struct reader *r)
{
	rec->flags |= r->flags;
	if (r->flags & (PP_F_MPTCP | PP_F_KTLS | PP_F_SOCKMAP)) {
		finish(h, rec, PP_V_CONSUMED, 0, 0);
		return;
	}
	rec->pid = r->pid;
	rec->cgroup = r->cgroup;
	__builtin_memcpy(rec->comm, r->comm, sizeof(rec->comm));
	if (r->task && pp_take_wake(rec, r->task, sk, r->sleeps))
		COUNT(h, inversions);
	stamp(h, rec, PP_ST_READ);
	finish(h, rec, PP_V_DELIVERED, 0, 0);
}

/* The read is over. */
static __always_inline void reader_done(const struct here *h, const struct reader *r)
{
	if (r->task)
		pp_task_reads(r->task, h->now, r->sleeps);
}

/* The current thread has read one packet from `sk`: both of these, as above. */
static __always_inline void finish_read_here(const struct here *h, struct pp_rec *rec, u64 sk)
{
	struct reader r;

	reader_here(&r);
	finish_read(h, rec, sk, &r);
	reader_done(h, &r);
}

#endif /* PKTPATH_BPF_HOOKS_READER_BPF_H */
