// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "base/log.h"
#include "host/caps.h"
#include "serve/privileges.h"

static const struct passwd *look_up(const char *user)
{
	const struct passwd *pw = getpwnam(user);

	if (!pw && *user && strlen(user) < 10 && strspn(user, "0123456789") == strlen(user))
		pw = getpwuid((uid_t)strtoul(user, NULL, 10));
	return pw;
}

int privs_find(const char *user, struct privs *p)
{
	const struct passwd *pw;

	memset(p, 0, sizeof(*p));
	if (!user && geteuid())
		return 0;
	pw = look_up(user ? user : PRIVS_USER);
	if (!pw) {
		log_err("--user %s: no such user", user ? user : PRIVS_USER);
		return -1;
	}
	if (geteuid() && pw->pw_uid != geteuid()) {
		log_err("--user %s: only root can become another user", user);
		return -1;
	}
	p->uid = pw->pw_uid;
	p->gid = pw->pw_gid;
	p->change = p->uid != geteuid();
	return 0;
}

static int change_user(const struct privs *p)
{
	if (!p->change)
		return 0;
	if (setgroups(0, NULL) || setresgid(p->gid, p->gid, p->gid) ||
	    setresuid(p->uid, p->uid, p->uid))
		return -errno;
	return 0;
}

static int drop_caps(void)
{
	struct __user_cap_header_struct h = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct none[2] = {};

	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || syscall(SYS_capset, &h, none))
		return -errno;
	return 0;
}

/* The bounding set limits what execve() could give back, which no_new_privs rules out already. */
static void drop_bounding_set(void)
{
	int cap;

	for (cap = 0; prctl(PR_CAPBSET_READ, cap, 0, 0, 0) >= 0; cap++)
		prctl(PR_CAPBSET_DROP, cap, 0, 0, 0);
}

/* Not by what the calls returned, but by what is left. */
static bool all_gone(const struct privs *p)
{
	struct caps c;
	uid_t r, e, s;

	if (getresuid(&r, &e, &s) || caps_read(&c))
		return false;
	if (p->change && (r != p->uid || e != p->uid || s != p->uid))
		return false;
	if (c.effective || c.permitted || c.inheritable)
		return false;
	return !p->change || setresuid(0, 0, 0);
}

int privs_drop(const struct privs *p)
{
	int err;

	drop_bounding_set();
	err = change_user(p);
	if (!err)
		err = drop_caps();
	if (!err && !all_gone(p))
		err = -EPERM;
	if (err)
		log_err("cannot give up privileges: %s%s", strerror(-err), p->change ?
			" (to change the user takes CAP_SETUID and CAP_SETGID; --user root "
			"stays root, without capabilities)" : "");
	return err;
}
