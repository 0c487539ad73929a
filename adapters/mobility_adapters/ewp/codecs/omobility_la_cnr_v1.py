"""Statistics of the Outgoing Mobility LA CNR API, version 1.

Source: EWP Outgoing Mobility LA CNR API 1.1.0.
"""

from collections.abc import Iterable
from dataclasses import astuple, dataclass
from typing import Final

from mobility_adapters.ewp import wire
from mobility_adapters.ewp.yearly import read_years, write_years
from mobility_bridge.kit.xml import Element

_YEAR: Final = "academic-year-la-stats"
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


def decode_stats(document: bytes | Element) -> list[IncomingLaStats]:
    """Read a stats response, a row a year. Raises InvalidDocument."""
    return read_years(document, wire.OMOBILITY_LA_CNR_V1_STATS_ROOT, _YEAR, _COUNTS, IncomingLaStats)


def encode_stats(years: Iterable[IncomingLaStats]) -> bytes:
    rows = ((year, counts) for year, *counts in map(astuple, years))
    return write_years(wire.OMOBILITY_LA_CNR_V1_STATS_ROOT, _YEAR, _COUNTS, rows)
