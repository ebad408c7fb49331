// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/term.h"
#include "run/terminal.h"

static void look_at_size(struct sink_env *env)
{
	const char *columns = getenv("COLUMNS");
	struct winsize ws = { 0 };

	if (isatty(STDOUT_FILENO) && ioctl(STDOUT_FILENO, TIOCGWINSZ, &ws))
		memset(&ws, 0, sizeof(ws));
	env->width = ws.ws_col ? ws.ws_col : columns ? atoi(columns) : 0;
	env->height = ws.ws_row;
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

void terminal_look(struct sink_env *env, const struct opts *o)
{
	const char *no_color = getenv("NO_COLOR");	/* no-color.org: set, and not empty */
	struct stat st;

	look_at_size(env);
	env->draws = term_draws(STDOUT_FILENO);
	env->colour = o->colour == COLOUR_ALWAYS ||
		      (o->colour == COLOUR_AUTO && env->draws && !(no_color && *no_color));
	env->ascii = !utf8_wanted();
	/* A file gets blocks; whoever watches gets each line. */
	env->line_buffered = o->line_buffered || fstat(STDOUT_FILENO, &st) || !S_ISREG(st.st_mode);
}
