#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
"""Holds JSON output against docs/record.schema.json, and docs/SCHEMA.md against both.

    schema.py FILE.jsonl...         every line follows the schema, and its durations add up
    schema.py --docs FILE.jsonl...  the fields documented, those of the schema and those seen are
                                    equal

Checks the few keywords of JSON Schema that the file uses, so that no package is needed; an
unknown keyword is an error.
"""
import json
import pathlib
import re
import sys

DOCS = pathlib.Path(__file__).resolve().parents[2] / "docs"
ANNOTATIONS = {"$schema", "$id", "title", "description", "$defs"}
TYPES = {
    "object": lambda v: isinstance(v, dict),
    "array": lambda v: isinstance(v, list),
    "string": lambda v: isinstance(v, str),
    "null": lambda v: v is None,
    "boolean": lambda v: isinstance(v, bool),
    "integer": lambda v: isinstance(v, int) and not isinstance(v, bool),
    "number": lambda v: isinstance(v, (int, float)) and not isinstance(v, bool),
}


def resolve(root, schema):
    while "$ref" in schema:
        node = root
        for part in schema["$ref"].removeprefix("#/").split("/"):
            node = node[part]
        schema = node
    return schema


def check_object(root, schema, value, path):
    properties = schema.get("properties", {})
    for key in schema.get("required", []):
        if key not in value:
            yield f"{path}: no {key}"
    for key, item in value.items():
        if key in properties:
            yield from check(root, properties[key], item, f"{path}.{key}")
        elif schema.get("additionalProperties", True) is False:
            yield f"{path}: unknown field {key}"


def check_scalar(schema, value, path):
    if "const" in schema and value != schema["const"]:
        yield f"{path}: {value!r} is not {schema['const']!r}"
    if "enum" in schema and value not in schema["enum"]:
        yield f"{path}: {value!r} is not one of {schema['enum']}"
    if isinstance(value, str) and not re.search(schema.get("pattern", ""), value):
        yield f"{path}: {value!r} does not match {schema['pattern']}"
    if "minimum" in schema and TYPES["number"](value) and value < schema["minimum"]:
        yield f"{path}: {value} < {schema['minimum']}"
    if "maximum" in schema and TYPES["number"](value) and value > schema["maximum"]:
        yield f"{path}: {value} > {schema['maximum']}"


def check(root, schema, value, path="$"):
    schema = resolve(root, schema)
    known = ANNOTATIONS | {"type", "properties", "required", "additionalProperties", "items",
                           "const", "enum", "pattern", "minimum", "maximum", "oneOf"}
    if unknown := set(schema) - known:
        yield f"{path}: this checker does not know {unknown}"
    if "oneOf" in schema:
        tries = [list(check(root, option, value, path)) for option in schema["oneOf"]]
        if sum(not errors for errors in tries) != 1:
            yield f"{path}: not exactly one form fits: {tries}"
    types = schema.get("type", [])
    types = [types] if isinstance(types, str) else types
    if types and not any(TYPES[t](value) for t in types):
        yield f"{path}: {value!r} is no {' or '.join(types)}"
        return
    yield from check_scalar(schema, value, path)
    if isinstance(value, dict):
        yield from check_object(root, schema, value, path)
    if isinstance(value, list) and "items" in schema:
        for i, item in enumerate(value):
            yield from check(root, schema["items"], item, f"{path}[{i}]")


def quantiles(root):
    """The fields of a row that are quantiles, in the schema's order, which is upwards."""
    rows = root["$defs"]["hist"]["properties"]["hist"]["properties"]["rows"]
    return [key for key in rows["items"]["properties"] if re.fullmatch(r"p\d+_ns", key)]


def check_rows(root, rows):
    for row in rows:
        where = f"{row['stage']} {row['group'] or ''}"
        steps = [row[k] for k in ("min_ns", *quantiles(root), "max_ns")]
        if steps != sorted(steps):
            yield f"{where}: the quantiles are not in order: {steps}"
        if row["buckets"] is not None and sum(b["count"] for b in row["buckets"]) != row["count"]:
            yield f"{where}: the buckets do not add up to the count"
        groups = [r["count"] for r in rows if r["stage"] == row["stage"] and r["group"]]
        if row["group"] is None and groups and sum(groups) != row["count"]:
            yield f"{where}: the groups do not add up to the count"


def check_meaning(root, obj):
    """What a schema cannot say."""
    if "hist" in obj:
        yield from check_rows(root, obj["hist"]["rows"])
    if "stages" not in obj:
        return
    if obj["stages"] and obj["stages"][0]["cpu"] != obj["cpu"]:
        yield "cpu is not that of the first stage"
    for part in (obj, obj.get("journey")):
        if not part or not part["stages"]:
            continue
        if sum(s["ns"] for s in part["stages"]) != part["total_ns"]:
            yield "the stages do not add up to total_ns"
        at = 0
        for stage in part["stages"]:
            if stage["at_ns"] != at:
                yield f"{stage['stage']} does not begin where the stage before ends"
            at += stage["ns"]


def documented():
    """The fields in the first column of the tables of SCHEMA.md, by the heading above them."""
    fields, section = {}, None
    for line in (DOCS / "SCHEMA.md").read_text().splitlines():
        if match := re.match(r"## .*`(\w+)`", line):
            section = fields.setdefault(match[1], set())
        elif line.startswith("## "):
            section = None
        elif section is not None and (match := re.match(r"\| `([\w]+)` ", line)):
            section.add(match[1])
    return fields


def emitted(lines):
    fields = {name: set() for name in ("record", "stages", "journey", "hops", "summary", "hooks",
                                       "hist", "rows", "buckets", "worst")}
    for obj in lines:
        if "hist" in obj:
            fields["hist"] |= set(obj["hist"])
            for row in obj["hist"]["rows"]:
                fields["rows"] |= set(row)
                for name in ("buckets", "worst"):
                    for item in row[name] or ():
                        fields[name] |= set(item)
            continue
        if "summary" in obj:
            fields["summary"] |= set(obj["summary"])
            for hook in obj["summary"]["hooks"]:
                fields["hooks"] |= set(hook)
        else:
            fields["record"] |= set(obj)
            fields["journey"] |= set(obj["journey"] or ())
            for name in ("stages", "hops"):
                for item in obj[name]:
                    fields[name] |= set(item)
    return fields


def in_schema(root):
    defs = root["$defs"]
    summary = defs["summary"]["properties"]["summary"]["properties"]
    record = defs["record"]["properties"]
    hist = defs["hist"]["properties"]["hist"]["properties"]
    row = hist["rows"]["items"]["properties"]
    return {
        "hist": set(hist),
        "rows": set(row),
        "buckets": set(row["buckets"]["oneOf"][1]["items"]["properties"]),
        "worst": set(row["worst"]["oneOf"][1]["items"]["properties"]),
        "record": set(record),
        "stages": set(defs["stages"]["items"]["properties"]),
        "journey": set(record["journey"]["oneOf"][1]["properties"]),
        "hops": set(record["hops"]["items"]["properties"]),
        "summary": set(summary),
        "hooks": set(summary["hooks"]["items"]["properties"]),
    }


def main(args):
    root = json.loads((DOCS / "record.schema.json").read_text())
    docs = args and args[0] == "--docs"
    lines = [json.loads(line) for name in args[docs:] for line in open(name, encoding="utf-8")]
    errors = []
    if docs:
        for name, fields in emitted(lines).items():
            for other, theirs in (("SCHEMA.md", documented()), ("the schema", in_schema(root))):
                if diff := fields ^ theirs.get(name, set()):
                    errors.append(f"{name}: emitted and {other} differ in {sorted(diff)}")
    else:
        for n, obj in enumerate(lines, 1):
            errors += [f"line {n}: {e}" for e in check(root, root, obj)]
            errors += [f"line {n}: {e}" for e in check_meaning(root, obj)]
    for error in errors:
        print(error)
    return 1 if errors or not lines else 0


sys.exit(main(sys.argv[1:]))
