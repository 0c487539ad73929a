"""Index and stats responses of the IIAs API, version 7.

Source: EWP IIAs API 7.0.0, index and stats endpoints.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from lxml import etree

from mobility_adapters.ewp import wire
from mobility_adapters.ewp.reading import integer, open_document, required_child, string_value, wrong_content
from mobility_adapters.ewp.writing import finished, new_document
from mobility_bridge.domain.identifiers import IiaId
from mobility_bridge.kit.xml import Element

_IIA_ID: Final = wire.qname(wire.IIAS_V7_INDEX, "iia-id")


@dataclass(frozen=True, slots=True)
class IiasStats:
    """Counts of the called HEI's copies, in the order of the document."""

    fetchable: int
    local_unapproved_partner_approved: int
    local_approved_partner_unapproved: int
    both_approved: int


_STATS: Final = (
    "iia-fetchable",
    "iia-local-unapproved-partner-approved",
    "iia-local-approved-partner-unapproved",
    "iia-both-approved",
)


def decode_index(document: bytes | Element) -> tuple[IiaId, ...]:
    """Read the ids of an index response in its order, repetitions included. Raises InvalidDocument."""
    tree = open_document(document, wire.IIAS_V7_INDEX_ROOT)
    ids = []
    for element in tree.iterchildren(_IIA_ID):
        iia_id = string_value(element) if len(element) else element.text
        if not iia_id:
            raise wrong_content("an iia-id is empty", element)
        ids.append(IiaId(iia_id))
    return tuple(ids)


def encode_index(iia_ids: Iterable[IiaId]) -> bytes:
    root = new_document(wire.IIAS_V7_INDEX_ROOT)
    for iia_id in iia_ids:
        etree.SubElement(root, _IIA_ID).text = iia_id
    return finished(root)


def decode_stats(document: bytes | Element) -> IiasStats:
    """Read a stats response. Raises InvalidDocument."""
    tree = open_document(document, wire.IIAS_V7_STATS_ROOT)
    counts = [integer(required_child(tree, wire.qname(wire.IIAS_V7_STATS, name))) for name in _STATS]
    return IiasStats(*counts)
