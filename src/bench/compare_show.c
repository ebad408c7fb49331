// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include <stdio.h>
#include "bench/compare_show.h"
#include "bench/show_json.h"
#include "bench/show_text.h"
#include "text/format.h"
#include "text/line.h"

static const char *finding(const struct compare_result *c)
{
	switch (judge(&c->call)) {
	case FIND_FASTER:
		return "faster";
	case FIND_SLOWER:
		return "slower";
	default:
		return "no difference";
	}
}

static int compare_text(const struct compare_result *c)
{
	bool called = judge(&c->call) != FIND_NONE;
	char buf[80];
	int i;

	text_head(&c->b->o, "compare");
	for (i = 0; i < 2; i++)
		printf("%c  %-24s %s ns of CPU a packet\n", 'A' + i, c->b->o.specs[i].label,
		       c->no_rate ? "-" : text_estimate(buf, &c->side[i], 1, 1));
	if (!c->no_rate) {
		printf("\nB - A        %s ns, from %zu pairs, loaded anew %zu times in %.1f s\n",
		       text_estimate(buf, &c->diff, 1, 2), c->nr_groups, c->diff.n, c->seconds);
		printf("verdict      %s%s%s\n", called ? "B is " : "", finding(c),
		       called ? " than A" : "");
	}
	text_books(&c->books);
	text_env(&c->b->machine);
	return file_flush(stdout);
}

static int compare_json(const struct compare_result *c)
{
	static const struct estimate none;
	yyjson_mut_doc *d = json_begin(c->b, "compare");
	yyjson_mut_val *root = d ? yyjson_mut_doc_get_root(d) : NULL;
	bool good = !c->no_rate;

	if (!root)
		return json_end(d);
	yyjson_mut_obj_add_strcpy(d, root, "a", c->b->o.specs[0].label);
	yyjson_mut_obj_add_strcpy(d, root, "b", c->b->o.specs[1].label);
	json_no_rate(d, root, c->no_rate);
	yyjson_mut_obj_add_real(d, root, "seconds", c->seconds);
	json_estimate(d, root, "a_cpu_ns", good ? &c->side[0] : &none);
	json_estimate(d, root, "b_cpu_ns", good ? &c->side[1] : &none);
	json_estimate(d, root, "difference_ns", good ? &c->diff : &none);
	json_estimate(d, root, "difference_ns_99", good ? &c->call : &none);
	if (good)
		yyjson_mut_obj_add_str(d, root, "verdict", finding(c));
	else
		yyjson_mut_obj_add_null(d, root, "verdict");
	json_books(d, root, &c->books);
	return json_end(d);
}

int compare_show(const struct compare_result *c)
{
	return c->b->o.json ? compare_json(c) : compare_text(c);
}
