#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
"""`pktpath bench` on this machine's own kernel: that its books balance to the packet, that what
makes a rate worthless is said and yields none, that it finds differences that are there, and that
it leaves nothing behind, however it ends. How fast this machine is, is not judged here.

host/bench.py [WORD...] runs only the tests with one of the words in their name.
"""

import json
import os
import pathlib
import platform
import pty
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

from lib import wire
from lib.bench_modes import MODES, WORKS
from lib.harness import Skip, check, run as run_tests, test
from lib.hist import QUANTILES
from host.bench_outside import compiled  # and its tests
from lib.tool import PATIENCE, PKTPATH, eventually, run

LACKS = "cannot send live frames"
BOUNDED = ("delivered_pps", "cpu_ns", "generator_ns", "program_ns")
FIGURES = ("delivered_pps", "cpu_ns", "generator_ns", "driver_ns", "program_ns", "latency_ns")


def bench(*words, status=0, seconds="0.3"):
    """A run's JSON, and what it said."""
    duration = ("-d", seconds) if seconds else ()
    done = run("bench", *words, *duration, "--json")
    if LACKS in done.stderr:
        raise Skip(done.stderr.strip())
    check(done.returncode == status, f"{words}: exit status {done.returncode}: {done.stderr}")
    check(len(done.stdout.splitlines()) == 1, f"{words}: not one line: {done.stdout[:500]}")
    return json.loads(done.stdout), done.stderr


def balance(result):
    """Generated packets; every one of them was received or is in one counter."""
    p = result["packets"]
    total = p["received"] + sum(p["lost"].values())
    check(p["generated"] == total and p["unexplained"] == 0, f"the books do not balance: {p}")
    check(p["received"] > 0, f"nothing was received: {p}")
    return p["generated"]


def bounded(e):
    return e is not None and None not in (e["lo"], e["hi"])


def has_interval(e, name):
    check(bounded(e) and e["lo"] <= e["value"] <= e["hi"], f"{name} has no interval: {e}")


def usual(words):
    result, said = bench(*words)
    if not all(bounded(result[name]) for name in BOUNDED):  # others had the CPU
        result, said = bench(*words, seconds="2")
    n = balance(result)
    check(result["no_rate"] is None and not said, f"{words}: {result['no_rate']}: {said}")
    for name in BOUNDED:
        has_interval(result[name], name)
    check(result["latency_ns"] and result["latency_ns"]["p50"] > 0,
          f"no latencies: {result['latency_ns']}")
    check([f"{key}_ns" for key in result["latency_ns"] if key != "samples"] == list(QUANTILES),
          f"other quantiles than hist's: {list(result['latency_ns'])}")
    return n, result


def every_mode(*words):
    seen = []
    for mode in MODES:
        n, result = usual((mode, *words))
        seen.append(f"{mode} {n}")
    return ", ".join(seen)


@test
def packets_of_every_mode_are_accounted_for(env):
    return every_mode()


@test
def packets_of_generic_xdp_are_accounted_for(env):
    return ", ".join(f"{mode} {usual((mode, '--generic'))[0]}"
                     for mode in ("drop", "tx", "redirect"))


@test
def flows_sizes_and_batches_are_accounted_for(env):
    n, _ = usual(("tx", "--size", "1514", "--flows", "100", "--batch", "256", "--work", "lookup"))
    m, _ = usual(("drop", "--batch", "1", "--work", "parse"))
    return f"{n} frames of 1514 bytes, {m} in batches of one"


@test
def two_cores_are_accounted_for(env):
    if len(os.sched_getaffinity(0)) < 2:
        raise Skip("one CPU")
    return f"{usual(('redirect-map', '--cores', '2'))[0]} packets"


@test
def the_parts_of_the_cost_add_up(env):
    _, result = usual(("drop", "--work", "clock"))
    cost, *parts = (result[k]["value"]
                    for k in ("cpu_ns", "generator_ns", "driver_ns", "program_ns"))
    check(abs(cost - sum(parts)) < 0.01 * cost, f"{cost} ns are not {parts}")
    check(parts[2] > 5, f"a clock for {parts[2]} ns")
    return f"{cost:.0f} ns = {' + '.join(f'{p:.0f}' for p in parts)}"


@test
def latencies_rise(env):
    result, _ = bench("drop", seconds="1")
    values = [v for k, v in result["latency_ns"].items() if k != "samples" and v is not None]
    check(values == sorted(values) and len(values) >= 3, f"{result['latency_ns']}")
    check(result["latency_ns"]["samples"] >= 100, f"{result['latency_ns']}")
    return str(result["latency_ns"])


@test
def the_environment_is_this_machine(env):
    result, _ = bench("drop")
    e = result["environment"]
    check(e["kernel"] == f"{platform.release()} {platform.machine()}", f"kernel {e['kernel']}")
    jit = pathlib.Path("/proc/sys/net/core/bpf_jit_enable")
    check(not jit.exists() or e["jit"] == int(jit.read_text()), f"JIT {e['jit']}")
    check(e["cpus"] == len(os.sched_getaffinity(0)) and e["gro"] == 1, f"{e}")
    check({c["cpu"] for c in result["cpu_ticks"]} >= os.sched_getaffinity(0),
          f"{result['cpu_ticks']}")
    return e["kernel"]


# --- what makes a rate worthless ---


def refused(words, why):
    result, said = bench(*words, status=1)
    check(why in said and said.startswith("pktpath: no rate:") and said.count("\n") == 1,
          f"it said: {said}")
    given = [name for name in FIGURES if result[name] is not None]
    check(result["no_rate"] and not given, f"a rate all the same: {given}")
    check(result["packets"]["generated"] > 0, f"nothing was generated: {result['packets']}")
    return said.strip()


@test
def a_peer_without_napi_is_said(env):
    return refused(("redirect", "--no-sink"),
                   "the target's peer has neither an XDP program nor GRO")


@test
def tx_without_a_sink_is_said(env):
    return refused(("tx", "--no-sink"), "the generator's device has neither an XDP program nor GRO")


@test
def too_small_a_repeat_is_said(env):
    return refused(("drop", "--repeat", "64"), "the repeat is too small")


@test
def generic_mode_without_gro_is_said(env):
    return refused(("drop", "--generic", "--gro", "off"), "generic XDP on veth needs GRO")


# --- compare ---


def called_as_its_interval(result):
    e = result["difference_ns_99"]
    want = "slower" if e["lo"] > 0 else "faster" if e["hi"] < 0 else "no difference"
    check(result["verdict"] == want, f"{result['verdict']}, but {e}")
    balance(result)
    d = result["difference_ns"]
    return (f"{result['verdict']}: {d['value']:.2f} [{d['lo']:.2f} to {d['hi']:.2f}] ns, "
            f"{d['n']} loads")


@test
def a_program_is_like_itself(env):
    result, _ = bench("compare", "drop", "drop", seconds="4")
    d = result["difference_ns"]
    check(abs(d["value"]) < 0.05 * result["a_cpu_ns"]["value"], f"A and A differ by {d}")
    return called_as_its_interval(result)


@test
def a_clock_makes_it_slower_and_the_other_faster(env):
    seen = []
    for words, verdict in ((("drop", "drop:clock"), "slower"), (("drop:clock", "drop"), "faster")):
        result, _ = bench("compare", *words, seconds="2")
        seen.append(called_as_its_interval(result))
        check(result["verdict"] == verdict, seen[-1])
    return "; ".join(seen)


@test
def different_modes_compare(env):
    result, _ = bench("compare", "redirect-multi", "drop", seconds="2")
    said = called_as_its_interval(result)
    check(result["verdict"] == "faster", said)
    return said


@test
def programs_of_the_users_own(env):
    with tempfile.TemporaryDirectory() as folder:
        file = compiled(folder)
        result, _ = bench("compare", "--prog", f"{file}:xdp", "--prog", f"{file}:xdp/clock",
                          seconds="2")
        said = called_as_its_interval(result)
        check(result["verdict"] == "slower", said)
        alone, _ = bench(f"{file}:with_clock")
        balance(alone)
        done = run("bench", f"{file}:nowhere")
        check(done.returncode == 1 and "has no section or program 'nowhere'" in done.stderr,
              done.stderr)
    return said


REFUSED = """
struct xdp_md { unsigned int data, data_end; };
__attribute__((section("xdp"), used)) int greedy(struct xdp_md *ctx)
{
	return *(volatile char *)(long)ctx->data;	/* no look at data_end */
}
char LICENSE[] __attribute__((section("license"), used)) = "GPL";
"""


@test
def a_program_that_the_verifier_refuses_is_one_line(env):
    with tempfile.TemporaryDirectory() as folder:
        file = compiled(folder, REFUSED)
        done = run("bench", f"{file}:xdp", "-d", "0.1")
    said = done.stderr.splitlines()
    check(done.returncode == 1 and len(said) == 1 and not done.stdout, f"{done}")
    check(f"{file}: cannot load 'xdp'" in said[0] and "the verifier says: R1 " in said[0],
          f"it said: {said[0]}")
    return said[0].replace(folder, "")


# --- ladder and floor ---


# Whether a tool and this kernel go together shows in this.
RULES = {"nft": ("add table ip bench; add chain ip bench c",),
         "iptables": ("-t", "raw", "-I", "PREROUTING", "-j", "DROP")}


@test
def every_rung_proves_its_drops(env):
    result, _ = bench("ladder", seconds="5")
    rungs = {r["name"]: r for r in result["rungs"]}
    there = [r for r in result["rungs"] if not r["why_not"]]
    lacking = [f"{r['name']} ({r['why_not']})" for r in result["rungs"] if r["why_not"]]
    wrong = [r["name"] for r in result["rungs"] if "counter has" in (r["why_not"] or "")]
    check(not wrong, f"not proved by its counter: {lacking}")
    for r in there:
        check(r["generated"] == r["dropped"] + r["lost"] and r["dropped"] > 0, f"{r}")
        has_interval(r["ratio"], r["name"])
    always = ("XDP native", "XDP generic", "socket filter", "no listener", "application discards")
    check(all(not rungs[name]["why_not"] for name in always), f"lacking: {lacking}")
    for tool, words in RULES.items():
        works = shutil.which(tool) and not subprocess.run(
            ["unshare", "-n", tool, *words], capture_output=True, check=False).returncode
        absent = [n for n in rungs if n.startswith(tool) and rungs[n]["why_not"]]
        check(not works or not absent, f"{tool} works here, yet lacking: {lacking}")
    check(rungs["XDP native"]["ratio"]["value"] == 1, f"{rungs['XDP native']}")
    ratios = [rungs[name]["ratio"]["value"]
              for name in ("XDP native", "XDP generic", "no listener")]
    check(ratios == sorted(ratios, reverse=True), f"later is cheaper: {ratios}")
    return (f"{len(there)} rungs in {result['rounds']} rounds; "
            f"lacking: {', '.join(lacking) or 'none'}")


@test
def the_floor_is_below(env):
    result, _ = bench("floor", seconds=None)
    rows = {r["program"]: r["cpu_ns"] and r["cpu_ns"]["value"] for r in result["rows"]}
    check(all(v is None or v > 0 for v in rows.values()), f"{rows}")
    check(rows["drop:clock"] > rows["drop"], f"{rows}")
    _, real = usual(("drop",))
    check(rows["drop"] < real["cpu_ns"]["value"],
          f"{rows['drop']} ns alone, {real['cpu_ns']} with a device")
    return f"drop {rows['drop']:.0f} ns, over veth {real['cpu_ns']['value']:.0f} ns"


# --- what it leaves behind ---


OURS = {"recv", "generate", "on_cpu", "shot", "enqueue",
        "counter", "table", "devs", "group", "cpus", "socks", "xdp.bss", "xdp.rodata",
        "xdp_gen.bss", "xdp_cpum.bss"}


def alive():
    """BPF programs and maps of the names that the benchmark gives to its own."""
    bpftool = shutil.which("bpftool",
                           path=f"/usr/sbin:/usr/local/sbin:{os.environ.get('PATH', '')}")
    if not bpftool:
        raise Skip("no bpftool")
    found = []
    for kind in ("prog", "map"):
        listed = subprocess.run([bpftool, "-j", kind, "list"],
                                capture_output=True, text=True, check=False)
        found += [(kind, o["id"], o.get("name")) for o in json.loads(listed.stdout or "[]")
                  if o.get("name") in OURS]
    return found


def nothing_is_left():
    """Once the kernel has cleaned up."""
    eventually(lambda: not alive())
    check(not alive(), f"left in the kernel: {alive()[:10]}")


def devices():
    shown = subprocess.run(["ip", "-o", "link"], capture_output=True, text=True, check=True).stdout
    return sorted(re.findall(r"^\d+: ([^:@]+)", shown, re.M))


@test
def kill_at_any_moment_leaves_nothing(env):
    before, seen = devices(), 0
    nothing_is_left()
    random.seed(4)
    runs = [["drop"], ["xsk"], ["compare", "tx", "redirect-map"], ["ladder"], ["redirect-cpu"]]
    for i in range(20):
        p = subprocess.Popen([PKTPATH, "bench", *runs[i % len(runs)], "-d", "30"],
                             stdin=subprocess.DEVNULL,
                             stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        if i % 2:  # certainly while it has some loaded
            eventually(lambda: alive() or p.poll() is not None)
        time.sleep(random.uniform(0, 0.9))
        check(p.poll() is None, f"{p.args} ended by itself: {p.returncode}")
        seen += bool(alive())
        p.kill()
        p.wait()
    check(seen > 5, f"only {seen} of 20 had come to load anything")
    nothing_is_left()
    check(devices() == before, f"devices {before} became {devices()}")
    return f"20 times; {seen} had programs loaded"


@test
def devices_go_with_a_killed_run(env):
    """Its namespace has no name; the kernel's own list of devices is that of its sysfs."""
    p = subprocess.Popen([PKTPATH, "bench", "drop", "-d", "30"], stdin=subprocess.DEVNULL,
                         stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    mine = os.readlink("/proc/self/ns/net")
    theirs = eventually(lambda: (n := os.readlink(f"/proc/{p.pid}/ns/net")) != mine and n)
    check(theirs, "it made no namespace of its own")
    table = pathlib.Path(f"/proc/{p.pid}/net/dev")
    check(eventually(lambda: "sink1:" in table.read_text()), "it made no devices")
    held = os.open(f"/proc/{p.pid}/ns/net", os.O_RDONLY)  # a last look at it
    p.kill()
    p.wait()
    os.close(held)
    others = [n for n in pathlib.Path("/proc").glob("[0-9]*/ns/net") if readlink(n) == theirs]
    check(not others, f"somebody still holds it: {others}")
    mounts = pathlib.Path("/proc/self/mountinfo").read_text()
    check(theirs not in mounts, "it is mounted somewhere")
    return theirs


def readlink(path):
    try:
        return os.readlink(path)
    except OSError:  # ended meanwhile
        return None


@test
def ctrl_c_ends_with_a_summary_and_leaves_nothing(env):
    p = subprocess.Popen([PKTPATH, "bench", "drop", "-d", "30", "--json"], text=True,
                         stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    check(eventually(alive), "it loaded nothing")
    time.sleep(1)  # that it has something to tell of
    p.send_signal(signal.SIGINT)
    out, err = p.communicate(timeout=PATIENCE)
    check(p.returncode == 0, f"exit status {p.returncode}: {err}")
    balance(json.loads(out))
    nothing_is_left()
    return f"after {json.loads(out)['seconds']:.1f} s"


# --- words ---


@test
def wrong_words_are_refused(env):
    wrong = (("bench",), ("bench", "dropp"), ("bench", "drop", "tx"), ("bench", "compare", "drop"),
             ("bench", "drop", "--size", "59"), ("bench", "drop", "--batch", "257"),
             ("bench", "drop", "--work", "hard"), ("bench", "drop", "--gro", "maybe"),
             ("bench", "ladder", "-i", "lo"), ("bench", "redirect", "-i", "lo"),
             ("bench", "drop", "-i", "nosuch"), ("bench", "drop", "--cores", "0"))
    for words in wrong:
        done = run(*words)
        check(done.returncode == 2 and done.stderr.count("\n") == 1 and not done.stdout,
              f"{words}: {done}")
    return f"{len(wrong)} ways"


@test
def help_and_messages_have_every_mode_and_work(env):
    """From the same rows that the programs are made from."""
    said = run("bench", "--help").stdout
    listed = re.findall(r"^  ([a-z-]+): \S", said, re.M)
    check(listed == [*MODES, *WORKS], f"--help lists {listed}")
    check(len(MODES) > 7 and len(WORKS) > 5, f"the rows are {MODES}, {WORKS}")
    for words, all_of_them in ((("dropp",), MODES), (("drop:hard",), WORKS),
                               (("drop", "--work", "hard"), WORKS)):
        said = run("bench", *words).stderr
        named = re.split(r", | or ", said[said.index("(") + 1:].rstrip(")\n"))
        check(tuple(named[:len(all_of_them)]) == all_of_them, f"{words}: {said}")
    return f"{len(MODES)} modes, {len(WORKS)} works"


@test
def progress_is_for_terminals(env):
    ours, theirs = pty.openpty()
    p = subprocess.Popen([PKTPATH, "bench", "drop", "-d", "1"],
                         stdout=subprocess.DEVNULL, stderr=theirs)
    os.close(theirs)
    seen = b""
    try:
        while chunk := os.read(ours, 4096):
            seen += chunk
    except OSError:  # the other end is closed
        pass
    os.close(ours)
    check(p.wait(60) == 0 and b"%" in seen, f"{seen}")
    check(seen.endswith(b"\r\x1b[K"), f"the line is not cleared: {seen[-40:]}")
    return repr(seen[:40])


def main(words):
    if os.geteuid():
        print("SKIP bench: it needs root\n0 passed, 0 failed, 1 skipped")
        return 0
    wire.isolate()
    probe = run("bench", "drop", "-d", "0.1")
    if "not permitted" in probe.stderr:  # a container may hold root back
        print(f"SKIP bench: {probe.stderr.strip()}\n0 passed, 0 failed, 1 skipped")
        return 0
    return run_tests(None, only=words)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
