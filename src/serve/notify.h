/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * Tells a service manager how it goes: sd_notify(3)'s protocol, one datagram a message, to the
 * socket that $NOTIFY_SOCKET names. Without one nothing happens.
 */
#ifndef PKTPATH_SERVE_NOTIFY_H
#define PKTPATH_SERVE_NOTIFY_H

#include <stdint.h>

struct notify {
	int fd;			/* -1: nobody asked */
	uint64_t every_ns;	/* how often the watchdog wants to hear; 0 = not at all */
	uint64_t next_ns;
};

/* Connects; call it while the socket can be reached. 0, or -errno after one line on stderr. */
int notify_open(struct notify *n);

/*
 * "READY=1", "STOPPING=1", with further lines where useful. Errors are ignored: nobody could do
 * anything about them.
 */
void notify_send(const struct notify *n, const char *message);

/* Call it from the loop, with CLOCK_MONOTONIC: "WATCHDOG=1" when due, twice as often as asked. */
void notify_alive(struct notify *n, uint64_t now_ns);

void notify_close(struct notify *n);

#endif /* PKTPATH_SERVE_NOTIFY_H */
