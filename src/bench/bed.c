// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include "bench/bed.h"
#include "bench/devices.h"
#include "bench/mode.h"
#include "bench/net.h"
#include "host/cpu_meter.h"
#include "bench/no_rate.h"
#include "bench/xsk.h"
#include "base/clock.h"
#include "base/why.h"
#include "bpf/bench/cpumap.skel.h"

#define SETTLE_NS  2000000ull
#define SETTLE_MAX 500	/* times */
#define PROGS_MAX  16

/* Where packets end that were sent on, and where the sink is. */
static const enum bed_dev sinks[] = { DEV_GEN, DEV_SINK0, DEV_SINK1 };
static const struct bench_spec sink_spec = { .mode = XB_DROP, .label = "the sink" };

#define NR_SINKS 3

struct bed {
	struct bench_opts o;
	struct why *why;
	struct devices dev;
	struct gen *gen;
	struct meter *meter;
	struct prog *sink, *sink_stamps;
	int sink_links[NR_SINKS];
	struct prog *progs[PROGS_MAX];
	int nr_progs;
	uint64_t counted_gone;	/* by programs that are no more */
	struct prog *on;
	enum xb_mode mode;
	int link;
	struct bench_cpumap_bpf *cpumap;
	struct xsk *xsk[XB_CORES];
	char text[WHY_NO_RATE];
};

struct gen *bed_gen(struct bed *b)
{
	return b->gen;
}

unsigned int bed_ifindex(const struct bed *b, enum bed_dev dev)
{
	return b->dev.ifindex[dev];
}

static int add_sinks(struct bed *b)
{
	struct prog_env env = {};
	int i, err = b->o.sink ? prog_load(&b->sink, &sink_spec, &env, b->why) : 0;

	for (i = 0; !err && b->o.sink && i < NR_SINKS; i++) {
		b->sink_links[i] = prog_attach(b->sink, b->dev.ifindex[sinks[i]], false);
		err = b->sink_links[i] < 0 ? b->sink_links[i] : 0;
		why_cannot(b->why, err, "cannot attach the sink to %s", dev_names[sinks[i]]);
	}
	return err;
}

static int add_generator(struct bed *b)
{
	struct gen_opts go = { .ifindex = b->dev.ifindex[DEV_GEN], .size = b->o.size,
			       .flows = b->o.flows, .batch = b->o.batch, .cores = b->o.cores,
			       .repeat = b->o.repeat, .cpus = b->o.cpus };
	int err = net_mac(dev_names[DEV_DUT], go.dst);

	if (!err)
		err = gen_new(&b->gen, &go);
	if (err == -EOPNOTSUPP)
		return why_is(b->why, err, "this kernel cannot send live frames with BPF_PROG_RUN "
			      "(Linux 5.18 or later is needed; `pktpath bench floor` and -i IF "
			      "work without)");
	return why_cannot(b->why, err, "cannot make the generator for %s", dev_names[DEV_GEN]);
}

int bed_new(struct bed **out, const struct bench_opts *o, struct why *why)
{
	struct bed *b = calloc(1, sizeof(*b));
	int i, err;

	if (!b)
		return why_cannot(why, -ENOMEM, "cannot make the test bed");
	b->o = *o;
	b->why = why;
	b->link = -1;
	for (i = 0; i < NR_SINKS; i++)
		b->sink_links[i] = -1;
	err = devices_make(&b->dev, o->cores, o->gro, why);
	if (!err)
		err = add_sinks(b);
	if (!err)
		err = add_generator(b);
	if (err)
		bed_free(b);
	else
		*out = b;
	return err;
}

static void close_link(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

void bed_detach(struct bed *b)
{
	close_link(&b->link);
	b->on = NULL;
}

void bed_discard(struct bed *b, struct prog *p)
{
	uint32_t cpumap = p ? prog_cpumap_id(p) : 0;
	int i;

	for (i = 0; cpumap && b->cpumap && i < XB_CPUMAPS; i++)
		if (b->cpumap->bss->wanted[i] == (int)cpumap)
			b->cpumap->bss->wanted[i] = 0;
	for (i = 0; i < b->nr_progs && b->progs[i] != p; i++)
		;
	if (i == b->nr_progs)
		return;
	b->counted_gone += prog_counted(p);
	prog_free(p);
	b->progs[i] = b->progs[--b->nr_progs];
}

void bed_free(struct bed *b)
{
	int i;

	if (!b)
		return;
	gen_free(b->gen);
	bed_detach(b);
	for (i = 0; i < XB_CORES; i++)
		xsk_free(b->xsk[i]);
	bench_cpumap_bpf__destroy(b->cpumap);
	for (i = 0; i < b->nr_progs; i++)
		prog_free(b->progs[i]);
	for (i = 0; i < NR_SINKS; i++)
		close_link(&b->sink_links[i]);
	prog_free(b->sink);
	prog_free(b->sink_stamps);
	devices_free(&b->dev);
	meter_free(b->meter);
	free(b);
}

/* --- the program under test --- */

static const struct end_row *end_of(enum xb_mode mode)
{
	return &ends[modes[mode].end];
}

/* The first CPU that no generator is on; with none left, the last generator's. */
static int other_cpu(const struct bed *b)
{
	uint32_t n = (uint32_t)b->o.cpus.n;

	return cpus_from_last(&b->o.cpus, b->o.cores < n ? b->o.cores : n - 1);
}

static int watch_cpumap(struct bed *b, const struct prog *p)
{
	int i, err = 0;

	if (!b->cpumap) {
		b->cpumap = bench_cpumap_bpf__open_and_load();
		err = !b->cpumap ? -errno : !b->cpumap->bss ? -ENOSYS :
		      bench_cpumap_bpf__attach(b->cpumap);
	}
	for (i = 0; !err && i < XB_CPUMAPS; i++) {
		if (b->cpumap->bss->wanted[i])
			continue;
		b->cpumap->bss->wanted[i] = (int)prog_cpumap_id(p);
		return 0;
	}
	return why_cannot(b->why, err ? err : -E2BIG, "cannot watch the queue of the CPU map");
}

/* One socket a queue for all programs of this bed. */
static int add_sockets(struct bed *b, const struct prog *p)
{
	uint32_t i;
	int err = 0, fd;

	for (i = 0; !err && i < b->o.cores; i++) {
		if (!b->xsk[i]) {
			err = xsk_new(&b->xsk[i], b->dev.ifindex[DEV_DUT], i);
			if (!err)
				err = xsk_start(b->xsk[i], other_cpu(b));
		}
		fd = err ? -1 : xsk_fd(b->xsk[i]);
		if (!err)
			err = bpf_map_update_elem(prog_socks_fd(p), &i, &fd, BPF_ANY);
	}
	return why_cannot(b->why, err, "cannot receive from an AF_XDP socket on %s",
			  dev_names[DEV_DUT]);
}

int bed_load(struct bed *b, const struct bench_spec *spec, bool stamps, struct prog **out)
{
	enum end_stamps by = end_of(spec->mode)->stamps;
	struct prog_env env = { .count = b->o.generic && modes[spec->mode].end != END_CPU,
				.stamps = stamps,
				.to = { b->dev.ifindex[DEV_OUT0], b->dev.ifindex[DEV_OUT1] },
				.cpu = other_cpu(b) };
	int err;

	*out = NULL;
	if (stamps && by != STAMPS_PROGRAM && by != STAMPS_CPU)
		return 0;
	if (b->nr_progs == PROGS_MAX)
		return why_cannot(b->why, -E2BIG, "cannot load another program");
	err = prog_load(out, spec, &env, b->why);
	if (err)
		return err;
	b->progs[b->nr_progs++] = *out;
	if (mode_fill(spec->mode) == XB_FILL_CPU)
		err = watch_cpumap(b, *out);
	if (!err && mode_fill(spec->mode) == XB_FILL_SOCKETS)
		err = add_sockets(b, *out);
	return err;
}

int bed_attach(struct bed *b, struct prog *p, const struct bench_spec *spec)
{
	int err;

	if (b->link >= 0)
		err = prog_swap(b->link, p);
	else
		err = b->link = prog_attach(p, b->dev.ifindex[DEV_DUT], b->o.generic);
	if (err < 0)
		return why_cannot(b->why, err, "cannot attach %s to %s (%s XDP)", spec->label,
				  dev_names[DEV_DUT], b->o.generic ? "generic" : "native");
	b->on = p;
	b->mode = spec->mode;
	return 0;
}

int bed_stamps(struct bed *b, bool on)
{
	struct prog_env env = { .stamps = true };
	int i, err = 0;

	for (i = 0; i < XB_CORES; i++)
		if (b->xsk[i])
			xsk_stamps(b->xsk[i], on);
	gen_stamp(b->gen, on ? 61 : 0);	/* a prime, so that each place in a batch comes up */
	if (end_of(b->mode)->stamps != STAMPS_SINK || !b->sink)
		return 0;
	if (on && !b->sink_stamps)
		err = prog_load(&b->sink_stamps, &sink_spec, &env, b->why);
	for (i = 0; !err && i < NR_SINKS; i++)
		err = prog_swap(b->sink_links[i], on ? b->sink_stamps : b->sink);
	return why_cannot(b->why, err, "cannot exchange the sink");
}

size_t bed_samples(struct bed *b, const uint64_t **samples)
{
	enum end_stamps by = end_of(b->mode)->stamps;

	if (by == STAMPS_SOCKET && b->xsk[0])
		return xsk_samples(b->xsk[0], samples);
	if (by == STAMPS_SINK && b->sink_stamps)
		return prog_samples(b->sink_stamps, samples);
	return b->on ? prog_samples(b->on, samples) : 0;
}

/* --- counters --- */

static int tally_sockets(struct bed *b, struct tally *t)
{
	uint64_t no_buffer, ring_full;
	int i, err;

	for (i = 0; i < XB_CORES && b->xsk[i]; i++) {
		err = xsk_losses(b->xsk[i], &no_buffer, &ring_full);
		if (err)
			return err;
		t->xsk_received += xsk_received(b->xsk[i]);
		t->xsk_no_buffer += no_buffer;
		t->xsk_ring_full += ring_full;
	}
	return 0;
}

static uint64_t counted(const struct bed *b)
{
	uint64_t n = b->counted_gone;
	int i;

	for (i = 0; i < b->nr_progs; i++)
		n += prog_counted(b->progs[i]);
	return n;
}

int bed_tally(struct bed *b, struct tally *t)
{
	int i, err = 0;

	memset(t, 0, sizeof(*t));
	t->sent = gen_sent(b->gen);
	t->counted = counted(b);
	t->cpumap_drops = b->cpumap ? b->cpumap->bss->dropped : 0;
	for (i = 0; !err && i < NR_DEVS; i++)
		err = net_counters_all(b->dev.counters[i], &t->dev[i]);
	if (!err)
		err = snmp_read(&t->snmp);
	if (!err)
		err = tally_sockets(b, t);
	return why_cannot(b->why, err, "cannot read the counters of the test bed");
}

/* Only those counters that this mode needs: this runs every few milliseconds. */
static int tally_ends(struct bed *b, struct tally *t)
{
	const struct end_row *end = end_of(b->mode);
	int i, err = 0;

	t->counted = counted(b);
	for (i = 0; !err && i < NR_DEVS; i++)
		if (end->devices & 1u << i)
			err = net_counters_driver(b->dev.counters[i], &t->dev[i]);
	if (!err && end->stack)
		err = snmp_read(&t->snmp);
	if (!err && end->sockets)
		err = tally_sockets(b, t);
	return err;
}

int bed_read(struct bed *b, struct reading *r)
{
	struct tally t = {};
	int err;

	r->cpu_ns = meter_read(b->meter);
	r->wall_ns = now_ns(CLOCK_MONOTONIC);
	r->alone = gen_alone(b->gen);
	err = tally_ends(b, &t);
	r->delivered = tally_received(b->mode, b->o.generic, &t);
	return why_cannot(b->why, err, "cannot read the counters of the test bed");
}

int bed_settle(struct bed *b)
{
	uint64_t before = ~0ull, now;
	struct tally t;
	int i, err, same = 0;

	for (i = 0; i < SETTLE_MAX && same < 3; i++) {
		err = bed_tally(b, &t);
		if (err)
			return err;
		now = tally_received(b->mode, b->o.generic, &t);
		same = now == before ? same + 1 : 0;
		before = now;
		usleep(SETTLE_NS / 1000);
	}
	return 0;
}

int bed_quiet(struct bed *b)
{
	uint64_t before = ~0ull;
	struct net_counts c;
	int i, err = 0, same = 0;

	for (i = 0; !err && i < SETTLE_MAX && same < 3; i++) {
		usleep(SETTLE_NS / 1000);
		err = net_counters_driver(b->dev.counters[DEV_DUT], &c);
		same = c.xdp_packets == before ? same + 1 : 0;
		before = c.xdp_packets;
	}
	return why_cannot(b->why, err, "cannot read the counters of the test bed");
}

/* --- running --- */

static int meter_all(struct bed *b, struct meter *m)
{
	char comm[32];
	uint32_t i;
	int err = 0;

	for (i = 0; !err && i < b->o.cores; i++) {
		err = meter_add(m, gen_tid(b->gen, i));
		snprintf(comm, sizeof(comm), "ksoftirqd/%d", gen_cpu(b->gen, i));
		if (!err)
			meter_add_named(m, comm);	/* unseen in a container */
	}
	for (i = 0; !err && i < b->o.cores && b->xsk[i]; i++)
		err = meter_add(m, xsk_tid(b->xsk[i]));
	for (i = 0; !err && b->cpumap && i < XB_CPUMAPS; i++) {
		if (!b->cpumap->bss->wanted[i])
			continue;
		/* As kthread_create_on_node() in kernel/bpf/cpumap.c: cut to TASK_COMM_LEN. */
		snprintf(comm, 16, "cpumap/%d/map:%d", other_cpu(b), b->cpumap->bss->wanted[i]);
		meter_add_named(m, comm);
	}
	return err;
}

int bed_meter(struct bed *b)
{
	struct meter *m = NULL;
	int err = meter_new(&m);

	if (!err)
		err = meter_all(b, m);
	if (err) {
		meter_free(m);	/* and the one that there was goes on */
		return why_cannot(b->why, err, "cannot meter the CPU time of threads");
	}
	meter_free(b->meter);
	b->meter = m;
	return 0;
}

int bed_meter_add(struct bed *b, int tid)
{
	return meter_add(b->meter, tid);
}

uint64_t bed_cpu_ns(struct bed *b)
{
	return meter_read(b->meter);
}

int bed_error(struct bed *b)
{
	return why_cannot(b->why, gen_error(b->gen), "cannot run the generator");
}

int bed_start(struct bed *b)
{
	int err = gen_start(b->gen);

	cpus_avoid(&b->o.cpus, b->o.cores);
	if (!err)
		err = bed_meter(b);
	return why_cannot(b->why, err, "cannot start the generator");
}

int bed_stop(struct bed *b)
{
	gen_set(b->gen, XB_GEN_IDLE);
	return why_cannot(b->why, gen_stop(b->gen), "cannot run the generator");
}

const char *bed_no_rate(struct bed *b, const struct books *books, uint64_t ns)
{
	return why_no_rate(b->text, &b->o, b->mode, books, gen_calls(b->gen), ns);
}
