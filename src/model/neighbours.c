// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include <linux/if_ether.h>
#include <netinet/in.h>
#include "model/neighbours.h"

#define IP_OR_LATER (PP_ST_BIT(PP_ST_LOCAL) | PP_ST_BIT(PP_ST_L4))
/* Devices and sockets that take a packet on another way than the usual one. */
#define ODD_WAY (PP_F_HOP | PP_F_CLONE | PP_F_RAW | PP_F_FRAG | PP_F_LATE | PP_F_NOPARSE)

static uint32_t stages_of(const struct pp_rec *rec)
{
	uint32_t seen = 0;
	int st;

	for (st = 0; st < PP_ST_NR; st++)
		if (rec->ts[st])
			seen |= PP_ST_BIT(st);
	return seen;
}

/* It entered the stack, and nothing was seen of it since. */
static bool is_stuck(const struct pp_rec *rec, uint32_t seen)
{
	bool lost = rec->verdict == PP_V_UNTRACKED && rec->loss == PP_L_STALE;

	return (rec->state == PP_S_SKB || lost) && seen & PP_ST_BIT(PP_ST_NETIF) &&
	       !(seen >> (PP_ST_NETIF + 1)) && !rec->egress;
}

/* The stages that it must have passed. */
static uint32_t stages_due(const struct pp_rec *rec, uint32_t seen)
{
	bool ports = rec->l4_proto == IPPROTO_TCP || rec->l4_proto == IPPROTO_UDP;
	uint32_t due = 0;

	if (seen & IP_OR_LATER || is_stuck(rec, seen))
		due |= PP_ST_BIT(PP_ST_NETIF) | PP_ST_BIT(PP_ST_IP);
	if (seen & PP_ST_BIT(PP_ST_L4))
		due |= PP_ST_BIT(PP_ST_LOCAL);
	if (rec->verdict == PP_V_DELIVERED && ports)
		due |= PP_ST_BIT(PP_ST_L4) | PP_ST_BIT(PP_ST_LOCAL) | PP_ST_BIT(PP_ST_IP);
	return due;
}

void neighbours_add(struct neighbours_look *look, const struct pp_rec *rec, uint32_t served)
{
	uint32_t seen = stages_of(rec), due;
	int st;

	if (rec->flags & ODD_WAY || (rec->eth_proto != ETH_P_IP && rec->eth_proto != ETH_P_IPV6))
		return;
	due = stages_due(rec, seen) & served;
	for (st = 0; st < PP_ST_NR; st++) {
		look->has[st] += seen >> st & 1;
		look->lacks[st] += (due & ~seen) >> st & 1;
	}
}

int neighbours_missing(struct neighbours *n, const struct neighbours_look *look)
{
	int st, found = -1, most = PP_ST_NONE;

	for (st = PP_ST_NR - 1; st >= 0; st--) {
		n->lack[st] = look->has[st] ? 0 : n->lack[st] + look->lacks[st];
		if (n->lack[st] >= NEIGHBOURS_ENOUGH)
			found = st;
		if (n->lack[st])
			most = st;
	}
	/* Few records are left of many packets: they need not be enough to say where. */
	n->stale = look->ended ? 0 : n->stale + look->stale;
	return found < 0 && n->stale >= NEIGHBOURS_ENOUGH ? most : found;
}
