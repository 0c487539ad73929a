"""Statistics of the Incoming Mobility ToR Stats API, version 1: transcripts a year.

Source: EWP Incoming Mobility ToR Stats API 1.0.0.
"""

from collections.abc import Iterable
from typing import Final

from lxml import etree

from mobility_adapters.ewp import wire
from mobility_adapters.ewp.reading import integer, open_document, required_child, required_text
from mobility_adapters.ewp.writing import finished, new_document
from mobility_bridge.domain.transcript import TorCounts
from mobility_bridge.kit.xml import Element

_YEAR: Final = wire.qname(wire.IMOBILITY_TOR_STATS_V1, "academic-year-stats")
_YEAR_ID: Final = wire.qname(wire.IMOBILITY_TOR_STATS_V1, "receiving-academic-year-id")
_TOTAL: Final = wire.qname(wire.IMOBILITY_TOR_STATS_V1, "imobility-tor-total")


def decode(document: bytes | Element) -> list[TorCounts]:
    """Read a stats response, a row a year. Raises InvalidDocument."""
    tree = open_document(document, wire.IMOBILITY_TOR_STATS_V1_ROOT)
    return [
        TorCounts(required_text(year, _YEAR_ID), integer(required_child(year, _TOTAL)))
        for year in tree.iterchildren(_YEAR)
    ]


def encode(years: Iterable[TorCounts]) -> bytes:
    root = new_document(wire.IMOBILITY_TOR_STATS_V1_ROOT)
    for year in years:
        element = etree.SubElement(root, _YEAR)
        etree.SubElement(element, _YEAR_ID).text = year.receiving_academic_year_id
        etree.SubElement(element, _TOTAL).text = str(year.imobility_tor_total)
    return finished(root)
