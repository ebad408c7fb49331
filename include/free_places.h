/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * Kernels that allow tracepoints only: what the function that frees an skb says of its packet. Tp
 * consume_skb and kfree_skb have an address in it; where functions lie says /proc/kallsyms.
 */
#ifndef PKTPATH_INCLUDE_FREE_PLACES_H
#define PKTPATH_INCLUDE_FREE_PLACES_H

/*
 * X(KIND, function). A function may have been inlined into the one that calls it, or have left by
 * a jump, so that the address is its caller's: hence the pairs.
 *
 * TAKEN      a consumer of the kernel's own is done with it: that is `consumed`.
 * READ       the thread that runs here has just copied it to its buffer.
 * READ_LATE  a reader left it to the CPU that allocated it (skb_attempt_defer_free()): it was
 *            read, but when and by whom is over.
 */
#define PP_PLACES(X)                                                                               \
	X(TAKEN,     icmp_rcv)                                                                     \
	X(TAKEN,     icmpv6_rcv)                                                                   \
	X(TAKEN,     arp_rcv)                                                                      \
	X(TAKEN,     arp_process)                                                                  \
	X(TAKEN,     igmp_rcv)                                                                     \
	X(TAKEN,     mld_query_work)                                                               \
	X(TAKEN,     __mld_query_work)                                                             \
	X(TAKEN,     mld_report_work)                                                              \
	X(TAKEN,     __mld_report_work)                                                            \
	X(TAKEN,     tcp_v4_rcv)                                                                   \
	X(TAKEN,     tcp_v6_rcv)                                                                   \
	X(TAKEN,     tcp_v4_do_rcv)                                                                \
	X(TAKEN,     tcp_v6_do_rcv)                                                                \
	X(TAKEN,     tcp_rcv_state_process)                                                        \
	X(READ,      udp_recvmsg)                                                                  \
	X(READ,      udpv6_recvmsg)                                                                \
	X(READ,      skb_consume_udp)                                                              \
	X(READ,      raw_recvmsg)                                                                  \
	X(READ,      rawv6_recvmsg)                                                                \
	X(READ,      ping_recvmsg)                                                                 \
	X(READ,      skb_free_datagram)                                                            \
	X(READ_LATE, skb_defer_free_flush)                                                         \
	X(READ_LATE, net_rx_action)

#define PP_PLACE_MAX 64		/* ranges; a function may have several, such as NAME.cold */

enum pp_place { PP_AT_OTHER, PP_AT_TAKEN, PP_AT_READ, PP_AT_READ_LATE };

/* Code of one function; the ranges are sorted, and those that are not used begin at ~0. */
struct pp_range {
	unsigned long long begin;
	unsigned int len;
	unsigned int place;	/* enum pp_place */
};

#endif /* PKTPATH_INCLUDE_FREE_PLACES_H */
