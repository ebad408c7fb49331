// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include "host/snmp.h"

/* Both files have a line of names, then one of values, for each protocol. */
static const struct {
	const char *proto, *name;
	size_t field;
} mibs[] = {
	{ "Ip:", "InReceives", offsetof(struct snmp, in_receives) },
	{ "Ip:", "InHdrErrors", offsetof(struct snmp, in_hdr_errors) },
	{ "Ip:", "InAddrErrors", offsetof(struct snmp, in_addr_errors) },
	{ "Ip:", "ForwDatagrams", offsetof(struct snmp, forwarded) },
	{ "Ip:", "InUnknownProtos", offsetof(struct snmp, in_unknown) },
	{ "Ip:", "InDiscards", offsetof(struct snmp, in_discards) },
	{ "Ip:", "InDelivers", offsetof(struct snmp, in_delivers) },
	{ "IpExt:", "InNoRoutes", offsetof(struct snmp, in_no_routes) },
	{ "Udp:", "InDatagrams", offsetof(struct snmp, udp_in) },
	{ "Udp:", "NoPorts", offsetof(struct snmp, udp_no_ports) },
	{ "Udp:", "InErrors", offsetof(struct snmp, udp_in_errors) },
	{ "Udp:", "RcvbufErrors", offsetof(struct snmp, udp_rcvbuf_errors) },
};

static void take_mib(struct snmp *s, const char *proto, const char *name, const char *value)
{
	size_t i;

	for (i = 0; i < sizeof(mibs) / sizeof(mibs[0]); i++)
		if (!strcmp(proto, mibs[i].proto) && !strcmp(name, mibs[i].name))
			*(uint64_t *)((char *)s + mibs[i].field) = strtoull(value, NULL, 10);
}

static void take_line(struct snmp *s, char *names, char *values)
{
	char *n, *v, *save_n, *save_v;
	const char *proto = strtok_r(names, " \n", &save_n);

	strtok_r(values, " \n", &save_v);
	while (proto) {
		n = strtok_r(NULL, " \n", &save_n);
		v = strtok_r(NULL, " \n", &save_v);
		if (!n || !v)
			return;
		take_mib(s, proto, n, v);
	}
}

void snmp_parse(FILE *f, struct snmp *s)
{
	char *names = NULL, *values = NULL;
	size_t n = 0, m = 0;

	while (getline(&names, &n, f) > 0 && getline(&values, &m, f) > 0)
		take_line(s, names, values);
	free(names);
	free(values);
}

int snmp_read(struct snmp *s)
{
	static const char *const files[] = { "/proc/thread-self/net/snmp",
					     "/proc/thread-self/net/netstat" };
	FILE *f;
	int i;

	memset(s, 0, sizeof(*s));
	for (i = 0; i < 2; i++) {
		f = fopen(files[i], "re");
		if (!f)
			return -errno;
		snmp_parse(f, s);
		fclose(f);
	}
	return 0;
}
