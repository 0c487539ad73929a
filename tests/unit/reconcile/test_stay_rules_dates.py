"""Planned and actual days of a stay."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from tests.support.stay_rules import found, incoming, outgoing, said, speaks_well
from tests.support.stays import (
    APPLICATION,
    EXCHANGE,
    FIRST,
    FIRST_VERSION,
    LA,
    LAST,
    NOMINATION,
    NOW,
    OMOBILITY,
    SPRING,
    a_stay,
    an_incoming_stay,
    arrived,
    component,
    seen,
)

from mobility_bridge.domain.discrepancy import Owner, Severity
from mobility_bridge.domain.incoming_mobility import ActualDates
from mobility_bridge.domain.learning_agreement import LearningAgreement
from mobility_bridge.domain.nomination import ActivityAttributes, NominationStatus
from mobility_bridge.domain.planned_day import PlannedDay
from mobility_bridge.domain.record import RecordKind
from mobility_bridge.domain.stay import Seen, StayCase

DAY = timedelta(days=1)
AFTER = datetime(2027, 2, 20, 12, tzinfo=UTC)
IN_OCTOBER = datetime(2026, 10, 1, 12, tzinfo=UTC)


def planned(first: PlannedDay | date | None, last: PlannedDay | date | None) -> LearningAgreement:
    days = (PlannedDay.on(each) if isinstance(each, date) else each for each in (first, last))
    start, end = days
    return replace(LA, start=start, end=end)


def nominated(**facts: Any) -> Seen[Any]:
    return seen(RecordKind.NOMINATION, replace(NOMINATION, **facts))


def applied(**facts: Any) -> Seen[Any]:
    return seen(RecordKind.APPLICATION, replace(APPLICATION, **facts), source="mobility_online")


def stayed(first: date | None, last: date | None, **facts: Any) -> StayCase:
    return a_stay(arrival=arrived(first, last), now=AFTER, **facts)


def restated(arrival: date | None, *earlier: date | None) -> StayCase:
    former = [(ActualDates(OMOBILITY, each), NOW) for each in earlier]
    return a_stay(arrival=arrived(arrival, None, *former), now=IN_OCTOBER)


BLENDED = replace(
    LA,
    first_version=replace(
        FIRST_VERSION,
        components_studied=None,
        components_recognized=None,
        blended_mobility_components=(component("Week", "W", short_description="online"),),
    ),
    start=PlannedDay(2026, 10, 1),
    end=PlannedDay(2026, 10, 5),
)
WITHDRAWN = replace(EXCHANGE, withdrawn=True)
UNDATED = replace(LA, start=None, end=None)
NOWHERE = {"application": None, "exchange": None}


@pytest.mark.parametrize(
    ("code", "case", "times"),
    [
        ("PLAN_DATES_INVALID", lambda: outgoing(planned(LAST, FIRST)), 1),
        ("PLAN_DATES_INVALID", lambda: incoming(planned(FIRST, PlannedDay(2026, 7))), 1),
        ("PLAN_DATES_INVALID", lambda: outgoing(planned(FIRST, date(2027, 9, 2))), 1),
        ("PLAN_DATES_INVALID", lambda: outgoing(planned(FIRST, date(2027, 8, 31))), 0),
        ("PLAN_DATES_INVALID", lambda: outgoing(planned(FIRST, date(2026, 10, 28))), 1),
        ("PLAN_DATES_INVALID", lambda: outgoing(planned(FIRST, date(2026, 10, 29))), 0),
        ("PLAN_DATES_INVALID", lambda: outgoing(BLENDED, application=None), 0),
        (
            "PLAN_DATES_INVALID",
            lambda: outgoing(replace(BLENDED, end=PlannedDay(2026, 12, 1)), application=None),
            1,
        ),
        ("PLAN_DATES_INVALID", lambda: a_stay(application=applied(ends_on=date(2026, 8, 1))), 1),
        ("PLAN_DATES_INVALID", lambda: a_stay(application=applied(ends_on=None)), 0),
        (
            "PLAN_DATES_INVALID",
            lambda: a_stay(
                learning_agreement=None,
                application=None,
                nomination=nominated(
                    activity_attributes=ActivityAttributes.SHORT_TERM_BLENDED,
                    planned_arrival_date=FIRST,
                    planned_departure_date=FIRST + 5 * DAY,
                ),
            ),
            0,
        ),
        (
            "PLAN_DATES_INVALID",
            lambda: outgoing(planned(LAST, FIRST), nomination=nominated(status=NominationStatus.CANCELLED)),
            0,
        ),
        ("PLAN_DATES_DRIFT", lambda: a_stay(application=applied(starts_on=FIRST + 8 * DAY)), 1),
        (
            "PLAN_DATES_DRIFT",
            lambda: a_stay(application=applied(starts_on=FIRST - 8 * DAY, ends_on=LAST + 8 * DAY)),
            2,
        ),
        ("PLAN_DATES_DRIFT", lambda: a_stay(application=applied(starts_on=FIRST + 7 * DAY)), 0),
        ("PLAN_DATES_DRIFT", lambda: outgoing(planned(PlannedDay(2026, 8), PlannedDay(2027, 1))), 0),
        ("PLAN_DATES_DRIFT", lambda: a_stay(nomination=nominated(planned_departure_date=LAST + 30 * DAY)), 1),
        ("PLAN_DATES_DRIFT", lambda: a_stay(application=applied(ends_on=LAST + 30 * DAY, extended=True)), 0),
        (
            "PLAN_DATES_DRIFT",
            lambda: a_stay(application=applied(ends_on=LAST + 30 * DAY), learning_agreement=None),
            0,
        ),
        ("STAY_EXTENDED", lambda: a_stay(application=applied(ends_on=LAST + 30 * DAY, extended=True)), 1),
        ("STAY_EXTENDED", lambda: a_stay(application=applied(ends_on=LAST, extended=True)), 0),
        ("STAY_EXTENDED", lambda: outgoing(replace(LA, end=None), application=applied(extended=True)), 0),
        ("STAY_EXTENDED", lambda: stayed(FIRST, LAST + 8 * DAY), 1),
        ("STAY_EXTENDED", lambda: stayed(FIRST, LAST + 7 * DAY), 0),
        ("STAY_EXTENDED", lambda: stayed(FIRST, None, application=None), 0),
        ("STAY_EXTENDED", lambda: outgoing(UNDATED, **NOWHERE), 0),
        (
            "PLAN_OUTSIDE_TERM",
            lambda: a_stay(nomination=nominated(sending_academic_term_ewp_id="2026/2027-2/2")),
            1,
        ),
        (
            "PLAN_OUTSIDE_TERM",
            lambda: a_stay(nomination=nominated(sending_academic_term_ewp_id="2026/2027-1/1")),
            0,
        ),
        (
            "PLAN_OUTSIDE_TERM",
            lambda: a_stay(nomination=nominated(sending_academic_term_ewp_id="2026/2027-1/3")),
            0,
        ),
        (
            "PLAN_OUTSIDE_TERM",
            lambda: a_stay(nomination=nominated(sending_academic_term_ewp_id="2030/2031-1/1")),
            0,
        ),
        ("PLAN_OUTSIDE_TERM", lambda: a_stay(nomination=None, application=applied(terms=(SPRING,))), 1),
        ("PLAN_OUTSIDE_TERM", lambda: an_incoming_stay(application=applied(terms=(SPRING,))), 1),
        ("PLAN_OUTSIDE_TERM", lambda: an_incoming_stay(application=None), 0),
        ("PLAN_DATES_INVALID", lambda: a_stay(learning_agreement=None, nomination=None), 0),
        (
            "DATES_CHANGED_AFTER_REPORT",
            lambda: an_incoming_stay(arrival=arrived(None, None, (ActualDates(OMOBILITY, FIRST), NOW))),
            0,
        ),
        ("PLAN_OUTSIDE_TERM", lambda: outgoing(replace(LA, end=None)), 0),
        ("ARRIVED_WITHOUT_APPROVAL", lambda: an_incoming_stay(arrival=arrived(), nomination=pending()), 1),
        ("ARRIVED_WITHOUT_APPROVAL", lambda: an_incoming_stay(arrival=arrived(), learning_agreement=None), 1),
        ("ARRIVED_WITHOUT_APPROVAL", lambda: incoming(replace(LA, first_version=None), arrival=arrived()), 1),
        ("ARRIVED_WITHOUT_APPROVAL", lambda: incoming(LA, arrival=arrived(), gone_at=NOW), 0),
        ("ARRIVED_WITHOUT_APPROVAL", lambda: an_incoming_stay(arrival=arrived()), 0),
        ("ARRIVED_WITHOUT_APPROVAL", lambda: an_incoming_stay(nomination=pending()), 0),
        ("ARRIVED_WITHOUT_APPROVAL", lambda: a_stay(arrival=arrived(), nomination=pending()), 0),
        ("DEPARTURE_BEFORE_ARRIVAL", lambda: stayed(LAST, FIRST), 1),
        ("DEPARTURE_BEFORE_ARRIVAL", lambda: stayed(None, LAST), 1),
        ("DEPARTURE_BEFORE_ARRIVAL", lambda: stayed(FIRST, FIRST), 0),
        ("STAY_BELOW_MINIMUM", lambda: stayed(FIRST, FIRST + 58 * DAY), 1),
        ("STAY_BELOW_MINIMUM", lambda: stayed(FIRST, FIRST + 59 * DAY), 0),
        ("STAY_BELOW_MINIMUM", lambda: stayed(LAST, FIRST), 0),
        ("STAY_BELOW_MINIMUM", lambda: outgoing(BLENDED, arrival=arrived(FIRST, FIRST + 3 * DAY)), 1),
        ("STAY_BELOW_MINIMUM", lambda: outgoing(BLENDED, arrival=arrived(FIRST, FIRST + 4 * DAY)), 0),
        ("STAY_BELOW_MINIMUM", lambda: an_incoming_stay(arrival=arrived(FIRST, FIRST + DAY)), 0),
        ("STAY_SHORTENED", lambda: stayed(FIRST, LAST - 6 * DAY), 1),
        ("STAY_SHORTENED", lambda: stayed(FIRST, LAST - 5 * DAY), 0),
        ("STAY_SHORTENED", lambda: stayed(FIRST, FIRST + 10 * DAY), 0),
        ("ARRIVAL_MISSING", lambda: a_stay(now=IN_OCTOBER), 1),
        ("ARRIVAL_MISSING", lambda: a_stay(now=IN_OCTOBER, arrival=arrived(None)), 1),
        ("ARRIVAL_MISSING", lambda: a_stay(now=datetime(2026, 9, 14, 12, tzinfo=UTC)), 0),
        ("ARRIVAL_MISSING", lambda: a_stay(now=IN_OCTOBER, arrival=arrived()), 0),
        ("ARRIVAL_MISSING", lambda: a_stay(now=IN_OCTOBER, nomination=pending()), 0),
        ("ARRIVAL_MISSING", lambda: a_stay(now=IN_OCTOBER, heard=frozenset()), 0),
        ("ARRIVAL_MISSING", lambda: a_stay(now=IN_OCTOBER, exchange=WITHDRAWN), 0),
        ("ARRIVAL_MISSING", lambda: a_stay(now=IN_OCTOBER, exchange=None), 1),
        ("DEPARTURE_MISSING", lambda: stayed(FIRST, None), 1),
        ("DEPARTURE_MISSING", lambda: stayed(FIRST, LAST), 0),
        ("DEPARTURE_MISSING", lambda: stayed(None, None), 0),
        ("DEPARTURE_MISSING", lambda: a_stay(arrival=arrived(), now=datetime(2027, 2, 7, tzinfo=UTC)), 0),
        ("ARRIVAL_DRIFT", lambda: a_stay(arrival=arrived(FIRST + 8 * DAY), now=IN_OCTOBER), 1),
        ("ARRIVAL_DRIFT", lambda: a_stay(arrival=arrived(FIRST - 8 * DAY), now=IN_OCTOBER), 1),
        ("ARRIVAL_DRIFT", lambda: a_stay(arrival=arrived(FIRST + 7 * DAY), now=IN_OCTOBER), 0),
        (
            "ARRIVAL_DRIFT",
            lambda: outgoing(replace(LA, start=PlannedDay(2026, 8)), arrival=arrived(date(2026, 8, 4))),
            0,
        ),
        ("ARRIVAL_DRIFT", lambda: a_stay(now=IN_OCTOBER), 0),
        ("ARRIVAL_DRIFT", lambda: outgoing(UNDATED, arrival=arrived(FIRST + 9 * DAY)), 1),
        ("DATES_CHANGED_AFTER_REPORT", lambda: restated(FIRST, FIRST + DAY), 1),
        ("DATES_CHANGED_AFTER_REPORT", lambda: restated(FIRST, None), 0),
        ("DATES_CHANGED_AFTER_REPORT", lambda: restated(FIRST, FIRST, FIRST + DAY), 0),
        ("DATES_CHANGED_AFTER_REPORT", lambda: a_stay(now=IN_OCTOBER), 0),
    ],
)
def test_days(code: str, case: Callable[[], StayCase], times: int) -> None:
    findings = said(case(), code)
    assert len(findings) == times
    assert all(map(speaks_well, findings))


def pending() -> Seen[Any]:
    return nominated(status=NominationStatus.PENDING)


def test_a_date_taken_back_is_said_to_be_nothing() -> None:
    finding = said(restated(None, FIRST), "DATES_CHANGED_AFTER_REPORT")[0]
    assert finding.values["now"] == ""
    assert "now states nothing" in finding.text.en


def test_an_arrival_far_from_the_plan_is_more_than_information() -> None:
    near, far = (
        said(a_stay(arrival=arrived(FIRST + days * DAY), now=IN_OCTOBER), "ARRIVAL_DRIFT")[0]
        for days in (14, 15)
    )
    assert (near.severity, far.severity) == (Severity.INFORMATION, Severity.WARNING)


def test_whoever_receives_has_to_tell() -> None:
    assert said(a_stay(now=IN_OCTOBER), "ARRIVAL_MISSING")[0].owner is Owner.PARTNER
    finding = said(an_incoming_stay(now=IN_OCTOBER), "ARRIVAL_MISSING")[0]
    assert (finding.owner, finding.due_on) == (Owner.US, date(2026, 9, 14))


def test_days_of_a_stay_in_order_are_not_mentioned() -> None:
    case = stayed(FIRST, LAST)
    assert not [
        each.code for each in found(case) if each.code.startswith(("PLAN_", "ARRIV", "DEPART", "STAY_"))
    ]
