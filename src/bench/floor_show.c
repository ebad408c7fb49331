// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include <stdio.h>
#include "bench/floor_show.h"
#include "bench/show_json.h"
#include "bench/show_text.h"
#include "text/line.h"

static int floor_text(const struct floor_result *f)
{
	char buf[80];
	int i;

	printf("BPF_PROG_RUN, frames of %u bytes, one CPU\n\n%-28s %10s  %s\n", f->b->o.size,
	       "PROGRAM", "MPPS", "NS A RUN");
	for (i = 0; i < f->nr_rows; i++) {
		if (f->rows[i].why)
			printf("%-28s %10s  not on this kernel: %s\n", f->rows[i].name, "-",
			       f->rows[i].why);
		else
			printf("%-28s %10.1f  %s\n", f->rows[i].name, 1e3 / f->rows[i].ns.value,
			       text_estimate(buf, &f->rows[i].ns, 1, 1));
	}
	text_env(&f->b->machine);
	return file_flush(stdout);
}

static int floor_json(const struct floor_result *f)
{
	yyjson_mut_doc *d = json_begin(f->b, "floor");
	yyjson_mut_val *all, *v;
	int i;

	all = d ? yyjson_mut_obj_add_arr(d, yyjson_mut_doc_get_root(d), "rows") : NULL;
	for (i = 0; all && i < f->nr_rows; i++) {
		v = yyjson_mut_arr_add_obj(d, all);
		yyjson_mut_obj_add_strcpy(d, v, "program", f->rows[i].name);
		json_estimate(d, v, "cpu_ns", &f->rows[i].ns);
		if (f->rows[i].why)
			yyjson_mut_obj_add_strcpy(d, v, "why_not", f->rows[i].why);
	}
	return json_end(d);
}

int floor_show(const struct floor_result *f)
{
	return f->b->o.json ? floor_json(f) : floor_text(f);
}
