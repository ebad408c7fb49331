// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* pktpath trace: the live trace. Records come from the tracer and go to a sink. */
#include <argp.h>
#include <errno.h>
#include <net/if.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include "cmd.h"
#include "ifaces.h"
#include "log.h"
#include "loop.h"
#include "opts.h"
#include "out.h"
#include "reasons.h"
#include "sink.h"
#include "tables.h"
#include "tracer.h"

#define TICK_NS 50000000ull	/* how long a record may lie in the ring before it is shown */

enum { OPT_COLOUR = 256, OPT_BACKEND, OPT_RECORDS, OPT_RING };

static const struct argp_option options[] = {
	{ "interface", 'i', "IF", 0, "only packets of this interface, by name or index (default: any)", 0 },
	{ "count", 'c', "COUNT", 0, "stop after COUNT packets", 0 },
	{ "duration", 'd', "SECONDS", 0, "stop after SECONDS", 0 },
	{ "json", 'j', NULL, 0, "one JSON object per packet, the ledger last", 0 },
	{ "quiet", 'q', NULL, 0, "no header and shorter lines", 0 },
	{ "verbose", 'v', NULL, 0, "draw each packet's timeline", 0 },
	{ "line-buffered", 'l', NULL, 0, "write each line at once, even into a file", 0 },
	{ "numeric", 'n', NULL, 0, "accepted as in tcpdump; addresses are never resolved", 0 },
	{ "color", OPT_COLOUR, "WHEN", 0, "auto (default), always or never; NO_COLOR is honoured", 0 },
	{ "backend", OPT_BACKEND, "NAME", 0, "auto (default), fentry or kprobe for functions", 0 },
	{ "records", OPT_RECORDS, "N", 0, "packets that can be under way at once (default 32768)", 0 },
	{ "ring", OPT_RING, "BYTES", 0, "room for ended packets not yet shown (default 8388608)", 0 },
	{ 0 },
};

/* A run of the command. */
struct trace {
	struct opts o;
	struct sink_env env;
	const struct sink *sink;
	struct tracer *tracer;
	struct loop *loop;
	FILE *out;
	struct ledger led;
	uint64_t start_ns;
	bool vanished;
};

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

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct opts *o = state->input;
	int bad = 0;

	switch (key) {
	case 'i': bad = parse_iface(arg, o); break;
	case 'c': bad = parse_count("-c", arg, &o->count); break;
	case 'd': bad = parse_seconds("-d", arg, &o->seconds_ns); break;
	case 'j': o->json = true; break;
	case 'q': o->quiet = true; break;
	case 'v': o->verbose = true; break;
	case 'l': o->line_buffered = true; break;
	case 'n': break;
	case OPT_COLOUR: bad = parse_colour(arg, o); break;
	case OPT_BACKEND: bad = parse_backend(arg, o); break;
	case OPT_RECORDS:
		bad = parse_size("--records", arg, 1024, PP_REC_MAX, &o->records);
		break;
	case OPT_RING:
		bad = parse_size("--ring", arg, 1u << 16, 1u << 30, &o->ring_bytes);
		break;
	case ARGP_KEY_ARG:
		log_err("%s: unexpected word (pktpath trace --help)", arg);
		return EINVAL;
	default:
		return ARGP_ERR_UNKNOWN;
	}
	return bad ? EINVAL : 0;
}

static uint64_t now_ns(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return ts.tv_sec * 1000000000ull + ts.tv_nsec;
}

/* CLOCK_REALTIME minus CLOCK_MONOTONIC: of a few readings, the one that took the shortest time. */
static uint64_t wall_offset(void)
{
	uint64_t best = UINT64_MAX, offset = 0;
	int i;

	for (i = 0; i < 10; i++) {
		uint64_t before = now_ns(CLOCK_MONOTONIC), wall = now_ns(CLOCK_REALTIME);
		uint64_t took = now_ns(CLOCK_MONOTONIC) - before;

		if (took < best) {
			best = took;
			offset = wall - before - took / 2;
		}
	}
	return offset;
}

static int terminal_width(int fd)
{
	const char *columns = getenv("COLUMNS");
	struct winsize ws;

	if (isatty(fd) && !ioctl(fd, TIOCGWINSZ, &ws) && ws.ws_col)
		return ws.ws_col;
	return columns ? atoi(columns) : 0;
}

/* By the names alone: a rescue system or a container may lack the locale's files. */
static bool utf8_wanted(void)
{
	static const char *const names[] = { "LC_ALL", "LC_CTYPE", "LANG" };
	const char *value = NULL;
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]) && !(value && *value); i++)
		value = getenv(names[i]);
	return value && (strcasestr(value, "utf-8") || strcasestr(value, "utf8"));
}

static void set_env(struct trace *tr)
{
	struct sink_env *env = &tr->env;
	struct stat st;

	env->out = tr->out;
	env->err = stderr;
	env->width = terminal_width(STDOUT_FILENO);
	env->colour = tr->o.colour == COLOUR_ALWAYS ||
		      (tr->o.colour == COLOUR_AUTO && isatty(STDOUT_FILENO) && !getenv("NO_COLOR"));
	env->ascii = !utf8_wanted();
	env->verbose = tr->o.verbose;
	env->any_dev = !tr->o.ifindex;
	env->quiet = tr->o.quiet;
	/* A file gets blocks; whoever watches gets each line. */
	env->line_buffered = tr->o.line_buffered || fstat(STDOUT_FILENO, &st) || !S_ISREG(st.st_mode);
	env->wall_offset_ns = wall_offset();
	env->stages_served = tracer_plan(tr->tracer)->stages;
	env->dev_name = iface_name;
	env->reason_name = reason_name;
}

/*
 * A packet that an application read went through all of these: what is not there was missed. A
 * poll, only if a driver handed it up from one.
 */
static void count_absent(struct trace *tr, const struct pp_rec *rec)
{
	static const int must[] = { PP_ST_NETIF, PP_ST_IP, PP_ST_LOCAL, PP_ST_L4, PP_ST_SOCK };
	size_t i;

	if (rec->verdict != PP_V_DELIVERED)
		return;
	for (i = 0; i < sizeof(must) / sizeof(must[0]); i++)
		if ((tr->env.stages_served & PP_ST_BIT(must[i])) && !rec->ts[must[i]])
			tr->led.absent[must[i]]++;
	if ((tr->env.stages_served & PP_ST_BIT(PP_ST_POLL)) && rec->ts[PP_ST_GRO] &&
	    !rec->ts[PP_ST_POLL])
		tr->led.absent[PP_ST_POLL]++;
}

static int on_record(void *arg, const struct pp_rec *rec)
{
	struct trace *tr = arg;
	int err;

	iface_name(rec->ifindex);
	err = tr->sink->record(&tr->env, rec);
	if (err)
		return err;
	count_absent(tr, rec);
	tr->led.shown++;
	return tr->o.count && tr->led.shown >= tr->o.count ? LOOP_STOP : 0;
}

static int on_input(void *arg)
{
	struct trace *tr = arg;

	return tracer_consume(tr->tracer, on_record, tr);
}

static int on_tick(void *arg)
{
	struct trace *tr = arg;
	char name[IF_NAMESIZE];
	int ret = on_input(arg);

	if (!ret && tr->o.ifindex && !if_indextoname(tr->o.ifindex, name) && errno == ENXIO) {
		tr->vanished = true;
		return LOOP_STOP;
	}
	return ret;
}

/* The account so far, after the records that have ended; those that are lost stay so. */
static int show_so_far(struct trace *tr)
{
	int ret = tracer_consume(tr->tracer, on_record, tr);
	struct ledger led = tr->led;

	if (ret)
		return ret;
	led.so_far = true;
	led.duration_ns = now_ns(CLOCK_MONOTONIC) - tr->start_ns;
	ret = tracer_ledger(tr->tracer, &led);
	return ret ? ret : tr->sink->done(&tr->env, &led);
}

static int on_signal(void *arg, int signo)
{
	return signo == SIGUSR1 ? show_so_far(arg) : LOOP_STOP;
}

static int on_deadline(void *arg)
{
	return LOOP_STOP;
}

static int fetch_ledger(struct trace *tr)
{
	struct ledger *led = &tr->led;

	tracer_stop(tr->tracer);
	if (!tr->o.count || led->shown < tr->o.count) {
		int ret = tracer_consume(tr->tracer, on_record, tr);

		if (ret < 0)
			return ret;
	}
	led->duration_ns = now_ns(CLOCK_MONOTONIC) - tr->start_ns;
	return tracer_ledger(tr->tracer, led);
}

static int run(struct trace *tr)
{
	static const struct loop_calls calls = { on_input, on_tick, on_signal, on_deadline, TICK_NS, 0 };
	struct loop_calls c = calls;
	int err;

	c.deadline_ns = tr->o.seconds_ns;
	err = tr->sink->begin(&tr->env);
	if (err)
		return err;
	tracer_enable(tr->tracer);
	log_note("listening on %s (Ctrl-C ends)", tr->o.ifname ? tr->o.ifname : "any interface");
	tr->start_ns = now_ns(CLOCK_MONOTONIC);
	err = loop_run(tr->loop, tracer_fd(tr->tracer), &c, tr);
	if (err)
		return err;
	err = fetch_ledger(tr);
	if (!err)
		err = tr->sink->done(&tr->env, &tr->led);
	return err;
}

static int trace(struct trace *tr)
{
	struct tracer_opts to = { .ifindex = tr->o.ifindex, .force = tr->o.backend,
				  .records = tr->o.records, .ring_bytes = tr->o.ring_bytes };
	int err;

	err = loop_new(&tr->loop);
	if (!err) {
		tr->out = out_open(STDOUT_FILENO);
		err = tr->out ? 0 : -errno;
	}
	if (err) {
		log_err("cannot start: event loop: %s", strerror(-err));
		return EXIT_RUNTIME;
	}
	if (tracer_new(&tr->tracer, &to))
		return EXIT_RUNTIME;
	reasons_load();
	set_env(tr);
	tr->sink = sink_find(tr->o.json ? "json" : "text");
	err = run(tr);
	if (err == -EPIPE)	/* the reader went away (| head): it has what it wanted */
		return EXIT_OK;
	if (err) {
		log_err("cannot write: standard output: %s", err == -EINTR ?
			"ended while its reader did not read, so not all was shown" : strerror(-err));
		return EXIT_RUNTIME;
	}
	if (tr->vanished) {
		log_err("-i %s: the interface disappeared", tr->o.ifname);
		return EXIT_RUNTIME;
	}
	return EXIT_OK;
}

int cmd_trace(int argc, char **argv)
{
	static const struct argp argp = { options, parse, NULL,
		"Show every received packet as one timeline, from the interrupt to the reader. Runs until "
		"Ctrl-C, COUNT packets or SECONDS.", NULL, NULL, NULL };
	struct trace tr = { .o = { .records = TRACER_RECORDS, .ring_bytes = TRACER_RING } };
	int ret;

	if (opts_parse(&argp, argc, argv, &tr.o))
		return EXIT_USAGE;
	ret = check_kernel();
	if (ret)
		return ret;
	ret = trace(&tr);
	tracer_free(tr.tracer);
	if (tr.sink)
		tr.sink->free(&tr.env);
	if (tr.out)
		fclose(tr.out);
	loop_free(tr.loop);
	reasons_free();
	return ret;
}
