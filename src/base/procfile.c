// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/procfile.h"

/* A descriptor or -errno. */
static int open_path(int flags, const char *fmt, va_list ap)
{
	char path[PATH_MAX];
	int n = vsnprintf(path, sizeof(path), fmt, ap), fd;

	if (n < 0 || n >= (int)sizeof(path))
		return -ENAMETOOLONG;
	fd = open(path, flags | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static int read_line(char *buf, size_t size, const char *fmt, va_list ap)
{
	int fd = open_path(O_RDONLY, fmt, ap), err;
	ssize_t n;

	buf[0] = 0;
	if (fd < 0)
		return fd;
	n = read(fd, buf, size - 1);
	err = n < 0 ? -errno : 0;
	close(fd);
	buf[n < 0 ? 0 : n] = 0;
	buf[strcspn(buf, "\n")] = 0;
	return err;
}

int procfile_line(char *buf, size_t size, const char *path, ...)
{
	va_list ap;
	int err;

	va_start(ap, path);
	err = read_line(buf, size, path, ap);
	va_end(ap);
	return err;
}

int64_t procfile_number(int64_t otherwise, const char *path, ...)
{
	char buf[64], *end;
	long long value;
	va_list ap;
	int err;

	va_start(ap, path);
	err = read_line(buf, sizeof(buf), path, ap);
	va_end(ap);
	value = strtoll(buf, &end, 10);
	return err || end == buf ? otherwise : value;
}

int procfile_write(const char *value, const char *path, ...)
{
	va_list ap;
	int fd, err;

	va_start(ap, path);
	fd = open_path(O_WRONLY, path, ap);
	va_end(ap);
	if (fd < 0)
		return fd;
	err = write(fd, value, strlen(value)) < 0 ? -errno : 0;
	close(fd);
	return err;
}
