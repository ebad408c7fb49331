// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* Command line of the traffic tool: the tables of its commands and options. */
#include <errno.h>
#include <getopt.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "traffic.h"

enum {
	OPT_SIZE = 1, OPT_GAP, OPT_SPORT, OPT_DELAY, OPT_STAMPS, OPT_RCVBUF, OPT_CHUNK, OPT_TIMEOUT,
	OPT_POLL, OPT_EPOLL, OPT_URING, OPT_PEEK,
	OPT_SPLICE, OPT_ZEROCOPY, OPT_HELD, OPT_HELD_READS, OPT_NO_ACCEPT, OPT_BACKLOG,
	OPT_FASTOPEN, OPT_TLS, OPT_MPTCP,
	OPT_CONNECT, OPT_MULTICAST, OPT_IFNAME, OPT_GRO, OPT_VERIFY,
	OPT_GSO, OPT_PAYLOAD_ID, OPT_VARY, OPT_SPORTS,
	OPT_V6, OPT_DROP, OPT_BARE, OPT_BATCH, OPT_SHARED, OPT_TRANSPARENT, OPT_HANDED,
	OPT_HELP, NR_OPTIONS
};
#define BIT(n) (1ull << (n))
#define WAYS (BIT(OPT_POLL) | BIT(OPT_EPOLL) | BIT(OPT_URING) | BIT(OPT_PEEK))
#define LOOK (BIT(OPT_STAMPS) | BIT(OPT_TIMEOUT))
#define IDS (BIT(OPT_PAYLOAD_ID) | BIT(OPT_VARY) | BIT(OPT_SPORTS))
#define UDP_OUT (BIT(OPT_SIZE) | BIT(OPT_SPORT) | BIT(OPT_IFNAME) | BIT(OPT_GSO) | IDS)
#define UDP_IN (BIT(OPT_DELAY) | LOOK | BIT(OPT_RCVBUF) | WAYS | BIT(OPT_CONNECT) | \
	BIT(OPT_MULTICAST) | BIT(OPT_IFNAME) | BIT(OPT_GRO) | BIT(OPT_VERIFY) | BIT(OPT_SHARED) | \
	BIT(OPT_TRANSPARENT) | BIT(OPT_HANDED))
#define TCP_KIND (BIT(OPT_FASTOPEN) | BIT(OPT_TLS) | BIT(OPT_MPTCP) | BIT(OPT_BARE) | \
	BIT(OPT_BATCH))
#define TCP_IN (BIT(OPT_DELAY) | LOOK | BIT(OPT_RCVBUF) | BIT(OPT_CHUNK) | WAYS | \
	BIT(OPT_SPLICE) | BIT(OPT_ZEROCOPY) | BIT(OPT_HELD) | BIT(OPT_HELD_READS) | \
	BIT(OPT_NO_ACCEPT) | BIT(OPT_BACKLOG) | TCP_KIND)

/*
 * args: what follows the options, in order: d = address, p = port or queue, n = number,
 * i = interface, I = interface that may be left out, t = IP protocol, m = milliseconds, c = CPU,
 * r = priority.
 */
static const struct command {
	const char *name, *args, *usage;
	uint64_t options;
	int (*run)(const struct opts *o);
	const char *help;
} commands[] = {
	{ "udp-send", "dpn", "DST PORT COUNT", UDP_OUT | BIT(OPT_GAP), udp_send,
	  "COUNT datagrams, each with its number" },
	{ "udp-flood", "dpn", "DST PORT SECONDS", UDP_OUT, udp_flood, "as many as go" },
	{ "udp-recv", "pn", "PORT COUNT", UDP_IN, udp_recv,
	  "counts what came, what is lost, what came twice; COUNT 0: until --timeout" },
	{ "udp-ping", "dpn", "DST PORT COUNT", BIT(OPT_SIZE) | BIT(OPT_TIMEOUT) |
	  BIT(OPT_BATCH), udp_ping,
	  "COUNT datagrams, one at a time, to udp-pong and back; how long that took" },
	{ "udp-pong", "pn", "PORT COUNT", BIT(OPT_TIMEOUT) | BIT(OPT_BATCH), udp_pong,
	  "sends COUNT datagrams back" },
	{ "tcp-send", "dpn", "DST PORT BYTES", BIT(OPT_CHUNK) | BIT(OPT_GAP) | BIT(OPT_SPORT) |
	  BIT(OPT_TIMEOUT) | BIT(OPT_SPLICE) | TCP_KIND, tcp_send,
	  "a stream whose bytes the receiver can check" },
	{ "tcp-recv", "p", "PORT", TCP_IN, tcp_recv, "one connection, to its end" },
	{ "raw-recv", "tn", "PROTO COUNT", LOOK | BIT(OPT_V6), raw_recv,
	  "packets of an IP protocol (1 = ICMP) on a raw socket" },
	{ "packet-recv", "nI", "COUNT [IFNAME]", LOOK, packet_recv,
	  "frames that arrive, on a packet socket" },
	{ "packet-refuse", "pI", "ETHERTYPE [IFNAME]", BIT(OPT_TIMEOUT), packet_refuse,
	  "a packet socket that wants frames of ETHERTYPE, and refuses each" },
	{ "ping-raw", "dn", "DST COUNT", BIT(OPT_SIZE) | BIT(OPT_GAP) | BIT(OPT_TIMEOUT), ping_raw,
	  "ICMP echo by a raw socket; --timeout is for each reply, at least 1 s" },
	{ "nfqueue-delay", "pmn", "QUEUE MS COUNT", LOOK | BIT(OPT_DROP), nfqueue_delay,
	  "accepts each packet of a netfilter queue MS ms after it was read" },
	{ "spin-fifo", "mcr", "MS CPU PRIO", 0, spin_fifo,
	  "keeps a CPU busy at a real-time priority" },
	{ "nic-stats", "i", "IFNAME", 0, nic_stats, "the driver's counters" },
	{ "big-tcp4", "in", "IFNAME BYTES", 0, big_tcp4,
	  "GSO and GRO make IPv4 packets of up to BYTES (Linux 6.3)" },
	{ "udp-mix", "dpn", "DST PORT COUNT", BIT(OPT_GAP) | BIT(OPT_SPORT), udp_mix,
	  "datagrams of mixed lengths and source ports" },
	{ "udp-hoard", "pn", "PORT COUNT", BIT(OPT_RCVBUF), udp_hoard,
	  "COUNT sockets that read nothing" },
	{ "xsk-recv", "ipn", "IFNAME MAP-ID COUNT", BIT(OPT_TIMEOUT), xsk_recv,
	  "frames that an XDP program redirects into an AF_XDP socket" },
	{ "tcp-hoard", "pn", "PORT COUNT", 0, tcp_hoard, "COUNT connections that read nothing" },
};
#define NR_COMMANDS (sizeof(commands) / sizeof(commands[0]))

#define AT(f) offsetof(struct opts, f), sizeof(((struct opts *)0)->f)
#define FLAG(n, f, h) { n, NULL, h, 0, AT(f) }
#define NUMBER(n, arg, f, max, h) { n, arg, h, max, AT(f) }
#define TEXT(n, arg, f, h) { n, arg, h, 0, AT(f) }

/* arg: NULL for a flag. max: 0 for a text. at, width: where the value is in struct opts. */
static const struct option_row {
	const char *name, *arg, *help;
	uint64_t max;
	size_t at, width;
} rows[NR_OPTIONS] = {
	[OPT_SIZE] = NUMBER("size", "N", size, 65507, "bytes of payload"),
	[OPT_GAP] = NUMBER("gap-us", "US", gap_us, UINT32_MAX, "pause between two sends"),
	[OPT_SPORT] = NUMBER("sport", "P", sport, UINT16_MAX, "source port"),
	[OPT_DELAY] = NUMBER("delay-ms", "MS", delay_ms, UINT32_MAX,
			     "wait that long between data's arrival and the read"),
	[OPT_STAMPS] = FLAG("timestamps", timestamps, "a line for each read"),
	[OPT_RCVBUF] = NUMBER("rcvbuf", "N", rcvbuf, INT32_MAX, "SO_RCVBUF"),
	[OPT_CHUNK] = NUMBER("chunk", "N", chunk, 1u << 30, "bytes of a read or write"),
	[OPT_TIMEOUT] = NUMBER("timeout", "S", timeout_s, UINT32_MAX, "give up after that long"),
	[OPT_POLL] = FLAG("poll", poll, "wait in poll()"),
	[OPT_EPOLL] = FLAG("epoll", epoll, "wait in epoll_wait()"),
	[OPT_URING] = FLAG("uring", uring, "read with io_uring (Linux 5.11)"),
	[OPT_PEEK] = FLAG("peek", peek, "MSG_PEEK before each read"),
	[OPT_SPLICE] = FLAG("splice", splice,
			    "splice() into /dev/null, unchecked; to send, out of a pipe"),
	[OPT_ZEROCOPY] = FLAG("zerocopy", zerocopy, "TCP_ZEROCOPY_RECEIVE, the rest by recv()"),
	[OPT_HELD] = NUMBER("held-ms", "MS", held_ms, UINT32_MAX,
			    "hold the socket's lock that long in a read"),
	[OPT_HELD_READS] = NUMBER("held-reads", "N", held_reads, UINT32_MAX,
				  "so many reads of --held-ms, default 1"),
	[OPT_NO_ACCEPT] = FLAG("no-accept", no_accept, "listen for --delay-ms, accept nothing"),
	[OPT_BACKLOG] = NUMBER("backlog", "N", backlog, INT32_MAX, "of listen(), default 8"),
	[OPT_FASTOPEN] = FLAG("fastopen", fastopen,
			      "data in the SYN; net.ipv4.tcp_fastopen = 3 on both ends"),
	[OPT_TLS] = FLAG("tls", tls, "kernel TLS with a fixed key, on both ends"),
	[OPT_MPTCP] = FLAG("mptcp", mptcp, "Multipath TCP"),
	[OPT_CONNECT] = TEXT("connect", "DST PORT", peer, "receive from there alone"),
	[OPT_MULTICAST] = TEXT("multicast", "GROUP", group,
			       "join it on --ifname, or on every interface"),
	[OPT_IFNAME] = TEXT("ifname", "IF", ifname,
			    "multicast's interface; to send, or its address"),
	[OPT_GRO] = FLAG("gro", gro, "UDP_GRO: several datagrams in one read"),
	[OPT_VERIFY] = FLAG("verify", verify,
			    "what --payload-id says: length, source port, content"),
	[OPT_GSO] = NUMBER("gso", "N", gso, 64, "UDP_SEGMENT: so many datagrams in one send"),
	[OPT_PAYLOAD_ID] = FLAG("payload-id", payload_id, "each datagram says what it is"),
	[OPT_VARY] = NUMBER("vary-len", "M", vary, UINT16_MAX,
			    "datagram i has --size + i % M bytes; implies --payload-id"),
	[OPT_SPORTS] = NUMBER("sports", "K", sports, 512,
			      "and comes from port --sport + i / M % K (64 with --vary-len)"),
	[OPT_V6] = FLAG("v6", v6, "IPv6"),
	[OPT_DROP] = FLAG("drop", drop, "drop instead of accept"),
	[OPT_BARE] = FLAG("bare", bare, "zeros instead, and unchecked: to count instructions"),
	[OPT_BATCH] = FLAG("batch", batch, "SCHED_BATCH: whom it wakes does not preempt it"),
	[OPT_SHARED] = FLAG("shared", shared, "SO_REUSEPORT: one of several readers of the port"),
	[OPT_TRANSPARENT] = FLAG("transparent", transparent,
				 "IP_TRANSPARENT: also what TPROXY sends here"),
	[OPT_HANDED] = FLAG("handed", handed, "another process, heir, reads from the socket"),
	[OPT_HELP] = { .name = "help", .help = "this text" },
};

uint64_t now_ns(int clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return (uint64_t)ts.tv_sec * NSEC_PER_SEC + (uint64_t)ts.tv_nsec;
}

/* How long the CPUs had nothing to do since boot: the second number of /proc/uptime. */
uint64_t idle_ms(void)
{
	FILE *f = fopen("/proc/uptime", "re");
	double up, idle = 0;

	if (f && fscanf(f, "%lf %lf", &up, &idle) != 2)
		idle = 0;
	if (f)
		fclose(f);
	return (uint64_t)(idle * 1000 + 0.5);
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

int refuse(const char *why)
{
	fprintf(stderr, "traffic: %s\n", why);
	return 1;
}

static void synopsis(FILE *out, const struct command *c, const char *lead)
{
	fprintf(out, "%s%s %s", lead, c->name, c->usage);
	for (int i = 1; i < NR_OPTIONS; i++) {
		if (c->options & BIT(i))
			fprintf(out, " [--%s%s%s]", rows[i].name, rows[i].arg ? " " : "",
				rows[i].arg ? rows[i].arg : "");
	}
	fputc('\n', out);
}

static int usage(const struct command *only)
{
	for (size_t i = 0; i < NR_COMMANDS; i++) {
		if (!only || only == &commands[i])
			synopsis(stderr, &commands[i], "usage: traffic ");
	}
	return 2;
}

static int help(void)
{
	puts("traffic COMMAND: known packets in, exact counts out. Receivers say 'ready' first.\n");
	for (size_t i = 0; i < NR_COMMANDS; i++) {
		synopsis(stdout, &commands[i], "  ");
		printf("      %s\n", commands[i].help);
	}
	putchar('\n');
	for (int i = 1; i < NR_OPTIONS; i++)
		printf("  --%-12s %-9s %s\n", rows[i].name, rows[i].arg ? rows[i].arg : "",
		       rows[i].help);
	return 0;
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

static bool set_option(struct opts *o, const struct option_row *row, const char *text)
{
	void *at = (char *)o + row->at;
	uint64_t v = 0;

	if (!row->arg) {
		*(bool *)at = true;
		return true;
	}
	if (!row->max) {
		*(const char **)at = text;
		return true;
	}
	if (!number(text, row->max, &v))
		return false;
	if (row->width == sizeof(uint16_t))
		*(uint16_t *)at = (uint16_t)v;
	else if (row->width == sizeof(uint32_t))
		*(uint32_t *)at = (uint32_t)v;
	else
		*(uint64_t *)at = v;
	return true;
}

static bool set_argument(struct opts *o, char kind, const char *text)
{
	uint64_t max = kind == 'p' ? UINT16_MAX : kind == 'n' ? UINT64_MAX : kind == 't' ? 255 :
		       kind == 'c' ? 1023 : kind == 'r' ? 99 : UINT32_MAX;
	uint64_t v;

	if (kind == 'd')
		o->dst = text;
	if (kind == 'i' || kind == 'I')
		o->ifname = text;
	if (strchr("diI", kind))
		return true;
	if (!number(text, max, &v))
		return false;
	switch (kind) {
	case 'n': o->count = v; break;
	case 't': o->proto = (unsigned int)v; break;
	case 'm': o->delay_ms = (unsigned int)v; break;
	case 'c': o->cpu = (unsigned int)v; break;
	case 'r': o->prio = (unsigned int)v; break;
	default: o->port = (uint16_t)v;
	}
	return true;
}

/* --connect alone takes two words. */
static bool peer_port(struct opts *o, int argc, char **argv)
{
	uint64_t port;

	if (optind >= argc || !number(argv[optind++], UINT16_MAX, &port))
		return false;
	o->peer_port = (uint16_t)port;
	return true;
}

static int run(const struct command *c, int argc, char **argv)
{
	struct opts o = { .size = 64, .chunk = 64 * 1024, .held_reads = 1, .backlog = 8 };
	struct option long_options[NR_OPTIONS] = { 0 };
	int opt;

	for (int i = 1; i < NR_OPTIONS; i++)
		long_options[i - 1] = (struct option){ rows[i].name, rows[i].arg != NULL, NULL, i };
	while ((opt = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
		if (opt == OPT_HELP)
			return help();
		if (opt == '?' || !(c->options & BIT(opt)) || !set_option(&o, &rows[opt], optarg))
			return usage(c);
		if (opt == OPT_CONNECT && !peer_port(&o, argc, argv))
			return usage(c);
	}
	if (!o.chunk)
		o.chunk = 1;
	for (const char *kind = c->args; *kind; kind++) {
		if (*kind == 'I' && optind == argc)
			break;
		if (optind == argc || !set_argument(&o, *kind, argv[optind++]))
			return usage(c);
	}
	if (o.batch && sched_setscheduler(0, SCHED_BATCH, &(struct sched_param){ 0 }))
		return fail("SCHED_BATCH");
	return optind == argc ? c->run(&o) : usage(c);
}

int main(int argc, char **argv)
{
	if (argc > 1 && !strcmp(argv[1], "--help"))
		return help();
	for (size_t i = 0; argc > 1 && i < NR_COMMANDS; i++) {
		if (!strcmp(argv[1], commands[i].name))
			return run(&commands[i], argc - 1, argv + 1);
	}
	return usage(NULL);
}
