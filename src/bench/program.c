// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include <errno.h>
#include <linux/if_link.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include "bench/mode.h"
#include "bench/program.h"
#include "xdpbench.h"
#include "bpf/bench/program.skel.h"

#define LOG_BYTES    65536
#define CPUMAP_QUEUE 2048	/* frames that may wait for the other CPU */

struct prog {
	struct bench_spec spec;
	struct bench_program_bpf *skel;
	struct bpf_object *user;
	int fd;
};

int prog_fd(const struct prog *p)
{
	return p->fd;
}

static uint64_t sum(const struct xb_slot *slots)
{
	uint64_t n = 0;
	int i;

	for (i = 0; i < XB_CPUS; i++)
		n += __atomic_load_n(&slots[i].sent, __ATOMIC_RELAXED);
	return n;
}

uint64_t prog_counted(const struct prog *p)
{
	return p->skel ? sum((const struct xb_slot *)p->skel->bss->counts) : 0;
}

static int mode_map_fd(const struct prog *p)
{
	return bpf_object__find_map_fd_by_name(p->skel->obj,
					       map_rows[modes[p->spec.mode].map].name);
}

int prog_socks_fd(const struct prog *p)
{
	return mode_fill(p->spec.mode) == XB_FILL_SOCKETS ? mode_map_fd(p) : -1;
}

uint32_t prog_cpumap_id(const struct prog *p)
{
	struct bpf_map_info info = {};
	uint32_t len = sizeof(info);

	if (mode_fill(p->spec.mode) != XB_FILL_CPU ||
	    bpf_obj_get_info_by_fd(mode_map_fd(p), &info, &len))
		return 0;
	return info.id;
}

size_t prog_samples(const struct prog *p, const uint64_t **samples)
{
	uint64_t n = p->skel ? __atomic_load_n(&p->skel->bss->nr_samples, __ATOMIC_ACQUIRE) : 0;

	*samples = p->skel ? (const uint64_t *)p->skel->bss->samples : NULL;
	return n < XB_SAMPLES ? n : XB_SAMPLES;
}

/* The leanest that does what is wanted. */
static struct bpf_program *pick(const struct bench_program_bpf *s, const struct bench_spec *spec,
				const struct prog_env *env)
{
	bool bare = spec->work == XB_NOTHING && !env->count && !env->stamps;

	return bare ? s->progs.bare : s->progs.recv;
}

/* Maps and programs that this mode does not use must not fail on kernels that lack them. */
static void choose(struct bench_program_bpf *s, const struct bench_spec *spec,
		   const struct bpf_program *prog)
{
	struct bpf_map *map;
	int i;

	bpf_program__set_autoload(s->progs.bare, prog == s->progs.bare);
	bpf_program__set_autoload(s->progs.recv, prog == s->progs.recv);
	bpf_program__set_autoload(s->progs.shot, prog == s->progs.shot);
	bpf_program__set_autoload(s->progs.on_cpu, mode_fill(spec->mode) == XB_FILL_CPU);
	for (i = XB_MAP_none + 1; i < XB_NR_MAPS; i++) {
		map = bpf_object__find_map_by_name(s->obj, map_rows[i].name);
		bpf_map__set_autocreate(map, modes[spec->mode].map == (enum xb_map)i ||
					     works[spec->work].map == (enum xb_map)i);
		/* The kernel takes no more than it was built for. */
		if (map_rows[i].fill == XB_FILL_CPU)
			bpf_map__set_max_entries(map, libbpf_num_possible_cpus());
	}
}

static void configure(struct bench_program_bpf *s, const struct bench_spec *spec,
		      const struct prog_env *env)
{
	s->rodata->cfg.mode = spec->mode;
	s->rodata->cfg.work = spec->work;
	s->rodata->cfg.count = env->count;
	s->rodata->cfg.stamps = env->stamps && mode_fill(spec->mode) != XB_FILL_CPU;
	s->rodata->cfg.cpu_stamps = env->stamps;
	s->rodata->cfg.ifindex = env->to[0];
	s->rodata->target_cpu = env->cpu;
}

/* Keys are source ports as the packet has them; every flow of the generator is found. */
static int fill_ports(int fd, uint32_t n)
{
	uint64_t value = 1;
	uint32_t key, i;
	int err = 0;

	for (i = 0; !err && i < n; i++) {
		key = (uint32_t)__builtin_bswap16(1024 + i);
		err = bpf_map_update_elem(fd, &key, &value, BPF_ANY);
	}
	return err;
}

static int fill_cpus(int fd, int cpu, const struct bpf_program *there)
{
	struct bpf_cpumap_val v = { .qsize = CPUMAP_QUEUE,
				    .bpf_prog.fd = bpf_program__fd(there) };
	uint32_t key = cpu;

	return bpf_map_update_elem(fd, &key, &v, BPF_ANY);
}

static int fill_targets(int fd, const unsigned int *to, uint32_t n)
{
	uint32_t i, ifindex;
	int err = 0;

	for (i = 0; !err && i < n; i++) {
		ifindex = to[i];
		err = ifindex ? bpf_map_update_elem(fd, &i, &ifindex, BPF_ANY) : 0;
	}
	return err;
}

static int fill(const struct bench_program_bpf *s, enum xb_map map, const struct prog_env *env)
{
	const struct map_row *row = &map_rows[map];
	int fd;

	if (map == XB_MAP_none)
		return 0;
	fd = bpf_object__find_map_fd_by_name(s->obj, row->name);
	switch (row->fill) {
	case XB_FILL_PORTS:
		return fill_ports(fd, row->entries);
	case XB_FILL_TARGETS:
		return fill_targets(fd, env->to, row->entries);
	case XB_FILL_CPU:
		return fill_cpus(fd, env->cpu, s->progs.on_cpu);
	case XB_FILL_SOCKETS:	/* whoever has them (prog_socks_fd()) */
	case XB_FILL_NOTHING:
		break;
	}
	return 0;
}

static int load_own(struct prog *p, const struct prog_env *env, struct why *why)
{
	struct bench_program_bpf *s = bench_program_bpf__open();
	struct bpf_program *prog;
	int err;

	if (!s)
		return why_cannot(why, -errno, "cannot open the program for %s", p->spec.label);
	p->skel = s;
	prog = pick(s, &p->spec, env);
	choose(s, &p->spec, prog);
	configure(s, &p->spec, env);
	err = bench_program_bpf__load(s);
	if (!err && !s->bss)
		err = -ENOSYS;		/* libbpf found that maps cannot be mapped */
	if (!err)
		err = fill(s, works[p->spec.work].map, env);
	if (!err)
		err = fill(s, modes[p->spec.mode].map, env);
	p->fd = err ? -1 : bpf_program__fd(prog);
	return why_cannot(why, err, "cannot load the program for %s", p->spec.label);
}

static struct bpf_program *find(struct bpf_object *obj, const char *section)
{
	struct bpf_program *prog, *found = NULL;

	bpf_object__for_each_program(prog, obj) {
		bool is = !strcmp(bpf_program__section_name(prog), section) ||
			  !strcmp(bpf_program__name(prog), section);

		if (is && !found)
			found = prog;
		bpf_program__set_autoload(prog, is && found == prog);
	}
	return found;
}

/* The verifier's reason, from its log: the line before its account. NULL if it gave none. */
static const char *verdict_of(char *log)
{
	char *line, *save, *last = NULL;

	for (line = strtok_r(log, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		if (!strncmp(line, "processed ", 10))
			break;
		last = line;
	}
	return last;
}

static int load_object(struct prog *p, struct bpf_program *prog, struct why *why)
{
	char *log = calloc(1, LOG_BYTES);
	const char *reason;
	int err;

	/* libbpf writes the verifier's words there, if the program does not load without. */
	if (log)
		bpf_program__set_log_buf(prog, log, LOG_BYTES);
	err = bpf_object__load(p->user);
	reason = err && log ? verdict_of(log) : NULL;
	if (reason)
		why_is(why, err, "%s: cannot load '%s': %s, the verifier says: %.200s "
		       "(bpftool prog load says more)",
		       p->spec.file, p->spec.section, strerror(-err), reason);
	else if (err)
		why_is(why, err, "%s: cannot load '%s': %s (bpftool prog load says more)",
		       p->spec.file, p->spec.section, strerror(-err));
	free(log);
	return err;
}

static int load_user(struct prog *p, struct why *why)
{
	struct bpf_program *prog;
	int err;

	p->user = bpf_object__open_file(p->spec.file, NULL);
	if (!p->user)
		return why_cannot(why, -errno, "%s: cannot open", p->spec.file);
	prog = find(p->user, p->spec.section);
	if (!prog)
		return why_is(why, -ENOENT, "%s: has no section or program '%s'", p->spec.file,
			      p->spec.section);
	/* Programs that take each other's place must agree in both. */
	bpf_program__set_type(prog, BPF_PROG_TYPE_XDP);
	bpf_program__set_expected_attach_type(prog, BPF_XDP);
	err = load_object(p, prog, why);
	p->fd = err ? -1 : bpf_program__fd(prog);
	return err;
}

int prog_load(struct prog **out, const struct bench_spec *spec, const struct prog_env *env,
	      struct why *why)
{
	struct prog *p = calloc(1, sizeof(*p));
	int err;

	if (!p)
		return why_cannot(why, -ENOMEM, "cannot load the program for %s", spec->label);
	p->spec = *spec;
	p->fd = -1;
	err = spec->mode == XB_USER ? load_user(p, why) : load_own(p, env, why);
	if (err)
		prog_free(p);
	else
		*out = p;
	return err;
}

int prog_load_shot(struct prog **out)
{
	struct prog *p = calloc(1, sizeof(*p));
	int err;

	if (!p)
		return -ENOMEM;
	p->fd = -1;
	p->skel = bench_program_bpf__open();
	err = p->skel ? 0 : -errno;
	if (!err) {
		choose(p->skel, &p->spec, p->skel->progs.shot);
		err = bench_program_bpf__load(p->skel);
	}
	if (!err && !p->skel->bss)
		err = -ENOSYS;
	if (err) {
		prog_free(p);
		return err;
	}
	p->fd = bpf_program__fd(p->skel->progs.shot);
	*out = p;
	return 0;
}

void prog_free(struct prog *p)
{
	if (!p)
		return;
	bench_program_bpf__destroy(p->skel);
	bpf_object__close(p->user);
	free(p);
}

int prog_attach(const struct prog *p, unsigned int ifindex, bool generic)
{
	LIBBPF_OPTS(bpf_link_create_opts, opts,
		    .flags = generic ? XDP_FLAGS_SKB_MODE : XDP_FLAGS_DRV_MODE);

	return bpf_link_create(p->fd, (int)ifindex, BPF_XDP, &opts);
}

int prog_swap(int link, const struct prog *p)
{
	return bpf_link_update(link, p->fd, NULL);
}

uint32_t prog_on_device(unsigned int ifindex)
{
	LIBBPF_OPTS(bpf_xdp_query_opts, q);

	if (bpf_xdp_query((int)ifindex, 0, &q))
		return 0;
	return q.prog_id ? q.prog_id : q.drv_prog_id ? q.drv_prog_id :
	       q.skb_prog_id ? q.skb_prog_id : q.hw_prog_id;
}
