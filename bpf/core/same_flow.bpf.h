/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Is it the record's packet that an skb holds? Where nothing else tells, its headers do. */
#ifndef PKTPATH_BPF_CORE_SAME_FLOW_BPF_H
#define PKTPATH_BPF_CORE_SAME_FLOW_BPF_H

#include "core/headers.bpf.h"

#define SAME_SADDR 1
#define SAME_DADDR 2
#define SAME_FLOW (SAME_SADDR | SAME_DADDR)

int pp_same_flow(u64 header, u32 ref);

/* Which of a record's addresses are those in this network header? NAT changes one of them. */
__attribute__((noinline)) int pp_same_flow(u64 header, u32 ref)
{
	struct pp_rec *rec = pp_rec_at(ref - 1);
	u64 b[IP6_LEN / 8];
	int same;

	if (!rec || bpf_probe_read_kernel(b, sizeof(b), (void *)header))
		return 0;
	if (rec->eth_proto == ETH_P_IP) {
		same = ((u32 *)b)[3] == *(u32 *)rec->saddr ? SAME_SADDR : 0;
		return ((u32 *)b)[4] == *(u32 *)rec->daddr ? same | SAME_DADDR : same;
	}
	same = b[1] == ((u64 *)rec->saddr)[0] && b[2] == ((u64 *)rec->saddr)[1] ? SAME_SADDR : 0;
	return b[3] == ((u64 *)rec->daddr)[0] && b[4] == ((u64 *)rec->daddr)[1] ?
		       same | SAME_DADDR : same;
}

#define VXLAN_LEN (14 + 8 + 8)	/* inner Ethernet header, VXLAN, UDP */

/* Is the packet at `data` what was inside the record's, whose header is still there before it? */
static __always_inline int was_inside(u64 data, const struct pp_rec *rec)
{
	u32 outer = rec->eth_proto == ETH_P_IP ? IP4_LEN : IP6_LEN;

	return pp_same_flow(data - VXLAN_LEN - outer, rec->self) == SAME_FLOW;
}

#endif /* PKTPATH_BPF_CORE_SAME_FLOW_BPF_H */
