// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* An AF_XDP socket that counts the frames that an XDP program redirects to it, and their ports. */
#include <linux/bpf.h>
#include <linux/if_xdp.h>
#include <net/if.h>
#include <poll.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "traffic.h"

#define CHUNK	2048u
#define CHUNKS	256u	/* a power of two; all of them are in the fill ring */
#define DPORT_AT 36	/* Ethernet, IPv4 without options, UDP's source port */

struct ring {
	uint32_t *producer, *consumer;
	void *entries;
};

struct xsk {
	int fd;
	unsigned char *area;
	struct ring fill, rx;
};

static int map_ring(const struct xsk *x, struct ring *r, const struct xdp_ring_offset *at,
		    size_t entry, off_t page)
{
	char *map = mmap(NULL, at->desc + CHUNKS * entry, PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_POPULATE, x->fd, page);

	if (map == MAP_FAILED)
		return -1;
	r->producer = (uint32_t *)(map + at->producer);
	r->consumer = (uint32_t *)(map + at->consumer);
	r->entries = map + at->desc;
	return 0;
}

static int set(const struct xsk *x, int what, const void *value, socklen_t len)
{
	return setsockopt(x->fd, SOL_XDP, what, value, len);
}

static int prepare(struct xsk *x)
{
	struct xdp_umem_reg reg = { .len = (uint64_t)CHUNK * CHUNKS, .chunk_size = CHUNK };
	uint32_t n = CHUNKS;
	struct xdp_mmap_offsets at;
	socklen_t len = sizeof(at);

	x->area = mmap(NULL, reg.len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (x->area == MAP_FAILED)
		return -1;
	reg.addr = (uintptr_t)x->area;
	if (set(x, XDP_UMEM_REG, &reg, sizeof(reg)) || set(x, XDP_UMEM_FILL_RING, &n, sizeof(n)) ||
	    set(x, XDP_UMEM_COMPLETION_RING, &n, sizeof(n)) || set(x, XDP_RX_RING, &n, sizeof(n)) ||
	    getsockopt(x->fd, SOL_XDP, XDP_MMAP_OFFSETS, &at, &len) ||
	    map_ring(x, &x->fill, &at.fr, sizeof(uint64_t), XDP_UMEM_PGOFF_FILL_RING) ||
	    map_ring(x, &x->rx, &at.rx, sizeof(struct xdp_desc), XDP_PGOFF_RX_RING))
		return -1;
	for (uint32_t i = 0; i < CHUNKS; i++)
		((uint64_t *)x->fill.entries)[i] = (uint64_t)i * CHUNK;
	__atomic_store_n(x->fill.producer, CHUNKS, __ATOMIC_RELEASE);
	return 0;
}

/* Into the map's first place. The ID is the kernel's, as bpftool shows it. */
static int enter_map(const struct xsk *x, uint32_t map_id)
{
	union bpf_attr get = { .map_id = map_id }, update = { 0 };
	uint32_t key = 0, value = (uint32_t)x->fd;
	long fd = syscall(SYS_bpf, BPF_MAP_GET_FD_BY_ID, &get, sizeof(get));

	if (fd < 0)
		return -1;
	update.map_fd = (uint32_t)fd;
	update.key = (uintptr_t)&key;
	update.value = (uintptr_t)&value;
	return (int)syscall(SYS_bpf, BPF_MAP_UPDATE_ELEM, &update, sizeof(update));
}

/* So few come that the chunks need not be given back. */
static uint64_t take(struct xsk *x)
{
	uint32_t from = *x->rx.consumer, to = __atomic_load_n(x->rx.producer, __ATOMIC_ACQUIRE);

	for (uint32_t i = from; i != to; i++) {
		const struct xdp_desc *d = &((struct xdp_desc *)x->rx.entries)[i & (CHUNKS - 1)];
		const unsigned char *frame = x->area + d->addr;

		printf("frame len %u dport %d\n", d->len,
		       frame[DPORT_AT] << 8 | frame[DPORT_AT + 1]);
	}
	__atomic_store_n(x->rx.consumer, to, __ATOMIC_RELEASE);
	return to - from;
}

int xsk_recv(const struct opts *o)
{
	struct sockaddr_xdp addr = { .sxdp_family = AF_XDP, .sxdp_flags = XDP_COPY,
				     .sxdp_ifindex = if_nametoindex(o->ifname) };
	struct xsk x = { .fd = socket(AF_XDP, SOCK_RAW | SOCK_CLOEXEC, 0) };
	struct pollfd p = { .fd = x.fd, .events = POLLIN };
	uint64_t start = now_ns(CLOCK_MONOTONIC), got = 0;

	if (o->count > CHUNKS)
		return refuse("more frames than it has room for");
	if (x.fd < 0 || prepare(&x) || bind(x.fd, (struct sockaddr *)&addr, sizeof(addr)))
		return fail("AF_XDP socket");
	if (enter_map(&x, o->port))
		return fail("the map");
	announce_ready();
	while (got < o->count && !(o->timeout_s && expired(start, o->timeout_s))) {
		poll(&p, 1, 50);
		got += take(&x);
	}
	printf("received %llu\n", (unsigned long long)got);
	return got < o->count;
}
