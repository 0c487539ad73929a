"""A planned day of which perhaps only the month is known."""

import calendar
from dataclasses import dataclass
from datetime import date
from typing import Self


@dataclass(frozen=True, slots=True)
class PlannedDay:
    """A calendar day, or a month of which no day is fixed yet (`day` is None).

    Written `2026-09-07` or `2026-09`. Raises ValueError for a day that no calendar has.
    """

    year: int
    month: int
    day: int | None = None

    def __post_init__(self) -> None:
        date(self.year, self.month, 1 if self.day is None else self.day)

    @classmethod
    def on(cls, day: date) -> Self:
        return cls(day.year, day.month, day.day)

    @property
    def exact(self) -> date | None:
        """The day, where it is known."""
        return None if self.day is None else date(self.year, self.month, self.day)

    @property
    def first(self) -> date:
        """The earliest day that may be meant."""
        return date(self.year, self.month, self.day or 1)

    @property
    def last(self) -> date:
        """The latest day that may be meant."""
        return date(self.year, self.month, self.day or calendar.monthrange(self.year, self.month)[1])

    def is_after(self, other: "PlannedDay") -> bool:
        """Whether this comes later; where either is a month, only months are compared."""
        return self.first > other.last

    def __str__(self) -> str:
        month = f"{self.year:04}-{self.month:02}"
        return month if self.day is None else f"{month}-{self.day:02}"
