// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <bpf/btf.h>
#include "host/drop_reasons.h"

#define PREFIX "SKB_DROP_REASON_"

static struct btf *btf;
static const struct btf_type *reason_enum;

void reasons_load(void)
{
	int id;

	if (btf)
		return;
	btf = btf__load_vmlinux_btf();
	if (!btf)
		return;
	/* include/net/dropreason-core.h; up to v6.3 dropreason.h, v5.17 skbuff.h */
	id = btf__find_by_name_kind(btf, "skb_drop_reason", BTF_KIND_ENUM);
	if (id > 0)
		reason_enum = btf__type_by_id(btf, id);
}

void reasons_free(void)
{
	btf__free(btf);
	btf = NULL;
	reason_enum = NULL;
}

const char *reason_name(uint32_t reason)
{
	static char number[32];
	const struct btf_enum *e;
	const char *name;
	int i;

	for (i = 0; reason_enum && i < btf_vlen(reason_enum); i++) {
		e = &btf_enum(reason_enum)[i];
		if ((uint32_t)e->val != reason)
			continue;
		name = btf__name_by_offset(btf, e->name_off);
		if (name)
			return strncmp(name, PREFIX, strlen(PREFIX)) ? name : name + strlen(PREFIX);
	}
	snprintf(number, sizeof(number), "reason %#x", reason);
	return number;
}
