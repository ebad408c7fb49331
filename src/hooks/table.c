// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include <string.h>
#include "hooks/table.h"

#define HOOK_ROW(kind_, id_, slot_, level_, stage_, symbol_, nargs_, handler_, module_)            \
	{ HOOK_##kind_, #id_, slot_, level_, PP_ST_##stage_, #symbol_, nargs_, module_ },

const struct hook hooks[NR_HOOKS] = { PP_HOOKS(HOOK_ROW) };

static const char *const backends[BE_NR] = {
	[BE_NONE] = "-",
	[BE_FENTRY] = "fentry",
	[BE_KMULTI] = "kprobe.multi",
	[BE_KPROBE] = "kprobe",
	[BE_TP] = "tp_btf",
};

bool hook_wants_args(const struct hook *h)
{
	return h->kind == HOOK_RET && h->nargs && strcmp(h->slot, "irq");
}

const char *hook_module(const struct hook *h)
{
	if (*h->module == '+')
		return h->module + 1;
	return *h->module == '*' || *h->module == '@' ? "" : h->module;
}

const char *backend_name(enum backend be)
{
	return be < BE_NR ? backends[be] : "-";
}

int backend_parse(const char *name)
{
	int i;

	if (!strcmp(name, "auto"))
		return BE_NONE;
	for (i = BE_FENTRY; i < BE_NR; i++)
		if (!strcmp(name, backends[i]))
			return i;
	return -1;
}
