// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include <errno.h>
#include <netinet/in.h>
#include <sched.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "base/clock.h"
#include "host/cpus.h"
#include "host/netlink.h"
#include "run/loopback_load.h"

#define PAYLOAD 64

/* The highest CPU allowed: the first one tends to serve the machine's interrupts. */
static int pin(int *cpu)
{
	struct cpus cpus;

	cpus_read(&cpus);
	*cpu = cpus_from_last(&cpus, 0);
	return cpu_pin(*cpu);
}

static int connect_to_itself(int fd)
{
	struct sockaddr_in sin = { .sin_family = AF_INET,
				   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct timeval wait = { .tv_sec = 1 };
	socklen_t len = sizeof(sin);

	if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait)) ||
	    bind(fd, (struct sockaddr *)&sin, len) ||
	    getsockname(fd, (struct sockaddr *)&sin, &len) ||
	    connect(fd, (struct sockaddr *)&sin, len))
		return -errno;
	return 0;
}

int loopback_open(struct loopback *l)
{
	int err;

	l->fd = -1;
	err = pin(&l->cpu);
	if (err)
		return err;
	/* A kernel without namespaces: then loopback has the traffic of others too. */
	if (unshare(CLONE_NEWNET) && errno != EINVAL)
		return -errno;
	err = nl_device_up("lo", 0);
	if (err)
		return err;
	l->fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (l->fd < 0)
		return -errno;
	err = connect_to_itself(l->fd);
	if (err)
		loopback_close(l);
	return err;
}

int64_t loopback_run(const struct loopback *l, uint32_t n)
{
	char buf[PAYLOAD] = { 0 };
	int64_t start = now_ns(CLOCK_MONOTONIC);

	while (n--) {
		if (send(l->fd, buf, sizeof(buf), 0) < 0 || recv(l->fd, buf, sizeof(buf), 0) < 0)
			return -errno;
	}
	return now_ns(CLOCK_MONOTONIC) - start;
}

void loopback_close(struct loopback *l)
{
	if (l->fd >= 0)
		close(l->fd);
	l->fd = -1;
}
