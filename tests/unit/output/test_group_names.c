// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* by_keys.h and group_names.c: keys hold what was packed into them, and what that is called. */
#include <asm/byteorder.h>
#include <linux/if_ether.h>
#include <netinet/in.h>
#include <string.h>
#include "model/labels.h"
#include "output/group_names.h"
#include "unit.h"

#define NETNS 4026532177u

static const char *dev_name(void *names, uint32_t netns, uint32_t ifindex)
{
	return netns != NETNS && ifindex == 2 ? "eth0" : NULL;
}

static const char *comm_name(void *names, uint32_t pid)
{
	return pid == 7 ? "nginx" : NULL;
}

static const char *cgroup_path(void *names, uint64_t id)
{
	return id == 5 ? "/system.slice" : NULL;
}

static const struct sink_env env = { .dev_name = dev_name, .comm_name = comm_name,
				     .cgroup_path = cgroup_path };

/* A packet and the name of its group by one of the ways to split. */
struct sample {
	enum pp_by by;
	struct pp_rec rec;
	const char *name;
};

#define V4(proto) .eth_proto = ETH_P_IP, .l4_proto = IPPROTO_##proto
#define V6(proto) .eth_proto = ETH_P_IPV6, .l4_proto = IPPROTO_##proto
#define PORT(n)	  __constant_htons(n)

static const struct sample samples[] = {
	{ PP_BY_DEV, { .ifindex = 2, .netns = 1 }, "eth0" },
	{ PP_BY_DEV, { .ifindex = 2 }, "eth0" },
	{ PP_BY_DEV, { .ifindex = 2, .netns = NETNS }, "if2@4026532177" },
	{ PP_BY_DEV, { .ifindex = UINT32_MAX, .netns = UINT32_MAX }, "if4294967295@4294967295" },
	{ PP_BY_DEV, { .ifindex = 3 }, "if3" },
	{ PP_BY_QUEUE, { .ifindex = 2 }, "eth0:?" },	/* no mark */
	{ PP_BY_QUEUE, { .ifindex = 2, .queue = 1 }, "eth0:0" },
	{ PP_BY_QUEUE, { .ifindex = 2, .queue = 64 }, "eth0:63" },
	{ PP_BY_QUEUE, { .ifindex = UINT32_MAX, .queue = UINT16_MAX }, "if4294967295:65534" },
	{ PP_BY_CPU, { .birth_cpu = 0 }, "cpu0" },
	{ PP_BY_CPU, { .birth_cpu = 255 }, "cpu255" },
	{ PP_BY_CPU, { .birth_cpu = UINT16_MAX }, "cpu65535" },
	{ PP_BY_PROTO, { V4(TCP) }, "tcp" },
	{ PP_BY_PROTO, { V6(TCP) }, "tcp/6" },
	{ PP_BY_PROTO, { V6(UDP) }, "udp/6" },
	{ PP_BY_PROTO, { V6(ICMPV6) }, "icmp6" },
	{ PP_BY_PROTO, { .eth_proto = ETH_P_ARP }, "arp" },
	{ PP_BY_PROTO, { .eth_proto = 0x88cc }, "eth:0x88cc" },
	{ PP_BY_PROTO, { .eth_proto = 0 }, "eth:0x0000" },
	{ PP_BY_PORT, { .l4_proto = IPPROTO_UDP, .dport = PORT(53) }, "udp/53" },
	{ PP_BY_PORT, { .l4_proto = IPPROTO_TCP, .dport = PORT(65535) }, "tcp/65535" },
	{ PP_BY_PORT, { .l4_proto = IPPROTO_ICMP }, "icmp" },
	{ PP_BY_PORT, { .l4_proto = IPPROTO_ICMPV6 }, "icmp6" },
	{ PP_BY_PORT, { .l4_proto = IPPROTO_GRE }, "ip:47" },
	{ PP_BY_PORT, { .l4_proto = 0 }, "no transport" },
	{ PP_BY_VERDICT, { .verdict = PP_V_DROPPED }, "dropped" },
	{ PP_BY_VERDICT, { .verdict = PP_V_UNTRACKED }, "untracked" },
	{ PP_BY_PID, { .pid = 7 }, "7 nginx" },
	{ PP_BY_PID, { .pid = 8 }, "8" },
	{ PP_BY_PID, { .pid = UINT32_MAX }, "4294967295" },
	{ PP_BY_PID, { .pid = 0 }, "no reader" },
	{ PP_BY_CGROUP, { .cgroup = 5 }, "/system.slice" },
	{ PP_BY_CGROUP, { .cgroup = 9 }, "cgroup 9" },
	{ PP_BY_CGROUP, { .cgroup = UINT64_MAX - 1 }, "cgroup 18446744073709551614" },
	{ PP_BY_CGROUP, { .cgroup = 0 }, "no reader" },
};

#define NR_SAMPLES (sizeof(samples) / sizeof(samples[0]))

/* Each sample has nothing set but what its way to split packs. */
static void test_a_key_says_what_was_packed(void **state)
{
	for (size_t i = 0; i < NR_SAMPLES; i++) {
		struct pp_rec rec = { 0 };
		uint64_t key = pp_by_pack(samples[i].by, &samples[i].rec);

		assert_int_not_equal(key, 0);
		pp_by_unpack(samples[i].by, key, &rec);
		assert_memory_equal(&rec, &samples[i].rec, sizeof(rec));
		assert_int_equal(pp_by_pack(samples[i].by, &rec), key);
	}
}

/* What a way to split does not ask for makes no other group. */
static void test_a_key_says_nothing_else(void **state)
{
	struct pp_rec rec;

	memset(&rec, 0x5a, sizeof(rec));
	for (uint32_t by = PP_BY_NONE + 1; by < PP_BY_NR; by++) {
		struct pp_rec of_key = { 0 };

		pp_by_unpack(by, pp_by_pack(by, &rec), &of_key);
		assert_int_equal(pp_by_pack(by, &of_key), pp_by_pack(by, &rec));
	}
}

static void test_names(void **state)
{
	for (size_t i = 0; i < NR_SAMPLES; i++) {
		const struct sample *s = &samples[i];
		char buf[FMT_TEXT_MAX];

		assert_string_equal(group_name(buf, &env, s->by, pp_by_pack(s->by, &s->rec)),
				    s->name);
	}
}

/* A way to split that has no sample here is not tried at all. */
static void test_each_way_has_samples(void **state)
{
	for (uint32_t by = PP_BY_NONE + 1; by < PP_BY_NR; by++) {
		int n = 0;

		for (size_t i = 0; i < NR_SAMPLES; i++)
			n += samples[i].by == by;
		if (n < 2)
			fail_msg("--by %s has %d samples", by_label(by), n);
	}
}

static void test_no_split(void **state)
{
	struct pp_rec rec = { .ifindex = 2, .verdict = PP_V_DELIVERED };

	assert_int_equal(pp_by_pack(PP_BY_NONE, &rec), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_key_says_what_was_packed),
		cmocka_unit_test(test_a_key_says_nothing_else),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_each_way_has_samples),
		cmocka_unit_test(test_no_split),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
