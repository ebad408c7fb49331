// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* io_uring by its system calls: one request at a time, to poll a socket or to read from it. */
#include <errno.h>
#include <linux/io_uring.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "traffic.h"

#define ENTRIES 4

struct uring {
	int fd;
	char *rings;
	size_t rings_size;
	struct io_uring_sqe *sqes;
	struct io_uring_params p;
};

void uring_close(struct uring *r)
{
	if (!r)
		return;
	if (r->sqes && r->sqes != MAP_FAILED)
		munmap(r->sqes, r->p.sq_entries * sizeof(*r->sqes));
	if (r->rings && r->rings != MAP_FAILED)
		munmap(r->rings, r->rings_size);
	if (r->fd >= 0)
		close(r->fd);
	free(r);
}

static void *map(struct uring *r, size_t size, off_t what)
{
	return mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, r->fd, what);
}

/* NULL with errno set. Waits with a timeout and both rings in one mapping need Linux 5.11. */
struct uring *uring_open(void)
{
	const unsigned int needed = IORING_FEAT_SINGLE_MMAP | IORING_FEAT_EXT_ARG;
	struct uring *r = calloc(1, sizeof(*r));
	size_t sq, cq;

	if (!r)
		return NULL;
	r->fd = (int)syscall(SYS_io_uring_setup, ENTRIES, &r->p);
	if (r->fd < 0)
		goto failed;
	if ((r->p.features & needed) != needed) {
		errno = EOPNOTSUPP;
		goto failed;
	}
	sq = r->p.sq_off.array + r->p.sq_entries * sizeof(unsigned int);
	cq = r->p.cq_off.cqes + r->p.cq_entries * sizeof(struct io_uring_cqe);
	r->rings_size = sq > cq ? sq : cq;
	r->rings = map(r, r->rings_size, IORING_OFF_SQ_RING);
	r->sqes = map(r, r->p.sq_entries * sizeof(*r->sqes), (off_t)IORING_OFF_SQES);
	if (r->rings != MAP_FAILED && r->sqes != MAP_FAILED)
		return r;
failed:
	uring_close(r);
	return NULL;
}

static unsigned int *word(struct uring *r, unsigned int offset)
{
	return (unsigned int *)(r->rings + offset);
}

static int submit(struct uring *r, const struct io_uring_sqe *sqe)
{
	unsigned int *tail = word(r, r->p.sq_off.tail);
	unsigned int at = *tail & *word(r, r->p.sq_off.ring_mask);

	r->sqes[at] = *sqe;
	word(r, r->p.sq_off.array)[at] = at;
	__atomic_store_n(tail, *tail + 1, __ATOMIC_RELEASE);
	return syscall(SYS_io_uring_enter, r->fd, 1, 0, 0, NULL, 0) == 1 ? 0 : -1;
}

/* Takes the oldest completion's result, if there is one. */
static bool reap(struct uring *r, int *result)
{
	unsigned int *head = word(r, r->p.cq_off.head);
	struct io_uring_cqe *cqes = (struct io_uring_cqe *)(r->rings + r->p.cq_off.cqes);

	if (*head == __atomic_load_n(word(r, r->p.cq_off.tail), __ATOMIC_ACQUIRE))
		return false;
	*result = cqes[*head & *word(r, r->p.cq_off.ring_mask)].res;
	__atomic_store_n(head, *head + 1, __ATOMIC_RELEASE);
	return true;
}

/*
 * The request's result, as of the system call it stands for. A request that times out stays with
 * the kernel, which may still write its buffer: the caller must not use the ring again.
 */
static ssize_t perform(struct uring *r, const struct io_uring_sqe *sqe, unsigned int timeout_s)
{
	struct __kernel_timespec ts = { .tv_sec = timeout_s };
	struct io_uring_getevents_arg arg = { .ts = timeout_s ? (uintptr_t)&ts : 0 };
	int result;

	if (submit(r, sqe))
		return -1;
	while (!reap(r, &result)) {
		if (syscall(SYS_io_uring_enter, r->fd, 0, 1,
			    IORING_ENTER_GETEVENTS | IORING_ENTER_EXT_ARG, &arg,
			    sizeof(arg)) >= 0 ||
		    errno == EINTR)
			continue;
		if (errno == ETIME)
			errno = EAGAIN;
		return -1;
	}
	if (result >= 0)
		return result;
	errno = -result;
	return -1;
}

/* Above 0: readable; 0: not within the timeout; below 0: failed. */
int uring_poll(struct uring *r, int fd, unsigned int timeout_s)
{
	struct io_uring_sqe sqe = { .opcode = IORING_OP_POLL_ADD, .fd = fd,
				    .poll32_events = POLLIN };
	ssize_t rc = perform(r, &sqe, timeout_s);

	return rc < 0 && errno == EAGAIN ? 0 : (int)rc;
}

/* IORING_OP_RECV for a plain buffer, IORING_OP_RECVMSG for an address or control data too. */
ssize_t uring_recvmsg(struct uring *r, int fd, struct msghdr *msg, int flags,
		      unsigned int timeout_s)
{
	struct io_uring_sqe sqe = { .fd = fd, .msg_flags = (unsigned int)flags };

	if (msg->msg_name || msg->msg_control || msg->msg_iovlen != 1) {
		sqe.opcode = IORING_OP_RECVMSG;
		sqe.addr = (uintptr_t)msg;
		sqe.len = 1;
	} else {
		sqe.opcode = IORING_OP_RECV;
		sqe.addr = (uintptr_t)msg->msg_iov->iov_base;
		sqe.len = (uint32_t)msg->msg_iov->iov_len;
	}
	return perform(r, &sqe, timeout_s);
}
