#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
# Says in one line what a build needs and does not find: needs.sh CFLAGS LIBBPF_LIBS MHD_LIBS.
# CC, CLANG, LLVM_STRIP and BPFTOOL name the tools.
cflags=$1 libbpf=$2 mhd=$3
missing='' packages=''

# lacks WHAT PACKAGE
lacks() {
	missing="$missing${missing:+, }$1" packages="$packages $2"
}

# tool WORDS PACKAGE: the command that is the first of WORDS ("ccache gcc")
tool() {
	command -v "${1%% *}" >/dev/null || lacks "${1%% *}" "$2"
}

# library WHAT PACKAGE LIBS [HEADER CALL]: can a program that uses it be built?
library() {
	# shellcheck disable=SC2086 # lists of words
	echo "${4:+#include <$4>
}int main(void) { return ${5:-0}; }" |
		$CC $cflags -x c - -o /dev/null $3 >/dev/null 2>&1 || lacks "$1" "$2"
}

tool "$CC" gcc
tool "$CLANG" clang
tool "$LLVM_STRIP" llvm
tool "$BPFTOOL" bpftool
# Without a compiler nothing can be said of libraries.
if command -v "${CC%% *}" >/dev/null; then
	library libelf libelf-dev -lelf
	library zlib zlib1g-dev -lz
	case $missing in
	*libelf* | *zlib*) ;;	# libbpf needs both
	*) library libbpf libbpf-dev "$libbpf" bpf/libbpf.h '(int)libbpf_major_version()' ;;
	esac
	library libmicrohttpd libmicrohttpd-dev "$mhd" microhttpd.h '!MHD_get_version()'
fi
[ -z "$missing" ] && exit
echo "missing: $missing (on Debian: tests/setup.sh build, or apt-get install$packages)" >&2
exit 1
