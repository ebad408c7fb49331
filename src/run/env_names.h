/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Where outputs of a run on this host have their names from. */
#ifndef PKTPATH_RUN_ENV_NAMES_H
#define PKTPATH_RUN_ENV_NAMES_H

#include "host/drop_reasons.h"
#include "host/links.h"
#include "host/remember.h"
#include "output/sink_env.h"

struct env_names {
	const struct links *links;
	struct remember *remember;
	struct drop_reasons *reasons;
};

/* `links` must outlive it. 0 or -errno; env_names_close() takes one that failed, too. */
int env_names_open(struct env_names *n, const struct links *links);
void env_names_close(struct env_names *n);

/* Has `env` ask it; it must outlive that. */
void env_names_use(struct env_names *n, struct sink_env *env);

#endif /* PKTPATH_RUN_ENV_NAMES_H */
