// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include <stdio.h>
#include <linux/bpf.h>
#include "hooks/attach.h"

static struct bpf_program *program(const struct bpf_object *obj, char prefix, int i)
{
	char name[64];

	snprintf(name, sizeof(name), "%c_%s", prefix, hooks[i].id);
	return bpf_object__find_program_by_name(obj, name);
}

int row_programs(const struct bpf_object *obj, enum backend be, int i,
		 struct bpf_program *progs[ROW_PROGS])
{
	const struct hook *h = &hooks[i];
	int n = 0;

	switch (be) {
	case BE_FENTRY:
		progs[n++] = program(obj, h->kind == HOOK_RET ? 'x' : 'f', i);
		break;
	case BE_TP:
		progs[n++] = program(obj, 't', i);
		break;
	case BE_KMULTI:
	case BE_KPROBE:
		progs[n++] = program(obj, h->kind == HOOK_RET ? 'r' : 'k', i);
		if (hook_wants_args(h))
			progs[n++] = program(obj, 's', i);
		break;
	default:
		break;
	}
	return n;
}

void row_want(struct bpf_program *prog, enum backend be)
{
	bpf_program__set_autoload(prog, true);
	if (be == BE_KMULTI)
		bpf_program__set_expected_attach_type(prog, BPF_TRACE_KPROBE_MULTI);
}

struct bpf_link *row_attach(const struct bpf_program *prog, enum backend be, int i)
{
	const char *symbol = hooks[i].symbol;
	LIBBPF_OPTS(bpf_kprobe_multi_opts, opts, .syms = &symbol, .cnt = 1,
		    .retprobe = bpf_program__name(prog)[0] == 'r');

	if (be == BE_KMULTI)
		return bpf_program__attach_kprobe_multi_opts(prog, NULL, &opts);
	return bpf_program__attach(prog);
}
