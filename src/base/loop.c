// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <unistd.h>
#include "base/loop.h"
#include "base/signals.h"

enum source { SRC_INPUT, SRC_SIGNAL, SRC_TICK, SRC_INTERVAL, SRC_DEADLINE,
	      SRC_ALSO /* and those after it */ };

struct loop {
	int epoll, signals, tick, interval, deadline;
};

static void close_fd(int fd)
{
	if (fd >= 0)
		close(fd);
}

void loop_free(struct loop *l)
{
	if (!l)
		return;
	close_fd(l->deadline);
	close_fd(l->interval);
	close_fd(l->tick);
	close_fd(l->signals);
	close_fd(l->epoll);
	free(l);
}

int loop_new(struct loop **out)
{
	struct loop *l = calloc(1, sizeof(*l));
	sigset_t set;
	int err;

	if (!l)
		return -ENOMEM;
	ending_signals(&set);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	l->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	l->tick = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	l->interval = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	l->deadline = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	l->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (l->signals < 0 || l->tick < 0 || l->interval < 0 || l->deadline < 0 || l->epoll < 0) {
		err = -errno;
		loop_free(l);
		return err;
	}
	*out = l;
	return 0;
}

static int watch(struct loop *l, int fd, unsigned int src)
{
	struct epoll_event ev = { .events = EPOLLIN, .data.u32 = src };

	return epoll_ctl(l->epoll, EPOLL_CTL_ADD, fd, &ev) ? -errno : 0;
}

static int arm(int fd, uint64_t first, uint64_t every)
{
	struct itimerspec t = {
		.it_value = { first / 1000000000, first % 1000000000 },
		.it_interval = { every / 1000000000, every % 1000000000 },
	};

	return timerfd_settime(fd, 0, &t, NULL) ? -errno : 0;
}

static int on_signal(struct loop *l, const struct loop_calls *calls, void *arg)
{
	struct signalfd_siginfo si;
	int ret = 0;

	while (!ret && read(l->signals, &si, sizeof(si)) == sizeof(si))
		ret = calls->signal(arg, si.ssi_signo);
	return ret;
}

static int on_timer(int fd, int (*call)(void *arg), void *arg)
{
	uint64_t fired;

	if (read(fd, &fired, sizeof(fired)) != sizeof(fired))
		return 0;
	return call(arg);
}

static int dispatch(struct loop *l, unsigned int src, const struct loop_calls *calls, void *arg)
{
	switch (src) {
	case SRC_INPUT:
		return calls->input(arg);
	case SRC_SIGNAL:
		return on_signal(l, calls, arg);
	case SRC_TICK:
		return on_timer(l->tick, calls->tick, arg);
	case SRC_INTERVAL:
		return on_timer(l->interval, calls->interval, arg);
	case SRC_DEADLINE:
		return on_timer(l->deadline, calls->deadline, arg);
	default:
		return calls->also[src - SRC_ALSO].call(arg);
	}
}

static int prepare(struct loop *l, int fd, const struct loop_calls *calls)
{
	int err = watch(l, fd, SRC_INPUT);
	unsigned int i;

	if (!err)
		err = watch(l, l->signals, SRC_SIGNAL);
	if (!err)
		err = watch(l, l->tick, SRC_TICK);
	if (!err)
		err = watch(l, l->interval, SRC_INTERVAL);
	if (!err)
		err = watch(l, l->deadline, SRC_DEADLINE);
	for (i = 0; !err && i < LOOP_ALSO; i++)
		if (calls->also[i].call)
			err = watch(l, calls->also[i].fd, SRC_ALSO + i);
	if (!err)
		err = arm(l->tick, calls->tick_ns, calls->tick_ns);
	if (!err && calls->interval_ns)
		err = arm(l->interval, calls->interval_ns, calls->interval_ns);
	if (!err && calls->deadline_ns)
		err = arm(l->deadline, calls->deadline_ns, 0);
	return err;
}

int loop_run(struct loop *l, int fd, const struct loop_calls *calls, void *arg)
{
	struct epoll_event ev[4];
	int ret = prepare(l, fd, calls), n, i;

	while (!ret) {
		n = epoll_wait(l->epoll, ev, 4, -1);
		if (n < 0 && errno != EINTR)
			return -errno;
		for (i = 0; i < n && !ret; i++)
			ret = dispatch(l, ev[i].data.u32, calls, arg);
	}
	return ret == LOOP_STOP ? 0 : ret;
}
