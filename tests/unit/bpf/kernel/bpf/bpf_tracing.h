/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* See bpf_helpers.h here: no program is built, so no registers are read. */
