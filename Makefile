# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
# Everything a person types. V=1 shows the commands.

VERSION := 0.1.0
B       ?= build
CC      ?= cc
CLANG   ?= clang
BPFTOOL ?= $(firstword $(wildcard /usr/sbin/bpftool /usr/local/sbin/bpftool) bpftool)
PKG_CONFIG ?= pkg-config
# Another libbpf than the system's, in a build directory of its own:
# make B=build/other LIBBPF_PREFIX=/opt/libbpf
LIBBPF_PREFIX ?=

Q  := $(if $(V),,@)
say = @$(if $(V),:,printf '  %-7s %s\n' $(1) $(2))

WARN   := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wno-unused-parameter \
	$(WERROR)
CFLAGS ?= -O2 -g
LIBBPF_CFLAGS := $(if $(LIBBPF_PREFIX),-I$(LIBBPF_PREFIX)/include)
# Debian keeps libraries in a directory of the architecture.
MULTIARCH     := $(shell $(CC) -print-multiarch 2>/dev/null)
LIBBPF_DIR    := $(dir $(firstword $(wildcard $(patsubst %,$(LIBBPF_PREFIX)/%/libbpf.*,\
	lib/$(MULTIARCH) lib64 lib))))
comma         := ,
LIBBPF_LIBS   := $(if $(LIBBPF_PREFIX),-L$(LIBBPF_DIR) -Wl$(comma)-rpath$(comma)$(LIBBPF_DIR)) \
	-lbpf -lelf -lz
# The HTTP endpoint of `pktpath serve`.
MHD_CFLAGS := $(shell $(PKG_CONFIG) --cflags libmicrohttpd 2>/dev/null)
MHD_LIBS   := $(shell $(PKG_CONFIG) --libs libmicrohttpd 2>/dev/null || echo -lmicrohttpd)
ALL_CFLAGS := $(CFLAGS) -std=gnu11 $(WARN) -Iinclude -Isrc -I$(B) -Ithird_party/yyjson \
	$(LIBBPF_CFLAGS) $(MHD_CFLAGS) \
	-D_GNU_SOURCE -DPP_VERSION='"$(VERSION)"' -MMD -MP $(EXTRA_CFLAGS)
ALL_LDFLAGS := $(LDFLAGS) $(EXTRA_LDFLAGS)

ARCH      := $(patsubst aarch64,arm64,$(patsubst x86_64,x86,$(shell uname -m)))
BPF_CFLAGS := -O2 -g -target bpf -mcpu=v3 -D__TARGET_ARCH_$(ARCH) -Wall -Wextra \
	-Wno-unused-parameter -Wno-unknown-attributes $(WERROR) -Iinclude -Ivmlinux -Ibpf \
	$(LIBBPF_CFLAGS) $(if $(MULTIARCH),-I/usr/include/$(MULTIARCH)) -MMD -MP

SRC := $(wildcard src/*.c)
OBJ := $(SRC:src/%.c=$(B)/%.o) $(B)/yyjson.o

.PHONY: all clean deps demo test
all: $(B)/pktpath

$(B)/pktpath: $(OBJ)
	$(call say,LINK,$@)
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIBBPF_LIBS) $(MHD_LIBS) -lm

$(B)/%.o: src/%.c $(B)/pktpath.skel.h $(B)/plain.skel.h $(B)/legacy.skel.h $(B)/cost.skel.h
	$(call say,CC,$<)
	$(Q)$(CC) $(ALL_CFLAGS) -c -o $@ $<

# The benchmark's own programs (src/bench_*.c).
$(B)/bench_gen.o: $(B)/xdp_gen.skel.h
$(B)/bench_prog.o: $(B)/xdp.skel.h
$(B)/bench_bed.o: $(B)/xdp_cpumap.skel.h
$(B)/bench_sent.o: $(B)/xdp_sent.skel.h

$(B)/yyjson.o: third_party/yyjson/yyjson.c
	$(call say,CC,$<)
	$(Q)mkdir -p $(B)
	$(Q)$(CC) $(CFLAGS) $(EXTRA_CFLAGS) -w $(THIRD_CFLAGS) -c -o $@ $<

$(B)/%.bpf.o: bpf/%.bpf.c
	$(call say,BPF,$<)
	$(Q)mkdir -p $(B)
	$(Q)$(CLANG) $(BPF_CFLAGS) -c -o $@ $<

$(B)/%.skel.h: $(B)/%.bpf.o
	$(call say,SKEL,$@)
	$(Q)$(BPFTOOL) gen skeleton $< name $*_bpf > $@.tmp && mv $@.tmp $@

clean:
	$(call say,CLEAN,$(B))
	$(Q)rm -rf $(B)

.SECONDARY:
-include $(wildcard $(B)/*.d)

# --- guests, the demo, and what they need installed (tests/setup.sh) ---------------------------
KERNEL ?= 6.1
NIC    ?= e1000
SMP    ?= 1
TOOL_CFLAGS := -O2 -g -static -std=gnu11 $(WARN) -D_GNU_SOURCE
GUEST_TOOLS := $(B)/traffic $(B)/agent
GUEST_BPF   := $(B)/spin.bpf.o $(B)/verdicts.bpf.o $(B)/bare.bpf.o

.PHONY: guest-build guest-shell FORCE
deps: deps-test
# Not phony: make looks for no pattern rule then.
deps-%: FORCE
	@tests/setup.sh $*

$(B)/traffic: $(wildcard tests/tools/traffic*.c tests/tools/traffic*.h)
	$(call say,CC,$@)
	$(Q)mkdir -p $(B)
	$(Q)$(CC) $(TOOL_CFLAGS) -o $@ $(filter %.c,$^)

$(B)/agent: tests/tools/agent.c tests/tools/agent.h
	$(call say,CC,$@)
	$(Q)mkdir -p $(B)
	$(Q)$(CC) $(TOOL_CFLAGS) -o $@ $<

guest-build: $(B)/pktpath $(GUEST_TOOLS)
	@:

# The packages come first: on a fresh machine nothing can be built without them. BPFTOOL and
# the like are looked up when make starts, so the build is a make of its own.
demo: deps-demo
	@$(MAKE) --no-print-directory guest-build
	@PKTPATH_BUILD=$(abspath $(B)) tests/demo.py --kernel $(KERNEL) --nic $(NIC) --smp $(SMP)

guest-shell: deps-demo
	@$(MAKE) --no-print-directory guest-build
	@PKTPATH_BUILD=$(abspath $(B)) \
		tests/e2e/shell.py --kernel $(KERNEL) --nic $(NIC) --smp $(SMP)

# Tests that need no kernel and no root: unit tests and saved records, with the sanitizers.
SAN_CFLAGS := -O1 -g -std=gnu11 $(WARN) -D_GNU_SOURCE -DPP_VERSION='"$(VERSION)"' \
	-Iinclude -Isrc -Itests/unit -Ithird_party/yyjson \
	-fsanitize=address,undefined -fno-sanitize-recover=all -MMD -MP
SINK_SRC   := sink sink_text sink_json sink_drops fate waterfall ledger_text line format names \
	      timeline lineage json sink_hist sink_hist_json hist_view hist_table hist_bar \
	      hist_buckets histo worst quantile group
UNIT_TESTS := $(patsubst tests/unit/%.c,$(B)/test/%,$(wildcard tests/unit/test_*.c)) \
	$(patsubst %,$(B)/test/legacy_%,test_stitch test_stitch_list test_stitch_race test_tcp)

.PHONY: unit golden
unit: $(UNIT_TESTS)
	@tests/unit/run.sh $^

golden: $(B)/test/replay
	@tests/golden/run.sh $<

$(B)/test/%.o: src/%.c
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(SAN_CFLAGS) -c -o $@ $<

$(B)/test/yyjson.o: third_party/yyjson/yyjson.c
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(SAN_CFLAGS) -w $(THIRD_CFLAGS) -c -o $@ $<

# What a unit test links besides itself; most test one file of the same name.
$(B)/test/test_%: tests/unit/test_%.c tests/unit/unit.h
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(SAN_CFLAGS) -o $@ $(filter %.c %.o,$^) -lcmocka -lm
$(B)/test/test_timeline: $(B)/test/timeline.o
$(B)/test/test_names: $(B)/test/names.o
$(B)/test/test_lineage: $(B)/test/lineage.o
$(B)/test/test_softnet: $(B)/test/softnet.o
$(B)/test/test_quantile: $(B)/test/quantile.o
$(B)/test/test_worst: $(B)/test/worst.o $(B)/test/timeline.o
$(B)/test/test_hist_view: $(patsubst %,$(B)/test/%.o,hist_view histo worst timeline quantile)
$(B)/test/test_group: $(B)/test/group.o $(B)/test/names.o $(B)/test/format.o
$(B)/test/test_metrics: $(B)/test/metrics.o
$(B)/test/test_expose: $(patsubst %,$(B)/test/%.o,expose metrics histo names format line)
$(B)/test/test_listen: $(B)/test/listen.o
$(B)/test/test_notify: $(B)/test/notify.o
$(B)/test/test_sandbox: $(B)/test/sandbox.o
$(B)/test/test_format $(B)/test/test_line: $(B)/test/format.o $(B)/test/line.o
$(B)/test/test_bench_stats: $(B)/test/bench_stats.o
$(B)/test/test_bench_books: $(B)/test/bench_books.o $(B)/test/bench_why.o
$(B)/test/test_bench_proc: $(B)/test/bench_cpu.o $(B)/test/bench_counts.o $(B)/test/bench_spec.o
# The handlers themselves, with the host in the kernel's place.
HANDLER_CFLAGS := -Itests/unit/kernel -Ibpf -Ivmlinux -Wno-unknown-pragmas -Wno-unknown-attributes \
	-fno-sanitize=alignment
$(B)/test/test_tcp $(B)/test/legacy_test_tcp $(B)/test/test_load: SAN_CFLAGS += $(HANDLER_CFLAGS)

# The same as on kernels without compare-and-swap.
$(B)/test/legacy_%: tests/unit/%.c tests/unit/unit.h
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(SAN_CFLAGS) -DPP_LEGACY -o $@ $(filter %.c %.o,$^) -lcmocka

$(B)/test/replay: tests/golden/replay.c tests/golden/replay_hist.c tests/golden/replay_cost.c \
		tests/golden/replay_xdp.c $(SINK_SRC:%=$(B)/test/%.o) $(B)/test/yyjson.o
	$(call say,CC,$@)
	$(Q)$(CC) $(SAN_CFLAGS) -o $@ $(filter %.c %.o,$^) -lm

-include $(wildcard $(B)/test/*.d)

# All suites, or some: make test ONLY="unit cli". tests/run.py lists them and adds them up.
PYTHON := /usr/bin/python3
ONLY   ?=

.PHONY: host-test
test: deps-test
	@$(MAKE) --no-print-directory guest-build $(GUEST_BPF)
	@PKTPATH_BUILD=$(abspath $(B)) $(PYTHON) tests/run.py $(ONLY)

# On this machine's own kernel, as root: no guest.
host-test: $(B)/pktpath $(B)/traffic $(GUEST_BPF)
	@PKTPATH_BUILD=$(abspath $(B)) $(PYTHON) tests/run.py host serve cli

# Ten million packets on this machine's own kernel, as root: make long-test COUNT=1000000
COUNT ?= 10000000

.PHONY: long-test
long-test: $(B)/pktpath $(B)/traffic
	@PKTPATH_BUILD=$(abspath $(B)) COUNT=$(COUNT) $(PYTHON) tests/e2e/long.py

# --- what tracing costs, against floors on the same hooks (needs root) --------------------------
BENCH_SRC := tests/bench/age.c tests/bench/bench.c tests/bench/floors.c tests/bench/hold.c \
	tests/bench/report.c
BENCH_OBJ := $(BENCH_SRC:tests/bench/%.c=$(B)/bench_%.o) \
	$(filter-out $(B)/main.o $(B)/cmd_%.o,$(OBJ))

# Tables of docs/BENCHMARKS.md; some: make bench PARTS="host 6.1".
# Floors on loopback alone: build/bench.
PARTS ?=

.PHONY: bench
bench: deps-test
	@$(MAKE) --no-print-directory guest-build $(B)/bench
	@PKTPATH_BUILD=$(abspath $(B)) $(PYTHON) tests/bench/bench.py $(PARTS)

# What a packet may cost, in instructions, in a guest: a minute or two.
.PHONY: cost-test
cost-test: deps-test
	@$(MAKE) --no-print-directory guest-build
	@PKTPATH_BUILD=$(abspath $(B)) $(PYTHON) tests/e2e/counted_cost.py $(TESTS)

$(B)/bench: $(BENCH_OBJ)
	$(call say,LINK,$@)
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIBBPF_LIBS) $(MHD_LIBS) -lm

$(B)/bench_%.o: tests/bench/%.c $(B)/bench.skel.h $(B)/age.skel.h
	$(call say,CC,$<)
	$(Q)$(CC) $(ALL_CFLAGS) -Itests/bench -c -o $@ $<

$(B)/bench.bpf.o $(B)/age.bpf.o: $(B)/%.bpf.o: tests/bench/%.bpf.c
	$(call say,BPF,$<)
	$(Q)mkdir -p $(B)
	$(Q)$(CLANG) $(BPF_CFLAGS) -Itests/bench -c -o $@ $<

# `pktpath bench` beside upstream's xdp-bench, into docs/BENCHMARKS.md (needs root).
.PHONY: bench-xdp bench-judge
bench-xdp: $(B)/pktpath
	@PKTPATH_BUILD=$(abspath $(B)) $(PYTHON) tests/bench/xdp_peers.py

# The same benchmark held against itself, on a machine without other load: can its verdicts be
# trusted? Some 15 minutes.
bench-judge: $(B)/pktpath
	@PKTPATH_BUILD=$(abspath $(B)) $(PYTHON) tests/bench/xdp_judge.py

# --- looking at the code without running it -----------------------------------------------------
.PHONY: lint lint-build lint-tidy
lint:
	@BUILD=$(B)/lint V=$(V) tests/lint.sh

# Everything in C, once per compiler: tests/lint.sh sets CC, B, WERROR, and THIRD_CFLAGS for code
# whose warnings nobody looks at, but which would take minutes with optimization and sanitizers.
lint-build: $(B)/pktpath $(B)/bench $(GUEST_TOOLS) $(UNIT_TESTS) $(B)/test/replay
	@:

TIDY_SRC := $(SRC) $(filter-out %.bpf.c,$(wildcard tests/*/*.c))
TIDY_HDR := .clang-tidy $(wildcard include/*.h src/*.h tests/*/*.h)
lint-tidy: $(TIDY_SRC:%=$(B)/tidy/%.ok)
	@:

# Generated code and third_party are not ours to mend.
$(B)/tidy/%.skel.h: $(B)/%.skel.h
	$(Q)mkdir -p $(@D)
	$(Q)sed -e '1i/* NOLINTBEGIN */' -e '$$a/* NOLINTEND */' $< > $@

$(B)/tidy/%.ok: % $(TIDY_HDR) $(B)/tidy/pktpath.skel.h $(B)/tidy/plain.skel.h \
		$(B)/tidy/legacy.skel.h $(B)/tidy/cost.skel.h \
		$(B)/tidy/bench.skel.h $(B)/tidy/age.skel.h \
		$(B)/tidy/xdp.skel.h $(B)/tidy/xdp_gen.skel.h $(B)/tidy/xdp_cpumap.skel.h \
		$(B)/tidy/xdp_sent.skel.h
	$(Q)mkdir -p $(@D)
	$(Q)clang-tidy --quiet $< -- -std=gnu11 -D_GNU_SOURCE -DPP_VERSION='"$(VERSION)"' \
		$(LIBBPF_CFLAGS) -Iinclude -Isrc -Itests/unit -Itests/bench -isystem $(B)/tidy \
		-isystem third_party/yyjson $(HANDLER_CFLAGS)
	$(Q)touch $@

# --- the end-to-end proof in a guest: Linux 6.1, e1000, one CPU and two; some minutes -----------
# Some of it: make guest-test TESTS="pings stream"
TESTS ?=

.PHONY: guest-test kernels-test probes-golden matrix
guest-test: deps-test
	@$(MAKE) --no-print-directory guest-build $(GUEST_BPF)
	@PKTPATH_BUILD=$(abspath $(B)) $(PYTHON) tests/e2e/guest_e1000.py $(TESTS)

# The same, the most important ones, on other kernels.
kernels-test: deps-test
	@$(MAKE) --no-print-directory guest-build $(GUEST_BPF)
	@PKTPATH_BUILD=$(abspath $(B)) $(PYTHON) tests/e2e/guest_kernels.py $(TESTS)

# What `pktpath probes` says on each kernel, written anew; look at the difference.
probes-golden: deps-test
	@$(MAKE) --no-print-directory guest-build $(GUEST_BPF)
	@UPDATE=1 PKTPATH_BUILD=$(abspath $(B)) $(PYTHON) tests/e2e/guest_kernels.py probes_are

# Every NIC on every kernel by every backend: half an hour. Some: make matrix CELLS="igb 6.12".
CELLS ?=
matrix: deps-test
	@$(MAKE) --no-print-directory guest-build
	@PKTPATH_BUILD=$(abspath $(B)) $(PYTHON) tests/e2e/matrix.py $(CELLS)

$(GUEST_BPF): $(B)/%.bpf.o: tests/e2e/%.bpf.c
	$(call say,BPF,$<)
	$(Q)mkdir -p $(B)
	$(Q)$(CLANG) $(BPF_CFLAGS) $(NO_BTF) -c -o $@ $<
$(B)/bare.bpf.o: NO_BTF := -g0
