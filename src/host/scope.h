/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* What part of the host is traced: the network namespace, and interfaces of it. */
#ifndef PKTPATH_HOST_SCOPE_H
#define PKTPATH_HOST_SCOPE_H

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

#define SCOPE_IFS 16	/* interfaces that -i can name */

struct scope {
	const char *words[SCOPE_IFS];	/* as given with -i, not resolved yet */
	int nr_words;
	const char *netns;		/* as given; NULL = the caller's own */
	char names[SCOPE_IFS][IF_NAMESIZE];		/* resolved; none = all interfaces */
	unsigned int ifs[SCOPE_IFS];
	int nr;
	bool any_netns;			/* --netns all */
};

/* Remembers -i IF[,IF...]; `word` is cut up and kept. -1 after one line on stderr: too many. */
int scope_add(struct scope *s, char *word);

/*
 * Enters the namespace (name, PID or path) for good and looks the interfaces up in it. Call it
 * once all words are known. -1 after one line on stderr.
 */
int scope_resolve(struct scope *s);

/* Notes on stderr which of the interfaces are gone since; the number of those left. */
int scope_left(struct scope *s);

/* Room for all names and what stands between them. */
#define SCOPE_TEXT (SCOPE_IFS * (IF_NAMESIZE + 2))

/* "eth0, eth1" or "any interface", for people. Returns `text`. */
const char *scope_text(const struct scope *s, char text[SCOPE_TEXT]);

/* Inode of the namespace whose devices are meant; 0 = of all, or not known. */
uint32_t scope_netns(const struct scope *s);

#endif /* PKTPATH_HOST_SCOPE_H */
