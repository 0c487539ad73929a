"""The Dashboard's files in a folder, and the adapter that reads them."""

import csv
import io
import os
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.support.clock import VirtualClock

from mobility_adapters.dashboard.lists import DashboardLists
from mobility_adapters.dashboard.mappings import DashboardMapping
from mobility_adapters.dashboard.settings import DashboardSettings, load_mapping
from mobility_bridge.domain.identifiers import HeiId

REPOSITORY = Path(__file__).resolve().parents[2]
US = HeiId("nordhav.example")
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)

LINE = {
    "Omobility ID": "NHU-2026-0001",
    "Given names": "Exempla",
    "Family name": "Ficticia",
    "Date of birth": "14/02/2003",
    "Email": "exempla@students.nordhav.example",
    "ESI": "urn:schac:personalUniqueCode:int:esi:nordhav.example:0001",
    "Sending HEI ID": "nordhav.example",
    "Receiving HEI ID": "alderton.example",
    "Receiving academic year": "2026/2027",
    "Start date": "31/08/2026",
    "End date": "17/01/2027",
    "Status": "signed",
    "First version signed": "02/06/2026",
    "Changes signed": "",
    "Credits abroad": "30",
    "Credits recognised": "30",
}
"""A line of a list of learning agreements."""

AGREEMENT = {
    "IIA ID": "nhu-iia-0001",
    "IIA code": "NHU-1",
    "Partner HEI ID": "alderton.example",
    "Partner IIA ID": "ald-iia-0001",
    "In effect": "yes",
    "IIA hash": "a" * 64,
}
"""A line of a list of agreements."""


def packaged_mapping() -> DashboardMapping:
    """The mapping that comes with the program."""
    return load_mapping(DashboardSettings(), REPOSITORY / "config/mappings")


def written(lines: Sequence[Mapping[str, str]], delimiter: str = ",") -> str:
    """Lines as CSV, the first one's columns as the header."""
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, list(lines[0]), delimiter=delimiter)
    writer.writeheader()
    writer.writerows(lines)
    return out.getvalue()


def put(file: Path, content: str | bytes, *, minutes_old: int = 10) -> Path:
    """Write a file that was exported a while ago."""
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    at = (NOW - timedelta(minutes=minutes_old)).timestamp()
    os.utime(file, (at, at))
    return file


def dashboard(*exports: Path, mapping: DashboardMapping | None = None, **more: Any) -> DashboardLists:
    """The adapter with these files configured."""
    return DashboardLists(
        own_hei_id=US,
        mapping=mapping or packaged_mapping(),
        clock=VirtualClock(NOW),
        exports=exports,
        **more,
    )
