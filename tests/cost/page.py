# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
"""docs/BENCHMARKS.md, whose parts each have a command that writes them anew."""

import os
import pathlib
import platform
import statistics

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


def spread(values, unit=1):
    """Median and range."""
    return (f"{statistics.median(values) / unit:.2f} "
            f"({min(values) / unit:.2f} to {max(values) / unit:.2f})")


def machine():
    """What it ran on, and how busy that was."""
    return (f"Linux {platform.release()}, {os.cpu_count()} CPUs, "
            f"load {os.getloadavg()[0]:.1f} at the end.")


def publish(name, text, words):
    """Printed, and written unless the command's words have --no-write."""
    print(text)
    if "--no-write" not in words:
        write(name, text)
