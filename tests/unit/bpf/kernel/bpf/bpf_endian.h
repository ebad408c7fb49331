/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
#ifndef PKTPATH_HOST_BPF_ENDIAN_H
#define PKTPATH_HOST_BPF_ENDIAN_H

/* Not <arpa/inet.h>: it defines what the handlers define for themselves. */
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define bpf_ntohs(x) __builtin_bswap16(x)
#define bpf_ntohl(x) __builtin_bswap32(x)
#else
#define bpf_ntohs(x) (x)
#define bpf_ntohl(x) (x)
#endif

#endif /* PKTPATH_HOST_BPF_ENDIAN_H */
