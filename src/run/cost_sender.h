/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * A process that sends itself packets over the loopback of a network namespace of its own, when it
 * is asked to. It dies with this one.
 */
#ifndef PKTPATH_RUN_COST_SENDER_H
#define PKTPATH_RUN_COST_SENDER_H

#include <stdint.h>
#include <sys/types.h>

struct sender {
	pid_t pid;		/* 0: it does not run */
	int ask, answer;
};

/* 0 or -errno. */
int sender_start(struct sender *s);

/* Asks for packets: `batches` times 500. They are under way while others look. 0 or -errno. */
int sender_ask(const struct sender *s, uint32_t batches);

/* Waits until they are over: ns a packet of the fastest batch. 0 or -errno, the sender's own. */
int sender_answer(const struct sender *s, double *ns);

void sender_stop(struct sender *s);

#endif /* PKTPATH_RUN_COST_SENDER_H */
