// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* line.c: columns, colours, flows that adapt to the room, and errors of the stream. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>
#include "unit.h"
#include "text/flow.h"
#include "text/line.h"

static const char *text(struct line *l)
{
	l->buf[l->len] = '\0';
	return l->buf;
}

static void test_columns(void **state)
{
	static struct line l;

	line_start(&l);
	line_add(&l, BOLD, "µs");
	line_to(&l, 4);
	line_right(&l, 10, RED, "1.2µ");
	assert_int_equal(l.cols, 10);
	assert_string_equal(text(&l), "µs    1.2µ");
	line_right(&l, 5, PLAIN, "!");
	assert_int_equal(l.cols, 11);
	assert_int_equal(text_cols("…█▏"), 3);
}

static void test_colour_takes_no_column(void **state)
{
	static struct line l = { .colour = true };

	line_start(&l);
	line_add(&l, RED, "no");
	line_add(&l, GREEN, "");
	assert_int_equal(l.cols, 2);
	assert_string_equal(text(&l), "\033[1;31mno\033[0m");
}

/* An endless line is cut between characters, with its colour closed. */
static void test_overflow(void **state)
{
	static struct line l = { .colour = true };
	size_t len;

	line_start(&l);
	for (int i = 0; i < 5000; i++)
		line_add(&l, RED, "€");
	len = l.len;
	assert_in_range(len, 4000, sizeof(l.buf) - 2);
	assert_memory_equal(l.buf + len - 4, "\033[0m", 4);
	line_add(&l, PLAIN, "more");
	assert_in_range(l.len, len, sizeof(l.buf) - 2);
	l.colour = false;
	line_start(&l);
	for (int i = 0; i < 5000; i++)
		line_add(&l, PLAIN, "0123456789€");
	assert_in_range(l.len, 4000, sizeof(l.buf) - 2);
}

static struct pp_rec record(int family, const char *saddr, const char *daddr)
{
	struct pp_rec rec = { .eth_proto = family == AF_INET ? 0x0800 : 0x86dd, .l4_proto = 17,
			      .sport = htons(40000), .dport = htons(5000) };

	assert_int_equal(inet_pton(family, saddr, rec.saddr), 1);
	assert_int_equal(inet_pton(family, daddr, rec.daddr), 1);
	return rec;
}

static const char *flow(struct line *l, const struct pp_rec *rec, int cols)
{
	line_start(l);
	flow_add(l, rec, cols);
	return text(l);
}

static void test_flow(void **state)
{
	struct pp_rec v4 = record(AF_INET, "10.77.0.1", "10.77.0.2");
	struct pp_rec v6 = record(AF_INET6, "fd77::1", "2001:db8::2");
	static struct line l;

	assert_string_equal(flow(&l, &v4, 0), "udp  10.77.0.1:40000 > 10.77.0.2:5000");
	assert_int_equal(flow_cols(&v4), l.cols);
	assert_string_equal(flow(&l, &v6, 0), "udp  [fd77::1]:40000 > [2001:db8::2]:5000");
	assert_int_equal(flow_cols(&v6), l.cols);
	v4.l4_proto = 1;
	assert_string_equal(flow(&l, &v4, 0), "icmp 10.77.0.1 > 10.77.0.2");
	v6.l4_proto = 58;
	assert_string_equal(flow(&l, &v6, 0), "icmp6 fd77::1 > 2001:db8::2");
	v4.eth_proto = 0x0806;
	v4.l4_proto = 0;
	assert_string_equal(flow(&l, &v4, 0), "arp  10.77.0.1 > 10.77.0.2");
	memset(v4.saddr, 0, 4);
	memset(v4.daddr, 0, 4);
	assert_string_equal(flow(&l, &v4, 0), "arp ");
	v4.eth_proto = 0x88cc;
	assert_string_equal(flow(&l, &v4, 0), "eth:0x88cc");
	assert_int_equal(flow_cols(&v4), 10);
}

static void test_flow_is_cut_to_fit(void **state)
{
	struct pp_rec rec = record(AF_INET6, "2001:db8:1234:5678:9abc:def0:1234:5678", "fd77::1");
	static struct line l;

	flow(&l, &rec, 0);
	assert_int_equal(l.cols, flow_cols(&rec));
	for (int cols = flow_cols(&rec); cols >= 36; cols--) {
		flow(&l, &rec, cols);
		assert_int_equal(l.cols, cols);
	}
	assert_string_equal(flow(&l, &rec, 45), "udp  [2001:db…34:5678]:40000 > [fd77::1]:5000");
	/* Never below 6 characters of an address, and ports always whole. */
	assert_string_equal(flow(&l, &rec, 10), "udp  [200…78]:40000 > [fd7…:1]:5000");
	l.ascii = true;
	assert_string_equal(flow(&l, &rec, 45), "udp  [2001:db..4:5678]:40000 > [fd77::1]:5000");
}

static void test_write_errors(void **state)
{
	static struct line l;
	FILE *f = fopen("/dev/full", "w");
	int fd[2];

	assert_non_null(f);
	line_start(&l);
	line_add(&l, PLAIN, "text   ");
	assert_int_equal(line_write(&l, f), 0);
	assert_int_equal(file_flush(f), -ENOSPC);
	fclose(f);

	signal(SIGPIPE, SIG_IGN);
	assert_int_equal(pipe(fd), 0);
	close(fd[0]);
	f = fdopen(fd[1], "w");
	assert_non_null(f);
	setvbuf(f, NULL, _IONBF, 0);
	line_start(&l);
	line_add(&l, PLAIN, "text");
	assert_int_equal(line_write(&l, f), -EPIPE);
	fclose(f);
}

static void test_write_strips_trailing_space(void **state)
{
	static struct line l;
	char got[32] = "";
	FILE *f = fmemopen(got, sizeof(got), "w");

	assert_non_null(f);
	line_start(&l);
	line_add(&l, PLAIN, "a b  ");
	assert_int_equal(line_write(&l, f), 0);
	line_start(&l);
	assert_int_equal(line_write(&l, f), 0);
	fclose(f);
	assert_string_equal(got, "a b\n\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_columns),
		cmocka_unit_test(test_colour_takes_no_column),
		cmocka_unit_test(test_overflow),
		cmocka_unit_test(test_flow),
		cmocka_unit_test(test_flow_is_cut_to_fit),
		cmocka_unit_test(test_write_errors),
		cmocka_unit_test(test_write_strips_trailing_space),
	};

	return cmocka_run_group_tests_name("line", tests, NULL, NULL);
}
