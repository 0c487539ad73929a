"""Statistics of the Outgoing Mobility Stats API, version 1: nominations a year.

Source: EWP Outgoing Mobility Stats API 1.0.0.
"""

from collections.abc import Iterable
from typing import Final

from lxml import etree

from mobility_adapters.ewp import wire
from mobility_adapters.ewp.reading import integer, open_document, required_child, required_text
from mobility_adapters.ewp.writing import finished, new_document
from mobility_bridge.domain.nomination import NominationCounts
from mobility_bridge.kit.xml import Element

_YEAR: Final = wire.qname(wire.OMOBILITY_STATS_V1, "academic-year-stats")
_YEAR_ID: Final = wire.qname(wire.OMOBILITY_STATS_V1, "receiving-academic-year-id")
_PENDING: Final = wire.qname(wire.OMOBILITY_STATS_V1, "omobility-pending")
_APPROVED: Final = wire.qname(wire.OMOBILITY_STATS_V1, "omobility-approved")


def decode(document: bytes | Element) -> list[NominationCounts]:
    """Read a stats response, a row a year. Raises InvalidDocument."""
    tree = open_document(document, wire.OMOBILITY_STATS_V1_ROOT)
    return [
        NominationCounts(
            required_text(year, _YEAR_ID),
            integer(required_child(year, _PENDING)),
            integer(required_child(year, _APPROVED)),
        )
        for year in tree.iterchildren(_YEAR)
    ]


def encode(years: Iterable[NominationCounts]) -> bytes:
    root = new_document(wire.OMOBILITY_STATS_V1_ROOT)
    for year in years:
        element = etree.SubElement(root, _YEAR)
        etree.SubElement(element, _YEAR_ID).text = year.receiving_academic_year_id
        etree.SubElement(element, _PENDING).text = str(year.omobility_pending)
        etree.SubElement(element, _APPROVED).text = str(year.omobility_approved)
    return finished(root)
