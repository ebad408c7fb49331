// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include "base/log.h"
#include "serve/notify.h"

/* Microseconds, for this process or for any. */
static uint64_t watchdog_ns(void)
{
	const char *usec = getenv("WATCHDOG_USEC"), *pid = getenv("WATCHDOG_PID");

	if (!usec || (pid && strtol(pid, NULL, 10) != getpid()))
		return 0;
	return strtoull(usec, NULL, 10) * 1000;
}

int notify_open(struct notify *n)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	socklen_t len;
	int err;

	*n = (struct notify){ .fd = -1 };
	if (!path || !*path)
		return 0;
	errno = ENAMETOOLONG;
	n->fd = -1;
	if (strlen(path) < sizeof(un.sun_path)) {
		memcpy(un.sun_path, path, strlen(path) + 1);
		len = offsetof(struct sockaddr_un, sun_path) + strlen(path);
		if (path[0] == '@')	/* an abstract address: no file, and its length counts */
			un.sun_path[0] = '\0';
		n->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
		if (n->fd >= 0 && !connect(n->fd, (struct sockaddr *)&un, len)) {
			n->every_ns = watchdog_ns() / 2;
			return 0;
		}
	}
	err = -errno;
	log_err("cannot notify: NOTIFY_SOCKET %s: %s", path, strerror(-err));
	notify_close(n);
	return err;
}

void notify_send(const struct notify *n, const char *message)
{
	if (n->fd >= 0)
		send(n->fd, message, strlen(message), MSG_NOSIGNAL);
}

void notify_alive(struct notify *n, uint64_t now_ns)
{
	if (!n->every_ns || now_ns < n->next_ns)
		return;
	n->next_ns = now_ns + n->every_ns;
	notify_send(n, "WATCHDOG=1");
}

void notify_close(struct notify *n)
{
	if (n->fd >= 0)
		close(n->fd);
	n->fd = -1;
}
