// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include <string.h>
#include "bench/books.h"

uint64_t tally_received(enum xb_mode mode, bool generic, const struct tally *t)
{
	const struct net_counts *dev = t->dev;

	switch (mode) {
	case XB_PASS:
		return t->snmp.udp_no_ports;
	case XB_TX:
		return dev[DEV_GEN].xdp_packets;
	case XB_REDIRECT:
	case XB_REDIRECT_MAP:
		return dev[DEV_SINK0].xdp_packets;
	case XB_REDIRECT_MULTI:
		return dev[DEV_SINK0].xdp_packets + dev[DEV_SINK1].xdp_packets;
	case XB_REDIRECT_CPU:
		return t->counted;
	case XB_XSK:
		return t->xsk_received;
	case XB_USER:
		return dev[DEV_DUT].xdp_packets;
	default:
		return generic ? t->counted : dev[DEV_DUT].xdp_drops;
	}
}

static const char *received_where(enum xb_mode mode)
{
	switch (mode) {
	case XB_PASS:
		return "received by the stack (UDP, no port)";
	case XB_TX:
		return "received back at the generator's device";
	case XB_REDIRECT:
	case XB_REDIRECT_MAP:
		return "received by the sink";
	case XB_REDIRECT_MULTI:
		return "received by the two sinks";
	case XB_REDIRECT_CPU:
		return "received on the other CPU";
	case XB_XSK:
		return "received by the socket";
	case XB_USER:
		return "received by the program";
	default:
		return "dropped by the program";
	}
}

static uint64_t ring_full(const struct tally *t, bool generic)
{
	return t->dev[DEV_GEN].xmit_errors;
}

static uint64_t refused(const struct tally *t, bool generic)
{
	return t->dev[DEV_DUT].rx_drops;
}

static uint64_t tx_lost(const struct tally *t, bool generic)
{
	return generic ? t->dev[DEV_DUT].tx_dropped : t->dev[DEV_DUT].xdp_tx_errors;
}

static uint64_t out_lost(const struct tally *t, bool generic)
{
	const struct net_counts *a = &t->dev[DEV_OUT0], *b = &t->dev[DEV_OUT1];

	/* For packets of the stack veth has one counter of all losses, for frames its own. */
	return generic ? a->tx_dropped + b->tx_dropped : a->xmit_errors + b->xmit_errors;
}

static uint64_t cpumap_full(const struct tally *t, bool generic)
{
	return t->cpumap_drops;
}

static uint64_t xsk_no_buffer(const struct tally *t, bool generic)
{
	return t->xsk_no_buffer;
}

static uint64_t xsk_ring_full(const struct tally *t, bool generic)
{
	return t->xsk_ring_full;
}

static uint64_t stack_refused(const struct tally *t, bool generic)
{
	const struct snmp *s = &t->snmp;

	return s->in_hdr_errors + s->in_addr_errors + s->in_unknown + s->in_discards +
	       s->udp_in_errors;
}

#define BIT(mode)    (1u << (mode))
#define ALL	     0xffffu
#define REDIRECTS    (BIT(XB_REDIRECT) | BIT(XB_REDIRECT_MAP) | BIT(XB_REDIRECT_MULTI))

/* Losses on the way, in its order. Modes that do not pass there have none. */
static const struct {
	const char *what;
	uint64_t (*count)(const struct tally *t, bool generic);
	unsigned int modes;	/* bits */
} losses[] = {
	{ "ring of the device full", ring_full, ALL },
	/* A socket counts by itself what it refuses; and what reached a program, reached it. */
	{ "no memory or redirect refused", refused, ALL & ~(BIT(XB_XSK) | BIT(XB_USER)) },
	{ "could not be sent back", tx_lost, BIT(XB_TX) },
	{ "ring of the sink full", out_lost, REDIRECTS },
	{ "queue of the other CPU full", cpumap_full, BIT(XB_REDIRECT_CPU) },
	{ "socket without buffers", xsk_no_buffer, BIT(XB_XSK) },
	{ "ring of the socket full", xsk_ring_full, BIT(XB_XSK) },
	{ "refused by the stack", stack_refused, BIT(XB_PASS) },
};

void books_make(struct books *b, enum xb_mode mode, bool generic, const struct tally *before,
		const struct tally *after)
{
	uint64_t copies = mode == XB_REDIRECT_MULTI ? 2 : 1;
	size_t i;

	memset(b, 0, sizeof(*b));
	b->generated = copies * (after->sent - before->sent);
	b->received = tally_received(mode, generic, after) - tally_received(mode, generic, before);
	b->where = received_where(mode);
	for (i = 0; i < sizeof(losses) / sizeof(losses[0]); i++) {
		uint64_t n = losses[i].count(after, generic) - losses[i].count(before, generic);

		if (!(losses[i].modes & BIT(mode)))
			continue;
		/* What is lost before it is copied is lost for all. */
		if (losses[i].count == ring_full || losses[i].count == refused)
			n *= copies;
		b->lost[b->nr_lost++] = (struct book_line){ losses[i].what, n };
	}
}

uint64_t books_lost(const struct books *b)
{
	uint64_t n = 0;
	int i;

	for (i = 0; i < b->nr_lost; i++)
		n += b->lost[i].packets;
	return n;
}

int64_t books_unexplained(const struct books *b)
{
	return (int64_t)(b->generated - b->received - books_lost(b));
}
