// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include <stdio.h>
#include "bench/show_json.h"
#include "bench/ladder_show.h"
#include "bench/show_text.h"
#include "text/line.h"

#define BAR 30	/* columns that XDP native has */

static void print_step(const struct step *s)
{
	char cost[80], ratio[80], bar[BAR + 2];
	int len = (int)(s->ratio.value * BAR + 0.5), i;

	if (*s->why) {
		printf("%-21s  not on this machine: %s\n", s->name, s->why);
		return;
	}
	for (i = 0; i < len && i <= BAR; i++)
		bar[i] = '#';
	bar[i] = 0;
	printf("%-21s %6.2f %-27s %-21s %s\n", s->name, 1e3 / s->cost.value,
	       text_estimate(cost, &s->cost, 1, 1), text_estimate(ratio, &s->ratio, 1, 3), bar);
}

static int ladder_text(const struct ladder *l)
{
	int i;

	text_head(&l->b->o, "ladder");
	printf("%-21s %6s %-27s %s\n", "DROPPED BY", "MPPS", "NS OF CPU A PACKET",
	       "RATIO TO NATIVE");
	for (i = 0; i < l->nr_steps; i++)
		print_step(&l->steps[i]);
	printf("\nMpps on one core; medians of %d rounds in %.0f s, with 95 %% intervals. Every "
	       "packet is in its\nrung's own counter, or in a counter of losses before it.\n",
	       l->rounds, l->seconds);
	text_env(&l->b->machine);
	return file_flush(stdout);
}

static int ladder_json(const struct ladder *l)
{
	yyjson_mut_doc *d = json_begin(l->b, "ladder");
	yyjson_mut_val *root = d ? yyjson_mut_doc_get_root(d) : NULL, *all, *v;
	int i;

	if (!root)
		return json_end(d);
	yyjson_mut_obj_add_int(d, root, "rounds", l->rounds);
	yyjson_mut_obj_add_real(d, root, "seconds", l->seconds);
	all = yyjson_mut_obj_add_arr(d, root, "rungs");
	for (i = 0; i < l->nr_steps; i++) {
		const struct step *s = &l->steps[i];

		v = yyjson_mut_arr_add_obj(d, all);
		yyjson_mut_obj_add_str(d, v, "name", s->name);
		yyjson_mut_obj_add_str(d, v, "counter", s->counter);
		json_estimate(d, v, "cpu_ns", &s->cost);
		json_estimate(d, v, "ratio", &s->ratio);
		yyjson_mut_obj_add_uint(d, v, "generated", s->generated);
		yyjson_mut_obj_add_uint(d, v, "dropped", s->dropped);
		yyjson_mut_obj_add_uint(d, v, "lost", s->lost);
		if (*s->why)
			yyjson_mut_obj_add_strcpy(d, v, "why_not", s->why);
		else
			yyjson_mut_obj_add_null(d, v, "why_not");
	}
	return json_end(d);
}

int ladder_show(const struct ladder *l)
{
	return l->b->o.json ? ladder_json(l) : ladder_text(l);
}
