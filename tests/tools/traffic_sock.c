// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* Sockets, addresses and clocks: what the commands of the traffic tool share. */
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "traffic.h"

int resolve(const char *dst, uint16_t port, struct sockaddr_storage *sa, socklen_t *len)
{
	struct sockaddr_in *in = (struct sockaddr_in *)sa;
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)sa;

	memset(sa, 0, sizeof(*sa));
	if (inet_pton(AF_INET, dst, &in->sin_addr) == 1) {
		in->sin_family = AF_INET;
		in->sin_port = htons(port);
		*len = sizeof(*in);
		return 0;
	}
	if (inet_pton(AF_INET6, dst, &in6->sin6_addr) == 1) {
		in6->sin6_family = AF_INET6;
		in6->sin6_port = htons(port);
		*len = sizeof(*in6);
		return 0;
	}
	fprintf(stderr, "traffic: %s: not an IPv4 or IPv6 address\n", dst);
	return -1;
}

/* To any address of a family; port 0 leaves the choice to the kernel. */
int bind_port(int fd, int family, uint16_t port)
{
	struct sockaddr_in6 any6 = { .sin6_family = AF_INET6, .sin6_port = htons(port) };
	struct sockaddr_in any4 = { .sin_family = AF_INET, .sin_port = htons(port) };

	return family == AF_INET6 ? bind(fd, (struct sockaddr *)&any6, sizeof(any6)) :
				    bind(fd, (struct sockaddr *)&any4, sizeof(any4));
}

/* A receiving socket for IPv6 and IPv4, or for IPv4 alone where the kernel has no IPv6. */
int open_bound(const struct opts *o, int type)
{
	int protocol = o->mptcp ? IPPROTO_MPTCP : 0;
	int one = 1, zero = 0, fd = socket(AF_INET6, type, protocol);
	bool v6 = fd >= 0;

	if (!v6)
		fd = socket(AF_INET, type, protocol);
	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (v6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &zero, sizeof(zero));
	if (o->shared)
		setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof(one));
	if (o->transparent && v6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_TRANSPARENT, &one, sizeof(one));
	else if (o->transparent)
		setsockopt(fd, IPPROTO_IP, IP_TRANSPARENT, &one, sizeof(one));
	/* root may have more than net.core.rmem_max */
	if (o->rcvbuf && setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &o->rcvbuf, sizeof(o->rcvbuf)))
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &o->rcvbuf, sizeof(o->rcvbuf));
	if (bind_port(fd, v6 ? AF_INET6 : AF_INET, o->port)) {
		close(fd);
		return -1;
	}
	return fd;
}

/* Reads and writes then fail with EAGAIN. */
void set_timeouts(int fd, unsigned int seconds)
{
	struct timeval tv = { .tv_sec = seconds };

	if (!seconds)
		return;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof(tv));
}

/*
 * Gives a socket to a child over a Unix socket, as service managers and graceful restarts do.
 * Returns it in the child, which is called heir; -1 in the parent once the child has ended well.
 * Does not return if anything fails.
 */
int hand_over(int fd)
{
	char byte = 0, control[CMSG_SPACE(sizeof(int))] = { 0 };
	struct iovec iov = { &byte, 1 };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control,
			      .msg_controllen = sizeof(control) };
	struct cmsghdr *c = CMSG_FIRSTHDR(&msg);
	int pair[2], status;
	pid_t child;

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair))
		exit(fail("socketpair"));
	child = fork();
	if (child < 0)
		exit(fail("fork"));
	if (!child) {
		close(fd);
		prctl(PR_SET_NAME, "heir");
		if (recvmsg(pair[1], &msg, 0) != 1)
			exit(fail("recvmsg of a socket"));
		memcpy(&fd, CMSG_DATA(c), sizeof(fd));
		return fd;
	}
	*c = (struct cmsghdr){ .cmsg_len = CMSG_LEN(sizeof(fd)), .cmsg_level = SOL_SOCKET,
			       .cmsg_type = SCM_RIGHTS };
	memcpy(CMSG_DATA(c), &fd, sizeof(fd));
	if (sendmsg(pair[0], &msg, 0) != 1)
		exit(fail("sendmsg of a socket"));
	close(fd);
	if (waitpid(child, &status, 0) != child || !WIFEXITED(status))
		exit(fail("heir"));
	if (WEXITSTATUS(status))
		exit(WEXITSTATUS(status));
	return -1;
}

/* Above 0: readable; 0: not within the timeout; below 0: failed. */
int wait_readable(int fd, unsigned int timeout_s)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	int rc;

	do {
		rc = poll(&p, 1, timeout_s ? (int)timeout_s * 1000 : -1);
	} while (rc < 0 && errno == EINTR);
	return rc;
}

void announce_ready(void)
{
	puts("ready");
	fflush(stdout);
}

/*
 * One reading of both clocks, so that a test can turn the kernel's realtime stamps into
 * monotonic time: the tightest of many, with the width of the window it was read in.
 */
void print_clocks(void)
{
	uint64_t real = 0, mono = 0, best = UINT64_MAX;

	for (int i = 0; i < 200; i++) {
		uint64_t before = now_ns(CLOCK_MONOTONIC), r = now_ns(CLOCK_REALTIME);
		uint64_t width = now_ns(CLOCK_MONOTONIC) - before;

		if (width < best) {
			best = width;
			real = r;
			mono = before + width / 2;
		}
	}
	printf("clock realtime %" PRIu64 " monotonic %" PRIu64 " window %" PRIu64 "\n", real, mono,
	       best);
}

/* CLOCK_REALTIME of SO_TIMESTAMPNS in ns; 0: the message has none. */
uint64_t kernel_stamp(struct msghdr *msg)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
		struct timespec ts;

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_TIMESTAMPNS)
			continue;
		memcpy(&ts, CMSG_DATA(c), sizeof(ts));
		return (uint64_t)ts.tv_sec * NSEC_PER_SEC + (uint64_t)ts.tv_nsec;
	}
	return 0;
}
