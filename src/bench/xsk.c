// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include <errno.h>
#include <linux/if_xdp.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>
#include "host/cpus.h"
#include "bench/xsk.h"
#include "base/clock.h"
#include "base/thread.h"
#include "xdpbench.h"

#define CHUNK	4096u
#define CHUNKS	4096u	/* the fill ring holds them all */
#define RX_RING 2048u
#define LOOK_MS 50	/* between looks at `stop` while nothing comes */

/* One ring of the kernel's: it moves one of the two indices, we the other. */
struct ring {
	void *map;
	size_t bytes;
	uint32_t *producer, *consumer;
	void *entries;
	uint32_t mask;
};

struct xsk {
	int fd, cpu;
	void *area;
	struct ring fill, rx;
	pthread_t thread;
	bool created;
	atomic_bool stop, stamps;
	atomic_int tid;
	atomic_ulong received;
	atomic_size_t nr_samples;
	uint64_t samples[XB_SAMPLES];
};

int xsk_fd(const struct xsk *x)
{
	return x->fd;
}

int xsk_tid(const struct xsk *x)
{
	return atomic_load(&x->tid);
}

uint64_t xsk_received(const struct xsk *x)
{
	return atomic_load(&x->received);
}

static int set(const struct xsk *x, int what, const void *value, socklen_t len)
{
	return setsockopt(x->fd, SOL_XDP, what, value, len) ? -errno : 0;
}

static int map_ring(struct xsk *x, struct ring *r, const struct xdp_ring_offset *at,
		    uint32_t entries, size_t entry, off_t page)
{
	char *map;

	r->bytes = at->desc + entries * entry;
	map = mmap(NULL, r->bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, x->fd, page);
	if (map == MAP_FAILED)
		return -errno;
	r->map = map;
	r->producer = (uint32_t *)(map + at->producer);
	r->consumer = (uint32_t *)(map + at->consumer);
	r->entries = map + at->desc;
	r->mask = entries - 1;
	return 0;
}

static int map_rings(struct xsk *x)
{
	struct xdp_mmap_offsets at;
	socklen_t len = sizeof(at);
	int err;

	if (getsockopt(x->fd, SOL_XDP, XDP_MMAP_OFFSETS, &at, &len))
		return -errno;
	err = map_ring(x, &x->fill, &at.fr, CHUNKS, sizeof(uint64_t), XDP_UMEM_PGOFF_FILL_RING);
	if (err)
		return err;
	return map_ring(x, &x->rx, &at.rx, RX_RING, sizeof(struct xdp_desc), XDP_PGOFF_RX_RING);
}

static void fill_one(struct ring *fill, uint32_t at, uint64_t addr)
{
	((uint64_t *)fill->entries)[at & fill->mask] = addr;
}

static int prepare(struct xsk *x)
{
	struct xdp_umem_reg reg = { .len = (uint64_t)CHUNK * CHUNKS, .chunk_size = CHUNK };
	uint32_t fill = CHUNKS, rx = RX_RING, i;
	int err;

	x->area = mmap(NULL, reg.len, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	if (x->area == MAP_FAILED) {
		x->area = NULL;
		return -errno;
	}
	reg.addr = (uintptr_t)x->area;
	err = set(x, XDP_UMEM_REG, &reg, sizeof(reg));
	if (!err)
		err = set(x, XDP_UMEM_FILL_RING, &fill, sizeof(fill));
	/* The kernel wants one, though nothing is sent. */
	if (!err)
		err = set(x, XDP_UMEM_COMPLETION_RING, &rx, sizeof(rx));
	if (!err)
		err = set(x, XDP_RX_RING, &rx, sizeof(rx));
	if (!err)
		err = map_rings(x);
	if (err)
		return err;
	for (i = 0; x->fill.entries && i < CHUNKS; i++)
		fill_one(&x->fill, i, (uint64_t)i * CHUNK);
	__atomic_store_n(x->fill.producer, CHUNKS, __ATOMIC_RELEASE);
	return 0;
}

int xsk_new(struct xsk **out, unsigned int ifindex, uint32_t queue)
{
	struct sockaddr_xdp addr = { .sxdp_family = AF_XDP, .sxdp_ifindex = ifindex,
				     .sxdp_queue_id = queue };
	struct xsk *x = calloc(1, sizeof(*x));
	int err;

	if (!x)
		return -ENOMEM;
	x->fd = socket(AF_XDP, SOCK_RAW | SOCK_CLOEXEC, 0);
	err = x->fd < 0 ? -errno : prepare(x);
	if (!err && bind(x->fd, (struct sockaddr *)&addr, sizeof(addr)))
		err = -errno;
	if (err)
		xsk_free(x);
	else
		*out = x;
	return err;
}

static void sample(struct xsk *x, const struct xdp_desc *d)
{
	const uint64_t *stamp;
	size_t n;

	if (d->len < XB_STAMP_AT + XB_STAMP_LEN)
		return;
	stamp = (const uint64_t *)((const char *)x->area + d->addr + XB_STAMP_AT);
	if (stamp[0] != XB_MAGIC)
		return;
	n = atomic_load(&x->nr_samples);
	if (n < XB_SAMPLES) {
		x->samples[n] = now_ns(CLOCK_MONOTONIC) - stamp[1];
		atomic_store(&x->nr_samples, n + 1);
	}
}

static uint32_t take(struct xsk *x)
{
	uint32_t from = *x->rx.consumer, to = __atomic_load_n(x->rx.producer, __ATOMIC_ACQUIRE);
	uint32_t free_at = *x->fill.producer, i;
	bool stamps = atomic_load_explicit(&x->stamps, memory_order_relaxed);

	for (i = from; i != to; i++) {
		const struct xdp_desc *d = &((struct xdp_desc *)x->rx.entries)[i & x->rx.mask];

		if (stamps)
			sample(x, d);
		fill_one(&x->fill, free_at++, d->addr & ~(uint64_t)(CHUNK - 1));
	}
	__atomic_store_n(x->fill.producer, free_at, __ATOMIC_RELEASE);
	__atomic_store_n(x->rx.consumer, to, __ATOMIC_RELEASE);
	return to - from;
}

static void *receive(void *arg)
{
	struct xsk *x = arg;
	struct pollfd p = { .fd = x->fd, .events = POLLIN };
	uint32_t n;

	cpu_pin(x->cpu);
	atomic_store(&x->tid, gettid());
	while (!atomic_load(&x->stop)) {
		n = take(x);
		if (n)
			atomic_fetch_add(&x->received, n);
		else
			poll(&p, 1, LOOK_MS);
	}
	return NULL;
}

int xsk_start(struct xsk *x, int cpu)
{
	int err;

	x->cpu = cpu;
	err = thread_start(&x->thread, 0, receive, x);
	x->created = !err;
	while (!err && !atomic_load(&x->tid))
		sched_yield();
	return err;
}

int xsk_losses(const struct xsk *x, uint64_t *no_buffer, uint64_t *ring_full)
{
	struct xdp_statistics st = {};
	socklen_t len = sizeof(st);

	if (getsockopt(x->fd, SOL_XDP, XDP_STATISTICS, &st, &len))
		return -errno;
	*no_buffer = st.rx_dropped;
	*ring_full = st.rx_ring_full;
	return 0;
}

void xsk_stamps(struct xsk *x, bool on)
{
	atomic_store(&x->stamps, on);
}

size_t xsk_samples(const struct xsk *x, const uint64_t **samples)
{
	*samples = x->samples;
	return atomic_load(&x->nr_samples);
}

static void unmap(struct ring *r)
{
	if (r->map)
		munmap(r->map, r->bytes);
}

void xsk_free(struct xsk *x)
{
	if (!x)
		return;
	atomic_store(&x->stop, true);
	if (x->created)
		pthread_join(x->thread, NULL);
	unmap(&x->fill);
	unmap(&x->rx);
	if (x->fd >= 0)
		close(x->fd);
	if (x->area)
		munmap(x->area, (size_t)CHUNK * CHUNKS);
	free(x);
}
