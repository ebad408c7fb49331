// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include <errno.h>
#include <net/if.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "host/ethtool.h"
#include "host/net_counters.h"

/* A counter's name without its queue: "rx_queue_0_xdp_drops" is "rx xdp_drops". */
static const struct {
	const char *side, *name;
	size_t field;
} wanted[] = {
	{ "rx", "xdp_packets", offsetof(struct net_counts, xdp_packets) },
	{ "rx", "drops", offsetof(struct net_counts, rx_drops) },
	{ "rx", "xdp_redirect", offsetof(struct net_counts, xdp_redirect) },
	{ "rx", "xdp_drops", offsetof(struct net_counts, xdp_drops) },
	{ "rx", "xdp_tx", offsetof(struct net_counts, xdp_tx) },
	{ "rx", "xdp_tx_errors", offsetof(struct net_counts, xdp_tx_errors) },
	{ "tx", "xdp_xmit", offsetof(struct net_counts, xmit) },
	{ "tx", "xdp_xmit_errors", offsetof(struct net_counts, xmit_errors) },
};

#define NR_WANTED (sizeof(wanted) / sizeof(wanted[0]))
#define NONE	  0xff

struct net_counters {
	char name[IFNAMSIZ];
	int fd;			/* stays valid when the thread changes its namespace */
	uint32_t n;
	unsigned char *which;	/* for each of the driver's counters its row in wanted[] */
	struct ethtool_stats *values;
};

static unsigned char classify(const char *text)
{
	char side[3], name[ETH_GSTRING_LEN];
	unsigned int queue;
	size_t i;

	if (sscanf(text, "%2[rtx]_queue_%u_%31s", side, &queue, name) != 3)
		return NONE;
	for (i = 0; i < NR_WANTED; i++)
		if (!strcmp(side, wanted[i].side) && !strcmp(name, wanted[i].name))
			return i;
	return NONE;
}

static int read_names(struct net_counters *s)
{
	struct ethtool_gstrings *g = calloc(1, sizeof(*g) + (size_t)s->n * ETH_GSTRING_LEN);
	char text[ETH_GSTRING_LEN + 1] = "";
	uint32_t i;
	int err;

	if (!g)
		return -ENOMEM;
	*g = (struct ethtool_gstrings){ ETHTOOL_GSTRINGS, ETH_SS_STATS, s->n };
	err = ethtool_ask(s->fd, s->name, g);
	for (i = 0; !err && i < s->n; i++) {
		memcpy(text, g->data + (size_t)i * ETH_GSTRING_LEN, ETH_GSTRING_LEN);
		s->which[i] = classify(text);
	}
	free(g);
	return err;
}

static int find_names(struct net_counters *s)
{
	struct ethtool_drvinfo info = { .cmd = ETHTOOL_GDRVINFO };

	if (ethtool_ask(s->fd, s->name, &info))
		return 0;	/* no ethtool at all: no counters */
	s->n = info.n_stats;
	s->which = calloc(s->n + 1, 1);
	s->values = calloc(1, sizeof(*s->values) + s->n * sizeof(uint64_t));
	if (!s->which || !s->values)
		return -ENOMEM;
	return s->n ? read_names(s) : 0;
}

int net_counters_open(struct net_counters **out, const char *name)
{
	struct net_counters *s = calloc(1, sizeof(*s));
	int err;

	if (!s)
		return -ENOMEM;
	snprintf(s->name, sizeof(s->name), "%s", name);
	s->fd = ethtool_open();
	err = s->fd < 0 ? s->fd : find_names(s);
	if (err)
		net_counters_free(s);
	else
		*out = s;
	return err;
}

void net_counters_free(struct net_counters *s)
{
	if (!s)
		return;
	if (s->fd >= 0)
		close(s->fd);
	free(s->which);
	free(s->values);
	free(s);
}

int net_counters_driver(struct net_counters *s, struct net_counts *c)
{
	uint32_t i;
	int err;

	memset(c, 0, sizeof(*c));
	if (!s->n)
		return 0;
	s->values->cmd = ETHTOOL_GSTATS;
	s->values->n_stats = s->n;
	err = ethtool_ask(s->fd, s->name, s->values);
	for (i = 0; !err && i < s->n; i++)
		if (s->which[i] != NONE)
			*(uint64_t *)((char *)c + wanted[s->which[i]].field) += s->values->data[i];
	return err;
}

static int read_dev(struct net_counters *s, struct net_counts *c)
{
	FILE *f = fopen("/proc/thread-self/net/dev", "re");
	char line[512], name[IFNAMSIZ];
	unsigned long long v[12];
	int err = -ENODEV;

	if (!f)
		return -errno;
	while (err && fgets(line, sizeof(line), f)) {
		if (sscanf(line,
			   " %15[^:]: %llu %llu %llu %llu %llu %llu %llu %llu %llu %llu %llu %llu",
			   name, &v[0], &v[1], &v[2], &v[3], &v[4], &v[5], &v[6], &v[7], &v[8],
			   &v[9], &v[10], &v[11]) != 13 ||
		    strcmp(name, s->name))
			continue;
		c->rx_packets = v[1];
		c->rx_dropped = v[3];	/* with what the card missed (dev_seq_printf_stats()) */
		c->rx_missed = v[4];
		c->tx_dropped = v[11];
		err = 0;
	}
	fclose(f);
	return err;
}

int net_counters_all(struct net_counters *s, struct net_counts *c)
{
	int err = net_counters_driver(s, c);

	return err ? err : read_dev(s, c);
}
