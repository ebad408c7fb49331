/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* The system calls that `pktpath serve` still needs once it serves; all others fail with EPERM. */
#ifndef PKTPATH_SERVE_SANDBOX_H
#define PKTPATH_SERVE_SANDBOX_H

/*
 * From here on this process can read files, accept and answer connections, and ask about the BPF
 * objects that it holds; it cannot execute, connect, bind, write files, or use BPF otherwise. For
 * good, after no_new_privs was set. 0 or -errno: -ENOSYS on an architecture without a list.
 */
int sandbox_enter(void);

#endif /* PKTPATH_SERVE_SANDBOX_H */
