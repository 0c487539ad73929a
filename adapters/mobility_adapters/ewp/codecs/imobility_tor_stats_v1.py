"""Statistics of the Incoming Mobility ToR Stats API, version 1: transcripts a year.

Source: EWP Incoming Mobility ToR Stats API 1.0.0.
"""

from collections.abc import Iterable
from dataclasses import astuple
from typing import Final

from mobility_adapters.ewp import wire
from mobility_adapters.ewp.yearly import read_years, write_years
from mobility_bridge.domain.transcript import TorCounts
from mobility_bridge.kit.xml import Element

_YEAR: Final = "academic-year-stats"
_COUNTS: Final = ("imobility-tor-total",)


def decode(document: bytes | Element) -> list[TorCounts]:
    """Read a stats response, a row a year. Raises InvalidDocument."""
    return read_years(document, wire.IMOBILITY_TOR_STATS_V1_ROOT, _YEAR, _COUNTS, TorCounts)


def encode(years: Iterable[TorCounts]) -> bytes:
    rows = ((year, counts) for year, *counts in map(astuple, years))
    return write_years(wire.IMOBILITY_TOR_STATS_V1_ROOT, _YEAR, _COUNTS, rows)
