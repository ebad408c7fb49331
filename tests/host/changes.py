# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
"""What changes while a trace runs: interfaces are renamed, made anew, or go with their namespace.
And what names and numbers of interfaces there may be from the start."""

import json
import os
import re
import socket
import subprocess
import sys
import time

from lib import wire
from lib.harness import check, test
from lib.netns import HERE, quiet, udp
from lib.records import tally
from lib.serving import Serve
from lib.tool import PKTPATH, Trace, eventually, need, run

CA, CB = "pp6", "pp7"  # two interfaces, and their peers: pp6p, pp7p


def pair(name):
    wire.ip(f"link add {name} type veth peer name {name}p")
    quiet(name)
    quiet(f"{name}p")
    wire.ip(f"link set {name}p up", f"link set {name} up")


def drop_pair(*names):
    for name in names:
        subprocess.run(["ip", "link", "del", name], capture_output=True, check=False)


def frames(peer, count, port):
    """UDP datagrams to nobody, sent out of `peer`: the other end gets them all."""
    body = bytes.fromhex("4500001d000000004011") + bytes(2) + bytes([10, 96, 0, 9, 10, 96, 0, 1])
    udp = b"\x10\x00" + port.to_bytes(2, "big") + b"\x00\x09\x00\x00x"
    # While its other end was down it lost its carrier, and its queue takes nothing until that is
    # looked at again.
    check(eventually(lambda: wire.running(peer)), f"{peer} has no carrier")
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as raw:
        raw.bind((peer, 0))
        for _ in range(count):
            raw.send(b"\xff" * 6 + b"\x02" + bytes(5) + b"\x08\x00" + body + udp)


def received(name):
    done = subprocess.run(["ip", "-j", "-s", "link", "show", "dev", name],
                          capture_output=True, text=True, check=True)
    return json.loads(done.stdout)[0]["stats64"]["rx"]["packets"]


def by_device(run_, port):
    return tally([r for r in run_.records if r.get("dport") == port], "dev")


@test
def swapped_names_label_the_right_interface(env):
    need(env.roles, "netif")
    pair(CA)
    pair(CB)
    try:
        with Trace("-i", f"{CA},{CB}", "--json", "-l") as t:
            frames(f"{CA}p", 3, 7001)
            check(eventually(lambda: t.out().count('"dport":7001') == 3), "not shown")
            wire.ip(f"link set {CA} down", f"link set {CB} down", f"link set {CA} name ppx",
                    f"link set {CB} name {CA}", f"link set ppx name {CB}",
                    f"link set {CA} up", f"link set {CB} up")
            # The peers kept their names: what is sent by pp6p comes in at what is pp7 now.
            frames(f"{CA}p", 5, 7002)
            frames(f"{CB}p", 4, 7003)
            check(eventually(lambda: t.out().count('"dport":7003') == 4), "not shown")
            got, said = t.stop(), t.err()
    finally:
        drop_pair(CA, CB)
    seen = [by_device(got, port) for port in (7001, 7002, 7003)]
    check(seen == [{CA: 3}, {CB: 5}, {CA: 4}], f"{seen}")
    check(f"is called {CB} now" in said and f"is called {CA} now" in said, said)
    return f"{seen}"


@test
def swapped_names_label_the_right_series(env):
    need(env.roles, "netif")
    pair(CA)
    pair(CB)

    def counts(m):
        return {dev: m.sum("pktpath_packet_duration_seconds_count", dev=dev) for dev in (CA, CB)}

    try:
        with Serve("-i", f"{CA},{CB}") as s:
            frames(f"{CA}p", 30, 7001)
            frames(f"{CB}p", 7, 7001)
            before = counts(s.settled(lambda m: sum(counts(m).values()) >= 37))
            wire.ip(f"link set {CA} down", f"link set {CB} down", f"link set {CA} name ppx",
                    f"link set {CB} name {CA}", f"link set ppx name {CB}",
                    f"link set {CA} up", f"link set {CB} up")
            frames(f"{CA}p", 20, 7002)
            after = counts(s.settled(lambda m: sum(counts(m).values()) >= 57))
            s.end()
    finally:
        drop_pair(CA, CB)
    check(before == {CA: 30, CB: 7} and after == {CA: 7, CB: 50}, f"{before}, then {after}")
    return f"{before}, then {after}"


@test
def an_interface_made_anew_is_followed_again(env):
    need(env.roles, "netif")
    pair(CA)
    try:
        with Trace("-i", CA, "--json", "-l") as t:
            frames(f"{CA}p", 3, 7001)
            check(eventually(lambda: t.out().count('"dport":7001') == 3), "not shown")
            drop_pair(CA)
            pair(CA)
            check(eventually(lambda: "is there again" in t.err()), t.err())
            before = received(CA)
            frames(f"{CA}p", 5, 7002)
            came = received(CA) - before
            check(eventually(lambda: t.out().count('"dport":7002') == 5), f"{t.out()}")
            got, said = t.stop(), t.err()
    finally:
        drop_pair(CA)
    check(by_device(got, 7002) == {CA: 5} and came == 5, f"{by_device(got, 7002)}, {came} came")
    check(said.count("disappeared") == 1 and said.count("is there again") == 1, said)
    return f"{by_device(got, 7001)}, then {by_device(got, 7002)}"


@test
def one_made_anew_is_followed_by_serve(env):
    need(env.roles, "netif")
    pair(CA)
    try:
        with Serve("-i", f"pp0,{CA}") as s:
            drop_pair(CA)
            m = s.settled(lambda m: m.one("pktpath_interfaces_missing") == 1)
            check(m.one("pktpath_interfaces_missing") == 1, "nobody noticed that it went")
            time.sleep(3)
            pair(CA)
            m = s.settled(lambda m: m.one("pktpath_interfaces_missing") == 0)
            check(m.one("pktpath_interfaces_missing") == 0, "nobody noticed that it is back")
            frames(f"{CA}p", 9, 7002)
            m = s.settled(lambda m: m.sum("pktpath_packet_duration_seconds_count", dev=CA) >= 9)
            got = m.sum("pktpath_packet_duration_seconds_count", dev=CA)
            s.end()
    finally:
        drop_pair(CA)
    check(got == 9, f"{got} of 9")
    return "9 of 9"


@test
def a_deleted_namespace_goes_while_it_is_traced(env):
    """Its veth's peer is the witness: it goes when the namespace does."""
    need(env.roles, "netif")
    name = f"pp-{os.getpid()}"
    subprocess.run(["ip", "netns", "add", name], check=True)
    said = []
    try:
        for words, program in ((("trace", "--json"), Trace), ((), Serve)):
            subprocess.run(["ip", "netns", "add", name], capture_output=True, check=False)
            wire.ip(f"link add {CA} type veth peer name {CB} netns {name}", f"link set {CA} up")
            subprocess.run(["ip", "-n", name, "link", "set", CB, "up"], check=True)
            with (Trace("--netns", name, "-i", CB, "--json") if words
                  else Serve("--netns", name, "-i", CB)) as t:
                frames(CA, 4, 7001)
                time.sleep(0.5)
                subprocess.run(["ip", "netns", "del", name], check=True)
                gone = eventually(lambda: CA not in dict(socket.if_nameindex()).values(), 20)
                check(gone, f"{CA} is still there")
                told = eventually(lambda: "the network namespace is gone" in t.err(), 20)
                check(told, f"not a word: {t.err()}")
                if words:
                    check(t.wait() == 1, "another exit status")
                    check(t.out().count('"dport":7001') == 4, t.out()[-300:])
                else:
                    check(t.process.poll() is None, "serve has ended")
                    t.end()
                said.append("gone")
    finally:
        subprocess.run(["ip", "netns", "del", name], capture_output=True, check=False)
        drop_pair(CA)
    return f"trace: {said[0]}, serve: {said[1]}"


@test
def names_in_a_namespace_are_told_from_outside(env):
    need(env.roles, "netif")
    name = f"pp-{os.getpid()}"
    subprocess.run(["ip", "netns", "add", name], check=True)
    try:
        wire.ip(f"link add {CA} type veth peer name {CB} netns {name}", f"link set {CA} up")
        subprocess.run(["ip", "-n", name, "link", "set", CB, "up"], check=True)
        with Trace("--netns", name, "-i", CB, "--json", "-l") as t:
            frames(CA, 2, 7001)
            check(eventually(lambda: t.out().count('"dport":7001') == 2), "not shown")
            subprocess.run(["ip", "-n", name, "link", "set", CB, "down"], check=True)
            subprocess.run(["ip", "-n", name, "link", "set", CB, "name", "inner9"], check=True)
            subprocess.run(["ip", "-n", name, "link", "set", "inner9", "up"], check=True)
            frames(CA, 3, 7002)
            check(eventually(lambda: t.out().count('"dport":7002') == 3), "not shown")
            got = t.stop()
    finally:
        subprocess.run(["ip", "netns", "del", name], capture_output=True, check=False)
        drop_pair(CA)
    seen = [by_device(got, port) for port in (7001, 7002)]
    check(seen == [{CB: 2}, {"inner9": 3}], f"{seen}")
    return f"{seen}"


@test
def names_with_commas_and_long_ones_can_be_given(env):
    need(env.roles, "netif")
    long_name = "pktpath-interface-with-a-long-name"
    pair(CA)
    try:
        wire.ip(f"link set {CA} down", f"link set {CA} name a,b", "link set a,b up",
                f"link property add dev a,b altname {long_name}")
        heard = {}
        for word in ("a,b", "pp0,a,b", "a,b,pp0", long_name, f"{long_name},pp0"):
            with Trace("-i", word, "--json", "-l") as t:
                frames(f"{CA}p", 3, 7001)
                check(eventually(lambda: t.out().count('"dport":7001') == 3), f"{word}: none")
                heard[word] = by_device(t.stop(), 7001)
        check(all(seen == {"a,b": 3} for seen in heard.values()), f"{heard}")
        done = run("trace", "-i", "pp0,nope,a,b")
        check(done.returncode == 2 and done.stderr.count("\n") == 1 and "-i nope:" in done.stderr,
              done.stderr)
    finally:
        drop_pair("a,b", CA)
    return ", ".join(heard)


def start_cpu(count):
    """CPU seconds of a trace of 0.2 s, with `count` interfaces."""
    script = """
import resource, subprocess, sys
make = "".join(f"link add ppd{i} type veth peer name ppe{i}\\n"
               for i in range(int(sys.argv[1]) // 2))
subprocess.run(["ip", "-batch", "-"], input=make, text=True, check=True)
before = resource.getrusage(resource.RUSAGE_CHILDREN)
subprocess.run(sys.argv[2:], check=True, stdout=subprocess.DEVNULL)
after = resource.getrusage(resource.RUSAGE_CHILDREN)
print(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
"""
    done = subprocess.run(["unshare", "--net", sys.executable, "-c", script, str(count), PKTPATH,
                           "trace", "--json", "-d", "0.2"],
                          capture_output=True, text=True, check=False, timeout=300)
    check(done.returncode == 0, f"{done.stderr[-300:]}")
    return float(done.stdout)


@test
def two_thousand_interfaces_start_as_fast_as_ten(env):
    need(env.roles, "netif")
    few, many = min(start_cpu(10) for _ in range(2)), min(start_cpu(2000) for _ in range(2))
    check(many - few <= 1, f"{few:.2f} s of CPU time with 10, {many:.2f} s with 2,000")
    return f"{few:.2f} s of CPU time with 10, {many:.2f} s with 2,000"


@test
def a_duration_ends_in_time_though_nobody_reads(env):
    """The pipe is full soon; what was not written is said."""
    need(env.roles, "netif")
    r, w = os.pipe()
    try:
        with Trace("-i", "pp0", "--json", "-d", "2", stdout=w) as t:
            began = time.monotonic()
            udp(env.net, 300, "here", "there", HERE)
            status = t.wait()
            took, said = time.monotonic() - began, t.err()
    finally:
        os.close(r)
        os.close(w)
    lines = [line for line in said.splitlines() if "listening on" not in line]
    check(status == 1 and len(lines) == 1, f"exit status {status}: {said}")
    found = re.search(r"at least (\d+) packets? and the summary were not written", lines[0])
    check(found and int(found[1]) > 0, lines[0])
    check(took < 25, f"it took {took:.1f} s")
    return f"{lines[0]} ({took:.1f} s)"


@test
def few_packets_have_no_cost_each(env):
    need(env.roles, "netif")
    with Trace("-i", "pp0", "--json") as t:
        env.net.ping(HERE, 30)
        time.sleep(1.5)  # a window of the measurement
        led, said = t.stop().summary, t.err()
    check(led["cost_packet_ns"] is None and led["cost_packet_runs"] is None, f"{led}")
    check("a packet in" not in said, said)
    return "none for 20 packets a second"
