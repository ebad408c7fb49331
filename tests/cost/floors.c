// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <bpf/libbpf.h>
#include "hooks/attach.h"
#include "floors.h"
#include "hooks/module_functions.h"
#include "tests/cost/floors.skel.h"

struct floor {
	struct cost_floors_bpf *skel;
	const struct plan *plan;
	struct bpf_link *links[NR_HOOKS][ROW_PROGS];
};

int floor_new(struct floor **out, enum floor_kind kind, const struct plan *plan)
{
	struct floor *f = calloc(1, sizeof(*f));
	struct bpf_program *p, *progs[ROW_PROGS];
	struct modfn functions;
	int i, k, n, err;

	if (!f)
		return -ENOMEM;
	err = modfn_register();
	f->skel = err ? NULL : cost_floors_bpf__open();
	if (!f->skel) {
		err = err ? err : -errno;
		free(f);
		return err;
	}
	f->skel->rodata->floor_kind = kind;
	f->plan = plan;
	bpf_object__for_each_program(p, f->skel->obj)
		bpf_program__set_autoload(p, false);
	for (i = 0; i < NR_HOOKS; i++) {
		n = row_programs(f->skel->obj, plan->backend[i], i, progs);
		for (k = 0; k < n; k++)
			row_want(progs[k], plan->backend[i]);
	}
	modfn_begin(&functions);
	err = cost_floors_bpf__load(f->skel);
	modfn_end(&functions);
	if (err) {
		floor_free(f);
		return err;
	}
	*out = f;
	return 0;
}

int floor_attach(struct floor *f)
{
	struct bpf_program *progs[ROW_PROGS];
	int i, k, n;

	for (i = 0; i < NR_HOOKS; i++) {
		n = row_programs(f->skel->obj, f->plan->backend[i], i, progs);
		for (k = 0; k < n; k++) {
			f->links[i][k] = row_attach(progs[k], f->plan->backend[i], i);
			if (!f->links[i][k])
				return -errno;
		}
	}
	return 0;
}

void floor_detach(struct floor *f)
{
	int i, k;

	for (i = 0; i < NR_HOOKS; i++) {
		for (k = 0; k < ROW_PROGS; k++) {
			bpf_link__destroy(f->links[i][k]);
			f->links[i][k] = NULL;
		}
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
	cost_floors_bpf__destroy(f->skel);
	free(f);
}
