"""A planned day may be no more than a month."""

from datetime import date

import pytest

from mobility_bridge.domain.planned_day import PlannedDay


def test_a_day_is_itself() -> None:
    planned = PlannedDay.on(date(2026, 9, 7))

    assert (planned.first, planned.last, planned.exact) == (date(2026, 9, 7),) * 3
    assert str(planned) == "2026-09-07"


def test_a_month_runs_from_its_first_to_its_last_day() -> None:
    planned = PlannedDay(2028, 2)

    assert (planned.first, planned.last, planned.exact) == (date(2028, 2, 1), date(2028, 2, 29), None)
    assert str(planned) == "2028-02"


@pytest.mark.parametrize(
    ("one", "other", "after"),
    [
        (PlannedDay(2026, 9, 8), PlannedDay(2026, 9, 7), True),
        (PlannedDay(2026, 9, 7), PlannedDay(2026, 9, 7), False),
        (PlannedDay(2026, 9, 30), PlannedDay(2026, 9), False),
        (PlannedDay(2026, 9), PlannedDay(2026, 9, 1), False),
        (PlannedDay(2026, 10), PlannedDay(2026, 9, 30), True),
        (PlannedDay(2026, 10, 1), PlannedDay(2026, 9), True),
        (PlannedDay(2026, 9), PlannedDay(2026, 9), False),
    ],
)
def test_where_one_side_is_a_month_months_are_compared(
    one: PlannedDay, other: PlannedDay, *, after: bool
) -> None:
    assert one.is_after(other) is after


@pytest.mark.parametrize(("month", "day"), [(13, None), (0, None), (2, 30), (9, 31), (1, 0)])
def test_a_day_that_no_calendar_has_is_refused(month: int, day: int | None) -> None:
    with pytest.raises(ValueError, match=r"month|day"):
        PlannedDay(2026, month, day)
