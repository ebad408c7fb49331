// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include <math.h>
#include <stdio.h>
#include "bench/run_show.h"
#include "bench/show_json.h"
#include "bench/show_text.h"
#include "text/format.h"
#include "text/line.h"

static void print_cost(const struct run_result *r)
{
	char buf[96];

	printf("delivered    %s over %.1f s\n", text_rate(buf, &r->pps), r->seconds);
	printf("CPU          %s ns a packet\n", text_estimate(buf, &r->ns, 1, 1));
	printf("  generator    %s\n", text_estimate(buf, &r->gen, 1, 1));
	printf("  driver, NAPI %s\n", text_estimate(buf, &r->driver, 1, 1));
	printf("  program      %s beyond an empty one\n", text_estimate(buf, &r->prog, 1, 1));
}

static void print_latency(const struct run_result *r)
{
	static const char *const names[] = { QUANTILES(QUANTILE_LABEL) };
	char buf[FMT_MAX];
	int i;

	if (!r->nr_latencies) {
		printf("latency      not measured\n");
		return;
	}
	printf("latency     ");
	for (i = 0; i < QUANTILE_NR; i++)
		printf(" %s %s", names[i], isnan(r->latency[i]) ? "-" :
		       fmt_duration(buf, (uint64_t)r->latency[i], FMT_LONG));
	printf(" (%zu sampled)\n", r->nr_latencies);
}

static int run_text(const struct run_result *r)
{
	text_head(&r->b->o, r->b->o.specs[0].label);
	if (!r->no_rate) {
		print_cost(r);
		print_latency(r);
	}
	text_books(&r->books);
	text_cpus(r->use, r->nr_use);
	text_env(&r->b->machine);
	return file_flush(stdout);
}
static void add_latency(yyjson_mut_doc *d, yyjson_mut_val *root, const struct run_result *r)
{
	static const char *const keys[] = { QUANTILES(QUANTILE_KEY) };
	yyjson_mut_val *v;
	int i;

	if (r->no_rate || !r->nr_latencies) {
		yyjson_mut_obj_add_null(d, root, "latency_ns");
		return;
	}
	v = yyjson_mut_obj_add_obj(d, root, "latency_ns");
	for (i = 0; i < QUANTILE_NR; i++)
		json_real(d, v, keys[i], r->latency[i]);
	yyjson_mut_obj_add_uint(d, v, "samples", r->nr_latencies);
}

static void add_rate(yyjson_mut_doc *d, yyjson_mut_val *root, const struct run_result *r)
{
	static const struct estimate none;
	bool good = !r->no_rate;

	json_no_rate(d, root, r->no_rate);
	json_real(d, root, "seconds", r->seconds);
	json_estimate(d, root, "delivered_pps", good ? &r->pps : &none);
	json_estimate(d, root, "cpu_ns", good ? &r->ns : &none);
	json_estimate(d, root, "generator_ns", good ? &r->gen : &none);
	json_estimate(d, root, "driver_ns", good ? &r->driver : &none);
	json_estimate(d, root, "program_ns", good ? &r->prog : &none);
}

static int run_json(const struct run_result *r)
{
	yyjson_mut_doc *d = json_begin(r->b, "run");
	yyjson_mut_val *root = d ? yyjson_mut_doc_get_root(d) : NULL;

	if (root) {
		yyjson_mut_obj_add_strcpy(d, root, "program", r->b->o.specs[0].label);
		add_rate(d, root, r);
		add_latency(d, root, r);
		json_books(d, root, &r->books);
		json_cpus(d, root, r->use, r->nr_use);
	}
	return json_end(d);
}

int run_show(const struct run_result *r)
{
	return r->b->o.json ? run_json(r) : run_text(r);
}
