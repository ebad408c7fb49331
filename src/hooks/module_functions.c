// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include "hooks/module_functions.h"
#include "hooks/trial.h"

/*
 * libbpf hands its callbacks nothing of the caller's, so they find it by the thread, in which one
 * object is loaded at a time.
 */
static _Thread_local struct modfn *loading;

/* Called by libbpf for a program that is about to be loaded; `row`: one with its module. */
static int prepare(struct bpf_program *prog, struct bpf_prog_load_opts *opts, long row)
{
	const char *symbol = strchr(bpf_program__section_name(prog), '/');
	int id, fd;

	if (!loading || !symbol)
		return -ENOENT;
	if (!loading->trial)
		loading->trial = trial_new();
	if (!loading->trial)
		return -ENOENT;
	id = trial_find(loading->trial, symbol + 1, hook_module(&hooks[row]), &fd);
	if (id < 0)
		return id;
	opts->attach_btf_id = id;
	opts->attach_btf_obj_fd = fd;
	return 0;
}

static bool first_of_module(int row)
{
	int i;

	if (!*hook_module(&hooks[row]))
		return false;
	for (i = 0; i < row; i++)
		if (!strcmp(hooks[i].module, hooks[row].module))
			return false;
	return true;
}

static int attach_trace(const struct bpf_program *prog, long row, struct bpf_link **link)
{
	*link = bpf_program__attach_trace(prog);
	return *link ? 0 : -errno;
}

static int attach_kprobe(const struct bpf_program *prog, long row, struct bpf_link **link)
{
	const char *section = bpf_program__section_name(prog), *symbol = strchr(section, '/');
	bool ret = !strncmp(section, "kret", 4);
	char name[MODFN_NAME];

	if (!symbol)
		return -EINVAL;
	snprintf(name, sizeof(name), "%s:%s", hook_module(&hooks[row]), symbol + 1);
	*link = bpf_program__attach_kprobe(prog, ret, name);
	return *link ? 0 : -errno;
}

static const struct {
	const char *prefix;
	enum bpf_prog_type prog_type;
	enum bpf_attach_type attach_type;
} sections[] = {
	{ "fentry", BPF_PROG_TYPE_TRACING, BPF_TRACE_FENTRY },
	{ "fexit", BPF_PROG_TYPE_TRACING, BPF_TRACE_FEXIT },
	{ "kprobe", BPF_PROG_TYPE_KPROBE, 0 },
	{ "kretprobe", BPF_PROG_TYPE_KPROBE, 0 },
};

#define SECTIONS (sizeof(sections) / sizeof(sections[0]))

/* libbpf has one table of section names for the process, and so what stands in it is kept here. */
static pthread_once_t once = PTHREAD_ONCE_INIT;
static int registered[SECTIONS * NR_HOOKS];
static int nr_registered, register_err;

/* When the program ends: objects that were opened in between refer to libbpf's table. */
static void unregister(void)
{
	while (nr_registered)
		libbpf_unregister_prog_handler(registered[--nr_registered]);
}

static int register_module(int row)
{
	LIBBPF_OPTS(libbpf_prog_handler_opts, opts, .cookie = row);
	char sec[64];
	size_t i;
	int id;

	for (i = 0; i < SECTIONS; i++) {
		bool trace = sections[i].prog_type == BPF_PROG_TYPE_TRACING;

		opts.prog_prepare_load_fn = trace ? prepare : NULL;
		opts.prog_attach_fn = trace ? attach_trace : attach_kprobe;
		snprintf(sec, sizeof(sec), "%s%s+", sections[i].prefix, hooks[row].module);
		id = libbpf_register_prog_handler(sec, sections[i].prog_type,
						  sections[i].attach_type, &opts);
		if (id < 0)
			return id;
		registered[nr_registered++] = id;
	}
	return 0;
}

static void register_all(void)
{
	int i;

	if (atexit(unregister))
		register_err = -ENOMEM;
	for (i = 0; !register_err && i < NR_HOOKS; i++)
		if (first_of_module(i))
			register_err = register_module(i);
}

int modfn_register(void)
{
	pthread_once(&once, register_all);
	return register_err;
}

void modfn_begin(struct modfn *m)
{
	m->trial = NULL;
	loading = m;
}

void modfn_end(struct modfn *m)
{
	loading = NULL;
	trial_free(m->trial);
}

const char *modfn_kprobe_name(const struct hook *h, char buf[MODFN_NAME])
{
	const char *module = hook_module(h);

	snprintf(buf, MODFN_NAME, "%s%s%s", module, *module ? ":" : "", h->symbol);
	return buf;
}
