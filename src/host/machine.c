// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include "base/procfile.h"
#include "host/cpus.h"
#include "host/ethtool.h"
#include "host/machine.h"

static void cpu_name(char *buf, int size)
{
	FILE *f = fopen("/proc/cpuinfo", "re");
	char line[256];
	char *colon;

	buf[0] = 0;
	if (!f)
		return;
	while (!buf[0] && fgets(line, sizeof(line), f)) {
		colon = strchr(line, ':');
		if (strncmp(line, "model name", 10) || !colon)
			continue;
		snprintf(buf, size, "%s", colon + 2);
		buf[strcspn(buf, "\n")] = 0;
	}
	fclose(f);
}

/* "spectre_v2: Retpolines, srso: Safe RET": each up to its first semicolon. */
static void list_mitigations(char *buf, int size)
{
	static const char folder[] = "/sys/devices/system/cpu/vulnerabilities";
	char text[128], *what;
	DIR *dir = opendir(folder);
	struct dirent *e;
	int len = 0;

	buf[0] = 0;
	while (dir && (e = readdir(dir)) && len < size) {
		procfile_line(text, sizeof(text), "%s/%s", folder, e->d_name);
		what = strncmp(text, "Mitigation: ", 12) ? text : text + 12;
		if (e->d_name[0] == '.' || !*text || !strcmp(text, "Not affected"))
			continue;
		what[strcspn(what, ";")] = 0;
		len += snprintf(buf + len, size - len, "%s%s: %s", len ? ", " : "", e->d_name,
				what);
	}
	if (dir)
		closedir(dir);
}

static void count_programs(struct machine *env)
{
	struct bpf_prog_info info;
	uint32_t id = 0, len;
	int fd;

	while (!bpf_prog_get_next_id(id, &id)) {
		fd = bpf_prog_get_fd_by_id(id);
		if (fd < 0)
			continue;	/* it went away */
		memset(&info, 0, sizeof(info));
		len = sizeof(info);
		if (!bpf_obj_get_info_by_fd(fd, &info, &len)) {
			env->programs++;
			env->xdp_programs += info.type == BPF_PROG_TYPE_XDP;
			env->tracing_programs += info.type == BPF_PROG_TYPE_TRACING ||
						 info.type == BPF_PROG_TYPE_RAW_TRACEPOINT ||
						 info.type == BPF_PROG_TYPE_KPROBE;
		}
		close(fd);
	}
}

void machine_read(struct machine *env, bool gro)
{
	struct utsname u;
	struct cpus cpus;

	memset(env, 0, sizeof(*env));
	if (!uname(&u))
		snprintf(env->kernel, sizeof(env->kernel), "%.80s %.40s", u.release, u.machine);
	cpu_name(env->cpu, sizeof(env->cpu));
	list_mitigations(env->mitigations, sizeof(env->mitigations));
	env->jit = (int)procfile_number(-1, "/proc/sys/net/core/bpf_jit_enable");
	env->bpf_stats = (int)procfile_number(-1, "/proc/sys/kernel/bpf_stats_enabled");
	cpus_read(&cpus);
	env->cpus = cpus.n;
	count_programs(env);
	snprintf(env->napi, sizeof(env->napi), "softirq");
	env->gro = gro;
}

void machine_device(struct machine *env, const char *name)
{
	int64_t threaded = procfile_number(-1, "/sys/class/net/%s/threaded", name);
	int gro = ethtool_get_gro(name);

	snprintf(env->napi, sizeof(env->napi), "%s",
		 threaded < 0 ? "unknown" : threaded ? "threads" : "softirq");
	env->gro = gro < 0 ? -1 : gro;
}
