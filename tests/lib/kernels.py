# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
"""Debian's kernels for the guests: fetched by apt, unpacked once, kept in the user's cache.

`kernel("6.1")` returns a Kernel: an uncompressed vmlinux that QEMU boots directly, and the
modules a guest may need. apt runs with a configuration of its own, so neither root nor a change
to the system's sources is needed, and what it fetches is verified by Debian's archive key.
"""

import contextlib
import fcntl
import json
import lzma
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import zlib

# What to fetch: the suites to search (main archive, security archive), and what version to expect.
# "-rt": Debian's kernel with PREEMPT_RT.
KERNELS = {
    "5.10": ((), ("bullseye-security",)),
    "6.1": (("bookworm",), ("bookworm-security",)),
    "6.1-rt": (("bookworm",), ("bookworm-security",)),
    "6.12": (("trixie",), ("trixie-security",)),
    "6.12-rt": (("trixie",), ("trixie-security",)),
    "7": (("trixie-backports",), ()),
}
RT = "-rt"
META_PACKAGE = "linux-image-amd64"
META_PACKAGE_RT = "linux-image-rt-amd64"
# The meta package's chain to the packages that hold vmlinuz and the modules.
KERNEL_PACKAGE = re.compile(r"^linux-(image|binary|modules)-\d\S*$")
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"

# Modules kept, with all they depend on. Change it freely: the cached package is unpacked again.
MODULES = """
    e1000 e1000e igb igc ixgbe virtio_pci virtio_net virtio_console vmxnet3
    tun veth dummy ifb bridge 8021q macvlan macvtap ipvlan vrf bonding vxlan ip_gre
    sch_netem sch_tbf sch_ingress sch_prio sch_fq act_mirred act_gact cls_u32 cls_bpf cls_matchall
    nf_tables nft_ct nft_limit nft_reject nft_reject_inet nft_reject_ipv4 nft_log
    nf_nat nft_chain_nat nft_nat nft_redir nft_masq
    esp4 esp6 xfrm_user seqiv drbg jitterentropy_rng sha512_generic ipip mpls_router mpls_iptunnel
    nft_fib_inet nf_conntrack br_netfilter udp_diag tcp_diag inet_diag pktgen
    nfnetlink_queue nft_queue xt_NFQUEUE nft_compat ip_tables iptable_filter iptable_mangle
    iptable_raw nf_defrag_ipv4 nf_defrag_ipv6 tls gcm ctr ghash_generic mptcp_diag
    crc32c_generic geneve wireguard openvswitch nft_tproxy nft_flow_offload nf_flow_table_inet
""".split()
RECIPE = 1  # the layout of a cache entry


class AssetError(Exception):
    """One line for the user."""


def say(text):
    print(f"  {text}", file=sys.stderr, flush=True)


def cache_dir():
    base = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    return pathlib.Path(base) / "pktpath"


@contextlib.contextmanager
def locked(path):
    """One process at a time; the kernel drops the lock however its holder ends."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "w", encoding="ascii") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("waiting for another run that is preparing the same")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def output(argv, env=None, cwd=None, what=None):
    """Standard output of a command; its failure as one line."""
    try:
        done = subprocess.run(argv, env=env, cwd=cwd, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        raise AssetError(f"{argv[0]} is not installed; run 'make deps'") from None
    if done.returncode:
        lines = [line for line in done.stderr.splitlines() if line.strip()]
        errors = [line for line in lines if line.startswith("E:")] or lines or ["no message"]
        raise AssetError(f"{what or ' '.join(argv)} failed: {errors[0]}")
    return done.stdout


# --- apt ---


def mirrors():
    """URIs of Debian's main and security archives, as this machine's apt has them."""
    main = security = None
    targets = output(["apt-get", "indextargets", "--format",
                      "$(REPO_URI) $(RELEASE) $(COMPONENT)", "Created-By: Packages"])
    for line in targets.splitlines():
        uri, release, component = (line.split() + ["", ""])[:3]
        if component != "main":
            continue
        if re.fullmatch(r"[a-z]+-security", release):
            security = security or uri
        elif re.fullmatch(r"(old)*stable|testing|sid|unstable|bullseye|bookworm|trixie|forky",
                          release):
            main = main or uri
    return main, security


class Apt:
    """apt with sources, lists and cache of its own, in a directory that the caller removes."""

    def __init__(self, root, main_suites, security_suites):
        main, security = mirrors()
        lines = [f"deb [signed-by={KEYRING}] {uri} {suite} main\n"
                 for uri, suites in ((main, main_suites), (security, security_suites))
                 for suite in suites if uri]
        if not lines:
            raise AssetError("apt on this machine has no Debian archive among its sources")
        for sub in ("lists/partial", "archives/partial", "etc"):
            (root / sub).mkdir(parents=True)
        (root / "sources.list").write_text("".join(lines))
        (root / "status").write_text("")
        (root / "apt.conf").write_text(self._config(root))
        self.env = dict(os.environ, APT_CONFIG=str(root / "apt.conf"), LC_ALL="C")
        self.archives = root / "archives"

    @staticmethod
    def _config(root):
        """Ours alone: the system's hooks must not run, but its proxy has to be used."""
        keep = [line for line in output(["apt-config", "dump"]).splitlines()
                if line.startswith("Acquire::") and not line.startswith("Acquire::IndexTargets")]
        return "\n".join(keep + [
            'Acquire::Languages "none";', 'Acquire::Retries "2";', 'APT::Sandbox::User "root";',
            'Dir::Etc::main "/dev/null";', 'Dir::Etc::parts "/dev/null";',
            'Dir::Etc::preferences "/dev/null";', 'Dir::Etc::preferencesparts "/dev/null";',
            f'Dir::Etc::sourcelist "{root}/sources.list";', 'Dir::Etc::sourceparts "/dev/null";',
            f'Dir::State "{root}";', f'Dir::State::lists "{root}/lists";',
            f'Dir::State::status "{root}/status";', f'Dir::Cache "{root}";',
            f'Dir::Cache::archives "{root}/archives";', ""])

    def run(self, *argv, cwd=None):
        return output(argv, env=self.env, cwd=cwd)

    def update(self):
        try:
            self.run("apt-get", "update", "-q", "--error-on=any")
        except AssetError as first:
            say(f"once more, as {first}")
            self.run("apt-get", "update", "-q", "--error-on=any")

    def resolve(self, package):
        """The concrete kernel packages behind a meta package, in order."""
        found, todo = [], [package]
        while todo:
            for line in self.run("apt-cache", "depends", todo.pop()).splitlines():
                kind, _, name = line.strip().partition(": ")
                if kind == "Depends" and KERNEL_PACKAGE.match(name) and name not in found:
                    found.append(name)
                    todo.append(name)
        return found

    def download(self, packages):
        for package in packages:
            size = re.search(r"^Size: (\d+)", self.run("apt-cache", "show", package), re.M)
            say(f"fetching {package} ({int(size[1]) // 1000000 if size else '?'} MB)")
            self.run("apt-get", "download", "-q", package, cwd=self.archives)
        return sorted(self.archives.glob("*.deb"))


def fetch(name, debs):
    """The kernel's packages in directory `debs`, complete or not at all."""
    scratch = pathlib.Path(tempfile.mkdtemp(prefix=f"tmp-{name}-", dir=debs.parent.parent))
    try:
        apt = Apt(scratch, *KERNELS[name])
        say(f"looking up Debian's kernel {name}")
        apt.update()
        packages = apt.resolve(META_PACKAGE_RT if name.endswith(RT) else META_PACKAGE)
        version = re.escape(name.removesuffix(RT))
        if not any(re.search(rf"-{version}[.\d]", p) for p in packages):
            raise AssetError(f"Debian offers no kernel {name}: "
                             f"found {', '.join(packages) or 'none'}")
        apt.download(packages)
        debs.parent.mkdir(exist_ok=True)
        shutil.rmtree(debs, ignore_errors=True)
        apt.archives.rename(debs)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


# --- unpacking ---


def decompress(data, what):
    if data[:2] == b"\x1f\x8b":
        return zlib.decompressobj(31).decompress(data)
    if data[:6] == b"\xfd7zXZ\0":
        return lzma.LZMADecompressor().decompress(data)
    for magic, tool in ((b"\x28\xb5\x2f\xfd", "zstd"), (b"\x02\x21\x4c\x18", "lz4")):
        if data[:4] == magic:
            # The kernel build appends the size to its payload, which the tools complain about.
            done = subprocess.run([tool, "-dcq"], input=data, capture_output=True, check=False)
            if done.stdout:
                return done.stdout
    raise AssetError(f"{what}: cannot be decompressed")


def extract_vmlinux(image):
    """The ELF file inside a bzImage, which the boot protocol's header locates."""
    if image[0x202:0x206] != b"HdrS":
        raise AssetError("vmlinuz is not a bzImage")
    setup = (image[0x1f1] or 4) + 1
    offset, length = (int.from_bytes(image[at:at + 4], "little") for at in (0x248, 0x24c))
    start = setup * 512 + offset
    elf = decompress(image[start:start + length], "the kernel's payload")
    if elf[:4] != b"\x7fELF":
        raise AssetError("the kernel's payload is not an ELF file")
    return elf


def read_module(path):
    data = path.read_bytes()
    return data if path.suffix == ".ko" else decompress(data, path.name)


def module_depends(data):
    match = re.search(rb"\0depends=([^\0]*)\0", data)
    return [d.replace("-", "_") for d in match[1].decode().split(",") if d] if match else []


def copy_modules(tree, out):
    """The modules of MODULES and their dependencies, uncompressed; returns {name: depends}."""
    index = {p.name.split(".")[0].replace("-", "_"): p for p in tree.rglob("*.ko*")}
    depends, todo = {}, list(MODULES)
    out.mkdir()
    while todo:
        name = todo.pop()
        if name in depends or name not in index:  # not there: built in, or not in this kernel
            continue
        data = read_module(index[name])
        (out / f"{name}.ko").write_bytes(data)
        depends[name] = [d for d in module_depends(data) if d in index]
        todo += depends[name]
    return depends


def unpack(name, debs, entry):
    say(f"unpacking kernel {name}")
    scratch = pathlib.Path(tempfile.mkdtemp(prefix=f"tmp-{name}-", dir=entry.parent.parent))
    try:
        tree, new = scratch / "tree", scratch / "new"
        new.mkdir()
        for deb in sorted(debs.glob("*.deb")):
            output(["dpkg-deb", "-x", str(deb), str(tree)])
        images = [p for p in tree.rglob("vmlinuz*") if p.is_file()]
        versions = {p.parent.name for p in tree.rglob("kernel")
                    if p.parent.parent.name == "modules"}
        if len(images) != 1 or len(versions) != 1:
            raise AssetError(f"kernel {name}: unexpected contents of its packages")
        (new / "vmlinux").write_bytes(extract_vmlinux(images[0].read_bytes()))
        info = {"recipe": RECIPE, "wanted": MODULES, "version": versions.pop(),
                "depends": copy_modules(tree, new / "modules")}
        (new / "info.json").write_text(json.dumps(info))
        entry.parent.mkdir(exist_ok=True)
        shutil.rmtree(entry, ignore_errors=True)
        new.rename(entry)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


class Kernel:
    """A kernel in the cache."""

    def __init__(self, name, entry):
        info = json.loads((entry / "info.json").read_text())
        self.name, self.version, self.vmlinux = name, info["version"], entry / "vmlinux"
        self.depends, self._modules = info["depends"], entry / "modules"
        self.current = info["recipe"] == RECIPE and info["wanted"] == MODULES

    def module_file(self, name):
        return self._modules / f"{name}.ko"

    def load_order(self, names):
        """Modules to load, each after those it depends on, without what is built in."""
        order = []

        def visit(name):
            if name in self.depends and name not in order:
                for dep in self.depends[name]:
                    visit(dep)
                order.append(name)

        for name in names:
            visit(name.replace("-", "_"))
        return order


def _cached(name, entry):
    try:
        found = Kernel(name, entry)
        return found if found.current else None
    except (OSError, ValueError, KeyError):
        return None


def kernel(name):
    """The named kernel: from the cache, or else fetched and unpacked into it."""
    if name not in KERNELS:
        raise AssetError(f"kernel '{name}' is not one of {', '.join(KERNELS)}")
    cache = cache_dir()
    entry, debs = cache / "kernels" / name, cache / "debs" / name
    found = _cached(name, entry)
    if found:
        return found
    try:
        with locked(cache / f"{name}.lock"):
            found = _cached(name, entry)  # another run may have done it meanwhile
            if found:
                return found
            for left in cache.glob(f"tmp-{name}-*"):  # of a run that was killed
                shutil.rmtree(left, ignore_errors=True)
            if not any(debs.glob("*.deb")):
                fetch(name, debs)
            unpack(name, debs, entry)
    except OSError as error:
        raise AssetError(f"kernel {name}: {error}") from error
    return Kernel(name, entry)
