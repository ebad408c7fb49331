// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* The service manager's socket, as a file and as an abstract address, and the watchdog's rhythm. */
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include "base/log.h"
#include "serve/notify.h"
#include "unit.h"

void log_err(const char *fmt, ...)
{
}

/* Its socket, on which the test plays the manager; the name goes into the environment. */
static int manager(const char *name)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);

	snprintf(un.sun_path, sizeof(un.sun_path), "%s", name);
	if (name[0] == '@')
		un.sun_path[0] = '\0';
	assert_true(fd >= 0);
	assert_int_equal(0, bind(fd, (struct sockaddr *)&un,
				 offsetof(struct sockaddr_un, sun_path) + strlen(name)));
	setenv("NOTIFY_SOCKET", name, 1);
	return fd;
}

static void expect(int fd, const char *want)
{
	char buf[256];
	ssize_t n = recv(fd, buf, sizeof(buf) - 1, 0);

	if (!want) {
		assert_int_equal(-1, n);
		return;
	}
	assert_true(n >= 0);
	buf[n] = '\0';
	assert_string_equal(want, buf);
}

static void talk(const char *name)
{
	struct notify n;
	int fd = manager(name);

	assert_int_equal(0, notify_open(&n));
	notify_send(&n, "READY=1\nSTATUS=x");
	expect(fd, "READY=1\nSTATUS=x");
	expect(fd, NULL);
	notify_close(&n);
	close(fd);
}

static void test_names(void **state)
{
	char path[] = "/tmp/pktpath-notify-XXXXXX", name[64];

	assert_non_null(mkdtemp(path));
	snprintf(name, sizeof(name), "%s/socket", path);
	talk(name);
	unlink(name);
	rmdir(path);
	snprintf(name, sizeof(name), "@pktpath-notify-%d", getpid());
	talk(name);
}

static void test_nobody_asked(void **state)
{
	struct notify n;

	unsetenv("NOTIFY_SOCKET");
	assert_int_equal(0, notify_open(&n));
	assert_int_equal(-1, n.fd);
	notify_send(&n, "READY=1");
	notify_alive(&n, 1);
	notify_close(&n);
}

static void test_nobody_there(void **state)
{
	struct notify n;
	char longer[200] = "/";

	setenv("NOTIFY_SOCKET", "/nowhere/socket", 1);
	assert_int_equal(-ENOENT, notify_open(&n));
	memset(longer + 1, 'x', sizeof(longer) - 2);
	setenv("NOTIFY_SOCKET", longer, 1);
	assert_int_equal(-ENAMETOOLONG, notify_open(&n));
	assert_int_equal(-1, n.fd);
}

static void test_watchdog(void **state)
{
	struct notify n;
	char name[64], pid[16];
	int fd;

	snprintf(name, sizeof(name), "@pktpath-watchdog-%d", getpid());
	fd = manager(name);
	setenv("WATCHDOG_USEC", "2000000", 1);
	setenv("WATCHDOG_PID", "1", 1);
	assert_int_equal(0, notify_open(&n));
	notify_alive(&n, 5000000000ull);
	expect(fd, NULL);	/* another's */
	notify_close(&n);
	snprintf(pid, sizeof(pid), "%d", getpid());
	setenv("WATCHDOG_PID", pid, 1);
	assert_int_equal(0, notify_open(&n));
	notify_alive(&n, 5000000000ull);
	expect(fd, "WATCHDOG=1");
	notify_alive(&n, 5999999999ull);
	expect(fd, NULL);
	notify_alive(&n, 6000000000ull);
	expect(fd, "WATCHDOG=1");
	notify_close(&n);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_nobody_asked),
		cmocka_unit_test(test_nobody_there),
		cmocka_unit_test(test_watchdog),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
