// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * The same programs without the kernel's own variables and functions. libbpf looks for those that
 * are missing in all modules, which takes CAP_SYS_ADMIN; and where the kernel's symbols are
 * functions only (CONFIG_KALLSYMS_ALL is off), programs that read a variable are refused.
 */
#define PP_NO_KSYMS
#include "pktpath.bpf.c"
