"""What the updates of the student APIs share: mandatory parts of a request, and the messages of an answer."""

from collections.abc import Iterable, Mapping
from typing import Final

from lxml import etree

from mobility_adapters.ewp import wire
from mobility_adapters.ewp.reading import open_document, string_value, wrong_content
from mobility_adapters.ewp.writing import finished, new_document
from mobility_bridge.domain.contact import LangString
from mobility_bridge.kit.xml import Element

_MESSAGE: Final = wire.qname(wire.COMMON, "success-user-message")
_LANG: Final = wire.qname(wire.XML, "lang")


def mandatory(parts: Mapping[str, Element], name: str, parent: Element) -> Element:
    """A part of a request. Raises InvalidDocument where it is missing."""
    if name not in parts:
        raise wrong_content(f"the update has no {name}", parent)
    return parts[name]


def mandatory_text(parts: Mapping[str, Element], name: str, parent: Element) -> str:
    """The text of a part of a request. Raises InvalidDocument where it is missing or blank."""
    element = mandatory(parts, name, parent)
    written = string_value(element)
    if not written.strip():
        raise wrong_content(f"{name} is empty", element)
    return written


def write_messages(root: str, messages: Iterable[LangString]) -> bytes:
    """Write an answer with messages for the user who decided."""
    document = new_document(root, ewp=wire.COMMON)
    for message in messages:
        element = etree.SubElement(document, _MESSAGE)
        element.text = message.text
        if message.lang is not None:
            element.set(_LANG, message.lang)
    return finished(document)


def read_messages(document: bytes | Element, root: str) -> tuple[LangString, ...]:
    """Read the messages of an answer. Raises InvalidDocument."""
    tree = open_document(document, root)
    return tuple(LangString(string_value(each), each.get(_LANG)) for each in tree.iterchildren(_MESSAGE))
