// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* Takes a CPU away from everything of lower priority for a known time. */
#include <inttypes.h>
#include <sched.h>
#include <stdio.h>
#include <time.h>

#include "traffic.h"

/*
 * Begin and end are CLOCK_MONOTONIC in ns; the gap is the longest time between two looks at the
 * clock, which shows interrupts, and the throttling of real-time tasks (950 ms of each second,
 * unless kernel.sched_rt_runtime_us is -1).
 */
int spin_fifo(const struct opts *o)
{
	struct sched_param param = { .sched_priority = (int)o->prio };
	uint64_t begin, now, last, gap = 0;
	cpu_set_t one;

	CPU_ZERO(&one);
	CPU_SET(o->cpu, &one);
	if (sched_setaffinity(0, sizeof(one), &one))
		return fail("sched_setaffinity");
	/* Before it takes the CPU: who carries this line may need it. */
	announce_ready();
	if (sched_setscheduler(0, SCHED_FIFO, &param))
		return fail("sched_setscheduler");
	begin = last = now_ns(CLOCK_MONOTONIC);
	do {
		now = now_ns(CLOCK_MONOTONIC);
		if (now - last > gap)
			gap = now - last;
		last = now;
	} while (now - begin < o->delay_ms * 1000000ull);
	printf("spin begin %" PRIu64 " end %" PRIu64 " cpu %u gap %" PRIu64 "\n", begin, now,
	       o->cpu, gap);
	return 0;
}
