// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include <errno.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include "hooks/trial_program.h"
#include "base/clock.h"
#include "base/log.h"
#include "hooks/skipped.h"
#include "model/labels.h"
#include "trace/xdp_own.h"
#include "trace/xdp_stage.h"

#define LOOK_NS 1000000000ull
#define NO_PAIR (-2)	/* of a program that could not be attached to; -1 is none's number, too */

#ifndef BPF_F_XDP_HAS_FRAGS
#define BPF_F_XDP_HAS_FRAGS (1U << 5)
#endif

static const char *const tracepoints[] = { "t_xdp_redirect", "t_xdp_redirect_err",
					   "t_xdp_exception", "t_xdp_devmap_xmit",
					   "t_xdp_cpumap_enqueue" };
#define NR_TRACEPOINTS (sizeof(tracepoints) / sizeof(tracepoints[0]))

/* The pair that observes a program; -1: none. */
static int pair_of(const struct xdpview *v, int prog)
{
	int k;

	for (k = 0; k < v->nr_pairs; k++)
		if (v->pair[k] == prog)
			return k;
	return -1;
}

static bool is_observed(const struct xdpview *v, const struct xdp_dev *d)
{
	return d->attached && !d->own && !xdpscan_why(&v->scan, d) && pair_of(v, d->prog) >= 0;
}

/* Does our own program go here? */
static bool is_free(const struct xdpview *v, const struct xdp_dev *d)
{
	return v->want != XDP_OBSERVE && (!d->attached || d->own);
}

static void say_found(const struct xdpview *v, const struct xdp_dev *d)
{
	const char *why = xdpscan_why(&v->scan, d), *none = "";
	char name[XDP_FUNC_LEN + 16];

	if (d->err)
		log_note("%s: an XDP program, if there is one, is not observed: cannot ask which "
			 "is attached: %s", d->name, strerror(-d->err));
	if (!d->attached)
		return;
	xdpscan_name(&v->scan, d, name);
	if (v->want != XDP_OBSERVE)
		none = "; --xdp attaches nothing there";
	if (why)
		log_note("%s: XDP program %s (%s) cannot be observed: %s; packets that "
			 "it ends %s%s",
			 d->name, name, d->hardware ? "hardware" : xdp_mode_label(d->mode), why,
			 d->mode == PP_XM_GENERIC ? "look dropped or consumed" : "are not seen",
			 none);
	else
		log_note("%s: observing XDP program %s (%s)%s%s", d->name, name,
			 xdp_mode_label(d->mode), xdpscan_note(&v->scan.progs[d->prog]), none);
}

void xdpview_new(struct xdpview *v, const struct scope *scope, enum xdp_want want)
{
	struct xdpscan *s = &v->scan;
	int i;

	memset(v, 0, sizeof(*v));
	memset(v->own_fd, 0xff, sizeof(v->own_fd));
	v->want = want;
	xdpscan_find(s, scope);
	for (i = 0; i < s->nr_progs; i++) {
		if (s->progs[i].why)
			continue;
		if (v->nr_pairs == PP_XDP_PROGS)
			s->progs[i].why = "there are too many different ones";
		else
			v->pair[v->nr_pairs++] = i;
	}
	for (i = 0; i < s->nr_devs; i++)
		say_found(v, &s->devs[i]);
	if (s->err)
		log_note("XDP programs, if there are any, are not observed: cannot list "
			 "interfaces: %s", strerror(-s->err));
	if (s->more)
		log_note("XDP programs of only %d interfaces are observed: name others with -i",
			 PP_IFS);
}

bool xdpview_active(const struct xdpview *v)
{
	int i;

	for (i = 0; i < v->scan.nr_devs; i++)
		if (is_free(v, &v->scan.devs[i]) || is_observed(v, &v->scan.devs[i]))
			return true;
	return false;
}

bool xdpview_give_up(struct xdpview *v)
{
	int i;

	if (!v->nr_pairs || v->refused)
		return false;
	v->refused = true;
	v->nr_pairs = 0;
	for (i = 0; i < v->scan.nr_progs; i++)
		if (!v->scan.progs[i].why)
			v->scan.progs[i].why = "the kernel refuses the programs that would";
	for (i = 0; i < v->scan.nr_devs; i++)
		if (v->scan.devs[i].attached)
			say_found(v, &v->scan.devs[i]);
	return true;
}

/* Do tracepoints of redirects have (…, map, index), not (…, map_type, map_id, index)? v5.13. */
static bool has_old_tracepoints(void)
{
	struct btf *btf = btf__load_vmlinux_btf();
	const struct btf_type *t = NULL;
	int id;

	id = btf ? btf__find_by_name_kind(btf, "btf_trace_xdp_redirect", BTF_KIND_TYPEDEF) : -1;
	if (id > 0)
		t = btf__type_by_id(btf, btf__type_by_id(btf, id)->type);	/* a pointer to … */
	if (t)
		t = btf__type_by_id(btf, t->type);
	id = t ? btf_vlen(t) : 0;
	btf__free(btf);
	return id == 7;		/* six, and the tracepoint's own */
}

void xdpview_configure(const struct xdpview *v, struct pp_cfg *cfg)
{
	cfg->xdp = xdpview_active(v);
	cfg->xdp_old_tp = cfg->xdp && has_old_tracepoints();
}

static struct bpf_program *program(const struct bpf_object *obj, const char *kind, int n)
{
	char name[32];

	snprintf(name, sizeof(name), "%s_%d", kind, n);
	return bpf_object__find_program_by_name(obj, name);
}

static void want_own(struct xdpview *v, const struct bpf_object *obj)
{
	int i;

	for (i = 0; i < v->scan.nr_devs; i++)
		if (is_free(v, &v->scan.devs[i]))
			break;
	if (i == v->scan.nr_devs)
		return;
	v->frags = trial_xdp_frags();
	bpf_program__set_autoload(bpf_object__find_program_by_name(obj, "pktpath_pass"), true);
	bpf_program__set_autoload(bpf_object__find_program_by_name(obj, "pktpath_pass_mb"),
				  v->frags);
}

int xdpview_want(struct xdpview *v, const struct bpf_object *obj)
{
	size_t t;
	int k;

	want_own(v, obj);
	for (t = 0; v->nr_pairs && t < NR_TRACEPOINTS; t++)
		bpf_program__set_autoload(bpf_object__find_program_by_name(obj, tracepoints[t]),
					  true);
	for (k = 0; k < v->nr_pairs; k++) {
		const struct xdp_prog *p = &v->scan.progs[v->pair[k]];
		struct bpf_program *out = program(obj, "xdp_out", k);
		int err;

		v->in[k] = program(obj, "xdp_in", k);
		bpf_program__set_autoload(v->in[k], true);
		bpf_program__set_autoload(out, true);
		err = bpf_program__set_attach_target(v->in[k], p->fd, p->func);
		if (!err)
			err = bpf_program__set_attach_target(out, p->fd, p->func);
		if (err)
			return err;
	}
	return 0;
}

static int add_link(struct xdpview *v, const struct bpf_program *prog)
{
	struct bpf_link *link = bpf_program__attach(prog);

	if (!link)
		return -errno;
	v->links[v->nr_links++] = link;
	return 0;
}

/* One that cannot be observed after all is no reason to show nothing at all. */
static void attach_pair(struct xdpview *v, const struct bpf_object *obj, int k)
{
	int first = v->nr_links, err = add_link(v, v->in[k]), prog = v->pair[k], i;

	if (!err)
		err = add_link(v, program(obj, "xdp_out", k));
	if (!err)
		return;
	while (v->nr_links > first)
		bpf_link__destroy(v->links[--v->nr_links]);
	v->pair[k] = NO_PAIR;
	v->scan.progs[prog].why = err == -EBUSY ?
				  "another program has taken its function's place" :
				  "the kernel refuses to attach to it";
	for (i = 0; i < v->scan.nr_devs; i++)
		if (v->scan.devs[i].prog == prog)
			say_found(v, &v->scan.devs[i]);
}

static int attach_observers(struct xdpview *v, const struct bpf_object *obj)
{
	int err = 0, k;
	size_t t;

	/* Whoever sees a program end must have seen it begin, and must see what becomes of it. */
	for (t = 0; !err && v->nr_pairs && t < NR_TRACEPOINTS; t++)
		err = add_link(v, bpf_object__find_program_by_name(obj, tracepoints[t]));
	for (k = 0; !err && k < v->nr_pairs; k++)
		attach_pair(v, obj, k);
	return err;
}

static int attach_own(struct xdpview *v, const struct bpf_object *obj)
{
	const int prog[2] = {
		bpf_program__fd(bpf_object__find_program_by_name(obj, "pktpath_pass")),
		v->frags ?
		bpf_program__fd(bpf_object__find_program_by_name(obj, "pktpath_pass_mb")) : -1
	};
	bool had_link[PP_IFS] = { false }, hardware;
	struct link_xdp x;
	unsigned int mode;
	int i, err;

	for (i = 0; i < v->scan.nr_devs; i++) {
		struct xdp_dev *d = &v->scan.devs[i];

		if (!is_free(v, d))
			continue;
		had_link[i] = xdpown_has_link(d);
		v->own_fd[i] = xdpown_attach(d, v->want, prog);
		if (v->own_fd[i] < 0)
			return v->own_fd[i];
		err = link_xdp_ask(&x, d->ifindex, -1);
		d->id = xdpscan_id(&x, &mode, &hardware);
		if (err) {
			log_err("--xdp: %s: cannot ask for the program that was attached: %s",
				d->name, strerror(-err));
			return err;
		}
	}
	xdpown_wait(&v->scan, had_link);
	return 0;
}

static void fill_table(const struct xdpview *v, struct pp_xdp_dev *table)
{
	const struct scope here = { 0 };
	uint32_t netns = scope_netns(&here);
	int i, n = 0;

	for (i = 0; i < v->scan.nr_devs; i++) {
		const struct xdp_dev *d = &v->scan.devs[i];

		if (is_observed(v, d) || d->own)
			table[n++] = (struct pp_xdp_dev){
				.ifindex = d->ifindex, .netns = netns, .mode = d->mode,
				.prog = d->own ? d->id : v->scan.progs[d->prog].real,
			};
	}
}

int xdpview_attach(struct xdpview *v, const struct bpf_object *obj, struct pp_xdp_dev *table)
{
	int err = attach_observers(v, obj);

	if (err) {
		log_err("cannot observe XDP programs: %s", strerror(-err));
		return err;
	}
	err = attach_own(v, obj);
	if (!err)
		fill_table(v, table);
	return err;
}

/* "filter[12] native on eth0", and why it is not seen. */
static void name_program(const struct xdpview *v, const struct xdp_dev *d, char *buf, size_t size)
{
	const char *why = xdpscan_why(&v->scan, d), *mode = xdp_mode_label(d->mode);
	char name[XDP_FUNC_LEN + 16];

	snprintf(buf, size, "%s %s on %s",
		 d->own ? "pktpath_pass" : xdpscan_name(&v->scan, d, name),
		 d->hardware ? "hardware" : mode, d->name);
	if (!d->own && !is_observed(v, d))
		snprintf(buf + strlen(buf), size - strlen(buf), ": %s",
			 why ? why : "there are too many different ones");
}

void xdpview_report(struct xdpview *v, struct plan *plan)
{
	char text[sizeof(v->text[0])];
	int i;

	for (i = 0; i < v->scan.nr_devs; i++) {
		const struct xdp_dev *d = &v->scan.devs[i];
		bool served = d->own || is_observed(v, d);

		if (!d->attached)
			continue;
		name_program(v, d, text, sizeof(text));
		memcpy(v->text[i], text, strlen(text) + 1);
		if (served)
			plan->stages |= PP_ST_BIT(PP_ST_XDP);
		plan->reports[plan->nr_reports++] = (struct hook_report){
			.stage = PP_ST_XDP, .role = stage_label(PP_ST_XDP),
			.hook = served ? v->text[i] : "", .why = served ? "" : v->text[i],
			.backend = d->own ? "xdp" : backend_name(served ? BE_FENTRY : BE_NONE),
			.missed = -1,
		};
	}
}

bool xdpview_late(const struct xdpview *v)
{
	bool generic = false;
	int i;

	for (i = 0; i < v->scan.nr_devs; i++) {
		const struct xdp_dev *d = &v->scan.devs[i];

		if (!d->own && !is_observed(v, d))
			continue;
		if (d->mode != PP_XM_GENERIC)
			return false;
		generic = true;
	}
	return generic;
}

void xdpview_missed(const struct xdpview *v, struct plan *plan)
{
	int i, r, k;

	for (i = 0; i < v->scan.nr_devs; i++) {
		k = v->scan.devs[i].own ? -1 : pair_of(v, v->scan.devs[i].prog);
		for (r = 0; k >= 0 && r < plan->nr_reports; r++)
			if (plan->reports[r].hook == v->text[i])
				plan->reports[r].missed =
					skipped_runs(BE_FENTRY, bpf_program__fd(v->in[k]), -1);
	}
}

void xdpview_place(const struct xdpview *v, struct pp_rec *rec)
{
	const struct xdpscan *s = &v->scan;
	int i;

	if (!rec->xdp_prog || rec->place[0])
		return;
	for (i = 0; i < s->nr_progs; i++)
		if (s->progs[i].real == rec->xdp_prog)
			snprintf(rec->place, sizeof(rec->place), "%.36s[%u]", s->progs[i].func,
				 rec->xdp_prog);
}

static void look_at(struct xdp_dev *d, const struct links *l)
{
	const char *name = links_name(l, 0, d->ifindex);
	struct link_xdp x;
	unsigned int mode;
	bool hardware;
	uint32_t id;

	/* Without an answer, or without knowing what was there: nothing to tell. */
	if (d->changed || d->err || link_xdp_ask(&x, d->ifindex, links_nsid(l)))
		return;
	if (name)
		snprintf(d->name, sizeof(d->name), "%s", name);
	id = xdpscan_id(&x, &mode, &hardware);
	d->changed = id != d->id;
	if (d->changed && id)
		log_note("%s: XDP program %u was attached meanwhile and is not observed: start "
			 "again to see it", d->name, id);
	else if (d->changed)
		log_note("%s: its XDP program is gone", d->name);
}

void xdpview_look(struct xdpview *v, const struct links *l)
{
	uint64_t now = now_ns(CLOCK_MONOTONIC);
	int i;

	if (now < v->next_look_ns)
		return;
	v->next_look_ns = now + LOOK_NS;
	for (i = 0; i < v->scan.nr_devs; i++)
		look_at(&v->scan.devs[i], l);
}

void xdpview_detach(struct xdpview *v)
{
	int i;

	for (i = 0; i < PP_IFS; i++) {
		if (v->own_fd[i] >= 0)
			close(v->own_fd[i]);
		v->own_fd[i] = -1;
	}
	while (v->nr_links)
		bpf_link__destroy(v->links[--v->nr_links]);
	for (i = 0; i < v->scan.nr_devs; i++)
		if (v->scan.devs[i].own) {
			v->scan.devs[i].attached = v->scan.devs[i].own = false;
			v->scan.devs[i].id = 0;
		}
}

void xdpview_free(struct xdpview *v)
{
	xdpview_detach(v);
	xdpscan_free(&v->scan);
}
