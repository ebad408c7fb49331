// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <bpf/libbpf.h>
#include "floors.h"
#include "modfn.h"
#include "bench.skel.h"

#define MAX_PROGS 2

struct floor {
	struct bench_bpf *skel;
	struct bpf_program *progs[NR_HOOKS * MAX_PROGS];
	struct bpf_link *links[NR_HOOKS * MAX_PROGS];
	int nr;
};

static void want(struct floor *f, char prefix, int i)
{
	char name[64];

	snprintf(name, sizeof(name), "%c_%s", prefix, hooks[i].id);
	f->progs[f->nr++] = bpf_object__find_program_by_name(f->skel->obj, name);
}

/* The programs that the tracer attaches for row i (src/tracer.c, progs_of()). */
static void want_row(struct floor *f, enum backend be, int i)
{
	bool ret = hooks[i].kind == HOOK_RET;

	if (be == BE_TP)
		want(f, 't', i);
	else if (be == BE_FENTRY)
		want(f, ret ? 'x' : 'f', i);
	else if (be == BE_KPROBE)
		want(f, ret ? 'r' : 'k', i);
	if (be == BE_KPROBE && ret && hooks[i].nargs)
		want(f, 's', i);
}

int floor_new(struct floor **out, enum floor_kind kind, const struct plan *plan)
{
	struct floor *f = calloc(1, sizeof(*f));
	struct bpf_program *p;
	int i, err;

	if (!f)
		return -ENOMEM;
	err = modfn_register();
	f->skel = err ? NULL : bench_bpf__open();
	if (!f->skel) {
		err = err ? err : -errno;
		free(f);
		return err;
	}
	f->skel->rodata->floor_kind = kind;
	for (i = 0; i < NR_HOOKS; i++)
		want_row(f, plan->backend[i], i);
	bpf_object__for_each_program(p, f->skel->obj)
		bpf_program__set_autoload(p, false);
	for (i = 0; i < f->nr; i++)
		bpf_program__set_autoload(f->progs[i], true);
	err = bench_bpf__load(f->skel);
	modfn_done();
	if (err) {
		floor_free(f);
		return err;
	}
	*out = f;
	return 0;
}

int floor_attach(struct floor *f)
{
	int i;

	for (i = 0; i < f->nr; i++) {
		f->links[i] = bpf_program__attach(f->progs[i]);
		if (!f->links[i])
			return -errno;
	}
	return 0;
}

void floor_detach(struct floor *f)
{
	int i;

	for (i = 0; i < f->nr; i++) {
		bpf_link__destroy(f->links[i]);
		f->links[i] = NULL;
	}
}

uint64_t floor_calls(const struct floor *f)
{
	return f->skel->bss->calls;
}

void floor_free(struct floor *f)
{
	if (!f)
		return;
	floor_detach(f);
	bench_bpf__destroy(f->skel);
	free(f);
}
