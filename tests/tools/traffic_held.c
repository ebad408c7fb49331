// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * Holding a TCP socket's lock for a known time. tcp_recvmsg_locked() copies to the user's buffer
 * under the socket's lock. The buffer's first page is missing and registered with userfaultfd, so
 * the copy faults and sleeps with the lock held until another thread fills the page in.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/userfaultfd.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "traffic_tcp.h"

struct hold {
	int uffd;
	unsigned char *buf;
	size_t size;			/* whole pages */
	unsigned int ms;
	uint64_t begin_ns, end_ns;	/* the lock is held all this time, and a little longer */
	int error;
};

static int hold_open(struct hold *h)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register all = { .mode = UFFDIO_REGISTER_MODE_MISSING };

	h->buf = mmap(NULL, h->size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (h->buf == MAP_FAILED)
		return fail("mmap");
	/* A huge page would be mapped by a fault of its own kind. */
	madvise(h->buf, h->size, MADV_NOHUGEPAGE);
	/* Faults of the kernel need root, or the sysctl vm.unprivileged_userfaultfd. */
	h->uffd = (int)syscall(SYS_userfaultfd, O_CLOEXEC);
	if (h->uffd < 0)
		return fail("userfaultfd");
	all.range.start = (uintptr_t)h->buf;
	all.range.len = h->size;
	if (ioctl(h->uffd, UFFDIO_API, &api) || ioctl(h->uffd, UFFDIO_REGISTER, &all))
		return fail("userfaultfd");
	return 0;
}

/* One fault: the whole buffer is filled in at its end, so that the read has no second one. */
static void *resolve_fault(void *arg)
{
	struct hold *h = arg;
	struct uffdio_zeropage zero = { .range = { (uintptr_t)h->buf, h->size } };
	struct uffd_msg msg;

	if (read(h->uffd, &msg, sizeof(msg)) != sizeof(msg) ||
	    msg.event != UFFD_EVENT_PAGEFAULT) {
		h->error = errno ? errno : EIO;
		return NULL;
	}
	h->begin_ns = now_ns(CLOCK_MONOTONIC);
	printf("holding %" PRIu64 "\n", h->begin_ns);
	fflush(stdout);
	sleep_ns(h->ms * 1000000ull);
	h->end_ns = now_ns(CLOCK_MONOTONIC);
	if (ioctl(h->uffd, UFFDIO_ZEROPAGE, &zero))
		h->error = errno;
	return NULL;
}

/* 1: read some, 0: the stream's end, -1: failed */
static int held_read(int fd, const struct opts *o, struct stream *s, struct hold *h)
{
	uint64_t called_ns, returned_ns;
	pthread_t helper;
	char first;
	ssize_t n;

	/* At the end nothing is copied, and the helper would wait for ever. */
	n = recv(fd, &first, 1, MSG_PEEK);
	if (n <= 0)
		return n ? -fail("recv") : 0;
	madvise(h->buf, h->size, MADV_DONTNEED);
	if (pthread_create(&helper, NULL, resolve_fault, h))
		return -fail("thread");
	called_ns = now_ns(CLOCK_MONOTONIC);
	n = recv(fd, h->buf, o->chunk, 0);
	returned_ns = now_ns(CLOCK_MONOTONIC);
	if (n <= 0) /* the process ends, and the helper with it */
		return -fail("recv");
	pthread_join(helper, NULL);
	if (h->error) {
		errno = h->error;
		return -fail("userfaultfd");
	}
	printf("held begin %" PRIu64 " end %" PRIu64 " called %" PRIu64 " returned %" PRIu64
	       " bytes %zd\n", h->begin_ns, h->end_ns, called_ns, returned_ns, n);
	fflush(stdout);
	check_pattern(s, h->buf, (size_t)n);
	return 1;
}

int receive_held(int fd, const struct opts *o, struct stream *s)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	struct hold h = { .uffd = -1, .size = (o->chunk + page - 1) & ~(page - 1),
			  .ms = o->held_ms };
	int rc = hold_open(&h) ? -1 : 1;

	for (unsigned int i = 0; rc > 0 && i < o->held_reads; i++) {
		if (o->delay_ms)
			sleep_ns(o->delay_ms * 1000000ull);
		rc = held_read(fd, o, s, &h);
	}
	if (h.uffd >= 0)
		close(h.uffd);
	if (h.buf != MAP_FAILED)
		munmap(h.buf, h.size);
	return rc < 0;
}
