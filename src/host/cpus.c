// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include <dirent.h>
#include <errno.h>
#include <linux/perf_event.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "host/cpus.h"
#include "base/clock.h"

#define METER_MAX 192

static cpu_set_t allowed;
static int nr_allowed;

static void look(void)
{
	if (nr_allowed)
		return;
	CPU_ZERO(&allowed);
	if (sched_getaffinity(0, sizeof(allowed), &allowed))
		CPU_SET(0, &allowed);
	nr_allowed = CPU_COUNT(&allowed);
}

int cpu_count(void)
{
	look();
	return nr_allowed;
}

int cpu_nth_from_last(unsigned int n)
{
	int i;

	look();
	for (i = CPU_SETSIZE - 1; i >= 0; i--)
		if (CPU_ISSET(i, &allowed) && !n--)
			return i;
	return 0;
}

static int set_affinity(const cpu_set_t *set)
{
	return sched_setaffinity(0, sizeof(*set), set) ? -errno : 0;
}

int cpu_pin(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	return set_affinity(&set);
}

int cpu_avoid(unsigned int busy)
{
	cpu_set_t set;
	unsigned int i;

	look();
	set = allowed;
	for (i = 0; i < busy && i < (unsigned int)nr_allowed; i++)
		CPU_CLR(cpu_nth_from_last(i), &set);
	return set_affinity(CPU_COUNT(&set) ? &set : &allowed);
}

/* --- CPU time --- */

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
	char path[64], name[64] = "";
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%.20s/comm", pid);
	f = fopen(path, "re");
	if (!f)
		return false;
	if (!fgets(name, sizeof(name), f))
		name[0] = 0;
	fclose(f);
	name[strcspn(name, "\n")] = 0;
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

static uint64_t read_schedstat(int tid)
{
	unsigned long long ns = 0;
	char path[64];
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/schedstat", tid);
	f = fopen(path, "re");
	if (!f)
		return 0;
	if (fscanf(f, "%llu", &ns) != 1)
		ns = 0;
	fclose(f);
	return ns;
}

uint64_t meter_read(struct meter *m)
{
	uint64_t sum = 0, v;
	int i;

	for (i = 0; i < m->n; i++) {
		if (m->fds[i] < 0)
			v = read_schedstat(m->tids[i]);
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

/* --- /proc/stat --- */

int cpu_use_parse(FILE *f, struct cpu_use *use, int max)
{
	unsigned long long v[8];
	char line[512];
	int n = 0, cpu;

	while (n < max && fgets(line, sizeof(line), f)) {
		/* The line of all CPUs together has no number, only a space. */
		if (line[3] == ' ' ||
		    sscanf(line, "cpu%d %llu %llu %llu %llu %llu %llu %llu %llu", &cpu, &v[0],
			   &v[1], &v[2], &v[3], &v[4], &v[5], &v[6], &v[7]) != 9)
			continue;
		use[n++] = (struct cpu_use){ .cpu = cpu, .user = v[0] + v[1], .system = v[2],
					     .idle = v[3] + v[4], .irq = v[5], .softirq = v[6],
					     .steal = v[7] };
	}
	return n;
}

int cpu_use_read(struct cpu_use *use, int max)
{
	FILE *f = fopen("/proc/stat", "re");
	int n;

	if (!f)
		return -errno;
	n = cpu_use_parse(f, use, max);
	fclose(f);
	return n;
}

int cpu_use_since(struct cpu_use *use, int n)
{
	static struct cpu_use now[CPU_MAX];
	int i;

	if (cpu_use_read(now, CPU_MAX) != n)
		return 0;
	for (i = 0; i < n; i++) {
		use[i].user = now[i].user - use[i].user;
		use[i].system = now[i].system - use[i].system;
		use[i].softirq = now[i].softirq - use[i].softirq;
		use[i].irq = now[i].irq - use[i].irq;
		use[i].idle = now[i].idle - use[i].idle;
		use[i].steal = now[i].steal - use[i].steal;
	}
	return n;
}
