// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include <string.h>
#include <sys/utsname.h>
#include "base/procfile.h"
#include "host/irq_threads.h"

/* Is it a word of the kernel's command line? */
static bool is_asked_for(const char *word)
{
	char line[4096], *p, *left;

	if (procfile_line(line, sizeof(line), "/proc/cmdline") < 0)
		return false;
	for (p = strtok_r(line, " \n", &left); p; p = strtok_r(NULL, " \n", &left))
		if (!strcmp(p, word))
			return true;
	return false;
}

/* The version names the preemption model that the kernel was built for (scripts/mkcompile_h). */
static bool is_realtime(void)
{
	struct utsname name;

	return !uname(&name) && strstr(name.version, "PREEMPT_RT");
}

bool irqs_are_threaded(void)
{
	return is_realtime() || is_asked_for("threadirqs");
}
