"""Texts as Mobility-Online writes them, read strictly: what is not clearly a value is not a value.

Source: Mobility-Online: transport (dates, numbers, booleans) and 3.7 (report export).
"""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, tzinfo
from decimal import Decimal
from typing import Final, TypeAlias

Raw: TypeAlias = Mapping[str, "Raw | list[Raw | str] | str | None"]
"""A record before its texts are read: SOAP field names, text leaves, None for nil or absent."""

Argument: TypeAlias = "str | int | bool | Mapping[str, Argument] | Sequence[Argument] | None"
"""What a call says: a text, None for nil, an object by its fields, or a list of any of them."""

_INTEGER: Final = re.compile(r"-?[0-9]{1,9}")
_DECIMAL: Final = re.compile(r"-?[0-9]{1,9}(?:[.,][0-9]{1,6})?")
_DOTTED: Final = re.compile(r"([0-9]{2})\.([0-9]{2})\.([0-9]{4})")
_ISO_DATE: Final = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})(?:Z|[+-][0-9]{2}:[0-9]{2})?")
_TRUE: Final = frozenset({"true", "1", "J"})
_FALSE: Final = frozenset({"false", "0", "N"})


def integer(text: str) -> int:
    """Read a whole number. Raises ValueError."""
    if not _INTEGER.fullmatch(text):
        raise ValueError(text)
    return int(text)


def decimal(text: str) -> Decimal:
    """Read a number with a decimal point or comma, without thousands marks. Raises ValueError."""
    if not _DECIMAL.fullmatch(text):
        raise ValueError(text)
    return Decimal(text.replace(",", "."))


def boolean(text: str) -> bool:
    """Read an XML boolean, or the `J` and `N` of a report. Raises ValueError."""
    if text in _TRUE:
        return True
    if text in _FALSE:
        return False
    raise ValueError(text)


def day(text: str) -> date:
    """Read `dd.mm.yyyy` or an ISO date, whose zone (XML allows one) says nothing here. Raises ValueError."""
    dotted = _DOTTED.fullmatch(text)
    if dotted:
        return date(int(dotted[3]), int(dotted[2]), int(dotted[1]))
    iso = _ISO_DATE.fullmatch(text)
    if iso is None:
        raise ValueError(text)
    return date.fromisoformat(iso[1])


def instant(text: str, zone: tzinfo) -> datetime:
    """Read an ISO date-time, or a date as its midnight; `zone` where it names none. UTC. Raises ValueError."""
    if _DOTTED.fullmatch(text) or _ISO_DATE.fullmatch(text):
        found = day(text)
        return datetime(found.year, found.month, found.day, tzinfo=zone).astimezone(UTC)
    moment = datetime.fromisoformat(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)


def plain(number: Decimal) -> str:
    """Write a number so that `10`, `10.0` and `10,00` come out alike, and never with an exponent."""
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
