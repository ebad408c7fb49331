#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
"""What man/pktpath.8 says of options by rule: the synopsis, each entry's head, ranges and defaults.
It comes from the options' rows, as the tool lists them; what an option is for is written by hand.

    manual.py PKTPATH [PAGE]            holds the page to what this binary has
    manual.py PKTPATH [PAGE] --update   writes it (make manual)

In the page:
    .\\" options of COMMAND      before generated lines, which end with .\\" end
    .\\" option NAME.. of COMMAND..   before the head of an entry, which is generated; * for the
                                 commands that have no entry of their own for it
    .\\" values                  before generated lines in an entry, which end with .\\" end
"""

import pathlib
import re
import subprocess
import sys

PAGE = pathlib.Path(__file__).resolve().parents[1] / "man/pktpath.8"
# What --help abbreviates.
LONG = {"IF": "interface", "NS": "namespace", "P%": "percent"}
TOKEN = re.compile(r"P%|[A-Z]+(?:\.o)?|1/|,\.\.\.|,packet|[\[\]=:]")
LITERAL = {"[": "Oo", "]": "Oc", "1/": "Cm 1/", ",packet": "Cm ,packet", ",...": r",\&..."}
MARK = '.\\" '


def read_rows(binary):
    """{command: {option: row}}, in the order of the tool's listing."""
    listed = subprocess.run([binary, "--print-options"], capture_output=True, text=True,
                            check=True).stdout.splitlines()
    rows = {}
    for line in listed[1:]:
        row = dict(zip(listed[0].split("\t"), line.split("\t"), strict=True))
        rows.setdefault(row["command"], {})[row["option"]] = row
    return rows


def value(row):
    """The argument in mdoc's words: 'ADDRESS:PORT' is 'Ar address : Ns Ar port'."""
    argument = row["argument"].removeprefix("?")
    tokens = TOKEN.findall(argument)
    if "".join(tokens) != argument:
        sys.exit(f"--{row['option']}: what is '{argument}'?")
    text = ""
    for last, token in zip([None, *tokens], tokens):
        word = LITERAL.get(token, token)
        if token[0].isupper():
            word = "Ar " + LONG.get(token, token.lower())
        glue = " " if last == "[" or token in "]:" else " Ns "
        text += word if last is None else glue + word
    return text


def long_form(row):
    if not row["argument"]:
        return f"Fl -{row['option']}"
    equals = "Ns Op = Ns" if row["argument"].startswith("?") else "Ns = Ns"
    return f"Fl -{row['option']} {equals} {value(row)}"


def synopsis(rows):
    letters = sorted(row["letter"] for row in rows if row["letter"] and not row["argument"])
    lines = [f".Op Fl {''.join(letters)}"] if letters else []
    for row in rows:
        if row["letter"] and row["argument"]:
            lines.append(f".Op Fl {row['letter']} {value(row)}")
        elif not row["letter"]:
            lines.append(f".Op {long_form(row)}")
    return lines


def head(rows):
    forms = [f"Fl {row['letter']} , {long_form(row)}" if row["letter"] else long_form(row)
             for row in rows]
    return ".It " + " , ".join(forms)


def listed(row):
    """Lines: 'One of' '.Cm a ,' '.Cm b' 'or' '.Cm c'; or, explained, '.Cm a' '(meaning),' ..."""
    words, told = row["choices"].split(","), row["meanings"].split("|")
    if not row["meanings"]:
        return ["One of", *(f".Cm {word} ," for word in words[:-2]), f".Cm {words[-2]}", "or",
                f".Cm {words[-1]}"]
    lines = ["One of"]
    for word, meaning in zip(words, told, strict=True):
        lines += ["or"] if word == words[-1] else []
        lines += [f".Cm {word}", f"({meaning})" + ("," if word not in words[-2:] else "")]
    return lines


def values(row):
    """Sentences on what can be given, and the default; none where there is nothing to say."""
    kind, default = row["type"], row["default"]
    if kind == "choice":
        *lines, last = listed(row)
        glue = " " if last.startswith(".") else ""
        if not default:
            return [*lines, f"{last}{glue}."]
        said = "without a value it is" if row["argument"].startswith("?") else "the default is"
        return [*lines, f"{last}{glue};", said, f".Cm {default} ."]
    if kind == "size":
        return [f"A power of two from {row['min']} to {row['max']}, to which others are",
                f"rounded up; the default is {default}."]
    if kind == "number" and row["max"]:
        return [f"From {row['min']} to {row['max']}; the default is {default}."]
    return [f"The default is {default}."] if default else []


class Page:
    """The page's lines, gone through once; `out` is what they should be."""

    def __init__(self, rows):
        self.rows = rows
        self.out, self.wrong, self.covered = [], [], set()
        self.entry = []         # rows of the entry that we are in
        self.owed = False       # it must say what its values are

    def generated(self, lines, new):
        """Replaces what stands up to the end's mark."""
        for line in lines:
            if line == MARK + "end":
                self.out += [*new, line]
                return
        sys.exit("a generated part of the page does not end")

    def begin_entry(self, words):
        names, commands = (part.split() for part in words.split(" of "))
        if commands == ["*"]:
            commands = [c for c in self.rows if names[0] in self.rows[c] and
                        (c, names[0]) not in self.apart]
        found = [self.rows.get(c, {}).get(n) for c in commands for n in names]
        if None in found or len({head([row]) for row in found}) != len(names):
            sys.exit(f"no such option, or not the same everywhere: {words}")
        self.covered |= {(row["command"], row["option"]) for row in found}
        self.end_entry()
        self.entry = found[:len(names)]
        self.owed = any(values(row) for row in self.entry)

    def end_entry(self):
        if self.owed:
            self.wrong.append(f"the entry of --{self.entry[0]['option']} has no values")
        self.owed = False

    def go_through(self, text):
        lines = iter(text.splitlines())
        self.apart = {(command, name)
                      for names, commands in re.findall(r'^\.\\" option (.*) of (.*)$', text, re.M)
                      for name in names.split() for command in commands.split()}
        for line in lines:
            self.out.append(line)
            if line.startswith(MARK + "options of "):
                command = line.split()[-1]
                self.generated(lines, synopsis(list(self.rows[command].values())))
            elif line.startswith(MARK + "option "):
                self.begin_entry(line.removeprefix(MARK + "option "))
                next(lines)
                self.out.append(head(self.entry))
            elif line == MARK + "values":
                self.owed = False
                self.generated(lines, [v for row in self.entry for v in values(row)])
            elif line.startswith((".It ", ".El")):
                self.end_entry()
        for command, rows in self.rows.items():
            self.wrong += [f"no entry for --{name} of {command}" for name in rows
                           if (command, name) not in self.covered]
            if f'{MARK}options of {command}' not in self.out:
                self.wrong.append(f"no synopsis for {command}")


def main():
    words = [word for word in sys.argv[2:] if word != "--update"]
    path = pathlib.Path(words[0]) if words else PAGE
    text = path.read_text(encoding="utf-8")
    page = Page(read_rows(sys.argv[1]))
    page.go_through(text)
    new = "\n".join(page.out) + "\n"
    if "--update" in sys.argv:
        path.write_text(new, encoding="utf-8")
    elif new != text:
        page.wrong += [f"not as the options' rows have it: {was!r} should be {is_!r}"
                       for was, is_ in zip(text.splitlines(), page.out) if was != is_][:3]
        page.wrong.append("make manual writes it")
    print("\n".join(f"{path.name}: {line}" for line in page.wrong),
          end="\n" if page.wrong else "")
    return 1 if page.wrong else 0


sys.exit(main())
