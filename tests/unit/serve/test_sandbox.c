// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* What the sandbox lets through and what not, each in a process of its own that then ends. */
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "serve/sandbox.h"
#include "unit.h"

/* Each returns the errno of what it tried, 0 if that worked. */
typedef int (*attempt)(void);

static int result(long ret)
{
	return ret < 0 ? errno : 0;
}

static int exec_it(void)
{
	char *const argv[] = { (char *)"true", NULL };

	return result(execv("/bin/true", argv));
}

static int fork_it(void)
{
	return result(fork());
}

static int write_file(void)
{
	return result(open("/dev/null", O_WRONLY));
}

static int make_file(void)
{
	return result(open("/tmp/pktpath-sandbox", O_RDONLY | O_CREAT, 0600));
}

static int connect_out(void)
{
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons(9) };
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	return fd < 0 ? 1000 : result(connect(fd, (struct sockaddr *)&in, sizeof(in)));
}

static int bind_it(void)
{
	struct sockaddr_in in = { .sin_family = AF_INET };
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	return fd < 0 ? 1000 : result(bind(fd, (struct sockaddr *)&in, sizeof(in)));
}

static int load_bpf(void)
{
	union bpf_attr attr = {};

	return result(syscall(SYS_bpf, BPF_PROG_LOAD, &attr, sizeof(attr)));
}

static int executable_memory(void)
{
	void *p = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return p == MAP_FAILED ? 1000 : result(mprotect(p, 4096, PROT_READ | PROT_EXEC));
}

static int signal_another(void)
{
	return result(kill(getppid(), 0));
}

static int read_file(void)
{
	char c;
	int fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);

	return fd < 0 ? errno : read(fd, &c, 1) == 1 ? result(close(fd)) : 1000;
}

static int list_directory(void)
{
	DIR *d = opendir("/proc/self/fd");

	if (!d)
		return errno;
	return readdir(d) ? result(closedir(d)) : 1000;
}

/* Let through to the kernel, which finds no such descriptor. */
static int ask_bpf(void)
{
	union bpf_attr attr = {};
	int err;

	attr.info.bpf_fd = 1000;
	err = result(syscall(SYS_bpf, BPF_OBJ_GET_INFO_BY_FD, &attr, sizeof(attr)));
	/* Before v5.19 it is for the privileged only, where unprivileged BPF is disabled. */
	return err == EBADF || err == EBADFD || (err == EPERM && geteuid()) ? 0 : err;
}

#define NO_FILTER 255
#define BASE	  64	/* a sanitizer that gives up ends with 1, which is EPERM */

/* Not by _exit(), before which the sanitizer looks after its stacks: it may not any more. */
static void end_child(attempt a)
{
	int err = prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ? errno : -sandbox_enter();

	syscall(SYS_exit_group, err ? NO_FILTER : BASE + (a() & 127));
}

static int try_inside(attempt a)
{
	int status, pid = fork();

	if (!pid)
		end_child(a);
	assert_int_equal(pid, waitpid(pid, &status, 0));
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == NO_FILTER)
		skip();		/* this kernel has none */
	return WEXITSTATUS(status) - BASE;
}

static void test_refused(void **state)
{
	static const attempt attempts[] = { exec_it, fork_it, write_file, make_file, connect_out,
					    bind_it, load_bpf, executable_memory, signal_another };

	for (size_t i = 0; i < sizeof(attempts) / sizeof(attempts[0]); i++)
		assert_int_equal(EPERM, try_inside(attempts[i]));
}

static void test_allowed(void **state)
{
	static const attempt attempts[] = { read_file, list_directory, ask_bpf };

	for (size_t i = 0; i < sizeof(attempts) / sizeof(attempts[0]); i++)
		assert_int_equal(0, try_inside(attempts[i]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_allowed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
