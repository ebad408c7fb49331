// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include <errno.h>
#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/exit.h"
#include "base/log.h"
#include "serve/http.h"

/*
 * At its own limit the library stops accepting until something else happens, so it gets one that
 * is not reached: it accepts a few at a time, and the oldest makes room for each.
 */
#define LIMIT  (2 * HTTP_CONNECTIONS)
#define ROUNDS 16	/* at once, before the caller has its turn */

struct client {
	int fd;		/* -1 = free */
	bool asked;	/* its request is complete */
	uint64_t since_ns;
};

struct http {
	struct MHD_Daemon *daemon;
	int poll;		/* the library's descriptor, and … */
	int again;		/* … one that is ready while there is work left */
	struct client client[LIMIT];
	int nr;
	http_fn fn;
	void *arg;
};

/* The library sees its end of file, and closes it. */
static void hang_up(struct client *c)
{
	shutdown(c->fd, SHUT_RDWR);
}

/* The one that should make room: the oldest that has not asked yet, else the oldest of all. */
static struct client *oldest(struct http *h)
{
	struct client *old = NULL;

	for (int i = 0; i < LIMIT; i++) {
		struct client *c = &h->client[i];

		if (c->fd < 0)
			continue;
		if (!old || c->asked < old->asked ||
		    (c->asked == old->asked && c->since_ns < old->since_ns))
			old = c;
	}
	return old;
}

static struct client *new_client(struct http *h, struct MHD_Connection *conn)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(conn, MHD_CONNECTION_INFO_CONNECTION_FD);

	if (!info)
		return NULL;
	if (h->nr >= HTTP_CONNECTIONS)
		hang_up(oldest(h));
	for (int i = 0; i < LIMIT; i++) {
		struct client *c = &h->client[i];

		if (c->fd >= 0)
			continue;
		*c = (struct client){ .fd = info->connect_fd, .since_ns = now_ns(CLOCK_MONOTONIC) };
		h->nr++;
		return c;
	}
	return NULL;
}

static void on_connection(void *arg, struct MHD_Connection *conn, void **context,
			  enum MHD_ConnectionNotificationCode what)
{
	struct http *h = arg;
	struct client *c = *context;

	if (what == MHD_CONNECTION_NOTIFY_STARTED) {
		*context = new_client(h, conn);
	} else if (c) {
		c->fd = -1;
		h->nr--;
	}
}

static void mark_asked(struct MHD_Connection *conn)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(conn, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
	struct client *c = info ? info->socket_context : NULL;

	if (c)
		c->asked = true;
}

/* Each connection is for one request: none lies idle, and a slow one is known by its age. */
static enum MHD_Result reply(struct MHD_Connection *conn, unsigned int status, const char *type,
			     const char *text, size_t len)
{
	struct MHD_Response *r = MHD_create_response_from_buffer(len, (void *)text,
								 MHD_RESPMEM_MUST_COPY);
	enum MHD_Result ok;

	if (!r)
		return MHD_NO;
	MHD_add_response_header(r, MHD_HTTP_HEADER_CONTENT_TYPE, type);
	MHD_add_response_header(r, MHD_HTTP_HEADER_CONNECTION, "close");
	if (status == MHD_HTTP_METHOD_NOT_ALLOWED)
		MHD_add_response_header(r, MHD_HTTP_HEADER_ALLOW, "GET, HEAD");
	ok = MHD_queue_response(conn, status, r);
	MHD_destroy_response(r);
	return ok;
}

static enum MHD_Result reply_line(struct MHD_Connection *conn, unsigned int status,
				  const char *line)
{
	return reply(conn, status, "text/plain; charset=utf-8", line, strlen(line));
}

static enum MHD_Result reply_metrics(struct http *h, struct MHD_Connection *conn)
{
	enum metrics_format format = metrics_negotiate(
		MHD_lookup_connection_value(conn, MHD_HEADER_KIND, MHD_HTTP_HEADER_ACCEPT));
	const struct metrics *m = h->fn(h->arg, format);

	if (!m)
		return reply_line(conn, MHD_HTTP_INTERNAL_SERVER_ERROR, "out of memory\n");
	return reply(conn, MHD_HTTP_OK, metrics_content_type(format), m->text, m->len);
}

static enum MHD_Result on_request(void *arg, struct MHD_Connection *conn, const char *url,
				  const char *method, const char *version, const char *data,
				  size_t *data_size, void **request)
{
	static const char page[] = "<!DOCTYPE html><title>pktpath</title>"
				   "<h1>pktpath</h1><p><a href=\"/metrics\">Metrics</a></p>\n";

	mark_asked(conn);
	if (strcmp(method, MHD_HTTP_METHOD_GET) != 0 && strcmp(method, MHD_HTTP_METHOD_HEAD) != 0)
		return reply_line(conn, MHD_HTTP_METHOD_NOT_ALLOWED, "only GET and HEAD\n");
	if (!strcmp(url, "/metrics"))
		return reply_metrics(arg, conn);
	if (!strcmp(url, "/"))
		return reply(conn, MHD_HTTP_OK, "text/html; charset=utf-8", page, sizeof(page) - 1);
	return reply_line(conn, MHD_HTTP_NOT_FOUND, "not here: see /metrics\n");
}

static int watch(const struct http *h, int fd)
{
	struct epoll_event ev = { .events = EPOLLIN };

	return epoll_ctl(h->poll, EPOLL_CTL_ADD, fd, &ev) ? -errno : 0;
}

/* The library has no other way of saying that it cannot go on, and must not return from it. */
static void panic(void *arg, const char *file, unsigned int line, const char *reason)
{
	log_err("cannot go on: HTTP: libmicrohttpd: %.*s", (int)strcspn(reason ? reason : "", "\n"),
		reason ? reason : "");
	_exit(EXIT_RUNTIME);
}

static int start_daemon(struct http *h, int listen_fd)
{
	const union MHD_DaemonInfo *info;

	errno = EIO;	/* where it says nothing itself */
	h->daemon = MHD_start_daemon(MHD_USE_EPOLL, 0, NULL, NULL, on_request, h,
				     MHD_OPTION_LISTEN_SOCKET, listen_fd,
				     MHD_OPTION_CONNECTION_LIMIT, (unsigned int)LIMIT,
				     MHD_OPTION_CONNECTION_TIMEOUT, (unsigned int)HTTP_SECONDS,
				     MHD_OPTION_NOTIFY_CONNECTION,
				     on_connection, h, MHD_OPTION_END);
	info = h->daemon ? MHD_get_daemon_info(h->daemon, MHD_DAEMON_INFO_EPOLL_FD) : NULL;
	return info ? watch(h, info->epoll_fd) : -errno;
}

int http_new(struct http **out, int listen_fd, http_fn fn, void *arg)
{
	struct http *h = calloc(1, sizeof(*h));
	int i, err;

	if (!h)
		return -ENOMEM;
	MHD_set_panic_func(panic, NULL);
	h->fn = fn;
	h->arg = arg;
	for (i = 0; i < LIMIT; i++)
		h->client[i].fd = -1;
	h->poll = epoll_create1(EPOLL_CLOEXEC);
	h->again = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	err = h->poll < 0 || h->again < 0 ? -errno : watch(h, h->again);
	if (!err)
		err = start_daemon(h, listen_fd);
	if (err) {
		http_free(h);
		return err;
	}
	*out = h;
	return 0;
}

int http_fd(const struct http *h)
{
	return h->poll;
}

/* The library's own timeout begins anew with each byte, so who sends one at a time needs this. */
static void end_old(struct http *h)
{
	uint64_t now = now_ns(CLOCK_MONOTONIC);

	for (int i = 0; i < LIMIT; i++)
		if (h->client[i].fd >= 0 &&
		    now - h->client[i].since_ns > HTTP_SECONDS * 1000000000ull)
			hang_up(&h->client[i]);
}

void http_run(struct http *h)
{
	MHD_UNSIGNED_LONG_LONG left;
	eventfd_t again;
	int i;

	eventfd_read(h->again, &again);
	end_old(h);
	for (i = 0; i < ROUNDS; i++) {
		MHD_run(h->daemon);
		if (MHD_get_timeout(h->daemon, &left) != MHD_YES || left)
			return;
	}
	/* 0: something is ready of which the library's descriptor will not tell again. */
	eventfd_write(h->again, 1);
}

void http_free(struct http *h)
{
	if (!h)
		return;
	if (h->daemon)
		MHD_stop_daemon(h->daemon);
	if (h->again >= 0)
		close(h->again);
	if (h->poll >= 0)
		close(h->poll);
	free(h);
}
