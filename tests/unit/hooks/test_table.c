// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* The tables of hooks and slots: what must hold between their rows. */
#include <string.h>
#include "hooks/table.h"
#include "unit.h"

#define CONTEXT_ROW(kind, id, slot, level, stage, symbol, nargs, handler, context, module)         \
	{ #id, #handler, PP_IN_##context },
static const struct {
	const char *id, *handler;
	enum pp_runs_in context;
} contexts[NR_HOOKS] = { PP_HOOKS(CONTEXT_ROW) };

/* Programs that share a handler either all keep interrupts away or none does. */
static void a_handler_has_one_context(void **state)
{
	for (int i = 0; i < NR_HOOKS; i++)
		for (int k = 0; k < i; k++)
			if (!strcmp(contexts[i].handler, contexts[k].handler) &&
			    contexts[i].context != contexts[k].context)
				fail_msg("%s and %s", contexts[k].id, contexts[i].id);
}

/* Who reads is a process, which a softirq may interrupt. */
static void reads_keep_interrupts_away(void **state)
{
	for (int i = 0; i < NR_HOOKS; i++)
		if (hooks[i].stage == PP_ST_READ && contexts[i].context != PP_IN_PROCESS)
			fail_msg("%s", contexts[i].id);
}

static void every_slot_has_a_first_choice(void **state)
{
	for (unsigned int slot = 0; slot < PP_SL_NR; slot++) {
		int i = 0;

		while (i < NR_HOOKS && (hooks[i].slot != slot || hooks[i].level))
			i++;
		if (i == NR_HOOKS)
			fail_msg("%s", slots[slot].label);
	}
}

/* plan.c takes away what has lost what it needs, slot by slot: `wake` before `run`. */
static void needs_are_settled_first(void **state)
{
	for (unsigned int slot = 0; slot < PP_SL_NR; slot++) {
		const struct slot *need = &slots[slots[slot].needs];

		if (slots[slot].needs > slot && need->needs != slots[slot].needs)
			fail_msg("%s needs %s", slots[slot].label, need->label);
	}
}

/* What only measures has a stage that it measures, but for an interrupt handler's return. */
static void measuring_hooks_have_a_stage(void **state)
{
	for (int i = 0; i < NR_HOOKS; i++)
		if (slots[hooks[i].slot].measures && hooks[i].slot != PP_SL_IRQ &&
		    hooks[i].stage == PP_ST_NONE)
			fail_msg("%s", contexts[i].id);
}

static void ids_and_labels_are_unique(void **state)
{
	for (int i = 0; i < NR_HOOKS; i++)
		for (int k = 0; k < i; k++)
			assert_string_not_equal(hooks[i].id, hooks[k].id);
	for (int i = 0; i < PP_SL_NR; i++)
		for (int k = 0; k < i; k++)
			assert_string_not_equal(slots[i].label, slots[k].label);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_handler_has_one_context),
		cmocka_unit_test(reads_keep_interrupts_away),
		cmocka_unit_test(every_slot_has_a_first_choice),
		cmocka_unit_test(needs_are_settled_first),
		cmocka_unit_test(measuring_hooks_have_a_stage),
		cmocka_unit_test(ids_and_labels_are_unique),
	};

	return cmocka_run_group_tests_name("table", tests, NULL, NULL);
}
