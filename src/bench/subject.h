/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* One program to measure: "drop", "drop:clock", "prog.o:xdp". */
#ifndef PKTPATH_BENCH_SUBJECT_H
#define PKTPATH_BENCH_SUBJECT_H

#include "base/why.h"
#include "bench_modes.h"

#define LABEL_LEN 96

struct bench_spec {
	enum xb_mode mode;
	enum xb_work work;
	char file[256], section[64];	/* of XB_USER */
	char label[LABEL_LEN];
};

/*
 * "MODE", which does `work`, "MODE:WORK" or "FILE.o:SECTION". 0, or -EINVAL with `why` filled in.
 */
int spec_parse(const char *word, enum xb_work work, struct bench_spec *spec, struct why *why);
void spec_make(struct bench_spec *spec, enum xb_mode mode, enum xb_work work);

#endif /* PKTPATH_BENCH_SUBJECT_H */
