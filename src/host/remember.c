// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include <ftw.h>
#include <limits.h>
#include <mntent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "hist.h"
#include "base/procfile.h"
#include "host/remember.h"
#include "record.h"

#define NAMES (2 * PP_GROUPS_MAX)	/* more than there can be groups */

struct name {
	uint64_t id;	/* 0 = not used */
	char *text;	/* NULL = looked for in vain */
};

static struct name comms[NAMES], paths[NAMES];

/* The place of an ID; a new one takes the oldest's once all are used. */
static struct name *place_of(struct name *names, uint64_t id, unsigned int *next)
{
	struct name *n;
	unsigned int i;

	for (i = 0; i < NAMES; i++)
		if (names[i].id == id)
			return &names[i];
	n = &names[(*next)++ % NAMES];
	free(n->text);
	memset(n, 0, sizeof(*n));
	return n;
}

static unsigned int next_comm, next_path;

void proc_note(uint32_t pid, const char *comm)
{
	struct name *n = place_of(comms, pid, &next_comm);

	if (n->text)
		return;
	n->id = pid;
	n->text = strndup(comm, PP_COMM_LEN);
}

const char *proc_comm(uint32_t pid)
{
	struct name *n = place_of(comms, pid, &next_comm);
	char comm[64];

	if (n->id)
		return n->text;
	n->id = pid;
	if (!procfile_line(comm, sizeof(comm), "/proc/%u/comm", pid))
		n->text = strdup(comm);
	return n->text;
}

/* Where control groups (version 2) are mounted: "" if nowhere. */
static const char *cgroup_mount(void)
{
	static char dir[PATH_MAX];
	struct mntent *m;
	FILE *f;

	if (dir[0])
		return dir;
	f = setmntent("/proc/self/mounts", "re");
	while (f && (m = getmntent(f)))
		if (!strcmp(m->mnt_type, "cgroup2"))
			snprintf(dir, sizeof(dir), "%s", m->mnt_dir);
	if (f)
		endmntent(f);
	return dir;
}

static struct {
	uint64_t id;
	size_t mount_len;
	char *path;
} wanted;

/* A group's ID is the inode of its directory. */
static int look_at(const char *path, const struct stat *st, int type, struct FTW *where)
{
	if (type != FTW_D || st->st_ino != wanted.id)
		return 0;
	path += wanted.mount_len;
	wanted.path = strdup(*path ? path : "/");
	return 1;
}

const char *cgroup_path(uint64_t id)
{
	struct name *n = place_of(paths, id, &next_path);
	const char *mount = cgroup_mount();

	if (n->id)
		return n->text;
	n->id = id;
	wanted.id = id;
	wanted.mount_len = strlen(mount);
	wanted.path = NULL;
	if (*mount)
		nftw(mount, look_at, 16, FTW_PHYS | FTW_MOUNT);
	n->text = wanted.path;
	return n->text;
}
