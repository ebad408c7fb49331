// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <bpf/btf.h>
#include "host/drop_reasons.h"

#define PREFIX "SKB_DROP_REASON_"

/*
 * From v6.4 on the upper half of a reason is the subsystem's, which has an enum of its own in its
 * module (enum skb_drop_reason_subsys, include/net/dropreason.h).
 */
#define SUBSYS_SHIFT 16
#define SUBSYS_ENUM  "drop_reason"	/* in the name of each of them */

static const char *const modules[] = { "openvswitch", "mac80211" };
#define NR_MODULES (sizeof(modules) / sizeof(modules[0]))
#define NR_KNOWN   32

/* A name that was looked for. */
struct known {
	uint32_t reason;
	char name[64];
};

struct drop_reasons {
	struct btf *btf;
	const struct btf_type *core;	/* enum skb_drop_reason; NULL = the kernel has none */
	struct btf *module[NR_MODULES];	/* NULL: not loaded, as far as known */
	struct known known[NR_KNOWN];
	unsigned int nr_known;
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
		r->core = btf__type_by_id(r->btf, id);
	*out = r;
	return 0;
}

void drop_reasons_free(struct drop_reasons *r)
{
	size_t i;

	if (!r)
		return;
	for (i = 0; i < NR_MODULES; i++)
		btf__free(r->module[i]);	/* before what they are based on */
	btf__free(r->btf);
	free(r);
}

static const char *name_in(const struct btf *btf, const struct btf_type *type, uint32_t reason)
{
	const struct btf_enum *e = btf_enum(type);
	int i;

	for (i = 0; i < btf_vlen(type); i++)
		if ((uint32_t)e[i].val == reason)
			return btf__name_by_offset(btf, e[i].name_off);
	return NULL;
}

const char *drop_reasons_find(const struct btf *btf, uint32_t first, uint32_t reason)
{
	uint32_t id, nr = btf__type_cnt(btf);

	for (id = first; id < nr; id++) {
		const struct btf_type *type = btf__type_by_id(btf, id);
		const char *of, *name;

		if (!btf_is_enum(type))
			continue;
		of = btf__name_by_offset(btf, type->name_off);
		name = of && strstr(of, SUBSYS_ENUM) ? name_in(btf, type, reason) : NULL;
		if (name)
			return name;
	}
	return NULL;
}

/* In the kernel itself, if the subsystem is built in, or in its module. */
static const char *find_in_subsystems(struct drop_reasons *r, uint32_t reason)
{
	const char *name = drop_reasons_find(r->btf, 1, reason);
	char path[64];
	size_t i;

	for (i = 0; !name && i < NR_MODULES; i++) {
		if (!r->module[i]) {
			snprintf(path, sizeof(path), "/sys/kernel/btf/%s", modules[i]);
			r->module[i] = access(path, R_OK) ? NULL : btf__parse_split(path, r->btf);
		}
		if (r->module[i])
			name = drop_reasons_find(r->module[i], btf__type_cnt(r->btf), reason);
	}
	return name;
}

static const char *without_prefix(const char *name)
{
	return strncmp(name, PREFIX, strlen(PREFIX)) ? name : name + strlen(PREFIX);
}

/* Remembered, as records ask for the same ones again and again. */
static const char *remember(struct drop_reasons *r, uint32_t reason, const char *name)
{
	struct known *k = &r->known[r->nr_known % NR_KNOWN];

	r->nr_known++;
	k->reason = reason;
	if (name)
		snprintf(k->name, sizeof(k->name), "%s", without_prefix(name));
	else
		snprintf(k->name, sizeof(k->name), "reason %#x", reason);
	return k->name;
}

const char *drop_reasons_name(struct drop_reasons *r, uint32_t reason)
{
	const char *name = NULL;
	size_t i;

	for (i = 0; i < NR_KNOWN && i < r->nr_known; i++)
		if (r->known[i].reason == reason)
			return r->known[i].name;
	if (r->core)
		name = name_in(r->btf, r->core, reason);
	if (r->core && !name && reason >> SUBSYS_SHIFT)
		name = find_in_subsystems(r, reason);
	return remember(r, reason, name);
}
