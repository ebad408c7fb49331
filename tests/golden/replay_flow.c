// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* A record's protocol, addresses and ports, see replay.c. */
#include <arpa/inet.h>
#include <err.h>
#include <string.h>
#include "replay.h"

/* ADDR:PORT or ADDR; IPv6 as [ADDR]:PORT or [ADDR] */
static void parse_endpoint(struct pp_rec *rec, char *s, __u8 addr[16], __u16 *port)
{
	bool v6 = *s == '[';
	char *end = s + strcspn(s, v6 ? "]" : ":");

	if (v6) {
		rec->eth_proto = 0x86dd;
		s++;
		if (*end)
			*end++ = '\0';
	}
	if (*end == ':') {
		*end = '\0';
		*port = htons((uint16_t)number(end + 1));
	}
	if (inet_pton(v6 ? AF_INET6 : AF_INET, s, addr) != 1)
		errx(2, "not an address: %s", s);
}

void parse_proto(struct pp_rec *rec, const char *s)
{
	static const struct {
		const char *name;
		__u8 l4;
		__u16 eth;
	} protos[] = {
		{ "tcp", 6, 0x0800 },	{ "udp", 17, 0x0800 },	{ "icmp", 1, 0x0800 },
		{ "icmp6", 58, 0x86dd }, { "arp", 0, 0x0806 },
	};

	for (size_t i = 0; i < sizeof(protos) / sizeof(protos[0]); i++) {
		if (!strcmp(s, protos[i].name)) {
			rec->l4_proto = protos[i].l4;
			rec->eth_proto = protos[i].eth;
			return;
		}
	}
	rec->l4_proto = (__u8)number(s);
	rec->eth_proto = 0x0800;
}

void parse_flow(struct pp_rec *rec, char *value)
{
	char *to = strchr(value, '>');

	if (!to)
		errx(2, "not a flow: %s", value);
	*to = '\0';
	parse_endpoint(rec, value, rec->saddr, &rec->sport);
	parse_endpoint(rec, to + 1, rec->daddr, &rec->dport);
}

/* As a flow: what conntrack made of it. */
void parse_nat(struct pp_rec *rec, char *value)
{
	struct pp_rec now = { 0 };

	parse_flow(&now, value);
	memcpy(rec->nat.saddr, now.saddr, sizeof(now.saddr));
	memcpy(rec->nat.daddr, now.daddr, sizeof(now.daddr));
	rec->nat.sport = now.sport;
	rec->nat.dport = now.dport;
	rec->flags |= PP_F_NAT;
}
