/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* What this process and its BPF programs take of the machine, as the kernel accounts for it. */
#ifndef PKTPATH_SERVE_SELF_H
#define PKTPATH_SERVE_SELF_H

#include <bpf/libbpf.h>
#include "serve/families.h"

/* Once, at the start: the time from which the process counts. */
void owncost_start(struct own_cost *c);

/* All but kernel_bytes and packet_seconds, anew. What cannot be read is 0, or not known. */
void owncost_read(struct own_cost *c, const struct bpf_object *obj);

#endif /* PKTPATH_SERVE_SELF_H */
