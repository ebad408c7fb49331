// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>
#include "base/median.h"
#include "report.h"

static const char *const names[V_NR] = {
	[V_OFF] = "off",
	[V_EMPTY] = "empty",
	[V_CLOCK] = "clock",
	[V_SLOT] = "clock+slot",
	[V_TRACE] = "pktpath",
};

/* Median and spread: half of the values lie within ±MAD of the median. */
struct summary {
	double min, median, mad;
};

/* Of v, or of the differences to `base` round by round, which the machine's moods touch less. */
static struct summary summarize(const double *v, const double *base, int n)
{
	double *tmp = malloc(n * sizeof(*tmp));
	struct summary s = { NAN, NAN, NAN };
	int i;

	if (!tmp)
		return s;
	for (i = 0; i < n; i++)
		tmp[i] = v[i] - (base ? base[i] : 0);
	s.median = median(tmp, n);
	s.min = tmp[0];
	s.mad = median_deviation(tmp, n, s.median);
	free(tmp);
	return s;
}

struct row {
	struct summary ns, added;
	double by_min;		/* added, from the minima */
	double of_clock, of_slot; /* added, as a multiple of the floors' */
};

static void make_rows(const struct result *res, struct row rows[V_NR])
{
	int v;

	for (v = 0; v < V_NR; v++) {
		rows[v].ns = summarize(res->ns[v], NULL, res->rounds);
		rows[v].added = summarize(res->ns[v], res->ns[V_OFF], res->rounds);
		rows[v].by_min = rows[v].ns.min - rows[V_OFF].ns.min;
	}
	for (v = 0; v < V_NR; v++) {
		rows[v].of_clock = rows[v].added.median / rows[V_CLOCK].added.median;
		rows[v].of_slot = rows[v].added.median / rows[V_SLOT].added.median;
	}
}

static void cpu_model(char *model, size_t size)
{
	FILE *f = fopen("/proc/cpuinfo", "re");
	char line[256], *colon;

	snprintf(model, size, "unknown");
	while (f && fgets(line, sizeof(line), f)) {
		colon = strstr(line, ": ");
		if (strncmp(line, "model name", 10) || !colon)
			continue;
		colon[strcspn(colon, "\n")] = 0;
		snprintf(model, size, "%s", colon + 2);
		break;
	}
	if (f)
		fclose(f);
}

static int flush(void)
{
	return fflush(stdout) || ferror(stdout) ? -(errno ? errno : EIO) : 0;
}

int report_text(const struct result *res)
{
	struct summary read = summarize(res->read_ns, NULL, res->rounds);
	struct row rows[V_NR];
	struct utsname uts;
	char model[128];
	int v;

	make_rows(res, rows);
	uname(&uts);
	cpu_model(model, sizeof(model));
	printf("Linux %s %s, %s, CPU %d of %ld\n", uts.release, uts.machine, model, res->cpu,
	       sysconf(_SC_NPROCESSORS_ONLN));
	printf("%d rounds of %u UDP packets over loopback per row, in random order; %d hooks, %.1f "
	       "calls a packet; fastest batch of %u\n\n",
	       res->rounds, res->packets, res->hooks, res->calls, res->batch);
	printf("%-11s %8s %8s %6s  %8s %8s %6s %7s %8s %7s\n", "ns a packet", "min", "median",
	       "MAD", "added", "(of min)", "MAD", "a call", "x clock", "x slot");
	for (v = 0; v < V_NR; v++) {
		const struct row *r = &rows[v];

		printf("%-11s %8.0f %8.0f %6.0f", names[v], r->ns.min, r->ns.median, r->ns.mad);
		if (v != V_OFF)
			printf("  %8.0f %8.0f %6.0f %7.1f %8.2f %7.2f", r->added.median, r->by_min,
			       r->added.mad, r->added.median / res->calls, r->of_clock, r->of_slot);
		putchar('\n');
	}
	printf("\nadded: median of the differences to `off` of the same round. Outside of "
	       "pktpath's row:\nreading, %.0f ns a record (MAD %.0f), between batches on the same "
	       "CPU. %llu records, %llu lost.\n",
	       read.median, read.mad, (unsigned long long)res->records,
	       (unsigned long long)res->lost);
	return flush();
}

int report_json(const struct result *res)
{
	struct row rows[V_NR];
	struct utsname uts;
	char model[128];
	int v;

	make_rows(res, rows);
	uname(&uts);
	cpu_model(model, sizeof(model));
	printf("{\"kernel\":\"%s\",\"cpu\":\"%s\",\"rounds\":%d,\"packets\":%u,\"hooks\":%d,"
	       "\"calls\":%.2f,\"read_ns\":%.1f,\"records\":%llu,\"lost\":%llu,\"rows\":[",
	       uts.release, model, res->rounds, res->packets, res->hooks, res->calls,
	       summarize(res->read_ns, NULL, res->rounds).median, (unsigned long long)res->records,
	       (unsigned long long)res->lost);
	for (v = 0; v < V_NR; v++)
		printf("%s\n{\"name\":\"%s\",\"min\":%.1f,\"median\":%.1f,\"mad\":%.1f,"
		       "\"added\":%.1f,\"added_mad\":%.1f,\"added_min\":%.1f}",
		       v ? "," : "", names[v], rows[v].ns.min, rows[v].ns.median, rows[v].ns.mad,
		       rows[v].added.median, rows[v].added.mad, rows[v].by_min);
	puts("]}");
	return flush();
}
