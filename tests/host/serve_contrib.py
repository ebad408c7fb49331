# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
"""What contrib/ has to run `pktpath serve` with: rules, alerts, dashboard, unit. host/serve.py runs
these."""

import json
import re
import shutil
import subprocess
import tempfile

from lib.harness import Skip, check, test
from lib.prometheus import promtool
from lib.tool import ROOT

CONTRIB = ROOT / "contrib"
RULES = (CONTRIB / "prometheus" / "recording.yml", CONTRIB / "prometheus" / "alerts.yml")
DASHBOARD = CONTRIB / "grafana" / "pktpath.json"
NAME = re.compile(r"\b(?:pktpath|process)_\w+")
# Of a service that systemd's own measure calls OK; 10 is one without any protection.
EXPOSURE = 2.5


def exposed():
    """Names of all series that src/serve/families.c can write."""
    names = set()
    for name, kind in re.findall(r'^\tX\(\w+, "(\w+)", "\w*", M_(\w+),',
                                 (ROOT / "src/serve/families.c").read_text(), re.M):
        endings = {"COUNTER": ("_total",), "INFO": ("_info",), "GAUGE": ("",),
                   "HISTOGRAM": ("_bucket", "_count", "_sum")}[kind]
        names |= {name + ending for ending in endings}
    check(len(names) > 20, f"the table of families reads otherwise: {names}")
    return names


def queries():
    """(panel, query) of the dashboard, with values for its variables."""
    found = []
    for panel in json.loads(DASHBOARD.read_text())["panels"]:
        for target in panel.get("targets", []):
            text = re.sub(r"\$(job|instance|dev|stage)\b", ".*", target["expr"])
            text = text.replace("$__rate_interval", "2m")
            check("$" not in text, f"{panel['title']}: a variable that is not known: {text}")
            found.append((panel["title"], text))
    return found


# Of things that need not have happened where it is asked.
MAYBE = ("Time in BPF for each packet",)


def ask_dashboard(p):
    """Each of its queries on a Prometheus that has data; how many there are."""
    for title, text in queries():
        rows = p.query(text)
        check(rows or title in MAYBE, f"{title}: no data for {text}")
    return len(queries())


@test
def rules_and_alerts_are_what_promtool_wants(env):
    said = promtool(env.usr(), "check", "rules", *map(str, RULES))
    promtool(env.usr(), "test", "rules", str(CONTRIB / "prometheus" / "tests.yml"))
    tested = set(re.findall(r"alertname: (\w+)",
                            (CONTRIB / "prometheus" / "tests.yml").read_text()))
    alerts = set(re.findall(r"- alert: (\w+)", RULES[1].read_text()))
    check(alerts <= tested, f"without a test: {alerts - tested}")
    return re.sub(r"\s+", " ", said.replace(str(CONTRIB), ""))


@test
def rules_and_dashboard_name_only_what_there_is(env):
    known = exposed()
    recorded = set(re.findall(r"record: (\S+)", RULES[0].read_text()))
    text = "\n".join(r.read_text() for r in RULES) + "\n".join(q for _, q in queries())
    for name in recorded:
        text = text.replace(name, "")
    unknown = set(NAME.findall(re.sub(r"^ +- (alert|name):.*$", "", text, flags=re.M))) - known
    check(not unknown, f"nobody writes {unknown}")
    used = set(re.findall(r"\w+:pktpath_\w+:\w+", RULES[1].read_text()))
    check(used <= recorded, f"not recorded: {used - recorded}")
    shown = set(NAME.findall("\n".join(q for _, q in queries())))
    check({"pktpath_drops_total", "pktpath_packets_total", "pktpath_packets_in_flight",
           "pktpath_stage_duration_seconds_bucket", "pktpath_bpf_run_seconds_total"} <= shown,
          f"{shown}")
    return f"{len(known)} series names, {len(recorded)} recorded, {len(queries())} queries"


@test
def the_dashboards_queries_are_promql(env):
    rules = "groups:\n- name: dashboard\n  rules:\n" + "".join(
        f"  - record: dashboard:{i}\n    expr: {json.dumps(text)}\n"
        for i, (_, text) in enumerate(queries())).replace("dashboard:", "dashboard:q")
    with tempfile.NamedTemporaryFile("w", suffix=".yml") as file:
        file.write(rules)
        file.flush()
        said = promtool(env.usr(), "check", "rules", file.name)
    check(f"{len(queries())} rules found" in said, said)
    places = [tuple(p["gridPos"].values()) for p in json.loads(DASHBOARD.read_text())["panels"]]
    check(len(set(places)) == len(places), "panels on top of each other")
    return f"{len(queries())} queries"


@test
def systemd_takes_the_unit(_):
    analyze = shutil.which("systemd-analyze")
    if not analyze:
        raise Skip("no systemd-analyze")
    with tempfile.TemporaryDirectory() as place:
        unit = f"{place}/pktpath.service"
        text = (CONTRIB / "pktpath.service.in").read_text()
        check("ExecStart=@SBINDIR@/pktpath serve" in text and "WatchdogSec=" in text,
              "the unit's start")
        with open(unit, "w", encoding="ascii") as file:
            file.write(text.replace("@SBINDIR@/pktpath", "/bin/true"))
        done = subprocess.run([analyze, "verify", "--man=no", unit],
                              capture_output=True, text=True, check=False)
        check(done.returncode == 0 and not done.stderr.strip(),
              f"verify: {done.stdout}{done.stderr}")
        done = subprocess.run([analyze, "security", "--offline=true",
                               f"--threshold={EXPOSURE * 10:.0f}", unit],
                              capture_output=True, text=True, check=False)
        if "unrecognized option" in done.stderr:
            raise Skip("a systemd-analyze without --offline")
        check(done.returncode == 0, f"security: {done.stdout[-200:]}{done.stderr}")
    return re.search(r"Overall exposure level.*?: ([\d.]+ \w+)", done.stdout)[1]
