#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
# Replays saved records into each sink and compares with the stored output.
# Usage: run.sh REPLAY (UPDATE=1 rewrites what is stored). Needs no root and no kernel.
replay=$(realpath "$1")
cd "$(dirname "$0")" || exit 2
LC_ALL=C.UTF-8
export LC_ALL
tmp=$(mktemp -d) || exit 2
trap 'rm -rf "$tmp"' EXIT
passed=0 failed=0 skipped=0

pass() { passed=$((passed + 1)); echo "ok      $1"; }
fail() { failed=$((failed + 1)); echo "FAILED  $1"; }
skip() { skipped=$((skipped + 1)); echo "skipped $1: $2"; }
check() { name=$1; shift; if "$@"; then pass "$name"; else fail "$name"; fi; }

# golden RECORDS VARIANT OPTIONS..: output of the replay against RECORDS.VARIANT
golden() {
	records=$1 stored=out/$1.$2
	shift 2
	if ! "$replay" "$@" <"$records.rec" >"$tmp/out" 2>"$tmp/err"; then
		cat "$tmp/err"
		fail "$stored"
	elif [ -n "$UPDATE" ]; then
		cp "$tmp/out" "$stored"
		pass "$stored (rewritten)"
	else
		check "$stored" diff -u "$stored" "$tmp/out"
	fi
}

# fits WIDTH STORED: no line is wider
fits() {
	python3 - "$1" "$2" <<-'EOF'
	import sys
	width, path = int(sys.argv[1]), sys.argv[2]
	lines = open(path, encoding="utf-8").read().splitlines()
	wide = [l for l in lines if len(l) > width]
	sys.exit("\n".join(wide) if wide else 0)
	EOF
}

# table_fits WIDTH STORED: no line of a table of histograms is wider, down to what it needs
table_fits() {
	sed -n '/^stage /,/^total/p' "$2" >"$tmp/table"
	[ -s "$tmp/table" ] && fits "$1" "$tmp/table"
}

# error ERRNO TARGET OPTIONS..: what the sink returns if it cannot write
error() {
	want=$1 target=$2
	shift 2
	[ "$("$replay" "$@" <"$saved" 2>&1 >"$target")" = "$want" ]
}

closed_pipe() {
	{ sleep 0.3; "$replay" "$@" <"$saved" 2>"$tmp/pipe"; } | :
	[ "$(cat "$tmp/pipe")" = EPIPE ]
}

mkdir -p out
for records in mixed ipv6 large empty; do
	for width in 0 80 100 160; do
		golden "$records" "text.$width.txt" -w "$width"
		golden "$records" "waterfall.$width.txt" -v -w "$width"
	done
	golden "$records" colour.160.txt -c -w 160
	golden "$records" colour.100.txt -c -w 100
	golden "$records" waterfall.colour.txt -c -v -w 100
	golden "$records" ascii.txt -a -v -w 100
	golden "$records" quiet.txt -q -w 100
	golden "$records" dev.160.txt -d -w 160
	golden "$records" dev.80.txt -d -w 80
	golden "$records" jsonl -s json
	golden "$records" drops.txt -s drops
	golden "$records" drops.80.txt -s drops -w 80
done
SEEN=irq,napi,softirq,poll,xdp,gro,flush,netif,ip,local,l4,sock,wake,run
for width in 0 80 100 180; do
	golden xdp "text.$width.txt" -w "$width" -S $SEEN
	golden xdp "late.$width.txt" -w "$width" -S $SEEN -x
done
golden xdp waterfall.100.txt -v -w 100 -S $SEEN
golden xdp colour.180.txt -c -w 180 -S $SEEN
golden xdp drops.txt -s drops
golden xdp jsonl -s json
golden nat text.160.txt -w 160
golden nat text.80.txt -w 80
golden nat waterfall.100.txt -v -w 100
golden nat jsonl -s json
golden poor few-stages.100.txt -w 100 -S gro,netif,read
golden poor few-stages.0.txt -S gro,netif,read
golden poor no-stages.txt -w 160 -S read

for width in 0 40 60 80 100 160; do
	golden hist "hist.$width.txt" -s hist -w "$width" -h 24
	golden groups "hist.$width.txt" -s hist -b cpu -w "$width"
done
golden hist hist.colour.txt -s hist -c -v -k 2 -w 100
golden hist hist.ascii.txt -s hist -a -u -w 100
golden hist hist.quiet.txt -s hist -q -k 0 -m -w 100
golden hist hist.stage.txt -s hist -u -t sock,read -w 100
golden hist hist.total.txt -s hist -t total -w 100
golden hist hist.interval.txt -s hist -I 1000000000 -w 100
golden hist hist.low.txt -s hist -w 100 -h 8
golden groups hist.colour.txt -s hist -b cpu -c -v -w 100
golden groups hist.buckets.txt -s hist -b cpu -u -t sock -w 80
golden pids hist.txt -s hist -b pid -w 100
golden pids hist.ascii.txt -s hist -b pid -a -w 60
golden cgroups hist.txt -s hist -b cgroup -w 100
golden cgroups hist.ascii.txt -s hist -b cgroup -a -w 80
golden empty hist.txt -s hist
golden slow text.100.txt -w 100
golden slow jsonl -s json
golden hist hist.jsonl -s hist-json
golden hist hist.interval.jsonl -s hist-json -I 1000000000 -u -k 16
golden groups hist.jsonl -s hist-json -b cpu
golden pids hist.jsonl -s hist-json -b pid -t sock -m
for width in 40 60 80 100 160; do
	check "hist.hist.$width: the table fits" table_fits $width out/hist.hist.$width.txt
	check "groups.hist.$width: the table fits" table_fits $width out/groups.hist.$width.txt
done

for width in 80 100 160; do
	check "mixed.text.$width fits" fits $width out/mixed.text.$width.txt
	check "ipv6.text.$width fits" fits $width out/ipv6.text.$width.txt
done
check "quiet leaves out header and hooks" test -z "$(grep -E 'flow|fentry' out/mixed.quiet.txt)"
for output in mixed hist.hist pids.hist cgroups.hist; do
	check "$output.ascii is ASCII" \
		sh -c "! tr -d '\\033\\r' <out/$output.ascii.txt | LC_ALL=C grep -q '[^ -~]'"
done
# shellcheck disable=SC2016 # the inner shell expands it
check "no control character of a name gets through" \
	sh -c '! grep -q "$(printf "\033")" out/mixed.waterfall.100.txt out/mixed.jsonl'
if command -v python3 >/dev/null; then
	for records in mixed ipv6 large empty xdp nat; do
		check "$records.jsonl follows its schema" python3 schema.py out/$records.jsonl
	done
	for output in hist.hist hist.hist.interval groups.hist pids.hist slow; do
		check "$output.jsonl follows its schema" python3 schema.py out/$output.jsonl
	done
	check "docs/SCHEMA.md names every field and no other" python3 schema.py --docs out/*.jsonl
else
	skip "JSON schema" "no python3"
fi
for sink in text json hist hist-json; do
	saved=mixed.rec
	[ "${sink#hist}" = "$sink" ] || saved=hist.rec
	if [ -c /dev/full ]; then
		check "$sink: full disk at the end" error ENOSPC /dev/full -s $sink
		[ $saved = hist.rec ] ||
			check "$sink: full disk at a record" error ENOSPC /dev/full -s $sink -l
	else
		skip "$sink: full disk" "no /dev/full"
	fi
	check "$sink: reader gone" closed_pipe -s $sink -l
done
saved=mixed.rec
check "waterfall: full disk" error ENOSPC /dev/full -v

echo "$passed passed, $failed failed, $skipped skipped"
[ $failed = 0 ]
