// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include <errno.h>
#include <linux/capability.h>
#include <stdbool.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "base/log.h"
#include "hooks/kernel.h"
#include "hooks/trial.h"

static bool have_cap(int cap)
{
	struct __user_cap_header_struct h = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct d[2] = {};

	if (syscall(SYS_capget, &h, d))
		return false;
	return d[cap / 32].effective & (1u << (cap % 32));
}

int check_kernel(void)
{
	if (!have_cap(CAP_SYS_ADMIN) && !(have_cap(CAP_BPF) && have_cap(CAP_PERFMON))) {
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
