// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* Kinds of TCP connections: kernel TLS, Fast Open, Multipath TCP, and one that nobody accepts. */
#include <errno.h>
#include <linux/mptcp.h>
#include <linux/tls.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "traffic_tcp.h"

#define FASTOPEN_QUEUE 16

/*
 * AES-GCM-128 without a handshake: both ends have the same key. What it protects is known to all.
 * Needs the module tls and gcm(aes) of the kernel's crypto.
 *
 * tls_init() takes but an established connection: a short stream would have ended before the
 * receiver came to it. The sender therefore waits for a byte, which goes in plain text.
 */
int tls_start(int fd, bool transmit)
{
	struct tls12_crypto_info_aes_gcm_128 info = {
		.info = { .version = TLS_1_2_VERSION, .cipher_type = TLS_CIPHER_AES_GCM_128 },
		.key = "a fixed test key", .salt = "salt", .iv = "8 bytes.",
	};
	char go = 0;

	if (setsockopt(fd, IPPROTO_TCP, TCP_ULP, "tls", sizeof("tls")))
		return fail("TCP_ULP tls (is the module tls loaded?)");
	if (setsockopt(fd, SOL_TLS, transmit ? TLS_TX : TLS_RX, &info, sizeof(info)))
		return fail(transmit ? "TLS_TX" : "TLS_RX");
	if (transmit ? recv(fd, &go, 1, 0) != 1 : send(fd, &go, 1, MSG_NOSIGNAL) != 1)
		return fail("the receiver's start");
	return 0;
}

/* Without cookies, so that already the first SYN carries data. */
int fastopen_prepare(int fd, bool listener)
{
	int one = 1, queue = FASTOPEN_QUEUE;

	if (setsockopt(fd, IPPROTO_TCP, TCP_FASTOPEN_NO_COOKIE, &one, sizeof(one)))
		return fail("TCP_FASTOPEN_NO_COOKIE");
	if (listener && setsockopt(fd, IPPROTO_TCP, TCP_FASTOPEN, &queue, sizeof(queue)))
		return fail("TCP_FASTOPEN");
	return 0;
}

static void print_fastopen(int fd)
{
	struct tcp_info info = { 0 };
	socklen_t len = sizeof(info);

	if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len))
		fail("TCP_INFO");
	printf("fastopen syn-data %d\n", !!(info.tcpi_options & TCPI_OPT_SYN_DATA));
}

/* A connection that fell back to TCP has no MPTCP_INFO in some versions, and the flag in others. */
static void print_mptcp(int fd)
{
	struct mptcp_info info = { 0 };
	socklen_t len = sizeof(info);
	bool known = !getsockopt(fd, SOL_MPTCP, MPTCP_INFO, &info, &len);

	printf("mptcp fallback %d\n", !known || (info.mptcpi_flags & MPTCP_INFO_FLAG_FALLBACK));
}

/* What became of what the options asked for: the peer has a word in it. */
void print_connection(int fd, const struct opts *o)
{
	if (o->fastopen)
		print_fastopen(fd);
	if (o->mptcp)
		print_mptcp(fd);
}

/* Of a listener, tcpi_unacked is the length of the accept queue. */
int never_accept(int fd, const struct opts *o)
{
	struct tcp_info info = { 0 };
	socklen_t len = sizeof(info);

	if (!o->delay_ms && !o->timeout_s)
		return refuse("--no-accept needs --delay-ms or --timeout");
	sleep_ns(o->delay_ms ? o->delay_ms * 1000000ull : o->timeout_s * NSEC_PER_SEC);
	if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len))
		return fail("TCP_INFO");
	printf("not accepted %u\n", info.tcpi_unacked);
	return 0;
}
