"""Academic years: `2026/2027` in the north, `2026/2026` in the south.

Source: EWP architecture 1.16.0, common types, AcademicYearId; academic term types.
"""

import re
from dataclasses import dataclass
from datetime import date
from typing import Self

_FORM = re.compile(r"([0-9]{4})/([0-9]{4})")


@dataclass(frozen=True, slots=True, order=True)
class AcademicYear:
    """One academic year.

    `start` is the calendar year in which it starts; a northern year runs from 1 September to 31 August,
    a southern one from 1 January to 31 December.
    """

    start: int
    northern: bool = True

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """Read an AcademicYearId; None if it is not one, or if its two numbers fit no calendar."""
        match = _FORM.fullmatch(text.strip())
        if match is None:
            return None
        first, second = int(match[1]), int(match[2])
        if second - first not in (0, 1):
            return None
        return cls(first, northern=second == first + 1)

    @classmethod
    def containing(cls, day: date) -> Self:
        """Name the northern academic year that `day` falls into."""
        return cls(day.year if day.month >= 9 else day.year - 1)

    @property
    def first_day(self) -> date:
        return date(self.start, 9, 1) if self.northern else date(self.start, 1, 1)

    @property
    def last_day(self) -> date:
        return date(self.start + 1, 8, 31) if self.northern else date(self.start, 12, 31)

    def shifted(self, years: int) -> "AcademicYear":
        return AcademicYear(self.start + years, self.northern)

    def __str__(self) -> str:
        return f"{self.start:04}/{self.start + self.northern:04}"
