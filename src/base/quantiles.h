/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* The quantiles that are shown of anything: of histograms, and of what bench measures. */
#ifndef PKTPATH_BASE_QUANTILES_H
#define PKTPATH_BASE_QUANTILES_H

/*
 * X(ID, label, key, parts of a million that lie at or below it), upwards. `label` is for people,
 * `key` for JSON, where "_ns" may follow: docs/SCHEMA.md has them.
 */
#define QUANTILES(X)                                                                               \
	X(P50,   "p50",    "p50",   500000)                                                        \
	X(P90,   "p90",    "p90",   900000)                                                        \
	X(P99,   "p99",    "p99",   990000)                                                        \
	X(P999,  "p99.9",  "p999",  999000)                                                        \
	X(P9999, "p99.99", "p9999", 999900)

#define QUANTILE_ENUM(id, ...) QUANTILE_##id,
enum { QUANTILES(QUANTILE_ENUM) QUANTILE_NR };

/* For tables of one column, by these numbers. */
#define QUANTILE_LABEL(id, label, ...)	label,
#define QUANTILE_KEY(id, label, key, ...) key,
#define QUANTILE_KEY_NS(id, label, key, ...) key "_ns",
#define QUANTILE_PPM(id, label, key, ppm) ppm,

#endif /* PKTPATH_BASE_QUANTILES_H */
