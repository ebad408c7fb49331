// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include "bench/show_text.h"
#include "text/format.h"
#include "text/line.h"

const char *text_estimate(char buf[80], const struct estimate *e, double scale, int digits)
{
	if (!e->n)
		snprintf(buf, 80, "-");
	else if (!isfinite(e->lo) || !isfinite(e->hi))
		snprintf(buf, 80, "%.*f", digits, e->value * scale);
	else
		snprintf(buf, 80, "%.*f [%.*f to %.*f]", digits, e->value * scale, digits,
			 e->lo * scale, digits, e->hi * scale);
	return buf;
}

const char *text_rate(char buf[96], const struct estimate *pps)
{
	bool mega = pps->value >= 1e5;
	char figure[80];

	snprintf(buf, 96, "%s %s", text_estimate(figure, pps, mega ? 1e-6 : 1, mega ? 3 : 0),
		 mega ? "Mpps" : "packets/s");
	return buf;
}

void text_head(const struct bench_opts *o, const char *what)
{
	printf("%s, %s XDP, frames of %u bytes, %u flow%s, batch %u, %u core%s\n\n", what,
	       o->generic ? "generic" : "native", o->size, o->flows, o->flows == 1 ? "" : "s",
	       o->batch, o->cores, o->cores == 1 ? "" : "s");
}

void text_env(const struct machine *env)
{
	printf("\nkernel       %s, JIT %s%s\n", env->kernel,
	       env->jit < 0 ? "unknown" : env->jit ? "on" : "off",
	       env->bpf_stats > 0 ?
	       ", kernel.bpf_stats_enabled on: each program pays two clocks" : "");
	printf("CPU          %d x %s\n", env->cpus, *env->cpu ? env->cpu : "unknown");
	if (*env->mitigations)
		printf("mitigations  %s\n", env->mitigations);
	printf("network      NAPI in %s, GRO %s\n", env->napi,
	       env->gro < 0 ? "unknown" : env->gro ? "on" : "off");
	if (env->kicked)
		printf("generator    starts anew every 0.4 s: this kernel's preemption "
		       "would have RCU wait for it\n");
	printf("BPF          %d other programs loaded (%d XDP, %d tracing)\n", env->programs,
	       env->xdp_programs, env->tracing_programs);
}

void text_books(const struct books *b)
{
	char n[FMT_MAX];
	int i;

	printf("\ngenerated    %15s\n", fmt_count(n, b->generated));
	printf("           = %15s %s\n", fmt_count(n, b->received), b->where);
	for (i = 0; i < b->nr_lost; i++)
		printf("           + %15s %s\n", fmt_count(n, b->lost[i].packets), b->lost[i].what);
	if (books_unexplained(b))
		printf("           ? %15lld in no counter\n", (long long)books_unexplained(b));
}

void text_cpus(const struct cpu_use *use, int n)
{
	int i;

	if (!n)
		return;
	printf("\n%-6s %6s %7s %8s %6s %6s\n", "CPU", "user", "system", "softirq", "idle", "steal");
	for (i = 0; i < n; i++) {
		const struct cpu_use *u = &use[i];
		double all =
			(double)(u->user + u->system + u->softirq + u->irq + u->idle + u->steal) /
			100;

		if (all <= 0)
			continue;
		printf("%-6d %5.0f%% %6.0f%% %7.0f%% %5.0f%% %5.0f%%\n", u->cpu,
		       (double)u->user / all, (double)u->system / all,
		       (double)(u->softirq + u->irq) / all, (double)u->idle / all,
		       (double)u->steal / all);
	}
}
