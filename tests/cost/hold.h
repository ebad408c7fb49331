/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
#ifndef PKTPATH_BENCH_HOLD_H
#define PKTPATH_BENCH_HOLD_H

/*
 * `floors hold KIND`: put the programs of a floor on the hooks that the tracer would use, and wait
 * for a signal while others measure. Returns the exit status.
 */
int hold_main(int argc, char **argv);

#endif /* PKTPATH_BENCH_HOLD_H */
