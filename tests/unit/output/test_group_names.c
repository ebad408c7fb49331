// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* group_names.c: what the keys that the BPF side makes (group_key()) are called. */
#include <string.h>
#include "unit.h"
#include "output/group_names.h"

static const char *dev_name(void *names, uint32_t netns, uint32_t ifindex)
{
	return netns != 99 && ifindex == 2 ? "eth0" : NULL;
}

static const char *comm_name(void *names, uint32_t pid)
{
	return pid == 7 ? "nginx" : NULL;
}

static const char *cgroup_path(void *names, uint64_t id)
{
	return id == 5 ? "/system.slice" : NULL;
}

static void check(enum pp_by by, uint64_t key, const char *want)
{
	struct sink_env env = { .hist.by = by, .dev_name = dev_name, .comm_name = comm_name,
				.cgroup_path = cgroup_path };
	char buf[FMT_TEXT_MAX];

	assert_string_equal(group_label(buf, &env, key), want);
}

static void test_labels(void **state)
{
	const uint64_t one = 1ull << 32;

	check(PP_BY_DEV, 2, "eth0");
	check(PP_BY_DEV, 99ull << 32 | 2, "if2");
	check(PP_BY_QUEUE, 2ull << 32 | 1, "eth0:?");	/* no mark */
	check(PP_BY_QUEUE, 2ull << 32 | 2, "eth0:0");
	check(PP_BY_QUEUE, 2ull << 32 | 65, "eth0:63");
	check(PP_BY_CPU, 1, "cpu0");
	check(PP_BY_CPU, 256, "cpu255");
	check(PP_BY_PROTO, one | 0x0800 << 8 | 6, "tcp");
	check(PP_BY_PROTO, one | 0x86dd << 8 | 6, "tcp/6");
	check(PP_BY_PROTO, one | 0x86dd << 8 | 58, "icmp6");
	check(PP_BY_PROTO, one | 0x0806 << 8, "arp");
	check(PP_BY_PROTO, one | 0x88cc << 8, "eth:0x88cc");
	check(PP_BY_PORT, one | 17 << 16 | 53, "udp/53");
	check(PP_BY_PORT, one | 6 << 16 | 65535, "tcp/65535");
	check(PP_BY_PORT, one | 1 << 16, "icmp");
	check(PP_BY_PORT, one | 58 << 16, "icmp6");
	check(PP_BY_PORT, one | 47 << 16, "ip:47");
	check(PP_BY_PORT, one, "no transport");
	check(PP_BY_VERDICT, PP_V_DROPPED, "dropped");
	check(PP_BY_PID, one | 7, "7 nginx");
	check(PP_BY_PID, one | 8, "8");
	check(PP_BY_PID, one, "no reader");
	check(PP_BY_CGROUP, 6, "/system.slice");
	check(PP_BY_CGROUP, 10, "cgroup 9");
	check(PP_BY_CGROUP, 1, "no reader");
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_labels) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
