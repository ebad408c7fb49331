#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
# Looks at the code without running it: one line a check. Usage: lint.sh; BUILD is where it works
# (default build/lint). A tool that is not there is a SKIP. V=1 shows all that a check says.
cd "$(dirname "$0")/.." || exit 2
build=${BUILD:-build/lint}
passed=0 failed=0 skipped=0
mkdir -p "$build" || exit 2
log=$(mktemp) || exit 2
trap 'rm -f "$log"' EXIT
jobs=-j$(nproc 2>/dev/null || echo 2)

# Files of a kind that are ours, new ones included.
ours() {
	git ls-files -co --exclude-standard -- "$@" | grep -v '^third_party/' | while read -r f; do
		[ ! -f "$f" ] || echo "$f"
	done
}

# check NAME TOOL COMMAND..: TOOL must exist, COMMAND must succeed.
check() {
	name=$1 tool=$2
	shift 2
	if ! command -v "$tool" >/dev/null; then
		echo "SKIP  $name: no $tool"
		skipped=$((skipped + 1))
	elif "$@" >"$log" 2>&1; then
		echo "PASS  $name"
		passed=$((passed + 1))
	else
		echo "FAIL  $name"
		failed=$((failed + 1))
		# clang-tidy counts what it found in others' headers.
		grep -Ev 'warnings? generated' "$log" |
			head -n "$([ -n "$V" ] && echo 10000 || echo 40)"
	fi
}

build_with() {
	compiler=$1
	shift
	make --no-print-directory -k "$jobs" "B=$build/$compiler" "CC=$compiler" WERROR=-Werror \
		'THIRD_CFLAGS=-O0 -fno-sanitize=all' "$@" lint-build
}

# BPF programs were compiled by clang for gcc's build, too. clang warns before it optimizes, unlike
# gcc, and nobody runs what it makes here.
build_with_clang() {
	mkdir -p "$build/clang"
	to=$(cd "$build/clang" && pwd)
	(cd "$build/gcc" && find . \( -name '*.bpf.o' -o -name '*.skel.h' \) \
		-exec cp -u -p --parents -t "$to" {} +)
	build_with clang CFLAGS=-O0 SANITIZE= "$@"
}

tidy() {
	make --no-print-directory -k "$jobs" "B=$build/gcc" lint-tidy
}

# What it may not say, and why:
# variableScope          declarations stand at a block's start here, not at the smallest one's
# unusedStructMember     padding and what only the other side of an ABI reads
# missingIncludeSystem   it needs no system headers
# The macros are libbpf's; they are made simple so that no header is needed for them either.
run_cppcheck() {
	# shellcheck disable=SC2046 # a list of files without spaces
	cppcheck -q --std=c11 --error-exitcode=1 --inline-suppr "$jobs" \
		--enable=warning,performance,portability,style \
		--suppress=variableScope --suppress=unusedStructMember \
		--suppress=missingIncludeSystem \
		-D_GNU_SOURCE '-DPP_VERSION="0"' \
		'-Dbpf_object__for_each_program(p,o)=while(((p)=next_program(o)))' \
		'-DLIBBPF_OPTS(type,name,...)=struct type name={__VA_ARGS__}' \
		-Iinclude -Isrc -Itests/cost -Itests/unit \
		$(ours 'src/*.c' 'tests/*.c' ':!*.bpf.c')
}

manual_options() {
	python3 tests/manual.py "$build/gcc/pktpath"
}

docs() {
	python3 tests/docs.py
}

# Over the objects of the gcc build, as the two after it.
tables() {
	python3 -B tests/tables.py "$build/gcc"
}

rooms() {
	python3 -B tests/rooms.py "$build/gcc"
}

broken_rooms() {
	python3 -B tests/rooms_test.py "$build/gcc"
}

places() {
	python3 tests/places.py
}

short_files() {
	ours '*.c' '*.h' '*.sh' '*.py' '*.mk' Makefile | xargs wc -l | awk '
		$2 != "total" && $1 > 500 { print $2 ": " $1 " lines, at most 500"; bad = 1 }
		END { exit bad }'
}

# A tab counts as 8 columns. What may be wider, and why:
# include/stages.h       its tables: one row a line reads better
# vmlinux/               the kernel's declarations, as they are there
columns() {
	ours '*.c' '*.h' '*.sh' '*.py' '*.mk' Makefile ':!include/stages.h' ':!vmlinux/' |
		xargs python3 -c '
import pathlib, sys
wide = [f"{name}:{number}: {len(line)} columns, at most 100"
        for name in sys.argv[1:]
        for text in [pathlib.Path(name).read_text("utf-8").expandtabs(8)]
        for number, line in enumerate(text.split("\n"), 1)
        if len(line) > 100]
print(*wide, sep="\n")
sys.exit(bool(wide))'
}

licensed() {
	ours '*.c' '*.h' '*.sh' '*.py' Makefile |
		xargs grep -L 'SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0' |
		grep . && return 1
	return 0
}

shell() {
	# Called through check(), and by traps: reachable (SC2317).
	# Braces for && || are idiom (SC2015).
	ours '*.sh' | xargs shellcheck -x -e SC2317,SC2015
}

python() {
	ours '*.py' | PYTHONPYCACHEPREFIX="$build/pycache" xargs python3 -m py_compile
}

manual() {
	pages=$(ours 'man/*.8')
	[ -z "$pages" ] || echo "$pages" | xargs mandoc -T lint -W warning
}

check "gcc -Wall -Wextra -Werror" gcc build_with gcc
check "rooms only know the rooms below them" python3 rooms
check "broken walls are noticed" python3 broken_rooms
check "clang -Wall -Wextra -Werror" clang build_with_clang
check "clang-tidy" clang-tidy tidy
check "cppcheck" cppcheck run_cppcheck
check "shellcheck" shellcheck shell
check "Python compiles" python3 python
check "mandoc -T lint" mandoc manual
check "names in the tables of hooks are checked, and tags lead to handlers" ctags tables
check "the manual's options are the tool's" python3 manual_options
check "manual, README, schema and glossary name what is there" python3 docs
check "files that the documentation names are there" python3 places
check "no file has more than 500 lines" awk short_files
check "100 columns" python3 columns
check "every file states its licence" grep licensed

echo "$passed passed, $failed failed, $skipped skipped"
[ $failed = 0 ]
