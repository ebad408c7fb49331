// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* How a receiver waits for data: in the read itself, in poll(), in epoll_wait() or in io_uring. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#include "traffic.h"

/* 0, or 1 with the reason printed. The socket's own timeouts must be set already. */
int waiter_open(struct waiter *w, int fd, const struct opts *o)
{
	struct epoll_event event = { .events = EPOLLIN };

	*w = (struct waiter){ .fd = fd, .epfd = -1, .o = o };
	if (o->poll + o->epoll + o->uring > 1)
		return refuse("--poll, --epoll and --uring exclude each other");
	if (o->epoll) {
		w->epfd = epoll_create1(EPOLL_CLOEXEC);
		if (w->epfd < 0 || epoll_ctl(w->epfd, EPOLL_CTL_ADD, fd, &event))
			return fail("epoll");
	}
	if (o->uring) {
		w->ring = uring_open();
		if (!w->ring)
			return fail("io_uring");
	}
	return 0;
}

static int wait_epoll(int epfd, unsigned int timeout_s)
{
	struct epoll_event event;
	int rc;

	do {
		rc = epoll_wait(epfd, &event, 1, timeout_s ? (int)timeout_s * 1000 : -1);
	} while (rc < 0 && errno == EINTR);
	return rc;
}

/* Above 0: readable; 0: not within --timeout; below 0: failed. */
int waiter_wait(struct waiter *w)
{
	int rc;

	if (w->o->epoll)
		rc = wait_epoll(w->epfd, w->o->timeout_s);
	else if (w->ring)
		rc = uring_poll(w->ring, w->fd, w->o->timeout_s);
	else
		rc = wait_readable(w->fd, w->o->timeout_s);
	w->waits++;
	w->woke_ns = now_ns(CLOCK_MONOTONIC);
	w->ready = rc > 0;
	return rc;
}

/* As recvmsg() on a socket with a timeout: EAGAIN when nothing came within it. */
ssize_t waiter_recvmsg(struct waiter *w, struct msghdr *msg, int flags)
{
	if ((w->o->poll || w->o->epoll) && !w->ready) {
		int rc = waiter_wait(w);

		if (rc <= 0) {
			errno = rc ? errno : EAGAIN;
			return -1;
		}
	}
	/* After a peek the real read finds its data, and need not wait again. */
	w->ready = flags & MSG_PEEK;
	if (!w->ring)
		return recvmsg(w->fd, msg, flags);
	w->waits++;
	return uring_recvmsg(w->ring, w->fd, msg, flags, w->o->timeout_s);
}

void waiter_report(const struct waiter *w)
{
	const char *how = w->o->poll ? "poll" : w->o->epoll ? "epoll" : w->ring ? "uring" : NULL;

	if (how)
		printf("waited %s %" PRIu64 "\n", how, w->waits);
}

void waiter_close(struct waiter *w)
{
	if (w->epfd >= 0)
		close(w->epfd);
	uring_close(w->ring);
}
