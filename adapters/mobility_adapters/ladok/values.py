"""Values and documents as Ladok writes them, in XML and in JSON, read leniently and alike.

An answer becomes one shape, whichever form it came in: a dictionary by the local names, lists where names repeat.

Source: Ladok: representations.
"""

import json
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Final, TypeAlias
from zoneinfo import ZoneInfo

from mobility_bridge.errors import InvalidDocument
from mobility_bridge.kit import xml
from mobility_bridge.kit.xml import Element

SYSTEM: Final = "ladok"
LOCAL_TIME: Final = ZoneInfo("Europe/Stockholm")

Node: TypeAlias = Mapping[str, Any]
"""One object of an answer."""

_NUMBER: Final = re.compile(r"[0-9]+(?:[.,][0-9]+)?")
_ANY_NUMBER: Final = re.compile(r"(?<![0-9.,])[0-9]+(?:[.,][0-9]+)?(?![0-9.,]*[0-9])")
_EMPTY: Final[Node] = {}


def as_day(text: str) -> date | None:
    """Read a date; a time or zone behind it is cut off, as its day is what counts."""
    try:
        return date.fromisoformat(text.strip()[:10])
    except ValueError:
        return None


def as_number(text: str) -> Decimal | None:
    """Read a decimal number, written with a point or a comma."""
    trimmed = text.strip()
    if not trimmed.isascii() or not _NUMBER.fullmatch(trimmed):
        return None
    try:
        return Decimal(trimmed.replace(",", "."))
    except InvalidOperation:
        return None


def number_in(text: str | None) -> Decimal | None:
    """The one number in a free text such as `6 ECTS`; None where there is none or a choice."""
    found = _ANY_NUMBER.findall(text or "")
    return as_number(found[0]) if len(found) == 1 else None


def as_instant(text: str) -> datetime | None:
    """Read a date-time into UTC: one without a zone, like `SenastSparad`, is Swedish local time."""
    try:
        said = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    return (said if said.tzinfo else said.replace(tzinfo=LOCAL_TIME)).astimezone(UTC)


def read_answer(data: bytes, media_type: str, *, limit: int) -> Node:
    """Read an answer in either form.

    Raises:  InvalidDocument for neither form, or for a document that is not an object.
    """
    kind = media_type.partition(";")[0].strip().lower()
    if kind.endswith(("+json", "/json")):
        return _from_json(data)
    if kind.endswith(("+xml", "/xml")):
        return from_xml(_parsed(data, limit))
    raise InvalidDocument(
        f"Ladok answered with {kind or 'no media type'}, expected XML or JSON.",
        system=SYSTEM,
        reason="content",
    )


def from_xml(element: Element) -> Node:
    """An element as an object: text of leaves, objects of the others, lists of what repeats."""
    node: dict[str, Any] = {}
    for child in element:
        name = child.tag.rpartition("}")[2]
        value: Any = from_xml(child) if len(child) else (child.text or "").strip()
        if name not in node:
            node[name] = value
        elif isinstance(node[name], list):
            node[name].append(value)
        else:
            node[name] = [node[name], value]
    return node


def many(value: object) -> list[Any]:
    """A list of what may be a list, one thing or nothing."""
    if value is None or value == "":
        return []
    return list(value) if isinstance(value, list | tuple) else [value]


def rows(node: Node, wrapper: str, item: str = "") -> list[Node]:
    """Objects of a list that XML wraps (`wrapper/item*`) and JSON does not."""
    value = node.get(wrapper)
    if isinstance(value, Mapping) and item and (item in value or not value):
        value = value.get(item)
    return [each for each in many(value) if isinstance(each, Mapping)]


def child(node: Node, name: str) -> Node:
    """An object inside; an empty one where there is none."""
    value = node.get(name)
    return value if isinstance(value, Mapping) else _EMPTY


def text(node: Node, *names: str) -> str | None:
    """A text by the first of these names that is there; numbers and `{"value": …}` are texts, too."""
    for name in names:
        value = node.get(name)
        if isinstance(value, Mapping) and "value" in value:
            value = value["value"]
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, str | int | float) and str(value).strip():
            return str(value).strip()
    return None


def uid(node: Node, *names: str) -> str | None:
    """A UID, in lower case."""
    found = text(node, *names)
    return found.lower() if found else None


def flag(node: Node, name: str) -> bool:
    return text(node, name) in ("true", "1")


def day(node: Node, name: str) -> date | None:
    found = text(node, name)
    return as_day(found) if found else None


def number(node: Node, name: str) -> Decimal | None:
    found = text(node, name)
    return as_number(found) if found else None


def last_word(key: str | None) -> str | None:
    """The last part of one of Ladok's dotted keys."""
    return key.rpartition(".")[2] if key else None


def names(node: Node) -> tuple[tuple[str, str], ...]:
    """Names by language: `Benamning` or `Benamningar`; an object by language, a list, or a text."""
    for key in ("Benamningar", "Benamning"):
        value = node.get(key)
        if isinstance(value, str) and value:
            return (("sv", value),)
        if isinstance(value, Mapping):
            inner = many(value.get("Benamning"))
            if inner:
                return _by_language(inner)
            plain = [(code, name) for code, name in value.items() if isinstance(name, str) and len(code) <= 3]
            if plain:
                return tuple(plain)
        if isinstance(value, Sequence) and not isinstance(value, str):
            return _by_language(value)
    return ()


def _by_language(items: Sequence[Any]) -> tuple[tuple[str, str], ...]:
    said = [(text(item, "Sprakkod"), text(item, "Text")) for item in items if isinstance(item, Mapping)]
    return tuple((code, name) for code, name in said if code and name)


def _from_json(data: bytes) -> Node:
    try:
        said = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise InvalidDocument("Ladok's answer is no JSON.", system=SYSTEM, reason="content") from error
    if isinstance(said, list):
        return {"Resultat": said}
    if not isinstance(said, dict):
        raise InvalidDocument("Ladok's answer is no JSON object.", system=SYSTEM, reason="content")
    return said


def _parsed(data: bytes, limit: int) -> Element:
    try:
        return xml.parse(data, limit=limit)
    except xml.XmlRefused as refused:
        raise InvalidDocument(
            f"Ladok's answer is not accepted as XML: {refused.message}",
            system=SYSTEM,
            reason=refused.reason,
            line=refused.line,
        ) from refused
