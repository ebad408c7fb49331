/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* The traffic tool: known packets in, exact counts out. Runs inside and outside the guest. */
#ifndef TRAFFIC_H
#define TRAFFIC_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#define NSEC_PER_SEC 1000000000ull

/* Everything that a command can be told; traffic.c fills it from the command line. */
struct opts {
	const char *dst, *ifname;
	uint64_t count;		/* datagrams, bytes or seconds: the command's number */
	uint16_t port, sport;
	size_t size, chunk;
	unsigned int gap_us, delay_ms, timeout_s;
	int rcvbuf;
	bool timestamps;
};

uint64_t now_ns(int clock);
void sleep_ns(uint64_t ns);
bool expired(uint64_t start_ns, unsigned int timeout_s);
int fail(const char *what);
int resolve(const struct opts *o, struct sockaddr_storage *sa, socklen_t *len);
int open_bound(const struct opts *o, int type);
void set_timeouts(int fd, unsigned int seconds);
int wait_readable(int fd, unsigned int timeout_s);
void announce_ready(void);
void print_clocks(void);

int udp_send(const struct opts *o);
int udp_flood(const struct opts *o);
int udp_recv(const struct opts *o);
int tcp_send(const struct opts *o);
int tcp_recv(const struct opts *o);
int nic_stats(const struct opts *o);
int udp_mix(const struct opts *o);
int udp_hoard(const struct opts *o);
int tcp_hoard(const struct opts *o);

#endif /* TRAFFIC_H */
