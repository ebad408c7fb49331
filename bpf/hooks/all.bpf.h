/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * All handlers of PP_HOOKS, in the order of a packet's way: what is learnt where a hook fires. Each
 * is h_NAME(typed, a0, a1, a2), arguments as the hooked function has them; the programs in
 * pktpath.bpf.c only fetch them. Kernel facts are from v6.1 unless a line says otherwise.
 */
#ifndef PKTPATH_BPF_HOOKS_ALL_BPF_H
#define PKTPATH_BPF_HOOKS_ALL_BPF_H

#include "hooks/poll.bpf.h"
#include "hooks/gro.bpf.h"
#include "hooks/stack.bpf.h"
#include "hooks/forward.bpf.h"
#include "hooks/fragments.bpf.h"
#include "hooks/copies.bpf.h"
#include "hooks/raw.bpf.h"
#include "hooks/tcp.bpf.h"
#include "hooks/udp.bpf.h"
#include "hooks/udp_fifo.bpf.h"
#include "hooks/tp_socket.bpf.h"
#include "hooks/reader.bpf.h"
#include "hooks/end.bpf.h"
#include "hooks/tp_end.bpf.h"
#include "hooks/drop.bpf.h"

#endif /* PKTPATH_BPF_HOOKS_ALL_BPF_H */
