"""Swedish terms: `HT26` is the autumn term of 2026, `VT27` the spring term of 2027."""

import re
from dataclasses import dataclass
from datetime import date
from typing import Self

from mobility_bridge.domain.academic_year import AcademicYear

_FORM = re.compile(r"(HT|VT)\s?(?:20)?([0-9]{2})", re.IGNORECASE)
_AUTUMN = "HT"
_FIRST_SPRING_MONTH = 1
_FIRST_AUTUMN_MONTH = 8


@dataclass(frozen=True, slots=True, order=True)
class Term:
    """One term; terms sort by time.

    Source: Ladok: periods carry codes like `HT2026`, people write `HT26`.
    """

    year: int
    autumn: bool

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """Read `HT26`, `ht 26` or `HT2026`; None if it is no term."""
        match = _FORM.fullmatch(text.strip())
        if match is None:
            return None
        return cls(2000 + int(match[2]), match[1].upper() == _AUTUMN)

    @classmethod
    def containing(cls, day: date) -> Self:
        """Name the term that `day` falls into: autumn terms run from August to December."""
        return cls(day.year, day.month >= _FIRST_AUTUMN_MONTH)

    @property
    def code(self) -> str:
        """As people write it: `HT26`."""
        return f"{'HT' if self.autumn else 'VT'}{self.year % 100:02}"

    @property
    def period_code(self) -> str:
        """As Ladok codes it: `HT2026`."""
        return f"{'HT' if self.autumn else 'VT'}{self.year:04}"

    @property
    def academic_year(self) -> AcademicYear:
        """The northern academic year that the term belongs to."""
        return AcademicYear(self.year if self.autumn else self.year - 1)

    @property
    def following(self) -> "Term":
        return Term(self.year + 1, autumn=False) if self.autumn else Term(self.year, autumn=True)

    @property
    def preceding(self) -> "Term":
        return Term(self.year, autumn=False) if self.autumn else Term(self.year - 1, autumn=True)

    def __str__(self) -> str:
        return self.code


def terms_between(first_day: date, last_day: date) -> tuple[Term, ...]:
    """Name the terms that a stay takes, oldest first; none when it ends before it starts.

    A term reaches into the month in which the next one begins: an autumn term ends in January, and a spring term
    abroad may end in August. So a stay that began before and ends in that month does not take the next term.
    """
    terms = []
    term = Term.containing(first_day)
    last = Term.containing(last_day)
    if last_day.month in (_FIRST_SPRING_MONTH, _FIRST_AUTUMN_MONTH) and last > term:
        last = last.preceding
    while term <= last and first_day <= last_day:
        terms.append(term)
        term = term.following
    return tuple(terms)
