#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
# Runs the unit tests given and adds up what cmocka counts. Usage: run.sh TEST..
passed=0 failed=0 skipped=0
tmp=$(mktemp) || exit 2
trap 'rm -f "$tmp"' EXIT
for test; do
	"$test" >"$tmp" 2>&1
	status=$?
	cat "$tmp"
	p=$(grep -c '^\[       OK \]' "$tmp")
	f=$(grep -c '^\[  FAILED  \] [a-z_0-9]*$' "$tmp")
	s=$(grep -c '^\[  SKIPPED \] [a-z_0-9]*$' "$tmp")
	# cmocka lists what failed and what it skipped once more at its end.
	f=$((f / 2)) s=$((s / 2))
	# A crash or a sanitizer's report ends the program without a count.
	[ $status != 0 ] && [ $f = 0 ] && f=1 && echo "FAILED  $test ended with status $status"
	passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
done
echo "$passed passed, $failed failed, $skipped skipped"
[ $failed = 0 ] && [ $passed != 0 ]
