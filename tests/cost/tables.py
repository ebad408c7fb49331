#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
"""`make cost`: what tracing costs, here and in guests that count instructions, against floors and
other tools. Writes the tables of docs/BENCHMARKS.md anew.

    bench.py [PART...]      host, 6.1, 6.1-kprobe, 6.12, 6.12-kprobe; all by default

A part's figures are kept in the build directory, so that a part can be measured again alone.
"""

import json
import pathlib
import platform
import re
import sys
import time


from cost import guests
from cost import host
from cost import page
from lib.kernels import AssetError
from lib.guest import GuestError, available, build_dir
from cost.rows import ROWS

ROUNDS = 7
PARTS = {"host": None, "6.1": ("6.1", False, False), "6.1-kprobe": ("6.1", True, True),
         "6.12": ("6.12", False, True), "6.12-kprobe": ("6.12", True, True)}
LIMIT = 80  # of a reason


def say(text):
    print(f"  {text}", file=sys.stderr, flush=True)


def kept(part):
    return build_dir() / f"cost-{part}.json"


def cpu():
    found = re.search(r"^model name\s*:\s*(.*)$", pathlib.Path("/proc/cpuinfo").read_text(), re.M)
    return found[1] if found else platform.machine()


def run_host():
    rows = host.table(ROUNDS, say=say)
    return {"title": f"Linux {platform.release()}, {cpu()}, {ROUNDS} rounds", "rows": rows}


def run_guest(kernel, kprobe, few):
    if available():
        raise AssetError(available())

    def show(row, figures, why, off):
        say(f"{row.name}: {f'{figures.udp - off.udp:.0f} per packet' if figures else why}")

    rows = guests.table(kernel, [r for r in ROWS if r.few or not few], kprobe, show)
    return {"title": f"Linux {kernel}, e1000, {'kprobe' if kprobe else 'fentry'}",
            "rows": [(row.name, figures._asdict() if figures else None, why)
                     for row, figures, why in rows]}


def measure(part):
    start = time.monotonic()
    say(f"measuring: {part}")
    try:
        result = run_guest(*PARTS[part]) if PARTS[part] else run_host()
    except (AssetError, GuestError) as error:
        result = {"title": part, "rows": [], "why": str(error).splitlines()[0]}
        say(f"SKIP {part}: {result['why']}")
    result["seconds"] = round(time.monotonic() - start)
    kept(part).write_text(json.dumps(result))


# --- the tables ---


def lines(head, rows):
    yield "| " + " | ".join(head) + " |"
    yield "|---|" + "---:|" * (len(head) - 1)
    for row in rows:
        yield "| " + " | ".join(row) + " |"


def skipped(name, why, columns):
    return [name, f"SKIP: {why[:LIMIT].replace('|', '/')}", *[""] * (columns - 2)]


def ratio(value, floor):
    return f"{value / floor:.2f}" if floor and floor > 0 else ""


def host_table(result):
    head = ["", "ns added", "of clock", "of clock + slot", "own ns", "flood, packets/s", "kept"]
    seen = {name: figures for name, figures, _ in result["rows"] if figures}
    floor = {name: seen[name]["added"][0] for name in ("clock", "clock + slot") if name in seen}
    rows = []
    for name, f, why in result["rows"]:
        if not f:
            rows.append(skipped(name, why, len(head)))
            continue
        added = f["added"][0]
        off = name == "off"
        rows.append([name, f"({f['ns'][0]:.0f})" if off else f"{added:.0f} ±{f['added'][1]:.0f}",
                     "" if off else ratio(added, floor.get("clock")),
                     "" if off else ratio(added, floor.get("clock + slot")),
                     "" if off else f"{f['own'][0]:.0f}",
                     f"{f['rate'][0]:.0f} (-{f['rate'][1]:.0f})",
                     "" if off else f"{f['kept'][0]:.0f} %"])
    return lines(head, rows)


def floors(name, seen):
    """The floors on the hooks that the row has: those of ten stages, or all."""
    tail = ", ten stages" if "ten stages" in name and f"clock{', ten stages'}" in seen else ""
    return [seen.get(f"clock{tail}") or seen.get("clock, ten stages"),
            seen.get(f"clock + slot{tail}") or seen.get("clock + slot, ten stages")]


def guest_table(result):
    head = ["", "UDP, path", "of clock", "of clock + slot", "own", "TCP, path", "own", "lost"]
    off, rows, seen = None, [], {}
    for name, f, _ in result["rows"]:
        if f and off:
            seen[name] = f["udp"] - f["own_udp"] - off["udp"]
        off = off or f
    for i, (name, f, why) in enumerate(result["rows"]):
        if not f:
            rows.append(skipped(name, why, len(head)))
        elif name == "off":
            again = i > 0
            rows.append(["off, at the end" if again else "off",
                         f"{f['udp'] - off['udp']:+.0f}" if again else f"({f['udp']:.0f})",
                         "", "", "",
                         f"{f['tcp'] - off['tcp']:+.0f}" if again else f"({f['tcp']:.0f})", "", ""])
        else:
            clock, slot = floors(name, seen)
            tcp = f["tcp"] - f["own_tcp"] - off["tcp"]
            rows.append([name, f"{seen[name]:.0f} ±{f['udp_spread']:.0f}", ratio(seen[name], clock),
                         ratio(seen[name], slot), f"{f['own_udp']:.0f}",
                         f"{tcp:.0f} ±{f['tcp_spread']:.0f}",
                         f"{f['own_tcp']:.0f}", f.get("lost", "")])
    return lines(head, rows)


def tables():
    for part in PARTS:
        if not kept(part).exists():
            continue
        result = json.loads(kept(part).read_text())
        yield f"### {result['title']}\n"
        if result["rows"]:
            yield from (guest_table if PARTS[part] else host_table)(result)
        else:
            yield f"SKIP: {result['why']}"
        yield ""


def main(parts):
    unknown = [p for p in parts if p not in PARTS]
    if unknown:
        sys.exit(f"make cost: no such part: {unknown[0]} ({', '.join(PARTS)})")
    for part in parts or PARTS:
        measure(part)
    page.write("make cost", "\n" + "\n".join(tables()).rstrip("\n"))
    print("\n".join(tables()))


if __name__ == "__main__":
    main(sys.argv[1:])
