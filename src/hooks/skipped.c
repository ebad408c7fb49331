// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <linux/bpf.h>
#include <bpf/bpf.h>
#include "hooks/skipped.h"

/*
 * struct bpf_link_info of v6.7 for a kprobe made through perf_event_open(), spelt out because
 * older headers lack it (include/uapi/linux/bpf.h, bpf_link_info.perf_event.kprobe).
 */
struct kprobe_link_info {
	__u32 type, id, prog_id, pad;
	__u32 perf_type, pad2;
	__u64 func_name;
	__u32 name_len, offset;
	__u64 addr, missed;
};

static int64_t by_prog(int prog_fd)
{
	struct bpf_prog_info info = {};
	__u32 len = sizeof(info);

	if (bpf_obj_get_info_by_fd(prog_fd, &info, &len))
		return -1;
	if (len < offsetof(struct bpf_prog_info, recursion_misses) + sizeof(__u64))
		return -1;
	return info.recursion_misses;
}

/* The same of v6.7 for kprobe.multi: bpf_link_info.kprobe_multi. */
struct multi_link_info {
	__u32 type, id, prog_id, pad;
	__u64 addrs;
	__u32 count, flags;
	__u64 missed;
};

static int64_t by_link(int link_fd, bool multi)
{
	union {
		struct kprobe_link_info kprobe;
		struct multi_link_info multi;
		char room[256];
	} info = {};
	__u32 len = sizeof(info);

	/* A kernel that knows less than we ask for wants the rest to be 0 and leaves it so. */
	if (bpf_obj_get_info_by_fd(link_fd, &info, &len))
		return -1;
	if (len < (multi ? sizeof(info.multi) : sizeof(info.kprobe)))
		return -1;
	return multi ? info.multi.missed : info.kprobe.missed;
}

int64_t skipped_runs(enum backend be, int prog_fd, int link_fd)
{
	int64_t prog = by_prog(prog_fd), link;

	if (be != BE_KPROBE && be != BE_KMULTI)
		return prog;
	link = by_link(link_fd, be == BE_KMULTI);
	return link < 0 || prog < 0 ? -1 : link + prog;
}
