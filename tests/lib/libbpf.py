# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
"""A newer libbpf than Debian 12's own: fetched by apt from its backports, unpacked in the cache."""

import pathlib
import shutil
import tempfile

from lib.kernels import Apt, cache_dir, locked, output, say

SUITE, PACKAGES = "bookworm-backports", ("libbpf1", "libbpf-dev")


def prefix():
    """The directory for `make LIBBPF_PREFIX=…`. Raises AssetError."""
    cache = cache_dir()
    entry = cache / "libbpf" / SUITE
    with locked(cache / "libbpf.lock"):
        if not entry.exists():
            entry.parent.mkdir(exist_ok=True)
            _fetch(entry, cache)
    return entry / "usr"


def _fetch(entry, cache):
    scratch = pathlib.Path(tempfile.mkdtemp(prefix="tmp-libbpf-", dir=cache))
    try:
        apt = Apt(scratch, (SUITE,), ())
        say(f"looking up libbpf in {SUITE}")
        apt.update()
        for deb in apt.download(PACKAGES):
            output(["dpkg-deb", "-x", str(deb), str(scratch / "tree")])
        (scratch / "tree").rename(entry)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
