// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* TCP: a payload whose every byte follows from its offset, so that the receiver checks it alone. */
#include <errno.h>
#include <inttypes.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "traffic_tcp.h"

static unsigned char pattern(uint64_t offset)
{
	return (unsigned char)(offset ^ (offset >> 8) * 31 ^ (offset >> 16) * 7);
}

struct sender {
	int fd;
	const struct opts *o;
	struct sockaddr_storage to;
	socklen_t len;
};

/* With --fastopen the first write connects. */
static int open_sender(struct sender *s)
{
	const struct opts *o = s->o;
	int one = 1;

	if (resolve(o->dst, o->port, &s->to, &s->len))
		return 1;
	s->fd = socket(s->to.ss_family, SOCK_STREAM, o->mptcp ? IPPROTO_MPTCP : 0);
	if (s->fd < 0)
		return fail(o->mptcp ? "mptcp socket" : "tcp socket");
	setsockopt(s->fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	setsockopt(s->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	set_timeouts(s->fd, o->timeout_s);
	if (bind_port(s->fd, s->to.ss_family, o->sport))
		return fail("bind");
	if (o->fastopen)
		return fastopen_prepare(s->fd, false);
	if (connect(s->fd, (struct sockaddr *)&s->to, s->len))
		return fail("connect");
	return o->tls ? tls_start(s->fd, true) : 0;
}

static ssize_t write_some(const struct sender *s, const unsigned char *buf, size_t n, bool first)
{
	if (first && s->o->fastopen)
		return sendto(s->fd, buf, n, MSG_NOSIGNAL | MSG_FASTOPEN,
			      (const struct sockaddr *)&s->to, s->len);
	if (s->o->splice)
		return write_pages(s->fd, buf, n);
	return send(s->fd, buf, n, MSG_NOSIGNAL);
}

static int send_pattern(const struct sender *s, unsigned char *buf)
{
	const struct opts *o = s->o;
	uint64_t done = 0;

	while (done < o->count) {
		size_t n = o->count - done < o->chunk ? o->count - done : o->chunk;
		ssize_t sent;

		for (size_t i = 0; i < n && !o->bare; i++)
			buf[i] = pattern(done + i);
		if (done)
			sleep_ns(o->gap_us * 1000ull);
		sent = write_some(s, buf, n, !done);
		if (sent < 0 && errno != EINTR)
			return fail("send");
		if (sent > 0)
			done += (uint64_t)sent;
	}
	return 0;
}

static int send_stream(struct sender *s, unsigned char *buf)
{
	uint64_t start, idle;
	char end;

	if (open_sender(s))
		return 1;
	idle = idle_ms();
	start = now_ns(CLOCK_MONOTONIC);
	if (send_pattern(s, buf))
		return 1;
	print_connection(s->fd, s->o);
	if (shutdown(s->fd, SHUT_WR) || recv(s->fd, &end, 1, 0) != 0)
		return fail("waiting for the receiver to finish");
	start = now_ns(CLOCK_MONOTONIC) - start;
	printf("sent %" PRIu64 " bytes\nns=%" PRIu64 " idle_ms=%" PRIu64 "\n", s->o->count, start,
	       idle_ms() - idle);
	return 0;
}

/* Returns only when the peer has closed too: it has then read everything. */
int tcp_send(const struct opts *o)
{
	struct sender s = { .fd = -1, .o = o };
	unsigned char *buf;
	int rc;

	if (o->fastopen && (o->tls || o->splice || !o->count))
		return refuse("--fastopen needs bytes to send, and excludes --tls and --splice");
	buf = calloc(1, o->chunk);
	rc = buf ? send_stream(&s, buf) : fail("memory");
	if (s.fd >= 0)
		close(s.fd);
	free(buf);
	return rc;
}

void check_pattern(struct stream *s, const unsigned char *buf, size_t n)
{
	for (size_t i = 0; i < n; i++, s->bytes++) {
		s->sum = (s->sum ^ buf[i]) * 0x100000001b3ull; /* FNV-1a */
		if (buf[i] != pattern(s->bytes) && !s->bad++)
			s->first_bad = s->bytes;
	}
}

struct peeks {
	uint64_t reads, bytes;
};

/* Looks without taking, on a copy of the account: what is peeked comes again. */
static ssize_t peek(struct waiter *w, struct msghdr *msg, struct stream *s, struct peeks *p)
{
	struct stream before = *s;
	ssize_t n = waiter_recvmsg(w, msg, MSG_PEEK);

	if (n <= 0)
		return n;
	p->reads++;
	p->bytes += (uint64_t)n;
	check_pattern(s, msg->msg_iov->iov_base, (size_t)n);
	if (s->bad > before.bad) {
		before.bad = s->bad;
		before.first_bad = s->first_bad;
	}
	*s = before;
	return n;
}

/* As recv(), by the ways that the options name. */
static ssize_t read_some(struct waiter *w, unsigned char *buf, struct stream *s, struct peeks *p)
{
	struct iovec iov = { buf, w->o->chunk };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	ssize_t n;

	if (w->o->peek) {
		n = peek(w, &msg, s, p);
		if (n <= 0)
			return n;
	}
	return waiter_recvmsg(w, &msg, 0);
}

static int receive_pattern(struct waiter *w, struct stream *s)
{
	const struct opts *o = w->o;
	unsigned char *buf = malloc(o->chunk);
	struct peeks p = { 0 };
	ssize_t n = -1;
	uint64_t read_ns;

	while (buf) {
		if (o->delay_ms && waiter_wait(w) > 0)
			sleep_ns(o->delay_ms * 1000000ull);
		n = read_some(w, buf, s, &p);
		read_ns = now_ns(CLOCK_MONOTONIC);
		if (!n || (n < 0 && errno != EINTR))
			break;
		if (n > 0 && o->timestamps)
			printf("rx %" PRIu64 " bytes %zd woke %" PRIu64 " read %" PRIu64 "\n",
			       s->bytes, n, w->woke_ns, read_ns);
		if (n > 0 && o->bare)
			s->bytes += (uint64_t)n;
		else if (n > 0)
			check_pattern(s, buf, (size_t)n);
	}
	free(buf);
	if (n < 0)
		return fail("recv");
	waiter_report(w);
	if (o->peek)
		printf("peeked %" PRIu64 " bytes %" PRIu64 "\n", p.reads, p.bytes);
	return 0;
}

static int receive(int fd, const struct opts *o, struct stream *s)
{
	struct waiter w;
	int rc;

	if (o->tls && tls_start(fd, false))
		return 1;
	print_connection(fd, o);
	if (o->splice)
		return receive_splice(fd, o, s);
	if (o->zerocopy)
		return receive_zerocopy(fd, o, s);
	if (o->held_ms && receive_held(fd, o, s))
		return 1;
	rc = waiter_open(&w, fd, o);
	if (!rc)
		rc = receive_pattern(&w, s);
	waiter_close(&w);
	return rc;
}

static int listen_for(const struct opts *o)
{
	int fd = open_bound(o, SOCK_STREAM);

	if (fd < 0 || listen(fd, (int)o->backlog)) {
		fail(o->mptcp ? "mptcp socket" : "tcp socket");
		return -1;
	}
	set_timeouts(fd, o->timeout_s);
	if (o->fastopen && fastopen_prepare(fd, true))
		return -1;
	/* The lines must not cost a write each while segments are measured. */
	setvbuf(stdout, NULL, _IOFBF, 1 << 20);
	if (o->timestamps)
		print_clocks();
	announce_ready();
	return fd;
}

int tcp_recv(const struct opts *o)
{
	struct stream s = { .sum = 0xcbf29ce484222325ull };
	int fd, rc, listener;

	if (o->splice + o->zerocopy + (o->peek || o->poll || o->epoll || o->uring) > 1)
		return refuse("--splice, --zerocopy and ways to recv() exclude each other");
	listener = listen_for(o);
	if (listener < 0)
		return 1;
	if (o->no_accept)
		return never_accept(listener, o);
	fd = accept(listener, NULL, NULL);
	if (fd < 0)
		return fail("accept");
	close(listener);
	set_timeouts(fd, o->timeout_s);
	rc = receive(fd, o, &s);
	close(fd);
	if (o->splice)
		return rc;
	printf("received %" PRIu64 " bytes checksum %016" PRIx64 "\n", s.bytes, s.sum);
	if (s.bad) {
		fprintf(stderr, "traffic: %" PRIu64 " bytes differ from the pattern, "
			"first at %" PRIu64 "\n", s.bad, s.first_bad);
		return 1;
	}
	return rc;
}
