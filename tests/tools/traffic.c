// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* Command line of the traffic tool, and what its commands share. */
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "traffic.h"

enum {
	OPT_SIZE = 1, OPT_GAP, OPT_SPORT, OPT_DELAY, OPT_STAMPS, OPT_TIMEOUT, OPT_RCVBUF, OPT_CHUNK
};
#define BIT(n) (1u << (n))

/* args: what follows the options, in order: d = address, p = port, n = number, i = interface. */
static const struct command {
	const char *name, *args, *usage;
	unsigned int options;
	int (*run)(const struct opts *o);
} commands[] = {
	{ "udp-send", "dpn", "DST PORT COUNT [--size N] [--gap-us US] [--sport P]",
	  BIT(OPT_SIZE) | BIT(OPT_GAP) | BIT(OPT_SPORT), udp_send },
	{ "udp-flood", "dpn", "DST PORT SECONDS [--size N] [--sport P]",
	  BIT(OPT_SIZE) | BIT(OPT_SPORT), udp_flood },
	{ "udp-recv", "pn", "PORT COUNT [--delay-ms MS] [--timestamps] [--timeout S] [--rcvbuf N]",
	  BIT(OPT_DELAY) | BIT(OPT_STAMPS) | BIT(OPT_TIMEOUT) | BIT(OPT_RCVBUF), udp_recv },
	{ "tcp-send", "dpn", "DST PORT BYTES [--chunk N] [--gap-us US] [--sport P] [--timeout S]",
	  BIT(OPT_CHUNK) | BIT(OPT_GAP) | BIT(OPT_SPORT) | BIT(OPT_TIMEOUT), tcp_send },
	{ "tcp-recv", "p", "PORT [--delay-ms MS] [--timestamps] [--rcvbuf N] [--chunk N] [--timeout S]",
	  BIT(OPT_DELAY) | BIT(OPT_STAMPS) | BIT(OPT_RCVBUF) | BIT(OPT_CHUNK) | BIT(OPT_TIMEOUT), tcp_recv },
	{ "nic-stats", "i", "IFNAME", 0, nic_stats },
};
#define NR_COMMANDS (sizeof(commands) / sizeof(commands[0]))

static const struct option long_options[] = {
	{ "size", required_argument, NULL, OPT_SIZE },
	{ "gap-us", required_argument, NULL, OPT_GAP },
	{ "sport", required_argument, NULL, OPT_SPORT },
	{ "delay-ms", required_argument, NULL, OPT_DELAY },
	{ "timestamps", no_argument, NULL, OPT_STAMPS },
	{ "timeout", required_argument, NULL, OPT_TIMEOUT },
	{ "rcvbuf", required_argument, NULL, OPT_RCVBUF },
	{ "chunk", required_argument, NULL, OPT_CHUNK },
	{ NULL, 0, NULL, 0 },
};

uint64_t now_ns(int clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return (uint64_t)ts.tv_sec * NSEC_PER_SEC + (uint64_t)ts.tv_nsec;
}

void sleep_ns(uint64_t ns)
{
	struct timespec ts = { (time_t)(ns / NSEC_PER_SEC), (long)(ns % NSEC_PER_SEC) };

	while (ns && nanosleep(&ts, &ts) && errno == EINTR)
		;
}

bool expired(uint64_t start_ns, unsigned int timeout_s)
{
	return timeout_s && now_ns(CLOCK_MONOTONIC) - start_ns >= timeout_s * NSEC_PER_SEC;
}

int fail(const char *what)
{
	fprintf(stderr, "traffic: %s: %s\n", what, strerror(errno));
	return 1;
}

int resolve(const struct opts *o, struct sockaddr_storage *sa, socklen_t *len)
{
	struct sockaddr_in *in = (struct sockaddr_in *)sa;
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)sa;

	memset(sa, 0, sizeof(*sa));
	if (inet_pton(AF_INET, o->dst, &in->sin_addr) == 1) {
		in->sin_family = AF_INET;
		in->sin_port = htons(o->port);
		*len = sizeof(*in);
		return 0;
	}
	if (inet_pton(AF_INET6, o->dst, &in6->sin6_addr) == 1) {
		in6->sin6_family = AF_INET6;
		in6->sin6_port = htons(o->port);
		*len = sizeof(*in6);
		return 0;
	}
	fprintf(stderr, "traffic: %s: not an IPv4 or IPv6 address\n", o->dst);
	return -1;
}

/* A receiving socket for IPv6 and IPv4, or for IPv4 alone where the kernel has no IPv6. */
int open_bound(const struct opts *o, int type)
{
	struct sockaddr_in6 any6 = { .sin6_family = AF_INET6, .sin6_port = htons(o->port) };
	struct sockaddr_in any4 = { .sin_family = AF_INET, .sin_port = htons(o->port) };
	int one = 1, zero = 0, fd = socket(AF_INET6, type, 0);
	bool v6 = fd >= 0;

	if (!v6)
		fd = socket(AF_INET, type, 0);
	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (v6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &zero, sizeof(zero));
	/* root may have more than net.core.rmem_max */
	if (o->rcvbuf && setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &o->rcvbuf, sizeof(o->rcvbuf)))
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &o->rcvbuf, sizeof(o->rcvbuf));
	if (v6 ? bind(fd, (struct sockaddr *)&any6, sizeof(any6)) :
		 bind(fd, (struct sockaddr *)&any4, sizeof(any4))) {
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

static int usage(const struct command *only)
{
	for (size_t i = 0; i < NR_COMMANDS; i++) {
		if (!only || only == &commands[i])
			fprintf(stderr, "usage: traffic %s %s\n", commands[i].name, commands[i].usage);
	}
	return 2;
}

static bool number(const char *text, uint64_t max, uint64_t *value)
{
	char *end;

	errno = 0;
	*value = strtoull(text, &end, 10);
	if (errno || end == text || *end || *text == '-' || *value > max) {
		fprintf(stderr, "traffic: '%s' is not a number from 0 to %llu\n", text,
			(unsigned long long)max);
		return false;
	}
	return true;
}

static bool set_option(struct opts *o, int opt, const char *text)
{
	static const uint64_t max[] = {
		[OPT_SIZE] = 65507, [OPT_GAP] = UINT32_MAX, [OPT_SPORT] = UINT16_MAX,
		[OPT_DELAY] = UINT32_MAX, [OPT_TIMEOUT] = UINT32_MAX,
		[OPT_RCVBUF] = INT32_MAX, [OPT_CHUNK] = 1u << 30,
	};
	uint64_t v = 0;

	if (opt != OPT_STAMPS && !number(text, max[opt], &v))
		return false;
	switch (opt) {
	case OPT_SIZE: o->size = v; break;
	case OPT_GAP: o->gap_us = (unsigned int)v; break;
	case OPT_SPORT: o->sport = (uint16_t)v; break;
	case OPT_DELAY: o->delay_ms = (unsigned int)v; break;
	case OPT_STAMPS: o->timestamps = true; break;
	case OPT_TIMEOUT: o->timeout_s = (unsigned int)v; break;
	case OPT_RCVBUF: o->rcvbuf = (int)v; break;
	case OPT_CHUNK: o->chunk = v ? v : 1; break;
	}
	return true;
}

static bool set_argument(struct opts *o, char kind, const char *text)
{
	uint64_t port;

	switch (kind) {
	case 'd':
		o->dst = text;
		return true;
	case 'i':
		o->ifname = text;
		return true;
	case 'n':
		return number(text, UINT64_MAX, &o->count);
	default:
		if (!number(text, UINT16_MAX, &port))
			return false;
		o->port = (uint16_t)port;
		return true;
	}
}

static int run(const struct command *c, int argc, char **argv)
{
	struct opts o = { .size = 64, .chunk = 64 * 1024 };
	int opt;

	while ((opt = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
		if (opt == '?' || !(c->options & BIT(opt)) || !set_option(&o, opt, optarg))
			return usage(c);
	}
	if (argc - optind != (int)strlen(c->args))
		return usage(c);
	for (const char *kind = c->args; *kind; kind++) {
		if (!set_argument(&o, *kind, argv[optind++]))
			return usage(c);
	}
	return c->run(&o);
}

int main(int argc, char **argv)
{
	for (size_t i = 0; argc > 1 && i < NR_COMMANDS; i++) {
		if (!strcmp(argv[1], commands[i].name))
			return run(&commands[i], argc - 1, argv + 1);
	}
	return usage(NULL);
}
