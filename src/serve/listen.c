// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "serve/listen.h"
#include "base/log.h"

#define BACKLOG 128

static bool parse_port(const char *word, uint16_t *port)
{
	unsigned long n;

	if (!*word || strlen(word) > 5 || strspn(word, "0123456789") != strlen(word))
		return false;
	n = strtoul(word, NULL, 10);
	*port = htons((uint16_t)n);
	return n <= UINT16_MAX;
}

static bool parse_v4(const char *host, uint16_t port, struct listen_addr *l)
{
	struct sockaddr_in *in = (struct sockaddr_in *)&l->addr;

	if (!strcmp(host, "localhost"))
		host = "127.0.0.1";
	*in = (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = port };
	l->len = sizeof(*in);
	return inet_pton(AF_INET, host, &in->sin_addr) == 1;
}

static bool parse_v6(const char *host, uint16_t port, struct listen_addr *l)
{
	struct sockaddr_in6 *in = (struct sockaddr_in6 *)&l->addr;
	size_t n = strlen(host);
	char bare[INET6_ADDRSTRLEN];

	if (n < 4 || n >= sizeof(bare) + 2 || host[0] != '[' || host[n - 1] != ']')
		return false;
	snprintf(bare, sizeof(bare), "%.*s", (int)(n - 2), host + 1);
	*in = (struct sockaddr_in6){ .sin6_family = AF_INET6, .sin6_port = port };
	l->len = sizeof(*in);
	return inet_pton(AF_INET6, bare, &in->sin6_addr) == 1;
}

int listen_parse(const char *word, struct listen_addr *l)
{
	const char *colon = strrchr(word, ':');
	char host[LISTEN_TEXT];
	uint16_t port;

	memset(l, 0, sizeof(*l));
	l->fd = -1;
	if (colon && colon - word < (long)sizeof(host) && parse_port(colon + 1, &port)) {
		snprintf(host, sizeof(host), "%.*s", (int)(colon - word), word);
		if (parse_v4(host, port, l) || parse_v6(host, port, l))
			return 0;
	}
	log_err("--listen %s: not an address (give one and a port, such as 127.0.0.1:9464 or "
		"[::1]:9464)", word);
	return -1;
}

const char *listen_text(char buf[LISTEN_TEXT], const struct listen_addr *l)
{
	const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)&l->addr;
	const struct sockaddr_in *in = (const struct sockaddr_in *)&l->addr;
	char host[INET6_ADDRSTRLEN];

	if (l->addr.ss_family == AF_INET6)
		snprintf(buf, LISTEN_TEXT, "[%s]:%u",
			 inet_ntop(AF_INET6, &in6->sin6_addr, host, sizeof(host)),
			 ntohs(in6->sin6_port));
	else
		snprintf(buf, LISTEN_TEXT, "%s:%u",
			 inet_ntop(AF_INET, &in->sin_addr, host, sizeof(host)),
			 ntohs(in->sin_port));
	return buf;
}

bool listen_is_loopback(const struct listen_addr *l)
{
	const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)&l->addr;
	const struct sockaddr_in *in = (const struct sockaddr_in *)&l->addr;

	if (l->addr.ss_family == AF_INET6)
		return IN6_IS_ADDR_LOOPBACK(&in6->sin6_addr);
	return ntohl(in->sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
}

static int failed(const struct listen_addr *l, const char *hint)
{
	char text[LISTEN_TEXT];
	int err = errno;

	log_err("cannot listen: %s: %s%s", listen_text(text, l), strerror(err), hint);
	return -err;
}

int listen_socket(struct listen_addr *l)
{
	l->fd = socket(l->addr.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	return l->fd < 0 ? failed(l, "") : 0;
}

static const char *bind_hint(int err)
{
	switch (err) {
	case EADDRINUSE: return " (--listen takes another one)";
	case EADDRNOTAVAIL: return " (not an address of this host)";
	case EACCES: return " (ports below 1024 take CAP_NET_BIND_SERVICE)";
	}
	return "";
}

int listen_start(struct listen_addr *l)
{
	int one = 1;

	setsockopt(l->fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(l->fd, (struct sockaddr *)&l->addr, l->len) || listen(l->fd, BACKLOG) ||
	    getsockname(l->fd, (struct sockaddr *)&l->addr, &l->len))
		return failed(l, bind_hint(errno));
	return 0;
}
