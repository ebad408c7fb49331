/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * What `--by` splits histograms by: all there is to know of a way to split, in one row. The BPF
 * side packs what a packet has of it into a group's key; user space unpacks the key and names the
 * group.
 */
#ifndef PKTPATH_INCLUDE_BY_KEYS_H
#define PKTPATH_INCLUDE_BY_KEYS_H

#include "record.h"

/*
 * X(ID, label, LIFE, meaning, pack, unpack, name)
 *
 * label    what --by takes, and the name of the label in metrics
 * LIFE     STEADY: its values are few and stay, so `pktpath serve` may have a series for each.
 *          FLEETING: they come and go.
 * meaning  for --help and the manual
 * pack     of the record `rec`: the key, 64 bits, never 0. What the kernel side does not fill in
 *          unless it is asked to (queue, cgroup) is filled in where bpf/ looks at cfg.by.
 * unpack   the reverse: sets in `rec`, all else of which is 0, what pack read of it, from `key`
 * name     what people, JSON and metrics call the group: a text made of `rec` by what
 *          src/output/group_names.c has for it
 */
#define PP_BYS(X)                                                                                  \
	X(DEV, "dev", STEADY, "interface that received it",                                        \
	  (__u64)rec->netns << 32 | rec->ifindex,                                                  \
	  (rec->netns = key >> 32, rec->ifindex = (__u32)key),                                     \
	  dev(g))                                                                                  \
	X(QUEUE, "queue", STEADY, "receive queue of the interface",                                \
	  (__u64)rec->ifindex << 32 | (rec->queue + 1u),                                           \
	  (rec->ifindex = key >> 32, rec->queue = (__u16)(key - 1)),                               \
	  say(g, "%s:%s", dev(g), queue(g)))                                                       \
	X(CPU, "cpu", STEADY, "CPU that the packet came in on",                                    \
	  rec->birth_cpu + 1ull,                                                                   \
	  rec->birth_cpu = (__u16)(key - 1),                                                       \
	  say(g, "cpu%u", rec->birth_cpu))                                                         \
	X(PROTO, "proto", STEADY, "transport protocol",                                            \
	  1ull << 32 | (__u32)rec->eth_proto << 8 | rec->l4_proto,                                 \
	  (rec->eth_proto = (__u16)(key >> 8), rec->l4_proto = (__u8)key),                         \
	  proto(g))                                                                                \
	X(PORT, "port", FLEETING, "transport protocol and destination port",                       \
	  1ull << 32 | (__u32)rec->l4_proto << 16 | rec->dport,                                    \
	  (rec->l4_proto = (__u8)(key >> 16), rec->dport = (__u16)key),                            \
	  port(g))                                                                                 \
	X(VERDICT, "verdict", STEADY, "how it ended",                                              \
	  rec->verdict,                                                                            \
	  rec->verdict = (__u8)key,                                                                \
	  verdict_label(rec->verdict))                                                             \
	X(PID, "pid", FLEETING, "process that read it",                                            \
	  1ull << 32 | rec->pid,                                                                   \
	  rec->pid = (__u32)key,                                                                   \
	  pid(g))                                                                                  \
	X(CGROUP, "cgroup", FLEETING, "control group (v2) of the process that read it",            \
	  rec->cgroup + 1,                                                                         \
	  rec->cgroup = key - 1,                                                                   \
	  cgroup(g))

#define PP_ENUM_BY(id, ...) PP_BY_##id,
enum pp_by { PP_BY_NONE, PP_BYS(PP_ENUM_BY) PP_BY_NR };

#define PP_BY_CASE_PACK(id, label, life, meaning, pack, ...)                                       \
	case PP_BY_##id:                                                                           \
		return pack;

/* The key of the group that a packet belongs to; 0 for PP_BY_NONE only. */
static __always_inline __u64 pp_by_pack(__u32 by, const struct pp_rec *rec)
{
	switch (by) {
	PP_BYS(PP_BY_CASE_PACK)
	default:
		return 0;
	}
}

#define PP_BY_CASE_UNPACK(id, label, life, meaning, pack, unpack, ...)                             \
	case PP_BY_##id:                                                                           \
		unpack;                                                                            \
		break;

/* What a key says of its packets, into a record that is otherwise 0. */
static __always_inline void pp_by_unpack(__u32 by, __u64 key, struct pp_rec *rec)
{
	switch (by) {
	PP_BYS(PP_BY_CASE_UNPACK)
	}
}

#endif /* PKTPATH_INCLUDE_BY_KEYS_H */
