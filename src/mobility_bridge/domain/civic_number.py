"""Swedish civic numbers, and the European Student Identifier of a student in Ladok.

A civic number is personal data: no message of this module shows one.

Source: Ladok: identifiers of a person.
"""

import re
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Final

_LONG: Final = re.compile(r"(?P<day>[0-9]{8})[-+]?(?P<end>[0-9]{4}|[A-Z][0-9]{3})")
_SHORT: Final = re.compile(r"(?P<day>[0-9]{6})(?P<sign>[-+]?)(?P<end>[0-9]{4})")
_COORDINATION: Final = 60
_ESI_OF_LADOK: Final = "urn:schac:personalUniqueCode:int:esi:ladok.se:externtstudentuid-"


class CivicNumberKind(StrEnum):
    """Who gave the number: the tax agency for good, the tax agency for a while, or Ladok's issuing service."""

    PERSONAL = "personal"
    COORDINATION = "coordination"
    INTERIM = "interim"


class CivicNumberFault(StrEnum):
    """Why a text is no civic number."""

    FORM = "form"
    DATE = "date"
    CHECK_DIGIT = "check_digit"


@dataclass(frozen=True, slots=True)
class CivicNumber:
    """A number of 12 characters, without a hyphen, as Ladok writes it."""

    text: str = field(repr=False)
    kind: CivicNumberKind

    @property
    def birth_date(self) -> date:
        """The day in the number; a co-ordination number has 60 added to the day of the month."""
        found = _day(self.text[:8])
        assert found is not None
        return found[0]

    @property
    def temporary(self) -> bool:
        """Whether the person may get another number later."""
        return self.kind is not CivicNumberKind.PERSONAL


def read_civic_number(text: str, *, today: date) -> CivicNumber | CivicNumberFault:
    """Read a number of 10 or 12 characters, with or without a hyphen or plus sign, or say what is wrong.

    Shape:   a number of 10 digits means the latest century that is not after `today`, with a plus sign the one
             before that. An interim number (a letter in place of the first of the last four) has no check digit.
    """
    trimmed = "".join(text.split()).upper()
    digits = _twelve(trimmed, today)
    if digits is None:
        return CivicNumberFault.FORM
    day = _day(digits[:8])
    if day is None:
        return CivicNumberFault.DATE
    if not digits[8].isdigit():
        return CivicNumber(digits, CivicNumberKind.INTERIM)
    if check_digit(digits[2:11]) != int(digits[11]):
        return CivicNumberFault.CHECK_DIGIT
    return CivicNumber(digits, CivicNumberKind.COORDINATION if day[1] else CivicNumberKind.PERSONAL)


def check_digit(nine: str) -> int:
    """Compute the last digit from the nine before it (year without century, month, day, three digits)."""
    doubled = [int(digit) * (2 - place % 2) for place, digit in enumerate(nine)]
    return -sum(value // 10 + value % 10 for value in doubled) % 10


def european_student_identifier(external_uid: str) -> str:
    """The identifier of a student in Ladok, from the national UID; the UID is lower-cased.

    Source: Ladok: `ExterntUID`, in mixed case at times.
    """
    return _ESI_OF_LADOK + external_uid.strip().lower()


def _twelve(text: str, today: date) -> str | None:
    if not text.isascii():
        return None
    if match := _LONG.fullmatch(text):
        return match["day"] + match["end"]
    if not (match := _SHORT.fullmatch(text)):
        return None
    century = today.year // 100
    if _later_than(f"{century:02}{match['day']}", today):
        century -= 1
    if match["sign"] == "+":
        century -= 1
    return f"{century:02}{match['day']}{match['end']}"


def _later_than(day: str, today: date) -> bool:
    found = _day(day)
    return found is not None and found[0] > today


def _day(digits: str) -> tuple[date, bool] | None:
    """The date in eight digits, and whether 60 was added to its day."""
    year, month, day = int(digits[:4]), int(digits[4:6]), int(digits[6:8])
    coordinated = day > _COORDINATION
    try:
        return date(year, month, day - _COORDINATION if coordinated else day), coordinated
    except ValueError:
        return None
