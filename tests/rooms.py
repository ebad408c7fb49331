#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
"""Holds the table of rooms in docs/ARCHITECTURE.md over the code: who may include and call whom.

    rooms.py BUILD [ROOT]    BUILD: where the objects of ROOT (this tree) were built

Walls that do not stand yet are in KNOWN. It may only shrink: an entry that nothing needs any more
is a fault as well. tests/rooms_test.py breaks walls and sees this fail.
"""

import collections
import fnmatch
import pathlib
import re
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parents[1]
CODE = ("src", "bpf", "include", "vmlinux", "third_party/yyjson")
# An output is known by those who show something.
SHOW = ("main.c", "cmd", "run", "output")

KNOWN = frozenset()


class Room:
    """A row of the table. Rooms below src/ go without it: `model` is src/model/."""

    def __init__(self, place, uses, never):
        self.place = place.rstrip("/")
        self.name = short(self.place)
        self.uses = re.findall(r"`([^`]+)`", uses)
        words = re.findall(r"`([^`]+)`", never)
        self.calls = [w[:-2] for w in words if w.endswith("()")]
        self.headers = [w[1:-1] for w in words if w.startswith("<")]
        self.reach = [w for w in words if re.fullmatch(r"[\w/]+", w)]


def short(place):
    return re.sub(r"^(src|third_party)/", "", place)


def rooms_of(root):
    """name -> Room, from the top down."""
    text = (root / "docs/ARCHITECTURE.md").read_text("utf-8")
    rows = re.findall(r"^\| `([^`]+)` \|[^|]*\|([^|]*)\|([^|]*)\|$", text, re.M)
    return {room.name: room for room in (Room(*row) for row in rows)}


def room_of(path):
    """The name of the room in which a file is: its folder, or main.c itself."""
    folder = path.rpartition("/")[0]
    return short(path if folder == "src" else folder)


class Tree:
    """The files of the house and what they include."""

    def __init__(self, root):
        self.root, self.rooms = root, rooms_of(root)
        self.files = sorted(str(p.relative_to(root)) for place in CODE
                            for p in (root / place).rglob("*.[ch]"))
        self.known = set(self.files)
        self.lines = {f: self.includes(f) for f in self.files}
        self.arrows = {f: {t for _, t in found if t} for f, found in self.lines.items()}

    def includes(self, path):
        """[(what is written, the file of ours that it names or None)] of one file."""
        text = (self.root / path).read_text("utf-8")
        return [(name, None if name[0] == "<" else self.named(name[1:-1]))
                for name in re.findall(r'^\s*#\s*include\s+(<[^>]+>|"[^"]+")', text, re.M)]

    def named(self, name):
        """The file that an include names; a skeleton is its program."""
        name = re.sub(r"\.skel\.h$", ".bpf.c", name)
        places = ("src", "bpf", "include", "vmlinux", "third_party/yyjson", ".")
        for place in places:
            path = str(pathlib.PurePosixPath(place) / name)
            if path in self.known:
                return path
        return None


def symbols(root, build, sources):
    """source -> the symbols its object defines, source -> those it lacks, and faults."""
    defined, lacking, objects, faults = {}, {}, {}, []
    for source in sources:
        path = build / (source[:-2] + ".o")
        if not path.exists():
            faults.append(f"{source} has no object {path}")
            continue
        if path.stat().st_mtime < (root / source).stat().st_mtime:
            faults.append(f"{source} is newer than its object")
        objects[f"{path}:"] = source
        defined[source], lacking[source] = set(), set()
    if objects:
        nm = ["nm", "-P", "-A", *(name[:-1] for name in objects)]
        said = subprocess.run(nm, capture_output=True, text=True, check=True).stdout
        for path, name, kind in (line.split()[:3] for line in said.splitlines()):
            if kind.isupper():  # the others are the file's own
                (lacking if kind == "U" else defined)[objects[path]].add(name)
    return defined, lacking, faults


def plain(name):
    """A function of the C library as it is written: fortified calls and others have new names."""
    return re.sub(r"^__(?:isoc\d+_)?(\w+?)(?:_chk|_2)?$", r"\1", name)


def calls(defined, lacking):
    """source -> {source that defines it: symbols}."""
    home = {name: source for source, names in defined.items() for name in names}
    arrows = {}
    for source, names in lacking.items():
        arrows[source] = collections.defaultdict(set)
        for name in names:
            if home.get(name, source) != source:
                arrows[source][home[name]].add(name)
    return arrows


def way_back(arrows, start):
    """The shortest circle through `start`, as a list of files that ends with it; or None."""
    before, queue = {}, collections.deque([start])
    while queue:
        at = queue.popleft()
        for to in sorted(arrows.get(at, ())):
            if to == start:
                way = [start, at] if at != start else [start]
                while way[-1] != start:
                    way.append(before[way[-1]])
                return way[::-1] + ([start] if len(way) == 1 else [])
            if to not in before:
                before[to] = at
                queue.append(to)
    return None


def reached(arrows, start):
    seen, left = set(), [start]
    while left:
        for to in arrows.get(left.pop(), ()):
            if to not in seen:
                seen.add(to)
                left.append(to)
    return seen


def check_table(tree):
    """The rows and the folders are the same, and arrows of the table run down."""
    order = list(tree.rooms)
    if len(order) < 10:
        yield "docs/ARCHITECTURE.md", "hardly any row of the table of rooms can be read"
    for name in sorted({room_of(f) for f in tree.files} - set(order)):
        yield name, "has no row in docs/ARCHITECTURE.md"
    for at, room in enumerate(tree.rooms.values()):
        if not (tree.root / room.place).exists():
            yield room.place, "has a row in docs/ARCHITECTURE.md, and is not there"
        for other in room.uses + room.reach:
            if other not in order:
                yield room.name, f"names `{other}`, which is no room"
        for other in room.uses:
            if other in order[:at + 1]:
                yield room.name, f"may use `{other}`, which does not stand below it"
        for other in reached({r.name: r.uses for r in tree.rooms.values()}, room.name):
            if other in room.reach:
                yield room.name, f"must never know `{other}`, and may use a room that does"


def check_includes(tree):
    for path in tree.files:
        here = tree.rooms.get(room_of(path))
        if not here or here.place.startswith("third_party"):
            continue
        for written, target in tree.lines[path]:
            name = written[1:-1]
            if written[0] == "<":
                if any(fnmatch.fnmatch(name, pattern) for pattern in here.headers):
                    yield f"{path} -> <{name}>", "a header that its room must never include"
            elif not target:
                yield f"{path} -> {name}", "includes what is no file of ours, or without its room"
            elif room_of(target) not in [here.name] + here.uses:
                yield f"{path} -> {target}", "an include that its room may not have"
            elif path.endswith(".h") and room_of(target) == "output" and here.name not in SHOW:
                yield f"{path} -> {target}", "a head that holds an output"


def check_circles(arrows, how):
    for path in sorted(arrows):
        way = way_back(arrows, path)
        if way:
            yield f"{path} in a circle by {how}", " -> ".join(way)


def check_symbols(tree, defined, lacking, arrows):
    ours = set().union(*defined.values())
    for path in sorted(arrows):
        here = tree.rooms.get(room_of(path))
        for target, names in sorted(arrows[path].items() if here else ()):
            if room_of(target) not in [here.name] + here.uses:
                yield (f"{path} calls {target}",
                       f"its room may not: {', '.join(sorted(names))}")
        never = here.calls if here else ()
        for name in sorted(lacking[path] - ours):
            if any(fnmatch.fnmatchcase(plain(name), pattern) for pattern in never):
                yield f"{path} calls {plain(name)}()", "its room must never"


def faults(root, build):
    """[(which wall, what is wrong with it)]"""
    tree = Tree(root)
    sources = [f for f in tree.files if f.startswith("src/") and f.endswith(".c")]
    defined, lacking, wrong = symbols(root, build, sources)
    arrows = calls(defined, lacking)
    found = [(line, "build first") for line in wrong]
    found += check_table(tree)
    found += check_includes(tree)
    found += check_circles(tree.arrows, "includes")
    found += check_symbols(tree, defined, lacking, arrows)
    found += check_circles(arrows, "symbols")
    return found


def verdict(found, known):
    """What is to be said: the faults that are not known, and those known that are none."""
    there = {wall for wall, _ in found}
    return [f"{wall}: {why}" for wall, why in found if wall not in known] + [
        f"tests/rooms.py: KNOWN needs no longer: {wall}" for wall in sorted(known - there)]


def main(words):
    if len(words) not in (1, 2):
        sys.exit(__doc__)
    root = pathlib.Path(words[1]) if words[1:] else HERE
    lines = verdict(faults(root, pathlib.Path(words[0])), KNOWN)
    print("\n".join(lines), end="\n" if lines else "")
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
