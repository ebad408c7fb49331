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
	const char *dst, *ifname, *group, *peer;
	uint64_t count;		/* datagrams, bytes or seconds: the command's number */
	uint16_t port, sport, peer_port;
	size_t size, chunk;
	unsigned int gap_us, delay_ms, timeout_s;
	unsigned int held_ms, held_reads, backlog;
	unsigned int gso, vary, sports;
	unsigned int cpu, prio, proto;
	int rcvbuf;
	bool timestamps, peek, poll, epoll, uring;
	bool splice, zerocopy, no_accept, fastopen, tls, mptcp;
	bool gro, payload_id, verify, v6, drop, bare, batch;
	bool shared, transparent, handed;
};

uint64_t now_ns(int clock);
uint64_t idle_ms(void);
void sleep_ns(uint64_t ns);
bool expired(uint64_t start_ns, unsigned int timeout_s);
int fail(const char *what);
int refuse(const char *why);

/* traffic_sock.c: what the sockets of all commands share */
int resolve(const char *dst, uint16_t port, struct sockaddr_storage *sa, socklen_t *len);
int open_bound(const struct opts *o, int type);
int bind_port(int fd, int family, uint16_t port);
void set_timeouts(int fd, unsigned int seconds);
int hand_over(int fd);
int wait_readable(int fd, unsigned int timeout_s);
uint64_t kernel_stamp(struct msghdr *msg);
void announce_ready(void);
void print_clocks(void);

/* traffic_wait.c: the ways in which a program waits for data and reads it */
struct uring;
struct waiter {
	int fd, epfd;
	bool ready;		/* waited already: the next read takes what is there */
	uint64_t waits;
	uint64_t woke_ns;	/* CLOCK_MONOTONIC of the last wait's end; 0: none */
	struct uring *ring;
	const struct opts *o;
};

int waiter_open(struct waiter *w, int fd, const struct opts *o);
int waiter_wait(struct waiter *w);
ssize_t waiter_recvmsg(struct waiter *w, struct msghdr *msg, int flags);
void waiter_report(const struct waiter *w);
void waiter_close(struct waiter *w);

struct uring *uring_open(void);
int uring_poll(struct uring *r, int fd, unsigned int timeout_s);
ssize_t uring_recvmsg(struct uring *r, int fd, struct msghdr *msg, int flags,
		      unsigned int timeout_s);
void uring_close(struct uring *r);

int udp_send(const struct opts *o);
int udp_flood(const struct opts *o);
int udp_recv(const struct opts *o);
int udp_ping(const struct opts *o);
int udp_pong(const struct opts *o);
int tcp_send(const struct opts *o);
int tcp_recv(const struct opts *o);
int raw_recv(const struct opts *o);
int packet_recv(const struct opts *o);
int packet_refuse(const struct opts *o);
int ping_raw(const struct opts *o);
int nfqueue_delay(const struct opts *o);
int spin_fifo(const struct opts *o);
int nic_stats(const struct opts *o);
int big_tcp4(const struct opts *o);
int udp_mix(const struct opts *o);
int udp_hoard(const struct opts *o);
int xsk_recv(const struct opts *o);
int tcp_hoard(const struct opts *o);

#endif /* TRAFFIC_H */
