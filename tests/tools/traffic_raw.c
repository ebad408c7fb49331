// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* Receivers below UDP and TCP: raw IP sockets, packet sockets, and a ping by a raw socket. */
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <linux/filter.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/icmp6.h>
#include <netinet/ip.h>
#include <netinet/ip_icmp.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "traffic.h"

#define MAX_PACKET 65536

struct tally {
	uint64_t got, bytes;
};

typedef void print_packet(const struct opts *o, const unsigned char *buf, size_t len,
			  const void *from);

static unsigned int word(const unsigned char *at)
{
	return (unsigned int)at[0] << 8 | at[1];
}

/* Where the message of an IP packet begins, as a raw socket gives it: IPv4 with its header. */
static size_t header_size(const struct opts *o, const unsigned char *buf, size_t len)
{
	size_t size = !o->v6 && len ? (buf[0] & 15u) * 4u : 0;

	return size < len ? size : len;
}

static void print_raw(const struct opts *o, const unsigned char *buf, size_t len, const void *from)
{
	const struct sockaddr_in *in = from;
	const struct sockaddr_in6 *in6 = from;
	size_t at = header_size(o, buf, len);
	char text[INET6_ADDRSTRLEN];

	if (o->v6)
		inet_ntop(AF_INET6, &in6->sin6_addr, text, sizeof(text));
	else
		inet_ntop(AF_INET, &in->sin_addr, text, sizeof(text));
	printf(" from %s", text);
	if ((o->proto == IPPROTO_ICMP || o->proto == IPPROTO_ICMPV6) && len - at >= 8)
		printf(" icmp %u id %u seq %u", buf[at], word(buf + at + 4), word(buf + at + 6));
}

static void print_frame(const struct opts *o, const unsigned char *buf, size_t len,
			const void *from)
{
	const struct sockaddr_ll *ll = from;

	printf(" ifindex %d proto %04x type %u", ll->sll_ifindex, ntohs(ll->sll_protocol),
	       ll->sll_pkttype);
}

/* 0: read, 1: failed, -1: nothing came within --timeout */
static int receive_one(int fd, const struct opts *o, struct tally *t, print_packet *print)
{
	static unsigned char buf[MAX_PACKET];
	struct sockaddr_storage from = { 0 };
	char control[256];
	struct iovec iov = { buf, sizeof(buf) };
	struct msghdr msg = { .msg_name = &from, .msg_namelen = sizeof(from), .msg_iov = &iov,
			      .msg_iovlen = 1, .msg_control = control,
			      .msg_controllen = sizeof(control) };
	ssize_t n = recvmsg(fd, &msg, 0);
	uint64_t read_ns = now_ns(CLOCK_MONOTONIC);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return errno == EAGAIN ? -1 : 0;
	if (n < 0)
		return fail("recvmsg");
	if (o->timestamps) {
		printf("rx %" PRIu64 " len %zd", t->got, n);
		print(o, buf, (size_t)n, &from);
		printf(" kernel %" PRIu64 " read %" PRIu64 "\n", kernel_stamp(&msg), read_ns);
	}
	t->got++;
	t->bytes += (uint64_t)n;
	return 0;
}

static int receive_all(int fd, const struct opts *o, struct tally *t, print_packet *print)
{
	int one = 1, rc = 0;

	set_timeouts(fd, o->timeout_s);
	setvbuf(stdout, NULL, _IOFBF, 1 << 20);
	if (o->timestamps) {
		if (setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &one, sizeof(one)))
			return fail("SO_TIMESTAMPNS");
		print_clocks();
	}
	announce_ready();
	while (!rc && (!o->count || t->got < o->count))
		rc = receive_one(fd, o, t, print);
	if (o->timestamps)
		print_clocks();
	return rc > 0 || (o->count && t->got < o->count);
}

int raw_recv(const struct opts *o)
{
	struct tally t = { 0 };
	int rc, fd = socket(o->v6 ? AF_INET6 : AF_INET, SOCK_RAW, (int)o->proto);

	if (fd < 0)
		return fail("raw socket");
	rc = receive_all(fd, o, &t, print_raw);
	printf("received %" PRIu64 " bytes %" PRIu64 "\n", t.got, t.bytes);
	close(fd);
	return rc;
}

/* Frames that come in; those that go out, which a packet socket sees as well, are left out. */
/* Give a packet socket, silent until now, its protocol and interface. 0, or 1 after a line. */
static int bind_packet(int fd, const struct opts *o, uint16_t proto)
{
	struct sockaddr_ll at = { .sll_family = AF_PACKET, .sll_protocol = htons(proto) };

	if (o->ifname) {
		at.sll_ifindex = (int)if_nametoindex(o->ifname);
		if (!at.sll_ifindex)
			return fail(o->ifname);
	}
	return bind(fd, (struct sockaddr *)&at, sizeof(at)) ? fail("packet socket") : 0;
}

int packet_recv(const struct opts *o)
{
	struct tpacket_stats stats = { 0 };
	socklen_t len = sizeof(stats);
	struct tally t = { 0 };
	int rc, one = 1, fd = socket(AF_PACKET, SOCK_RAW, 0); /* silent until it is bound */

	if (fd < 0)
		return fail("packet socket");
	if (setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &one, sizeof(one)))
		return fail("packet socket");
	if (bind_packet(fd, o, ETH_P_ALL))
		return 1;
	rc = receive_all(fd, o, &t, print_frame);
	if (getsockopt(fd, SOL_PACKET, PACKET_STATISTICS, &stats, &len))
		rc = fail("PACKET_STATISTICS");
	/* The kernel counts a dropped frame among its packets too. */
	printf("received %" PRIu64 " bytes %" PRIu64 " packets %u drops %u\n", t.got, t.bytes,
	       stats.tp_packets, stats.tp_drops);
	close(fd);
	return rc;
}

/* As DHCP clients do: bound to a protocol, with a filter that refuses all. Until it is killed. */
int packet_refuse(const struct opts *o)
{
	struct sock_filter none = BPF_STMT(BPF_RET | BPF_K, 0);
	struct sock_fprog filter = { .len = 1, .filter = &none };
	uint64_t start = now_ns(CLOCK_MONOTONIC);
	int fd = socket(AF_PACKET, SOCK_DGRAM, 0);

	if (fd < 0)
		return fail("packet socket");
	if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof(filter)))
		return fail("packet socket");
	if (bind_packet(fd, o, o->port))
		return 1;
	announce_ready();
	while (!expired(start, o->timeout_s))
		sleep_ns(NSEC_PER_SEC / 10);
	close(fd);
	return 0;
}

struct ping {
	int fd;
	bool v6;
	uint16_t id;
	size_t size;		/* of the message, with its header of 8 bytes */
	unsigned int timeout_s;
};

static uint16_t checksum(const unsigned char *buf, size_t len)
{
	uint32_t sum = 0;

	for (size_t i = 0; i < len; i++)
		sum += i & 1 ? buf[i] : (uint32_t)buf[i] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

static int send_echo(const struct ping *p, uint16_t seq)
{
	static unsigned char buf[MAX_PACKET];
	uint16_t sum;

	memset(buf, 0, 8);
	buf[0] = p->v6 ? ICMP6_ECHO_REQUEST : ICMP_ECHO;
	buf[4] = (unsigned char)(p->id >> 8);
	buf[5] = (unsigned char)p->id;
	buf[6] = (unsigned char)(seq >> 8);
	buf[7] = (unsigned char)seq;
	for (size_t i = 8; i < p->size; i++)
		buf[i] = (unsigned char)i;
	/* For IPv6 the kernel fills it in: the addresses are part of it. */
	sum = p->v6 ? 0 : checksum(buf, p->size);
	buf[2] = (unsigned char)(sum >> 8);
	buf[3] = (unsigned char)sum;
	return send(p->fd, buf, p->size, 0) < 0 ? fail("send") : 0;
}

/* Whether it is the reply to a request of ours; requests and others' replies come in too. */
static bool is_reply(const struct ping *p, const unsigned char *buf, size_t len, uint16_t seq)
{
	const struct opts o = { .v6 = p->v6 };
	size_t at = header_size(&o, buf, len);

	return len - at == p->size && buf[at] == (p->v6 ? ICMP6_ECHO_REPLY : ICMP_ECHOREPLY) &&
	       word(buf + at + 4) == p->id && word(buf + at + 6) == seq;
}

/* CLOCK_MONOTONIC in ns of the reply's read; 0: none came in time. */
static uint64_t await_reply(const struct ping *p, uint16_t seq, uint64_t start_ns)
{
	static unsigned char buf[MAX_PACKET];

	while (!expired(start_ns, p->timeout_s)) {
		ssize_t n = recv(p->fd, buf, sizeof(buf), 0);

		if (n >= 0 && is_reply(p, buf, (size_t)n, seq))
			return now_ns(CLOCK_MONOTONIC);
	}
	return 0;
}

static int ping_open(struct ping *p, const struct opts *o)
{
	struct sockaddr_storage to;
	socklen_t len;

	if (resolve(o->dst, 0, &to, &len))
		return 1;
	p->v6 = to.ss_family == AF_INET6;
	p->fd = socket(to.ss_family, SOCK_RAW, p->v6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP);
	if (p->fd < 0 || connect(p->fd, (struct sockaddr *)&to, len))
		return fail("raw socket");
	set_timeouts(p->fd, p->timeout_s);
	return 0;
}

int ping_raw(const struct opts *o)
{
	struct ping p = { .fd = -1, .id = (uint16_t)getpid(), .size = o->size + 8,
			  .timeout_s = o->timeout_s ? o->timeout_s : 1 };
	uint64_t replies = 0, seq;

	if (o->size > MAX_PACKET - 64)
		return refuse("--size is out of range");
	if (ping_open(&p, o))
		return 1;
	for (seq = 0; seq < o->count; seq++) {
		uint64_t sent_ns, read_ns;

		if (seq)
			sleep_ns(o->gap_us * 1000ull);
		sent_ns = now_ns(CLOCK_MONOTONIC);
		if (send_echo(&p, (uint16_t)seq))
			break;
		read_ns = await_reply(&p, (uint16_t)seq, sent_ns);
		if (!read_ns)
			continue;
		replies++;
		printf("reply seq %u id %u sent %" PRIu64 " read %" PRIu64 "\n", (uint16_t)seq,
		       p.id, sent_ns, read_ns);
	}
	printf("sent %" PRIu64 " replies %" PRIu64 "\n", seq, replies);
	close(p.fd);
	return replies < o->count;
}
