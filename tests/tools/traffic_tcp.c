// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* TCP: a payload whose every byte follows from its offset, so that the receiver checks it alone. */
#include <errno.h>
#include <inttypes.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "traffic.h"

static unsigned char pattern(uint64_t offset)
{
	return (unsigned char)(offset ^ (offset >> 8) * 31 ^ (offset >> 16) * 7);
}

static int open_sender(const struct opts *o)
{
	struct sockaddr_in6 from6 = { .sin6_family = AF_INET6, .sin6_port = htons(o->sport) };
	struct sockaddr_in from4 = { .sin_family = AF_INET, .sin_port = htons(o->sport) };
	struct sockaddr_storage to;
	int one = 1, fd;
	bool v6;
	socklen_t len;

	if (resolve(o, &to, &len))
		return -1;
	v6 = to.ss_family == AF_INET6;
	fd = socket(to.ss_family, SOCK_STREAM, 0);
	if (fd < 0) {
		fail("tcp socket");
		return -1;
	}
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	set_timeouts(fd, o->timeout_s);
	if (bind(fd, v6 ? (void *)&from6 : (void *)&from4, v6 ? sizeof(from6) : sizeof(from4)) ||
	    connect(fd, (struct sockaddr *)&to, len)) {
		fail("connect");
		close(fd);
		return -1;
	}
	return fd;
}

static int send_pattern(int fd, const struct opts *o, unsigned char *buf)
{
	uint64_t done = 0;

	while (done < o->count) {
		size_t n = o->count - done < o->chunk ? o->count - done : o->chunk;
		ssize_t sent;

		for (size_t i = 0; i < n; i++)
			buf[i] = pattern(done + i);
		if (done)
			sleep_ns(o->gap_us * 1000ull);
		sent = send(fd, buf, n, MSG_NOSIGNAL);
		if (sent < 0 && errno != EINTR)
			return fail("send");
		if (sent > 0)
			done += (uint64_t)sent;
	}
	return 0;
}

/* Returns only when the peer has closed too: it has then read everything. */
int tcp_send(const struct opts *o)
{
	unsigned char *buf = malloc(o->chunk);
	int rc, fd = open_sender(o);
	char end;

	if (fd < 0 || !buf) {
		free(buf);
		return 1;
	}
	rc = send_pattern(fd, o, buf);
	if (!rc && (shutdown(fd, SHUT_WR) || recv(fd, &end, 1, 0) != 0))
		rc = fail("waiting for the receiver to finish");
	if (!rc)
		printf("sent %" PRIu64 " bytes\n", o->count);
	close(fd);
	free(buf);
	return rc;
}

struct stream {
	uint64_t bytes, sum, bad;	/* bad: bytes that do not follow the pattern */
	uint64_t first_bad;
};

static void check(struct stream *s, const unsigned char *buf, size_t n)
{
	for (size_t i = 0; i < n; i++, s->bytes++) {
		s->sum = (s->sum ^ buf[i]) * 0x100000001b3ull; /* FNV-1a */
		if (buf[i] != pattern(s->bytes) && !s->bad++)
			s->first_bad = s->bytes;
	}
}

static int receive_pattern(int fd, const struct opts *o, struct stream *s)
{
	unsigned char *buf = malloc(o->chunk);
	ssize_t n = -1;
	uint64_t woke_ns = 0, read_ns;

	while (buf) {
		if (o->delay_ms && wait_readable(fd, o->timeout_s) > 0) {
			woke_ns = now_ns(CLOCK_MONOTONIC);
			sleep_ns(o->delay_ms * 1000000ull);
		}
		n = recv(fd, buf, o->chunk, 0);
		read_ns = now_ns(CLOCK_MONOTONIC);
		if (!n || (n < 0 && errno != EINTR))
			break;
		if (n > 0 && o->timestamps)
			printf("rx %" PRIu64 " bytes %zd woke %" PRIu64 " read %" PRIu64 "\n",
			       s->bytes, n, woke_ns, read_ns);
		if (n > 0)
			check(s, buf, (size_t)n);
	}
	free(buf);
	return n < 0 ? fail("recv") : 0;
}

int tcp_recv(const struct opts *o)
{
	struct stream s = { .sum = 0xcbf29ce484222325ull };
	int fd, rc, listener = open_bound(o, SOCK_STREAM);

	if (listener < 0 || listen(listener, 8))
		return fail("tcp socket");
	set_timeouts(listener, o->timeout_s);
	/* The lines must not cost a write each while segments are measured. */
	setvbuf(stdout, NULL, _IOFBF, 1 << 20);
	if (o->timestamps)
		print_clocks();
	announce_ready();
	fd = accept(listener, NULL, NULL);
	if (fd < 0)
		return fail("accept");
	close(listener);
	set_timeouts(fd, o->timeout_s);
	rc = receive_pattern(fd, o, &s);
	close(fd);
	printf("received %" PRIu64 " bytes checksum %016" PRIx64 "\n", s.bytes, s.sum);
	if (s.bad) {
		fprintf(stderr, "traffic: %" PRIu64 " bytes differ from the pattern, first at %" PRIu64
			"\n", s.bad, s.first_bad);
		return 1;
	}
	return rc;
}
