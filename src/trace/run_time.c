// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include <errno.h>
#include <linux/bpf.h>
#include <stddef.h>
#include <bpf/bpf.h>
#include "trace/run_time.h"

int run_time_read(int prog_fd, struct run_time *t)
{
	struct bpf_prog_info info = {};
	__u32 len = sizeof(info);

	if (bpf_obj_get_info_by_fd(prog_fd, &info, &len))
		return -errno;
	if (len < offsetof(struct bpf_prog_info, run_cnt) + sizeof(info.run_cnt))
		return -ENODATA;
	*t = (struct run_time){ .runs = info.run_cnt, .ns = info.run_time_ns };
	return 0;
}
