// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * What a program costs that does nothing, and one that reads the clock: for each way of attaching
 * one, on a function and a tracepoint that a process can have run at will. prctl(PR_SET_NAME) does.
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "Dual BSD/GPL";

#define EMPTY(sec, name)                                                                           \
	SEC(sec)                                                                                   \
	int name(void *ctx)                                                                        \
	{                                                                                          \
		return 0;                                                                          \
	}

#define CLOCK(sec, name)                                                                           \
	SEC(sec)                                                                                   \
	int name(void *ctx)                                                                        \
	{                                                                                          \
		bpf_ktime_get_ns();                                                                \
		return 0;                                                                          \
	}

#define BOTH(sec, kind)                                                                            \
	EMPTY(sec, empty_##kind)                                                                   \
	CLOCK(sec, clock_##kind)

/* Function names as in enum cost_kind, src/trace/cost.h. */
BOTH("fentry/__set_task_comm", fentry)
BOTH("fexit/__set_task_comm", fexit)
BOTH("kprobe/__set_task_comm", kprobe)
BOTH("kretprobe/__set_task_comm", kretprobe)
BOTH("kprobe.multi/__set_task_comm", kmulti)
BOTH("kretprobe.multi/__set_task_comm", kretmulti)
BOTH("tp_btf/task_rename", tp)
