#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
"""Built and tested with Debian 13's tools (clang 19, gcc 14, libbpf 1.5), in a chroot of its
packages: nothing is installed. The first run fetches some 200 MB, checked by Debian's keyring."""

import os
import re
import shutil
import subprocess
import tempfile

from lib import debtree
from lib.harness import Skip, check, main, test
from lib.kernels import AssetError, cache_dir
from lib.tool import ROOT

PACKAGES = ("gcc", "libc6-dev", "make", "clang", "llvm", "libbpf-dev", "bpftool", "libelf-dev",
            "zlib1g-dev", "pkg-config", "libmicrohttpd-dev", "libcmocka-dev", "python3", "bash",
            "base-files", "binutils", "coreutils", "dash", "diffutils", "findutils", "grep", "mawk",
            "sed", "util-linux")
# In namespaces that end with it: the tree of packages below, all that is written above, proc for
# the sanitizers. $1 is the tree, $2 a folder for the rest, $3 what to run in the source.
CHROOT = """set -e
mkdir -p "$2/upper" "$2/work" "$2/root"
mount -t overlay overlay -o "lowerdir=$1,upperdir=$2/upper,workdir=$2/work" "$2/root"
mkdir -p "$2/root/proc" "$2/root/dev" "$2/root/tmp" "$2/root/source"
mount -t proc proc "$2/root/proc"
mount --rbind /dev "$2/root/dev"
mount --bind "$2/source" "$2/root/source"
exec chroot "$2/root" /bin/sh -c "cd /source && $3"
"""
SECONDS = 3000  # far more than it takes, on a busy machine too


class Env:
    """The tree of packages, and a copy of the source as git has it, changes included."""

    def __init__(self):
        self.place = tempfile.mkdtemp(prefix="pktpath-trixie-", dir=cache_dir())
        files = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT,
                               capture_output=True, text=True, check=True).stdout.split()
        for name in files:
            if (ROOT / name).exists():
                target = f"{self.place}/source/{name}"
                os.makedirs(os.path.dirname(target), exist_ok=True)
                shutil.copy2(ROOT / name, target)

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        shutil.rmtree(self.place)

    def run(self, command):
        if os.geteuid():
            raise Skip("chroot needs root")
        try:
            tree = debtree.unpacked(cache_dir() / "trixie", "trixie", (), PACKAGES)
        except AssetError as error:
            raise Skip(str(error)) from error
        clean = {"PATH": "/usr/sbin:/usr/bin", "LC_ALL": "C.UTF-8", "HOME": "/tmp"}
        return subprocess.run(["unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-c",
                               CHROOT, "chroot", str(tree), self.place, command], env=clean,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, timeout=SECONDS, check=False)


@test
def the_tools_are_those_of_debian_13(env):
    done = env.run("gcc -dumpfullversion && clang --version && "
                   "pkg-config --modversion libbpf && cat /etc/debian_version")
    check(done.returncode == 0, done.stdout)
    versions = re.match(r"14\.\S+\n.*clang version 19\..*\n1\.5\..*\n13", done.stdout, re.S)
    check(versions, f"others: {done.stdout}")
    return re.sub(r"\s+", " ", done.stdout)[:200]


@test
def it_builds_without_a_warning(env):
    done = env.run("make --no-print-directory -j2 CC=gcc WERROR=-Werror")
    check(done.returncode == 0, done.stdout[-3000:])
    check("warning" not in done.stdout, done.stdout[-3000:])
    done = env.run("build/pktpath --version && readelf -d build/pktpath")
    check(done.returncode == 0 and "libbpf.so.1" in done.stdout, done.stdout)


@test
def unit_tests_and_goldens_pass(env):
    done = env.run("make --no-print-directory -j2 CC=gcc WERROR=-Werror unit golden")
    counts = [tuple(map(int, c)) for c in
              re.findall(r"^(\d+) passed, (\d+) failed, (\d+) skipped$", done.stdout, re.M)]
    check(done.returncode == 0 and len(counts) == 2, done.stdout[-3000:])
    check(all(passed > 100 and not failed and not skipped for passed, failed, skipped in counts),
          f"{counts}")
    return ", ".join(f"{passed} passed" for passed, _, _ in counts)


if __name__ == "__main__":
    with Env() as environment:
        main(environment)
