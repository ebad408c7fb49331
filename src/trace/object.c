// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include "trace/object.h"
#include "tables.h"
#include "hooks/trial_program.h"
#include "bpf/legacy.skel.h"
#include "bpf/no_ksyms.skel.h"
#include "bpf/pktpath.skel.h"

/* Two skeletons of one shape: the same functions for each. */
#define VARIANT(name)                                                                              \
	static int open_##name(struct object *o)                                                   \
	{                                                                                          \
		struct name##_bpf *s = name##_bpf__open();                                         \
                                                                                                   \
		if (!s)                                                                            \
			return -errno;                                                             \
		o->skel = s;                                                                       \
		o->obj = s->obj;                                                                   \
		o->cpus = s->maps.cpus;                                                            \
		o->slab = s->maps.slab;                                                            \
		o->wanted_cgroup = s->maps.wanted_cgroup;                                          \
		o->fifos = s->maps.fifos;                                                          \
		o->ring = s->maps.ring;                                                            \
		o->hists = s->maps.hists;                                                          \
		o->groups = s->maps.groups;                                                        \
		o->worsts = s->maps.worsts;                                                        \
		o->cfg = (struct pp_cfg *)&s->rodata->cfg;                                         \
		o->bss = s->maps.bss;                                                              \
		o->socks_at = offsetof(__typeof__(*s->bss), pp_socks);                             \
		_Static_assert(offsetof(__typeof__(*s->bss), pp_socks) +                           \
			       sizeof(s->bss->pp_socks) == sizeof(*s->bss), "it can be cut");      \
		return 0;                                                                          \
	}                                                                                          \
                                                                                                   \
	static int load_##name(struct object *o)                                                   \
	{                                                                                          \
		struct name##_bpf *s = o->skel;                                                    \
		int err = name##_bpf__load(s);                                                     \
                                                                                                   \
		if (err)                                                                           \
			return err;                                                                \
		/* libbpf does without shared memory where it takes the kernel to have none. */   \
		if (!s->bss || !s->data)                                                           \
			return -EOPNOTSUPP;                                                        \
		o->enabled = &s->bss->enabled;                                                     \
		o->epoch = &s->data->epoch;                                                        \
		o->sample_max = &s->data->sample_max;                                              \
		o->wanted_ifs = s->bss->wanted_ifs;                                                \
		o->xdp_devs = (struct pp_xdp_dev *)s->bss->xdp_devs;                               \
		return 0;                                                                          \
	}

VARIANT(pktpath)
VARIANT(no_ksyms)
VARIANT(legacy)

static int open_kind(struct object *o, enum object_kind kind)
{
	memset(o, 0, sizeof(*o));
	o->kind = kind;
	switch (kind) {
	case OBJECT_LEGACY:
		return open_legacy(o);
	case OBJECT_NO_KSYMS:
		return open_no_ksyms(o);
	default:
		return open_pktpath(o);
	}
}

int object_open(struct object *o, bool no_ksyms)
{
	return open_kind(o, !trial_bpf_is_new() ? OBJECT_LEGACY :
			    no_ksyms ? OBJECT_NO_KSYMS : OBJECT_PKTPATH);
}

/* Constants are those of the first: its map is frozen, so the verifier takes them from there. */
static int share_maps(const struct object *more, const struct object *o)
{
	const struct bpf_map *mine;
	struct bpf_map *map;
	int err = 0, fd;

	bpf_object__for_each_map(map, more->obj) {
		mine = bpf_object__find_map_by_name(o->obj, bpf_map__name(map));
		fd = mine ? bpf_map__fd(mine) : -1;
		if (fd < 0)
			err = bpf_map__set_autocreate(map, false);
		else
			err = bpf_map__reuse_fd(map, fd);
		if (err)
			return err;
	}
	return 0;
}

int object_open_beside(struct object *more, const struct object *o)
{
	int err = open_kind(more, o->kind);

	return err ? err : share_maps(more, o);
}

int object_load(struct object *o)
{
	switch (o->kind) {
	case OBJECT_LEGACY:
		return load_legacy(o);
	case OBJECT_NO_KSYMS:
		return load_no_ksyms(o);
	default:
		return load_pktpath(o);
	}
}

int object_size_socks(struct object *o, uint32_t socks)
{
	return bpf_map__set_value_size(o->bss, o->socks_at + socks * sizeof(struct pp_sock));
}

void object_close(struct object *o)
{
	switch (o->kind) {
	case OBJECT_LEGACY:
		legacy_bpf__destroy(o->skel);
		break;
	case OBJECT_NO_KSYMS:
		no_ksyms_bpf__destroy(o->skel);
		break;
	default:
		pktpath_bpf__destroy(o->skel);
	}
	memset(o, 0, sizeof(*o));
}

void *object_map_table(struct bpf_map *map, size_t bytes)
{
	void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, bpf_map__fd(map), 0);

	return p == MAP_FAILED ? NULL : p;
}

const char *object_hint(char buf[OBJECT_HINT], int err)
{
	struct rlimit lim;

	switch (err) {
	case -EPERM:
		if (getrlimit(RLIMIT_MEMLOCK, &lim) || lim.rlim_cur == RLIM_INFINITY)
			return "root may, or CAP_BPF and CAP_PERFMON";
		snprintf(buf, OBJECT_HINT, "RLIMIT_MEMLOCK is %llu bytes and could not be raised",
			 (unsigned long long)lim.rlim_cur);
		return buf;
	case -ENOMEM:
		return "smaller --records and --ring take less memory";
	case -EMFILE:
		return "`ulimit -n` raises how many files may be open";
	}
	return "`pktpath probes` shows what this kernel has";
}
