// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* Label tables, generated from stages.h, for outputs, probes and tests. */
#include <stddef.h>
#include <string.h>
#include "model/labels.h"

struct name {
	const char *label, *help;
};

#define ROW(id, label, help) { label, help },
#define STAGE_ROW(id, label, show, help) { label, help },
#define ARRAY_LEN(a)	     (sizeof(a) / sizeof((a)[0]))

static const struct name stages[] = { PP_STAGES(STAGE_ROW) };
static const struct name verdicts[] = { PP_VERDICTS(ROW) };
static const struct name causes[] = { PP_CAUSES(ROW) };
static const struct name losses[] = { PP_LOSSES(ROW) };
#define BY_ROW(id, label, life, meaning, ...) { label, meaning },
static const struct name bys[] = { { "none", "all packets together" }, PP_BYS(BY_ROW) };
static const struct name contexts[] = { PP_CONTEXTS(ROW) };
static const struct name gros[] = { PP_GROS(ROW) };
static const struct name gro_ends[] = { PP_GRO_ENDS(ROW) };
static const struct name xdp_modes[] = { PP_XDP_MODES(ROW) };
static const struct name xdp_tos[] = { PP_XDP_TOS(ROW) };

#define FLAG_ROW(id, bit, label, help) { label, help, bit },
static const struct flag_name flags[] = { PP_FLAGS(FLAG_ROW) };

#define OWN_ROW(id, label) label,
static const char *const own_reasons[] = { PP_OWN_REASONS(OWN_ROW) };

static int find(const struct name *tab, size_t n, const char *label)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(tab[i].label, label))
			return (int)i;
	return -1;
}

/* The three functions of a table. */
#define NAME_FUNCS(what, tab)                                                                      \
	const char *what##_label(unsigned int what)                                                \
	{                                                                                          \
		return what < ARRAY_LEN(tab) ? tab[what].label : "?";                              \
	}                                                                                          \
	const char *what##_help(unsigned int what)                                                 \
	{                                                                                          \
		return what < ARRAY_LEN(tab) ? tab[what].help : "";                                \
	}                                                                                          \
	int what##_find(const char *label)                                                         \
	{                                                                                          \
		return find(tab, ARRAY_LEN(tab), label);                                           \
	}

NAME_FUNCS(stage, stages)
NAME_FUNCS(verdict, verdicts)
NAME_FUNCS(cause, causes)
NAME_FUNCS(loss, losses)
NAME_FUNCS(by, bys)
NAME_FUNCS(context, contexts)
NAME_FUNCS(gro, gros)
NAME_FUNCS(gro_end, gro_ends)
NAME_FUNCS(xdp_mode, xdp_modes)
NAME_FUNCS(xdp_to, xdp_tos)

#define TOTAL "total"

const char *row_label(unsigned int row)
{
	return row == PP_H_TOTAL ? TOTAL : stage_label(row);
}

int row_find(const char *label)
{
	return strcmp(label, TOTAL) ? stage_find(label) : (int)PP_H_TOTAL;
}

const struct flag_name *flag_row(unsigned int i)
{
	return i < ARRAY_LEN(flags) ? &flags[i] : NULL;
}

bool verdict_is_xdp(unsigned int verdict)
{
	return verdict >= PP_V_XDP_DROP && verdict <= PP_V_XDP_ABORTED;
}

const char *own_reason_label(uint32_t reason)
{
	if (reason < PP_REASON_OWN || reason - PP_REASON_OWN >= ARRAY_LEN(own_reasons))
		return NULL;
	return own_reasons[reason - PP_REASON_OWN];
}
