// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include "bench/ends.h"

#define BIT(n) (1u << (n))

static uint64_t at_program(const struct tally *t, bool generic)
{
	return generic ? t->counted : t->dev[DEV_DUT].xdp_drops;
}

static uint64_t at_device(const struct tally *t, bool generic)
{
	return t->dev[DEV_DUT].xdp_packets;
}

static uint64_t at_stack(const struct tally *t, bool generic)
{
	return t->snmp.udp_no_ports;
}

static uint64_t back(const struct tally *t, bool generic)
{
	return t->dev[DEV_GEN].xdp_packets;
}

static uint64_t at_sink(const struct tally *t, bool generic)
{
	return t->dev[DEV_SINK0].xdp_packets;
}

static uint64_t at_sinks(const struct tally *t, bool generic)
{
	return t->dev[DEV_SINK0].xdp_packets + t->dev[DEV_SINK1].xdp_packets;
}

static uint64_t at_cpu(const struct tally *t, bool generic)
{
	return t->counted;
}

static uint64_t at_socket(const struct tally *t, bool generic)
{
	return t->xsk_received;
}

#define NO_SINK(whose)                                                                             \
	"there is no sink: " whose " has neither an XDP program nor GRO, so it does not poll, and "

/* What reached a program, reached it, and a socket counts by itself what it refuses. */
#define LOST_BEFORE BIT(LOST_RING)
#define LOST_THERE  (LOST_BEFORE | BIT(LOST_REFUSED))

const struct end_row ends[NR_ENDS] = {
	[END_PROGRAM] = { .where = "dropped by the program", .arrived = at_program,
			  .devices = BIT(DEV_DUT), .copies = 1, .losses = LOST_THERE,
			  .stamps = STAMPS_PROGRAM },
	[END_DEVICE] = { .where = "received by the program", .arrived = at_device,
			 .devices = BIT(DEV_DUT), .copies = 1, .losses = LOST_BEFORE },
	[END_STACK] = { .where = "received by the stack (UDP, no port)", .arrived = at_stack,
			.stack = true, .copies = 1, .losses = LOST_THERE | BIT(LOST_STACK),
			.stamps = STAMPS_PROGRAM },
	[END_BACK] = { .where = "received back at the generator's device",
		       .no_sink = NO_SINK("the generator's device")
				  "what is sent back to it is lost",
		       .arrived = back, .devices = BIT(DEV_GEN), .copies = 1,
		       .losses = LOST_THERE | BIT(LOST_BACK), .stamps = STAMPS_SINK,
		       .told = TOLD_LOST },
	[END_SINK] = { .where = "received by the sink",
		       .no_sink = NO_SINK("the target's peer") "what is redirected to it is lost",
		       .arrived = at_sink, .devices = BIT(DEV_SINK0), .targets = 1, .copies = 1,
		       .losses = LOST_THERE | BIT(LOST_OUT), .stamps = STAMPS_SINK,
		       .told = TOLD_TAKEN },
	[END_SINKS] = { .where = "received by the two sinks",
			.no_sink = NO_SINK("the target's peer") "what is redirected to it is lost",
			.arrived = at_sinks, .devices = BIT(DEV_SINK0) | BIT(DEV_SINK1),
			.targets = 2, .copies = 2, .losses = LOST_THERE | BIT(LOST_OUT),
			.stamps = STAMPS_SINK, .told = TOLD_NATIVE },
	[END_CPU] = { .where = "received on the other CPU", .arrived = at_cpu, .copies = 1,
		      .losses = LOST_THERE | BIT(LOST_QUEUE), .stamps = STAMPS_CPU },
	[END_SOCKET] = { .where = "received by the socket", .arrived = at_socket, .sockets = true,
			 .copies = 1, .stamps = STAMPS_SOCKET,
			 .losses = LOST_BEFORE | BIT(LOST_BUFFERS) | BIT(LOST_SOCKET) },
};
