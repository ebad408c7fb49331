/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* What a datagram of udp-send says of itself, and groups and offloads of UDP sockets. */
#ifndef TRAFFIC_UDP_H
#define TRAFFIC_UDP_H

#include "traffic.h"

#define MAX_DATAGRAM 65536
#define MAX_PAYLOAD 65507	/* in one IPv4 datagram */

/*
 * With --payload-id: datagram `seq` is of size + seq % vary bytes and comes from port
 * sport + seq / vary % sports, so that (source port, length) names it among vary * sports.
 */
struct shape {
	uint16_t size, vary, sport, sports;
};

size_t shape_length(const struct shape *s, uint64_t seq);
unsigned int shape_socket(const struct shape *s, uint64_t seq);
size_t payload_min(const struct opts *o);
void payload_fill(char *buf, size_t len, uint64_t seq, const struct shape *s);
const char *payload_verify(const char *buf, size_t len, uint16_t sport);

int multicast_out(int fd, int family, const char *where);
int multicast_join(int fd, const struct opts *o);
int gro_enable(int fd);
size_t gro_size(struct msghdr *msg, size_t len);

#endif /* TRAFFIC_UDP_H */
