/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * Words for the numbers in a record, expanded from the tables of stages.h, and back. Every
 * output takes its labels from here, so that text, JSON and the manual say the same.
 */
#ifndef PKTPATH_MODEL_LABELS_H
#define PKTPATH_MODEL_LABELS_H

#include <stdbool.h>
#include <stdint.h>
#include "by_keys.h"
#include "hist.h"
#include "stages.h"

/* The label; "?" for a number that is not in the table. Never NULL. */
const char *stage_label(unsigned int stage);
const char *verdict_label(unsigned int verdict);
const char *cause_label(unsigned int cause);
const char *loss_label(unsigned int loss);

const char *context_label(unsigned int context);
const char *gro_label(unsigned int gro);
const char *gro_end_label(unsigned int gro_end);
const char *xdp_mode_label(unsigned int xdp_mode);
const char *xdp_to_label(unsigned int xdp_to);

/* A row of a histogram: a stage's label, or "total". */
const char *row_label(unsigned int row);
int row_find(const char *label);

/* A way to split histograms (include/by_keys.h), or "none". */
const char *by_label(unsigned int by);
const char *by_help(unsigned int by);

int by_find(const char *label);

/* The ways with few and lasting values, and "none": a bit mask of enum pp_by. */
#define BY_STEADY (1u << PP_BY_NONE PP_BYS(BY_STEADY_BIT))
#define BY_STEADY_BIT(id, label, life, ...) | BY_IS_##life << PP_BY_##id
#define BY_IS_STEADY   1u
#define BY_IS_FLEETING 0u

/* The flags of a record, by row number from 0; NULL after the last. */
struct flag_name {
	const char *label, *help;	/* "": internal to the kernel side, not shown */
	unsigned int bit;
};
const struct flag_name *flag_row(unsigned int i);

/* Did an XDP program decide it? */
bool verdict_is_xdp(unsigned int verdict);

/* One of pktpath's own drop reasons; NULL if `reason` is not one of them. */
const char *own_reason_label(uint32_t reason);

/* The table's third column, a sentence for people; "" for a number that is not in the table. */
const char *stage_help(unsigned int stage);
const char *verdict_help(unsigned int verdict);
const char *cause_help(unsigned int cause);
const char *loss_help(unsigned int loss);
const char *context_help(unsigned int context);
const char *gro_help(unsigned int gro);
const char *gro_end_help(unsigned int gro_end);
const char *xdp_mode_help(unsigned int xdp_mode);
const char *xdp_to_help(unsigned int xdp_to);

/* The number with this label, or -1. */
int stage_find(const char *label);
int verdict_find(const char *label);
int cause_find(const char *label);
int loss_find(const char *label);
int context_find(const char *label);
int gro_find(const char *label);
int gro_end_find(const char *label);
int xdp_mode_find(const char *label);
int xdp_to_find(const char *label);

#endif /* PKTPATH_MODEL_LABELS_H */
