"""Academic years as documents write them: `2026/2027` in the north, `2026/2026` in the south."""

from datetime import date


def academic_year(day: date) -> int:
    """The year in which the northern academic year of a day started."""
    return day.year if day.month >= 9 else day.year - 1


def year_id(start: int, *, southern: bool = False) -> str:
    return f"{start}/{start if southern else start + 1}"


def years(first_year: str, last_year: str) -> list[str]:
    """Every academic year of a period, in the notation of its first one."""
    first, second = _pair(first_year)
    last = _pair(last_year)[0]
    return [f"{year}/{year + second - first}" for year in range(first, last + 1)]


def first_day(year: str) -> date:
    """The first day of an academic year: 1 September in the north, 1 January in the south."""
    first, second = _pair(year)
    return date(first, 9, 1) if second > first else date(first, 1, 1)


def last_day(year: str) -> date:
    """The last day of an academic year: 31 August in the north, 31 December in the south."""
    first, second = _pair(year)
    return date(second, 8, 31) if second > first else date(second, 12, 31)


def _pair(year: str) -> tuple[int, int]:
    first, second = year.split("/")
    return int(first), int(second)
