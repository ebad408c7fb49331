// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* What a record says of XDP: with=MODE:PROGRAM to=WHERE[:INDEX] error=NUMBER. */
#include <err.h>
#include <string.h>
#include "model/labels.h"
#include "replay.h"

/* Cuts WORD:NUMBER at the colon; the number, 0 if there is none. */
static uint32_t cut(char *value)
{
	char *colon = strchr(value, ':');

	if (!colon)
		return 0;
	*colon = '\0';
	return (uint32_t)number(colon + 1);
}

bool parse_xdp_field(struct pp_rec *rec, const char *key, char *value)
{
	if (!strcmp(key, "with")) {
		rec->xdp_prog = cut(value);
		rec->xdp_mode = (__u8)find(xdp_mode_find(value), value);
	} else if (!strcmp(key, "to")) {
		rec->xdp_index = cut(value);
		rec->xdp_to = (__u8)find(xdp_to_find(value), value);
	} else if (!strcmp(key, "error")) {
		rec->xdp_err = (__u16)number(value);
	} else {
		return false;
	}
	return true;
}

bool xdp_option(struct sink_env *env, int c)
{
	env->xdp_late |= c == 'x';
	return c == 'x';
}
