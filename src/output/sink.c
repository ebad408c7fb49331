// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* The table of outputs: between a command, which asks for one by name, and src/output/. */
#include <stddef.h>
#include <string.h>
#include "output/sink.h"

/* X(sink_X, where). Each file defines its own. */
#define SINKS(X)                                                                                   \
	X(text)		/* trace_text.c: trace */                                                  \
	X(json)		/* trace_json.c: trace --json */                                           \
	X(drops)	/* drops_text.c: drops */                                                  \
	X(hist)		/* hist_text.c: hist */                                                    \
	X(hist_json)	/* hist_json.c: hist --json */

#define EXTERN(id) extern const struct sink sink_##id;
SINKS(EXTERN)

#define ROW(id) &sink_##id,
static const struct sink *const sinks[] = { SINKS(ROW) };

const struct sink *sink_find(const char *name)
{
	for (size_t i = 0; i < sizeof(sinks) / sizeof(sinks[0]); i++)
		if (!strcmp(sinks[i]->name, name))
			return sinks[i];
	return NULL;
}
