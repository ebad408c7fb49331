// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * Load that fills tables: datagrams that are told apart by their headers alone, and receivers
 * with many sockets that let everything lie until they are told to read it.
 */
#include <endian.h>
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "traffic.h"

/* Two primes: the pair (source port, size) differs among 61 * 509 datagrams in a row. */
#define MIX_PORTS 61
#define MIX_SIZES 509
#define MIX_MIN 18	/* with these a frame is as long as the shortest that is not padded */
#define LISTEN_BACKLOG 4096

static int open_mix(const struct opts *o, const struct sockaddr_storage *to, socklen_t len, int i)
{
	struct sockaddr_storage from = { .ss_family = to->ss_family };
	int fd = socket(to->ss_family, SOCK_DGRAM, 0);

	/* The port is in the same place for both families. */
	((struct sockaddr_in *)&from)->sin_port = htons((uint16_t)(o->sport + i));
	if (fd < 0 || bind(fd, (struct sockaddr *)&from, len) ||
	    connect(fd, (const struct sockaddr *)to, len)) {
		fail("udp socket");
		return -1;
	}
	return fd;
}

/* Datagram i: from port SPORT + i % 61, with 18 + i % 509 bytes. */
int udp_mix(const struct opts *o)
{
	char buf[MIX_MIN + MIX_SIZES] = { 0 };
	struct sockaddr_storage to;
	int fds[MIX_PORTS];
	socklen_t len;

	if (resolve(o->dst, o->port, &to, &len))
		return 1;
	for (int i = 0; i < MIX_PORTS; i++) {
		fds[i] = open_mix(o, &to, len, i);
		if (fds[i] < 0)
			return 1;
	}
	for (uint64_t i = 0; i < o->count; i++) {
		uint64_t seq = htole64(i);

		memcpy(buf, &seq, sizeof(seq));
		sleep_ns(i ? o->gap_us * 1000ull : 0);
		while (send(fds[i % MIX_PORTS], buf, MIX_MIN + i % MIX_SIZES, 0) < 0) {
			if (errno != ENOBUFS && errno != ECONNREFUSED && errno != EINTR)
				return fail("send");
		}
	}
	printf("sent %" PRIu64 "\n", o->count);
	return 0;
}

static int *room_for(uint64_t count)
{
	struct rlimit many = { count + 64, count + 64 };

	if (setrlimit(RLIMIT_NOFILE, &many)) {
		fail("RLIMIT_NOFILE");
		return NULL;
	}
	return calloc(count + 1, sizeof(int));
}

/* Reads what lies on the sockets: how many times there was something, and how many bytes. */
static void drain(const int *fds, uint64_t n)
{
	uint64_t reads = 0, bytes = 0;
	char buf[65536];

	for (uint64_t i = 0; i < n; i++) {
		ssize_t got;

		while ((got = recv(fds[i], buf, sizeof(buf), MSG_DONTWAIT)) > 0) {
			reads++;
			bytes += (uint64_t)got;
		}
	}
	printf("reads %" PRIu64 " bytes %" PRIu64 "\n", reads, bytes);
	fflush(stdout);
}

/* SIGUSR1: read it all; SIGINT: close. `block` was called before there was anything to wait for. */
static void block(sigset_t *set)
{
	sigemptyset(set);
	sigaddset(set, SIGUSR1);
	sigaddset(set, SIGINT);
	sigprocmask(SIG_BLOCK, set, NULL);
}

static void hoard(const int *fds, uint64_t n, const sigset_t *set)
{
	int signo;

	while (!sigwait(set, &signo) && signo == SIGUSR1)
		drain(fds, n);
	for (uint64_t i = 0; i < n; i++)
		close(fds[i]);
	printf("closed %" PRIu64 "\n", n);
}

/* COUNT sockets from PORT on, which nobody reads until SIGUSR1. */
int udp_hoard(const struct opts *o)
{
	struct opts one = *o;
	int *fds = room_for(o->count);
	sigset_t set;

	if (!fds)
		return 1;
	block(&set);
	for (uint64_t i = 0; i < o->count; i++) {
		one.port = (uint16_t)(o->port + i);
		fds[i] = open_bound(&one, SOCK_DGRAM);
		if (fds[i] < 0) {
			free(fds);
			return fail("udp socket");
		}
	}
	announce_ready();
	hoard(fds, o->count, &set);
	free(fds);
	return 0;
}

/* Takes COUNT connections and reads none until SIGUSR1. */
int tcp_hoard(const struct opts *o)
{
	int *fds = room_for(o->count), fd = open_bound(o, SOCK_STREAM);
	sigset_t set;
	uint64_t n = 0;

	if (!fds || fd < 0 || listen(fd, LISTEN_BACKLOG)) {
		free(fds);
		return fail("tcp socket");
	}
	block(&set);
	announce_ready();
	while (n < o->count) {
		fds[n] = accept(fd, NULL, NULL);
		n += fds[n] >= 0;
	}
	puts("all connected");
	fflush(stdout);
	hoard(fds, n, &set);
	close(fd);
	free(fds);
	return 0;
}
