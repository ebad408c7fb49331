# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
"""What tracing says it costs, on this machine's own kernel. host/tracing.py runs these."""

import re
import subprocess

from lib.harness import Skip, check, test
from host.long import TRAFFIC
from lib.netns import HERE
from lib.tool import Trace, need, run

PORT = 7200
SECONDS = 4


def flood(env):
    reader = subprocess.Popen([TRAFFIC, "udp-recv", str(PORT), "0", "--timeout", "2"],
                              stdout=subprocess.PIPE, text=True)
    check(reader.stdout.readline().strip() == "ready", "no reader")
    argv = [TRAFFIC, "udp-flood", HERE, str(PORT), str(SECONDS)]
    done = env.net.there(lambda: subprocess.run(argv, capture_output=True, text=True, check=False))
    check(done.returncode == 0, f"the sender: {done.stderr}")
    reader.communicate()


def traced(env, *words):
    need(env.roles, "netif")
    # Records of nobody: the summary is enough, and half a million records take a while to read.
    with Trace("-i", "pp0", "--json", "--comm", "nobody", *words) as trace:
        flood(env)
        led = trace.stop().summary
    if led["cost_packet_ns"] is None:
        raise Skip("the kernel does not say how long programs run")
    return led


@test
def the_summary_says_what_tracing_costs(env):
    led = traced(env)
    check(1 <= led["cost_packet_runs"] <= 40, f"{led['cost_packet_runs']} programs a packet")
    check(50 <= led["cost_packet_ns"] <= 50_000, f"{led['cost_packet_ns']} ns a packet")
    check(0 < led["cost_cpu_percent"] <= 100 and 0 < led["own_cpu_percent"] <= 110, f"{led}")
    return (f"{led['cost_packet_ns']:.0f} ns a packet in {led['cost_packet_runs']:.1f} programs, "
            f"{led['cost_cpu_percent']:.1f} % of a CPU, itself {led['own_cpu_percent']:.1f} %")


@test
def a_budget_follows_fewer_packets(env):
    led = traced(env, "--overhead-budget", "3%")
    check(led["budget_percent"] == 3, f"{led['budget_percent']}")
    check(led["followed_percent_least"] < 60 and led["sampled_out"] > 0,
          f"it followed {led['followed_percent_least']} % of the packets")
    return (f"it followed {led['followed_percent_least']:.2f} % of the packets at least, "
            f"{led['seen']} of {led['seen'] + led['sampled_out']}")


@test
def a_budget_that_suffices_changes_nothing(env):
    led = traced(env, "--overhead-budget", "100%")
    check(led["followed_percent_least"] >= 99 or
          led["own_cpu_percent"] + led["cost_cpu_percent"] > 60,
          f"it followed {led['followed_percent_least']} %: {led}")
    return f"it followed {led['followed_percent_least']:.0f} % of the packets"


@test
def cost_calibrates_the_hooks(env):
    need(env.roles, "netif", "read")
    done = run("cost", "-d", "0.5")
    check(done.returncode == 0, f"pktpath cost: {done.stderr}")
    kinds = re.findall(r"^(\w+) +([\d.]+) +[\d.]+ +(-?[\d.]+)", done.stdout.split("\n\n")[0], re.M)
    check(kinds, f"nothing was calibrated: {done.stdout}")
    for kind, empty, clock in kinds:
        check(2 <= float(empty) <= 10_000, f"an empty program of {kind} takes {empty} ns")
        check(2 <= float(clock) <= 5_000, f"reading the clock in {kind} takes {clock} ns")
    rows = re.findall(r"^(\w+) +\S+ +([\d.]+) +[\d.]+ +([\d.]+)$", done.stdout, re.M)
    runs, total = map(float, re.search(r"^all +([\d.]+) +([\d.]+)$", done.stdout, re.M).groups())
    check(abs(sum(float(r[2]) for r in rows) - total) <= 0.05 * total + 2, f"{rows}: {total}")
    pair = re.search(r"over loopback: (\d+) ns, traced (-?\d+) ns more", done.stdout)
    check(pair and runs >= 2, f"{done.stdout}")
    return (f"{', '.join(f'{k} {e} + {c}' for k, e, c in kinds)} ns; {total:.0f} ns a packet in "
            f"{runs} programs, {pair[2]} ns in pairs")


@test
def a_bad_budget_is_refused(env):
    for word in ("0", "101%", "2%%", "much", "-1", "2%x", ""):
        done = run("trace", "--overhead-budget", word)
        check(done.returncode == 2 and "--overhead-budget" in done.stderr, f"{word}: {done.stderr}")
    return "7 of 7"
