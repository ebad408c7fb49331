// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include <errno.h>
#include <string.h>
#include <bpf/bpf.h>
#include "bench/sample.h"
#include "bench/generator.h"
#include "base/median.h"
#include "base/clock.h"

#define REPEAT_MAX (1u << 24)

static int piece(int fd, uint8_t *frame, uint32_t size, uint32_t repeat, uint64_t *ns)
{
	LIBBPF_OPTS(bpf_test_run_opts, run, .data_in = frame, .data_size_in = size,
		    .repeat = (int)repeat);
	uint64_t start = now_ns(CLOCK_THREAD_CPUTIME_ID);
	int err = bpf_prog_test_run_opts(fd, &run);

	*ns = now_ns(CLOCK_THREAD_CPUTIME_ID) - start;
	return err;
}

/*
 * Each call costs something before the first run and after the last one: 20 ms of waiting, which
 * is no CPU time, and some work, which a short call shows.
 */
static int fixed_cost(int fd, uint8_t *frame, uint32_t size, double *out)
{
	double v[3];
	uint64_t ns;
	int i, err = 0;

	for (i = 0; !err && i < 3; i++) {
		err = piece(fd, frame, size, 2, &ns);
		v[i] = (double)ns;
	}
	if (!err)
		*out = median(v, 3);
	return err;
}

static uint32_t find_repeat(int fd, uint8_t *frame, uint32_t size)
{
	uint32_t repeat = 1u << 16;
	uint64_t ns = 0;

	while (repeat < REPEAT_MAX && !piece(fd, frame, size, repeat, &ns) && ns < FLOOR_PIECE)
		repeat = ns ? (uint32_t)(repeat * (1.5 * FLOOR_PIECE / (double)ns)) : repeat * 2;
	return repeat < REPEAT_MAX ? repeat : REPEAT_MAX;
}

int floor_sample(const int *fds, int n, uint32_t size, struct pace *pace,
		 double (*out)[FLOOR_SAMPLES])
{
	static const uint8_t nobody[6] = { 2, 0, 0, 0, 0, 2 };
	double fixed[FLOOR_MAX];
	uint32_t repeat[FLOOR_MAX];
	uint8_t frame[2048];
	uint64_t ns;
	int i, j, err = 0;

	if (n > FLOOR_MAX || size > sizeof(frame))
		return -EINVAL;
	gen_frame(frame, size, nobody);
	for (i = 0; !err && i < n; i++) {
		if (pace && pace_stopped(pace))
			return -EINTR;
		repeat[i] = find_repeat(fds[i], frame, size);
		err = fixed_cost(fds[i], frame, size, &fixed[i]);
	}
	for (j = 0; !err && j < FLOOR_SAMPLES; j++)
		for (i = 0; !err && i < n; i++) {
			if (pace && pace_stopped(pace))
				return -EINTR;
			err = piece(fds[i], frame, size, repeat[i], &ns);
			out[i][j] = ((double)ns - fixed[i]) / repeat[i];
		}
	return err;
}
