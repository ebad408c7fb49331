/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* UDP sockets at the generator's destination, and an application that reads and discards. */
#ifndef PKTPATH_BENCH_APP_H
#define PKTPATH_BENCH_APP_H

#include <stdbool.h>
#include <stdint.h>

/* A bound socket, with a receive buffer of a few packets if `small`. Or -errno. */
int udp_open(bool small);
/* Drops every packet before it is queued. 0 or -errno. */
int udp_filter_all(int fd);
/* How many packets are queued, which it reads. */
uint64_t udp_drain(int fd);

struct app;

/* A thread on this CPU that reads from the socket until app_stop(). 0 or -errno. */
int app_start(struct app **out, int fd, int cpu);
int app_tid(const struct app *a);
uint64_t app_read(const struct app *a);
void app_stop(struct app *a);

#endif /* PKTPATH_BENCH_APP_H */
