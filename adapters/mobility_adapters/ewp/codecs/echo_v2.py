"""Responses of the Echo API, version 2.

Source: EWP Echo API 2.0.1.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from lxml import etree

from mobility_adapters.ewp import wire
from mobility_adapters.ewp.reading import open_document, string_value
from mobility_adapters.ewp.writing import finished, new_document
from mobility_bridge.kit.xml import Element

_HEI_ID: Final = wire.qname(wire.ECHO_V2, "hei-id")
_ECHO: Final = wire.qname(wire.ECHO_V2, "echo")


@dataclass(frozen=True, slots=True)
class Echo:
    """Whom the called host takes the caller for, and the caller's own words in their order."""

    hei_ids: tuple[str, ...]
    echoes: tuple[str, ...]


def decode(document: bytes | Element) -> Echo:
    """Read a response. Raises InvalidDocument."""
    tree = open_document(document, wire.ECHO_V2_ROOT)
    return Echo(
        hei_ids=tuple(string_value(each) for each in tree.iterchildren(_HEI_ID)),
        echoes=tuple(string_value(each) for each in tree.iterchildren(_ECHO)),
    )


def encode(hei_ids: Iterable[str], echoes: Iterable[str]) -> bytes:
    root = new_document(wire.ECHO_V2_ROOT)
    for tag, values in ((_HEI_ID, hei_ids), (_ECHO, echoes)):
        for value in values:
            etree.SubElement(root, tag).text = value
    return finished(root)
