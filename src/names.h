/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * Words for the numbers in a record, expanded from the tables of stages.h, and back. Every
 * output takes its labels from here, so that text, JSON and the manual say the same.
 */
#ifndef PKTPATH_NAMES_H
#define PKTPATH_NAMES_H

#include <stdint.h>
#include "stages.h"

/* The label; "?" for a number that is not in the table. Never NULL. */
const char *stage_label(unsigned int stage);
const char *verdict_label(unsigned int verdict);
const char *cause_label(unsigned int cause);
const char *loss_label(unsigned int loss);

/* One of pktpath's own drop reasons; NULL if `reason` is not one of them. */
const char *own_reason_label(uint32_t reason);

/* The table's third column, a sentence for people; "" for a number that is not in the table. */
const char *stage_help(unsigned int stage);
const char *verdict_help(unsigned int verdict);
const char *cause_help(unsigned int cause);
const char *loss_help(unsigned int loss);

/* The number with this label, or -1. */
int stage_find(const char *label);
int verdict_find(const char *label);
int cause_find(const char *label);
int loss_find(const char *label);

#endif /* PKTPATH_NAMES_H */
