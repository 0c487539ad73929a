"""Answers and statistics of the Outgoing Mobility LA CNR API, version 1.

Source: EWP Outgoing Mobility LA CNR API 1.1.0.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from lxml import etree

from mobility_adapters.ewp import wire
from mobility_adapters.ewp.reading import integer, open_document, required_child, required_text
from mobility_adapters.ewp.writing import finished, new_document
from mobility_bridge.kit.xml import Element

_YEAR: Final = wire.qname(wire.OMOBILITY_LA_CNR_V1_STATS, "academic-year-la-stats")
_YEAR_ID: Final = wire.qname(wire.OMOBILITY_LA_CNR_V1_STATS, "receiving-academic-year-id")
_COUNTS: Final = (
    "la-incoming-total",
    "la-incoming-some-version-approved",
    "la-incoming-latest-version-approved",
    "la-incoming-latest-version-rejected",
    "la-incoming-latest-version-awaiting",
)


@dataclass(frozen=True, slots=True)
class IncomingLaStats:
    """Counts of a receiving HEI's copies of agreements for one of its years. They need not add up."""

    receiving_academic_year_id: str
    total: int
    some_version_approved: int
    latest_version_approved: int
    latest_version_rejected: int
    latest_version_awaiting: int


def check(document: bytes | Element) -> None:
    """Make sure that a 200 answer is the receiver's own. Raises InvalidDocument."""
    open_document(document, wire.OMOBILITY_LA_CNR_V1_ROOT)


def encode() -> bytes:
    return finished(new_document(wire.OMOBILITY_LA_CNR_V1_ROOT))


def decode_stats(document: bytes | Element) -> list[IncomingLaStats]:
    """Read a stats response, a row a year. Raises InvalidDocument."""
    tree = open_document(document, wire.OMOBILITY_LA_CNR_V1_STATS_ROOT)
    return [
        IncomingLaStats(
            required_text(year, _YEAR_ID),
            *(
                integer(required_child(year, wire.qname(wire.OMOBILITY_LA_CNR_V1_STATS, name)))
                for name in _COUNTS
            ),
        )
        for year in tree.iterchildren(_YEAR)
    ]


def encode_stats(years: Iterable[IncomingLaStats]) -> bytes:
    root = new_document(wire.OMOBILITY_LA_CNR_V1_STATS_ROOT)
    for year in years:
        element = etree.SubElement(root, _YEAR)
        etree.SubElement(element, _YEAR_ID).text = year.receiving_academic_year_id
        for name in _COUNTS:
            count = getattr(year, name.removeprefix("la-incoming-").replace("-", "_"))
            etree.SubElement(element, wire.qname(wire.OMOBILITY_LA_CNR_V1_STATS, name)).text = str(count)
    return finished(root)
