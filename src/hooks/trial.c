// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include <errno.h>
#include <linux/bpf.h>
#include <linux/perf_event.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include "base/procfile.h"
#include "hooks/trial.h"
#include "hooks/trial_program.h"

#define KPROBE_TYPE_FILE "/sys/bus/event_source/devices/kprobe/type"

struct trial {
	struct btf *vmlinux;
	struct btf *module;	/* BTF of the module asked for last */
	char module_name[64];
	int module_fd;
	const char *no_multi;	/* why kprobe.multi cannot be had at all; NULL: not known so */
};

struct trial *trial_new(void)
{
	struct trial *t = calloc(1, sizeof(*t));
	int err;

	if (!t)
		return NULL;
	t->module_fd = -1;
	t->vmlinux = btf__load_vmlinux_btf();
	if (!t->vmlinux) {
		err = errno;
		free(t);
		errno = err ? err : ENOENT;
		return NULL;
	}
	return t;
}

static bool can_read_percpu(int id)
{
	const struct bpf_insn insns[] = {
		{ .code = BPF_LD | BPF_IMM | BPF_DW, .dst_reg = BPF_REG_1,
		  .src_reg = BPF_PSEUDO_BTF_ID, .imm = id },
		{ 0 },
		{ .code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_this_cpu_ptr },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0 },
		{ .code = BPF_JMP | BPF_EXIT },
	};

	return !trial_try(BPF_PROG_TYPE_RAW_TRACEPOINT, insns, sizeof(insns) / sizeof(insns[0]),
			  NULL);
}

/*
 * include/linux/preempt.h: from v7.3 on x86 counts in 64 bits, and who keeps interrupts away is
 * counted below those who serve them ("preempt: Introduce HARDIRQ_DISABLE_BITS").
 */
#define HARDIRQ_MASK_32 0x000f0000
#define HARDIRQ_MASK_64 0x0f000000

unsigned int trial_preempt_count(const struct trial *t)
{
	static const char *const names[] = { "__preempt_count", "pcpu_hot" };
	__u32 module = 0;
	size_t i;

	if (bpf_btf_get_next_id(0, &module) && errno == EPERM)
		return 0;
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		int id = btf__find_by_name_kind(t->vmlinux, names[i], BTF_KIND_VAR);

		if (id <= 0)
			continue;
		if (!can_read_percpu(id))
			return 0;
		/* Of the structure the field is an int. */
		return !i && btf__resolve_size(t->vmlinux, id) == 8 ?
		       HARDIRQ_MASK_64 : HARDIRQ_MASK_32;
	}
	return 0;
}

static void drop_module(struct trial *t)
{
	btf__free(t->module);
	t->module = NULL;
	if (t->module_fd >= 0)
		close(t->module_fd);
	t->module_fd = -1;
	t->module_name[0] = 0;
}

void trial_free(struct trial *t)
{
	if (!t)
		return;
	drop_module(t);
	btf__free(t->vmlinux);
	free(t);
}

/* Find a loaded module's BTF by walking the kernel's BTF objects. */
static int want_module(struct trial *t, const char *name)
{
	__u32 id = 0;

	if (t->module && !strcmp(t->module_name, name))
		return 0;
	drop_module(t);
	while (!bpf_btf_get_next_id(id, &id)) {
		char buf[64] = "";
		struct bpf_btf_info info = { .name = (uintptr_t)buf, .name_len = sizeof(buf) };
		__u32 len = sizeof(info);
		int fd = bpf_btf_get_fd_by_id(id);

		if (fd < 0)
			continue;
		if (bpf_obj_get_info_by_fd(fd, &info, &len) || !info.kernel_btf ||
		    strcmp(buf, name)) {
			close(fd);
			continue;
		}
		t->module = btf__load_from_kernel_by_id_split(id, t->vmlinux);
		t->module_fd = fd;
		snprintf(t->module_name, sizeof(t->module_name), "%s", name);
		return t->module ? 0 : -ENOENT;
	}
	return -ENOENT;
}

/* Load `r0 = args[arg]; return 0` for the attach point; arg < 0: just return 0. */
static int load_reader(enum bpf_attach_type type, __u32 btf_id, int btf_fd, int arg)
{
	struct bpf_insn insns[3];
	LIBBPF_OPTS(bpf_prog_load_opts, opts, .expected_attach_type = type,
		    .attach_btf_id = btf_id, .attach_btf_obj_fd = btf_fd > 0 ? btf_fd : 0);
	int n = 0;

	if (arg >= 0)
		insns[n++] = (struct bpf_insn){ .code = BPF_LDX | BPF_MEM | BPF_DW,
						.src_reg = BPF_REG_1, .off = arg * 8 };
	insns[n++] = (struct bpf_insn){ .code = BPF_ALU64 | BPF_MOV | BPF_K };
	insns[n++] = (struct bpf_insn){ .code = BPF_JMP | BPF_EXIT };
	return trial_try(BPF_PROG_TYPE_TRACING, insns, n, &opts);
}

static const char *why_load(int err)
{
	switch (-err) {
	case EPERM:
	case EACCES:
		return "the kernel refuses it (EPERM)";
	case EINVAL:
		return "the kernel refuses it (EINVAL): other arguments than expected, "
		       "or no support";
	case ENOENT:
		return "in BTF, but the kernel cannot find its address (ENOENT)";
	default:
		return "the kernel refuses it";
	}
}

int trial_fentry(struct trial *t, const char *symbol, const char *module, int nargs, int ret,
		 const char **why)
{
	const struct btf *btf = t->vmlinux;
	int id, err;

	if (*module) {
		if (want_module(t, module)) {
			*why = "its driver is not loaded or has no BTF";
			return -ENOENT;
		}
		btf = t->module;
	}
	id = btf__find_by_name_kind(btf, symbol, BTF_KIND_FUNC);
	if (id < 0) {
		*why = "this kernel has no such function (renamed or inlined)";
		return -ENOENT;
	}
	err = load_reader(ret ? BPF_TRACE_FEXIT : BPF_TRACE_FENTRY, id,
			  *module ? t->module_fd : 0, ret ? nargs : nargs - 1);
	if (err)
		*why = why_load(err);
	return err;
}

int trial_tp(struct trial *t, const char *name, int nargs, const char **why)
{
	char type[128];
	int id, err;

	snprintf(type, sizeof(type), "btf_trace_%s", name);
	id = btf__find_by_name_kind(t->vmlinux, type, BTF_KIND_TYPEDEF);
	if (id < 0) {
		*why = "this kernel has no such tracepoint";
		return -ENOENT;
	}
	err = load_reader(BPF_TRACE_RAW_TP, id, 0, nargs - 1);
	if (err)
		*why = why_load(err);
	return err;
}

int trial_find(struct trial *t, const char *symbol, const char *module, int *fd)
{
	int err = want_module(t, module);

	*fd = t->module_fd;
	return err ? err : btf__find_by_name_kind(t->module, symbol, BTF_KIND_FUNC);
}

int trial_kprobe(const char *symbol, int ret, const char **why)
{
	struct perf_event_attr attr = { .size = sizeof(attr), .config = ret ? 1 : 0,
					.config1 = (uintptr_t)symbol };
	int type = (int)procfile_number(-1, KPROBE_TYPE_FILE), fd, err;

	if (type < 0) {
		*why = "this kernel is built without kprobes";
		return -ENOTSUP;
	}
	attr.type = type;
	fd = syscall(SYS_perf_event_open, &attr, -1, 0, -1, PERF_FLAG_FD_CLOEXEC);
	if (fd >= 0) {
		close(fd);
		return 0;
	}
	err = -errno;
	*why = err == -ENOENT || err == -EADDRNOTAVAIL || err == -EINVAL ?
		       "this kernel has no such function (renamed or inlined)" : why_load(err);
	return err;
}

static int load_for_multi(void)
{
	static const struct bpf_insn insns[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	LIBBPF_OPTS(bpf_prog_load_opts, opts, .expected_attach_type = BPF_TRACE_KPROBE_MULTI);

	return trial_load(BPF_PROG_TYPE_KPROBE, insns, sizeof(insns) / sizeof(insns[0]), &opts);
}

int trial_kprobe_multi(struct trial *t, const char *symbol, int ret, const char **why)
{
	LIBBPF_OPTS(bpf_link_create_opts, opts, .kprobe_multi.syms = &symbol, .kprobe_multi.cnt = 1,
		    .kprobe_multi.flags = ret ? BPF_F_KPROBE_MULTI_RETURN : 0);
	int prog, link, err;

	*why = t->no_multi;
	if (t->no_multi)
		return -ENOTSUP;
	prog = load_for_multi();
	if (prog < 0) {
		*why = prog == -EINVAL ? "this kernel is built without kprobes" : why_load(prog);
		return prog;
	}
	link = bpf_link_create(prog, 0, BPF_TRACE_KPROBE_MULTI, &opts);
	err = link < 0 ? -errno : 0;
	close(prog);
	if (link >= 0)
		close(link);
	else if (err == -ESRCH || err == -ENOENT)
		*why = "this kernel has no such function (renamed or inlined)";
	else if (err == -EOPNOTSUPP || err == -EINVAL || err == -E2BIG)
		/* Not built in (CONFIG_FPROBE), or before v5.18. */
		*why = t->no_multi = "this kernel has no kprobe.multi (it is built without fprobe)";
	else
		*why = why_load(err);
	return err;
}
