#include "bench.h"
int bench_ladder(const struct bench_opts *o) { return 1; }
int bench_outside(const struct bench_opts *o) { return 1; }
