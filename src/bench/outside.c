// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * pktpath bench MODE -i IF: traffic from outside on a device that others use too. What was sent
 * is not known here, so there are no books: what the program saw, what of that the target's
 * driver took if it was sent on, what the device says it took and missed, and what all CPUs
 * spent in softirq.
 */
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include "base/clock.h"
#include "bench/mode.h"
#include "bench/outside.h"
#include "bench/outside_show.h"
#include "bench/program.h"
#include "bench/sent.h"
#include "bench/xsk.h"
#include "host/ethtool.h"

#define SECONDS_DEFAULT 5000000000ull
#define SETTLE_NS	1000000000ull	/* many drivers restart when a program comes */
#define SLICE_NS	100000000ull

struct look {
	double wall, soft;	/* ns */
	uint64_t seen, sent;
};

struct outside {
	struct bench *b;
	const struct bench_opts *o;
	const struct bench_spec *spec;
	unsigned int ifindex;
	struct prog_env env;
	struct prog *prog;
	int link;
	struct xsk *xsk;
	struct sent *sent;	/* NULL if it sends nothing on, or that cannot be told */
	struct net_counters *stats;
	struct slice *wall, *soft, *left;
	size_t max, n;
	struct look first, last;
	struct cpu_use now[CPU_MAX];
	struct outside_result r;
	char why[160];
};

static int find(struct outside *x, const char *name, unsigned int *ifindex)
{
	*ifindex = if_nametoindex(name);
	if (*ifindex)
		return 0;
	if (errno != ENODEV)
		return why_cannot(&x->b->why, -errno, "%s: cannot be looked up", name);
	return why_usage(&x->b->why, -ENODEV, "%s: no such interface (ip link lists them)", name);
}

static int targets(struct outside *x)
{
	int i, err = 0, wanted = (int)ends[modes[x->spec->mode].end].targets;

	if (x->o->nr_to != wanted)
		return why_usage(&x->b->why, -EINVAL, "%s -i %s: needs --to IF %d times, not %d",
				 x->spec->label, x->o->ifname, wanted, x->o->nr_to);
	for (i = 0; !err && i < wanted; i++)
		err = find(x, x->o->to[i], &x->env.to[i]);
	return err;
}

static int taken(const struct outside *x, uint32_t id)
{
	return why_usage(&x->b->why, -EBUSY, "%s: an XDP program of somebody else is attached "
			 "(id %u): it was left alone", x->o->ifname, id);
}

/* Whatever happens, a program that is already there stays: a link cannot replace it. */
static int attach(struct outside *x)
{
	int err = prog_attach(x->prog, x->ifindex, x->o->generic);

	if (err >= 0) {
		x->link = err;
		return 0;
	}
	if (prog_on_device(x->ifindex))
		return taken(x, prog_on_device(x->ifindex));
	if (err == -EOPNOTSUPP || err == -EINVAL)
		return why_is(&x->b->why, err, "%s: its driver (%s) has no XDP: %s (try --generic)",
			      x->o->ifname, x->r.driver, strerror(-err));
	return why_cannot(&x->b->why, err, "%s: cannot attach %s", x->o->ifname, x->spec->label);
}

static int add_socket(struct outside *x)
{
	uint32_t queue = 0;
	int err, fd;

	if (mode_fill(x->spec->mode) != XB_FILL_SOCKETS)
		return 0;
	err = xsk_new(&x->xsk, x->ifindex, queue);
	if (!err)
		err = xsk_start(x->xsk, cpus_from_last(&x->o->cpus, 0));
	fd = err ? -1 : xsk_fd(x->xsk);
	if (!err)
		err = bpf_map_update_elem(prog_socks_fd(x->prog), &queue, &fd, BPF_ANY);
	return why_cannot(&x->b->why, err, "%s: cannot receive from an AF_XDP socket",
			  x->o->ifname);
}

static int prepare(struct outside *x)
{
	int err = find(x, x->o->ifname, &x->ifindex);
	uint32_t id;

	if (!err)
		err = targets(x);
	id = err ? 0 : prog_on_device(x->ifindex);
	return id ? taken(x, id) : err;
}

static int watch(struct outside *x)
{
	int err;

	if (!sent_can_tell(x->spec->mode, x->o->generic))
		return 0;
	err = sent_open(&x->sent, x->prog, x->spec->mode, x->o->generic, x->ifindex);
	return why_cannot(&x->b->why, err, "%s: cannot watch what is sent on", x->o->ifname);
}

static int start(struct outside *x)
{
	struct ethtool_drvinfo info;
	int err;

	if (!ethtool_driver(x->o->ifname, &info))
		snprintf(x->r.driver, sizeof(x->r.driver), "%.31s", info.driver);
	x->env.count = modes[x->spec->mode].end != END_CPU;
	x->env.cpu = cpus_from_last(&x->o->cpus, 0);
	err = prog_load(&x->prog, x->spec, &x->env, &x->b->why);
	if (!err)
		err = watch(x);
	if (!err)
		err = attach(x);
	if (!err)
		err = add_socket(x);
	if (!err)
		err = why_cannot(&x->b->why, net_counters_open(&x->stats, x->o->ifname),
				 "%s: cannot find its counters", x->o->ifname);
	return err;
}

/* A program of the user's own counts nothing that could be read here; the device does. */
static int seen(struct outside *x, uint64_t *packets)
{
	struct net_counts c = {};
	int err = 0;

	if (x->xsk) {
		*packets = xsk_received(x->xsk);
	} else if (x->spec->mode != XB_USER) {
		*packets = prog_counted(x->prog);
	} else {
		err = net_counters_all(x->stats, &c);
		*packets = c.rx_packets;
	}
	return err;
}

static int softirq_ns(struct outside *x, double *ns)
{
	int i, n = cpu_use_read(x->now, CPU_MAX);
	uint64_t ticks = 0;

	for (i = 0; i < n; i++)
		ticks += x->now[i].softirq + x->now[i].irq;
	*ns = (double)ticks * 1e9 / (double)sysconf(_SC_CLK_TCK);
	return n < 0 ? n : 0;
}

static int look(struct outside *x, struct look *l)
{
	int err;

	l->wall = (double)now_ns(CLOCK_MONOTONIC);
	err = softirq_ns(x, &l->soft);
	if (!err)
		err = seen(x, &l->seen);
	l->sent = !err && x->sent ? sent_on(x->sent, l->seen) : 0;
	return err;
}

static int slice(struct outside *x)
{
	struct look was = x->last;
	double packets;
	int slept = pace_sleep(&x->b->pace, SLICE_NS), err = look(x, &x->last);

	if (err)
		return err;
	/* Each goes on where the one before ended: none falls between two. */
	packets = (double)(x->last.seen - was.seen);
	x->wall[x->n] = (struct slice){ x->last.wall - was.wall, packets };
	/* With a bulk on its way between two readings it may seem that fewer left than before. */
	x->left[x->n] = (struct slice){ x->last.wall - was.wall,
					(double)x->last.sent - (double)was.sent };
	x->soft[x->n++] = (struct slice){ x->last.soft - was.soft, packets };
	return slept;
}

/* An early end is none of its errors. */
static int slices(struct outside *x, uint64_t ns)
{
	uint64_t begun = now_ns(CLOCK_MONOTONIC);
	int err = look(x, &x->first);

	x->last = x->first;
	while (!err && x->n < x->max && now_ns(CLOCK_MONOTONIC) - begun < ns) {
		pace_show(&x->b->pace, x->spec->label,
			  (double)(now_ns(CLOCK_MONOTONIC) - begun) / (double)ns);
		err = slice(x);
	}
	pace_clear(&x->b->pace);
	x->r.seconds = (double)(now_ns(CLOCK_MONOTONIC) - begun) / 1e9;
	return err == -EINTR ? 0 : err;
}

static int count(struct outside *x, uint64_t ns)
{
	struct outside_result *r = &x->r;
	struct xb_sent before = { 0 };
	int n, err;

	n = cpu_use_read(r->use, CPU_MAX);
	err = n < 0 ? n : net_counters_all(x->stats, &r->before);
	if (x->sent)
		sent_read(x->sent, &before);
	if (!err)
		err = slices(x, ns);
	if (x->sent) {
		sent_read(x->sent, &r->lost);
		r->lost.refused -= before.refused;
		r->lost.failed -= before.failed;
	}
	r->nr_use = err ? 0 : cpu_use_since(r->use, n);
	return err ? err : net_counters_all(x->stats, &r->after);
}

static int measure(struct outside *x, uint64_t ns)
{
	int err = pace_sleep(&x->b->pace, SETTLE_NS);

	if (err)
		return why_is(&x->b->why, err, "%s: interrupted before anything was measured",
			      x->o->ifname);
	return why_cannot(&x->b->why, count(x, ns), "%s: cannot read the counters", x->o->ifname);
}

/* Why there is no rate, or NULL. */
static const char *no_rate(struct outside *x)
{
	uint32_t err = x->r.lost.err;

	if (!x->r.seen)
		snprintf(x->why, sizeof(x->why), "nothing arrived at %s", x->o->ifname);
	else if (x->sent && !x->r.sent)
		snprintf(x->why, sizeof(x->why), "none of the packets left: %s%s",
			 err ? "the kernel said: " : "no driver took any",
			 err ? strerror((int)err) : "");
	else
		return NULL;
	return x->why;
}

static struct estimate per_second(const struct slice *s, size_t n)
{
	struct estimate e = bootstrap_ratio(s, n, 0.95);

	return (struct estimate){ 1e9 / e.value, 1e9 / e.hi, 1e9 / e.lo, e.n };
}

static int finish(struct outside *x)
{
	struct outside_result *r = &x->r;
	int err;

	r->seen = x->last.seen - x->first.seen;
	r->sent = x->last.sent - x->first.sent;
	r->sends = x->sent;
	r->seen_pps = per_second(x->wall, x->n);
	r->softirq = bootstrap_ratio(x->soft, x->n, 0.95);
	if (x->sent)
		r->sent_pps = per_second(x->left, x->n);
	r->no_rate = no_rate(x);
	pace_end(&x->b->pace);
	err = why_cannot(&x->b->why, outside_show(r), "cannot write: standard output");
	return err || !r->no_rate ? err :
	       why_is(&x->b->why, -ENODATA, "no rate: %s", r->no_rate);
}

static int run(struct outside *x, uint64_t ns)
{
	int err = prepare(x);

	x->max = ns / SLICE_NS + 2;
	x->wall = calloc(x->max, sizeof(*x->wall));
	x->soft = calloc(x->max, sizeof(*x->soft));
	x->left = calloc(x->max, sizeof(*x->left));
	if (!err && (!x->wall || !x->soft || !x->left))
		err = why_cannot(&x->b->why, -ENOMEM, "%s: cannot measure", x->o->ifname);
	if (!err)
		err = start(x);
	if (!err)
		err = measure(x, ns);
	return err ? err : finish(x);
}

int bench_outside(struct bench *b)
{
	uint64_t ns = b->o.seconds_ns ? b->o.seconds_ns : SECONDS_DEFAULT;
	struct outside *x = calloc(1, sizeof(*x));
	int err;

	if (!x)
		return why_cannot(&b->why, -ENOMEM, "%s: cannot measure", b->o.ifname);
	x->b = b;
	x->o = &b->o;
	x->r.b = b;
	x->spec = &b->o.specs[0];
	x->link = -1;
	err = run(x, ns);
	if (x->link >= 0)
		close(x->link);
	xsk_free(x->xsk);
	sent_free(x->sent);
	prog_free(x->prog);
	net_counters_free(x->stats);
	free(x->wall);
	free(x->soft);
	free(x->left);
	free(x);
	return err;
}
