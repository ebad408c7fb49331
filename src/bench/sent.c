// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include "bench/mode.h"
#include "bench/sent.h"
#include "bpf/bench/sent.skel.h"

#define LINKS_MAX 8

struct sent {
	struct bench_sent_bpf *skel;
	struct bpf_link *links[LINKS_MAX];
	int nr_links;
	bool counted;	/* all that a driver takes is told; else only what is lost */
};

/*
 * A broadcast with no target that is up fails in silence (dev_map_enqueue_multi(), v6.1), and of
 * what generic XDP transmits only failures are told.
 */
bool sent_can_tell(enum xb_mode mode, bool generic)
{
	enum end_told told = ends[modes[mode].end].told;

	return told != TOLD_NOT && !(told == TOLD_NATIVE && generic);
}

static int load(struct sent *s, const struct prog *p, unsigned int ifindex)
{
	struct bpf_prog_info info = {};
	__u32 len = sizeof(info);
	struct stat ns;
	int err = bpf_obj_get_info_by_fd(prog_fd(p), &info, &len);

	if (err)
		return err;
	if (stat("/proc/self/ns/net", &ns))
		return -ENOENT;		/* no /proc */
	s->skel = bench_sent_bpf__open();
	if (!s->skel)
		return -errno;
	s->skel->rodata->prog_id = info.id;
	s->skel->rodata->from = (int)ifindex;
	s->skel->rodata->netns = (__u32)ns.st_ino;
	err = bench_sent_bpf__load(s->skel);
	/* Without it libbpf found that maps cannot be mapped. */
	return err || s->skel->bss ? err : -ENOSYS;
}

static int attach(struct sent *s)
{
	struct bpf_program *prog;
	struct bpf_link *link;

	bpf_object__for_each_program(prog, s->skel->obj) {
		link = bpf_program__attach(prog);
		if (link)
			s->links[s->nr_links++] = link;
		else if (prog != s->skel->progs.redirect_map_err)
			return -errno;
	}
	return 0;
}

int sent_open(struct sent **out, const struct prog *p, enum xb_mode mode, bool generic,
	      unsigned int ifindex)
{
	struct sent *s = calloc(1, sizeof(*s));
	int err;

	if (!s)
		return -ENOMEM;
	s->counted = ends[modes[mode].end].told != TOLD_LOST && !generic;
	err = load(s, p, ifindex);
	if (!err)
		err = attach(s);
	if (err)
		sent_free(s);
	else
		*out = s;
	return err;
}

void sent_free(struct sent *s)
{
	if (!s)
		return;
	while (s->nr_links)
		bpf_link__destroy(s->links[--s->nr_links]);
	bench_sent_bpf__destroy(s->skel);
	free(s);
}

void sent_read(const struct sent *s, struct xb_sent *counts)
{
	const struct xb_sent *from = &s->skel->bss->sent;

	counts->taken = __atomic_load_n(&from->taken, __ATOMIC_RELAXED);
	counts->refused = __atomic_load_n(&from->refused, __ATOMIC_RELAXED);
	counts->failed = __atomic_load_n(&from->failed, __ATOMIC_RELAXED);
	counts->err = __atomic_load_n(&from->err, __ATOMIC_RELAXED);
}

uint64_t sent_on(const struct sent *s, uint64_t seen)
{
	struct xb_sent c;

	sent_read(s, &c);
	if (s->counted)
		return c.taken;
	return seen > c.refused + c.failed ? seen - c.refused - c.failed : 0;
}
