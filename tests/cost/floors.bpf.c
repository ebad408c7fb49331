// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * The floors that the tracer is held against: programs on the hooks of PP_HOOKS that do next to
 * nothing. What they do is set before load, so that the rest of the code vanishes.
 */
#include "core/kernel.bpf.h"
#include "tables.h"
#include "floors.h"

/* stitch.h brings the tracer's own hash; its tables are not used here. */
static __always_inline struct pp_rec *pp_rec_at(u32 i) { return NULL; }
static __always_inline struct pp_set *pp_set_at(u32 i) { return NULL; }
static __always_inline struct pp_sock *pp_sock_at(u32 i) { return NULL; }
static __always_inline u32 pp_sock_shift(void) { return 0; }
static __always_inline struct pp_napi *pp_napi_at(u32 i) { return NULL; }
#include "core/stitch.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

const volatile __u32 floor_kind = FLOOR_EMPTY;
__u64 calls = 0;

struct slot {
	__u64 addr, ns;
};

/* As many slots as the tracer's index has ways. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, PP_SETS * PP_WAYS);
	__type(key, u32);
	__type(value, struct slot);
} slots SEC(".maps");

static __always_inline void work(u64 addr)
{
	u32 i = pp_hash(addr, PP_SET_BITS + 2);
	struct slot *slot;
	u64 now;

	if (floor_kind == FLOOR_EMPTY)
		return;
	if (floor_kind == FLOOR_COUNT) {
		__sync_fetch_and_add(&calls, 1);
		return;
	}
	now = bpf_ktime_get_ns();
	if (floor_kind == FLOOR_CLOCK)
		return;
	slot = bpf_map_lookup_elem(&slots, &i);
	if (slot)
		slot->ns = now;
}

/* Which argument is the skb: nearly always the last one that the handler reads. */
#define IS(handler, name) (!__builtin_strcmp(#handler, name))
#define FIRST(handler) (IS(handler, "drop") || IS(handler, "consume"))
#define SECOND(handler) (IS(handler, "read_udp"))

static __always_inline u64 pick(u32 nargs, u64 a0, u64 a1, u64 a2)
{
	return nargs == 3 ? a2 : nargs == 2 ? a1 : a0;
}

#define RUN(context, handler, typed, nargs, a0, a1, a2) WORK(handler, nargs, a0, a1, a2)
#define WORK(handler, nargs, a0, a1, a2)                                                           \
	work(pick(FIRST(handler) ? 1 : SECOND(handler) ? 2 : nargs, a0, a1, a2))
#define RUN_STASH(arg0, arg1) work(arg0)
#define RUN_RETURN(handler, nargs, result) work(0)

#include "core/programs.bpf.h"
