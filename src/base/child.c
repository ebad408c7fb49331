// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/child.h"

#define NOT_FOUND 127

static int find(const char *name, char *path, size_t size)
{
	static const char places[] = ":/usr/sbin:/sbin:/usr/local/sbin";
	const char *env = getenv("PATH");
	char *all, *save, *dir;
	int err = -ENOENT;

	if (asprintf(&all, "%s%s", env ? env : "/usr/bin:/bin", places) < 0)
		return -ENOMEM;
	for (dir = strtok_r(all, ":", &save); err && dir; dir = strtok_r(NULL, ":", &save)) {
		snprintf(path, size, "%s/%s", dir, name);
		err = access(path, X_OK) ? -ENOENT : 0;
	}
	free(all);
	return err;
}

/* In the child: only what may be called after fork() beside threads. */
static void child(const char *path, const char *const *words, int in, int out, pid_t parent)
{
	int null = open("/dev/null", O_WRONLY | O_CLOEXEC);

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(NOT_FOUND);
	dup2(in, STDIN_FILENO);
	dup2(out, STDOUT_FILENO);
	dup2(null, STDERR_FILENO);
	execv(path, (char *const *)words);
	_exit(NOT_FOUND);
}

static void feed(int fd, const char *input)
{
	size_t len = strlen(input);

	/* Far less than a pipe holds. */
	if (write(fd, input, len) != (ssize_t)len)
		return;
}

static void collect(int fd, char *out, size_t size)
{
	size_t len = 0;
	ssize_t n;
	char rest[256];

	do {
		if (len + 1 < size)
			n = read(fd, out + len, size - 1 - len);
		else
			n = read(fd, rest, sizeof(rest));
		if (n > 0 && len + 1 < size)
			len += n;
	} while (n > 0 || (n < 0 && errno == EINTR));
	if (size)
		out[len] = 0;
}

static int wait_for(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return WIFEXITED(status) && !WEXITSTATUS(status) ? 0 : -EIO;
}

int tool_run(const char *const *words, const char *input, char *out, size_t size)
{
	int to[2], from[2], err;
	pid_t pid, self = getpid();
	char path[512];

	err = find(words[0], path, sizeof(path));
	if (err)
		return err;
	if (pipe2(to, O_CLOEXEC))
		return -errno;
	if (pipe2(from, O_CLOEXEC)) {
		err = -errno;
		close(to[0]);
		close(to[1]);
		return err;
	}
	pid = fork();
	if (!pid)
		child(path, words, to[0], from[1], self);
	err = pid < 0 ? -errno : 0;
	close(to[0]);
	close(from[1]);
	if (!err)
		feed(to[1], input);
	close(to[1]);
	if (!err)
		collect(from[0], out, size);
	close(from[0]);
	return err ? err : wait_for(pid);
}
