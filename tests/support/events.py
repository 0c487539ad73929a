"""A judge of log lines: as much of JSON Schema 2020-12 as the schema of the log uses, and nothing else."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from mobility_bridge.kit.events import json_schema

_KNOWN = {
    "$schema", "$id", "title", "description", "type", "required", "oneOf", "properties", "const", "format",
    "additionalProperties",
}  # fmt: skip
_TYPES: Mapping[str, tuple[type, ...]] = {
    "object": (dict,),
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
}
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")


def problems_of(line: Any) -> list[str]:
    """What is wrong with a line of the log; empty when it satisfies the schema."""
    return _problems(json_schema(), line, "line")


def _problems(schema: Mapping[str, Any], value: Any, where: str) -> list[str]:
    unknown = set(schema) - _KNOWN
    assert not unknown, f"the judge does not know {unknown}"
    found = []
    if "const" in schema and value != schema["const"]:
        found.append(f"{where} is not {schema['const']!r}")
    if "type" in schema and not _is(schema["type"], value):
        return [*found, f"{where} is no {schema['type']}"]
    if schema.get("format") == "date-time" and not _is_instant(value):
        found.append(f"{where} is no instant")
    if isinstance(value, dict):
        found.extend(_members(schema, value, where))
    if "oneOf" in schema:
        fitting = [one for one in schema["oneOf"] if not _problems(one, value, where)]
        if len(fitting) != 1:
            found.append(f"{where} fits {len(fitting)} variants instead of one")
    return found


def _members(schema: Mapping[str, Any], value: Mapping[str, Any], where: str) -> list[str]:
    found = [f"{where} lacks {name}" for name in schema.get("required", ()) if name not in value]
    properties = schema.get("properties", {})
    for name, item in value.items():
        if name in properties:
            found.extend(_problems(properties[name], item, f"{where}.{name}"))
        elif schema.get("additionalProperties") is False:
            found.append(f"{where} may not have {name}")
    return found


def _is(kind: str, value: Any) -> bool:
    if isinstance(value, bool):
        return kind == "boolean"
    return isinstance(value, _TYPES[kind])


def _is_instant(value: Any) -> bool:
    if not isinstance(value, str) or not _INSTANT.fullmatch(value):
        return False
    datetime.fromisoformat(value)
    return True
