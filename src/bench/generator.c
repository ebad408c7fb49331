// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include <arpa/inet.h>
#include <errno.h>
#include <linux/membarrier.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include "bench/generator.h"
#include "base/clock.h"
#include "base/thread.h"
#include "bpf/bench/generator.skel.h"

#define FRAME_MAX 2048
#define WAKE	  SIGRTMIN	/* ends a BPF_PROG_RUN: it looks for signals after each batch */
#define KICK_NS	  400000000
#define STALL_NS  200000000ull	/* a grace period of RCU that takes longer waits for us */

struct worker {
	struct gen *gen;
	pthread_t thread;
	unsigned int queue;
	int cpu;
	bool created;
	atomic_int tid;		/* 0 = not yet running */
	atomic_int err;
	atomic_bool done;
	atomic_ulong calls;
};

struct gen {
	struct gen_opts o;
	struct bench_generator_bpf *skel;
	struct worker workers[XB_CORES];
	pthread_t kicker;
	bool has_kicker;
	atomic_bool kick;	/* needed on this kernel */
	uint8_t frame[FRAME_MAX];
	enum xb_gen what;
	atomic_bool stop;
};

static uint16_t checksum(const uint8_t *head, size_t len)
{
	uint32_t sum = 0;
	size_t i;

	for (i = 0; i < len; i += 2)
		sum += head[i] << 8 | head[i + 1];
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return ~sum;
}

static void put16(uint8_t *at, uint16_t v)
{
	at[0] = v >> 8;
	at[1] = v;
}

/* Addresses of RFC 2544's range for benchmarks; UDP without checksum. */
void gen_frame(uint8_t *frame, uint32_t size, const uint8_t dst[6])
{
	static const uint8_t head[] = { 2, 0, 0, 0, 0, 1, 8, 0, 0x45, 0 };
	static const uint8_t rest[] = { 0, 0, 0, 0, 64, 17, 0, 0, 198, 18, 0, 1, 198, 18, 0, 2 };

	memset(frame, 0, size);
	memcpy(frame, dst, 6);
	memcpy(frame + 6, head, sizeof(head));
	put16(frame + 16, size - 14);
	memcpy(frame + 18, rest, sizeof(rest));
	put16(frame + 24, checksum(frame + 14, 20));
	put16(frame + 34, 1024);
	put16(frame + 36, XB_PORT);
	put16(frame + 38, size - 34);
}

static int run_once(const struct worker *w, uint32_t repeat)
{
	struct gen *g = w->gen;
	struct xdp_md ctx = { .data_end = g->o.size, .ingress_ifindex = g->o.ifindex,
			      .rx_queue_index = w->queue };
	LIBBPF_OPTS(bpf_test_run_opts, run, .data_in = g->frame, .data_size_in = g->o.size,
		    .ctx_in = &ctx, .ctx_size_in = sizeof(ctx), .repeat = (int)repeat,
		    .flags = BPF_F_TEST_XDP_LIVE_FRAMES, .batch_size = g->o.batch);

	return bpf_prog_test_run_opts(bpf_program__fd(g->skel->progs.generate), &run);
}

static void *generate(void *arg)
{
	struct worker *w = arg;
	struct gen *g = w->gen;
	int err = cpu_pin(w->cpu);

	atomic_store(&w->tid, gettid());
	while (!err && !atomic_load(&g->stop)) {
		err = run_once(w, g->o.repeat);
		if (err == -EINTR)
			err = 0;
		else
			atomic_fetch_add(&w->calls, 1);
	}
	atomic_store(&w->err, err);
	atomic_store(&w->done, true);
	return NULL;
}

static void on_wake(int signo)
{
}

static int load(struct gen *g)
{
	struct worker probe = { .gen = g };
	int err;

	g->skel = bench_generator_bpf__open_and_load();
	if (!g->skel)
		return -errno;
	if (!g->skel->bss)
		return -ENOSYS;		/* libbpf found that maps cannot be mapped */
	g->skel->bss->gen.flows = g->o.flows;
	gen_set(g, XB_GEN_IDLE);
	err = run_once(&probe, 1);
	/* Kernels without live frames do not know the flag. */
	return err == -EINVAL ? -EOPNOTSUPP : err;
}

int gen_new(struct gen **out, const struct gen_opts *o)
{
	struct sigaction wake = { .sa_handler = on_wake };	/* no SA_RESTART */
	struct gen *g = calloc(1, sizeof(*g));
	unsigned int i;
	int err;

	if (!g)
		return -ENOMEM;
	g->o = *o;
	gen_frame(g->frame, o->size, o->dst);
	for (i = 0; i < o->cores; i++) {
		g->workers[i].gen = g;
		g->workers[i].queue = i;
		g->workers[i].cpu = cpus_from_last(&o->cpus, i);
	}
	sigaction(WAKE, &wake, NULL);
	err = load(g);
	if (err)
		gen_free(g);
	else
		*out = g;
	return err;
}

static int start_one(struct worker *w)
{
	int err;

	atomic_store(&w->done, false);
	atomic_store(&w->tid, 0);
	atomic_store(&w->err, 0);
	atomic_store(&w->calls, 0);
	err = thread_start(&w->thread, WAKE, generate, w);
	w->created = !err;
	while (!err && !atomic_load(&w->tid))
		sched_yield();
	return err;
}

/*
 * BPF_PROG_RUN is one RCU read section, which it leaves only when it sees that it should yield
 * (bpf_test_timer_continue()). A kernel with full or lazy preemption takes the CPU before that:
 * no grace period ends while it runs, and whoever waits for one hangs. So it is ended and
 * started anew in time. That costs some wall time, which is why it is done only where needed.
 */
static void *kick(void *arg)
{
	struct timespec pause = { .tv_nsec = KICK_NS };
	struct gen *g = arg;
	unsigned int i;

	while (!atomic_load(&g->stop) && atomic_load(&g->kick)) {
		nanosleep(&pause, NULL);
		for (i = 0; i < g->o.cores; i++)
			if (g->workers[i].created)
				pthread_kill(g->workers[i].thread, WAKE);
	}
	return NULL;
}

/* Does a grace period end while the generator runs? With one CPU membarrier() cannot tell. */
static bool stalls_rcu(void)
{
	uint64_t start;

	if (sysconf(_SC_NPROCESSORS_ONLN) == 1)
		return true;
	/* The first may have begun just before a kick. */
	if (syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0))
		return true;
	start = now_ns(CLOCK_MONOTONIC);
	syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0);
	return now_ns(CLOCK_MONOTONIC) - start > STALL_NS;
}

static int start_kicker(struct gen *g)
{
	int err;

	atomic_store(&g->kick, true);
	err = thread_start(&g->kicker, 0, kick, g);
	g->has_kicker = !err;
	if (!err && !stalls_rcu())
		atomic_store(&g->kick, false);
	return err;
}

int gen_start(struct gen *g)
{
	unsigned int i;
	int err = 0;

	atomic_store(&g->stop, false);
	for (i = 0; !err && i < g->o.cores; i++)
		err = start_one(&g->workers[i]);
	if (!err)
		err = start_kicker(g);
	if (err)
		gen_stop(g);
	return err;
}

bool gen_is_kicked(const struct gen *g)
{
	return atomic_load(&g->kick);
}

/* A signal that comes before the thread enters the kernel is lost, so it is sent until it helps. */
static void end_one(struct worker *w)
{
	struct timespec pause = { .tv_nsec = 1000000 };

	while (!atomic_load(&w->done)) {
		pthread_kill(w->thread, WAKE);
		nanosleep(&pause, NULL);
	}
	pthread_join(w->thread, NULL);
	w->created = false;
}

int gen_stop(struct gen *g)
{
	unsigned int i;

	atomic_store(&g->stop, true);
	if (g->has_kicker)
		pthread_join(g->kicker, NULL);
	g->has_kicker = false;
	for (i = 0; i < g->o.cores; i++)
		if (g->workers[i].created)
			end_one(&g->workers[i]);
	return gen_error(g);
}

void gen_free(struct gen *g)
{
	if (!g)
		return;
	gen_stop(g);
	bench_generator_bpf__destroy(g->skel);
	free(g);
}

/* Frames that are all alike need nothing but to be sent. */
static void tell(struct gen *g)
{
	struct xb_gen_cfg *cfg = &g->skel->bss->gen;
	bool varied = cfg->flows > 1 || cfg->stamp_every;
	uint32_t what = g->what | (varied ? XB_GEN_VARIED : 0);

	__atomic_store_n(&cfg->what, what, __ATOMIC_RELEASE);
}

void gen_set(struct gen *g, enum xb_gen what)
{
	g->what = what;
	tell(g);
}

void gen_stamp(struct gen *g, uint32_t every)
{
	__atomic_store_n(&g->skel->bss->gen.stamp_every, every, __ATOMIC_RELEASE);
	tell(g);
}

uint64_t gen_sent(const struct gen *g)
{
	uint64_t sum = 0;
	int i;

	for (i = 0; i < XB_CPUS; i++)
		sum += __atomic_load_n(&g->skel->bss->slots[i].sent, __ATOMIC_RELAXED);
	return sum;
}

uint64_t gen_alone(const struct gen *g)
{
	uint64_t sum = 0;
	int i;

	for (i = 0; i < XB_CPUS; i++)
		sum += __atomic_load_n(&g->skel->bss->slots[i].alone, __ATOMIC_RELAXED);
	return sum;
}

uint64_t gen_calls(const struct gen *g)
{
	uint64_t sum = 0;
	unsigned int i;

	for (i = 0; i < g->o.cores; i++)
		sum += atomic_load(&g->workers[i].calls);
	return sum;
}

int gen_error(const struct gen *g)
{
	unsigned int i;
	int err = 0;

	for (i = 0; !err && i < g->o.cores; i++)
		err = atomic_load(&g->workers[i].err);
	return err;
}

int gen_cpu(const struct gen *g, unsigned int i)
{
	return g->workers[i].cpu;
}

int gen_tid(const struct gen *g, unsigned int i)
{
	return atomic_load(&g->workers[i].tid);
}
