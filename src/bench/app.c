// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>
#include "bench/app.h"
#include "host/cpus.h"
#include "xdpbench.h"
#include "base/thread.h"

struct app {
	int fd, cpu;
	pthread_t thread;
	atomic_bool stop;
	atomic_int tid;
	atomic_ulong packets;
};

int udp_open(bool small)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(XB_PORT),
				  .sin_addr.s_addr = htonl(0xc6120002) };	/* 198.18.0.2 */
	/* So that a thread that reads looks now and then whether it should stop. */
	struct timeval look = { .tv_usec = 20000 };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), one = 1, err;

	if (fd < 0)
		return -errno;
	if (!setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &look, sizeof(look)) &&
	    (!small || !setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &one, sizeof(one))) &&
	    !bind(fd, (struct sockaddr *)&to, sizeof(to)))
		return fd;
	err = -errno;
	close(fd);
	return err;
}

int udp_filter_all(int fd)
{
	struct sock_filter none = BPF_STMT(BPF_RET | BPF_K, 0);
	struct sock_fprog prog = { 1, &none };

	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &prog, sizeof(prog)) ? -errno : 0;
}

uint64_t udp_drain(int fd)
{
	uint64_t n = 0;
	char buf[64];

	while (recv(fd, buf, sizeof(buf), MSG_DONTWAIT | MSG_TRUNC) >= 0)
		n++;
	return n;
}

static void *discard(void *arg)
{
	struct app *a = arg;
	char buf[2048];

	cpu_pin(a->cpu);
	atomic_store(&a->tid, gettid());
	while (!atomic_load_explicit(&a->stop, memory_order_relaxed))
		if (recv(a->fd, buf, sizeof(buf), 0) >= 0)
			atomic_fetch_add_explicit(&a->packets, 1, memory_order_relaxed);
	return NULL;
}

int app_start(struct app **out, int fd, int cpu)
{
	struct app *a = calloc(1, sizeof(*a));
	int err;

	if (!a)
		return -ENOMEM;
	a->fd = fd;
	a->cpu = cpu;
	err = thread_start(&a->thread, 0, discard, a);
	if (err) {
		free(a);
		return err;
	}
	while (!atomic_load(&a->tid))
		sched_yield();
	*out = a;
	return 0;
}

int app_tid(const struct app *a)
{
	return atomic_load(&a->tid);
}

uint64_t app_read(const struct app *a)
{
	return atomic_load(&a->packets);
}

void app_stop(struct app *a)
{
	if (!a)
		return;
	atomic_store(&a->stop, true);
	pthread_join(a->thread, NULL);
	free(a);
}
