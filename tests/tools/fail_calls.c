// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* The calls that can be made to fail, each in front of the real one (fail.c). */
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <net/if.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <unistd.h>
#include "fail.h"

/* The system's headers name parameters with underscores. */
/* NOLINTBEGIN(readability-inconsistent-declaration-parameter-name) */

/* --- what has the same arguments every time --- */

#define NEXT(name) \
	static __typeof__(name) *next; \
	if (!next) \
		next = (__typeof__(next))dlsym(RTLD_NEXT, #name)

/* A function, what it returns when it fails, its parameters with and without their types. */
#define CALL_AS(label, type, name, failed, params, args) \
	type name params \
	{ \
		NEXT(name); \
		return fail_now(label) ? (type)(failed) : next args; \
	}
#define CALL(type, name, failed, params, args) CALL_AS(#name, type, name, failed, params, args)

CALL(int, socket, -1, (int domain, int type, int protocol), (domain, type, protocol))
CALL(int, socketpair, -1, (int domain, int type, int protocol, int fds[2]),
     (domain, type, protocol, fds))
CALL(int, bind, -1, (int fd, const struct sockaddr *a, socklen_t len), (fd, a, len))
CALL(int, connect, -1, (int fd, const struct sockaddr *a, socklen_t len), (fd, a, len))
CALL(int, listen, -1, (int fd, int n), (fd, n))
CALL(int, accept4, -1, (int fd, struct sockaddr *a, socklen_t *len, int flags),
     (fd, a, len, flags))
CALL(int, setsockopt, -1, (int fd, int level, int what, const void *value, socklen_t len),
     (fd, level, what, value, len))
CALL(int, getsockopt, -1, (int fd, int level, int what, void *value, socklen_t *len),
     (fd, level, what, value, len))
CALL(int, getsockname, -1, (int fd, struct sockaddr *a, socklen_t *len), (fd, a, len))
CALL(ssize_t, send, -1, (int fd, const void *buf, size_t n, int flags), (fd, buf, n, flags))
CALL(ssize_t, sendto, -1, (int fd, const void *buf, size_t n, int flags, const struct sockaddr *a,
     socklen_t len), (fd, buf, n, flags, a, len))
CALL(ssize_t, sendmsg, -1, (int fd, const struct msghdr *m, int flags), (fd, m, flags))
CALL(ssize_t, recv, -1, (int fd, void *buf, size_t n, int flags), (fd, buf, n, flags))
CALL(ssize_t, recvfrom, -1, (int fd, void *buf, size_t n, int flags, struct sockaddr *a,
     socklen_t *len), (fd, buf, n, flags, a, len))
CALL(ssize_t, recvmsg, -1, (int fd, struct msghdr *m, int flags), (fd, m, flags))
CALL(ssize_t, read, -1, (int fd, void *buf, size_t n), (fd, buf, n))
CALL(ssize_t, pread, -1, (int fd, void *buf, size_t n, off_t at), (fd, buf, n, at))
CALL(ssize_t, write, -1, (int fd, const void *buf, size_t n), (fd, buf, n))
CALL(int, poll, -1, (struct pollfd *fds, nfds_t n, int ms), (fds, n, ms))
CALL(int, epoll_create1, -1, (int flags), (flags))
CALL(int, epoll_ctl, -1, (int ep, int op, int fd, struct epoll_event *e), (ep, op, fd, e))
CALL(int, epoll_wait, -1, (int ep, struct epoll_event *e, int n, int ms), (ep, e, n, ms))
CALL(int, timerfd_create, -1, (clockid_t clock, int flags), (clock, flags))
CALL(int, timerfd_settime, -1, (int fd, int flags, const struct itimerspec *new,
     struct itimerspec *old), (fd, flags, new, old))
CALL(int, signalfd, -1, (int fd, const sigset_t *set, int flags), (fd, set, flags))
CALL(int, eventfd, -1, (unsigned int n, int flags), (n, flags))
CALL(int, pipe, -1, (int fds[2]), (fds))
CALL(int, pipe2, -1, (int fds[2], int flags), (fds, flags))
CALL(int, memfd_create, -1, (const char *name, unsigned int flags), (name, flags))
CALL(int, dup3, -1, (int from, int to, int flags), (from, to, flags))
CALL(int, unshare, -1, (int flags), (flags))
CALL(int, setns, -1, (int fd, int type), (fd, type))
CALL(int, sched_setaffinity, -1, (pid_t pid, size_t n, const cpu_set_t *set), (pid, n, set))
CALL(int, sched_getaffinity, -1, (pid_t pid, size_t n, cpu_set_t *set), (pid, n, set))
CALL(pid_t, fork, -1, (void), ())
CALL(ssize_t, readlink, -1, (const char *path, char *buf, size_t n), (path, buf, n))
CALL(unsigned int, if_nametoindex, 0, (const char *name), (name))
CALL(char *, if_indextoname, NULL, (unsigned int index, char name[IF_NAMESIZE]), (index, name))
CALL(struct if_nameindex *, if_nameindex, NULL, (void), ())
CALL(FILE *, fdopen, NULL, (int fd, const char *mode), (fd, mode))
CALL(DIR *, opendir, NULL, (const char *path), (path))
CALL(FILE *, fopen, NULL, (const char *path, const char *mode), (path, mode))
CALL_AS("fopen", FILE *, fopen64, NULL, (const char *path, const char *mode), (path, mode))
CALL(void *, mmap, MAP_FAILED, (void *at, size_t n, int prot, int flags, int fd, off_t from),
     (at, n, prot, flags, fd, from))
CALL_AS("mmap", void *, mmap64, MAP_FAILED, (void *at, size_t n, int prot, int flags, int fd,
	off64_t from), (at, n, prot, flags, fd, from))
CALL(int, pthread_create, fail_errno(), (pthread_t *t, const pthread_attr_t *attr,
     void *(*start)(void *), void *arg), (t, attr, start, arg))
CALL(int, pthread_setaffinity_np, fail_errno(), (pthread_t t, size_t n, const cpu_set_t *set),
     (t, n, set))
CALL(int, posix_spawn, fail_errno(), (pid_t *pid, const char *path,
     const posix_spawn_file_actions_t *actions, const posix_spawnattr_t *attr,
     char *const argv[], char *const envp[]), (pid, path, actions, attr, argv, envp))

/* --- a mode or an argument that may not be there --- */

#define ARG(last, type) \
	__extension__ ({ va_list ap_; type arg_; va_start(ap_, last); arg_ = va_arg(ap_, type); \
			 va_end(ap_); arg_; })

#define OPEN(name) \
	int name(const char *path, int flags, ...) \
	{ \
		NEXT(name); \
		return fail_now("open") ? -1 : next(path, flags, ARG(flags, unsigned int)); \
	}
#define OPENAT(name) \
	int name(int dir, const char *path, int flags, ...) \
	{ \
		NEXT(name); \
		return fail_now("open") ? -1 : next(dir, path, flags, ARG(flags, unsigned int)); \
	}
#define FCNTL(name) \
	int name(int fd, int what, ...) \
	{ \
		NEXT(name); \
		return fail_now("fcntl") ? -1 : next(fd, what, ARG(what, void *)); \
	}

OPEN(open)
OPEN(open64)
OPENAT(openat)
OPENAT(openat64)
FCNTL(fcntl)
FCNTL(fcntl64)

int ioctl(int fd, unsigned long what, ...)
{
	void *arg = ARG(what, void *);
	char label[24];

	NEXT(ioctl);
	snprintf(label, sizeof(label), "ioctl %lx", what);
	return fail_now(label) ? -1 : next(fd, what, arg);
}

/* As enum bpf_cmd has them. */
static const char *const commands[] = {
	"map_create", "map_lookup", "map_update", "map_delete", "map_next_key", "prog_load",
	"obj_pin", "obj_get", "prog_attach", "prog_detach", "prog_run", "prog_next_id",
	"map_next_id", "prog_by_id", "map_by_id", "obj_info", "prog_query", "raw_tp_open",
	"btf_load", "btf_by_id", "task_query", "lookup_and_delete", "map_freeze", "btf_next_id",
	"batch_lookup", "batch_lookup_delete", "batch_update", "batch_delete", "link_create",
	"link_update", "link_by_id", "link_next_id", "enable_stats", "iter_create", "link_detach",
	"prog_bind_map",
};

static void name_syscall(char *buf, size_t size, long number, long a)
{
	if (number == SYS_bpf && a >= 0 && (size_t)a < sizeof(commands) / sizeof(commands[0]))
		snprintf(buf, size, "bpf %s", commands[a]);
	else if (number == SYS_perf_event_open)
		snprintf(buf, size, "perf_event_open");
	else
		snprintf(buf, size, "syscall %ld", number);
}

long syscall_next(long number, long a, long b, long c, long d, long e, long f)
{
	NEXT(syscall);
	return next(number, a, b, c, d, e, f);
}

long syscall(long number, ...)
{
	char label[24];
	long a[6], ret;
	va_list ap;
	int i;

	va_start(ap, number);
	for (i = 0; i < 6; i++)
		a[i] = va_arg(ap, long);
	va_end(ap);
	name_syscall(label, sizeof(label), number, a[0]);
	if (fail_now(label))
		return -1;
	ret = syscall_next(number, a[0], a[1], a[2], a[3], a[4], a[5]);
	if (number == SYS_bpf && ret >= 0)
		fail_note_bpf((int)a[0], (int)ret);
	return ret;
}

/* --- memory: dlsym() may want some before the real functions are known --- */

static char early[65536] __attribute__((aligned(16)));
static atomic_size_t early_used;
static _Thread_local __attribute__((tls_model("initial-exec"))) bool resolving;

static void *early_alloc(size_t size)
{
	size_t n = (size + 31) & ~(size_t)15, at = atomic_fetch_add(&early_used, n);

	return at + n <= sizeof(early) ? early + at : NULL;
}

static bool is_early(const void *p)
{
	return (const char *)p >= early && (const char *)p < early + sizeof(early);
}

/* True while the real function is being looked for by this very thread. */
static bool is_unknown(void **next, const char *name)
{
	if (*next)
		return false;
	if (resolving)
		return true;
	resolving = true;
	*next = dlsym(RTLD_NEXT, name);
	resolving = false;
	return false;
}

void *malloc(size_t size)
{
	static void *(*next)(size_t);

	if (is_unknown((void **)&next, "malloc"))
		return early_alloc(size);
	return fail_now("malloc") ? NULL : next(size);
}

void *calloc(size_t n, size_t size)
{
	static void *(*next)(size_t, size_t);

	if (is_unknown((void **)&next, "calloc"))
		return early_alloc(n * size);
	return fail_now("calloc") ? NULL : next(n, size);
}

void *realloc(void *p, size_t size)
{
	static void *(*next)(void *, size_t);
	void *new;

	if (is_unknown((void **)&next, "realloc") || is_early(p)) {
		new = next ? malloc(size) : early_alloc(size);
		/* More than it was long is harmless to read: `early` goes on behind it. */
		if (new && p)
			memcpy(new, p, (char *)p + size <= early + sizeof(early) ? size : 0);
		return new;
	}
	return fail_now("realloc") ? NULL : next(p, size);
}

void free(void *p)
{
	static void (*next)(void *);

	if (is_early(p) || is_unknown((void **)&next, "free"))
		return;
	next(p);
}

/* NOLINTEND(readability-inconsistent-declaration-parameter-name) */
