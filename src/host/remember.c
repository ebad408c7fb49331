// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include <errno.h>
#include <fts.h>
#include <limits.h>
#include <mntent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "base/procfile.h"
#include "host/remember.h"

struct name {
	uint64_t id;	/* 0 = not used */
	char *text;	/* NULL = looked for in vain */
};

struct names {
	struct name of[REMEMBER_MAX];
	unsigned int next;
};

struct remember {
	struct names comms, cgroups;
	char cgroup_mount[PATH_MAX];	/* of version 2; "" = not found yet */
};

int remember_new(struct remember **out)
{
	struct remember *r = calloc(1, sizeof(*r));

	if (!r)
		return -ENOMEM;
	*out = r;
	return 0;
}

static void forget(struct names *names)
{
	unsigned int i;

	for (i = 0; i < REMEMBER_MAX; i++)
		free(names->of[i].text);
}

void remember_free(struct remember *r)
{
	if (!r)
		return;
	forget(&r->comms);
	forget(&r->cgroups);
	free(r);
}

/* The place of an ID, which is not 0; a new one takes the oldest's once all are used. */
static struct name *place_of(struct names *names, uint64_t id)
{
	struct name *n;
	unsigned int i;

	for (i = 0; i < REMEMBER_MAX; i++)
		if (names->of[i].id == id)
			return &names->of[i];
	n = &names->of[names->next++ % REMEMBER_MAX];
	free(n->text);
	memset(n, 0, sizeof(*n));
	return n;
}

void remember_this_comm(struct remember *r, uint32_t pid, const char *comm, size_t len)
{
	struct name *n = place_of(&r->comms, pid);

	if (n->text)
		return;
	n->id = pid;
	n->text = strndup(comm, len);
}

const char *remember_comm(struct remember *r, uint32_t pid)
{
	struct name *n = place_of(&r->comms, pid);
	char comm[64];

	if (n->id)
		return n->text;
	n->id = pid;
	if (!procfile_line(comm, sizeof(comm), "/proc/%u/comm", pid))
		n->text = strdup(comm);
	return n->text;
}

static void find_cgroup_mount(struct remember *r)
{
	FILE *f = setmntent("/proc/self/mounts", "re");
	char text[3 * PATH_MAX];
	struct mntent m;

	while (f && getmntent_r(f, &m, text, sizeof(text)))
		if (!strcmp(m.mnt_type, "cgroup2"))
			snprintf(r->cgroup_mount, sizeof(r->cgroup_mount), "%s", m.mnt_dir);
	if (f)
		endmntent(f);
}

/* A group's ID is the inode of its directory. The path below the mount, or NULL. */
static char *find_cgroup(char *mount, uint64_t id)
{
	char *const from[] = { mount, NULL };
	FTS *tree = fts_open(from, FTS_PHYSICAL | FTS_XDEV | FTS_NOCHDIR, NULL);
	const char *path = NULL;
	char *found;
	FTSENT *e;

	while (tree && !path && (e = fts_read(tree)))
		if (e->fts_info == FTS_D && e->fts_statp->st_ino == id)
			path = e->fts_path + strlen(mount);
	found = path ? strdup(*path ? path : "/") : NULL;
	if (tree)
		fts_close(tree);
	return found;
}

const char *remember_cgroup(struct remember *r, uint64_t id)
{
	struct name *n = place_of(&r->cgroups, id);

	if (n->id)
		return n->text;
	n->id = id;
	if (!r->cgroup_mount[0])
		find_cgroup_mount(r);
	if (r->cgroup_mount[0])
		n->text = find_cgroup(r->cgroup_mount, id);
	return n->text;
}
