/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* See bpf_helpers.h here: the host's structures are where the compiler put them. */
#ifndef PKTPATH_HOST_BPF_CORE_READ_H
#define PKTPATH_HOST_BPF_CORE_READ_H

#include <stddef.h>

#define bpf_core_read(dst, size, src) memcpy(dst, src, size)
#define bpf_core_read_str(dst, size, src) memcpy(dst, src, size)
#define BPF_CORE_READ_BITFIELD_PROBED(src, field) ((src)->field)
#define BPF_CORE_READ(src, field) ((src)->field)
#define bpf_core_field_offset(type, field) offsetof(type, field)
#define bpf_core_field_exists(field) 1
#define bpf_core_enum_value_exists(type, value) 1
#define bpf_core_enum_value(type, value) (value)

#endif /* PKTPATH_HOST_BPF_CORE_READ_H */
