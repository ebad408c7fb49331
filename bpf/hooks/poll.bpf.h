/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * Interrupt, NAPI, softirq, poll. All this runs once per poll, not per packet; what is learnt is
 * kept per NAPI instance and per CPU, for the packets that the poll fetches.
 */
#ifndef PKTPATH_BPF_HOOKS_POLL_BPF_H
#define PKTPATH_BPF_HOOKS_POLL_BPF_H

#include "core/record.bpf.h"
#include "core/xdp_slot.bpf.h"

#define NET_RX_SOFTIRQ 3	/* include/linux/interrupt.h, part of the ABI of /proc/softirqs */

/*
 * An interrupt handler begins: a driver's own, or tp irq_handler_entry. A driver's own that runs in
 * a thread is HANDLER(irq_thread)'s.
 */
HANDLER(irq_enter)
{
	struct here h;

	if (cfg.irq_threads && !in_hardirq())
		return;
	if (here(&h))
		h.c->irq_ns = h.now;
}

/* It returns. Hooked only where in_hardirq() cannot know that the handler is over. */
HANDLER(irq_exit)
{
	struct pp_cpu *c = this_cpu();

	if (c)
		c->irq_ns = 0;
}

#define IRQ_RUNTHREAD 1	/* kernel/irq/internals.h, bit IRQTF_RUNTHREAD: woken, yet to run */
#define IRQ_COMM 0x2f717269u	/* "irq/", with which the names of interrupts' threads begin */

/* The entry of a thread. Which of those that share it has it, it is told anew. */
static __always_inline struct pp_irq_thread *irq_thread_of(u32 tid)
{
	struct pp_irq_thread *t = &pp_irq_threads[tid & (PP_IRQ_THREADS - 1)];

	if (t->tid != tid) {
		t->tid = tid;
		t->woken_ns = t->irq_ns = t->thread_ns = 0;
	}
	return t;
}

/*
 * tp irq_handler_entry(irq, action), where interrupts are threaded: this one wakes the action's
 * thread, unless an earlier one has done so for which it has yet to run.
 */
HANDLER(irq_hard)
{
	struct irqaction *action = (void *)a1;
	struct task_struct *thread = RD(typed, action, thread);
	struct pp_irq_thread *t;
	struct here h;

	if (!thread || !here(&h))
		return;
	t = irq_thread_of(RD(typed, thread, pid));
	if (t->woken_ns && RD(typed, action, thread_flags) & IRQ_RUNTHREAD)
		return;
	t->woken_cpu = h.cpu;
	t->woken_ns = h.now;
}

/*
 * irq_forced_thread_fn(), irq_thread_fn(): an interrupt's thread is about to call the handler.
 * Newer kernels have the first call the second: nothing woke the thread in between, nor has it
 * slept.
 */
HANDLER(irq_thread)
{
	struct task_struct *task = this_task();
	struct pp_irq_thread *t;
	struct here h;
	u64 sleeps;

	if (!here(&h))
		return;
	t = irq_thread_of(TASK(task, pid));
	sleeps = TASK(task, nvcsw);
	if (t->thread_ns && !t->woken_ns && t->sleeps == sleeps)
		return;
	t->sleeps = sleeps;
	t->irq_ns = t->woken_ns <= h.now ? t->woken_ns : 0;
	t->irq_cpu = t->woken_cpu;
	t->woken_ns = 0;
	t->thread_ns = h.now;
	t->thread_cpu = h.cpu;
	if (preemption_count() == COUNT_UNKNOWN)
		h.c->irq_ns = h.now;	/* net_rx_action() ends it, or a hard interrupt's end */
}

/* The interrupt's thread whose handler is running; NULL if none is, or if that is not certain. */
static __always_inline struct pp_irq_thread *irq_thread_here(const struct pp_cpu *c)
{
	struct task_struct *task;
	u64 comm[2];

	if (!cfg.irq_threads)
		return NULL;
	if (preemption_count() == COUNT_UNKNOWN ? !c->irq_ns : !in_thread())
		return NULL;
	task = this_task();
	task_comm(task, comm);
	return (u32)comm[0] == IRQ_COMM ? irq_thread_of(TASK(task, pid)) : NULL;
}

/*
 * netpoll_poll_dev(): netconsole and the like clean up a full transmit queue. There, the driver's
 * ndo_poll_controller() may call its own interrupt handler (e1000_netpoll(), v6.1).
 */
HANDLER(netpoll_enter)
{
	struct pp_cpu *c = this_cpu();

	if (c)
		c->netpoll = 1;
}

HANDLER(netpoll_exit)
{
	struct pp_cpu *c = this_cpu();

	if (c)
		c->netpoll = 0;
}

/* The cause of a poll: why its NAPI instance is being scheduled. */
static __always_inline u32 schedule_cause(const struct pp_cpu *c, const struct pp_napi *n,
					  const struct pp_irq_thread *t)
{
	if (c->netpoll)
		return PP_C_NETPOLL;
	if (t || (c->irq_ns && in_hardirq()))
		return PP_C_IRQ;
	/* napi_complete_done() within the poll, after an interrupt found it running */
	if (c->poll.napi == n->napi)
		return PP_C_MISSED;
	/* __busy_poll_stop() leaves what its last poll could not fetch to the softirq. */
	if (n->busy && n->again)
		return PP_C_REPOLL;
	/* In a handler that no hook met, as of a driver that came later: no timer, nor known. */
	return cfg.hardirq_mask && in_hardirq() ? PP_C_NONE : PP_C_TIMER;
}

/* Bits of napi_struct.state: an enum without a name, but the same on all kernels since v4.12. */
#define NAPI_SCHED	(1u << 0)	/* NAPI_STATE_SCHED: scheduled, or owned by a poll */
#define NAPI_DISABLE	(1u << 2)	/* NAPI_STATE_DISABLE: about to be switched off */
#define NAPI_NPSVC	(1u << 3)	/* NAPI_STATE_NPSVC: poll_one_napi() polls it */
#define NAPI_IN_BUSY	(1u << 6)	/* NAPI_STATE_IN_BUSY_POLL: napi_busy_loop() owns it */

/* The interrupt that is the cause of a poll. */
static __always_inline void take_irq(struct pp_napi *n, const struct here *h,
				     const struct pp_irq_thread *t)
{
	n->irq_ns = h->c->irq_ns;
	n->irq_cpu = h->cpu;
	n->thread_ns = 0;
	if (!t)
		return;
	if (!t->thread_ns) {	/* no hook sees its handler begin */
		n->irq_ns = t->woken_ns;
		n->irq_cpu = t->woken_cpu;
	} else if (t->woken_ns) {
		/* One came since then; or this is its handler, of which the hook was skipped. */
		n->irq_ns = 0;
	} else {
		n->irq_ns = t->irq_ns;
		n->irq_cpu = t->irq_cpu;
		n->thread_ns = t->thread_ns;
		n->thread_cpu = t->thread_cpu;
	}
}

/* __napi_schedule(napi): if an interrupt handler calls it, that interrupt is the poll's cause. */
HANDLER(napi)
{
	struct pp_irq_thread *t;
	struct pp_napi *n;
	struct here h;

	if (!here(&h))
		return;
	t = irq_thread_here(h.c);
	n = pp_napi_claim(a0, h.now);
	/*
	 * On RT one of the two functions calls the other: only the first one counts. But what an
	 * older interrupt left is overwritten, since its poll's hook was skipped.
	 */
	if (!n || (n->sched_ns && n->sched_ns >= (t ? t->thread_ns : h.c->irq_ns)))
		return;
	n->cause = schedule_cause(h.c, n, t);
	if (n->cause == PP_C_IRQ)
		take_irq(n, &h, t);
	else
		n->irq_ns = n->thread_ns = 0;
	n->sched_cpu = h.cpu;
	n->sched_ns = h.now;
}

/*
 * napi_watchdog(timer), of gro_flush_timeout and napi_defer_hard_irqs: v6.1 inlines into it the
 * function by which it schedules, so it has a hook of its own. What is already scheduled it leaves
 * alone.
 */
HANDLER(napi_timer)
{
	struct napi_struct *napi = (void *)(a0 - bpf_core_field_offset(struct napi_struct, timer));
	unsigned long state = 0;
	struct pp_napi *n;
	struct here h;

	bpf_core_read(&state, sizeof(state), &napi->state);
	if (state & (NAPI_SCHED | NAPI_DISABLE) || !here(&h))
		return;
	n = pp_napi_claim((u64)napi, h.now);
	if (!n)
		return;
	n->cause = PP_C_TIMER;
	n->irq_ns = n->thread_ns = 0;
	n->sched_cpu = h.cpu;
	n->sched_ns = h.now;
}

/* "ksoftirq", the first half of the name of the thread "ksoftirqd/CPU", as a number. */
#define KSOFTIRQ_COMM 0x71726974666f736bull

/*
 * net_rx_action(): no interrupt handler is running, even if the hook of its return was skipped. In
 * which context the softirq runs is looked up here, once for all of its polls.
 */
HANDLER(softirq)
{
	u64 comm[2];
	struct here h;

	if (!here(&h))
		return;
	h.c->softirq_ns = h.now;
	h.c->irq_ns = 0;
	task_comm(this_task(), comm);
	h.c->context = comm[0] == KSOFTIRQ_COMM ? PP_X_KSOFTIRQD : PP_X_SOFTIRQ;
}

/* tp softirq_entry(vector) */
HANDLER(softirq_vec)
{
	if ((u32)a0 == NET_RX_SOFTIRQ)
		h_softirq(typed, 0, 0, 0);
}

/*
 * Is the NAPI instance polled by its own thread? napi_struct.thread came with threaded NAPI, v5.12.
 */
static __always_inline int in_own_thread(const int typed, struct napi_struct *napi)
{
	u64 thread;

	if (!bpf_core_field_exists(napi->thread))
		return 0;
	thread = (u64)RD(typed, napi, thread);
	return thread && thread == (u64)this_task();
}

/* The cause of a poll that nobody was seen to schedule. */
static __always_inline u32 unscheduled_cause(const struct pp_napi *n, int core)
{
	/* busy_poll_stop() polls once more after it has cleared the mark of a busy poll. */
	if (n->busy && !core)
		return PP_C_BUSY;
	/* If the kernel skipped the hook of its scheduling, nothing is known. */
	return n->again ? PP_C_REPOLL : PP_C_NONE;
}

/* Take over what the interrupt left for the packets of this poll. */
static __always_inline void take_schedule(struct pp_poll *p, const struct here *h,
					  struct pp_napi *n)
{
	p->cause = n->cause;
	if (n->cause == PP_C_IRQ && p->context == PP_X_THREAD)
		p->cause = PP_C_THREADED;
	p->irq_ns = n->irq_ns;
	p->irq_cpu = n->irq_cpu;
	p->thread_ns = n->thread_ns;
	p->thread_cpu = n->thread_cpu;
	p->sched_ns = n->sched_ns;
	p->sched_cpu = n->sched_cpu;
	/* If the softirq was already running, it was not this interrupt that started it. */
	if (p->context != PP_X_THREAD && h->c->softirq_ns >= n->sched_ns)
		p->softirq_ns = h->c->softirq_ns;
	n->sched_ns = 0;
}

/*
 * Why the poll that now begins takes place, and in which context. `core`: it is __napi_poll() that
 * polls, not a busy poller or netpoll.
 */
static __always_inline void find_cause(const int typed, const struct here *h, u64 addr, int core)
{
	struct napi_struct *napi = (void *)addr;
	u64 state = RD(typed, napi, state);
	struct pp_poll *p = &h->c->poll;
	struct pp_napi *n;

	p->cause = PP_C_NONE;
	p->context = in_own_thread(typed, napi) ? PP_X_THREAD : h->c->context;
	/* Only the backlog has no device (net_dev_init()). */
	if (!RD(typed, napi, dev)) {
		p->cause = PP_C_BACKLOG;
		return;
	}
	n = pp_napi_claim(addr, h->now);
	if (!n) {
		COUNT(h, napi_full);
		return;
	}
	if (state & NAPI_IN_BUSY)
		p->cause = PP_C_BUSY;
	else if (!core && (h->c->netpoll || (state & NAPI_NPSVC)))
		p->cause = PP_C_NETPOLL;
	else if (n->sched_ns)
		take_schedule(p, h, n);
	else
		p->cause = unscheduled_cause(n, core);
	n->busy = p->cause == PP_C_BUSY;
	if (!n->busy)
		return;
	n->sched_ns = 0;
	if (p->context != PP_X_THREAD)
		p->context = PP_X_PROCESS;
}

static __always_inline void poll_begins(const int typed, const struct here *h, u64 napi,
					u32 budget, int core)
{
	struct pp_poll *p = &h->c->poll;

	p->napi = napi;
	p->poll_ns = h->now;
	p->irq_ns = p->thread_ns = p->sched_ns = p->softirq_ns = 0;
	p->budget = budget;
	/* The end of the last one was not seen, nor how much it fetched. */
	if (p->index)
		p->id++;
	p->index = p->counts = 0;
	find_cause(typed, h, napi, core);
}

/* __napi_poll(napi): a poll begins in the softirq, or in the thread of a threaded NAPI instance. */
HANDLER(poll)
{
	struct napi_struct *napi = (void *)a0;
	struct here h;

	if (here(&h))
		poll_begins(typed, &h, a0, RD(typed, napi, weight), 1);
}

/*
 * A driver's own poll(napi, budget). napi_busy_loop() and netpoll call it without __napi_poll(),
 * and kernels before v5.12, which do not have that function, always call it directly.
 */
HANDLER(poll_driver)
{
	struct pp_cpu *c = this_cpu();
	struct here h;

	if (c && c->poll.napi != a0 && here(&h))
		poll_begins(typed, &h, a0, a1, 0);
}

/*
 * A busy poll of a driver without a row for its poll: no hook saw it begin. But busy polling goes
 * on until there is something to read, so when one poll ends, the next one's packets are expected
 * from the same NAPI instance.
 */
static __always_inline u32 busy_polled_id(const int typed, struct napi_struct *napi)
{
	if (!(RD(typed, napi, state) & NAPI_IN_BUSY) || !bpf_core_field_exists(napi->napi_id))
		return 0;
	return RD(typed, napi, napi_id);
}

/*
 * tp napi_poll(napi, work, budget) fires when the driver's poll is over: what comes now does not
 * belong to it. An instance that used up its budget is polled again (__napi_poll()).
 */
HANDLER(poll_end)
{
	struct pp_cpu *c = this_cpu();
	struct pp_napi *n = pp_napi_find(a0, 0);
	struct pp_poll *p;

	if (n)
		n->again = (u32)a1 >= (u32)a2;
	if (!c)
		return;
	c->waking = 0;
	p = &c->poll;
	c->busy_id = p->napi == a0 ? 0 : busy_polled_id(typed, (void *)a0);
	p->napi = 0;
	/* Most busy polls fetch nothing: those take no entry of done[]. */
	if (p->index) {
		c->done[p->id % PP_DONE] = pp_done(p->id, a1, a2);
		p->id++;
	}
	p->index = p->counts = 0;
	if (cfg.xdp)
		xdp_poll_over();
}

#endif /* PKTPATH_BPF_HOOKS_POLL_BPF_H */
