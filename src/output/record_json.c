// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include <arpa/inet.h>
#include <errno.h>
#include "model/labels.h"
#include "model/lineage.h"
#include "model/timeline.h"
#include "output/record_json.h"
#include "text/line.h"

#define RECORD_SCHEMA "pktpath.record.v1"

static void add_flow(doc_t *d, val_t *o, const struct pp_rec *rec)
{
	bool ports = fmt_has_ports(rec);
	char buf[FMT_ADDR_MAX], proto[FMT_MAX];

	json_text(d, o, "proto", fmt_proto(proto, rec));
	json_text(d, o, "saddr", fmt_addr(buf, rec, rec->saddr));
	json_known(d, o, "sport", ports, ntohs(rec->sport));
	json_text(d, o, "daddr", fmt_addr(buf, rec, rec->daddr));
	json_known(d, o, "dport", ports, ntohs(rec->dport));
	if (!ports || rec->l4_proto != IPPROTO_TCP)
		return;
	yyjson_mut_obj_add_strcpy(d, o, "tcp_flags", fmt_tcp_flags(proto, rec->tcp_flags));
	json_num(d, o, "data_len", rec->data_len);
	json_num(d, o, "end_seq", rec->end_seq);
}

static const char *why(const struct sink_env *env, const struct pp_rec *rec)
{
	if (rec->verdict == PP_V_UNTRACKED)
		return loss_label(rec->loss);
	if (rec->verdict != PP_V_DROPPED && !(verdict_is_xdp(rec->verdict) && rec->reason))
		return NULL;
	return sink_env_reason(env, rec);
}

static void add_fate(const struct sink_env *env, doc_t *d, val_t *o, const struct pp_rec *rec)
{
	bool dropped = rec->verdict == PP_V_DROPPED || verdict_is_xdp(rec->verdict);
	char place[PP_PLACE_LEN + 1], comm[FMT_TEXT_MAX];

	snprintf(place, sizeof(place), "%.*s", PP_PLACE_LEN, rec->place);
	yyjson_mut_obj_add_str(d, o, "verdict", verdict_label(rec->verdict));
	json_text(d, o, "reason", why(env, rec));
	json_text(d, o, "place", dropped ? place : NULL);
	json_id(d, o, "parent", rec->verdict == PP_V_MERGED ? rec->parent : 0);
	json_id(d, o, "clone_of", rec->clone_of);
	json_text(d, o, "egress",
		  rec->egress ? env->dev_name(env->names, rec->netns, rec->egress) : NULL);
	json_id(d, o, "pid", rec->pid);
	json_text(d, o, "comm", fmt_clean(comm, rec->comm, PP_COMM_LEN));
}

/* Why the poll that fetched it ran, and what GRO did with it. */
static void add_poll(doc_t *d, val_t *o, const struct pp_rec *rec)
{
	bool work = rec->poll_budget && rec->poll_work != PP_WORK_UNKNOWN;

	yyjson_mut_obj_add_str(d, o, "cause", cause_label(rec->cause));
	yyjson_mut_obj_add_str(d, o, "context", context_label(rec->context));
	json_known(d, o, "poll_index", rec->poll_budget, rec->poll_index);
	json_known(d, o, "poll_work", work, rec->poll_work);
	json_known(d, o, "poll_budget", rec->poll_budget, rec->poll_budget);
	yyjson_mut_obj_add_str(d, o, "gro", gro_label(rec->gro));
	json_known(d, o, "gro_frames", rec->gro, rec->gro_frames ? rec->gro_frames : 1);
	json_text(d, o, "gro_end", rec->gro_end ? gro_end_label(rec->gro_end) : NULL);
}

/* Times are relative to the first stage, like those of the stages. */
static void add_hops(const struct sink_env *env, doc_t *d, val_t *o, const struct pp_rec *rec,
		     uint64_t first_ns)
{
	val_t *hops = yyjson_mut_obj_add_arr(d, o, "hops");

	for (int i = 0; i < rec->nr_hops && i < PP_HOPS; i++) {
		const struct pp_hop *hop = &rec->hops[i];
		val_t *h = yyjson_mut_arr_add_obj(d, hops);

		json_num(d, h, "ifindex", hop->ifindex);
		json_text(d, h, "dev", env->dev_name(env->names, hop->netns, hop->ifindex));
		json_id(d, h, "netns", hop->netns);
		json_num(d, h, "at_ns", hop->ns - first_ns);
	}
}

/* The XDP program that ran on it, and where that sent it; its name is in `place`. */
static void add_xdp(doc_t *d, val_t *o, const struct pp_rec *rec)
{
	char buf[FMT_MAX];
	val_t *x;

	if (!rec->xdp_mode) {
		yyjson_mut_obj_add_null(d, o, "xdp");
		return;
	}
	x = yyjson_mut_obj_add_obj(d, o, "xdp");
	yyjson_mut_obj_add_str(d, x, "mode", xdp_mode_label(rec->xdp_mode));
	json_num(d, x, "program", rec->xdp_prog);
	yyjson_mut_obj_add_str(d, x, "to", xdp_to_label(rec->xdp_to));
	json_known(d, x, "index", rec->xdp_to == PP_XT_CPU || rec->xdp_to == PP_XT_SOCKET,
		  rec->xdp_index);
	json_text(d, x, "error", !rec->xdp_err ? NULL : rec->xdp_err == PP_XDP_FAILED ? "failed" :
		  fmt_error(buf, rec->xdp_err));
}

/* What conntrack made of the flow. */
static void add_nat(doc_t *d, val_t *o, const struct pp_rec *rec)
{
	const struct pp_nat *nat = &rec->nat;
	char buf[FMT_ADDR_MAX];
	bool ports = nat->sport || nat->dport;
	val_t *n;

	if (!(rec->flags & PP_F_NAT)) {
		yyjson_mut_obj_add_null(d, o, "nat");
		return;
	}
	n = yyjson_mut_obj_add_obj(d, o, "nat");
	json_text(d, n, "saddr", fmt_addr(buf, rec, nat->saddr));
	json_known(d, n, "sport", ports, ntohs(nat->sport));
	json_text(d, n, "daddr", fmt_addr(buf, rec, nat->daddr));
	json_known(d, n, "dport", ports, ntohs(nat->dport));
}

static void add_flags(doc_t *d, val_t *o, const struct pp_rec *rec)
{
	val_t *flags = yyjson_mut_obj_add_arr(d, o, "flags");
	const struct flag_name *f;

	for (unsigned int i = 0; (f = flag_row(i)); i++)
		if (*f->label && rec->flags & f->bit)
			yyjson_mut_arr_add_str(d, flags, f->label);
}

static void add_stages(doc_t *d, val_t *o, const struct pp_rec *rec, const struct timeline *tl)
{
	val_t *stages;

	json_num(d, o, "end_cpu", rec->end_cpu);
	json_num(d, o, "total_ns", tl->total_ns);
	stages = yyjson_mut_obj_add_arr(d, o, "stages");
	for (int i = 0; i < tl->nr; i++) {
		const struct timeline_row *row = &tl->row[i];
		val_t *s = yyjson_mut_arr_add_obj(d, stages);

		yyjson_mut_obj_add_str(d, s, "stage", stage_label(row->stage));
		json_num(d, s, "at_ns", row->at_ns - tl->first_ns);
		json_num(d, s, "ns", row->dur_ns);
		json_num(d, s, "cpu", row->cpu);
	}
}

/* Of a merged frame: its own way and, from the merge on, that of the packet with its data. */
static void add_journey(doc_t *d, val_t *o, const struct pp_rec *rec, const struct pp_rec *whole)
{
	struct timeline tl;
	struct pp_rec way;
	val_t *j;

	if (!whole) {
		yyjson_mut_obj_add_null(d, o, "journey");
		return;
	}
	way = lineage_journey(rec, whole);
	timeline_build(&way, &tl);
	j = yyjson_mut_obj_add_obj(d, o, "journey");
	yyjson_mut_obj_add_str(d, j, "verdict", verdict_label(way.verdict));
	add_stages(d, j, &way, &tl);
}

int record_json(struct record_json *rj, const struct sink_env *env, const struct pp_rec *rec,
		const struct pp_rec *whole)
{
	struct timeline tl;
	yyjson_alc alc;
	doc_t *d;
	val_t *o;
	int err;

	yyjson_alc_pool_init(&alc, rj->pool, sizeof(rj->pool));
	d = yyjson_mut_doc_new(&alc);
	if (!d)
		return -ENOMEM;
	o = yyjson_mut_obj(d);
	yyjson_mut_doc_set_root(d, o);
	timeline_build(rec, &tl);
	yyjson_mut_obj_add_str(d, o, "schema", RECORD_SCHEMA);
	json_num(d, o, "seq", ++rj->seq);
	json_num(d, o, "id", rec->id);
	json_num(d, o, "time_ns", tl.first_ns + env->wall_offset_ns);
	json_num(d, o, "ifindex", rec->ifindex);
	json_text(d, o, "dev", env->dev_name(env->names, rec->netns, rec->ifindex));
	json_id(d, o, "netns", rec->netns);
	json_num(d, o, "cpu", tl.nr ? tl.row[0].cpu : rec->end_cpu);
	add_flow(d, o, rec);
	json_num(d, o, "len", rec->len);
	add_fate(env, d, o, rec);
	add_poll(d, o, rec);
	add_xdp(d, o, rec);
	add_nat(d, o, rec);
	add_flags(d, o, rec);
	add_hops(env, d, o, rec, tl.first_ns);
	add_stages(d, o, rec, &tl);
	add_journey(d, o, rec, whole);
	err = json_line(env, d, &alc);
	if (!err && env->line_buffered)
		err = file_flush(env->out);
	return err;
}
