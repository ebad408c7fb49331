/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* What the ways to read and to open a TCP connection share. */
#ifndef TRAFFIC_TCP_H
#define TRAFFIC_TCP_H

#include "traffic.h"

struct stream {
	uint64_t bytes, sum, bad;	/* bad: bytes that do not follow the pattern */
	uint64_t first_bad;
};

void check_pattern(struct stream *s, const unsigned char *buf, size_t n);

/* traffic_tcpx.c: as send(); bytes written, or -1 with errno set */
ssize_t write_pages(int fd, const unsigned char *buf, size_t n);
/* read to the end; 0, or 1 with the reason printed */
int receive_splice(int fd, const struct opts *o, struct stream *s);
int receive_zerocopy(int fd, const struct opts *o, struct stream *s);
/* traffic_held.c: the first --held-reads reads */
int receive_held(int fd, const struct opts *o, struct stream *s);

/* traffic_tcpopt.c: 0, or 1 with the reason printed */
int tls_start(int fd, bool transmit);
int fastopen_prepare(int fd, bool listener);
int never_accept(int fd, const struct opts *o);
void print_connection(int fd, const struct opts *o);

#endif /* TRAFFIC_TCP_H */
