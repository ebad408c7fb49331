// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* UDP one datagram at a time: the next one goes when the last has come back. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "traffic.h"

#define MAX_SIZE 9000

/* udp-pong PORT COUNT: send COUNT datagrams back to where they came from. */
int udp_pong(const struct opts *o)
{
	struct sockaddr_storage from;
	char buf[MAX_SIZE];
	uint64_t n;
	int fd = open_bound(o, SOCK_DGRAM);

	if (fd < 0)
		return 1;
	set_timeouts(fd, o->timeout_s);
	announce_ready();
	for (n = 0; n < o->count; n++) {
		socklen_t len = sizeof(from);
		ssize_t got = recvfrom(fd, buf, sizeof(buf), 0, (struct sockaddr *)&from, &len);

		if (got < 0)
			return fail("recvfrom");
		if (sendto(fd, buf, got, 0, (struct sockaddr *)&from, len) < 0)
			return fail("sendto");
	}
	close(fd);
	return 0;
}

/* udp-ping DST PORT COUNT: how long COUNT datagrams there and back took, of CLOCK_MONOTONIC. */
int udp_ping(const struct opts *o)
{
	struct sockaddr_storage to;
	char buf[MAX_SIZE] = { 0 };
	socklen_t len;
	uint64_t start, idle, n;
	int fd;

	if (o->size > sizeof(buf))
		return refuse("--size is at most 9000");
	if (resolve(o->dst, o->port, &to, &len))
		return 1;
	fd = socket(to.ss_family, SOCK_DGRAM, 0);
	if (fd < 0 || connect(fd, (struct sockaddr *)&to, len))
		return fail("connect");
	set_timeouts(fd, o->timeout_s);
	idle = idle_ms();
	start = now_ns(CLOCK_MONOTONIC);
	for (n = 0; n < o->count; n++) {
		if (send(fd, buf, o->size, 0) < 0)
			return fail("send");
		if (recv(fd, buf, sizeof(buf), 0) < 0)
			return fail("recv");
	}
	start = now_ns(CLOCK_MONOTONIC) - start;
	printf("rounds=%" PRIu64 " ns=%" PRIu64 " idle_ms=%" PRIu64 "\n",
	       n, start, idle_ms() - idle);
	close(fd);
	return 0;
}
