// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include <stdio.h>
#include <string.h>
#include "serve/families.h"
#include "model/labels.h"
#include "text/flow.h"

#define EXEMPLAR_MAX 128	/* characters of an exemplar's labels, says OpenMetrics 1.0 */

/* X(ID, name, unit, type, help). Every name is in docs/FLEET.md. */
#define FAMILIES(X)                                                                                \
	X(BUILD, "pktpath_build", "", M_INFO, "The version that runs.")                            \
	X(HOOK, "pktpath_hook", "", M_INFO,                                                        \
	  "Which hook serves which role, and how it is attached.")                                 \
	X(STAGE, "pktpath_stage_duration_seconds", "seconds", M_HISTOGRAM,                         \
	  "Time that packets spent in each stage of the receive path. Counted per frame of the "   \
	  "wire, buckets are exact, the sum is taken from fine buckets: at most 1.6 % off.")       \
	X(TOTAL, "pktpath_packet_duration_seconds", "seconds", M_HISTOGRAM,                        \
	  "Time from a packet's first stage to its end. As for the stages.")                       \
	X(SEEN, "pktpath_packets_seen", "", M_COUNTER, "Packets that the hooks met.")              \
	X(ENDED, "pktpath_packets", "", M_COUNTER,                                                 \
	  "Packets that have ended, by verdict: with copies and those in flight, all seen.")       \
	X(FLIGHT, "pktpath_packets_in_flight", "", M_GAUGE, "Packets that have not ended yet.")    \
	X(CLONES, "pktpath_copies", "", M_COUNTER,                                                 \
	  "Copies of packets for further receivers, which end in a verdict of their own.")         \
	X(SAMPLED, "pktpath_sampled_out", "", M_COUNTER, "Packets that --sample left out.")        \
	X(DROPS, "pktpath_drops", "", M_COUNTER,                                                   \
	  "Dropped packets by the kernel's reason. What the ring lost is missing here only.")      \
	X(LOST, "pktpath_lost_track", "", M_COUNTER,                                               \
	  "Packets that ended untracked, by the cause.")                                           \
	X(COVERAGE, "pktpath_coverage_ratio", "ratio", M_GAUGE,                                    \
	  "Packets since the start that did not end untracked, of all: 0 to 1.")                   \
	X(RING, "pktpath_ring_lost", "", M_COUNTER,                                                \
	  "Records of drops that found the ring full: verdicts count them, reasons do not.")       \
	X(MISSED, "pktpath_hook_misses", "", M_COUNTER,                                            \
	  "Runs of a hook that the kernel skipped. Hooks of which it does not say so are absent.") \
	X(CLOCK, "pktpath_clock_inversions", "", M_COUNTER,                                        \
	  "Stamps that were earlier than the one before, and were set to it.")                     \
	X(GONE, "pktpath_interfaces_missing", "", M_GAUGE,                                         \
	  "Interfaces that were asked for and have vanished since.")                               \
	X(MEMORY, "pktpath_kernel_memory_bytes", "bytes", M_GAUGE,                                 \
	  "Kernel memory of the tables and the ring, which is fixed.")                             \
	X(STATS, "pktpath_bpf_stats_enabled", "", M_GAUGE,                                         \
	  "1 while the kernel measures BPF programs (sysctl kernel.bpf_stats_enabled).")           \
	X(BPF_TIME, "pktpath_bpf_run_seconds", "seconds", M_COUNTER,                               \
	  "CPU time of the BPF programs, of the time in which the kernel measured them.")          \
	X(BPF_RUNS, "pktpath_bpf_runs", "", M_COUNTER, "Runs of the BPF programs, likewise.")      \
	X(COST, "pktpath_packet_cost_seconds", "seconds", M_GAUGE,                                 \
	  "Calibrated time that the hooks add to a packet.")                                       \
	X(SCRAPES, "pktpath_scrapes", "", M_COUNTER, "Requests answered with metrics.")            \
	X(CPU, "process_cpu_seconds", "seconds", M_COUNTER, "CPU time of this process.")           \
	X(RSS, "process_resident_memory_bytes", "bytes", M_GAUGE,                                  \
	  "Memory of this process, including what it maps of the kernel's tables.")                \
	X(FDS, "process_open_fds", "", M_GAUGE, "Open file descriptors of this process.")          \
	X(START, "process_start_time_seconds", "seconds", M_GAUGE,                                 \
	  "When this process started, since the epoch.")

#define ENUM(id, ...) F_##id,
enum { FAMILIES(ENUM) F_NR };

#define ROW(id, name, unit, type, help) { name, unit, help, type },
static const struct family families[] = { FAMILIES(ROW) };

static void add_label(struct labels *l, const char *name, const char *value)
{
	if (name && l->nr < METRICS_LABELS)
		l->l[l->nr++] = (struct label){ name, value };
}

static void one_count(struct metrics *m, int family, uint64_t value)
{
	metrics_family(m, &families[family]);
	metrics_count(m, NULL, value);
}

static void one_double(struct metrics *m, int family, double value)
{
	metrics_family(m, &families[family]);
	metrics_double(m, NULL, value);
}

/* Counters of an array, each with its label; those that are 0 as well, so that rates begin at 0. */
static void labelled(struct metrics *m, int family, const char *name, const __u64 *n,
		     unsigned int nr, const char *(*label)(unsigned int))
{
	metrics_family(m, &families[family]);
	for (unsigned int i = 1; i < nr; i++) {	/* the first of each table is none */
		struct labels l = {};

		add_label(&l, name, label(i));
		metrics_count(m, &l, n[i]);
	}
}

static void add_build(struct metrics *m)
{
	struct labels l = {};

	add_label(&l, "version", PP_VERSION);
	metrics_family(m, &families[F_BUILD]);
	metrics_count(m, &l, 1);
}

static void hook_labels(struct labels *l, const struct hook_report *h)
{
	add_label(l, "role", h->role);
	add_label(l, "hook", h->hook);
	add_label(l, "backend", h->backend);
}

/* Functions of one name in two modules are one series. */
static bool told_before(const struct ledger *led, int i)
{
	for (int k = 0; k < i; k++)
		if (!strcmp(led->hooks[k].role, led->hooks[i].role) &&
		    !strcmp(led->hooks[k].hook, led->hooks[i].hook) &&
		    !strcmp(led->hooks[k].backend, led->hooks[i].backend))
			return true;
	return false;
}

static void add_hooks(struct metrics *m, const struct ledger *led, int family)
{
	metrics_family(m, &families[family]);
	for (int i = 0; i < led->nr_hooks; i++) {
		const struct hook_report *h = &led->hooks[i];
		struct labels l = {};

		if (!hook_report_served(h) || told_before(led, i) ||
		    (family == F_MISSED && h->missed < 0))
			continue;
		hook_labels(&l, h);
		metrics_count(m, &l, family == F_MISSED ? (uint64_t)h->missed : 1);
	}
}

/* Is there a group of the same name before this one? Its row has taken this one in. */
static bool named_before(const struct snapshot *s, uint32_t group)
{
	for (uint32_t i = 0; i < group; i++)
		if (!strcmp(s->group[i], s->group[group]))
			return true;
	return false;
}

/* The row of all groups of this one's name: an interface that was made anew goes on counting. */
static bool sum_row(const struct snapshot *s, uint32_t group, uint32_t row,
		    uint64_t sum[PP_H_BUCKETS])
{
	uint64_t any = 0;

	memset(sum, 0, PP_H_BUCKETS * sizeof(*sum));
	for (uint32_t g = group; g <= s->hist->groups; g++) {
		const uint64_t *count;

		if (strcmp(s->group[g], s->group[group]) != 0)
			continue;
		count = &s->hist->count[((uint64_t)g * PP_H_ROWS + row) * PP_H_BUCKETS];
		for (uint32_t i = 0; i < PP_H_BUCKETS; i++) {
			sum[i] += count[i];
			any |= count[i];
		}
	}
	return any;
}

static void add_row(struct metrics *m, const struct snapshot *s, uint32_t group, uint32_t row)
{
	uint64_t sum[PP_H_BUCKETS];
	struct labels l = {};

	if (!sum_row(s, group, row, sum))
		return;
	add_label(&l, s->by, s->group[group]);
	if (row != PP_H_TOTAL)
		add_label(&l, "stage", stage_label(row));
	metrics_histogram(m, &l, sum, s->per_octave);
}

/* Rows that are empty make no series, nor does `read`, which is an end and takes no time. */
static void add_histograms(struct metrics *m, const struct snapshot *s, int family, uint32_t from,
			   uint32_t to)
{
	metrics_family(m, &families[family]);
	for (uint32_t g = 0; g <= s->hist->groups; g++)
		for (uint32_t row = from; s->group[g][0] && !named_before(s, g) && row < to; row++)
			if (row != PP_ST_READ)
				add_row(m, s, g, row);
}

static size_t label_len(const struct labels *l)
{
	size_t n = 0;

	for (int i = 0; i < l->nr; i++)
		n += strlen(l->l[i].name) + strlen(l->l[i].value);
	return n;
}

static void add_if_fits(struct labels *l, const char *name, const char *value)
{
	add_label(l, name, value);
	if (label_len(l) > EXEMPLAR_MAX)
		l->nr--;
}

/* "udp 10.77.0.1:60604 > 10.77.0.2:7009", without the padding that columns want. */
static const char *flow_text(struct line *l, const struct pp_rec *rec)
{
	char *to = l->buf;

	line_start(l);
	flow_add(l, rec, 0);
	for (const char *from = l->buf; *from; from++)
		if (*from != ' ' || from[1] != ' ')
			*to++ = *from;
	*to = '\0';
	return l->buf;
}

static void add_drop(struct metrics *m, const struct snapshot *s, const struct reason_count *r)
{
	const char *own = own_reason_label(r->reason);
	struct exemplar ex = { .value = 1, .time = r->when };
	char reason[FMT_TEXT_MAX], id[FMT_MAX], place[FMT_TEXT_MAX];
	struct line flow = { .ascii = true };
	struct labels l = {};

	fmt_clean(reason, own ? own : s->reason_name(s->reasons, r->reason), FMT_TEXT_MAX);
	add_label(&l, "reason", reason);
	snprintf(id, sizeof(id), "%llu", (unsigned long long)r->example.id);
	add_label(&ex.labels, "packet", id);
	if (r->example.place[0])
		add_if_fits(&ex.labels, "place", fmt_clean(place, r->example.place, PP_PLACE_LEN));
	add_if_fits(&ex.labels, "flow", flow_text(&flow, &r->example));
	metrics_example(m, &l, r->count, &ex);
}

static void add_drops(struct metrics *m, const struct snapshot *s)
{
	struct labels other = { { { "reason", "other" } }, 1 };

	metrics_family(m, &families[F_DROPS]);
	for (int i = 0; i < s->drops->nr; i++)
		add_drop(m, s, &s->drops->row[i]);
	if (s->drops->others)
		metrics_count(m, &other, s->drops->others);
}

static void add_ledger(struct metrics *m, const struct snapshot *s)
{
	const struct ledger *led = s->led;

	one_count(m, F_SEEN, led->n.seen);
	labelled(m, F_ENDED, "verdict", led->n.verdict, PP_V_NR, verdict_label);
	one_count(m, F_FLIGHT, led->in_flight);
	one_count(m, F_CLONES, led->n.clones);
	one_count(m, F_SAMPLED, led->n.sampled_out);
	add_drops(m, s);
	labelled(m, F_LOST, "cause", led->n.loss, PP_L_NR, loss_label);
	one_double(m, F_COVERAGE, led->coverage / 100);
	one_count(m, F_RING, led->n.ring_lost);
	add_hooks(m, led, F_MISSED);
	one_count(m, F_CLOCK, led->n.inversions);
	one_count(m, F_GONE, s->interfaces_missing);
}

static void add_own(struct metrics *m, const struct own_cost *own)
{
	one_count(m, F_MEMORY, own->kernel_bytes);
	if (own->bpf_known) {
		one_count(m, F_STATS, own->bpf_enabled);
		one_double(m, F_BPF_TIME, own->bpf_seconds);
		one_count(m, F_BPF_RUNS, own->bpf_runs);
	}
	if (own->packet_seconds > 0)
		one_double(m, F_COST, own->packet_seconds);
	one_double(m, F_CPU, own->cpu_seconds);
	if (own->rss_bytes)
		one_count(m, F_RSS, own->rss_bytes);
	if (own->open_fds)
		one_count(m, F_FDS, own->open_fds);
	one_double(m, F_START, own->start_time);
}

int expose(struct metrics *m, enum metrics_format format, const struct snapshot *s)
{
	metrics_start(m, format);
	add_build(m);
	add_hooks(m, s->led, F_HOOK);
	add_histograms(m, s, F_STAGE, 0, PP_ST_NR);
	add_histograms(m, s, F_TOTAL, PP_H_TOTAL, PP_H_ROWS);
	add_ledger(m, s);
	one_count(m, F_SCRAPES, s->scrapes);
	add_own(m, &s->own);
	return metrics_end(m);
}
