// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include <errno.h>
#include <linux/magic.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include "base/log.h"
#include "cmd/options.h"
#include "tables.h"

#define SECONDS_MAX (365 * 86400.0)
#define SAMPLE_MAX  1000000u

/* All digits, in range: strtoull() alone takes "-1" and " 7". */
static int parse_u64(const char *word, uint64_t *out)
{
	char *end;

	if (!*word || strspn(word, "0123456789") != strlen(word))
		return -EINVAL;
	errno = 0;
	*out = strtoull(word, &end, 10);
	return errno ? -ERANGE : 0;
}

int parse_count(const char *option, const char *word, uint64_t *out)
{
	int err = parse_u64(word, out);

	if (!err && *out)
		return 0;
	log_err("%s %s: %s (give a whole number from 1 to %llu)", option, word,
		err == -ERANGE ? "too large" : "not a count", ~0ull);
	return -1;
}

int parse_seconds(const char *option, const char *word, uint64_t *out_ns)
{
	char *end;
	double s = strtod(word, &end);

	if (*word && !*end && strspn(word, "0123456789.") == strlen(word) && isfinite(s) &&
	    s > 0 && s <= SECONDS_MAX) {
		*out_ns = (uint64_t)(s * 1e9);
		if (*out_ns)
			return 0;
	}
	log_err("%s %s: not a time (give seconds above 0, at most a year, such as 2.5)", option,
		word);
	return -1;
}

int parse_size(const char *option, const char *word, uint32_t min, uint32_t max, uint32_t *out)
{
	uint64_t v;

	if (!parse_u64(word, &v) && v >= min && v <= max && !(v & (v - 1))) {
		*out = v;
		return 0;
	}
	log_err("%s %s: not a size (give a power of two from %u to %u)", option, word, min, max);
	return -1;
}

int parse_pid(const char *word, uint32_t *out)
{
	uint64_t v;

	if (!parse_u64(word, &v) && v && v <= INT32_MAX) {
		*out = v;
		return 0;
	}
	log_err("--pid %s: not a process number (ps lists them)", word);
	return -1;
}

int parse_comm(const char *word, const char **out)
{
	*out = word;
	if (*word && strlen(word) < PP_COMM_LEN)
		return 0;
	log_err("--comm %s: not a process name (give 1 to %d bytes, as in /proc/PID/comm)", word,
		PP_COMM_LEN - 1);
	return -1;
}

int parse_cgroup(const char *word, const char **out)
{
	struct statfs fs;
	struct stat st;

	*out = word;
	if (stat(word, &st) || statfs(word, &fs)) {
		log_err("--cgroup %s: %s", word, strerror(errno));
		return -1;
	}
	if (S_ISDIR(st.st_mode) && fs.f_type == CGROUP2_SUPER_MAGIC)
		return 0;
	log_err("--cgroup %s: not a control group (give a directory of the cgroup2 file system)",
		word);
	return -1;
}

int parse_sample(const char *word, struct opts *o)
{
	size_t digits = strspn(word, "1/") == 2 ? strspn(word + 2, "0123456789") : 0;
	const char *rest = word + 2 + digits;
	char number[16];

	if (!strncmp(word, "1/", 2) && digits && digits < sizeof(number) &&
	    (!*rest || !strcmp(rest, ",packet"))) {
		snprintf(number, sizeof(number), "%.*s", (int)digits, word + 2);
		o->sample_packets = *rest;
		if (!parse_u64(number, &o->sample) && o->sample && o->sample <= SAMPLE_MAX)
			return 0;
	}
	log_err("--sample %s: not a share (give 1/N, N from 1 to %u, for flows, or "
		"1/N,packet)", word, SAMPLE_MAX);
	return -1;
}

int parse_budget(const char *word, double *out)
{
	char *end;
	double p = strtod(word, &end);

	if (*word && strspn(word, "0123456789.%") == strlen(word) && (!*end || !strcmp(end, "%")) &&
	    p > 0 && p <= 100) {
		*out = p / 100;
		return 0;
	}
	log_err("--overhead-budget %s: not a share (give percent of one CPU, above 0, at most 100, "
		"such as 2%%)", word);
	return -1;
}

int parse_backend(const char *word, struct opts *o)
{
	int be = backend_parse(word);

	if (be >= 0 && be != BE_TP) {
		o->backend = be;
		return 0;
	}
	log_err("--backend %s: no such backend (auto, fentry, kprobe.multi or kprobe; tracepoints "
		"are used in any case)", word);
	return -1;
}

static int parse_colour(const char *word, struct opts *o)
{
	if (!strcmp(word, "auto"))
		o->colour = COLOUR_AUTO;
	else if (!strcmp(word, "always"))
		o->colour = COLOUR_ALWAYS;
	else if (!strcmp(word, "never"))
		o->colour = COLOUR_NEVER;
	else {
		log_err("--color %s: not a choice (auto, always or never)", word);
		return -1;
	}
	return 0;
}

static int parse_xdp(const char *word, enum xdp_want *out)
{
	if (!word || !strcmp(word, "auto"))
		*out = XDP_AUTO;
	else if (!strcmp(word, "native"))
		*out = XDP_NATIVE;
	else if (!strcmp(word, "generic"))
		*out = XDP_GENERIC;
	else {
		log_err("--xdp=%s: not a choice (native, generic or auto)", word);
		return -1;
	}
	return 0;
}

/* What can be said once all options are read. */
static int finish_options(struct opts *o)
{
	if (scope_resolve(&o->scope))
		return -1;
	if (o->xdp == XDP_OBSERVE || o->scope.nr)
		return 0;
	log_err("--xdp: name the interfaces to which an XDP program may be attached (-i IF)");
	return -1;
}

error_t parse_run_option(int key, char *arg, struct argp_state *state)
{
	struct opts *o = state->input;
	int bad = 0;

	switch (key) {
	case 'i': bad = scope_add(&o->scope, arg); break;
	case OPT_NETNS: o->scope.netns = arg; break;
	case OPT_SAMPLE: bad = parse_sample(arg, o); break;
	case OPT_BUDGET: bad = parse_budget(arg, &o->budget); break;
	case 'c': bad = parse_count("-c", arg, &o->count); break;
	case 'd': bad = parse_seconds("-d", arg, &o->seconds_ns); break;
	case 'j': o->json = true; break;
	case 'q': o->quiet = true; break;
	case 'v': o->verbose = true; break;
	case 'l': o->line_buffered = true; break;
	case 'n': break;
	case OPT_COLOUR: bad = parse_colour(arg, o); break;
	case OPT_BACKEND: bad = parse_backend(arg, o); break;
	case OPT_PID: bad = parse_pid(arg, &o->reader_pid); break;
	case OPT_COMM: bad = parse_comm(arg, &o->reader_comm); break;
	case OPT_CGROUP: bad = parse_cgroup(arg, &o->reader_cgroup); break;
	case OPT_RECORDS:
		bad = parse_size("--records", arg, 1024, PP_REC_MAX, &o->records);
		break;
	case OPT_RING:
		bad = parse_size("--ring", arg, 1u << 16, 1u << 30, &o->ring_bytes);
		break;
	case OPT_XDP: bad = parse_xdp(arg, &o->xdp); break;
	case ARGP_KEY_END: bad = finish_options(o); break;
	case ARGP_KEY_ARG:
		log_err("%s: unexpected word (%s --help)", arg, state->name);
		return EINVAL;
	default:
		return ARGP_ERR_UNKNOWN;
	}
	return bad ? EINVAL : 0;
}
