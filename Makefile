# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
# Everything a person types; `make help` lists it. V=1 shows the commands.

VERSION := 0.1.0
B       ?= build
CC      ?= cc
CLANG   ?= clang
LLVM_STRIP ?= llvm-strip
BPFTOOL ?= $(firstword $(wildcard /usr/sbin/bpftool /usr/local/sbin/bpftool) bpftool)
PKG_CONFIG ?= pkg-config
# Another libbpf than the system's, in a build directory of its own:
# make B=build/other LIBBPF_PREFIX=/opt/libbpf
LIBBPF_PREFIX ?=

Q  := $(if $(V),,@)
# By make itself: a process for each line would take a good part of a build.
say = $(if $(V),,$(info $(empty)  $(1)	$(2)))

WARN   := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wno-unused-parameter \
	-Wformat -Wformat-security -Werror=format-security $(WERROR)
CFLAGS ?= -O2 -g
# It runs as root: hardened as Debian hardens. CFLAGS and LDFLAGS come later and so win. Fortified
# calls need an optimizer, and would hide from the sanitizers what they look for.
ASKED     := $(CFLAGS) $(CPPFLAGS) $(EXTRA_CFLAGS)
OPTIMIZED := $(filter-out -O0,$(lastword $(filter -O%,$(ASKED))))
FORTIFY   := $(if $(findstring -fsanitize,$(ASKED))$(findstring _FORTIFY_SOURCE,$(ASKED)),,\
	-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2)
HARDEN    := -fPIE -fstack-protector-strong $(if $(OPTIMIZED),$(FORTIFY))
HARDEN_LD := -pie -Wl,-z,relro -Wl,-z,now
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
ALL_CFLAGS := $(HARDEN) $(CFLAGS) $(CPPFLAGS) -std=gnu11 $(WARN) \
	-Iinclude -Isrc -I$(B) -Ithird_party/yyjson $(LIBBPF_CFLAGS) $(MHD_CFLAGS) \
	-D_GNU_SOURCE -DPP_VERSION='"$(VERSION)"' -MMD -MP $(EXTRA_CFLAGS)
ALL_LDFLAGS := $(HARDEN_LD) $(LDFLAGS) $(EXTRA_LDFLAGS)

ARCH      := $(patsubst aarch64,arm64,$(patsubst x86_64,x86,$(shell uname -m)))
BPF_CFLAGS := -O2 -g -target bpf -mcpu=v3 -D__TARGET_ARCH_$(ARCH) -Wall -Wextra \
	-Wno-unused-parameter -Wno-unknown-attributes -Werror=implicit-function-declaration \
	$(WERROR) -Iinclude -Ivmlinux -Ibpf \
	$(LIBBPF_CFLAGS) $(if $(MULTIARCH),-I/usr/include/$(MULTIARCH)) -MMD -MP

# What is needed and missing is said in one line, before a compiler says it in a hundred.
.DEFAULT_GOAL := all
NEEDS := $(B)/needs.ok
export CC CLANG LLVM_STRIP BPFTOOL
$(NEEDS): tests/needs.sh
	$(Q)mkdir -p $(@D)
	$(Q)tests/needs.sh '$(CPPFLAGS) $(LIBBPF_CFLAGS) $(MHD_CFLAGS)' \
		'$(LIBBPF_LIBS)' '$(MHD_LIBS)'
	$(Q)touch $@

# Rooms (docs/ARCHITECTURE.md). A skeleton lies where its program does: build/bpf/ is bpf/.
SRC   := $(wildcard src/*.c src/*/*.c)
# What takes longest first, so that nothing waits for it alone in the end.
OBJ   := $(B)/yyjson.o $(SRC:%.c=$(B)/%.o)
BPF   := $(wildcard bpf/*.bpf.c bpf/bench/*.bpf.c)
SKELS := $(BPF:%.bpf.c=$(B)/%.skel.h)
# Those that load BPF programs wait for all skeletons once; then the dependency files know better.
USES_SKEL := $(shell grep -l 'include "bpf/.*skel.h"' $(SRC))

.PHONY: all clean deps demo help test
## Builds build/pktpath; the same as make alone
all: $(B)/pktpath

$(B)/pktpath: $(SKELS) $(OBJ)
	$(call say,LINK,$@)
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $(filter %.o,$^) $(LIBBPF_LIBS) $(MHD_LIBS) -lm

# Once for all files of a folder.
DIRS := $(sort $(dir $(OBJ) $(SKELS)))
$(DIRS):
	$(Q)mkdir -p $@

$(USES_SKEL:%.c=$(B)/%.o): | $(SKELS)
$(OBJ) $(SKELS:.skel.h=.bpf.o): | $(DIRS)
$(B)/src/%.o: src/%.c Makefile | $(NEEDS)
	$(call say,CC,$<)
	$(Q)$(CC) $(ALL_CFLAGS) -c -o $@ $<

# JSON is only written here; its reader and the rest take longer to compile than twenty files.
YYJSON_CFLAGS := -DYYJSON_DISABLE_READER -DYYJSON_DISABLE_UTILS -w
$(B)/yyjson.o: third_party/yyjson/yyjson.c Makefile | $(NEEDS)
	$(call say,CC,$<)
	$(Q)$(CC) $(HARDEN) $(CFLAGS) $(CPPFLAGS) $(EXTRA_CFLAGS) $(YYJSON_CFLAGS) $(THIRD_CFLAGS) \
		-c -o $@ $<

# Without DWARF, which nobody reads: types, source lines and CO-RE relocations are BTF's. libbpf
# does not look at BTF's own ELF relocations.
$(B)/%.bpf.o: %.bpf.c Makefile | $(NEEDS)
	$(call say,BPF,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CLANG) $(BPF_CFLAGS) -c -o $@ $<
	$(Q)$(LLVM_STRIP) -g -R .rel.BTF -R .rel.BTF.ext $@

# bpf/bench/sent.bpf.c becomes struct bench_sent_bpf.
skel_name = $(subst /,_,$(patsubst bpf/%,%,$(patsubst tests/%,%,$*)))_bpf
$(B)/%.skel.h: $(B)/%.bpf.o
	$(call say,SKEL,$@)
	$(Q)$(BPFTOOL) gen skeleton $< name $(skel_name) > $@.tmp && mv $@.tmp $@

# Where `make install` puts things. /usr/local is where systemd and man look as well.
PREFIX  ?= /usr/local
DESTDIR ?=
SBINDIR ?= $(PREFIX)/sbin
MANDIR  ?= $(PREFIX)/share/man
UNITDIR ?= $(PREFIX)/lib/systemd/system
DATADIR ?= $(PREFIX)/share/pktpath
DOCDIR  ?= $(PREFIX)/share/doc/pktpath
# A row is file:folder:mode; `uninstall` takes away what stands here, and the last two folders.
INSTALLED := $(B)/pktpath:$(SBINDIR):755 man/pktpath.8:$(MANDIR)/man8:644 \
	$(B)/pktpath.service:$(UNITDIR):644 \
	$(patsubst %,%:$(DATADIR)/grafana:644,$(wildcard contrib/grafana/*.json)) \
	$(patsubst %,%:$(DATADIR)/prometheus:644,$(wildcard contrib/prometheus/*.yml)) \
	$(patsubst %,%:$(DOCDIR):644,LICENSE $(wildcard LICENSES/*)) \
	third_party/yyjson/LICENSE:$(DOCDIR)/yyjson:644
row = $(subst :, ,$1)

.PHONY: install uninstall FORCE
## Installs to PREFIX (/usr/local), below DESTDIR
install: $(B)/pktpath $(B)/pktpath.service
	$(call say,INSTALL,$(DESTDIR)$(PREFIX))
	$(Q)set -e; $(foreach r,$(INSTALLED),install -D -m $(word 3,$(call row,$r)) \
		-t '$(DESTDIR)$(word 2,$(call row,$r))' $(word 1,$(call row,$r));)

## Removes what install put there; takes the same PREFIX and DESTDIR
uninstall:
	$(call say,REMOVE,$(DESTDIR)$(PREFIX))
	$(Q)rm -f $(foreach r,$(INSTALLED),'$(DESTDIR)$(word 2,$(call row,$r))/$(notdir \
		$(word 1,$(call row,$r)))')
	$(Q)rmdir --ignore-fail-on-non-empty 2>/dev/null $(patsubst %,'$(DESTDIR)%',\
		$(DATADIR)/grafana $(DATADIR)/prometheus $(DATADIR) $(DOCDIR)/yyjson $(DOCDIR)) || :

# Anew each time: PREFIX may be another.
$(B)/pktpath.service: contrib/pktpath.service.in FORCE
	$(Q)mkdir -p $(@D)
	$(Q)sed 's,@SBINDIR@,$(SBINDIR),' $< > $@

## Removes all that was built
clean:
	$(call say,CLEAN,$(B))
	$(Q)rm -rf $(B)

# A target's line stands above it after two number signs.
## Shows these lines
help:
	@awk '/^## / { said = substr($$0, 4); next } \
		said && /^[a-z-]+:/ { sub(/:.*/, ""); printf "  make %-14s %s\n", $$0, said } \
		{ said = "" }' $(MAKEFILE_LIST)

.SECONDARY:
.DELETE_ON_ERROR:
-include $(patsubst %.o,%.d,$(filter $(B)/src/%,$(OBJ))) $(BPF:%.bpf.c=$(B)/%.bpf.d)

include tests/tests.mk
