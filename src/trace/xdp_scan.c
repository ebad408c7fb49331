// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include <errno.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include "hooks/trial_program.h"
#include "trace/xdp_scan.h"

#define DISPATCHER "xdp_dispatcher"	/* the function that libxdp generates */

uint32_t xdpscan_id(const struct link_xdp *x, unsigned int *mode, bool *hardware)
{
	*mode = x->native ? PP_XM_NATIVE : x->generic ? PP_XM_GENERIC : PP_XM_NONE;
	*hardware = *mode == PP_XM_NONE && x->hardware;
	return x->native ? x->native : x->generic ? x->generic : x->hardware;
}

/* The whole name of the program's function, which the kernel's own name for it cuts to 15 bytes. */
static int find_func(struct xdp_prog *p, const struct bpf_prog_info *info, uint32_t type_id)
{
	struct btf *btf = btf__load_from_kernel_by_id(info->btf_id);
	const struct btf_type *t = btf ? btf__type_by_id(btf, type_id) : NULL;
	const char *name = t ? btf__name_by_offset(btf, t->name_off) : NULL;

	if (name)
		snprintf(p->func, sizeof(p->func), "%s", name);
	btf__free(btf);
	return name ? 0 : -ENOENT;
}

static uint32_t type_of(uint32_t id)
{
	struct bpf_prog_info info = {};
	uint32_t len = sizeof(info);
	int fd = bpf_prog_get_fd_by_id(id);

	if (fd < 0)
		return 0;
	bpf_obj_get_info_by_fd(fd, &info, &len);
	close(fd);
	return info.type;
}

/*
 * The program that took the place of a program's whole function, by a link of type EXT; 0: none. So
 * does one that is alone behind libxdp's dispatcher (1.6), and then fentry has no place there
 * (EBUSY; __bpf_trampoline_link_prog(), v6.1). Before v5.13 links do not tell.
 */
static uint32_t stand_in(uint32_t id, uint32_t type_id)
{
	struct bpf_link_info info;
	uint32_t link = 0, len;
	int fd, err;

	while (!bpf_link_get_next_id(link, &link)) {
		fd = bpf_link_get_fd_by_id(link);
		if (fd < 0)
			continue;
		memset(&info, 0, sizeof(info));
		len = sizeof(info);
		err = bpf_obj_get_info_by_fd(fd, &info, &len);
		close(fd);
		if (!err && info.type == BPF_LINK_TYPE_TRACING &&
		    info.tracing.target_obj_id == id && info.tracing.target_btf_id == type_id &&
		    type_of(info.prog_id) == BPF_PROG_TYPE_EXT)
			return info.prog_id;
	}
	return 0;
}

/* Finds the name and the BTF type of the open program's function. Returns why it cannot. */
static const char *find_main(struct xdp_prog *p, uint32_t *type_id)
{
	struct bpf_func_info func = {};
	struct bpf_prog_info info = {};
	uint32_t len = sizeof(info);

	if (bpf_obj_get_info_by_fd(p->fd, &info, &len))
		return "the kernel does not tell about it";
	snprintf(p->func, sizeof(p->func), "%s", info.name);
	if (!info.btf_id)
		return "it has no BTF (build it with clang -g)";
	info = (struct bpf_prog_info){ .func_info = (uintptr_t)&func, .nr_func_info = 1,
				       .func_info_rec_size = sizeof(func) };
	len = sizeof(info);
	if (bpf_obj_get_info_by_fd(p->fd, &info, &len) || !info.nr_func_info ||
	    find_func(p, &info, func.type_id))
		return "its BTF does not have its function";
	*type_id = func.type_id;
	return NULL;
}

static const char *open_real(struct xdp_prog *p, uint32_t id, uint32_t *type_id)
{
	p->real = id;
	p->fd = bpf_prog_get_fd_by_id(id);
	if (p->fd >= 0)
		return find_main(p, type_id);
	return errno == EPERM ? "opening somebody else's program takes CAP_SYS_ADMIN" :
	       "it cannot be opened";
}

static const char *why_not(struct xdp_prog *p)
{
	uint32_t type_id, other;
	const char *why = open_real(p, p->id, &type_id);

	if (why)
		return why;
	p->dispatcher = !strcmp(p->func, DISPATCHER);
	other = stand_in(p->id, type_id);
	if (other) {
		close(p->fd);
		why = open_real(p, other, &type_id);
	}
	if (why)
		return why;
	switch (trial_program_entry(p->fd, type_id)) {
	case 0:
		return NULL;
	case -EPERM:
	case -EACCES:
		return "the kernel refuses fentry on it (EPERM)";
	default:
		return "the kernel refuses fentry on it";
	}
}

const char *xdpscan_note(const struct xdp_prog *p)
{
	if (!p->dispatcher)
		return "";
	return p->real != p->id ? ", alone behind libxdp's dispatcher" :
	       ", libxdp's dispatcher: its verdict, not which program behind it gave that";
}

/* The program's place in the table, which it may share with other interfaces; -1: no room. */
static int add_prog(struct xdpscan *s, uint32_t id)
{
	struct xdp_prog *p;
	int i;

	for (i = 0; i < s->nr_progs; i++)
		if (s->progs[i].id == id)
			return i;
	if (s->nr_progs == XDPSCAN_PROGS)
		return -1;
	p = &s->progs[s->nr_progs];
	p->id = id;
	p->why = why_not(p);
	if (!p->func[0])
		snprintf(p->func, sizeof(p->func), "program");
	return s->nr_progs++;
}

static void add_dev(struct xdpscan *s, const struct link_xdp *x, int err)
{
	struct xdp_dev d = { .ifindex = x->ifindex, .err = err, .prog = -1 };

	if (s->nr_devs == PP_IFS) {
		s->more = true;
		return;
	}
	d.id = xdpscan_id(x, &d.mode, &d.hardware);
	d.attached = d.id;
	memcpy(d.name, x->name, sizeof(d.name));
	if (d.id)
		d.prog = add_prog(s, d.id);
	s->devs[s->nr_devs++] = d;
}

static void add_named(struct xdpscan *s, unsigned int ifindex, const char *name)
{
	struct link_xdp x;
	int err = link_xdp_ask(&x, ifindex, -1);

	x.ifindex = ifindex;
	snprintf(x.name, sizeof(x.name), "%s", name);
	add_dev(s, &x, err == -ENODEV ? 0 : err);	/* ENODEV: it is gone */
}

static void add_if_any(void *arg, const struct link_xdp *x)
{
	unsigned int mode;
	bool hardware;

	if (xdpscan_id(x, &mode, &hardware))
		add_dev(arg, x, 0);
}

void xdpscan_find(struct xdpscan *s, const struct scope *scope)
{
	int i;

	memset(s, 0, sizeof(*s));
	for (i = 0; i < scope->nr; i++)
		add_named(s, scope->ifs[i], scope->names[i]);
	if (!scope->nr)
		s->err = link_xdp_all(add_if_any, s);
}

void xdpscan_free(struct xdpscan *s)
{
	int i;

	for (i = 0; i < s->nr_progs; i++)
		if (s->progs[i].fd >= 0)
			close(s->progs[i].fd);
	s->nr_progs = s->nr_devs = 0;
}

const char *xdpscan_why(const struct xdpscan *s, const struct xdp_dev *d)
{
	if (!d->attached || d->own)
		return NULL;
	if (d->hardware)
		return "it runs in the device";
	return d->prog < 0 ? "there are too many different ones" : s->progs[d->prog].why;
}

const char *xdpscan_name(const struct xdpscan *s, const struct xdp_dev *d, char *buf)
{
	if (d->prog < 0)
		return d->own ? "pktpath's own" : "a program";
	sprintf(buf, "%s[%u]", s->progs[d->prog].func, s->progs[d->prog].real);
	return buf;
}
