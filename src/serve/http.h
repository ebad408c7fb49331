/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * The HTTP endpoint, in front of libmicrohttpd: GET /metrics, and a page that points to it. Driven
 * from the caller's loop, in the caller's thread. What clients do may delay others for a moment
 * at most: the number of connections is limited, and each is for one request and a few seconds.
 */
#ifndef PKTPATH_SERVE_HTTP_H
#define PKTPATH_SERVE_HTTP_H

#include "serve/metrics_text.h"

#define HTTP_CONNECTIONS 64	/* at once; then the oldest makes room, first who has not asked */
#define HTTP_SECONDS 10		/* a connection's life, from accept to close */

struct http;

/* The metrics in that format, valid until the next call; NULL: they cannot be had. */
typedef const struct metrics *(*http_fn)(void *arg, enum metrics_format format);

/* Takes over the listening socket. 0 or -errno; then nobody listens any more. */
int http_new(struct http **out, int listen_fd, http_fn fn, void *arg);

/* Poll this for input, then call http_run(); also from time to time, for what took too long. */
int http_fd(const struct http *h);
void http_run(struct http *h);

void http_free(struct http *h);

#endif /* PKTPATH_SERVE_HTTP_H */
