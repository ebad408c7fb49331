// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* Options whose values have a form of their own. */
#include <errno.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include "base/log.h"
#include "base/numbers.h"
#include "cmd/options.h"
#include "model/labels.h"
#include "tables.h"

#define SLOW_MAX_NS (365 * 86400 * 1000000000ull)
#define SAMPLE_MAX  1000000u

int parse_sample(char *word, void *opts)
{
	struct tracer_opts *to = &((struct opts *)opts)->tracer;
	size_t len = strcspn(word, ",");
	const char *rest = word + len;
	char share[64];
	uint64_t n;

	if (len < sizeof(share) && (!*rest || !strcmp(rest, ",packet"))) {
		memcpy(share, word, len);
		share[len] = 0;
		if (!num_one_of(share, &n) && n <= SAMPLE_MAX) {
			to->sample = (uint32_t)n;
			to->sample_packets = *rest;
			return 0;
		}
	}
	log_err("--sample %s: not a share (give 1/N, N from 1 to %u, for flows, or "
		"1/N,packet)", word, SAMPLE_MAX);
	return -1;
}

int parse_pid(char *word, void *opts)
{
	uint64_t v;

	/* Digits only: nobody means a process by "4k". */
	if (strspn(word, "0123456789") == strlen(word) && !num_whole(word, &v) && v &&
	    v <= INT32_MAX) {
		((struct opts *)opts)->tracer.reader_pid = (uint32_t)v;
		return 0;
	}
	log_err("--pid %s: not a process number (ps lists them)", word);
	return -1;
}

int parse_comm(char *word, void *opts)
{
	((struct opts *)opts)->tracer.reader_comm = word;
	if (*word && strlen(word) < PP_COMM_LEN)
		return 0;
	log_err("--comm %s: not a process name (give 1 to %d bytes, as in /proc/PID/comm)", word,
		PP_COMM_LEN - 1);
	return -1;
}

int parse_cgroup(char *word, void *opts)
{
	struct statfs fs;
	struct stat st;

	((struct opts *)opts)->tracer.reader_cgroup = word;
	if (stat(word, &st) || statfs(word, &fs)) {
		log_err("--cgroup %s: %s (give a directory of the cgroup2 file system)", word,
			strerror(errno));
		return -1;
	}
	if (S_ISDIR(st.st_mode) && fs.f_type == CGROUP2_SUPER_MAGIC)
		return 0;
	log_err("--cgroup %s: not a control group (give a directory of the cgroup2 file system)",
		word);
	return -1;
}

static int unknown_stage(const char *option, const char *word)
{
	log_err("%s %s: no such stage (irq, napi, softirq … total; pktpath probes lists them)",
		option, word);
	return -1;
}

int parse_stages(char *word, void *opts)
{
	struct hist_opts *h = &((struct opts *)opts)->hist;
	char *rest = word, *one;

	while ((one = strsep(&rest, ","))) {
		int row = row_find(one);

		if (row < 0)
			return unknown_stage("--stage", one);
		h->stages |= 1u << row;
	}
	return 0;
}

static void no_thresholds(struct tracer_opts *to)
{
	uint32_t row;

	for (row = 0; !to->slow_any && row < PP_H_ROWS; row++)
		to->slow[row] = UINT64_MAX;
	to->slow_any = true;
}

int parse_slow(char *word, void *opts)
{
	struct tracer_opts *to = &((struct opts *)opts)->tracer;
	char *time = strchr(word, '=');
	int row = PP_H_TOTAL;
	uint64_t ns;

	if (time) {
		*time = '\0';
		row = row_find(word);
		if (row < 0)
			return unknown_stage("--slow", word);
		*time = '=';
	}
	if (num_time(time ? time + 1 : word, NUM_UNIT, &ns) || ns > SLOW_MAX_NS) {
		log_err("--slow %s: not a time with its unit (such as 500us, 1.5ms or sock=1ms)",
			word);
		return -1;
	}
	no_thresholds(to);
	to->slow[row] = ns;
	return 0;
}
