/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* What part of the host is traced: the network namespace, and interfaces of it. */
#ifndef PKTPATH_HOST_SCOPE_H
#define PKTPATH_HOST_SCOPE_H

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>
#include "host/links.h"

#define SCOPE_IFS 16	/* interfaces that -i can name */

struct scope {
	char *words[SCOPE_IFS];	/* as given with -i, not resolved yet */
	int nr_words;
	int nr_named;			/* by these words: each may be a list */
	const char *netns;		/* as given; NULL = the caller's own */
	char asked[SCOPE_IFS][IF_NAMESIZE];	/* resolved; none = all interfaces */
	char names[SCOPE_IFS][IF_NAMESIZE];	/* what these are called now */
	unsigned int ifs[SCOPE_IFS];	/* 0: it is not there */
	int nr;
	bool any_netns;			/* --netns all */
	bool entered;			/* it is not the one that the process came from, */
	int home;			/* which is this */
};

/* Remembers -i IF[,IF...]; `word` is kept. -1 after one line on stderr: too many. */
int scope_add(struct scope *s, char *word);

/*
 * Enters the namespace (name, PID or path) for good and looks the interfaces up in it. Call it
 * once all words are known. -1 after one line on stderr.
 */
int scope_resolve(struct scope *s);

/*
 * Looks again where the interfaces are: one that was made anew under the name that was asked for is
 * the one that is meant now. Notes on stderr what went, came back or has another name.
 */
void scope_follow(struct scope *s, const struct links *l);

/* How many of the interfaces are there. */
int scope_left(const struct scope *s);

/* Room for all names and what stands between them. */
#define SCOPE_TEXT (SCOPE_IFS * (IF_NAMESIZE + 2))

/* "eth0, eth1" or "any interface", for people. Returns `text`. */
const char *scope_text(const struct scope *s, char text[SCOPE_TEXT]);

/* Inode of the namespace whose devices are meant; 0 = of all, or not known. */
uint32_t scope_netns(const struct scope *s);

#endif /* PKTPATH_HOST_SCOPE_H */
