/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* What the files of the replay share: reading words, histograms. Errors end it with a message. */
#ifndef PKTPATH_REPLAY_H
#define PKTPATH_REPLAY_H

#include "output/sink.h"

#define MONO_BASE 1000000000ull

/* The next KEY=VALUE of a line; false at its end. Cuts the line up. */
bool next_word(char **line, char **key, char **value);
uint64_t number(const char *s);
/* Times are ns after the base; 0 in a record means "not seen", so the base is not 0. */
uint64_t parse_time(const char *s);
/* `n`, if it was found in a table. */
int find(int n, const char *what);
/* A record's protocol; its flow, SRC>DST; and what conntrack made of that, in the same form. */
void parse_proto(struct pp_rec *rec, const char *s);
void parse_flow(struct pp_rec *rec, char *value);
void parse_nat(struct pp_rec *rec, char *value);
/* "gro,sock": a bit each. Cuts the list up. */
uint32_t parse_stages(char *list);

/* Lines on histograms; false if it is another one. *ret: what the sink returned. */
bool hist_line_of(const struct sink *sink, struct sink_env *env, struct histogram *h, char *line,
		  int *ret);
/* What is asked of histograms; false: another option. */
bool hist_option(struct hist_opts *h, int c);

/* As on a host without XDP programs. */
#define STAGES_BUT_XDP ((PP_ST_BIT(PP_ST_NR) - 1) & ~PP_ST_BIT(PP_ST_XDP))

/* An option on XDP: its column is a late one. False: another option. */
bool xdp_option(struct sink_env *env, int c);
/* A field of a record on XDP; false: it is another one. */
bool parse_xdp_field(struct pp_rec *rec, const char *key, char *value);

void parse_cost(struct cost_figures *c, const char *value);
void parse_budget(struct cost_figures *c, const char *value);

#endif /* PKTPATH_REPLAY_H */
