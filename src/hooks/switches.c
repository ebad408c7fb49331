// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include <stddef.h>
#include "base/procfile.h"
#include "hooks/switches.h"

#define FUNCTIONS (BE_BIT(BE_FENTRY) | BE_BIT(BE_KMULTI) | BE_BIT(BE_KPROBE))

static const struct hook_switch switches[] = {
	/* Only if the kernel has a JIT that it can do without (CONFIG_BPF_JIT_ALWAYS_ON is off). */
	{ .file = "/proc/sys/net/core/bpf_jit_enable",
	  .why = "net.core.bpf_jit_enable is 0",
	  .remedy = "sysctl net.core.bpf_jit_enable=1",
	  .backends = FUNCTIONS | BE_BIT(BE_TP), .at_load = true },
	/* kprobes at a function's entry are ftrace's as well (CONFIG_KPROBES_ON_FTRACE). */
	{ .file = "/proc/sys/kernel/ftrace_enabled",
	  .why = "kernel.ftrace_enabled is 0",
	  .remedy = "sysctl kernel.ftrace_enabled=1",
	  .backends = FUNCTIONS },
	{ .file = "/sys/kernel/debug/kprobes/enabled",
	  .why = "/sys/kernel/debug/kprobes/enabled is 0",
	  .remedy = "echo 1 > /sys/kernel/debug/kprobes/enabled",
	  .backends = BE_BIT(BE_KPROBE) },
};

const struct hook_switch *switch_off(unsigned int backends, bool loaded)
{
	size_t i;

	for (i = 0; i < sizeof(switches) / sizeof(switches[0]); i++) {
		const struct hook_switch *s = &switches[i];

		if (s->backends & backends && !(loaded && s->at_load) &&
		    !procfile_number(1, "%s", s->file))
			return s;
	}
	return NULL;
}
