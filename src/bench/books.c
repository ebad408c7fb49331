// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include <string.h>
#include "bench/books.h"
#include "bench/mode.h"

uint64_t tally_received(enum xb_mode mode, bool generic, const struct tally *t)
{
	return ends[modes[mode].end].arrived(t, generic);
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

/* In the order of the way. What is lost before a packet is copied is lost for all copies. */
static const struct {
	const char *what;
	uint64_t (*count)(const struct tally *t, bool generic);
	bool before_copies;
} losses[NR_LOSSES] = {
	[LOST_RING] = { "ring of the device full", ring_full, true },
	[LOST_REFUSED] = { "no memory or redirect refused", refused, true },
	[LOST_BACK] = { "could not be sent back", tx_lost, false },
	[LOST_OUT] = { "ring of the sink full", out_lost, false },
	[LOST_QUEUE] = { "queue of the other CPU full", cpumap_full, false },
	[LOST_BUFFERS] = { "socket without buffers", xsk_no_buffer, false },
	[LOST_SOCKET] = { "ring of the socket full", xsk_ring_full, false },
	[LOST_STACK] = { "refused by the stack", stack_refused, false },
};

void books_make(struct books *b, enum xb_mode mode, bool generic, const struct tally *before,
		const struct tally *after)
{
	const struct end_row *end = &ends[modes[mode].end];
	uint64_t n;
	int i;

	memset(b, 0, sizeof(*b));
	b->generated = end->copies * (after->sent - before->sent);
	b->received = end->arrived(after, generic) - end->arrived(before, generic);
	b->where = end->where;
	for (i = 0; i < NR_LOSSES; i++) {
		if (!(end->losses & 1u << i))
			continue;
		n = losses[i].count(after, generic) - losses[i].count(before, generic);
		if (losses[i].before_copies)
			n *= end->copies;
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
