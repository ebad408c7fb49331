/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* What this kernel's BPF can do, asked by programs of a few instructions and by a map. */
#ifndef PKTPATH_HOOKS_TRIAL_PROGRAM_H
#define PKTPATH_HOOKS_TRIAL_PROGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <bpf/bpf.h>

/* Loads a program of `n` instructions: its descriptor, or -errno. `opts` may be NULL. */
int trial_load(enum bpf_prog_type type, const struct bpf_insn *insns, size_t n,
	       struct bpf_prog_load_opts *opts);

/* Does the kernel take it? 0 or -errno. Nothing stays loaded. */
int trial_try(enum bpf_prog_type type, const struct bpf_insn *insns, size_t n,
	      struct bpf_prog_load_opts *opts);

/* Compare-and-swap (v5.12 on) and bpf_loop() (v5.17 on)? */
bool trial_bpf_is_new(void);

/* Ring buffers (v5.8 on)? 0 or -errno: -EINVAL if not. */
int trial_ring(void);

/* A tracing program that reads the kernel's memory, as all of the tracer's do: 0 or -errno. */
int trial_read(void);

/* XDP programs for packets in several buffers (v5.18 on)? */
bool trial_xdp_frags(void);

/* fentry on function `btf_id` of the BPF program `prog_fd`, reading its context? 0 or -errno. */
int trial_program_entry(int prog_fd, uint32_t btf_id);

#endif /* PKTPATH_HOOKS_TRIAL_PROGRAM_H */
