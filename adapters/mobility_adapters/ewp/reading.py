"""Values out of XML, or an error that says where the wrong one stands.

What XML Schema collapses (numbers, booleans, dates, language codes) is read with white space around it; text
is read as it stands.
"""

import re
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any, Final, cast

from lxml import etree

from mobility_adapters.ewp import wire
from mobility_bridge.errors import InvalidDocument
from mobility_bridge.kit import xml
from mobility_bridge.kit.xml import Element

XML_SPACE: Final = " \t\r\n"

_INTEGER: Final = re.compile(r"[+-]?[0-9]{1,18}")
_DECIMAL: Final = re.compile(r"[+-]?(?:[0-9]{1,18}(?:\.[0-9]{0,18})?|\.[0-9]{1,18})")
_DAY: Final = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})(?:Z|[+-][0-9]{2}:[0-9]{2})?")
_BOOLEANS: Final = {"true": True, "1": True, "false": False, "0": False}

_string_value = etree.XPath("string()", smart_strings=False)


def parse(document: bytes, *, limit: int | None = None) -> Element:
    """Parse a document of this network.

    Units:   `limit` counts bytes; without it, the document is one that was let in before.
    Raises:  InvalidDocument (not_xml, doctype, too_large).
    """
    try:
        return xml.parse(document, limit=len(document) if limit is None else limit)
    except xml.XmlRefused as error:
        raise InvalidDocument(
            error.message, system=wire.SYSTEM, reason=error.reason, line=error.line
        ) from error


def open_document(document: bytes | Element, root: str) -> Element:
    """Return the root of a document that must be the one called `root`. Raises InvalidDocument."""
    tree = parse(document) if isinstance(document, bytes) else document
    expect_root(tree, root)
    return tree


def expect_root(tree: Element, root: str) -> None:
    """Raise InvalidDocument (wrong_root) unless the document is the one called `root`."""
    if tree.tag != root:
        raise InvalidDocument(
            f"the root element is {tree.tag}, not {root}",
            system=wire.SYSTEM,
            reason="wrong_root",
            path=path_of(tree),
            line=line_of(tree),
        )


def agreement_elements(tree: Element) -> list[Element]:
    """Every `iia` element, at any depth and in any namespace, in document order."""
    return list(tree.iter("{*}iia"))


def string_value(element: Element) -> str:
    """All text inside, without comments and processing instructions, untouched."""
    if len(element) == 0:
        return element.text or ""
    return str(_string_value(element))


def local_name(element: Element) -> str:
    return element.tag.rpartition("}")[2]


def path_of(element: Element) -> str:
    """Say where an element stands, by local names: `/iias-get-response/iia[2]/partner[1]`.

    Positions count siblings of the same name and are left out where there is one only.
    """
    steps = []
    node: Element | None = element
    while node is not None:
        steps.append(_step(node))
        node = node.getparent()
    return "/" + "/".join(reversed(steps))


def line_of(element: Element) -> int | None:
    """The line of the start tag, from 1; None for elements that no parser made."""
    return cast("Any", element).sourceline  # type: ignore[no-any-return]


def wrong_content(message: str, element: Element) -> InvalidDocument:
    """A document that may keep its schema, or was never checked, and still cannot be understood."""
    return InvalidDocument(
        message, system=wire.SYSTEM, reason="content", path=path_of(element), line=line_of(element)
    )


def child(parent: Element, tag: str) -> Element | None:
    """The first child called `tag`: what `find` says, several times faster."""
    return next(parent.iterchildren(tag), None)


def text(parent: Element, tag: str) -> str | None:
    """The text of the first child called `tag`; None when there is none."""
    found = child(parent, tag)
    return None if found is None else string_value(found)


def required_child(parent: Element, tag: str) -> Element:
    found = child(parent, tag)
    if found is None:
        name = tag.rpartition("}")[2]
        raise wrong_content(f"{local_name(parent)} has no {name}", parent)
    return found


def required_text(parent: Element, tag: str) -> str:
    return string_value(required_child(parent, tag))


def children(parent: Element) -> list[Element]:
    """All children, comments too, whose tag is no text: three times as fast as an iterator gives them."""
    return cast("Any", parent)[:]  # type: ignore[no-any-return]  # the published stubs forget slices


class Parts:
    """The children of one element by tag, each looked at once: asking a parent for each tag walks it every time."""

    __slots__ = ("_by_tag", "parent")

    def __init__(self, parent: Element) -> None:
        self.parent = parent
        self._by_tag: dict[str, list[Element]] = {}
        for each in children(parent):
            tag = each.tag
            if tag in self._by_tag:
                self._by_tag[tag].append(each)
            else:
                self._by_tag[tag] = [each]

    def all(self, tag: str) -> Sequence[Element]:
        """Every child called `tag`, in the order of the document."""
        return self._by_tag.get(tag, ())

    def one(self, tag: str) -> Element | None:
        """The first child called `tag`."""
        found = self._by_tag.get(tag)
        return found[0] if found else None

    def required(self, tag: str) -> Element:
        found = self._by_tag.get(tag)
        return found[0] if found else required_child(self.parent, tag)

    def text(self, tag: str) -> str | None:
        """The text of the first child called `tag`; None when there is none."""
        found = self._by_tag.get(tag)
        return string_value(found[0]) if found else None

    def required_text(self, tag: str) -> str:
        return string_value(self.required(tag))


def token(element: Element) -> str:
    """The text of an element whose white space XML Schema collapses."""
    return string_value(element).strip(XML_SPACE)


def boolean_value(written: str) -> bool | None:
    """What a boolean says as it is written, white space around it or not; None when it is none."""
    return _BOOLEANS.get(written.strip(XML_SPACE))


def boolean(element: Element) -> bool:
    value = boolean_value(string_value(element))
    if value is None:
        raise _not_a("boolean", element)
    return value


def boolean_attribute(element: Element, name: str) -> bool | None:
    """The value of an un-namespaced boolean attribute; None when it is absent."""
    written = element.get(name)
    if written is None:
        return None
    value = boolean_value(written)
    if value is None:
        raise wrong_content(f"attribute {name} is {written!r}, which is no boolean", element)
    return value


def integer(element: Element) -> int:
    if _INTEGER.fullmatch(token(element)) is None:
        raise _not_a("whole number", element)
    return int(token(element))


def decimal(element: Element) -> Decimal:
    if _DECIMAL.fullmatch(token(element)) is None:
        raise _not_a("decimal number", element)
    return Decimal(token(element))


def day(element: Element) -> date:
    """A calendar day; a time zone, which `xs:date` allows, says nothing here and is dropped."""
    match = _DAY.fullmatch(token(element))
    try:
        return date.fromisoformat(match[1] if match else "")
    except ValueError as error:
        raise _not_a("day", element) from error


def _step(element: Element) -> str:
    name = local_name(element)
    before = sum(1 for _ in element.itersiblings(element.tag, preceding=True))
    alone = before == 0 and next(element.itersiblings(element.tag), None) is None
    return name if alone else f"{name}[{before + 1}]"


def _not_a(kind: str, element: Element) -> InvalidDocument:
    return wrong_content(f"{local_name(element)} is {token(element)[:40]!r}, which is no {kind}", element)
