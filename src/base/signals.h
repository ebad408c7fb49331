/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* The signals that end a run. */
#ifndef PKTPATH_BASE_SIGNALS_H
#define PKTPATH_BASE_SIGNALS_H

#include <signal.h>

/*
 * SIGINT, SIGTERM and SIGHUP, but for those that were ignored when the program started, as nohup
 * does: those stay ignored. A blocked signal is kept even if it is ignored, so whoever blocks
 * signals to read them must leave these out.
 */
void ending_signals(sigset_t *set);

#endif /* PKTPATH_BASE_SIGNALS_H */
