// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include <dirent.h>
#include <stdio.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/procfile.h"
#include "serve/self.h"
#include "trace/run_time.h"

void owncost_start(struct own_cost *c)
{
	c->start_time = (double)now_ns(CLOCK_REALTIME) / 1e9;
}

static void read_rss(struct own_cost *c)
{
	unsigned long pages;
	char line[128];

	c->rss_bytes = 0;
	if (!procfile_line(line, sizeof(line), "/proc/self/statm") &&
	    sscanf(line, "%*u %lu", &pages) == 1)
		c->rss_bytes = (uint64_t)pages * sysconf(_SC_PAGESIZE);
}

/* A process may list its own whoever it has become (proc_fd_permission()). */
static void read_fds(struct own_cost *c)
{
	DIR *d = opendir("/proc/self/fd");
	const struct dirent *e;
	uint64_t n = 0;

	c->open_fds = 0;
	if (!d)
		return;
	while ((e = readdir(d)))
		n += e->d_name[0] != '.';
	closedir(d);
	c->open_fds = n - 1;	/* without the one that listed them */
}

static bool add_program(struct own_cost *c, const struct bpf_program *p)
{
	struct run_time t;

	if (bpf_program__fd(p) < 0)
		return true;	/* not loaded */
	if (run_time_read(bpf_program__fd(p), &t))
		return false;
	c->bpf_seconds += (double)t.ns / 1e9;
	c->bpf_runs += t.runs;
	return true;
}

static void read_bpf(struct own_cost *c, const struct bpf_object *obj)
{
	struct own_cost now = { .bpf_known = true };
	struct bpf_program *p;

	bpf_object__for_each_program(p, obj)
		now.bpf_known = now.bpf_known && add_program(&now, p);
	c->bpf_known = now.bpf_known;
	c->bpf_enabled = procfile_number(0, "/proc/sys/kernel/bpf_stats_enabled");
	c->bpf_seconds = now.bpf_seconds;
	c->bpf_runs = now.bpf_runs;
}

void owncost_read(struct own_cost *c, const struct bpf_object *obj)
{
	c->cpu_seconds = (double)now_ns(CLOCK_PROCESS_CPUTIME_ID) / 1e9;
	read_rss(c);
	read_fds(c);
	read_bpf(c, obj);
}
