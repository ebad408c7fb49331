// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/streams.h"

#define LOOK_MS	 100	/* how often a blocked write looks for signals */
#define STALL_NS 1000000000ull

static uint64_t until_ns;	/* 0: no end is known */

void out_until(uint64_t ns)
{
	until_ns = ns;
}

static bool end_asked(void)
{
	sigset_t pending;

	if (sigpending(&pending))
		return false;
	return sigismember(&pending, SIGINT) || sigismember(&pending, SIGTERM) ||
	       sigismember(&pending, SIGHUP);
}

static int wait_for_room(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLOUT };
	uint64_t began = now_ns(CLOCK_MONOTONIC), now;

	while (poll(&p, 1, LOOK_MS) <= 0) {
		if (end_asked())
			return -EINTR;
		now = now_ns(CLOCK_MONOTONIC);
		if (until_ns && now >= until_ns && now - began >= STALL_NS)
			return -ETIMEDOUT;
	}
	return 0;
}

static ssize_t out_write(void *cookie, const char *buf, size_t size)
{
	int fd = (int)(intptr_t)cookie;
	size_t done = 0;

	while (done < size) {
		/* A pipe that is ready takes this much without blocking. */
		size_t part = size - done < PIPE_BUF ? size - done : PIPE_BUF;
		int err = wait_for_room(fd);
		ssize_t n;

		if (err) {
			errno = -err;
			break;
		}
		n = write(fd, buf + done, part);
		if (n < 0 && errno != EINTR && errno != EAGAIN)
			break;
		done += n > 0 ? n : 0;
	}
	/* For a stream less than asked is an error, and 0 its sign (fopencookie(3)). */
	return done == size ? (ssize_t)size : 0;
}

FILE *out_open(int fd)
{
	cookie_io_functions_t calls = { .write = out_write };

	return fopencookie((void *)(intptr_t)fd, "w", calls);
}
