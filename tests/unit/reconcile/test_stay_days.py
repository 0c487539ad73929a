"""The days of a stay, and when to look at it again."""

from dataclasses import replace
from datetime import UTC, date, datetime

from tests.support.stays import APPLICATION, FIRST, LAST, a_stay, an_incoming_stay, arrived, seen

from mobility_bridge.domain.record import RecordKind
from mobility_bridge.reconcile.engine import evaluate_stay
from mobility_bridge.reconcile.stay_days import first_day, last_day, planned_days, stay_revisit


def test_a_stay_in_order_gives_no_finding() -> None:
    assert evaluate_stay(a_stay()).findings == ()
    assert evaluate_stay(an_incoming_stay()).findings == ()


def test_the_learning_agreement_is_the_master_of_planned_days() -> None:
    other = seen(RecordKind.APPLICATION, replace(APPLICATION, starts_on=date(2026, 9, 14)))
    assert planned_days(a_stay(application=other)).first == FIRST
    without = a_stay(application=other, learning_agreement=None)
    assert planned_days(without).first == date(2026, 9, 14)
    assert planned_days(a_stay(application=None, learning_agreement=None)).source == "registry"


def test_actual_days_come_before_planned_ones() -> None:
    case = a_stay(arrival=arrived(date(2026, 9, 3)))
    assert (first_day(case), last_day(case)) == (date(2026, 9, 3), LAST)


def test_a_stay_is_looked_at_again_when_patience_ends() -> None:
    case = a_stay(now=datetime(2026, 8, 16, 12, tzinfo=UTC))
    assert stay_revisit(case) == date(2026, 8, 17)  # fourteen days before the start


def test_a_stay_long_over_is_left_alone() -> None:
    assert stay_revisit(a_stay(now=datetime(2029, 1, 1, tzinfo=UTC))) is None
