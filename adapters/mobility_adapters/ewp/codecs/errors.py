"""Error documents, the body of a refusal.

Source: EWP architecture 1.16.0, common types, error-response.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from lxml import etree

from mobility_adapters.ewp import wire
from mobility_adapters.ewp.reading import parse, string_value
from mobility_adapters.ewp.writing import finished, new_document
from mobility_bridge.domain.contact import LangString
from mobility_bridge.errors import InvalidDocument
from mobility_bridge.kit.xml import Element

LIMIT: Final = 1024 * 1024
"""Bytes. An error document is a few sentences."""

_DEVELOPER: Final = wire.qname(wire.COMMON, "developer-message")
_USER: Final = wire.qname(wire.COMMON, "user-message")
_LANG: Final = wire.qname(wire.XML, "lang")


@dataclass(frozen=True, slots=True)
class ErrorDocument:
    """What went wrong, for the calling developer, and perhaps for the person in front of the screen."""

    developer_message: str
    user_messages: tuple[LangString, ...] = ()


def decode_error(document: bytes) -> ErrorDocument | None:
    """Read an error document; None when it is not a valid one (an HTML page, nothing, another root)."""
    try:
        tree = parse(document, limit=LIMIT)
    except InvalidDocument:
        return None
    children = list(tree)
    if tree.tag != wire.ERROR_ROOT or not children or not _has_right_children(children):
        return None
    return ErrorDocument(
        developer_message=string_value(children[0]),
        user_messages=tuple(LangString(string_value(each), each.get(_LANG)) for each in children[1:]),
    )


def encode_error(error: ErrorDocument) -> bytes:
    root = new_document(wire.ERROR_ROOT)
    etree.SubElement(root, _DEVELOPER).text = error.developer_message
    for message in error.user_messages:
        element = etree.SubElement(root, _USER)
        element.text = message.text
        if message.lang is not None:
            element.set(_LANG, message.lang)
    return finished(root)


def _has_right_children(children: Sequence[Element]) -> bool:
    leaves = all(len(child) == 0 for child in children)
    return leaves and [child.tag for child in children] == [_DEVELOPER, *[_USER] * (len(children) - 1)]
