#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
# Installs the Debian packages that a part of this project needs: setup.sh build|demo|test.
# Asks nothing; where all are there, it is instant and touches neither apt nor the network.
set -u

BUILD="gcc libc6-dev make clang llvm libbpf-dev bpftool libelf-dev zlib1g-dev pkg-config"
BUILD="$BUILD libmicrohttpd-dev"
DEMO="qemu-system-x86 busybox-static xz-utils zstd python3 iproute2 iputils-ping"
DEMO="$DEMO debian-archive-keyring"
TEST="libcmocka-dev tcpdump ethtool nftables iptables valgrind clang-tidy cppcheck shellcheck"
TEST="$TEST clang-format mandoc libclang-rt-dev universal-ctags"

die() {
	echo "setup: $*" >&2
	exit 1
}

# Runs as root, through sudo where needed. A package's own questions get their defaults.
as_root() {
	if [ "$(id -u)" -eq 0 ]; then
		DEBIAN_FRONTEND=noninteractive "$@"
	else
		sudo DEBIAN_FRONTEND=noninteractive "$@"
	fi
}

# Prints those of the packages that are not installed.
missing() {
	for p in "$@"; do
		case $(dpkg-query -W -f '${db:Status-Status}' "$p" 2>/dev/null) in
		installed) ;;
		*) printf ' %s' "$p" ;;
		esac
	done
}

# Runs apt-get quietly; on failure shows its errors, not its whole output.
apt() {
	log=$(mktemp) || die "no temporary file"
	as_root apt-get -q -y -o Dpkg::Use-Pty=0 "$@" >"$log" 2>&1
	rc=$?
	[ $rc -eq 0 ] || grep '^E:' "$log" >&2 || tail -n 3 "$log" >&2
	rm -f "$log"
	return $rc
}

case ${1-} in
build) packages=$BUILD ;;
demo) packages="$BUILD $DEMO" ;;
test) packages="$BUILD $DEMO $TEST" ;;
*)
	echo "usage: setup.sh build|demo|test" >&2
	exit 2
	;;
esac

command -v dpkg-query >/dev/null && command -v apt-get >/dev/null ||
	die "this needs Debian's apt; install the equivalents of: $packages"
# shellcheck disable=SC2086 # a list
needed=$(missing $packages)
if [ -z "$needed" ]; then
	echo "  DEPS    all packages for '$1' are installed"
	exit 0
fi
[ "$(id -u)" -eq 0 ] || command -v sudo >/dev/null ||
	die "missing packages, and neither root nor sudo: apt-get install$needed"

echo "  DEPS    installing:$needed"
apt update || {
	echo "  DEPS    apt-get update failed, once more" >&2
	sleep 2
	apt update || die "apt-get update failed; check the network and /etc/apt/sources.list*"
}
# shellcheck disable=SC2086
apt install --no-install-recommends $needed ||
	die "apt-get could not install:$needed (try it by hand: apt-get install$needed)"
# shellcheck disable=SC2086
left=$(missing $needed)
[ -z "$left" ] || die "apt-get reported success, but these are still missing:$left"
echo "  DEPS    installed"
