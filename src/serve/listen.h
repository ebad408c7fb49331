/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* The address that `pktpath serve` listens on: from the words of --listen to a socket. */
#ifndef PKTPATH_SERVE_LISTEN_H
#define PKTPATH_SERVE_LISTEN_H

#include <stdbool.h>
#include <sys/socket.h>

#define LISTEN_DEFAULT "127.0.0.1:9464"	/* where OpenTelemetry's exporters for Prometheus listen */
#define LISTEN_TEXT 64

struct listen_addr {
	struct sockaddr_storage addr;
	socklen_t len;
	int fd;		/* -1 until listen_socket() */
};

/* "127.0.0.1:9464", "[::1]:9464", "localhost:9464"; port 0: any. -1 after one line on stderr. */
int listen_parse(const char *word, struct listen_addr *l);

/*
 * Makes the socket, which stays in the network namespace that the caller is in. -errno after one
 * line on stderr.
 */
int listen_socket(struct listen_addr *l);

/* Binds it and listens. -errno after one line on stderr. */
int listen_start(struct listen_addr *l);

/* The address with the port that it has got; returns buf. */
const char *listen_text(char buf[LISTEN_TEXT], const struct listen_addr *l);

bool listen_is_loopback(const struct listen_addr *l);

#endif /* PKTPATH_SERVE_LISTEN_H */
