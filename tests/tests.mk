# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
# What the Makefile has for tests, the demo and measurements; tests/README.md tells what each
# proves.

# --- guests, the demo, and what they need installed (tests/setup.sh) ---------------------------
KERNEL ?= 6.1
NIC    ?= e1000
SMP    ?= 1
TOOL_CFLAGS := -O2 -g -static -std=gnu11 $(WARN) -D_GNU_SOURCE
GUEST_TOOLS := $(B)/traffic $(B)/agent
GUEST_BPF   := $(patsubst %,$(B)/tests/tools/%.bpf.o,spin verdicts bare)
# Tests are Python packages below tests/: python3 -m guest.e1000.
PYTHON := PYTHONPATH=$(CURDIR)/tests PKTPATH_BUILD=$(abspath $(B)) /usr/bin/python3

.PHONY: guest-build guest-shell FORCE
## Installs the Debian packages that building and testing take
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

# Makes calls of pktpath fail (tests/lib/faults.py).
$(B)/tests/tools/fail.so: $(wildcard tests/tools/fail*.c tests/tools/fail*.h)
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) -O2 -g -std=gnu11 $(WARN) -D_GNU_SOURCE -fPIC -shared -o $@ $(filter %.c,$^)

# Two tracers in one process (tests/host/tracing.py).
$(B)/tests/tools/two_tracers.o: tests/tools/two_tracers.c
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) -c -o $@ $<
$(B)/tests/tools/two_tracers: $(B)/tests/tools/two_tracers.o $(filter-out $(B)/src/main.o,$(OBJ))
	$(call say,LINK,$@)
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIBBPF_LIBS) $(MHD_LIBS) -lm

# The packages come first: on a fresh machine nothing can be built without them. BPFTOOL and
# the like are looked up when make starts, so the build is a make of its own.
## Packets through a real driver, in a guest: KERNEL=6.1 NIC=e1000 SMP=1
demo: deps-demo
	@$(MAKE) --no-print-directory guest-build
	@$(PYTHON) tests/demo.py --kernel $(KERNEL) --nic $(NIC) --smp $(SMP)

## A shell in such a guest
guest-shell: deps-demo
	@$(MAKE) --no-print-directory guest-build
	@$(PYTHON) -m guest.shell --kernel $(KERNEL) --nic $(NIC) --smp $(SMP)

# Tests that need no kernel and no root: unit tests and saved records, with the sanitizers.
SANITIZE := -fsanitize=address,undefined -fno-sanitize-recover=all
SAN_CFLAGS := -O1 -g -std=gnu11 $(WARN) -D_GNU_SOURCE -DPP_VERSION='"$(VERSION)"' \
	-Iinclude -Isrc -Itests/unit -Ithird_party/yyjson \
	$(SANITIZE) -MMD -MP
# The pure rooms, which know no kernel; and others with files that can be tried alone.
PURE_ROOMS := base text model output
PURE_SRC   := $(foreach room,$(PURE_ROOMS),$(wildcard src/$(room)/*.c))
MORE_SRC   := $(filter-out $(USES_SKEL),\
	$(foreach room,cmd hooks host serve bench,$(wildcard src/$(room)/*.c)))
UNIT_TESTS := $(patsubst %.c,$(B)/test/%,$(wildcard tests/unit/*/test_*.c)) \
	$(patsubst %,$(B)/test/tests/unit/legacy/%,test_stitch test_stitch_list test_stitch_race \
	test_tcp)

.PHONY: unit golden
## Unit tests, with the sanitizers; no root, no kernel
unit: $(UNIT_TESTS)
	@tests/unit/run.sh $^

## Saved records through every output, held against what is expected
golden: $(B)/test/replay
	@tests/golden/run.sh $<

$(B)/test/%.o: %.c
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(SAN_CFLAGS) -c -o $@ $<

$(B)/test/yyjson.o: third_party/yyjson/yyjson.c
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(SAN_CFLAGS) $(YYJSON_CFLAGS) $(THIRD_CFLAGS) -c -o $@ $<

$(B)/test/pure.a: $(PURE_SRC:%.c=$(B)/test/%.o) $(B)/test/yyjson.o
$(B)/test/more.a: $(MORE_SRC:%.c=$(B)/test/%.o)
# Files of two rooms may have one name: q keeps both.
$(B)/test/pure.a $(B)/test/more.a: tests/tests.mk
	$(call say,AR,$@)
	$(Q)rm -f $@ && ar qcs $@ $(filter %.o,$^)

# A test links what it uses of them.
$(B)/test/tests/unit/%: tests/unit/%.c $(B)/test/more.a $(B)/test/pure.a
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(SAN_CFLAGS) -o $@ $(filter %.c %.a,$^) $(LIBBPF_LIBS) $(MHD_LIBS) -lcmocka -lm
# The handlers themselves, with the host in the kernel's place.
HANDLER_CFLAGS := -Itests/unit/bpf -Itests/unit/bpf/kernel -Ibpf -Ivmlinux \
	-Wno-unknown-pragmas -Wno-unknown-attributes -fno-sanitize=alignment
$(B)/test/tests/unit/bpf/% $(B)/test/tests/unit/legacy/%: SAN_CFLAGS += $(HANDLER_CFLAGS)

# The same as on kernels without compare-and-swap.
$(B)/test/tests/unit/legacy/%: tests/unit/bpf/%.c
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(SAN_CFLAGS) -DPP_LEGACY -o $@ $< -lcmocka

$(B)/test/replay: $(wildcard tests/golden/*.c) $(B)/test/pure.a
	$(call say,CC,$@)
	$(Q)$(CC) $(SAN_CFLAGS) -o $@ $(filter %.c %.a,$^) -lm

-include $(wildcard $(B)/test/*.d $(B)/test/src/*/*.d $(B)/test/tests/unit/*/*.d)

.PHONY: manual
## Writes what the manual says of options by rule, from the tool's rows
manual: $(B)/pktpath
	@python3 tests/manual.py $< --update

# All suites, or some: make test ONLY="unit cli". tests/run.py lists them and adds them up.
ONLY   ?=

.PHONY: test test-all test-build host-test
## All suites, or some: ONLY="unit cli"
test: deps-test
	@$(PYTHON) tests/run.py --build $(ONLY)

## All tests on all kernels, before a release
test-all: deps-test
	@$(PYTHON) tests/run.py --all --build $(ONLY)

# All that suites share: tests/run.py makes it.
test-build: guest-build $(GUEST_BPF) $(B)/tests/tools/fail.so $(B)/tests/tools/two_tracers \
	$(UNIT_TESTS) $(B)/test/replay $(B)/floors
	@:

# On this machine's own kernel, as root: no guest.
## The suites that need this machine's kernel, as root
host-test: $(B)/pktpath $(B)/traffic $(GUEST_BPF) $(B)/tests/tools/fail.so
	@$(PYTHON) tests/run.py host serve cli faults

# Ten million packets on this machine's own kernel, as root: make long-test COUNT=1000000
COUNT ?= 10000000

.PHONY: long-test
## Ten million packets on this machine: COUNT=1000000
long-test: $(B)/pktpath $(B)/traffic
	@PKTPATH_BUILD=$(abspath $(B)) COUNT=$(COUNT) $(PYTHON) -m host.long

# --- what tracing costs, against floors on the same hooks (needs root) --------------------------
# The programs that do next to nothing, and the tracer.
COST_BPF := $(wildcard tests/cost/*.bpf.c)
COST_SRC := $(filter-out %.bpf.c,$(wildcard tests/cost/*.c))
COST_OBJ := $(COST_SRC:%.c=$(B)/%.o) $(filter-out $(B)/src/main.o,$(OBJ))

# Tables of docs/BENCHMARKS.md; some: make cost PARTS="host 6.1".
# Floors on loopback alone: build/floors.
PARTS ?=

.PHONY: cost
## What tracing costs, into docs/BENCHMARKS.md: PARTS="host 6.1"
cost: deps-test
	@$(MAKE) --no-print-directory guest-build $(B)/floors
	@$(PYTHON) -m cost.tables $(PARTS)

# What a packet may cost, in instructions, in a guest: a minute or two.
.PHONY: cost-test
## What a packet may cost, in instructions, in a guest
cost-test: deps-test
	@$(MAKE) --no-print-directory guest-build
	@$(PYTHON) -m cost.limits $(TESTS)

$(B)/floors: $(COST_OBJ)
	$(call say,LINK,$@)
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIBBPF_LIBS) $(MHD_LIBS) -lm

$(COST_SRC:%.c=$(B)/%.o): | $(COST_BPF:%.bpf.c=$(B)/%.skel.h)
$(COST_SRC:%.c=$(B)/%.o): $(B)/%.o: %.c
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) -Itests/cost -c -o $@ $<
$(COST_BPF:%.bpf.c=$(B)/%.bpf.o): BPF_CFLAGS += -Itests/cost
-include $(wildcard $(B)/tests/cost/*.d $(B)/tests/tools/*.d)

# `pktpath bench` beside upstream's xdp-bench, into docs/BENCHMARKS.md (needs root).
.PHONY: bench-xdp bench-judge
## `pktpath bench` beside xdp-bench, into docs/BENCHMARKS.md
bench-xdp: $(B)/pktpath
	@$(PYTHON) -m cost.xdp_peers

# The same benchmark held against itself, on a machine without other load: can its verdicts be
# trusted? Some 15 minutes.
## How far the benchmark's verdicts can be trusted; 15 minutes
bench-judge: $(B)/pktpath
	@$(PYTHON) -m cost.xdp_judge

# --- looking at the code without running it -----------------------------------------------------
.PHONY: lint lint-build lint-tidy
## Looks at the code without running it: compilers, clang-tidy, walls, style
lint:
	@BUILD=$(B)/lint V=$(V) tests/lint.sh

# Everything in C, once per compiler: tests/lint.sh sets CC, B, WERROR, and THIRD_CFLAGS for code
# whose warnings nobody looks at, but which would take minutes with optimization and sanitizers.
lint-build: $(B)/pktpath $(B)/tests/tools/fail.so $(B)/tests/tools/two_tracers $(B)/floors \
	$(GUEST_TOOLS) $(UNIT_TESTS) $(B)/test/replay
	@:

TIDY_SRC := $(SRC) $(filter-out %.bpf.c,$(wildcard tests/*/*.c tests/unit/*/*.c))
TIDY_SKELS := $(SKELS:$(B)/%=$(B)/tidy/%) $(COST_BPF:%.bpf.c=$(B)/tidy/%.skel.h)
lint-tidy: $(TIDY_SRC:%=$(B)/tidy/%.ok)
	@:

# Generated code and third_party are not ours to mend.
$(B)/tidy/%.skel.h: $(B)/%.skel.h
	$(Q)mkdir -p $(@D)
	$(Q)sed -e '1i/* NOLINTBEGIN */' -e '$$a/* NOLINTEND */' $< > $@

TIDY_FLAGS := -std=gnu11 -D_GNU_SOURCE -DPP_VERSION='"$(VERSION)"' $(LIBBPF_CFLAGS) \
	-Iinclude -Isrc -Itests/unit -Itests/cost -isystem $(B)/tidy -isystem third_party/yyjson \
	$(HANDLER_CFLAGS)
# It writes no list of headers itself; the preprocessor does, so that only what changed is looked
# at.
$(B)/tidy/%.ok: % .clang-tidy | $(TIDY_SKELS)
	$(Q)mkdir -p $(@D)
	$(Q)$(CLANG) $(TIDY_FLAGS) -M -MP -MT $@ -MF $(@:.ok=.d) $<
	$(Q)clang-tidy --quiet $< -- $(TIDY_FLAGS)
	$(Q)touch $@
-include $(TIDY_SRC:%=$(B)/tidy/%.d)

# --- the end-to-end proof in a guest: Linux 6.1, e1000, one CPU and two; some minutes -----------
# Some of it: make guest-test TESTS="pings stream"
TESTS ?=

.PHONY: guest-test kernels-test probes-golden matrix
## The proof in guests, or some of it: TESTS="pings stream"
guest-test: deps-test
	@$(MAKE) --no-print-directory guest-build $(GUEST_BPF)
	@$(PYTHON) -m guest.e1000 $(TESTS)

# The same, the most important ones, on other kernels.
## The most important of it on other kernels
kernels-test: deps-test
	@$(MAKE) --no-print-directory guest-build $(GUEST_BPF)
	@$(PYTHON) -m guest.on_kernels $(TESTS)

# What `pktpath probes` says on each kernel, written anew; look at the difference.
## Writes anew what `pktpath probes` says on each kernel
probes-golden: deps-test
	@$(MAKE) --no-print-directory guest-build $(GUEST_BPF)
	@UPDATE=1 $(PYTHON) -m guest.on_kernels probes_are

# Every NIC on every kernel by every backend: half an hour. Some: make matrix CELLS="igb 6.12".
CELLS ?=
## Every NIC on every kernel by every backend: CELLS="igb 6.12"
matrix: deps-test
	@$(MAKE) --no-print-directory guest-build
	@$(PYTHON) -m guest.matrix $(CELLS)

.PHONY: wild
ROWS ?=
## What real hosts do to packets, on every kernel: ROWS="6.12 tunnel"
wild: deps-test
	@$(MAKE) --no-print-directory guest-build $(GUEST_BPF)
	@$(PYTHON) -m guest.wild $(ROWS)

$(B)/tests/tools/bare.bpf.o: BPF_CFLAGS += -g0
