// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include <errno.h>
#include <linux/capability.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "host/caps.h"

static uint64_t both(uint32_t low, uint32_t high)
{
	return (uint64_t)high << 32 | low;
}

int caps_read(struct caps *c)
{
	struct __user_cap_header_struct h = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct d[2] = {};

	if (syscall(SYS_capget, &h, d))
		return -errno;
	*c = (struct caps){ .effective = both(d[0].effective, d[1].effective),
			    .permitted = both(d[0].permitted, d[1].permitted),
			    .inheritable = both(d[0].inheritable, d[1].inheritable) };
	return 0;
}

bool caps_have(int cap)
{
	struct caps c = { 0 };

	return !caps_read(&c) && c.effective >> cap & 1;
}
