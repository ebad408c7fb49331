# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
"""Words on the command line: what is understood, what is refused and how, and --help."""

import os
import re
import shutil
import subprocess
import sys
import tempfile

from lib.harness import Skip, check, test
from lib.tool import PKTPATH, ROOT, run

HUGE = str(1 << 64)
# Words, exit status, and what the one line on standard error must name.
WRONG = [
    ([], 2, "no command"),
    (["frobnicate"], 2, "frobnicate: no such command"),
    (["trace", "--foo"], 2, "--foo: no such option"),
    (["trace", "-x"], 2, "-x: no such option"),
    (["trace", "-qx"], 2, "-x: no such option"),
    (["trace", "-i"], 2, "-i: needs a value"),
    (["trace", "--count"], 2, "--count: needs a value"),
    (["trace", "--json=yes"], 2, "--json=yes: takes no value"),
    (["probes", "--json"], 2, "--json: no such option"),
    (["trace", "stray"], 2, "stray: unexpected word"),
    (["trace", "-q", "stray", "word"], 2, "stray: unexpected word"),
    (["probes", "stray"], 2, "stray: unexpected word"),
    (["trace", ""], 2, "unexpected word"),
    (["trace", "-i", "nosuch0"], 2, "-i nosuch0: no such interface"),
    (["trace", "-i", "a" * 300], 2, "no such interface"),
    (["trace", "-i", ""], 2, "no such interface"),
    (["trace", "-i", HUGE], 2, "no such interface"),
    (["probes", "-i", "nosuch0"], 2, "-i nosuch0: no such interface"),
    (["trace", "-c", "abc"], 2, "-c abc: not a count"),
    (["trace", "-c", "-1"], 2, "-c -1: not a count"),
    (["trace", "-c", "0"], 2, "-c 0: not a count"),
    (["trace", "-c", ""], 2, "not a count"),
    (["trace", "-c", " 5"], 2, "not a count"),
    (["trace", "-c", "5x"], 2, "-c 5x: not a count"),
    (["trace", "-c", HUGE], 2, f"-c {HUGE}: too large"),
    (["trace", "-d", "x"], 2, "-d x: not a time"),
    (["trace", "-d", "-1"], 2, "-d -1: not a time"),
    (["trace", "-d", "0"], 2, "-d 0: not a time"),
    (["trace", "-d", "nan"], 2, "-d nan: not a time"),
    (["trace", "-d", "inf"], 2, "-d inf: not a time"),
    (["trace", "-d", "1e300"], 2, "not a time"),
    (["trace", "-d", ""], 2, "not a time"),
    (["trace", "-d", "10 s"], 2, "-d 10 s: not a time (give seconds above 0, at most a year"),
    (["trace", "-d", "400d"], 2, "-d 400d: not a time"),
    (["trace", "-c", "1.5"], 2, "-c 1.5: not a count (give a whole number from 1 on"),
    (["trace", "--records", "0"], 2, "--records 0: not a size"),
    (["trace", "--records", "64Q"], 2, "--records 64Q: not a size (give a power of two from 1024"),
    (["trace", "--records", "1M"], 2, "--records 1M: not a size"),
    (["trace", "--records", "1000", "-i", "nosuch0"], 2, "-i nosuch0: no such interface"),
    (["trace", "--ring", "2G"], 2, "--ring 2G: not a size (give a power of two from 64K to 1G"),
    (["trace", "--records", "-1"], 2, "--records -1: not a size"),
    (["trace", "--ring", "4096"], 2, "--ring 4096: not a size"),
    (["trace", "-i", "lo," * 17], 2, "-i lo: too many interfaces"),
    (["trace", "-i", "lo,nosuch0"], 2, "-i nosuch0: no such interface"),
    (["trace", "--netns", "nosuch"], 2, "--netns nosuch: no such network namespace"),
    (["trace", "--netns", ""], 2, "no such network namespace"),
    (["drops", "--netns", "/etc/passwd"], 2, "--netns /etc/passwd: cannot enter it: not a network"),
    (["drops", "--netns", "/nowhere/net"], 2, "--netns /nowhere/net: no such network namespace"),
    (["drops", "--netns", "/etc/passwd/net"], 2,
     "--netns /etc/passwd/net: cannot be opened: Not a directory"),
    (["drops", "--netns", "/proc/self/ns/pid"], 2, "cannot enter it: not a network namespace"),
    (["probes", "--netns", "99999999"], 2,
     "--netns 99999999: no such network namespace: no process has that number"),
    (["trace", "--netns", "all", "-i", "lo"], 2,
     "-i lo: interfaces are named within one namespace"),
    (["trace", "--sample", "3"], 2, "--sample 3: not a share"),
    (["trace", "--sample", "1/0"], 2, "--sample 1/0: not a share"),
    (["trace", "--sample", "1/2000000"], 2, "--sample 1/2000000: not a share"),
    (["trace", "--sample", "1/4,flow"], 2, "--sample 1/4,flow: not a share"),
    (["trace", "--sample", "3%"], 2, "--sample 3%: not a share"),
    (["drops", "--sample", HUGE], 2, "not a share"),
    (["trace", "--overhead-budget", "0"], 2, "--overhead-budget 0: not a share (give percent"),
    (["hist", "--overhead-budget", "101%"], 2, "--overhead-budget 101%: not a share"),
    (["trace", "--xdp=sometimes"], 2, "--xdp=sometimes: not a choice (auto, native or generic)"),
    (["trace", "--xdp"], 2, "--xdp: name the interfaces"),
    (["bench", "--size", "59", "drop"], 2, "--size 59: not a number from 60 to 1514"),
    (["bench", "--work", "sleep", "drop"], 2, "--work sleep: no such work (nothing, touch, parse,"),
    (["bench", "--cores", "0", "drop"], 2, "--cores 0: not a number from 1 to"),
    (["bench", "--gro", "maybe", "drop"], 2, "--gro maybe: not a choice (off or on)"),
    (["bench", "--repeat", "2G", "drop"], 2, "--repeat 2G: not a number from 1 to"),
    (["bench", "drop", "pass", "tx", "xsk"], 2, "xsk: unexpected word"),
    (["trace", "--pid", "0"], 2, "--pid 0: not a process number"),
    (["trace", "--pid", "4711x"], 2, "--pid 4711x: not a process number"),
    (["trace", "--pid", HUGE], 2, "not a process number"),
    (["drops", "--pid", ""], 2, "not a process number"),
    (["trace", "--comm", ""], 2, "not a process name"),
    (["trace", "--comm", "sixteen-bytes-xx"], 2, "--comm sixteen-bytes-xx: not a process name"),
    (["trace", "--cgroup", "/nowhere"], 2, "--cgroup /nowhere: No such file or directory"),
    (["trace", "--cgroup", "/proc"], 2, "--cgroup /proc: not a control group"),
    (["trace", "--cgroup", "/etc/passwd"], 2, "--cgroup /etc/passwd: not a control group"),
    (["trace", "--backend", "foo"], 2, "--backend foo: no such backend"),
    (["trace", "--backend", ""], 2, "no such backend"),
    (["probes", "--backend", "kprobe-multi"], 2, "(auto, fentry, kprobe.multi or kprobe; trace"),
    (["trace", "--color", "sometimes"], 2, "--color sometimes: not a choice"),
    (["trace", "--slow", "5"], 2, "--slow 5: not a time with its unit"),
    (["trace", "--slow", "0ms"], 2, "--slow 0ms: not a time"),
    (["trace", "--slow", "-1ms"], 2, "--slow -1ms: not a time"),
    (["trace", "--slow", "1 ms"], 2, "--slow 1 ms: not a time"),
    (["trace", "--slow", "1m"], 2, "--slow 1m: not a time"),
    (["trace", "--slow", "1e9s"], 2, "--slow 1e9s: not a time"),
    (["trace", "--slow", ""], 2, "not a time"),
    (["trace", "--slow", "sock="], 2, "--slow sock=: not a time"),
    (["trace", "--slow", "nosuch=1ms"], 2, "--slow nosuch: no such stage"),
    (["trace", "--slow", "=1ms"], 2, "no such stage"),
    (["drops", "--slow", "1ms"], 2, "--slow: no such option"),
    (["hist", "stray"], 2, "stray: unexpected word"),
    (["hist", "-c", "5"], 2, "-c: no such option"),
    (["hist", "-i", "nosuch0"], 2, "-i nosuch0: no such interface"),
    (["hist", "--by", "colour"], 2, "--by colour: not a way to split packets (dev, queue, cpu"),
    (["hist", "--by", "none"], 2, "--by none: not a way"),
    (["hist", "--by", ""], 2, "not a way"),
    (["hist", "--groups", "0"], 2, "--groups 0: not a number from 1 to 64"),
    (["hist", "--groups", "65"], 2, "--groups 65: not a number from 1 to 64"),
    (["hist", "--groups", HUGE], 2, "not a number from 1 to 64"),
    (["hist", "--worst", "17"], 2, "--worst 17: not a number from 0 to 16"),
    (["hist", "--worst", "-1"], 2, "--worst -1: not a number from 0 to 16"),
    (["hist", "--worst", "x"], 2, "--worst x: not a number"),
    (["hist", "--worst", ""], 2, "not a number"),
    (["hist", "--stage", "sock,nosuch"], 2, "--stage nosuch: no such stage"),
    (["hist", "--stage", ""], 2, "no such stage"),
    (["hist", "--stage", "sock,"], 2, "no such stage"),
    (["hist", "--weight", "bytes"], 2, "--weight bytes: not a choice (skb or wire)"),
    (["hist", "--interval", "0"], 2, "--interval 0: not a time"),
    (["hist", "--interval", "x"], 2, "--interval x: not a time"),
    (["hist", "-d", "0"], 2, "-d 0: not a time"),
    (["hist", "--trace", "/nowhere/at/all"], 2,
     "--trace /nowhere/at/all: No such file or directory"),
    (["hist", "--trace", "/"], 2, "--trace /: Is a directory"),
]


# What people type, and the line of standard error that says what became of it.
NATURAL = [
    (["probes", "--records", "64K", "--ring", "16M"], None),
    (["probes", "--records", "1000"], "--records 1000: rounded up to 1024, a power of two"),
    (["probes", "--ring", "10MB"], "--ring 10MB: rounded up to 16M, a power of two"),
    (["trace", "-i", "lo", "-d", "10ms", "--sample", "1/10"], None),
    (["trace", "-i", "lo", "-d", "0.01s", "--sample", "1/16,packet"], None),
    (["trace", "-i", "lo", "-d", "10ms", "--sample", "1/100", "--overhead-budget", "2%"], None),
    (["trace", "-i", "lo", "-d", ".01", "--overhead-budget", "2", "-c", "1k"], None),
    (["trace", "-i", "lo", "-d", "10ms", "--ring", "100K"],
     "--ring 100K: rounded up to 128K, a power of two"),
    (["trace", "-i", "lo", "-d", "10ms", "--ring", "100K", "-q"], None),
    (["hist", "-i", "lo", "-d", "20ms", "--interval", "10ms", "--records", "5000", "--ring=1MiB"],
     "--records 5000: rounded up to 8192, a power of two"),
]


def one_line(done, status, about):
    """It ended with this status, after one line that says what is wrong."""
    lines = done.stderr.splitlines()
    check(done.returncode == status, f"exit status {done.returncode}, not {status}: {done.stderr}")
    check(len(lines) == 1, f"{len(lines)} lines: {done.stderr}")
    check(lines[0].startswith("pktpath: ") and about in lines[0], f"unclear: {lines[0]}")
    check(not done.stdout, f"output: {done.stdout[:200]}")


@test
def wrong_words_get_one_clear_line(_):
    wrong = []
    for words, status, about in WRONG:
        try:
            one_line(run(*words), status, about)
        except AssertionError as error:
            wrong.append(f"{words}: {error}")
    check(not wrong, "; ".join(wrong))
    return f"{len(WRONG)} command lines"


@test
def words_that_people_type_are_understood(_):
    for words, note in NATURAL:
        done = run(*words)
        rounded = [line for line in done.stderr.splitlines() if "rounded" in line]
        check(done.returncode == 0, f"{words}: exit status {done.returncode}: {done.stderr}")
        check(rounded == ([f"pktpath: {note}"] if note else []), f"{words}: {done.stderr}")
    memory = run("probes", "--records", "64K", "--ring", "16M").stdout
    check(memory == run("probes", "--records", "65536", "--ring", "16777216").stdout and
          memory != run("probes").stdout, memory)
    return f"{len(NATURAL)} command lines"


@test
def options_are_listed_for_programs(_):
    head, *lines = run("--print-options").stdout.splitlines()
    names = head.split("\t")
    rows = [dict(zip(names, line.split("\t"), strict=True)) for line in lines]
    for command in ("trace", "hist", "drops", "serve", "cost", "probes", "bench"):
        there = {row["option"] for row in rows if row["command"] == command}
        told = set(re.findall(r"^  (?:-., |    )--([a-z-]+)", run(command, "--help").stdout, re.M))
        check(there == told - {"help", "usage"}, f"{command}: {there ^ told}")
        letters = [row["letter"] for row in rows if row["command"] == command and row["letter"]]
        check(len(letters) == len(set(letters)), f"{command}: {letters}")
    ring = next(row for row in rows if row["command"] == "hist" and row["option"] == "ring")
    check((ring["type"], ring["unit"], ring["default"], ring["min"], ring["max"]) ==
          ("size", "bytes", "8M", "64K", "1G"), f"{ring}")
    return f"{len(rows)} options of commands"


@test
def the_manual_has_the_options_of_the_tool(_):
    """And a page that differs from their rows is noticed."""
    page, judge = ROOT / "man/pktpath.8", [sys.executable, ROOT / "tests/manual.py", PKTPATH]

    def judged(text):
        with tempfile.NamedTemporaryFile("w", suffix=".8", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            return subprocess.run([*judge, file.name], capture_output=True, text=True, timeout=60,
                                  check=False)

    text = page.read_text(encoding="utf-8")
    check(not judged(text).returncode, judged(text).stdout)
    entry = re.search(r'^\.\\" option user of serve\n.*?(?=^\.\\" option)', text, re.M | re.S)[0]
    wrong = {"another default": ("the default is 32768.", "the default is 4096."),
             "another argument": ("Fl -records Ns = Ns Ar n\nHow", "Fl -records Ns = Ns Ar k\nHow"),
             "not in the synopsis": (".Op Fl -worst Ns = Ns Ar k\n", ""),
             "without an entry": (entry, "")}
    for what, (was, becomes) in wrong.items():
        check(was in text, f"{what}: the page has no {was}")
        done = judged(text.replace(was, becomes, 1))
        check(done.returncode == 1 and done.stdout, f"{what} is not noticed: {done}")
    return f"{len(wrong)} faults noticed"


@test
def help_and_version_go_to_standard_output(_):
    for words in (["--help"], ["-h"], ["help"], ["trace", "--help"], ["trace", "-?"],
                  ["trace", "--usage"], ["probes", "--help"], ["hist", "--help"], ["--version"],
                  ["-V"]):
        done = run(*words)
        check(done.returncode == 0 and done.stdout and not done.stderr, f"{words}: {done}")
    check(re.fullmatch(r"pktpath \d+\.\d+\.\d+\n", run("--version").stdout), "--version")
    for word in ("trace", "hist", "drops", "serve", "probes"):
        check(word in run("--help").stdout, f"--help does not name {word}")


@test
def help_names_every_option(_):
    for command, own in (("trace", ("-v, --verbose", "-l, --line-buffered", "--slow")),
                         ("drops", ())):
        help_names(run(command, "--help").stdout, own)


@test
def help_of_hist_names_every_option(_):
    text = run("hist", "--help").stdout
    for word in ("-i, --interface", "-d, --duration", "-j, --json", "--interval", "--by",
                 "--groups", "--stage", "--weight", "--worst", "--buckets", "--trace", "--netns",
                 "--backend"):
        check(word in text, f"not in --help: {word}")
    wide = [line for line in text.splitlines() if len(line) > 80]
    check(not wide, f"wider than a terminal: {wide}")
    check("-c, --count" not in text, "it counts no packets")


def help_names(text, own):
    for word in (*own, "-i, --interface", "-c, --count", "-d, --duration", "-j, --json",
                 "-q, --quiet", "--color", "--netns", "--sample", "--pid", "--comm", "--cgroup",
                 "--backend", "--records", "--ring"):
        check(word in text, f"not in --help: {word}")
    wide = [line for line in text.splitlines() if len(line) > 80]
    check(not wide, f"wider than a terminal: {wide}")


NOBODY = ("--reuid=65534", "--regid=65534", "--clear-groups")


def run_with_less(words, privileges):
    """Runs it after setpriv has taken privileges away."""
    setpriv = shutil.which("setpriv")
    if not setpriv:
        raise Skip("no setpriv")
    # The build may lie where nobody may look.
    with open(PKTPATH, "rb") as binary:
        memory = os.memfd_create("pktpath")
        os.write(memory, binary.read())
    try:
        return run(*words, argv0=[setpriv, *privileges, f"/proc/self/fd/{memory}"],
                   pass_fds=[memory])
    finally:
        os.close(memory)


@test
def without_privileges_it_says_what_to_do(_):
    for words in (["trace"], ["hist"], ["probes"]):
        one_line(run_with_less(words, NOBODY), 2, "run as root")


@test
def a_namespace_that_may_not_be_entered_is_not_called_missing(_):
    """A process's that nobody may look at, and one's own that only root in it may enter."""
    pid = str(os.getpid())
    for word in (pid, f"/proc/{pid}/ns/net"):
        one_line(run_with_less(["trace", "--netns", word], NOBODY), 2,
                 f"--netns {word}: may not be opened: Permission denied (run as root")
    one_line(run_with_less(["trace", "--netns", "/proc/self/ns/net"], NOBODY), 2,
             "--netns /proc/self/ns/net: may not be entered: Operation not permitted (run as root")
    one_line(run_with_less(["trace", "--netns", pid], ["--bounding-set=-sys_admin"]), 2,
             f"--netns {pid}: may not be entered: Operation not permitted (run as root")


@test
def without_btf_it_says_what_the_kernel_lacks(_):
    script = 'mount -t tmpfs none /sys/kernel/btf && exec "$0" "$@"'
    argv0 = ["unshare", "--mount", "sh", "-c", script, PKTPATH]
    for words in (["trace"], ["probes"]):
        done = run(*words, argv0=argv0)
        if "mount:" in done.stderr or "unshare:" in done.stderr:
            raise Skip(f"cannot hide the kernel's BTF: {done.stderr.strip()}")
        one_line(done, 2, "BTF")


@test
def root_of_a_user_namespace_is_told_what_it_takes(_):
    """It has all capabilities, which count only in there; as in a rootless container."""
    for words in (["trace"], ["probes"], ["serve", "--listen", "127.0.0.1:9"], ["cost"]):
        done = run(*words, argv0=["unshare", "--user", "--map-root-user", PKTPATH])
        if "unshare:" in done.stderr:
            raise Skip(f"no user namespace: {done.stderr.strip()}")
        one_line(done, 2, "CAP_BPF and CAP_PERFMON of the initial user namespace")
