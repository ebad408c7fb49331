// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include <stddef.h>
#include "base/signals.h"

void ending_signals(sigset_t *set)
{
	static const int ends[] = { SIGINT, SIGTERM, SIGHUP };
	struct sigaction now;
	size_t i;

	sigemptyset(set);
	for (i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
		if (!sigaction(ends[i], NULL, &now) && now.sa_handler != SIG_IGN)
			sigaddset(set, ends[i]);
}
