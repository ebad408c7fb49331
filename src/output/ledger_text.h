/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * The account of a run for people: what became of every packet, what was lost, and which hook
 * served each stage.
 */
#ifndef PKTPATH_OUTPUT_LEDGER_TEXT_H
#define PKTPATH_OUTPUT_LEDGER_TEXT_H

#include "model/ledger.h"
#include "output/sink_env.h"

/* Writes to env->err. `env` needs no state and no names. 0 or -errno. */
int ledger_text(const struct sink_env *env, const struct ledger *led);

#endif /* PKTPATH_OUTPUT_LEDGER_TEXT_H */
