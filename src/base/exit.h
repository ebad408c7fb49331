/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* How a command ends; what went wrong has been said by then. */
#ifndef PKTPATH_BASE_EXIT_H
#define PKTPATH_BASE_EXIT_H

enum {
	EXIT_OK = 0,
	EXIT_RUNTIME = 1,	/* something failed that was asked for rightly */
	EXIT_USAGE = 2,		/* it was not, or this host has not what all of pktpath needs */
};

#endif /* PKTPATH_BASE_EXIT_H */
