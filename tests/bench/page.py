# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
"""docs/BENCHMARKS.md, whose parts each have a command that writes them anew."""

import pathlib

PAGE = pathlib.Path(__file__).resolve().parents[2] / "docs/BENCHMARKS.md"


def write(name, text):
    """Between the markers of that name, or at the end if there are none; nothing else is
    touched."""
    begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
    page, block = PAGE.read_text(), f"{begin}\n{text}\n{end}"
    if begin in page and end in page:
        head, rest = page.split(begin, 1)
        page = head + block + rest.split(end, 1)[1]
    else:
        page = page.rstrip("\n") + f"\n\n{block}\n"
    PAGE.write_text(page)
