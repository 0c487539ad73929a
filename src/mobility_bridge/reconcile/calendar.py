"""Days on which time alone changes something.

Source: EWP agreements: expiry; the official template's commitment for changes.
"""

from collections.abc import Iterable
from datetime import date, datetime, timedelta

from mobility_bridge.domain.academic_year import AcademicYear
from mobility_bridge.domain.agreement import CooperationCondition


def grace_end(since: datetime, days: int) -> date:
    """Name the first day on which a grace of so many days is over."""
    return since.date() + timedelta(days=days)


def decision_day(today: date) -> date:
    """Name the next 31 January: until then, changes for the coming academic year are to be agreed."""
    this_year = date(today.year, 1, 31)
    return this_year if today <= this_year else date(today.year + 1, 1, 31)


def months_before(day: date, months: int) -> date:
    """Go back whole months; a day that the month lacks becomes its last one."""
    index = day.year * 12 + day.month - 1 - months
    first = date(index // 12, index % 12 + 1, 1)
    following = date((index + 1) // 12, (index + 1) % 12 + 1, 1)
    return min(first.replace(day=1) + timedelta(days=day.day - 1), following - timedelta(days=1))


def first_day(conditions: Iterable[CooperationCondition]) -> date | None:
    """Name the day on which the first condition starts; None when no year can be read."""
    years = (AcademicYear.parse(each.receiving_first_academic_year_id) for each in conditions)
    return min((year.first_day for year in years if year is not None), default=None)


def last_days(conditions: Iterable[CooperationCondition]) -> list[date]:
    """Name each condition's last day, earliest first, as far as the years can be read."""
    years = (AcademicYear.parse(each.receiving_last_academic_year_id) for each in conditions)
    return sorted(year.last_day for year in years if year is not None)
