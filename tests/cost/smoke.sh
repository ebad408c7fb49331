#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
# Do the floors run, count what it should and clean up? Its figures are not judged here: no
# machine is quiet enough for that. Usage: smoke.sh [FLOORS]; without one it is built.
cd "$(dirname "$0")/../.." || exit 2
build=${PKTPATH_BUILD:-build}
floors=${1:-$build/floors}
[ $# != 0 ] || make --no-print-directory "B=$build" "$floors" || exit 1
passed=0 failed=0 skipped=0
tmp=$(mktemp) || exit 2
pid=
trap '[ -z "$pid" ] || kill "$pid" 2>/dev/null; rm -f "$tmp"' EXIT

check() {
	what=$1
	shift
	if "$@"; then
		echo "PASS  $what"
		passed=$((passed + 1))
	else
		echo "FAIL  $what"
		failed=$((failed + 1))
		sed 's/^/      /' "$tmp"
	fi
}

finish() {
	echo "$passed passed, $failed failed, $skipped skipped"
	[ $failed = 0 ]
	exit
}

rows_are() {
	[ "$(grep -cE '^(off|empty|clock|clock\+slot|pktpath) +[0-9]+ ' "$tmp")" = "$1" ]
}

json_is_sound() {
	python3 -c 'import json, sys
d = json.load(open(sys.argv[1]))
names = [r["name"] for r in d["rows"]]
assert names == ["off", "empty", "clock", "clock+slot", "pktpath"], names
assert d["rounds"] == 2 and d["packets"] == 100 and d["calls"] >= 1
assert d["records"] >= 200 and all(r["min"] > 0 for r in d["rows"])' "$tmp"
}

wait_for_end() {
	i=0
	while kill -0 "$pid" 2>/dev/null && [ "$i" -lt 100 ]; do
		sleep 0.1
		i=$((i + 1))
	done
	[ "$i" -lt 100 ]
}

"$floors" --rounds 2 --packets 2000 >"$tmp" 2>&1
status=$?
# Not permitted, or no BTF; a container may hold root back only at the load itself.
if [ $status = 2 ] || { [ $status = 1 ] && grep -q 'Operation not permitted' "$tmp"; }; then
	echo "SKIP  floors: $(head -n 1 "$tmp")"
	skipped=1
	finish
fi
check "two rounds end well" [ $status = 0 ]
check "the table has five rows" rows_are 5

if command -v python3 >/dev/null; then
	"$floors" --rounds 2 --packets 100 --json >"$tmp" 2>&1
	check "--json is JSON with the same rows" json_is_sound
else
	echo "SKIP  --json: no python3 to read it with"
	skipped=1
fi

"$floors" --rounds 100000 >"$tmp" 2>&1 &
pid=$!
sleep 1
# A shell's background job ignores SIGINT; SIGTERM takes the same way.
kill -TERM $pid
check "a signal ends it at once" wait_for_end
wait $pid
check "with the status of a signal" [ $? = 130 ]
pid=
"$floors" wire 4 >"$tmp" 2>&1
check "loopback alone is timed" grep -qE '^[0-9]+\.[0-9]$' "$tmp"
"$floors" hold count --netns all >"$tmp" 2>&1 &
pid=$!
i=0
until grep -q listening "$tmp" || [ "$i" -ge 300 ]; do
	sleep 0.1
	i=$((i + 1))
done
"$floors" wire 4 >/dev/null
kill -TERM $pid
check "a held floor ends at a signal" wait_for_end
check "and has counted packets" grep -qE '^calls=[1-9][0-9]{3}' "$tmp"
pid=
"$floors" hold nonsense >"$tmp" 2>&1
check "a bad floor is refused" [ $? = 2 ]
"$floors" --rounds nonsense >"$tmp" 2>&1
check "a bad count is refused" [ $? = 2 ]
finish
