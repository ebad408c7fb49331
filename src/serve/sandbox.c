// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/bpf.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include "serve/sandbox.h"

#if defined(__x86_64__)
#define ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCH AUDIT_ARCH_AARCH64
#else
#define ARCH 0
#endif

/* What glibc and libmicrohttpd may use for what is done here, in this version or another one. */
static const uint16_t allowed[] = {
	SYS_read, SYS_readv, SYS_pread64, SYS_write, SYS_writev, SYS_close, SYS_lseek, SYS_fcntl,
	SYS_fstat, SYS_newfstatat, SYS_statx, SYS_getdents64, SYS_ioctl,
	SYS_accept, SYS_accept4, SYS_recvfrom, SYS_recvmsg, SYS_sendto, SYS_sendmsg, SYS_sendfile,
	SYS_shutdown, SYS_getsockopt, SYS_setsockopt, SYS_getsockname, SYS_getpeername, SYS_socket,
	SYS_epoll_ctl, SYS_epoll_pwait, SYS_ppoll, SYS_timerfd_settime,
#ifdef SYS_epoll_wait
	SYS_epoll_wait, SYS_poll, SYS_stat,
#endif
	SYS_mmap, SYS_munmap, SYS_mremap, SYS_madvise, SYS_brk, SYS_futex,
	SYS_rt_sigaction, SYS_rt_sigprocmask, SYS_rt_sigreturn, SYS_restart_syscall,
	SYS_clock_gettime, SYS_clock_nanosleep, SYS_nanosleep, SYS_gettimeofday, SYS_getrandom,
	SYS_getpid, SYS_gettid, SYS_tgkill, SYS_exit, SYS_exit_group,
};

#define NR_ALLOWED (sizeof(allowed) / sizeof(allowed[0]))
#define LOAD(field) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define ANSWER(a)   BPF_STMT(BPF_RET | BPF_K, a)
#define REFUSE	    (SECCOMP_RET_ERRNO | EPERM)
/* Goes on below if equal, else skips `n`. */
#define IF(value, n) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, n)

/* The low half of an argument. */
#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "the arguments' halves are the other way round"
#endif

static const struct sock_filter head[] = {
	LOAD(arch),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARCH, 1, 0),
	ANSWER(SECCOMP_RET_KILL_PROCESS),
	LOAD(nr),
	/* Files: to read. */
	IF(SYS_openat, 4),
	LOAD(args[2]),
	BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, O_WRONLY | O_RDWR | O_CREAT | O_TRUNC, 0, 1),
	ANSWER(REFUSE),
	ANSWER(SECCOMP_RET_ALLOW),
	/* BPF: what the kernel says of a program or link. */
	IF(SYS_bpf, 4),
	LOAD(args[0]),
	IF(BPF_OBJ_GET_INFO_BY_FD, 1),
	ANSWER(SECCOMP_RET_ALLOW),
	ANSWER(REFUSE),
};

#define NR_HEAD (sizeof(head) / sizeof(head[0]))

static void append(struct sock_fprog *prog, struct sock_filter what)
{
	prog->filter[prog->len++] = what;
}

int sandbox_enter(void)
{
	struct sock_filter code[NR_HEAD + 2 * NR_ALLOWED + 1];
	struct sock_fprog prog = { .len = 0, .filter = code };
	size_t i;

	if (!ARCH)
		return -ENOSYS;
	for (i = 0; i < NR_HEAD; i++)
		append(&prog, head[i]);
	for (i = 0; i < NR_ALLOWED; i++) {
		append(&prog, (struct sock_filter)IF(allowed[i], 1));
		append(&prog, (struct sock_filter)ANSWER(SECCOMP_RET_ALLOW));
	}
	append(&prog, (struct sock_filter)ANSWER(REFUSE));
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog, 0, 0) ? -errno : 0;
}
