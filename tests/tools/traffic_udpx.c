// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* UDP: what a datagram says of itself, multicast groups, and several datagrams in one read. */
#include <arpa/inet.h>
#include <endian.h>
#include <net/if.h>
#include <netinet/udp.h>
#include <stdio.h>
#include <string.h>

#include "traffic_udp.h"

/* A datagram with an identity: this, then bytes that count up from its sequence number. */
struct identity {
	uint64_t seq, magic;
	uint16_t size, vary, sport, sports; /* struct shape */
};
#define MAGIC 0x6c79617061706b74ull

size_t shape_length(const struct shape *s, uint64_t seq)
{
	return s->size + seq % s->vary;
}

unsigned int shape_socket(const struct shape *s, uint64_t seq)
{
	return (unsigned int)(seq / s->vary % s->sports);
}

size_t payload_min(const struct opts *o)
{
	return o->payload_id ? sizeof(struct identity) : sizeof(uint64_t);
}

/* shape: NULL for a datagram that has but its number. */
void payload_fill(char *buf, size_t len, uint64_t seq, const struct shape *s)
{
	struct identity id = { .seq = htole64(seq), .magic = htole64(MAGIC) };

	if (!s) {
		memcpy(buf, &id.seq, sizeof(id.seq));
		return;
	}
	id.size = htole16(s->size);
	id.vary = htole16(s->vary);
	id.sport = htole16(s->sport);
	id.sports = htole16(s->sports);
	memcpy(buf, &id, sizeof(id));
	for (size_t i = sizeof(id); i < len; i++)
		buf[i] = (char)(seq + i);
}

/* NULL, or what does not fit the rest. */
const char *payload_verify(const char *buf, size_t len, uint16_t sport)
{
	struct identity id;
	struct shape s;
	uint64_t seq;

	if (len < sizeof(id))
		return "identity";
	memcpy(&id, buf, sizeof(id));
	s = (struct shape){ le16toh(id.size), le16toh(id.vary), le16toh(id.sport),
			    le16toh(id.sports) };
	seq = le64toh(id.seq);
	if (le64toh(id.magic) != MAGIC || !s.vary || !s.sports)
		return "identity";
	if (len != shape_length(&s, seq))
		return "length";
	if (sport != (uint16_t)(s.sport + shape_socket(&s, seq)))
		return "source port";
	for (size_t i = sizeof(id); i < len; i++) {
		if (buf[i] != (char)(seq + i))
			return "content";
	}
	return NULL;
}

/* where: an interface's name, or for IPv4 its address. 0, or 1 with the reason printed. */
int multicast_out(int fd, int family, const char *where)
{
	struct ip_mreqn m = { .imr_ifindex = (int)if_nametoindex(where) };
	int rc;

	if (!m.imr_ifindex && inet_pton(AF_INET, where, &m.imr_address) != 1)
		return fail(where);
	if (family == AF_INET6)
		rc = setsockopt(fd, IPPROTO_IPV6, IPV6_MULTICAST_IF, &m.imr_ifindex,
				sizeof(m.imr_ifindex));
	else
		rc = setsockopt(fd, IPPROTO_IP, IP_MULTICAST_IF, &m, sizeof(m));
	return rc ? fail("multicast interface") : 0;
}

static int join_on(int fd, const char *group, unsigned int ifindex)
{
	struct ip_mreqn m = { .imr_ifindex = (int)ifindex };
	struct ipv6_mreq m6 = { .ipv6mr_interface = ifindex };

	if (inet_pton(AF_INET, group, &m.imr_multiaddr) == 1)
		return setsockopt(fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &m, sizeof(m));
	if (inet_pton(AF_INET6, group, &m6.ipv6mr_multiaddr) == 1)
		return setsockopt(fd, IPPROTO_IPV6, IPV6_JOIN_GROUP, &m6, sizeof(m6));
	return -1;
}

/* On --ifname, or on every interface that can. 0, or 1 with the reason printed. */
int multicast_join(int fd, const struct opts *o)
{
	struct if_nameindex *all = if_nameindex();
	unsigned int joined = 0;
	int zero = 0;

	/* Else what any other program of the host has joined would come in too. */
	setsockopt(fd, IPPROTO_IP, IP_MULTICAST_ALL, &zero, sizeof(zero));
	setsockopt(fd, IPPROTO_IPV6, IPV6_MULTICAST_ALL, &zero, sizeof(zero));
	for (struct if_nameindex *i = all; i && i->if_index; i++) {
		if ((!o->ifname || !strcmp(o->ifname, i->if_name)) &&
		    !join_on(fd, o->group, i->if_index))
			joined++;
	}
	if (all)
		if_freenameindex(all);
	if (!joined)
		return fail(o->group);
	printf("joined %u\n", joined);
	return 0;
}

int gro_enable(int fd)
{
	int one = 1;

	return setsockopt(fd, SOL_UDP, UDP_GRO, &one, sizeof(one)) ? fail("UDP_GRO") : 0;
}

/* The length of the datagrams that a read of `len` bytes consists of; the last may be shorter. */
size_t gro_size(struct msghdr *msg, size_t len)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
		int size;

		if (c->cmsg_level != SOL_UDP || c->cmsg_type != UDP_GRO)
			continue;
		memcpy(&size, CMSG_DATA(c), sizeof(size));
		if (size > 0)
			return (size_t)size;
	}
	return len;
}
