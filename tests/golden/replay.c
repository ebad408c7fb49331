// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * Feeds records and ledgers that are written down as text to a sink: what a sink prints can be
 * compared without a kernel, root or a clock. Lines are `rec`, `ledger` or `hook`, followed by
 * KEY=VALUE words; a value with spaces stands in double quotes. mixed.rec has examples.
 *
 * For histograms: `count row=STAGE group=N values=NS*COUNT,NS*COUNT…` adds to the histograms that
 * the next `span` shows, `group at=N key=KEY` names a group of them. hist.rec has examples.
 */
#include <err.h>
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include "model/labels.h"
#include "replay.h"

#define MAX_HOOKS 64
/* 2023-11-14 22:13:20 UTC minus the records' base, see parse_time(). */
#define WALL_BASE 1700000000000000000ull

static const char *dev_name(void *unused, uint32_t netns, uint32_t ifindex)
{
	static const char *const names[] = { "?", "lo", "eth0", "eth1", "br\033[31m\xff" };

	return !netns && ifindex < 5 ? names[ifindex] : NULL;
}

static const char *comm_name(void *unused, uint32_t pid)
{
	return pid == 4711 ? "dns-server" : pid == 4712 ? "evil\033[31m" : NULL;
}

static const char *cgroup_path(void *unused, uint64_t id)
{
	return id == 77 ? "/system.slice/a-service-with-quite-a-long-name.service" : NULL;
}

static const char *reason_name(void *unused, uint32_t reason)
{
	switch (reason) {
	case 2:
		return "NOT_SPECIFIED";
	case 3:
		return "NO_SOCKET";
	case 8:
		return "NETFILTER_DROP";
	case 19:
		return "TCP_INVALID_SEQUENCE";
	}
	return "?";
}

/* The next KEY=VALUE of a line; false at its end. Cuts the line up. */
bool next_word(char **line, char **key, char **value)
{
	char *p = *line + strspn(*line, " \t\n");
	char stop = ' ';

	if (!*p)
		return false;
	*key = p;
	p += strcspn(p, "= \n");
	if (*p != '=')
		errx(2, "no value: %s", *key);
	*p++ = '\0';
	if (*p == '"')
		stop = *p++;
	*value = p;
	p += strcspn(p, stop == ' ' ? " \n" : "\"");
	*line = *p ? p + 1 : p;
	*p = '\0';
	return true;
}

uint64_t number(const char *s)
{
	char *end;
	uint64_t n;

	errno = 0;
	n = strtoull(s, &end, 0);
	if (errno || *end || end == s)
		errx(2, "not a number: %s", s);
	return n;
}

/* Times are ns after the base; 0 in a record means "not seen", so the base is not 0. */
uint64_t parse_time(const char *s)
{
	return *s == '=' ? number(s + 1) : MONO_BASE + number(s);
}

int find(int n, const char *what)
{
	if (n < 0)
		errx(2, "not in the table: %s", what);
	return n;
}

/* A stage's stamp: TIME or TIME@CPU. */
static void parse_stamp(struct pp_rec *rec, int stage, char *value)
{
	char *at = strchr(value, '@');

	rec->cpu[stage] = stage ? rec->cpu[stage - 1] : 0;
	if (at) {
		*at = '\0';
		for (int st = stage; st < PP_ST_NR; st++)
			rec->cpu[st] = (__u16)number(at + 1);
		rec->end_cpu = (__u16)number(at + 1);
	}
	rec->ts[stage] = parse_time(value);
}

static bool parse_text_field(struct pp_rec *rec, const char *key, char *value)
{
	if (!strcmp(key, "proto"))
		parse_proto(rec, value);
	else if (!strcmp(key, "flow"))
		parse_flow(rec, value);
	else if (!strcmp(key, "verdict"))
		rec->verdict = (__u8)find(verdict_find(value), value);
	else if (!strcmp(key, "loss"))
		rec->loss = (__u8)find(loss_find(value), value);
	else if (!strcmp(key, "cause"))
		rec->cause = (__u8)find(cause_find(value), value);
	else if (!strcmp(key, "place"))
		snprintf(rec->place, sizeof(rec->place), "%s", value);
	else if (!strcmp(key, "end"))
		rec->end_ns = parse_time(value);
	else
		return false;
	return true;
}

/* IFINDEX@TIME, one more each time. */
static void parse_hop(struct pp_rec *rec, char *value)
{
	char *at = strchr(value, '@');

	if (!at || rec->nr_hops == PP_HOPS)
		errx(2, "not a hop: %s", value);
	*at = '\0';
	rec->hops[rec->nr_hops++] = (struct pp_hop){ .ifindex = (__u32)number(value),
						     .ns = parse_time(at + 1) };
}

/* PID:NAME */
static void parse_reader(struct pp_rec *rec, char *value)
{
	char *name = strchr(value, ':');

	if (!name)
		errx(2, "not a reader: %s", value);
	*name = '\0';
	rec->pid = (__u32)number(value);
	memcpy(rec->comm, name + 1, strnlen(name + 1, sizeof(rec->comm)));
}

static bool parse_small_field(struct pp_rec *rec, const char *key, char *value)
{
	if (!strcmp(key, "context"))
		rec->context = (__u8)find(context_find(value), value);
	else if (!strcmp(key, "grohow"))
		rec->gro = (__u8)find(gro_find(value), value);
	else if (!strcmp(key, "groend"))
		rec->gro_end = (__u8)find(gro_end_find(value), value);
	else if (!strcmp(key, "frames"))
		rec->gro_frames = (__u16)number(value);
	else if (!strcmp(key, "hop"))
		parse_hop(rec, value);
	else if (!strcmp(key, "nat"))
		parse_nat(rec, value);
	else if (!strcmp(key, "reader"))
		parse_reader(rec, value);
	else if (!strcmp(key, "egress"))
		rec->egress = (__u32)number(value);
	else if (!strcmp(key, "cloneof"))
		rec->clone_of = number(value);
	else if (!strcmp(key, "index"))
		rec->poll_index = (__u16)number(value);
	else if (!strcmp(key, "work"))
		rec->poll_work = (__u16)number(value);
	else if (!strcmp(key, "budget"))
		rec->poll_budget = (__u16)number(value);
	else
		return false;
	return true;
}

static void parse_field(struct pp_rec *rec, const char *key, char *value)
{
	int stage = stage_find(key);

	if (stage >= 0)
		parse_stamp(rec, stage, value);
	else if (parse_text_field(rec, key, value) || parse_small_field(rec, key, value))
		return;
	else if (!strcmp(key, "id"))
		rec->id = number(value);
	else if (!strcmp(key, "parent"))
		rec->parent = number(value);
	else if (!strcmp(key, "ifindex"))
		rec->ifindex = (__u32)number(value);
	else if (!strcmp(key, "len"))
		rec->len = (__u32)number(value);
	else if (!strcmp(key, "reason"))
		rec->reason = (__u32)number(value);
	else if (!strcmp(key, "eth"))
		rec->eth_proto = (__u16)number(value);
	else if (!strcmp(key, "flags"))
		rec->flags = (__u32)number(value);
	else if (!strcmp(key, "tcp"))
		rec->tcp_flags = (__u8)number(value);
	else if (!strcmp(key, "data"))
		rec->data_len = (__u32)number(value);
	else if (!strcmp(key, "endseq"))
		rec->end_seq = (__u32)number(value);
	else if (!parse_xdp_field(rec, key, value))
		errx(2, "unknown field of a record: %s", key);
}

static struct pp_rec parse_record(char *line)
{
	struct pp_rec rec = { .ifindex = 2, .cause = PP_C_IRQ, .poll_work = PP_WORK_UNKNOWN };
	char *key, *value;

	while (next_word(&line, &key, &value))
		parse_field(&rec, key, value);
	if (rec.verdict == PP_V_DELIVERED && !rec.end_ns)
		rec.end_ns = rec.ts[PP_ST_READ];
	return rec;
}

/* SQUEEZED:DROPPED */
static void parse_softnet(struct ledger *led, const char *value)
{
	const char *dropped = strchr(value, ':');

	if (!dropped)
		errx(2, "not a softnet_stat: %s", value);
	led->softnet_known = true;
	led->time_squeeze = strtoull(value, NULL, 0);
	led->backlog_drops = number(dropped + 1);
}

/* "at:STAGE=N", "absent:STAGE=N" and "LOSS LABEL=N" address the counters by their labels. */
static void parse_ledger_field(struct ledger *led, const char *key, const char *value)
{
	int verdict = verdict_find(key), loss;

	if (verdict >= 0)
		led->n.verdict[verdict] = number(value);
	else if (!strncmp(key, "at:", 3))
		led->in_flight_at[find(stage_find(key + 3), key)] = number(value);
	else if (!strncmp(key, "absent:", 7))
		led->absent[find(stage_find(key + 7), key)] = number(value);
	else if (!strcmp(key, "seen"))
		led->n.seen = number(value);
	else if (!strcmp(key, "duration"))
		led->duration_ns = number(value);
	else if (!strcmp(key, "in_flight"))
		led->in_flight = number(value);
	else if (!strcmp(key, "shown"))
		led->shown = led->n.emitted = number(value);
	else if (!strcmp(key, "ring_lost"))
		led->n.ring_lost = number(value);
	else if (!strcmp(key, "clones"))
		led->n.clones = number(value);
	else if (!strcmp(key, "sampled_out"))
		led->n.sampled_out = number(value);
	else if (!strcmp(key, "filtered"))
		led->n.filtered = number(value);
	else if (!strcmp(key, "inversions"))
		led->n.inversions = number(value);
	else if (!strcmp(key, "unsorted"))
		led->n.unsorted = number(value);
	else if (!strcmp(key, "napi_full"))
		led->n.napi_full = number(value);
	else if (!strcmp(key, "softnet"))
		parse_softnet(led, value);
	else if (!strcmp(key, "slow")) {
		led->slow_only = true;
		led->slow = number(value);
	} else if (!strcmp(key, "cost"))
		parse_cost(&led->cost, value);
	else if (!strcmp(key, "budget"))
		parse_budget(&led->cost, value);
	else if (!strcmp(key, "balanced"))
		led->balanced = number(value);
	else if (!strcmp(key, "coverage"))
		led->coverage = strtod(value, NULL);
	else if ((loss = loss_find(key)) >= 0)
		led->n.loss[loss] = number(value);
	else
		errx(2, "unknown field of a ledger: %s", key);
}

/* Labels of losses hold spaces; the key does with '_' instead. */
static void parse_ledger(struct ledger *led, char *line)
{
	char *key, *value;

	led->balanced = true;
	while (next_word(&line, &key, &value)) {
		char spaced[64];

		snprintf(spaced, sizeof(spaced), "%s", key);
		for (char *p = spaced; *p; p++)
			if (*p == '_')
				*p = ' ';
		parse_ledger_field(led, loss_find(spaced) > 0 ? spaced : key, value);
	}
}

static struct hook_report parse_hook(char *line)
{
	struct hook_report h = { .stage = PP_ST_NONE, .role = "", .hook = "", .backend = "-",
				 .why = "", .missed = -1 };
	char *key, *value;

	/* NOLINTBEGIN(clang-analyzer-unix.Malloc): a line names each key once; the copies stay. */
	while (next_word(&line, &key, &value)) {
		if (!strcmp(key, "role"))
			h.role = strdup(value);
		else if (!strcmp(key, "stage"))
			h.stage = find(stage_find(value), value);
		else if (!strcmp(key, "hook"))
			h.hook = strdup(value);
		else if (!strcmp(key, "backend"))
			h.backend = strdup(value);
		else if (!strcmp(key, "why"))
			h.why = strdup(value);
		else if (!strcmp(key, "missed"))
			h.missed = (int64_t)number(value);
		else
			errx(2, "unknown field of a hook: %s", key);
	}
	return h;
	/* NOLINTEND(clang-analyzer-unix.Malloc) */
}

/* Feeds one file. Returns what the sink returned first other than 0. */
static int replay(FILE *in, const struct sink *sink, struct sink_env *env)
{
	struct hook_report hooks[MAX_HOOKS];
	struct ledger led = { .hooks = hooks };
	struct histogram *h = histogram_new(hist_opts_groups(&env->hist));
	bool have_ledger = false;
	char line[2048];
	int ret = 0;

	if (!h)
		errx(2, "no memory");
	while (!ret && fgets(line, sizeof(line), in)) {
		if (!strncmp(line, "rec ", 4)) {
			struct pp_rec rec = parse_record(line + 4);

			ret = sink->record(env, &rec);
		} else if (!strncmp(line, "ledger ", 7)) {
			parse_ledger(&led, line + 7);
			have_ledger = true;
		} else if (!strncmp(line, "hook ", 5)) {
			if (led.nr_hooks == MAX_HOOKS)
				errx(2, "too many hooks");
			hooks[led.nr_hooks++] = parse_hook(line + 5);
		} else if (hist_line_of(sink, env, h, line, &ret)) {
			continue;
		} else if (line[0] != '#' && line[0] != '\n') {
			errx(2, "not understood: %s", line);
		}
	}
	if (!ret && have_ledger)
		ret = sink->done(env, &led);
	free(h);
	for (int i = 0; i < led.nr_hooks; i++) {
		free(*hooks[i].role ? (char *)hooks[i].role : NULL);
		free(*hooks[i].hook ? (char *)hooks[i].hook : NULL);
		free(strcmp(hooks[i].backend, "-") ? (char *)hooks[i].backend : NULL);
		free(*hooks[i].why ? (char *)hooks[i].why : NULL);
	}
	return ret ? ret : fflush(env->out) ? -errno : 0;
}

int main(int argc, char **argv)
{
	struct sink_env env = {
		.out = stdout, .err = stdout, .utc = true, .stages_served = STAGES_BUT_XDP,
		.wall_offset_ns = WALL_BASE - MONO_BASE, .dev_name = dev_name,
		.reason_name = reason_name, .comm_name = comm_name, .cgroup_path = cgroup_path,
		.hist = { .groups = 4, .worst = 1, .wire = true },
	};
	const struct sink *sink = sink_find("text");
	int c, ret;

	signal(SIGPIPE, SIG_IGN);
	while ((c = getopt(argc, argv, "s:w:h:S:cvqlaxdb:g:k:t:muI:")) != -1) {
		switch (c) {
		case 's':
			sink = sink_find(optarg);
			break;
		case 'w':
			env.width = (int)number(optarg);
			break;
		case 'h':
			env.height = (int)number(optarg);
			break;
		case 'S':
			env.stages_served = parse_stages(optarg);
			break;
		case 'c':
			env.colour = true;
			break;
		case 'v':
			env.verbose = true;
			break;
		case 'q':
			env.quiet = true;
			break;
		case 'l':
			env.line_buffered = true;
			break;
		case 'a':
			env.ascii = true;
			break;
		case 'd':
			env.any_dev = true;
			break;
		default:
			if (xdp_option(&env, c) || hist_option(&env.hist, c))
				break;
			return 2;
		}
	}
	if (!sink)
		errx(2, "no such sink");
	ret = sink->begin(&env);
	if (!ret)
		ret = replay(stdin, sink, &env);
	sink->free(&env);
	if (ret)
		fprintf(stderr, "%s\n", strerrorname_np(-ret));
	return ret ? 1 : 0;
}
