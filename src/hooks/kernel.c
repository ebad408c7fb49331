// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include <errno.h>
#include <linux/capability.h>
#include <string.h>
#include <unistd.h>
#include "base/exit.h"
#include "base/log.h"
#include "hooks/kernel.h"
#include "hooks/trial_program.h"
#include "host/caps.h"

int check_kernel(void)
{
	if (!caps_have(CAP_SYS_ADMIN) && !(caps_have(CAP_BPF) && caps_have(CAP_PERFMON))) {
		log_err("not permitted to load BPF programs: run as root, or with CAP_BPF and "
			"CAP_PERFMON");
		return EXIT_USAGE;
	}
	if (access("/sys/kernel/btf/vmlinux", R_OK)) {
		log_err("this kernel offers no BTF: /sys/kernel/btf/vmlinux: %s (it needs "
			"CONFIG_DEBUG_INFO_BTF=y, and /sys mounted)", strerror(errno));
		return EXIT_USAGE;
	}
	if (trial_ring() == -EINVAL) {
		log_err("this kernel's BPF has no ring buffer: Linux 5.8 or later is needed");
		return EXIT_USAGE;
	}
	return 0;
}
