// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <string.h>
#include "text/flow.h"

/* The parts of "proto [src]:sport > [dst]:dport". */
struct flow {
	char proto[FMT_MAX], src[FMT_ADDR_MAX], dst[FMT_ADDR_MAX];
	char sport[FMT_MAX], dport[FMT_MAX];
	bool brackets;
};

static void flow_parts(struct flow *f, const struct pp_rec *rec)
{
	char buf[FMT_MAX];

	memset(f, 0, sizeof(*f));
	snprintf(f->proto, sizeof(f->proto), "%-4s", fmt_proto(buf, rec));
	fmt_addr(f->src, rec, rec->saddr);
	fmt_addr(f->dst, rec, rec->daddr);
	if (!fmt_has_ports(rec))
		return;
	f->brackets = rec->eth_proto == ETH_P_IPV6;
	snprintf(f->sport, sizeof(f->sport), ":%u", ntohs(rec->sport));
	snprintf(f->dport, sizeof(f->dport), ":%u", ntohs(rec->dport));
}

static int parts_cols(const struct flow *f)
{
	if (!f->src[0])
		return (int)strlen(f->proto);
	return (int)(strlen(f->proto) + 1 + strlen(f->src) + strlen(f->sport) + 3 +
		     strlen(f->dst) + strlen(f->dport)) + (f->brackets ? 4 : 0);
}

int flow_cols(const struct pp_rec *rec)
{
	struct flow f;

	flow_parts(&f, rec);
	return parts_cols(&f);
}

/* An address; a mark replaces `cut` characters in its middle. */
static void add_addr(struct line *l, const char *addr, int cut, int mark, bool brackets)
{
	int len = (int)strlen(addr), keep = len - cut - mark;

	if (cut <= 0)
		line_addf(l, PLAIN, brackets ? "[%s]" : "%s", addr);
	else
		line_addf(l, PLAIN, brackets ? "[%.*s%s%s]" : "%.*s%s%s", keep - keep / 2, addr,
			  l->ascii ? ".." : "…", addr + len - keep / 2);
}

/* Both ends, with their ports; of the addresses, cut[] characters in the middle are left out. */
static void add_ends(struct line *l, const struct flow *f, const int cut[2], int mark)
{
	add_addr(l, f->src, cut[0], mark, f->brackets);
	line_addf(l, PLAIN, "%s > ", f->sport);
	add_addr(l, f->dst, cut[1], mark, f->brackets);
	line_add(l, PLAIN, f->dport);
}

void flow_add(struct line *l, const struct pp_rec *rec, int cols)
{
	int over, cut[2] = { 0, 0 }, len[2], mark = l->ascii ? 2 : 1;
	struct flow f;

	flow_parts(&f, rec);
	line_add(l, PLAIN, f.proto);
	if (!f.src[0])
		return;
	len[0] = (int)strlen(f.src);
	len[1] = (int)strlen(f.dst);
	/* The longer address is cut first. Fewer than 6 characters of one are of no use. */
	for (over = cols ? parts_cols(&f) - cols : 0; over > 0; over--) {
		int i = len[1] - cut[1] >= len[0] - cut[0];

		if (len[i] - cut[i] <= 6)
			break;
		cut[i]++;
	}
	line_add(l, PLAIN, " ");
	add_ends(l, &f, cut, mark);
}

void flow_add_nat(struct line *l, const struct pp_rec *rec)
{
	struct pp_rec now = *rec;
	struct flow f;

	if (!(rec->flags & PP_F_NAT))
		return;
	memcpy(now.saddr, rec->nat.saddr, sizeof(now.saddr));
	memcpy(now.daddr, rec->nat.daddr, sizeof(now.daddr));
	now.sport = rec->nat.sport;
	now.dport = rec->nat.dport;
	flow_parts(&f, &now);
	line_add(l, DIM, " nat ");
	add_ends(l, &f, (const int[2]){ 0 }, 0);
}
