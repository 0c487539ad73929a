"""Statistics of the Outgoing Mobility Stats API, version 1: nominations a year.

Source: EWP Outgoing Mobility Stats API 1.0.0.
"""

from collections.abc import Iterable
from dataclasses import astuple
from typing import Final

from mobility_adapters.ewp import wire
from mobility_adapters.ewp.yearly import read_years, write_years
from mobility_bridge.domain.nomination import NominationCounts
from mobility_bridge.kit.xml import Element

_YEAR: Final = "academic-year-stats"
_COUNTS: Final = ("omobility-pending", "omobility-approved")


def decode(document: bytes | Element) -> list[NominationCounts]:
    """Read a stats response, a row a year. Raises InvalidDocument."""
    return read_years(document, wire.OMOBILITY_STATS_V1_ROOT, _YEAR, _COUNTS, NominationCounts)


def encode(years: Iterable[NominationCounts]) -> bytes:
    rows = ((year, counts) for year, *counts in map(astuple, years))
    return write_years(wire.OMOBILITY_STATS_V1_ROOT, _YEAR, _COUNTS, rows)
