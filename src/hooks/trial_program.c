// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include <errno.h>
#include <linux/bpf.h>
#include <unistd.h>
#include <bpf/libbpf.h>
#include "hooks/trial_program.h"

#define COUNT(insns) (sizeof(insns) / sizeof((insns)[0]))

int trial_load(enum bpf_prog_type type, const struct bpf_insn *insns, size_t n,
	       struct bpf_prog_load_opts *opts)
{
	int fd = bpf_prog_load(type, "pp_trial", "Dual BSD/GPL", insns, n, opts);

	return fd < 0 ? -errno : fd;
}

int trial_try(enum bpf_prog_type type, const struct bpf_insn *insns, size_t n,
	      struct bpf_prog_load_opts *opts)
{
	int fd = trial_load(type, insns, n, opts);

	if (fd < 0)
		return fd;
	close(fd);
	return 0;
}

bool trial_bpf_is_new(void)
{
	static const struct bpf_insn insns[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0 },
		{ .code = BPF_ST | BPF_MEM | BPF_DW, .dst_reg = BPF_REG_10, .off = -8 },
		{ .code = BPF_STX | BPF_ATOMIC | BPF_DW, .dst_reg = BPF_REG_10, .off = -8,
		  .imm = BPF_CMPXCHG },
		{ .code = BPF_JMP | BPF_EXIT },
	};

	if (trial_try(BPF_PROG_TYPE_SOCKET_FILTER, insns, COUNT(insns), NULL))
		return false;
	return libbpf_probe_bpf_helper(BPF_PROG_TYPE_SOCKET_FILTER, BPF_FUNC_loop, NULL) == 1;
}

int trial_ring(void)
{
	int fd = bpf_map_create(BPF_MAP_TYPE_RINGBUF, "pp_trial", 0, 0,
				sysconf(_SC_PAGESIZE), NULL);

	if (fd < 0)
		return -errno;
	close(fd);
	return 0;
}

int trial_read(void)
{
	static const struct bpf_insn insns[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_X, .dst_reg = BPF_REG_1,
		  .src_reg = BPF_REG_10 },
		{ .code = BPF_ALU64 | BPF_ADD, .dst_reg = BPF_REG_1, .imm = -8 },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_2, .imm = 8 },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_3 },
		{ .code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_probe_read_kernel },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0 },
		{ .code = BPF_JMP | BPF_EXIT },
	};

	return trial_try(BPF_PROG_TYPE_RAW_TRACEPOINT, insns, COUNT(insns), NULL);
}

bool trial_xdp_frags(void)
{
	static const struct bpf_insn insns[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .imm = XDP_PASS },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	LIBBPF_OPTS(bpf_prog_load_opts, opts, .prog_flags = BPF_F_XDP_HAS_FRAGS);

	return !trial_try(BPF_PROG_TYPE_XDP, insns, COUNT(insns), &opts);
}

int trial_program_entry(int prog_fd, uint32_t btf_id)
{
	static const struct bpf_insn insns[] = {
		{ .code = BPF_LDX | BPF_MEM | BPF_DW, .src_reg = BPF_REG_1 },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	LIBBPF_OPTS(bpf_prog_load_opts, opts, .expected_attach_type = BPF_TRACE_FENTRY,
		    .attach_prog_fd = prog_fd, .attach_btf_id = btf_id);

	return trial_try(BPF_PROG_TYPE_TRACING, insns, COUNT(insns), &opts);
}
