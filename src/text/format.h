/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * How single values look to people: durations, counts, wall-clock times, protocols, addresses.
 * Nothing here fails: what does not fit is cut.
 */
#ifndef PKTPATH_TEXT_FORMAT_H
#define PKTPATH_TEXT_FORMAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "record.h"

#define FMT_MAX	     32	 /* bytes enough for any duration, count, time, protocol or id */
#define FMT_ADDR_MAX 48	 /* bytes enough for an address without port */
#define FMT_TEXT_MAX 128 /* bytes enough for a name from outside, cleaned */

/* Flags of fmt_duration(). */
#define FMT_LONG  0x1	/* "1.23µs" instead of "1.23µ" */
#define FMT_ASCII 0x2	/* 'u' for 'µ' */

/*
 * `ns` with three significant digits and a unit: n, µ, m, s (to 9999), then h, d and y. Below
 * 1 µs it is exact. At most 5 columns, with FMT_LONG 6.
 */
const char *fmt_duration(char buf[FMT_MAX], uint64_t ns, unsigned int flags);

/* A power of ten, for an axis: "1n", "10µ", "100m", "10s". */
const char *fmt_axis(char buf[FMT_MAX], uint64_t ns, unsigned int flags);

/* "1,234,567" */
const char *fmt_count(char buf[FMT_MAX], uint64_t n);

/* "HH:MM:SS.uuuuuu" of a CLOCK_REALTIME in ns; `digits` of the fraction, 0..9, cut not rounded. */
const char *fmt_clock(char buf[FMT_MAX], uint64_t wall_ns, bool utc, int digits);

/* "tcp", "udp", "icmp", "icmp6", "arp", "ip:47", "ip" (header unreadable), "eth:0x88cc" */
const char *fmt_proto(char buf[FMT_MAX], const struct pp_rec *rec);

/* TCP flags as tcpdump writes them: "S", "S.", "P.", "F."; "none" for none. */
const char *fmt_tcp_flags(char buf[FMT_MAX], uint8_t flags);

/* "ENXIO"; "error 524" for a number that has no name. */
const char *fmt_error(char buf[FMT_MAX], int err);

/* True if the record's addresses mean something. */
bool fmt_has_addr(const struct pp_rec *rec);

/* True if the record has ports: not a fragment without them, nor a packet cut short. */
bool fmt_has_ports(const struct pp_rec *rec);

/* One of the record's addresses, without port; "" if it has none. */
const char *fmt_addr(char buf[FMT_ADDR_MAX], const struct pp_rec *rec, const uint8_t addr[16]);

/*
 * A name from outside (interface, symbol) as UTF-8 that is safe on a terminal and in JSON: '?'
 * for control characters and for bytes that are not UTF-8. Reads at most `max` bytes.
 */
const char *fmt_clean(char buf[FMT_TEXT_MAX], const char *name, size_t max);

#endif /* PKTPATH_TEXT_FORMAT_H */
