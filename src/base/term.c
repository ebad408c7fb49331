// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/term.h"

bool term_draws(int fd)
{
	const char *term = getenv("TERM");

	return term && *term && strcmp(term, "dumb") && isatty(fd);
}
