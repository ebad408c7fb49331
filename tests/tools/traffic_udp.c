// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* UDP: every payload begins with a sequence number, so that the receiver knows what it missed. */
#include <endian.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "traffic.h"

#define MAX_DATAGRAM 65536
#define MAX_SEQ (1ull << 26)	/* the receiver's bitmap then takes 8 MB */

static int open_sender(const struct opts *o)
{
	struct sockaddr_in6 from6 = { .sin6_family = AF_INET6, .sin6_port = htons(o->sport) };
	struct sockaddr_in from4 = { .sin_family = AF_INET, .sin_port = htons(o->sport) };
	struct sockaddr_storage to;
	bool v6;
	socklen_t len;
	int fd;

	if (resolve(o, &to, &len))
		return -1;
	v6 = to.ss_family == AF_INET6;
	fd = socket(to.ss_family, SOCK_DGRAM, 0);
	if (fd < 0 || bind(fd, v6 ? (void *)&from6 : (void *)&from4,
			   v6 ? sizeof(from6) : sizeof(from4))) {
		fail("udp socket");
		return -1;
	}
	if (connect(fd, (struct sockaddr *)&to, len)) {
		fail("connect");
		return -1;
	}
	return fd;
}

/*
 * A connected socket reports the ICMP error of an earlier datagram instead of sending: try again.
 * A full device queue is not a loss either, the datagram was not sent yet.
 */
static int send_one(int fd, char *buf, size_t size, uint64_t seq)
{
	seq = htole64(seq);
	memcpy(buf, &seq, sizeof(seq));
	while (send(fd, buf, size, 0) < 0) {
		if (errno == ENOBUFS)
			sleep_ns(100000);
		else if (errno != ECONNREFUSED && errno != EINTR)
			return fail("send");
	}
	return 0;
}

static int send_all(const struct opts *o, uint64_t count, unsigned int seconds)
{
	static char buf[MAX_DATAGRAM];
	size_t size = o->size < sizeof(uint64_t) ? sizeof(uint64_t) : o->size;
	uint64_t seq, start = now_ns(CLOCK_MONOTONIC);
	int fd = open_sender(o);

	if (fd < 0)
		return 1;
	for (seq = 0; seq < count && !expired(start, seconds); seq++) {
		if (seq)
			sleep_ns(o->gap_us * 1000ull);
		if (send_one(fd, buf, size, seq))
			return 1;
	}
	close(fd);
	printf("sent %" PRIu64 "\n", seq);
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

static uint64_t kernel_stamp(struct msghdr *msg)
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

/* 0: read or interrupted, 1: failed, -1: nothing came within --timeout */
static int receive_one(int fd, const struct opts *o, struct tally *t, uint64_t woke_ns)
{
	static char buf[MAX_DATAGRAM];
	char control[256];
	struct iovec iov = { buf, sizeof(buf) };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control,
			      .msg_controllen = sizeof(control) };
	uint64_t seq = UINT64_MAX, read_ns;
	ssize_t n = recvmsg(fd, &msg, 0);

	read_ns = now_ns(CLOCK_MONOTONIC);
	if (n < 0 && errno == EAGAIN)
		return -1;
	if (n < 0)
		return errno == EINTR ? 0 : fail("recvmsg");
	if ((size_t)n >= sizeof(seq)) {
		memcpy(&seq, buf, sizeof(seq));
		seq = le64toh(seq);
	}
	account(t, seq);
	if (o->timestamps)
		printf("rx %" PRIu64 " kernel %" PRIu64 " woke %" PRIu64 " read %" PRIu64 "\n", seq,
		       kernel_stamp(&msg), woke_ns, read_ns);
	return 0;
}

/*
 * Reads until COUNT datagrams came, or none for --timeout seconds. With --delay-ms the reader
 * stays away for that long after each has come, so a datagram's wait on the socket is known.
 */
static int receive_all(int fd, const struct opts *o, struct tally *t)
{
	uint64_t woke_ns = 0;

	while (!o->count || t->got < o->count) {
		int rc;

		if (o->delay_ms) {
			rc = wait_readable(fd, o->timeout_s);
			if (rc <= 0)
				return rc ? fail("poll") : 0;
			woke_ns = now_ns(CLOCK_MONOTONIC);
			sleep_ns(o->delay_ms * 1000000ull);
		}
		rc = receive_one(fd, o, t, woke_ns);
		if (rc)
			return rc > 0;
	}
	return 0;
}

int udp_recv(const struct opts *o)
{
	struct tally t = { .bitmap = calloc(MAX_SEQ / 8, 1) };
	int one = 1, rc, fd = open_bound(o, SOCK_DGRAM);
	uint64_t want;

	/* NOLINTBEGIN(clang-analyzer-unix.Malloc): what fails here ends the process. */
	if (fd < 0 || !t.bitmap)
		return fail("udp socket");
	set_timeouts(fd, o->timeout_s);
	/* The lines must not cost a write each while datagrams are measured. */
	setvbuf(stdout, NULL, _IOFBF, 1 << 20);
	if (o->timestamps) {
		if (setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &one, sizeof(one)))
			return fail("SO_TIMESTAMPNS");
		print_clocks();
	}
	/* NOLINTEND(clang-analyzer-unix.Malloc) */
	announce_ready();
	rc = receive_all(fd, o, &t);
	if (o->timestamps)
		print_clocks();
	want = o->count > t.next ? o->count : t.next;
	printf("received %" PRIu64 " lost %" PRIu64 " duplicated %" PRIu64 " foreign %" PRIu64 "\n",
	       t.got, want - t.distinct, t.duplicated, t.foreign);
	free(t.bitmap);
	close(fd);
	return rc ? rc : o->count && t.distinct < o->count;
}
