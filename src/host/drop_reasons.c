// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <bpf/btf.h>
#include "host/drop_reasons.h"

#define PREFIX "SKB_DROP_REASON_"

struct drop_reasons {
	struct btf *btf;
	const struct btf_type *names;	/* NULL = the kernel has none */
	char number[32];
};

int drop_reasons_new(struct drop_reasons **out)
{
	struct drop_reasons *r = calloc(1, sizeof(*r));
	int id;

	if (!r)
		return -ENOMEM;
	r->btf = btf__load_vmlinux_btf();
	/* include/net/dropreason-core.h; up to v6.3 dropreason.h, v5.17 skbuff.h */
	id = r->btf ? btf__find_by_name_kind(r->btf, "skb_drop_reason", BTF_KIND_ENUM) : 0;
	if (id > 0)
		r->names = btf__type_by_id(r->btf, id);
	*out = r;
	return 0;
}

void drop_reasons_free(struct drop_reasons *r)
{
	if (!r)
		return;
	btf__free(r->btf);
	free(r);
}

const char *drop_reasons_name(struct drop_reasons *r, uint32_t reason)
{
	const struct btf_enum *e;
	const char *name;
	int i;

	for (i = 0; r->names && i < btf_vlen(r->names); i++) {
		e = &btf_enum(r->names)[i];
		if ((uint32_t)e->val != reason)
			continue;
		name = btf__name_by_offset(r->btf, e->name_off);
		if (name)
			return strncmp(name, PREFIX, strlen(PREFIX)) ? name : name + strlen(PREFIX);
	}
	snprintf(r->number, sizeof(r->number), "reason %#x", reason);
	return r->number;
}
