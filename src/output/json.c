// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include <errno.h>
#include <stdlib.h>
#include "output/json.h"
#include "text/format.h"

void json_num(doc_t *d, val_t *o, const char *key, uint64_t n)
{
	yyjson_mut_obj_add_uint(d, o, key, n);
}

void json_text(doc_t *d, val_t *o, const char *key, const char *text)
{
	char buf[FMT_TEXT_MAX];

	if (!text || !*text)
		yyjson_mut_obj_add_null(d, o, key);
	else
		yyjson_mut_obj_add_strcpy(d, o, key, fmt_clean(buf, text, FMT_TEXT_MAX));
}

void json_known(doc_t *d, val_t *o, const char *key, bool known, uint64_t n)
{
	if (known)
		json_num(d, o, key, n);
	else
		yyjson_mut_obj_add_null(d, o, key);
}

void json_id(doc_t *d, val_t *o, const char *key, uint64_t id)
{
	json_known(d, o, key, id, id);
}

static void *watch(void *ctx, void *p)
{
	struct json_heap *h = ctx;

	h->failed |= !p;
	return p;
}

static void *heap_malloc(void *ctx, size_t size)
{
	return watch(ctx, malloc(size));
}

static void *heap_realloc(void *ctx, void *p, size_t old_size, size_t size)
{
	return watch(ctx, realloc(p, size));
}

static void heap_free(void *ctx, void *p)
{
	free(p);
}

doc_t *json_doc(struct json_heap *h)
{
	*h = (struct json_heap){ .alc = { heap_malloc, heap_realloc, heap_free, h } };
	return yyjson_mut_doc_new(&h->alc);
}

int json_doc_line(const struct sink_env *env, const doc_t *doc, const struct json_heap *h)
{
	return h->failed ? -ENOMEM : json_line(env, doc, &h->alc);
}

int json_line(const struct sink_env *env, const doc_t *doc, const yyjson_alc *alc)
{
	yyjson_write_err err;
	size_t len;
	char *text = yyjson_mut_write_opts(doc, 0, alc, &len, &err);
	int ret = 0;

	if (!text)
		return err.code == YYJSON_WRITE_ERROR_MEMORY_ALLOCATION ? -ENOMEM : -EINVAL;
	text[len] = '\n';	/* in place of the NUL, which is not needed */
	errno = 0;
	if (fwrite(text, 1, len + 1, env->out) != len + 1)
		ret = errno ? -errno : -EIO;
	alc->free(alc->ctx, text);
	return ret;
}
