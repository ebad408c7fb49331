// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* UDP: every payload begins with a sequence number, so that the receiver knows what it missed. */
#include <endian.h>
#include <errno.h>
#include <inttypes.h>
#include <net/if.h>
#include <netinet/udp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "traffic_udp.h"

#define MAX_SEQ (1ull << 26)	/* the receiver's bitmap then takes 8 MB */
#define MAX_SPORTS 512

struct sender {
	const struct opts *o;
	struct shape shape;
	int fds[MAX_SPORTS];	/* one for each source port */
	uint64_t calls;
};

/* A socket of its own for each port of the cycle. */
static int open_sender(const struct opts *o, uint16_t sport)
{
	struct sockaddr_storage to;
	socklen_t len;
	int fd, one = 1, segment = (int)o->size;

	if (resolve(o->dst, o->port, &to, &len))
		return -1;
	fd = socket(to.ss_family, SOCK_DGRAM, 0);
	/* Link-local groups are of an interface. */
	if (o->ifname && to.ss_family == AF_INET6)
		((struct sockaddr_in6 *)&to)->sin6_scope_id = if_nametoindex(o->ifname);
	if (fd < 0 || bind_port(fd, to.ss_family, sport)) {
		fail("udp socket");
		return -1;
	}
	setsockopt(fd, SOL_SOCKET, SO_BROADCAST, &one, sizeof(one));
	if (o->ifname && multicast_out(fd, to.ss_family, o->ifname))
		return -1;
	if (connect(fd, (struct sockaddr *)&to, len)) {
		fail("connect");
		return -1;
	}
	if (o->gso && setsockopt(fd, SOL_UDP, UDP_SEGMENT, &segment, sizeof(segment))) {
		fail("UDP_SEGMENT");
		return -1;
	}
	return fd;
}

static uint16_t local_port(int fd)
{
	struct sockaddr_in6 in6 = { 0 }; /* sin_port is at the same place */
	socklen_t len = sizeof(in6);

	getsockname(fd, (struct sockaddr *)&in6, &len);
	return ntohs(in6.sin6_port);
}

static int open_senders(struct sender *s)
{
	for (uint16_t i = 0; i < s->shape.sports; i++) {
		uint16_t port = s->shape.sport ? s->shape.sport + i : 0;

		s->fds[i] = open_sender(s->o, port);
		if (s->fds[i] < 0)
			return 1;
	}
	s->shape.sport = local_port(s->fds[0]);
	return 0;
}

/*
 * A connected socket reports the ICMP error of an earlier datagram instead of sending: try again.
 * A full device queue is not a loss either, the datagram was not sent yet.
 */
static int send_buffer(int fd, const char *buf, size_t size)
{
	while (send(fd, buf, size, 0) < 0) {
		if (errno == ENOBUFS)
			sleep_ns(100000);
		else if (errno != ECONNREFUSED && errno != EINTR)
			return fail("send");
	}
	return 0;
}

/* One send of `n` datagrams, n > 1 with --gso alone. */
static int send_some(struct sender *s, uint64_t seq, uint64_t n)
{
	static char buf[MAX_DATAGRAM];
	size_t at = 0;

	for (uint64_t i = 0; i < n; i++) {
		size_t len = shape_length(&s->shape, seq + i);

		payload_fill(buf + at, len, seq + i, s->o->payload_id ? &s->shape : NULL);
		at += len;
	}
	s->calls++;
	return send_buffer(s->fds[shape_socket(&s->shape, seq)], buf, at);
}

/* A complete set of options, as --vary-len and --sports need it; 0, or 1 with the reason. */
static int shape_options(const struct opts *given, struct opts *o, struct shape *shape)
{
	*o = *given;
	o->payload_id = o->payload_id || o->vary || o->sports;
	if (!o->sports)
		o->sports = o->vary ? 64 : 1;
	if (!o->vary)
		o->vary = 1;
	if (o->size < payload_min(o))
		o->size = payload_min(o);
	if (o->sports > 1 && !o->sport)
		o->sport = 20000;
	if (o->size + o->vary - 1 > MAX_PAYLOAD || o->sport + o->sports - 1 > UINT16_MAX)
		return refuse("the longest datagram or the last source port is out of range");
	if (o->gso && (o->vary > 1 || o->sports > 1 || o->gso * o->size > MAX_PAYLOAD))
		return refuse("--gso excludes --vary-len and --sports, and sends at most "
			      "65507 bytes");
	*shape = (struct shape){ .size = (uint16_t)o->size, .vary = (uint16_t)o->vary,
				 .sport = o->sport, .sports = (uint16_t)o->sports };
	return 0;
}

static int send_all(const struct opts *given, uint64_t count, unsigned int seconds)
{
	struct opts o;
	struct sender s = { .o = &o };
	uint64_t seq = 0, start = now_ns(CLOCK_MONOTONIC);

	if (shape_options(given, &o, &s.shape) || open_senders(&s))
		return 1;
	while (seq < count && !expired(start, seconds)) {
		uint64_t n = o.gso > 1 ? o.gso : 1;

		if (n > count - seq)
			n = count - seq;
		if (seq)
			sleep_ns(o.gap_us * 1000ull);
		if (send_some(&s, seq, n))
			return 1;
		seq += n;
	}
	for (unsigned int i = 0; i < o.sports; i++)
		close(s.fds[i]);
	printf("sent %" PRIu64 "\n", seq);
	if (o.gso)
		printf("gso calls %" PRIu64 "\n", s.calls);
	return 0;
}

int udp_send(const struct opts *o)
{
	return send_all(o, o->count, 0);
}

int udp_flood(const struct opts *o)
{
	return o->count ? send_all(o, UINT64_MAX, (unsigned int)o->count) : 0;
}

struct tally {
	uint64_t got, distinct, duplicated, foreign, next; /* next: highest sequence number + 1 */
	uint64_t reads, merged, mismatched, peeked;	   /* merged: reads of several datagrams */
	unsigned char *bitmap;
};

static void account(struct tally *t, uint64_t seq)
{
	unsigned char bit = (unsigned char)(1u << (seq & 7));

	t->got++;
	if (seq >= MAX_SEQ) {
		t->foreign++;
		return;
	}
	if (t->bitmap[seq / 8] & bit) {
		t->duplicated++;
		return;
	}
	t->bitmap[seq / 8] |= bit;
	t->distinct++;
	if (seq >= t->next)
		t->next = seq + 1;
}

struct arrival {
	uint64_t kernel_ns, woke_ns, read_ns;
	uint16_t sport;
};

static void take(const struct opts *o, struct tally *t, const char *buf, size_t len,
		 const struct arrival *a)
{
	const char *wrong = o->verify ? payload_verify(buf, len, a->sport) : NULL;
	uint64_t seq = UINT64_MAX;

	if (len >= sizeof(seq)) {
		memcpy(&seq, buf, sizeof(seq));
		seq = le64toh(seq);
	}
	account(t, seq);
	if (wrong && !t->mismatched++)
		fprintf(stderr, "traffic: datagram %" PRIu64 ", %zu bytes from port %u: wrong %s\n",
			seq, len, a->sport, wrong);
	if (!o->timestamps)
		return;
	printf("rx %" PRIu64 " kernel %" PRIu64 " woke %" PRIu64 " read %" PRIu64, seq,
	       a->kernel_ns, a->woke_ns, a->read_ns);
	if (o->verify)
		printf(" sport %u len %zu", a->sport, len);
	putchar('\n');
}

/* As recvmsg(), after a look with --peek. */
static ssize_t read_one(struct waiter *w, struct tally *t, struct msghdr *msg)
{
	const size_t room = msg->msg_controllen;

	if (w->o->peek) {
		ssize_t n = waiter_recvmsg(w, msg, MSG_PEEK);

		if (n < 0)
			return n;
		t->peeked++;
		msg->msg_controllen = room;
	}
	return waiter_recvmsg(w, msg, 0);
}

/* 0: read or interrupted, 1: failed, -1: nothing came within --timeout */
static int receive_one(struct waiter *w, struct tally *t)
{
	static char buf[MAX_DATAGRAM];
	const struct opts *o = w->o;
	struct sockaddr_in6 from = { 0 }; /* sin_port is at the same place */
	char control[256];
	struct iovec iov = { buf, sizeof(buf) };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control,
			      .msg_controllen = sizeof(control) };
	struct arrival a = { 0 };
	size_t step, at = 0;
	ssize_t n;

	if (o->verify) {
		msg.msg_name = &from;
		msg.msg_namelen = sizeof(from);
	}
	n = read_one(w, t, &msg);
	a.read_ns = now_ns(CLOCK_MONOTONIC);
	if (n < 0 && errno == EAGAIN)
		return -1;
	if (n < 0)
		return errno == EINTR ? 0 : fail("recvmsg");
	a.woke_ns = w->woke_ns;
	a.kernel_ns = kernel_stamp(&msg);
	a.sport = ntohs(from.sin6_port);
	step = gro_size(&msg, (size_t)n);
	t->reads++;
	t->merged += step < (size_t)n;
	do { /* a datagram may be empty */
		take(o, t, buf + at, (size_t)n - at < step ? (size_t)n - at : step, &a);
		at += step;
	} while (at < (size_t)n);
	return 0;
}

/*
 * Reads until COUNT datagrams came, or none for --timeout seconds. With --delay-ms the reader
 * stays away for that long after each has come, so a datagram's wait on the socket is known.
 */
static int receive_all(struct waiter *w, struct tally *t)
{
	const struct opts *o = w->o;

	while (!o->count || t->got < o->count) {
		int rc;

		if (o->delay_ms) {
			rc = waiter_wait(w);
			if (rc <= 0)
				return rc ? fail("poll") : 0;
			sleep_ns(o->delay_ms * 1000000ull);
		}
		rc = receive_one(w, t);
		if (rc)
			return rc > 0;
	}
	return 0;
}

/* 0, or 1 with the reason printed. */
static int prepare_receiver(int fd, const struct opts *o)
{
	struct sockaddr_storage peer;
	socklen_t len;
	int one = 1;

	set_timeouts(fd, o->timeout_s);
	if (o->group && multicast_join(fd, o))
		return 1;
	if (o->peer && (resolve(o->peer, o->peer_port, &peer, &len) ||
			connect(fd, (struct sockaddr *)&peer, len)))
		return fail("connect");
	if (o->gro && gro_enable(fd))
		return 1;
	/* The lines must not cost a write each while datagrams are measured. */
	setvbuf(stdout, NULL, _IOFBF, 1 << 20);
	if (o->timestamps) {
		if (setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &one, sizeof(one)))
			return fail("SO_TIMESTAMPNS");
		print_clocks();
	}
	return 0;
}

static void report(const struct opts *o, const struct tally *t)
{
	uint64_t want = o->count > t->next ? o->count : t->next;

	printf("received %" PRIu64 " lost %" PRIu64 " duplicated %" PRIu64 " foreign %" PRIu64 "\n",
	       t->got, want - t->distinct, t->duplicated, t->foreign);
	if (o->peek)
		printf("peeked %" PRIu64 "\n", t->peeked);
	if (o->gro)
		printf("gro reads %" PRIu64 " merged %" PRIu64 "\n", t->reads, t->merged);
	if (o->verify)
		printf("verified %" PRIu64 " mismatched %" PRIu64 "\n", t->got, t->mismatched);
}

int udp_recv(const struct opts *o)
{
	struct tally t = { .bitmap = calloc(MAX_SEQ / 8, 1) };
	int rc, fd = open_bound(o, SOCK_DGRAM);
	struct waiter w;

	/* NOLINTBEGIN(clang-analyzer-unix.Malloc): what fails here ends the process. */
	if (fd < 0 || !t.bitmap)
		return fail("udp socket");
	if (o->handed) {
		fd = hand_over(fd);
		if (fd < 0)
			return 0;
	}
	if (prepare_receiver(fd, o) || waiter_open(&w, fd, o))
		return 1;
	/* NOLINTEND(clang-analyzer-unix.Malloc) */
	announce_ready();
	rc = receive_all(&w, &t);
	if (o->timestamps)
		print_clocks();
	report(o, &t);
	waiter_report(&w);
	waiter_close(&w);
	free(t.bitmap);
	close(fd);
	if (rc || t.mismatched)
		return 1;
	return o->count && t.distinct < o->count;
}
