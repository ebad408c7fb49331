// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <bpf/libbpf.h>
#include "base/log.h"

/*
 * The end of what libbpf said: where a load fails, the verifier's last lines tell why. libbpf has
 * one function for its messages in a process, called from wherever it is used, so this is one, too.
 */
static char said[4096];
static size_t said_len;

static void vlog(const char *fmt, va_list ap)
{
	fputs("pktpath: ", stderr);
	/* NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized): both callers have started it */
	vfprintf(stderr, fmt, ap);
	fputc('\n', stderr);
}

void log_err(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vlog(fmt, ap);
	va_end(ap);
}

void log_note(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vlog(fmt, ap);
	va_end(ap);
}

static int keep(enum libbpf_print_level level, const char *fmt, va_list ap)
{
	char *line, *tail;
	size_t drop;
	int n;

	if (level != LIBBPF_WARN)
		return 0;
	n = vasprintf(&line, fmt, ap);
	if (n < 0)
		return 0;
	tail = (size_t)n < sizeof(said) ? line : line + n - (sizeof(said) - 1);
	n -= tail - line;
	if (said_len + n >= sizeof(said)) {
		drop = said_len + n - (sizeof(said) - 1);
		memmove(said, said + drop, said_len - drop);
		said_len -= drop;
	}
	memcpy(said + said_len, tail, n + 1);
	said_len += n;
	free(line);
	return 0;
}

void log_capture_libbpf(void)
{
	said_len = 0;
	said[0] = 0;
	libbpf_set_print(keep);
}

void log_show_libbpf(void)
{
	if (said_len)
		fputs(said, stderr);
}

const char *log_save_libbpf(char path[LOG_PATH])
{
	const char *dir = getenv("TMPDIR");
	ssize_t n;
	int fd;

	if (!said_len)
		return NULL;
	snprintf(path, LOG_PATH, "%s/pktpath-libbpf-XXXXXX", dir && *dir ? dir : "/tmp");
	fd = mkostemp(path, O_CLOEXEC);
	if (fd < 0)
		return NULL;
	n = write(fd, said, said_len);
	close(fd);
	return n == (ssize_t)said_len ? path : NULL;
}
