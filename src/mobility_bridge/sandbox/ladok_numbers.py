"""Numbers and ids as Ladok gives them: civic and interim numbers, time-based ids, terms.

Source: Ladok: identifiers of a person, representations (version 1 ids), code tables (periods).
"""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

_GREGORIAN: Final = datetime(1582, 10, 15, tzinfo=UTC)
_TICKS_PER_MS: Final = 10_000
_NODE: Final = 0x02C0FFEE0099
_CLOCK_SEQUENCE: Final = 0x2A10
_STOCKHOLM: Final = ZoneInfo("Europe/Stockholm")


def time_id(at: datetime, serial: int) -> str:
    """A version-1 UUID whose time is `at` to the millisecond; `serial` tells those of one millisecond apart."""
    ms = (at - _GREGORIAN) // timedelta(milliseconds=1)
    ticks = ms * _TICKS_PER_MS + serial % _TICKS_PER_MS
    return str(
        uuid.UUID(
            fields=(
                ticks & 0xFFFFFFFF,
                (ticks >> 32) & 0xFFFF,
                ((ticks >> 48) & 0x0FFF) | 0x1000,
                (_CLOCK_SEQUENCE >> 8) | 0x80,
                _CLOCK_SEQUENCE & 0xFF,
                _NODE,
            )
        )
    )


def time_in(uid: str) -> datetime:
    """The time inside a version-1 UUID, to the millisecond."""
    return _GREGORIAN + timedelta(milliseconds=uuid.UUID(uid).time // _TICKS_PER_MS)


def local_time(at: datetime) -> str:
    """A date and time as `SenastSparad` shows it: Swedish, without a zone."""
    local = at.astimezone(_STOCKHOLM)
    return f"{local:%Y-%m-%dT%H:%M:%S}.{local.microsecond // 1000:03d}"


def local_date(at: datetime) -> date:
    return at.astimezone(_STOCKHOLM).date()


def zulu(at: datetime) -> str:
    at = at.astimezone(UTC)
    return f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}Z"


def civic_number(born: date, serial: int) -> str:
    """An invented personnummer with a valid check digit; `serial` (0 to 999) is odd for men."""
    body = f"{born:%y%m%d}{serial:03d}"
    return f"{born:%Y%m%d}{serial:03d}{check_digit(body)}"


def interim_number(born: date, serial: int) -> str:
    """A temporary number: the letter T and three digits, without a check digit."""
    return f"{born:%Y%m%d}T{serial:03d}"


def check_digit(nine: str) -> int:
    """The last digit of a personnummer, from the nine before it."""
    total = 0
    for position, digit in enumerate(nine):
        product = int(digit) * (2 if position % 2 == 0 else 1)
        total += product // 10 + product % 10
    return -total % 10


@dataclass(frozen=True, slots=True)
class Term:
    """A Swedish term: autumn from Monday of week 36, spring from Monday of week 3 to Sunday of week 22."""

    year: int
    autumn: bool

    @property
    def code(self) -> str:
        return f"{'HT' if self.autumn else 'VT'}{self.year}"

    @property
    def number(self) -> int:
        """The id of the period in the code table."""
        return 990_000 + self.year % 100 * 10 + (2 if self.autumn else 1)

    @property
    def first_day(self) -> date:
        return date.fromisocalendar(self.year, 36 if self.autumn else 3, 1)

    @property
    def last_day(self) -> date:
        if self.autumn:
            return date.fromisocalendar(self.year + 1, 2, 7)
        return date.fromisocalendar(self.year, 22, 7)

    @property
    def following(self) -> "Term":
        return Term(self.year + 1, autumn=False) if self.autumn else Term(self.year, autumn=True)


def term_of(day: date) -> Term:
    """The term that a day lies in; a day of the summer belongs to the coming autumn."""
    for year in (day.year - 1, day.year):
        for autumn in (False, True):
            if day <= Term(year, autumn).last_day:
                return Term(year, autumn)
    return Term(day.year + 1, autumn=False)


def terms_between(first_day: date, last_day: date) -> Iterator[Term]:
    """The terms of a stay, first one first."""
    term = term_of(first_day)
    while term.first_day <= last_day:
        yield term
        term = term.following


def term_named(code: str) -> Term | None:
    """Read `HT2026` or `HT26`; None for anything else."""
    season, year = code[:2].upper(), code[2:]
    if season not in ("HT", "VT") or not year.isdigit() or len(year) not in (2, 4):
        return None
    return Term(int(year) % 100 + 2000, autumn=season == "HT")
