// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include "output/hist_page.h"

int hist_page_line(struct sink_env *env, struct hist_page *page)
{
	struct line *l = &page->line;
	int err;

	if (page->room && page->drawn >= page->room) {
		line_start(l);
		return 0;
	}
	page->drawn++;
	err = line_write(l, env->out);
	line_start(l);
	return err;
}
