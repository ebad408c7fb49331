# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
"""The rows of include/bench_modes.h, as the tests and the documents' test need them."""

import pathlib
import re

_TEXT = (pathlib.Path(__file__).resolve().parents[2] / "include/bench_modes.h").read_text("utf-8")


def _words(table):
    body = re.search(rf"#define {table}\(\w\) \\\n(.*?)\n\n", _TEXT, re.S)[1]
    return tuple(re.findall(r'^\t\w\(\w+, "([\w-]+)"', body, re.M))


MODES = _words("XB_MODES")
WORKS = _words("XB_WORKS")
