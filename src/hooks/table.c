// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include <string.h>
#include "hooks/table.h"

#define HOOK_ROW(kind_, id_, slot_, level_, stage_, symbol_, nargs_, handler_, context_, module_)  \
	{ HOOK_##kind_, #id_, PP_SL_##slot_, level_, PP_ST_##stage_, #symbol_, nargs_, module_ },
#define SLOT_ROW(id, label_, use_, needs_, why_)                                                   \
	{ label_, PP_USE_##use_ == PP_USE_MEASURE, PP_SL_##needs_, why_ },

const struct hook hooks[NR_HOOKS] = { PP_HOOKS(HOOK_ROW) };
const struct slot slots[PP_SL_NR] = { PP_SLOTS(SLOT_ROW) };

static const char *const backends[BE_NR] = {
	[BE_NONE] = "-",
	[BE_FENTRY] = "fentry",
	[BE_KMULTI] = "kprobe.multi",
	[BE_KPROBE] = "kprobe",
	[BE_TP] = "tp_btf",
};

bool hook_wants_args(const struct hook *h)
{
	return h->kind == HOOK_RET && h->nargs && h->slot != PP_SL_IRQ;
}

const char *hook_module(const struct hook *h)
{
	if (*h->module == '+')
		return h->module + 1;
	return *h->module == '*' ? "" : h->module;
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
