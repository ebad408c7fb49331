/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* The account of a run as JSON: the `summary` of docs/SCHEMA.md. */
#ifndef PKTPATH_OUTPUT_LEDGER_JSON_H
#define PKTPATH_OUTPUT_LEDGER_JSON_H

#include "model/ledger.h"
#include "output/json.h"

/* Writes one line. 0 or -errno. */
int ledger_json(const struct sink_env *env, const struct ledger *led);

#endif /* PKTPATH_OUTPUT_LEDGER_JSON_H */
