// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * pktpath bench MODE -i IF: traffic from outside on a device that others use too. What was sent
 * is not known here, so there are no books: what the program saw, what of that the target's
 * driver took if it was sent on, what the device says it took and missed, and what all CPUs
 * spent in softirq.
 */
#include <errno.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include "bench/bench.h"
#include "host/cpus.h"
#include "host/ethtool.h"
#include "bench/show_json.h"
#include "bench/mode.h"
#include "bench/program.h"
#include "bench/sent.h"
#include "bench/show_text.h"
#include "bench/xsk.h"
#include "base/clock.h"
#include "base/exit.h"
#include "text/line.h"
#include "base/log.h"

#define SECONDS_DEFAULT 5000000000ull
#define SETTLE_NS	1000000000ull	/* many drivers restart when a program comes */
#define SLICE_NS	100000000ull

struct look {
	double wall, soft;	/* ns */
	uint64_t seen, sent;
};

struct outside {
	const struct bench_opts *o;
	const struct bench_spec *spec;
	unsigned int ifindex;
	struct prog_env env;
	struct prog *prog;
	int link;
	struct xsk *xsk;
	struct sent *sent;	/* NULL if it sends nothing on, or that cannot be told */
	struct xb_sent lost;	/* of what it sends on, while it is measured; `taken` is in looks */
	struct net_counters *stats;
	struct net_counts before, after;
	struct slice *wall, *soft, *left;
	size_t max, n;
	struct look first, last;
	double seconds;
	int nr_use;
	struct cpu_use use[CPU_MAX];
	struct machine machine;
	char driver[32], why[160];
};

static int find(const char *name, unsigned int *ifindex)
{
	*ifindex = if_nametoindex(name);
	if (*ifindex)
		return 0;
	log_err("%s: no such interface (ip link lists them)", name);
	return -ENODEV;
}

static int targets(struct outside *x)
{
	int i, err = 0, wanted = (int)ends[modes[x->spec->mode].end].targets;

	if (x->o->nr_to != wanted) {
		log_err("%s -i %s: needs --to IF %d times, not %d", x->spec->label, x->o->ifname,
			wanted, x->o->nr_to);
		return -EINVAL;
	}
	for (i = 0; !err && i < wanted; i++)
		err = find(x->o->to[i], &x->env.to[i]);
	return err;
}

static void taken(const struct outside *x, uint32_t id)
{
	log_err("%s: an XDP program of somebody else is attached (id %u): it was left alone",
		x->o->ifname, id);
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
		taken(x, prog_on_device(x->ifindex));
	else if (err == -EOPNOTSUPP || err == -EINVAL)
		log_err("%s: its driver (%s) has no XDP: %s (try --generic)", x->o->ifname,
			x->driver, strerror(-err));
	else
		log_err("%s: cannot attach: %s", x->o->ifname, strerror(-err));
	return err;
}

static int add_socket(struct outside *x)
{
	uint32_t queue = 0;
	int err, fd;

	if (mode_fill(x->spec->mode) != XB_FILL_SOCKETS)
		return 0;
	err = xsk_new(&x->xsk, x->ifindex, queue);
	if (!err)
		err = xsk_start(x->xsk, cpu_nth_from_last(0));
	fd = err ? -1 : xsk_fd(x->xsk);
	if (!err)
		err = bpf_map_update_elem(prog_socks_fd(x->prog), &queue, &fd, BPF_ANY);
	if (err)
		log_err("%s: cannot receive from an AF_XDP socket: %s", x->o->ifname,
			strerror(-err));
	return err;
}

static int prepare(struct outside *x)
{
	uint32_t id;
	int err = find(x->o->ifname, &x->ifindex);

	if (!err)
		err = targets(x);
	id = err ? 0 : prog_on_device(x->ifindex);
	if (id) {
		taken(x, id);
		err = -EBUSY;
	}
	return err;
}

static int watch(struct outside *x)
{
	int err;

	if (!sent_can_tell(x->spec->mode, x->o->generic))
		return 0;
	err = sent_open(&x->sent, x->prog, x->spec->mode, x->o->generic, x->ifindex);
	if (err)
		log_err("%s: cannot watch what is sent on: %s", x->o->ifname, strerror(-err));
	return err;
}

static int start(struct outside *x)
{
	struct ethtool_drvinfo info;
	int err;

	if (!ethtool_driver(x->o->ifname, &info))
		snprintf(x->driver, sizeof(x->driver), "%.31s", info.driver);
	x->env.count = modes[x->spec->mode].end != END_CPU;
	x->env.cpu = cpu_nth_from_last(0);
	err = prog_load(&x->prog, x->spec, &x->env);
	if (!err)
		err = watch(x);
	if (!err)
		err = attach(x);
	if (!err)
		err = add_socket(x);
	if (!err)
		err = net_counters_open(&x->stats, x->o->ifname);
	return err;
}

/* A program of the user's own counts nothing that could be read here; the device does. */
static uint64_t seen(struct outside *x)
{
	struct net_counts c = {};

	if (x->xsk)
		return xsk_received(x->xsk);
	if (x->spec->mode != XB_USER)
		return prog_counted(x->prog);
	net_counters_all(x->stats, &c);
	return c.rx_packets;
}

static double softirq_ns(void)
{
	static struct cpu_use use[CPU_MAX];
	int i, n = cpu_use_read(use, CPU_MAX);
	uint64_t ticks = 0;

	for (i = 0; i < n; i++)
		ticks += use[i].softirq + use[i].irq;
	return (double)ticks * 1e9 / (double)sysconf(_SC_CLK_TCK);
}

static struct look look(struct outside *x)
{
	struct look l = { (double)now_ns(CLOCK_MONOTONIC), softirq_ns(), seen(x), 0 };

	l.sent = x->sent ? sent_on(x->sent, l.seen) : 0;
	return l;
}

static int slice(struct outside *x)
{
	struct look was = x->last;
	double packets;
	int err = bench_sleep(SLICE_NS);

	/* Each goes on where the one before ended: none falls between two. */
	x->last = look(x);
	packets = (double)(x->last.seen - was.seen);
	x->wall[x->n] = (struct slice){ x->last.wall - was.wall, packets };
	/* With a bulk on its way between two readings it may seem that fewer left than before. */
	x->left[x->n] = (struct slice){ x->last.wall - was.wall,
					(double)x->last.sent - (double)was.sent };
	x->soft[x->n++] = (struct slice){ x->last.soft - was.soft, packets };
	return err;
}

static int measure(struct outside *x, uint64_t ns)
{
	struct xb_sent before;
	uint64_t begun;
	int n, err = bench_sleep(SETTLE_NS);

	begun = now_ns(CLOCK_MONOTONIC);
	n = cpu_use_read(x->use, CPU_MAX);
	if (!err)
		err = net_counters_all(x->stats, &x->before);
	if (x->sent)
		sent_read(x->sent, &before);
	x->first = x->last = look(x);
	while (!err && x->n < x->max && now_ns(CLOCK_MONOTONIC) - begun < ns) {
		progress(x->o->quiet, x->spec->label,
			 (double)(now_ns(CLOCK_MONOTONIC) - begun) / (double)ns);
		err = slice(x);
	}
	progress_end();
	if (x->sent) {
		sent_read(x->sent, &x->lost);
		x->lost.refused -= before.refused;
		x->lost.failed -= before.failed;
	}
	x->nr_use = cpu_use_since(x->use, n);
	x->seconds = (double)(now_ns(CLOCK_MONOTONIC) - begun) / 1e9;
	if (err && err != -EINTR) {
		log_err("%s: cannot read the counters: %s", x->o->ifname, strerror(-err));
		return err;
	}
	return net_counters_all(x->stats, &x->after);
}

static uint64_t nr_seen(const struct outside *x)
{
	return x->last.seen - x->first.seen;
}

static uint64_t nr_sent(const struct outside *x)
{
	return x->last.sent - x->first.sent;
}

/* Why there is no rate, or NULL. */
static const char *no_rate(struct outside *x)
{
	uint32_t err = x->lost.err;

	if (!nr_seen(x))
		snprintf(x->why, sizeof(x->why), "nothing arrived at %s", x->o->ifname);
	else if (x->sent && !nr_sent(x))
		snprintf(x->why, sizeof(x->why), "none of the packets left: %s%s",
			 err ? "the kernel said: " : "no driver took any",
			 err ? strerror((int)err) : "");
	else
		return NULL;
	return x->why;
}

struct rates {
	struct estimate seen, sent, softirq;
};

static struct estimate per_second(const struct slice *s, size_t n)
{
	struct estimate e = bootstrap_ratio(s, n, 0.95);

	return (struct estimate){ 1e9 / e.value, 1e9 / e.hi, 1e9 / e.lo, e.n };
}

static void sent_text(const struct outside *x, const struct rates *r)
{
	char buf[96];

	if (!x->sent)
		return;
	if (nr_sent(x))
		printf("sent on      %s\n", text_rate(buf, &r->sent));
	printf("             %llu taken by a driver, %llu refused by it, %llu failed\n",
	       (unsigned long long)nr_sent(x),
	       (unsigned long long)x->lost.refused,
	       (unsigned long long)x->lost.failed);
}

static int outside_text(const struct outside *x, const struct rates *r)
{
	char buf[96];

	printf("%s on %s (%s), %s XDP, traffic from outside\n\n", x->spec->label, x->o->ifname,
	       *x->driver ? x->driver : "unknown driver", x->o->generic ? "generic" : "native");
	if (nr_seen(x)) {
		printf("seen         %s over %.1f s\n", text_rate(buf, &r->seen), x->seconds);
		sent_text(x, r);
		printf("softirq      %s ns a packet, of all CPUs\n",
		       text_estimate(buf, &r->softirq, 1, 1));
	}
	printf("device       %llu packets received, %llu dropped, %llu missed\n",
	       (unsigned long long)(x->after.rx_packets - x->before.rx_packets),
	       (unsigned long long)(x->after.rx_dropped - x->before.rx_dropped),
	       (unsigned long long)(x->after.rx_missed - x->before.rx_missed));
	printf("             how many were sent, and when, is not known: no books, no latency\n");
	text_cpus(x->use, x->nr_use);
	text_env(&x->machine);
	return file_flush(stdout);
}

/* "sent": null of what sends nothing on. */
static void sent_json(const struct outside *x, const struct rates *r, yyjson_mut_doc *d,
		      yyjson_mut_val *root)
{
	yyjson_mut_val *sent;

	if (!x->sent) {
		yyjson_mut_obj_add_null(d, root, "sent");
		return;
	}
	sent = yyjson_mut_obj_add_obj(d, root, "sent");
	yyjson_mut_obj_add_uint(d, sent, "taken", nr_sent(x));
	yyjson_mut_obj_add_uint(d, sent, "refused", x->lost.refused);
	yyjson_mut_obj_add_uint(d, sent, "failed", x->lost.failed);
	json_estimate(d, sent, "taken_pps", &r->sent);
}

static int outside_json(const struct outside *x, const struct rates *r, const char *why)
{
	yyjson_mut_doc *d = json_begin(x->o, "outside", &x->machine);
	yyjson_mut_val *root = d ? yyjson_mut_doc_get_root(d) : NULL;

	if (root) {
		yyjson_mut_obj_add_strcpy(d, root, "program", x->spec->label);
		yyjson_mut_obj_add_strcpy(d, root, "driver", x->driver);
		if (why)
			yyjson_mut_obj_add_strcpy(d, root, "no_rate", why);
		else
			yyjson_mut_obj_add_null(d, root, "no_rate");
		yyjson_mut_obj_add_real(d, root, "seconds", x->seconds);
		yyjson_mut_obj_add_uint(d, root, "seen", nr_seen(x));
		json_estimate(d, root, "seen_pps", &r->seen);
		sent_json(x, r, d, root);
		json_estimate(d, root, "softirq_ns", &r->softirq);
		yyjson_mut_obj_add_uint(d, root, "device_received",
					x->after.rx_packets - x->before.rx_packets);
		yyjson_mut_obj_add_uint(d, root, "device_dropped",
					x->after.rx_dropped - x->before.rx_dropped);
		yyjson_mut_obj_add_uint(d, root, "device_missed",
					x->after.rx_missed - x->before.rx_missed);
		json_cpus(d, root, x->use, x->nr_use);
	}
	return json_end(d);
}

static int show(struct outside *x)
{
	struct rates r = { per_second(x->wall, x->n), {}, bootstrap_ratio(x->soft, x->n, 0.95) };
	const char *why = no_rate(x);
	int err;

	if (x->sent)
		r.sent = per_second(x->left, x->n);
	err = x->o->json ? outside_json(x, &r, why) : outside_text(x, &r);
	if (err)
		log_err("cannot write: standard output: %s", strerror(-err));
	if (why)
		log_err("no rate: %s", why);
	return err || why ? EXIT_RUNTIME : EXIT_OK;
}

static int run(struct outside *x, uint64_t ns)
{
	int ret = EXIT_RUNTIME, err;

	if (prepare(x))
		return EXIT_USAGE;
	err = start(x);
	if (err == -EBUSY || err == -EEXIST)
		ret = EXIT_USAGE;
	else if (!err && !measure(x, ns))
		ret = show(x);
	return ret;
}

int bench_outside(const struct bench_opts *o)
{
	uint64_t ns = o->seconds_ns ? o->seconds_ns : SECONDS_DEFAULT;
	struct outside *x = calloc(1, sizeof(*x));
	int ret = EXIT_RUNTIME;

	if (!x) {
		log_err("cannot start: %s", strerror(ENOMEM));
		return ret;
	}
	x->o = o;
	x->spec = &o->specs[0];
	x->link = -1;
	x->max = ns / SLICE_NS + 2;
	x->wall = calloc(x->max, sizeof(*x->wall));
	x->soft = calloc(x->max, sizeof(*x->soft));
	x->left = calloc(x->max, sizeof(*x->left));
	machine_read(&x->machine, o->gro);
	machine_device(&x->machine, o->ifname);
	stop_on_signals();
	if (x->wall && x->soft && x->left)
		ret = run(x, ns);
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
	return ret;
}
