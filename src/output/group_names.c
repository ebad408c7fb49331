// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include <linux/if_ether.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "model/labels.h"
#include "output/group_names.h"

#define NO_READER "no reader"

/* A group being named. The rows of PP_BYS call the functions below with it. */
struct group {
	const struct sink_env *env;
	struct pp_rec rec;		/* unpacked from its key */
	char dev[FMT_TEXT_MAX], part[FMT_TEXT_MAX], text[FMT_TEXT_MAX];
};

__attribute__((format(printf, 2, 3)))
static const char *say(struct group *g, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(g->text, sizeof(g->text), fmt, ap);
	va_end(ap);
	return g->text;
}

/* "eth0"; of another namespace, or gone before it was asked for, its number: "if7@4026532177". */
static const char *dev(struct group *g)
{
	const char *name = g->env->dev_name(g->env->names, g->rec.netns, g->rec.ifindex);

	if (name)
		return fmt_clean(g->dev, name, IF_NAMESIZE);
	if (g->rec.netns)
		snprintf(g->dev, sizeof(g->dev), "if%u@%u", g->rec.ifindex, g->rec.netns);
	else
		snprintf(g->dev, sizeof(g->dev), "if%u", g->rec.ifindex);
	return g->dev;
}

/* "3"; "?" if its driver does not record the queue. */
static const char *queue(struct group *g)
{
	if (g->rec.queue)
		snprintf(g->part, sizeof(g->part), "%u", g->rec.queue - 1u);
	else
		snprintf(g->part, sizeof(g->part), "?");
	return g->part;
}

/* Like fmt_proto(), but IPv6's names differ from IPv4's: "tcp", "tcp/6". */
static const char *proto(struct group *g)
{
	bool v6 = g->rec.eth_proto == ETH_P_IPV6 && g->rec.l4_proto != IPPROTO_ICMPV6;
	char buf[FMT_MAX];

	return say(g, "%s%s", fmt_proto(buf, &g->rec), v6 ? "/6" : "");
}

/* "udp/53"; the protocol alone if it has no ports. IPv4 and IPv6 are counted together. */
static const char *port(struct group *g)
{
	char buf[FMT_MAX];

	if (!g->rec.l4_proto)
		return "no transport";
	g->rec.eth_proto = g->rec.l4_proto == IPPROTO_ICMPV6 ? ETH_P_IPV6 : ETH_P_IP;
	if (g->rec.l4_proto == IPPROTO_TCP || g->rec.l4_proto == IPPROTO_UDP)
		return say(g, "%s/%u", fmt_proto(buf, &g->rec), ntohs(g->rec.dport));
	return say(g, "%s", fmt_proto(buf, &g->rec));
}

/* "4711 nginx" */
static const char *pid(struct group *g)
{
	const char *comm = g->rec.pid ? g->env->comm_name(g->env->names, g->rec.pid) : NULL;

	if (!g->rec.pid)
		return NO_READER;
	if (!comm)
		return say(g, "%u", g->rec.pid);
	return say(g, "%u %s", g->rec.pid, fmt_clean(g->part, comm, PP_COMM_LEN));
}

/* Its path below the mount point. */
static const char *cgroup(struct group *g)
{
	const char *path = g->rec.cgroup ? g->env->cgroup_path(g->env->names, g->rec.cgroup) : NULL;

	if (!g->rec.cgroup)
		return NO_READER;
	if (path)
		return fmt_clean(g->part, path, FMT_TEXT_MAX);
	return say(g, "cgroup %llu", (unsigned long long)g->rec.cgroup);
}

#define CASE_NAME(id, label, life, meaning, pack, unpack, name)                                    \
	case PP_BY_##id:                                                                           \
		text = name;                                                                       \
		break;

const char *group_name(char buf[FMT_TEXT_MAX], const struct sink_env *env, enum pp_by by,
		       uint64_t key)
{
	struct group group = { .env = env }, *g = &group;
	const struct pp_rec *rec = &group.rec;
	const char *text = "all";

	pp_by_unpack(by, key, &group.rec);
	switch (by) {
	PP_BYS(CASE_NAME)
	default:
		break;
	}
	snprintf(buf, FMT_TEXT_MAX, "%s", text);
	return buf;
}
