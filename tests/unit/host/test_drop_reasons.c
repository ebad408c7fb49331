// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* drop_reasons.c: names of subsystems' drop reasons, from the types of a module. */
#include <bpf/btf.h>
#include "unit.h"
#include "host/drop_reasons.h"

#define OVS (3u << 16)

static struct btf *kernel_btf(void)
{
	struct btf *btf = btf__new_empty();

	assert_non_null(btf);
	assert_true(btf__add_enum(btf, "skb_drop_reason_subsys", 4) > 0);
	assert_int_equal(btf__add_enum_value(btf, "SKB_DROP_REASON_SUBSYS_OPENVSWITCH", 3), 0);
	return btf;
}

/* As openvswitch has it, split: on top of the kernel's own. Another enum has the same value. */
static struct btf *module_btf(struct btf *base)
{
	struct btf *btf = btf__new_empty_split(base);

	assert_non_null(btf);
	assert_true(btf__add_enum(btf, "ovs_flags", 4) > 0);
	assert_int_equal(btf__add_enum_value(btf, "OVS_FLAG", OVS + 1), 0);
	assert_true(btf__add_enum(btf, "ovs_drop_reason", 4) > 0);
	assert_int_equal(btf__add_enum_value(btf, "__OVS_DROP_REASON", OVS), 0);
	assert_int_equal(btf__add_enum_value(btf, "OVS_DROP_LAST_ACTION", OVS + 1), 0);
	assert_int_equal(btf__add_enum_value(btf, "OVS_DROP_ACTION_ERROR", OVS + 2), 0);
	return btf;
}

static void test_names_of_a_module(void **state)
{
	struct btf *kernel = kernel_btf(), *module = module_btf(kernel);
	uint32_t first = btf__type_cnt(kernel);

	assert_string_equal(drop_reasons_find(module, first, OVS + 1), "OVS_DROP_LAST_ACTION");
	assert_string_equal(drop_reasons_find(module, first, OVS + 2), "OVS_DROP_ACTION_ERROR");
	assert_null(drop_reasons_find(module, first, OVS + 3));
	assert_null(drop_reasons_find(kernel, 1, OVS + 1));
	btf__free(module);
	btf__free(kernel);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names_of_a_module),
	};

	return cmocka_run_group_tests_name("drop reasons", tests, NULL, NULL);
}
