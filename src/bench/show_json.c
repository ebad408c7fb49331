// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include "bench/show_json.h"
#include "text/line.h"

typedef yyjson_mut_doc doc_t;
typedef yyjson_mut_val val_t;

/* Numbers that JSON has no word for are null. */
void json_real(doc_t *d, val_t *o, const char *key, double v)
{
	if (isfinite(v))
		yyjson_mut_obj_add_real(d, o, key, v);
	else
		yyjson_mut_obj_add_null(d, o, key);
}

void json_estimate(doc_t *d, val_t *to, const char *key, const struct estimate *e)
{
	val_t *o;

	if (!e->n) {
		yyjson_mut_obj_add_null(d, to, key);
		return;
	}
	o = yyjson_mut_obj_add_obj(d, to, key);
	json_real(d, o, "value", e->value);
	json_real(d, o, "lo", e->lo);
	json_real(d, o, "hi", e->hi);
	yyjson_mut_obj_add_uint(d, o, "n", e->n);
}

static void add_options(doc_t *d, val_t *root, const struct bench_opts *o)
{
	val_t *v = yyjson_mut_obj_add_obj(d, root, "options");

	yyjson_mut_obj_add_str(d, v, "attach", o->generic ? "generic" : "native");
	yyjson_mut_obj_add_str(d, v, "interface", o->ifname ? o->ifname : "");
	yyjson_mut_obj_add_uint(d, v, "size", o->size);
	yyjson_mut_obj_add_uint(d, v, "flows", o->flows);
	yyjson_mut_obj_add_uint(d, v, "batch", o->batch);
	yyjson_mut_obj_add_uint(d, v, "cores", o->cores);
	yyjson_mut_obj_add_uint(d, v, "repeat", o->repeat);
	yyjson_mut_obj_add_bool(d, v, "sink", o->sink);
}

static void add_env(doc_t *d, val_t *root, const struct machine *env)
{
	val_t *v = yyjson_mut_obj_add_obj(d, root, "environment");

	yyjson_mut_obj_add_strcpy(d, v, "kernel", env->kernel);
	yyjson_mut_obj_add_strcpy(d, v, "cpu", env->cpu);
	yyjson_mut_obj_add_int(d, v, "cpus", env->cpus);
	yyjson_mut_obj_add_strcpy(d, v, "mitigations", env->mitigations);
	yyjson_mut_obj_add_int(d, v, "jit", env->jit);
	yyjson_mut_obj_add_int(d, v, "bpf_stats", env->bpf_stats);
	yyjson_mut_obj_add_strcpy(d, v, "napi", env->napi);
	yyjson_mut_obj_add_int(d, v, "gro", env->gro);
	yyjson_mut_obj_add_bool(d, v, "generator_restarts", env->kicked);
	yyjson_mut_obj_add_int(d, v, "other_programs", env->programs);
	yyjson_mut_obj_add_int(d, v, "other_xdp_programs", env->xdp_programs);
	yyjson_mut_obj_add_int(d, v, "other_tracing_programs", env->tracing_programs);
}

doc_t *json_begin(const struct bench *b, const char *command)
{
	doc_t *d = yyjson_mut_doc_new(NULL);
	val_t *root = d ? yyjson_mut_obj(d) : NULL;

	if (!root)
		return d;
	yyjson_mut_doc_set_root(d, root);
	yyjson_mut_obj_add_str(d, root, "schema", BENCH_SCHEMA);
	yyjson_mut_obj_add_str(d, root, "command", command);
	add_options(d, root, &b->o);
	add_env(d, root, &b->machine);
	return d;
}

int json_end(doc_t *d)
{
	char *text = d ? yyjson_mut_write(d, 0, NULL) : NULL;
	int err = -ENOMEM;

	if (text) {
		puts(text);
		err = file_flush(stdout);
	}
	free(text);
	yyjson_mut_doc_free(d);
	return err;
}

void json_books(doc_t *d, val_t *to, const struct books *b)
{
	val_t *v = yyjson_mut_obj_add_obj(d, to, "packets"), *lost;
	int i;

	yyjson_mut_obj_add_uint(d, v, "generated", b->generated);
	yyjson_mut_obj_add_uint(d, v, "received", b->received);
	yyjson_mut_obj_add_str(d, v, "received_where", b->where);
	lost = yyjson_mut_obj_add_obj(d, v, "lost");
	for (i = 0; i < b->nr_lost; i++)
		yyjson_mut_obj_add_uint(d, lost, b->lost[i].what, b->lost[i].packets);
	yyjson_mut_obj_add_int(d, v, "unexplained", books_unexplained(b));
}

void json_cpus(doc_t *d, val_t *to, const struct cpu_use *use, int n)
{
	val_t *all = yyjson_mut_obj_add_arr(d, to, "cpu_ticks"), *v;
	int i;

	for (i = 0; i < n; i++) {
		const struct cpu_use *u = &use[i];

		v = yyjson_mut_arr_add_obj(d, all);
		yyjson_mut_obj_add_int(d, v, "cpu", u->cpu);
		yyjson_mut_obj_add_uint(d, v, "user", u->user);
		yyjson_mut_obj_add_uint(d, v, "system", u->system);
		yyjson_mut_obj_add_uint(d, v, "softirq", u->softirq);
		yyjson_mut_obj_add_uint(d, v, "irq", u->irq);
		yyjson_mut_obj_add_uint(d, v, "idle", u->idle);
		yyjson_mut_obj_add_uint(d, v, "steal", u->steal);
	}
}

void json_no_rate(doc_t *d, val_t *to, const char *why)
{
	if (why)
		yyjson_mut_obj_add_strcpy(d, to, "no_rate", why);
	else
		yyjson_mut_obj_add_null(d, to, "no_rate");
}
