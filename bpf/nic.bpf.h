/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * Interrupt, NAPI, softirq, poll: once per poll, not per packet. What is learnt here is kept per
 * NAPI instance and per CPU until a packet is born.
 */
#ifndef PKTPATH_NIC_BPF_H
#define PKTPATH_NIC_BPF_H

#include "path.bpf.h"

#define NET_RX_SOFTIRQ 3	/* include/linux/interrupt.h, part of the ABI of /proc/softirqs */

HANDLER(irq_enter)
{
	struct here h;

	if (here(&h))
		h.c->irq_ns = h.now;
}

HANDLER(irq_exit)
{
	struct pp_cpu *c = this_cpu();

	if (c)
		c->irq_ns = 0;
}

/* __napi_schedule(napi): the interrupt handler that encloses it is the poll's cause. */
HANDLER(napi)
{
	struct pp_napi *n;
	struct here h;

	if (!here(&h))
		return;
	n = pp_napi_find(a0, 1);
	/*
	 * On RT one of the two functions calls the other. What an older interrupt left is another
	 * matter: the hook of its poll was skipped.
	 */
	if (!n || (n->sched_ns && n->sched_ns >= h.c->irq_ns))
		return;
	n->irq_ns = h.c->irq_ns;
	n->irq_cpu = h.cpu;
	n->sched_cpu = h.cpu;
	if (h.c->irq_ns)
		n->cause = PP_C_IRQ;
	else	/* napi_complete_done() within the poll, after an interrupt found it running */
		n->cause = h.c->poll.napi == a0 ? PP_C_MISSED : PP_C_TIMER;
	n->sched_ns = h.now;
}

HANDLER(softirq)
{
	struct here h;

	if (here(&h))
		h.c->softirq_ns = h.now;
}

HANDLER(softirq_vec)
{
	if ((u32)a0 == NET_RX_SOFTIRQ)
		h_softirq(typed, 0, 0, 0);
}

/* __napi_poll(napi): take over what the interrupt left, for the packets of this poll. */
HANDLER(poll)
{
	struct napi_struct *napi = (void *)a0;
	struct pp_poll *p;
	struct pp_napi *n;
	struct here h;

	if (!here(&h))
		return;
	p = &h.c->poll;
	p->napi = a0;
	p->poll_ns = h.now;
	p->irq_ns = p->sched_ns = p->softirq_ns = 0;
	n = pp_napi_find(a0, 0);
	if (!n) {
		/* Never seen scheduled: only the backlog has no device (net_dev_init()). */
		p->cause = RD(typed, napi, dev) ? PP_C_NONE : PP_C_BACKLOG;
		return;
	}
	if (!n->sched_ns) {
		/* Or the kernel skipped the hook that saw it scheduled: then nothing is known. */
		p->cause = n->again ? PP_C_REPOLL : PP_C_NONE;
		return;
	}
	p->cause = n->cause;
	p->irq_ns = n->irq_ns;
	p->irq_cpu = n->irq_cpu;
	p->sched_ns = n->sched_ns;
	p->sched_cpu = n->sched_cpu;
	/* An interrupt may come while the softirq runs already: then this one did not start it. */
	if (h.c->softirq_ns >= n->sched_ns)
		p->softirq_ns = h.c->softirq_ns;
	n->sched_ns = 0;
}

/*
 * tp napi_poll(napi, work, budget) fires when the driver's poll is over: what comes now is not of
 * this poll. One that used up its budget is polled again (__napi_poll()).
 */
HANDLER(poll_end)
{
	struct pp_cpu *c = this_cpu();
	struct pp_napi *n = pp_napi_find(a0, 0);

	if (c) {
		c->poll.napi = 0;
		c->waking = 0;
	}
	if (n)
		n->again = (u32)a1 >= (u32)a2;
}

#endif /* PKTPATH_NIC_BPF_H */
