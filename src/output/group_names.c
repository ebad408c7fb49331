// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include <stdio.h>
#include "output/group_names.h"
#include "model/labels.h"

#define NO_READER "no reader"

static void label_queue(char buf[FMT_TEXT_MAX], const struct sink_env *env, uint64_t key)
{
	char dev[FMT_TEXT_MAX];
	/* The kernel's mark: the queue + 1 if a driver told it; the key: one more, not to be 0. */
	uint32_t mark = (uint32_t)key - 1;

	sink_env_dev(env, 0, (uint32_t)(key >> 32), dev, FMT_TEXT_MAX);
	if (mark)
		snprintf(buf, FMT_TEXT_MAX, "%.90s:%u", dev, mark - 1);
	else
		snprintf(buf, FMT_TEXT_MAX, "%.90s:?", dev);
}

/* As fmt_proto(), but IPv6's and IPv4's are told apart. */
static void label_proto(char buf[FMT_TEXT_MAX], uint64_t key)
{
	struct pp_rec rec = { .eth_proto = (__u16)(key >> 8), .l4_proto = (__u8)key };
	bool v6 = rec.eth_proto == 0x86dd && rec.l4_proto != 58;
	char proto[FMT_MAX];

	snprintf(buf, FMT_TEXT_MAX, "%s%s", fmt_proto(proto, &rec), v6 ? "/6" : "");
}

static void label_port(char buf[FMT_TEXT_MAX], uint64_t key)
{
	struct pp_rec rec = { .eth_proto = 0x0800, .l4_proto = (__u8)(key >> 16) };
	char proto[FMT_MAX];

	if (rec.l4_proto == 6 || rec.l4_proto == 17)
		snprintf(buf, FMT_TEXT_MAX, "%s/%u", fmt_proto(proto, &rec), (uint16_t)key);
	else if (!rec.l4_proto)
		snprintf(buf, FMT_TEXT_MAX, "no transport");
	else
		snprintf(buf, FMT_TEXT_MAX, "%s",
			 rec.l4_proto == 58 ? "icmp6" : fmt_proto(proto, &rec));
}

static void label_pid(char buf[FMT_TEXT_MAX], const struct sink_env *env, uint32_t pid)
{
	const char *comm = pid ? env->comm_name(env->names, pid) : NULL;
	char name[FMT_TEXT_MAX];

	if (!pid)
		snprintf(buf, FMT_TEXT_MAX, NO_READER);
	else if (comm)
		snprintf(buf, FMT_TEXT_MAX, "%u %s", pid, fmt_clean(name, comm, PP_COMM_LEN));
	else
		snprintf(buf, FMT_TEXT_MAX, "%u", pid);
}

static void label_cgroup(char buf[FMT_TEXT_MAX], const struct sink_env *env, uint64_t id)
{
	const char *path = id ? env->cgroup_path(env->names, id) : NULL;

	if (!id)
		snprintf(buf, FMT_TEXT_MAX, NO_READER);
	else if (path)
		fmt_clean(buf, path, FMT_TEXT_MAX);
	else
		snprintf(buf, FMT_TEXT_MAX, "cgroup %llu", (unsigned long long)id);
}

const char *group_label(char buf[FMT_TEXT_MAX], const struct sink_env *env, uint64_t key)
{
	switch (env->hist.by) {
	case PP_BY_DEV:
		return sink_env_dev(env, (uint32_t)(key >> 32), (uint32_t)key, buf, FMT_TEXT_MAX);
	case PP_BY_QUEUE:
		label_queue(buf, env, key);
		break;
	case PP_BY_CPU:
		snprintf(buf, FMT_TEXT_MAX, "cpu%u", (uint32_t)key - 1);
		break;
	case PP_BY_PROTO:
		label_proto(buf, key);
		break;
	case PP_BY_PORT:
		label_port(buf, key);
		break;
	case PP_BY_VERDICT:
		snprintf(buf, FMT_TEXT_MAX, "%s", verdict_label((unsigned int)key));
		break;
	case PP_BY_PID:
		label_pid(buf, env, (uint32_t)key);
		break;
	case PP_BY_CGROUP:
		label_cgroup(buf, env, key - 1);
		break;
	default:
		snprintf(buf, FMT_TEXT_MAX, "all");
	}
	return buf;
}
