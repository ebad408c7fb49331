// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * Options of the tracing commands, by their rows: words that people type and what becomes of them,
 * and words that are refused with one line that names the option. tests/unit/base/test_numbers.c
 * has those of plain numbers.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/exit.h"
#include "cmd/options.h"
#include "serve/serve.h"
#include "unit.h"

#define LEN(a) (sizeof(a) / sizeof((a)[0]))
#define MS 1000000ull

struct try {
	struct serve_opts so;	/* begins with struct opts */
	char said[4096];	/* on standard error */
	int ret;
};

/* One option with one word, given to a command that has it. */
static void try_option(struct try *t, uint32_t bit, const char *option, const char *word)
{
	const struct command command = { .bit = bit, .rows = run_options };
	char text[600], *argv[] = { "pktpath x", text, NULL };
	int saved = dup(STDERR_FILENO);
	FILE *f = tmpfile();
	size_t n;

	assert_non_null(f);
	memset(t, 0, sizeof(*t));
	snprintf(text, sizeof(text), "--%s=%s", option, word);
	fflush(stderr);
	dup2(fileno(f), STDERR_FILENO);
	t->ret = opts_parse(&command, 2, argv, &t->so);
	fflush(stderr);
	dup2(saved, STDERR_FILENO);
	close(saved);
	rewind(f);
	n = fread(t->said, 1, sizeof(t->said) - 1, f);
	t->said[n] = 0;
	fclose(f);
}

static void refused(uint32_t bit, const char *option, const char *const *words, size_t nr)
{
	char name[64];
	struct try t;
	size_t i;

	assert_true(nr >= 20);
	snprintf(name, sizeof(name), "pktpath: --%s", option);
	for (i = 0; i < nr; i++) {
		char *end;

		try_option(&t, bit, option, words[i]);
		end = strchr(t.said, '\n');
		if (t.ret != EXIT_USAGE || strncmp(t.said, name, strlen(name)) != 0 || !end ||
		    end[1])
			fail_msg("--%s '%s' gives %d, '%s'", option, words[i], t.ret, t.said);
	}
}

static void test_sample(void **state)
{
	static const struct {
		const char *word;
		uint32_t n;
		bool packets;
	} good[] = {
		{ "1/1", 1, false }, { "1/2", 2, false }, { "1/4", 4, false }, { "1/8", 8, false },
		{ "1/10", 10, false }, { "1/16", 16, false }, { "1/100", 100, false },
		{ "1/128", 128, false }, { "1/1000", 1000, false }, { "1/1000000", 1000000, false },
		{ "1/1k", 1000, false }, { "1/10k", 10000, false }, { "1/1M", 1000000, false },
		{ "50%", 2, false }, { "10%", 10, false }, { "1%", 100, false },
		{ "0.1%", 1000, false }, { "1/2,packet", 2, true }, { "1/10,packet", 10, true },
		{ "1/1000,packet", 1000, true }, { "1%,packet", 100, true },
	};
	static const char *const bad[] = {
		"", "0", "1", "3", "10", "1/", "/1", "1/0", "2/3", "10/1", "1/-1", "1/1.5", "1/x",
		"1/2000000", "1/10,", "1/10,flow", "1/10,packets", ",packet", "1/10,packet,packet",
		"3%", "101%", "0%", "1/ 10", "0.1",
		"1/0000000000000000000000000000000000000000000000000000000000000000000001",
	};
	struct try t;
	size_t i;

	for (i = 0; i < LEN(good); i++) {
		try_option(&t, CMD_TRACE, "sample", good[i].word);
		if (t.ret != OPTS_READ || t.so.o.tracer.sample != good[i].n ||
		    t.so.o.tracer.sample_packets != good[i].packets || *t.said)
			fail_msg("'%s': %d, 1/%u '%s'", good[i].word, t.ret, t.so.o.tracer.sample,
				 t.said);
	}
	assert_true(LEN(good) >= 20);
	refused(CMD_TRACE, "sample", bad, LEN(bad));
}

static void test_slow(void **state)
{
	static const struct {
		const char *word;
		unsigned int row;
		uint64_t ns;
	} good[] = {
		{ "1ms", PP_H_TOTAL, MS }, { "500us", PP_H_TOTAL, MS / 2 },
		{ "1.5ms", PP_H_TOTAL, 3 * MS / 2 }, { "250µs", PP_H_TOTAL, MS / 4 },
		{ "100ns", PP_H_TOTAL, 100 }, { "2s", PP_H_TOTAL, 2000 * MS },
		{ "0.5s", PP_H_TOTAL, 500 * MS }, { "total=1ms", PP_H_TOTAL, MS },
		{ "irq=10us", PP_ST_IRQ, 10000 }, { "napi=10us", PP_ST_NAPI, 10000 },
		{ "softirq=50us", PP_ST_SOFTIRQ, 50000 }, { "poll=1ms", PP_ST_POLL, MS },
		{ "gro=20us", PP_ST_GRO, 20000 }, { "backlog=1ms", PP_ST_BACKLOG, MS },
		{ "netif=5us", PP_ST_NETIF, 5000 }, { "ip=5us", PP_ST_IP, 5000 },
		{ "local=.5ms", PP_ST_LOCAL, MS / 2 }, { "l4=5us", PP_ST_L4, 5000 },
		{ "sock=10ms", PP_ST_SOCK, 10 * MS }, { "wake=500us", PP_ST_WAKE, MS / 2 },
		{ "run=1ms", PP_ST_RUN, MS },
	};
	static const char *const bad[] = {
		"", "5", "0.5", "0ms", "-1ms", "+1ms", "1 ms", " 1ms", "1m", "1h", "1msec", "ms",
		"sock", "sock=", "sock=5", "=1ms", "nosuch=1ms", "Sock=1ms", "sock=1ms,run=1ms",
		"sock==1ms", "1ms=sock", "1e9s", "999999999s", "1ms2ms",
	};
	struct try t;
	size_t i;

	for (i = 0; i < LEN(good); i++) {
		try_option(&t, CMD_TRACE, "slow", good[i].word);
		if (t.ret != OPTS_READ || !t.so.o.tracer.slow_any || *t.said ||
		    t.so.o.tracer.slow[good[i].row] != good[i].ns ||
		    t.so.o.tracer.slow[PP_ST_HELD] != UINT64_MAX)
			fail_msg("'%s': %d '%s'", good[i].word, t.ret, t.said);
	}
	assert_true(LEN(good) >= 20);
	refused(CMD_TRACE, "slow", bad, LEN(bad));
}

static void test_stages(void **state)
{
	static const struct {
		const char *word;
		uint32_t mask;
	} good[] = {
		{ "irq", 1u << PP_ST_IRQ }, { "napi", 1u << PP_ST_NAPI },
		{ "softirq", 1u << PP_ST_SOFTIRQ }, { "poll", 1u << PP_ST_POLL },
		{ "xdp", 1u << PP_ST_XDP }, { "gro", 1u << PP_ST_GRO },
		{ "batch", 1u << PP_ST_BATCH }, { "flush", 1u << PP_ST_FLUSH },
		{ "backlog", 1u << PP_ST_BACKLOG }, { "netif", 1u << PP_ST_NETIF },
		{ "ip", 1u << PP_ST_IP }, { "forward", 1u << PP_ST_FORWARD },
		{ "local", 1u << PP_ST_LOCAL }, { "l4", 1u << PP_ST_L4 },
		{ "ooo", 1u << PP_ST_OOO }, { "sock", 1u << PP_ST_SOCK },
		{ "read", 1u << PP_ST_READ }, { "total", 1u << PP_H_TOTAL },
		{ "sock,run", 1u << PP_ST_SOCK | 1u << PP_ST_RUN },
		{ "sock,sock", 1u << PP_ST_SOCK },
		{ "irq,total,l4", 1u << PP_ST_IRQ | 1u << PP_H_TOTAL | 1u << PP_ST_L4 },
	};
	static const char *const bad[] = {
		"", ",", "sock,", ",sock", "sock,,run", "Sock", "SOCK", "socks", "soc", "sock ",
		" sock", "sock, run", "sock;run", "sock run", "sock+run", "all", "none", "1", "-1",
		"nosuch", "sock,nosuch", "sock=1ms", "*",
	};
	struct try t;
	size_t i;

	for (i = 0; i < LEN(good); i++) {
		try_option(&t, CMD_HIST, "stage", good[i].word);
		if (t.ret != OPTS_READ || t.so.o.hist.stages != good[i].mask || *t.said)
			fail_msg("'%s': %d %x '%s'", good[i].word, t.ret, t.so.o.hist.stages,
				 t.said);
	}
	assert_true(LEN(good) >= 20);
	refused(CMD_HIST, "stage", bad, LEN(bad));
}

static void test_pid(void **state)
{
	static const char *const bad[] = {
		"", "0", "00", "-1", "+1", " 1", "1 ", "1.5", "x", "1x", "0x10", "1k", "4K", "1e3",
		"self", "1,2", "1/2", "2147483648", "4294967297", "18446744073709551616", "$$",
	};
	uint32_t pid;
	char word[16];
	struct try t;

	for (pid = 1; pid < INT32_MAX / 3; pid = 3 * pid + 1) {
		snprintf(word, sizeof(word), "%u", pid);
		try_option(&t, CMD_TRACE, "pid", word);
		assert_int_equal(OPTS_READ, t.ret);
		assert_int_equal(pid, t.so.o.tracer.reader_pid);
	}
	refused(CMD_TRACE, "pid", bad, LEN(bad));
}

static void test_comm(void **state)
{
	static const char *const good[] = {
		"nginx", "sshd", "a", "15-bytes-at-max", "with space", "iperf3", "java",
		"ksoftirqd/0",
		"kworker/0:1", "(sd-pam)", "1", "-", "Web Content", "redis-server", "postgres",
		"python3", "node", "µ", "x=y", "nc",
	};
	/* The kernel keeps 15 bytes of a name: none of these can be one. */
	static const char *const bad[] = {
		"", "sixteen-bytes-xx", "/usr/sbin/nginx -g", "nginx: worker process",
		"gnome-session-binary", "systemd-networkd", "NetworkManager --no-daemon",
		"postgres: walwriter", "containerd-shim-runc-v2", "µµµµµµµµ",
		"                ", "/usr/bin/python3", "java -jar server.jar", "chromium-browser",
		"redis-server *:6379",
		"a,b,c,d,e,f,g,h,i", "nginx|apache|caddy", "ffffffffffffffffffff",
		"kworker/u257:123-events", "memcached -u nobody",
	};
	struct try t;
	size_t i;

	for (i = 0; i < LEN(good); i++) {
		try_option(&t, CMD_DROPS, "comm", good[i]);
		assert_int_equal(OPTS_READ, t.ret);
	}
	for (i = 0; i < LEN(bad); i++) {
		try_option(&t, CMD_DROPS, "comm", bad[i]);
		assert_int_equal(EXIT_USAGE, t.ret);
	}
}

/* Each word of a choice is taken by its number; hardly anything else is. */
static void test_choices(void **state)
{
	static const struct {
		const char *option, *word;
		uint32_t bit;
		size_t at;
		unsigned int value;
	} good[] = {
#define IN(bit, option, word, field, value)                                                        \
	{ option, word, bit, offsetof(struct try, field), value }
		IN(CMD_HIST, "by", "dev", so.o.hist.by, PP_BY_DEV),
		IN(CMD_HIST, "by", "queue", so.o.hist.by, PP_BY_QUEUE),
		IN(CMD_HIST, "by", "cpu", so.o.hist.by, PP_BY_CPU),
		IN(CMD_HIST, "by", "proto", so.o.hist.by, PP_BY_PROTO),
		IN(CMD_HIST, "by", "port", so.o.hist.by, PP_BY_PORT),
		IN(CMD_HIST, "by", "verdict", so.o.hist.by, PP_BY_VERDICT),
		IN(CMD_HIST, "by", "pid", so.o.hist.by, PP_BY_PID),
		IN(CMD_HIST, "by", "cgroup", so.o.hist.by, PP_BY_CGROUP),
		IN(CMD_SERVE, "by", "none", so.by, PP_BY_NONE),
		IN(CMD_SERVE, "by", "dev", so.by, PP_BY_DEV),
		IN(CMD_SERVE, "by", "verdict", so.by, PP_BY_VERDICT),
		IN(CMD_TRACE, "backend", "auto", so.o.tracer.force, BE_NONE),
		IN(CMD_COST, "backend", "fentry", so.o.tracer.force, BE_FENTRY),
		IN(CMD_SERVE, "backend", "kprobe", so.o.tracer.force, BE_KPROBE),
		IN(CMD_PROBES, "backend", "kprobe.multi", so.o.tracer.force, BE_KMULTI),
		IN(CMD_TRACE, "color", "auto", so.o.colour, COLOUR_AUTO),
		IN(CMD_HIST, "color", "always", so.o.colour, COLOUR_ALWAYS),
		IN(CMD_DROPS, "color", "never", so.o.colour, COLOUR_NEVER),
		IN(CMD_TRACE, "xdp", "auto", so.o.tracer.xdp, XDP_AUTO),
		IN(CMD_TRACE, "xdp", "native", so.o.tracer.xdp, XDP_NATIVE),
		IN(CMD_HIST, "xdp", "generic", so.o.tracer.xdp, XDP_GENERIC),
	};
	static const char *const bad[] = {
		"", "none", "Dev", "DEV", "device", "de", "dev ", " dev", "dev,queue", "interface",
		"eth0", "colour", "0", "1", "-1", "*", "any", "all", "?", "udp", "process",
	};
	struct try t;
	size_t i;

	for (i = 0; i < LEN(good); i++) {
		unsigned int value;

		try_option(&t, good[i].bit, good[i].option, good[i].word);
		memcpy(&value, (char *)&t + good[i].at, sizeof(value));
		if (t.ret != OPTS_READ || value != good[i].value || *t.said)
			fail_msg("--%s %s: %d %u '%s'", good[i].option, good[i].word, t.ret, value,
				 t.said);
	}
	assert_true(LEN(good) >= 20);
	refused(CMD_HIST, "by", bad, LEN(bad));
	refused(CMD_TRACE, "backend", bad, LEN(bad));
	refused(CMD_TRACE, "xdp", bad, LEN(bad));
	try_option(&t, CMD_SERVE, "by", "pid");
	assert_non_null(strstr(t.said, "--by pid: its values come and go"));
}

static void test_sizes_are_rounded_up(void **state)
{
	static const struct {
		const char *word;
		uint32_t records;
		const char *said;
	} good[] = {
		{ "1024", 1024, "" }, { "64K", 65536, "" }, { "512K", 524288, "" },
		{ "1", 0, NULL }, { "513", 1024, "513: rounded up to 1024, a power of two" },
		{ "1000", 1024, "1000: rounded up to 1024," },
		{ "1025", 2048, "rounded up to 2048" },
		{ "50K", 65536, "50K: rounded up to 65536," }, { "524289", 0, NULL },
		{ "0", 0, NULL }, { "1M", 0, NULL }, { "99999999999999999999", 0, NULL },
	};
	struct try t;
	size_t i;

	for (i = 0; i < LEN(good); i++) {
		try_option(&t, CMD_PROBES, "records", good[i].word);
		if (good[i].said) {
			assert_int_equal(OPTS_READ, t.ret);
			assert_int_equal(good[i].records, t.so.o.tracer.records);
			assert_true(*good[i].said ? !!strstr(t.said, good[i].said) : !*t.said);
		} else {
			assert_int_equal(EXIT_USAGE, t.ret);
			assert_non_null(strstr(t.said, "give a power of two from 1024 to 524288"));
		}
	}
}

/* What rows say of themselves holds together. */
static void test_rows(void **state)
{
	const struct option_row *row, *other;
	char text[OPTION_TEXT];
	uint32_t bits = 0;

	for (row = run_options; row->name; row++) {
		bits |= row->commands;
		assert_true(row->commands && row->help && strlen(row->name) > 1);
		assert_true(!row->arg == (row->type == OPT_FLAG || row->type == OPT_IGNORED));
		assert_true((row->type == OPT_OWN) == !!row->parse);
		assert_true((row->type == OPT_CHOICE) == !!row->choice);
		if (row->max)
			assert_in_range(row->preset, row->min, row->max);
		if (row->type == OPT_SIZE)
			assert_true(row->preset && !(row->preset & (row->preset - 1)));
		if (row->choice)
			assert_true(*option_choices(text, row, false, ",", ","));
		for (other = row + 1; other->name; other++) {
			if (!(other->commands & row->commands))
				continue;
			assert_string_not_equal(row->name, other->name);
			assert_true(!row->letter || row->letter != other->letter);
		}
	}
	assert_int_equal(CMD_BENCH - 1, bits);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sample),
		cmocka_unit_test(test_slow),
		cmocka_unit_test(test_stages),
		cmocka_unit_test(test_pid),
		cmocka_unit_test(test_comm),
		cmocka_unit_test(test_choices),
		cmocka_unit_test(test_sizes_are_rounded_up),
		cmocka_unit_test(test_rows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
