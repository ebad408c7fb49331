// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* The same programs for kernels before v5.17, see legacy.bpf.h. */
#define PP_LEGACY
#define PP_NO_KSYMS
#include "pktpath.bpf.c"
