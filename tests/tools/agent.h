/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * What the guest's agent and tests/lib/guest.py say to each other over a virtio serial port:
 * frames of a header and at most AGENT_MAX bytes. Everything is little endian.
 */
#ifndef AGENT_H
#define AGENT_H

#include <stdint.h>

#define AGENT_MAX 32768

struct agent_header {
	uint32_t len;	/* bytes that follow */
	uint32_t id;	/* the command it is about, chosen by the host; 0 = none */
	uint32_t type;
};

enum {
	/* to the guest */
	AGENT_EXEC = 'x',	/* a command line for /bin/sh */
	AGENT_SIGNAL = 's',	/* uint32_t signal, for the command's whole process group */
	AGENT_CREATE = 'c',	/* path: make the file, empty and executable; answered by EXIT */
	AGENT_APPEND = 'a',	/* bytes for the file made last; answered by EXIT */
	/* to the host */
	AGENT_READY = 'r',
	AGENT_STDOUT = 'o',
	AGENT_STDERR = 'e',
	AGENT_EXIT = 'q',	/* int32_t: exit status, 128 + signal, or errno of a file request */
};

#endif /* AGENT_H */
