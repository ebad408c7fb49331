// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/timerfd.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/wall.h"

/* Of a few readings, the one that took the shortest time. */
uint64_t wall_offset(void)
{
	uint64_t best = UINT64_MAX, offset = 0;
	int i;

	for (i = 0; i < 10; i++) {
		uint64_t before = now_ns(CLOCK_MONOTONIC), wall = now_ns(CLOCK_REALTIME);
		uint64_t took = now_ns(CLOCK_MONOTONIC) - before;

		if (took < best) {
			best = took;
			offset = wall - before - took / 2;
		}
	}
	return offset;
}

/* A timer for a time that never comes: it ends only when the clock is set. */
static int arm(int fd)
{
	struct itimerspec never = { .it_value.tv_sec = (time_t)1 << 33 };

	return timerfd_settime(fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &never, NULL) ?
	       -errno : 0;
}

int wall_watch(void)
{
	int fd = timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC | TFD_NONBLOCK), err;

	if (fd < 0)
		return -errno;
	err = arm(fd);
	if (!err)
		return fd;
	close(fd);
	return err;
}

int wall_was_set(int fd)
{
	uint64_t fired;
	ssize_t n = read(fd, &fired, sizeof(fired));
	int set = n == sizeof(fired) || (n < 0 && errno == ECANCELED);

	if (set)
		arm(fd);
	return set;
}
