// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* A TCP stream without send() and recv(): by splice(), and by TCP_ZEROCOPY_RECEIVE. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "traffic_tcp.h"

/* 1: moved all n bytes, 0: failed */
static bool drain(int from, int to, size_t n)
{
	while (n) {
		ssize_t moved = splice(from, NULL, to, NULL, n, 0);

		if (moved <= 0 && errno != EINTR)
			return false;
		if (moved > 0)
			n -= (size_t)moved;
	}
	return true;
}

/*
 * Whole pages of a pipe become the socket's, which a receiver on the same machine can then map:
 * TCP_ZEROCOPY_RECEIVE takes but pages that belong to nobody else.
 */
ssize_t write_pages(int fd, const unsigned char *buf, size_t n)
{
	static int pipes[2] = { -1, -1 };
	ssize_t written;

	if (pipes[0] < 0 && pipe2(pipes, O_CLOEXEC))
		return -1;
	/* A pipe holds 64 KB; the rest is for the next call. */
	written = write(pipes[1], buf, n < 65536 ? n : 65536);
	if (written > 0 && !drain(pipes[0], fd, (size_t)written))
		return -1;
	return written;
}

/* What goes to /dev/null is counted, not checked. */
int receive_splice(int fd, const struct opts *o, struct stream *s)
{
	int pipes[2], null = open("/dev/null", O_WRONLY | O_CLOEXEC), rc = 0;
	uint64_t calls = 0;
	ssize_t n = 0;

	if (null < 0 || pipe2(pipes, O_CLOEXEC))
		return fail("pipe");
	for (;;) {
		if (o->delay_ms && wait_readable(fd, o->timeout_s) > 0)
			sleep_ns(o->delay_ms * 1000000ull);
		n = splice(fd, NULL, pipes[1], NULL, o->chunk, 0);
		if (!n || (n < 0 && errno != EINTR))
			break;
		if (n < 0)
			continue;
		calls++;
		s->bytes += (uint64_t)n;
		if (!drain(pipes[0], null, (size_t)n))
			break;
	}
	if (n)
		rc = fail("splice");
	close(pipes[0]);
	close(pipes[1]);
	close(null);
	printf("received %" PRIu64 " bytes spliced in %" PRIu64 "\n", s->bytes, calls);
	return rc;
}

/* What one round of TCP_ZEROCOPY_RECEIVE leaves to recv(): bytes, or -1. */
static ssize_t map_some(int fd, unsigned char *window, size_t size, struct stream *s,
			uint64_t *mapped)
{
	struct tcp_zerocopy_receive zc = { .address = (uintptr_t)window, .length = (uint32_t)size };
	socklen_t len = sizeof(zc);

	if (getsockopt(fd, IPPROTO_TCP, TCP_ZEROCOPY_RECEIVE, &zc, &len)) {
		/* At the stream's end; recv() will say so. */
		if (errno == EIO)
			return (ssize_t)size;
		fail("TCP_ZEROCOPY_RECEIVE");
		return -1;
	}
	check_pattern(s, window, zc.length);
	*mapped += zc.length;
	if (zc.length)
		madvise(window, zc.length, MADV_DONTNEED);
	return zc.recv_skip_hint;
}

struct zerocopy {
	unsigned char *window, *buf;
	size_t size;
	uint64_t mapped, copied;
};

/* 1: more may come, 0: the end, -1: failed. Only whole pages can be mapped. */
static int zerocopy_round(int fd, const struct opts *o, struct stream *s, struct zerocopy *z)
{
	uint64_t before = z->mapped;
	ssize_t left, n;

	n = wait_readable(fd, o->timeout_s);
	if (n <= 0) {
		errno = n ? errno : EAGAIN;
		fail("recv");
		return -1;
	}
	sleep_ns(o->delay_ms * 1000000ull);
	left = map_some(fd, z->window, z->size, s, &z->mapped);
	if (left < 0)
		return -1;
	if (!left && z->mapped > before)
		return 1;
	/* Neither mapped nor left over: the end, or somebody else was faster. */
	n = recv(fd, z->buf, left && (size_t)left < z->size ? (size_t)left : z->size,
		 left ? 0 : MSG_DONTWAIT);
	if (n < 0 && (errno == EINTR || (errno == EAGAIN && !left)))
		return 1;
	if (n < 0) {
		fail("recv");
		return -1;
	}
	check_pattern(s, z->buf, (size_t)n);
	z->copied += (uint64_t)n;
	return n > 0;
}

int receive_zerocopy(int fd, const struct opts *o, struct stream *s)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	struct zerocopy z = { .size = (o->chunk + page - 1) & ~(page - 1) };
	int rc;

	z.window = mmap(NULL, z.size, PROT_READ, MAP_SHARED, fd, 0);
	if (z.window == MAP_FAILED)
		return fail("mmap of a socket");
	z.buf = malloc(z.size);
	do {
		rc = z.buf ? zerocopy_round(fd, o, s, &z) : fail("memory");
	} while (rc > 0);
	printf("zerocopy mapped %" PRIu64 " copied %" PRIu64 "\n", z.mapped, z.copied);
	munmap(z.window, z.size);
	free(z.buf);
	return rc ? 1 : 0;
}
