// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "base/why.h"

/* What helps against errors that have the same cause wherever they come up. */
static const struct {
	int err;
	const char *try;
} hints[] = {
	{ EPERM, "run it as root; a container may hold root back" },
	{ EACCES, "run it as root; a container may hold root back" },
	{ ENOMEM, "free memory, or raise its limit: ulimit -v, or the control group's memory.max" },
	{ ENOBUFS, "free memory, or raise its limit: the control group's memory.max" },
	{ EMFILE, "raise ulimit -n" },
	{ ENFILE, "raise fs.file-max" },
	{ EAGAIN, "raise ulimit -u, or the control group's pids.max" },
	{ ENOSPC, "raise the limits of user namespaces: sysctl user" },
	{ ENOSYS, "this kernel is too old, or built without it" },
	{ EOPNOTSUPP, "this kernel is too old, or built without it" },
	{ EAFNOSUPPORT, "this kernel is too old, or built without it" },
	{ EPROTONOSUPPORT, "this kernel is too old, or built without it" },
};

static const char *what_to_try(int err)
{
	size_t i;

	for (i = 0; i < sizeof(hints) / sizeof(hints[0]); i++)
		if (hints[i].err == -err)
			return hints[i].try;
	return NULL;
}

static void put(struct why *w, int err, bool usage, const char *fmt, va_list ap)
{
	w->err = err;
	w->usage = usage;
	vsnprintf(w->text, sizeof(w->text), fmt, ap);
}

int why_cannot(struct why *w, int err, const char *fmt, ...)
{
	const char *try = what_to_try(err);
	va_list ap;
	size_t n;

	if (!err || w->err)
		return err;
	va_start(ap, fmt);
	put(w, err, false, fmt, ap);
	va_end(ap);
	n = strlen(w->text);
	snprintf(w->text + n, sizeof(w->text) - n, ": %s%s%s%s", strerror(-err), try ? " (" : "",
		 try ? try : "", try ? ")" : "");
	return err;
}

int why_is(struct why *w, int err, const char *fmt, ...)
{
	va_list ap;

	if (w->err)
		return err;
	va_start(ap, fmt);
	put(w, err, false, fmt, ap);
	va_end(ap);
	return err;
}

int why_usage(struct why *w, int err, const char *fmt, ...)
{
	va_list ap;

	if (w->err)
		return err;
	va_start(ap, fmt);
	put(w, err, true, fmt, ap);
	va_end(ap);
	return err;
}
