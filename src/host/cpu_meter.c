// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include <dirent.h>
#include <errno.h>
#include <linux/perf_event.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "base/procfile.h"
#include "host/cpu_meter.h"

#define METER_MAX 192

/*
 * The software event counts the time that a thread is on a CPU, softirqs in it included: a
 * thread's own clock lacks them where the kernel accounts interrupts apart
 * (CONFIG_IRQ_TIME_ACCOUNTING). It is also exact for kernel threads, whose other clocks only
 * advance with the tick. Without it, a thread's clock and /proc/PID/schedstat.
 */
struct meter {
	int n;
	int fds[METER_MAX];	/* -1 = none */
	int tids[METER_MAX];
};

static int open_event(int tid)
{
	struct perf_event_attr attr = { .type = PERF_TYPE_SOFTWARE, .size = sizeof(attr),
					.config = PERF_COUNT_SW_TASK_CLOCK };

	return (int)syscall(SYS_perf_event_open, &attr, tid, -1, -1, PERF_FLAG_FD_CLOEXEC);
}

int meter_new(struct meter **out)
{
	*out = calloc(1, sizeof(**out));
	return *out ? 0 : -ENOMEM;
}

int meter_add(struct meter *m, int tid)
{
	if (m->n == METER_MAX)
		return -E2BIG;
	m->tids[m->n] = tid;
	m->fds[m->n++] = open_event(tid);
	return 0;
}

static bool has_name(const char *pid, const char *comm)
{
	char name[64];

	procfile_line(name, sizeof(name), "/proc/%s/comm", pid);
	return !strcmp(name, comm);
}

int meter_add_named(struct meter *m, const char *comm)
{
	DIR *dir = opendir("/proc");
	struct dirent *e;
	int err = -ESRCH;

	if (!dir)
		return -errno;
	while (err == -ESRCH && (e = readdir(dir)))
		if (strspn(e->d_name, "0123456789") == strlen(e->d_name) &&
		    has_name(e->d_name, comm))
			err = meter_add(m, atoi(e->d_name));
	closedir(dir);
	return err;
}

uint64_t meter_read(struct meter *m)
{
	uint64_t sum = 0, v;
	int i;

	for (i = 0; i < m->n; i++) {
		if (m->fds[i] < 0)
			v = (uint64_t)procfile_number(0, "/proc/%d/schedstat", m->tids[i]);
		else if (read(m->fds[i], &v, sizeof(v)) != sizeof(v))
			v = 0;
		sum += v;
	}
	return sum;
}

void meter_free(struct meter *m)
{
	int i;

	for (i = 0; m && i < m->n; i++)
		if (m->fds[i] >= 0)
			close(m->fds[i]);
	free(m);
}
