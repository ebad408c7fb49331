// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/log.h"
#include "host/iface_links.h"
#include "host/netlink.h"
#include "host/scope.h"

#define NETNS_DIR "/run/netns"	/* where ip-netns(8) keeps names */

static int too_many(const char *word)
{
	log_err("-i %s: too many interfaces (at most %d; any traces all)", word, SCOPE_IFS);
	return -1;
}

int scope_add(struct scope *s, char *word)
{
	if (!word[strspn(word, ",")]) {
		log_err("-i %s: no such interface (ip link lists them; any traces all)", word);
		return -1;
	}
	if (s->nr_words == SCOPE_IFS)
		return too_many(word);
	s->words[s->nr_words++] = word;
	return 0;
}

static bool is_number(const char *word)
{
	return *word && strspn(word, "0123456789") == strlen(word) && strlen(word) < 10;
}

/* A name of ip-netns(8), a PID, or a path, tried in this order. A descriptor, or -errno. */
static int open_netns(const char *word)
{
	char path[PATH_MAX];
	int fd;

	if (strchr(word, '/')) {
		fd = open(word, O_RDONLY | O_CLOEXEC);
		return fd < 0 ? -errno : fd;
	}
	if (!*word)
		return -ENOENT;
	snprintf(path, sizeof(path), NETNS_DIR "/%s", word);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 && is_number(word)) {
		snprintf(path, sizeof(path), "/proc/%s/ns/net", word);
		fd = open(path, O_RDONLY | O_CLOEXEC);
	}
	return fd < 0 ? -errno : fd;
}

static bool is_denied(int err)
{
	return err == -EPERM || err == -EACCES;
}

/* Always -1. */
static int no_netns(const char *word, int err)
{
	if (is_denied(err))
		log_err("--netns %s: may not be opened: %s (run as root, or with CAP_SYS_ADMIN and "
			"CAP_SYS_PTRACE)", word, strerror(-err));
	else if (err != -ENOENT)
		log_err("--netns %s: cannot be opened: %s", word, strerror(-err));
	else if (is_number(word))
		log_err("--netns %s: no such network namespace: no process has that number, and "
			"no namespace that name (ps lists the ones, 'ip netns' the others)", word);
	else
		log_err("--netns %s: no such network namespace (give a name that 'ip netns' lists, "
			"a process ID, a path such as /proc/PID/ns/net, or all)", word);
	return -1;
}

static bool is_same(int a, int b)
{
	struct stat x, y;

	return !fstat(a, &x) && !fstat(b, &y) && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

static int enter_netns(struct scope *s)
{
	int fd, err;

	if (!s->netns)
		return 0;
	if (!strcmp(s->netns, "all")) {
		s->any_netns = true;
		return 0;
	}
	fd = open_netns(s->netns);
	if (fd < 0)
		return no_netns(s->netns, fd);
	s->home = open(OWN_NETNS, O_RDONLY | O_CLOEXEC);
	s->entered = s->home >= 0 && !is_same(fd, s->home);
	err = setns(fd, CLONE_NEWNET) ? -errno : 0;
	close(fd);
	if (is_denied(err))
		log_err("--netns %s: may not be entered: %s (run as root, or with CAP_SYS_ADMIN, "
			"also in the user namespace that it belongs to)", s->netns, strerror(-err));
	else if (err)
		log_err("--netns %s: cannot enter it: %s", s->netns, err == -EINVAL ?
			"not a network namespace (/proc/PID/ns/net is one)" : strerror(-err));
	return err ? -1 : 0;
}

static int add_index(struct scope *s, unsigned int index, const char *name)
{
	int i;

	for (i = 0; i < s->nr; i++)
		if (s->ifs[i] == index)
			return 0;
	if (s->nr == SCOPE_IFS)
		return too_many(name);
	s->ifs[s->nr] = index;
	snprintf(s->asked[s->nr], IF_NAMESIZE, "%s", name);
	snprintf(s->names[s->nr++], IF_NAMESIZE, "%s", name);
	return 0;
}

static bool is_one_of(const char *kind, const char *const *kinds)
{
	while (*kinds && strcmp(*kinds, kind))
		kinds++;
	return *kinds;
}

static void append_name(char list[SCOPE_TEXT], const char *name)
{
	size_t n = strlen(list);

	snprintf(list + n, SCOPE_TEXT - n, "%s%s", n ? ", " : "", name);
}

static const char *port_names(const struct iface_links *l, char text[SCOPE_TEXT])
{
	int i;

	text[0] = 0;
	for (i = 0; i < l->nr_ports; i++)
		append_name(text, l->ports[i].name);
	return text;
}

/*
 * A packet is followed from the interface whose driver hands it up. That is never one which lies on
 * top of others: of those whose packets are all theirs, the ports are meant; of others it is said.
 */
static int add_layers(struct scope *s, unsigned int index, const char *name)
{
	static const char *const joined[] = { "bond", "team", NULL };
	static const char *const shared[] = { "bridge", "vrf", "openvswitch", NULL };
	static const char *const upper[] = { "vlan", "macvlan", "macvtap", "ipvlan", "ipvtap",
					     NULL };
	char ports[SCOPE_TEXT];
	struct iface_links l;
	int i, err = 0;

	if (iface_links_find(&l, index))
		return add_index(s, index, name);
	if (is_one_of(l.kind, joined) && l.nr_ports) {
		log_note("-i %s: following its ports, where its packets come in: %s", name,
			 port_names(&l, ports));
		for (i = 0; !err && i < l.nr_ports; i++)
			err = add_index(s, l.ports[i].ifindex, l.ports[i].name);
		return err;
	}
	if (is_one_of(l.kind, joined))
		log_note("-i %s: it has no ports, so nothing comes in", name);
	if (is_one_of(l.kind, shared) && l.nr_ports)
		log_note("-i %s: packets from outside are followed from its ports on: name those "
			 "instead (%s)", name, port_names(&l, ports));
	if (is_one_of(l.kind, upper) && l.parent.ifindex)
		log_note("-i %s: packets from outside are followed from %s on: name that instead, "
			 "and %s is a hop of theirs", name, l.parent.name, name);
	return add_index(s, index, name);
}

static int add_iface(struct scope *s, const char *word)
{
	unsigned int index = nl_index(word);
	char name[IF_NAMESIZE];

	if (!index && is_number(word))
		index = (unsigned int)strtoul(word, NULL, 10);
	if (!index || !if_indextoname(index, name)) {
		log_err("-i %s: no such interface (ip link lists them; any traces all)", word);
		return -1;
	}
	return add_layers(s, index, name);
}

static bool is_any(const char *word)
{
	return !strcmp(word, "any") || !strcmp(word, "all");
}

static bool is_iface(const char *name, size_t len)
{
	char word[NL_NAME_MAX];

	if (len >= sizeof(word))
		return false;
	memcpy(word, name, len);
	word[len] = 0;
	return nl_index(word);
}

/*
 * How long the first word of a list is. Names may have commas in them: it is the longest that an
 * interface has, or else it ends at the first comma.
 */
static size_t first_word(const char *list)
{
	size_t len = strlen(list), first = strcspn(list, ",");

	while (len > first && !is_iface(list, len))
		while (--len > first && list[len] != ',')
			;
	return len;
}

/* 1: any interface is meant. */
static int add_word(struct scope *s, const char *word)
{
	if (is_any(word))
		return 1;
	if (s->nr_named++ == SCOPE_IFS)
		return too_many(word);
	if (!s->any_netns)
		return add_iface(s, word);
	log_err("-i %s: interfaces are named within one namespace (--netns NAME instead of all)",
		word);
	return -1;
}

static int add_words(struct scope *s, char *list)
{
	int ret = 0;

	while (!ret && *list) {
		size_t len = first_word(list);
		char *rest = list[len] ? list + len + 1 : list + len;

		list[len] = 0;
		if (*list)
			ret = add_word(s, list);
		list = rest;
	}
	return ret;
}

int scope_resolve(struct scope *s)
{
	if (enter_netns(s))
		return -1;
	for (int i = 0; i < s->nr_words; i++) {
		int ret = add_words(s, s->words[i]);

		if (ret > 0)
			s->nr = 0;
		if (ret)
			return ret > 0 ? 0 : -1;
	}
	return 0;
}

static bool is_followed(const struct scope *s, unsigned int index)
{
	int i;

	for (i = 0; i < s->nr; i++)
		if (s->ifs[i] == index)
			return true;
	return false;
}

static void look_for(struct scope *s, int i, const struct links *l)
{
	unsigned int index = links_index(l, s->asked[i]);

	if (!index || is_followed(s, index))
		return;
	log_note("-i %s: it is there again, and followed", s->asked[i]);
	s->ifs[i] = index;
	memcpy(s->names[i], s->asked[i], IF_NAMESIZE);
}

void scope_follow(struct scope *s, const struct links *l)
{
	const char *name;
	int i;

	for (i = 0; i < s->nr; i++) {
		if (s->ifs[i] && !links_has(l, s->ifs[i])) {
			log_err("-i %s: the interface disappeared", s->names[i]);
			s->ifs[i] = 0;
		}
		name = links_name(l, 0, s->ifs[i]);
		if (!name || !strcmp(name, s->names[i]))
			continue;
		log_note("-i %s: the interface is called %s now", s->names[i], name);
		snprintf(s->names[i], IF_NAMESIZE, "%s", name);
	}
	for (i = 0; i < s->nr; i++)
		if (!s->ifs[i])
			look_for(s, i, l);
}

int scope_left(const struct scope *s)
{
	int i, left = 0;

	for (i = 0; i < s->nr; i++)
		left += s->ifs[i] != 0;
	return left;
}

const char *scope_text(const struct scope *s, char text[SCOPE_TEXT])
{
	size_t n;

	text[0] = 0;
	for (int i = 0; i < s->nr; i++)
		append_name(text, s->names[i]);
	if (!s->nr)
		snprintf(text, SCOPE_TEXT, "any interface%s",
			 s->any_netns ? " of any network namespace" : "");
	n = strlen(text);
	if (s->netns && !s->any_netns)
		snprintf(text + n, SCOPE_TEXT - n, " of network namespace %s", s->netns);
	return text;
}

uint32_t scope_netns(const struct scope *s)
{
	struct stat st;

	return s->any_netns || stat("/proc/self/ns/net", &st) ? 0 : (uint32_t)st.st_ino;
}
