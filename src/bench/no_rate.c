// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include <stdio.h>
#include "bench/mode.h"
#include "bench/no_rate.h"

#define CALL_NS 30000000ull	/* the most that one BPF_PROG_RUN was seen to cost by itself */

static const char *nothing_arrived(const struct bench_opts *o, enum xb_mode mode)
{
	const char *no_sink = ends[modes[mode].end].no_sink;

	if (!o->sink && no_sink)
		return no_sink;
	if (o->generic && !o->gro)
		return "generic XDP on veth needs GRO: without it the device does not poll, and "
		       "the program sees nothing";
	return "nothing arrived at the end of the path";
}

const char *why_no_rate(char buf[WHY_NO_RATE], const struct bench_opts *o, enum xb_mode mode,
			const struct books *books, uint64_t calls, uint64_t ns)
{
	int64_t open = books_unexplained(books);

	if (calls && calls * CALL_NS > ns / 100) {
		snprintf(buf, WHY_NO_RATE,
			 "the repeat is too small: %llu calls of %u frames ended by "
			 "themselves, and each costs 10 to 30 ms (leave --repeat out)",
			 (unsigned long long)calls, o->repeat);
		return buf;
	}
	if (!books->generated)
		return "nothing was generated";
	if (!books->received)
		return nothing_arrived(o, mode);
	if (!open)
		return NULL;
	snprintf(buf, WHY_NO_RATE,
		 "the books do not balance: %lld of %llu packets are in no counter",
		 (long long)open, (unsigned long long)books->generated);
	return buf;
}
