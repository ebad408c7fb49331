// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "hooks/module_functions.h"
#include "hooks/plan.h"
#include "hooks/trial.h"
#include "host/drivers.h"
#include "host/irq_threads.h"
#include "model/labels.h"

bool plan_serves(const struct plan *plan, enum pp_slot slot, int level)
{
	int i;

	for (i = 0; i < NR_HOOKS; i++)
		if ((level == LEVEL_ANY || hooks[i].level == level) && plan->backend[i] &&
		    hooks[i].slot == slot)
			return true;
	return false;
}

static bool is_driver_row(const struct hook *h)
{
	return *h->module && !strchr("*+@", *h->module);
}

/*
 * Is another driver loaded that has a function of the same name? fentry is not sure to get the
 * right one then: bpf_check_attach_target() looks the name up in all modules (v6.1).
 */
static bool is_ambiguous(const struct hook *h)
{
	char path[128];
	int i;

	for (i = 0; is_driver_row(h) && i < NR_HOOKS; i++) {
		if (strcmp(hooks[i].symbol, h->symbol) || !strcmp(hooks[i].module, h->module))
			continue;
		snprintf(path, sizeof(path), "/sys/module/%s", hooks[i].module);
		if (!access(path, F_OK))
			return true;
	}
	return false;
}

static int try_one(const struct plan *plan, struct trial *t, int i, enum backend be,
		   const char **why)
{
	const struct hook *h = &hooks[i];
	const char *module = hook_module(h);
	char name[MODFN_NAME];

	if (plan->off[be]) {
		*why = plan->off[be]->why;
		return -ENOTSUP;
	}
	switch (be) {
	case BE_FENTRY:
	case BE_KMULTI:
		if (is_ambiguous(h)) {
			*why = "another driver that is loaded has a function of this name";
			return -EEXIST;
		}
		if (be == BE_KMULTI)
			return trial_kprobe_multi(t, h->symbol, h->kind == HOOK_RET, why);
		return trial_fentry(t, h->symbol, module, h->nargs, h->kind == HOOK_RET, why);
	case BE_KPROBE:
		return trial_kprobe(modfn_kprobe_name(h, name), h->kind == HOOK_RET, why);
	case BE_TP:
		return trial_tp(t, h->symbol, h->nargs, why);
	default:
		return -EINVAL;
	}
}

/* The best backend for one row. The reason kept is that of the first choice. */
static void choose(struct plan *plan, struct trial *t, const struct plan_opts *o, int i)
{
	static const enum backend func[] = { BE_FENTRY, BE_KMULTI, BE_KPROBE };
	static const enum backend tp[] = { BE_TP };
	const enum backend *list = hooks[i].kind == HOOK_TP ? tp : func;
	int n = hooks[i].kind == HOOK_TP ? 1 : 3, k;
	const char *why;

	plan->backend[i] = BE_NONE;
	plan->why[i] = NULL;
	for (k = 0; k < n; k++) {
		why = o->ban_why[i] ? o->ban_why[i] : "could not be attached";
		if (n > 1 && o->force != BE_NONE && o->force != list[k])
			why = "another backend was asked for (--backend)";
		else if (!o->banned[i][list[k]] && !try_one(plan, t, i, list[k], &why)) {
			plan->backend[i] = list[k];
			plan->why[i] = NULL;
			return;
		}
		if (!plan->why[i] || o->force == list[k])
			plan->why[i] = why;
	}
}

/* The end of an interrupt handler. Not needed where in_hardirq() (bpf/) can ask the kernel. */
static bool is_irq_exit(const struct hook *h)
{
	return h->slot == PP_SL_IRQ && h->stage == PP_ST_NONE;
}

/* Are all of a driver's rows of this slot served? It uses one of them; which one, nobody knows. */
static bool driver_covered(const struct plan *plan, const char *driver, enum pp_slot slot)
{
	int rows = 0, i;

	for (i = 0; i < NR_HOOKS; i++) {
		if (strcmp(hooks[i].module, driver) || hooks[i].slot != slot ||
		    is_irq_exit(&hooks[i]))
			continue;
		rows++;
		if (!plan->backend[i])
			return false;
	}
	return rows > 0;
}

/* Stages whose hooks do nothing but measure: who does not ask for a stage does not pay for it. */
static bool is_asked_for(const struct plan_opts *o, const struct hook *h)
{
	/* The handler's end is there for its stage's sake. */
	uint32_t stages = PP_ST_BIT(is_irq_exit(h) ? PP_ST_IRQ : h->stage);

	/* Where the thread begins, the hard interrupt's stage ends. */
	if (h->slot == PP_SL_IRQ_THREAD)
		stages = PP_ST_BIT(PP_ST_IRQ) | PP_ST_BIT(PP_ST_IRQTHREAD);
	return !o->stages || !slots[h->slot].measures || o->stages & stages;
}

/* Does a row that names a driver apply, and one for drivers that have no row? */
static bool applies(const struct plan *plan, const struct drivers *drv, const struct hook *h)
{
	int i;

	if (h->slot == PP_SL_IRQ_THREAD)
		return plan->irq_threads;
	if (!*h->module || *h->module == '+')
		return true;
	if (is_driver_row(h))
		return drivers_use(drv, h->module);
	for (i = 0; i < drv->nr; i++)
		if (!driver_covered(plan, drv->name[i], h->slot))
			return true;
	return false;
}

/* Fill one slot: the lowest level whose first applicable row can be had. */
static void serve_slot(struct plan *plan, struct trial *t, const struct plan_opts *o,
		       const struct drivers *drv, enum pp_slot slot)
{
	int level, i;

	for (level = 0; level <= 2; level++) {
		bool first = true, served = false;

		for (i = 0; i < NR_HOOKS; i++) {
			if (hooks[i].slot != slot || hooks[i].level != level)
				continue;
			if (is_irq_exit(&hooks[i]) && plan->hardirq_mask)
				continue;
			if (!is_asked_for(o, &hooks[i])) {
				plan->why[i] = "not asked for (--stage)";
				continue;
			}
			if (!applies(plan, drv, &hooks[i]))
				continue;
			if (!first && !served && !is_driver_row(&hooks[i]))
				break;
			choose(plan, t, o, i);
			served |= (first || is_driver_row(&hooks[i])) &&
				  plan->backend[i] != BE_NONE;
			first = false;
		}
		/* A driver's own row does not help the interfaces of another driver. */
		if (served && slot != PP_SL_IRQ)
			return;
	}
}

static void check_requirements(struct plan *plan)
{
	int slot, i;

	for (slot = 0; slot < PP_SL_NR; slot++) {
		const struct slot *s = &slots[slot];

		if ((int)s->needs == slot || plan_serves(plan, s->needs, LEVEL_ANY))
			continue;
		for (i = 0; i < NR_HOOKS; i++) {
			if ((int)hooks[i].slot != slot)
				continue;
			if (plan->backend[i])
				plan->why[i] = s->why;
			plan->backend[i] = BE_NONE;
		}
	}
}

static void drop_row(struct plan *plan, int i)
{
	plan->backend[i] = BE_NONE;
	plan->why[i] = NULL;
}

static int row_of(const char *id)
{
	int i;

	for (i = 0; i < NR_HOOKS; i++)
		if (!strcmp(hooks[i].id, id))
			return i;
	return -1;
}

/*
 * Rows that others make superfluous cost each packet a call. The drivers' own polls, all seen,
 * leave __napi_poll() only the backlog's; but interfaces that appear later may be of any driver.
 */
static void drop_spare(struct plan *plan, struct trial *t, const struct plan_opts *o,
		       const struct drivers *drv)
{
	int i;

	if (!o->scope->nr || o->scope->any_netns || drv->soft || !drv->nr)
		return;
	for (i = 0; i < drv->nr; i++)
		if (!driver_covered(plan, drv->name[i], PP_SL_POLL_DRV))
			return;
	choose(plan, t, o, row_of("poll_backlog"));
	if (plan->backend[row_of("poll_backlog")])
		drop_row(plan, row_of("poll"));
}

static void report(struct plan *plan, int i, int stage, const char *role, const char *why)
{
	plan->reports[plan->nr_reports++] = (struct hook_report){
		.stage = stage,
		.role = role,
		.hook = i >= 0 ? hooks[i].symbol : "",
		.backend = backend_name(i >= 0 ? plan->backend[i] : BE_NONE),
		.why = why ? why : "",
		.missed = -1,
	};
}

/* Why a stage has no hook: the reason of its first choice. */
static void report_missing(struct plan *plan, const struct drivers *drv, int stage)
{
	const char *label = stage_label(stage);
	int i;

	for (i = 0; i < NR_HOOKS; i++) {
		if (hooks[i].stage != stage || !plan->why[i])
			continue;
		report(plan, i, stage, label, plan->why[i]);
		return;
	}
	report(plan, -1, stage, label,
	       drv->nr ? "no hook is known for it" :
	       drv->unknown ? "the traced interface's driver cannot be asked for" :
	       "the traced interface has no interrupt");
}

static void make_reports(struct plan *plan, const struct drivers *drv)
{
	int st, i;

	for (st = 0; st < PP_ST_NR; st++) {
		if (plan->stages & PP_ST_BIT(st)) {
			for (i = 0; i < NR_HOOKS; i++)
				if (hooks[i].stage == st && plan->backend[i])
					report(plan, i, st, stage_label(st), NULL);
		} else if (st != PP_ST_XDP &&	/* it has no row: see trace/xdp_stage.c */
			   (st != PP_ST_IRQTHREAD || plan->irq_threads)) {
			report_missing(plan, drv, st);
		}
	}
	for (i = 0; i < NR_HOOKS; i++)
		if (hooks[i].stage == PP_ST_NONE && plan->backend[i])
			report(plan, i, PP_ST_NONE,
			       is_irq_exit(&hooks[i]) ? "irq-exit" : slots[hooks[i].slot].label,
			       NULL);
}

static void tell_served(struct plan *plan)
{
	int i;

	plan->stages = 0;
	plan->nr_reports = 0;
	for (i = 0; i < NR_HOOKS; i++)
		if (plan->backend[i] && hooks[i].stage != PP_ST_NONE)
			plan->stages |= PP_ST_BIT(hooks[i].stage);
	plan->have_end = plan_serves(plan, PP_SL_END, 0);
	make_reports(plan, &plan->drivers);
}

static bool has_bridge(void)
{
	return !access("/sys/module/bridge", F_OK);
}

int plan_make(struct plan *plan, const struct plan_opts *opts)
{
	struct trial *t = trial_new();
	struct drivers drv;
	int slot, be, err;

	if (!t)
		return -errno;
	err = drivers_find(&drv, opts->scope);
	if (err) {
		trial_free(t);
		return err;
	}
	memset(plan, 0, sizeof(*plan));
	plan->drivers = drv;
	plan->bridge = has_bridge();
	for (be = 0; be < BE_NR; be++)
		plan->off[be] = switch_off(BE_BIT(be), false);
	plan->hardirq_mask = trial_preempt_count(t);
	plan->irq_threads = irqs_are_threaded();
	for (slot = 0; slot < PP_SL_NR; slot++)
		serve_slot(plan, t, opts, &drv, slot);
	drop_spare(plan, t, opts, &drv);
	trial_free(t);
	check_requirements(plan);
	tell_served(plan);
	return 0;
}

bool plan_is_outdated(struct plan *plan, const struct plan_opts *opts)
{
	bool bridge = has_bridge(), outdated = bridge && !plan->bridge;
	struct drivers now;
	int i;

	plan->bridge = bridge;
	if (drivers_find(&now, opts->scope))
		return outdated;
	for (i = 0; i < now.nr; i++)
		outdated |= !drivers_use(&plan->drivers, now.name[i]);
	plan->drivers = now;
	return outdated;
}

void plan_join(struct plan *plan, const struct plan *other, const bool added[NR_HOOKS])
{
	int i;

	for (i = 0; i < NR_HOOKS; i++)
		if (added[i]) {
			plan->backend[i] = other->backend[i];
			plan->why[i] = NULL;
		}
	tell_served(plan);
}

void plan_leave(struct plan *plan, const bool rows[NR_HOOKS])
{
	int i;

	for (i = 0; i < NR_HOOKS; i++)
		if (rows[i])
			plan->backend[i] = BE_NONE;
	tell_served(plan);
}
