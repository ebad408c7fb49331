/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Giving up what is needed only to load and attach: root, and all capabilities, for good. */
#ifndef PKTPATH_SERVE_PRIVILEGES_H
#define PKTPATH_SERVE_PRIVILEGES_H

#include <stdbool.h>
#include <sys/types.h>

#define PRIVS_USER "nobody"

struct privs {
	uid_t uid;
	gid_t gid;
	bool change;	/* to these two; else only the capabilities go */
};

/*
 * Whom to become: the user named, by name or number; NULL: nobody if this is root, else who it is.
 * -1 after one line on stderr.
 */
int privs_find(const char *user, struct privs *p);

/*
 * Becomes that user without any capability, in a process that can gain none (no_new_privs). The
 * descriptors stay, and with them what they allow. -errno after one line on stderr.
 */
int privs_drop(const struct privs *p);

#endif /* PKTPATH_SERVE_PRIVILEGES_H */
