// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include <errno.h>
#include <linux/capability.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/exit.h"
#include "base/log.h"
#include "hooks/kernel.h"
#include "hooks/switches.h"
#include "hooks/trial_program.h"
#include "host/caps.h"

/* include/linux/proc_ns.h: PROC_USER_INIT_INO, the first user namespace's inode. */
#define INITIAL_USERNS 0xEFFFFFFDu

/* Root of another user namespace has all capabilities, but there only. */
static bool in_initial_userns(void)
{
	struct stat st;

	return stat("/proc/self/ns/user", &st) || st.st_ino == INITIAL_USERNS;
}

int check_kernel(void)
{
	if (!caps_have(CAP_SYS_ADMIN) && !(caps_have(CAP_BPF) && caps_have(CAP_PERFMON))) {
		log_err("not permitted to load BPF programs: run as root, or with CAP_BPF and "
			"CAP_PERFMON");
		return EXIT_USAGE;
	}
	if (!in_initial_userns() && trial_read() == -EPERM) {
		log_err("not permitted to load BPF programs: that takes CAP_BPF and CAP_PERFMON of "
			"the initial user namespace, and this is another one");
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

int check_reading(void)
{
	int ret = check_kernel();

	/* The helper came before ring buffers did: without it, it is withheld. */
	if (ret || trial_read() != -EINVAL)
		return ret;
	log_err("this kernel's BPF programs may not read its memory: it is locked down "
		"(lockdown=confidentiality; see /sys/kernel/security/lockdown)");
	return EXIT_USAGE;
}

int check_tracing(enum backend force)
{
	enum backend be = force == BE_NONE ? BE_FENTRY : force;
	const struct hook_switch *off;
	int ret = check_reading();

	if (ret)
		return ret;
	off = switch_off(BE_BIT(be) | BE_BIT(BE_TP), false);
	if (!off)
		return 0;
	log_err("%s, so that hooks would not run: turn it on (%s)", off->why, off->remedy);
	return EXIT_USAGE;
}
