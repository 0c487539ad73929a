"""Which registrations the bridge would make: those of our accepted application, and no others."""

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest
from tests.support.stays import (
    APPLICATION,
    AUTUMN,
    EXCHANGE,
    FIRST,
    LAST,
    NOMINATION,
    PERSON,
    SPRING,
    a_stay,
    an_incoming_stay,
    seen,
)

from mobility_bridge.domain.application import PipelineStep
from mobility_bridge.domain.discrepancy import Finding, Owner, Severity, Subject, SubjectKind, Text
from mobility_bridge.domain.exchange import CourseAdmission, ExchangeParticipation
from mobility_bridge.domain.identifiers import LadokUid
from mobility_bridge.domain.nomination import NominationStatus
from mobility_bridge.domain.record import RecordKind
from mobility_bridge.domain.registration import StudyPeriod
from mobility_bridge.domain.stay import Heard, SaidOfPerson, StayCase
from mobility_bridge.ports.registry import RegistrationOrder
from mobility_bridge.reconcile.writes import Bar, registrations

NOW = datetime(2026, 8, 20, 12, tzinfo=UTC)
PERIOD = StudyPeriod(index=1, starts_on=FIRST, ends_on=LAST, state="ej_paborjad")
COURSE = CourseAdmission(LadokUid("abroad"), LadokUid("course"), (PERIOD,))


def exchange(*courses: CourseAdmission, **facts: Any) -> ExchangeParticipation:
    given = {"registrations": (), "registered_terms": (), "courses": courses or (COURSE,), **facts}
    return replace(EXCHANGE, **given)


def unregistered(**facts: Any) -> StayCase:
    return a_stay(**{"now": NOW, "exchange": exchange(), **facts})


def application(**facts: Any) -> Any:
    times = {"gone_at": facts.pop("gone_at")} if "gone_at" in facts else {}
    return seen(RecordKind.APPLICATION, replace(APPLICATION, **facts), source="mobility_online", **times)


def bars(case: StayCase, *findings: Finding) -> set[Bar]:
    found = registrations(case, findings)
    assert len(found) == 1
    return set(found[0].bars)


def finding(code: str, severity: Severity = Severity.BLOCKING) -> Finding:
    said = Text("", "")
    return Finding(code, severity, Owner.US, Subject(SubjectKind.STAY), said, said)


def test_who_is_accepted_and_admitted_and_about_to_leave_is_registered() -> None:
    (found,) = registrations(unregistered())
    assert found.bars == ()
    assert found.order == RegistrationOrder(LadokUid("stu"), LadokUid("abroad"), 1)
    assert (found.term, found.due_on, found.before) == (AUTUMN, FIRST, "ej_paborjad")
    assert (found.key, found.about) == ("registration:ladok:abroad:1", "P1-1 HT26")


def test_who_is_registered_needs_nothing() -> None:
    assert registrations(a_stay(now=NOW)) == ()


def test_who_comes_to_us_is_registered_by_people() -> None:
    assert registrations(an_incoming_stay(now=NOW, exchange=exchange())) == ()


@pytest.mark.parametrize(
    ("facts", "bar"),
    [
        ({"heard": frozenset(Heard) - {Heard.REGISTRY}}, Bar.NOT_READ),
        ({"known_to_registry": False}, Bar.UNKNOWN),
        ({"known_to_registry": None}, Bar.UNKNOWN),
        ({"protected": True}, Bar.PROTECTED),
        ({"persons": (SaidOfPerson("ladok", replace(PERSON, protected=True)),)}, Bar.PROTECTED),
        ({"deceased": True}, Bar.DECEASED),
        ({"application": None}, Bar.NO_APPLICATION),
        ({"application": application(gone_at=NOW)}, Bar.NO_APPLICATION),
        ({"application": application(cancelled=True)}, Bar.NOT_ACTIVE),
        ({"application": application(traineeship=True)}, Bar.LEFT),
        ({"exchange": exchange(withdrawn=True)}, Bar.LEFT),
        ({"exchange": exchange(interrupted=True)}, Bar.LEFT),
        ({"exchange": None}, Bar.NOT_ADMITTED),
        ({"exchange": exchange(cancelled_occasion=True)}, Bar.OCCASION),
        ({"exchange": exchange(occasion=replace(EXCHANGE.occasion, status=4))}, Bar.OCCASION),  # type: ignore[type-var]
        ({"exchange": exchange(replace(COURSE, live=False))}, Bar.NO_COURSE),
        ({"exchange": exchange(replace(COURSE, periods=()))}, Bar.NO_COURSE),
        ({"exchange": exchange(replace(COURSE, periods=(replace(PERIOD, starts_on=None),)))}, Bar.NO_COURSE),
        (
            {"exchange": exchange(replace(COURSE, periods=(replace(PERIOD, state="registrerad"),)))},
            Bar.NO_COURSE,
        ),
        ({"exchange": exchange(COURSE, replace(COURSE, admission_uid=LadokUid("second")))}, Bar.SEVERAL),
        ({"now": datetime(2026, 8, 1, tzinfo=UTC)}, Bar.TOO_EARLY),
        ({"now": datetime(2027, 1, 20, tzinfo=UTC)}, Bar.TERM_OVER),
    ],
)
def test_what_forbids_a_registration_is_named(facts: dict[str, Any], bar: Bar) -> None:
    assert bar in bars(unregistered(**facts))


@pytest.mark.parametrize("status", [NominationStatus.PENDING, NominationStatus.REJECTED])
def test_who_is_not_accepted_is_not_registered(status: NominationStatus) -> None:
    nomination = seen(RecordKind.NOMINATION, replace(NOMINATION, status=status))
    assert bars(unregistered(nomination=nomination)) & {Bar.NOT_ACCEPTED, Bar.NOT_ACTIVE}


def test_an_application_that_nobody_took_up_is_no_acceptance() -> None:
    applied = application(pipeline=(PipelineStep("is_mail_best_bew", done=True),))
    assert Bar.NOT_ACCEPTED in bars(unregistered(nomination=None, application=applied))


def test_two_people_in_one_stay_forbid_every_write() -> None:
    esi = (
        "urn:schac:personalUniqueCode:int:esi:ladok.se:externtstudentuid-00000000-0000-11f2-aa10-000000000001"
    )
    other = SaidOfPerson("ewp", replace(PERSON, global_id=esi))
    assert Bar.TWO_PEOPLE in bars(unregistered(persons=(SaidOfPerson("ladok", PERSON), other)))


def test_a_grave_finding_about_the_person_forbids_every_write() -> None:
    assert Bar.IDENTITY in bars(unregistered(), finding("PERSON_MISMATCH"))
    assert not bars(unregistered(), finding("NAME_MISMATCH", Severity.INFORMATION))


def test_a_registration_elsewhere_forbids_another_one() -> None:
    assert bars(unregistered(), finding("REGISTERED_FOR_OTHER_TERM", Severity.WARNING)) == {Bar.ELSEWHERE}


def test_an_occasion_of_which_the_registry_has_not_told_is_no_hindrance() -> None:
    assert not bars(unregistered(exchange=exchange(occasion=None)))


def test_a_year_abroad_is_registered_term_by_term_and_in_order() -> None:
    spring = StudyPeriod(index=2, starts_on=date(2027, 1, 18), ends_on=date(2027, 6, 6))
    year = replace(COURSE, periods=(PERIOD, spring))
    whole = exchange(year, last_day=date(2027, 6, 6))
    case = unregistered(
        exchange=whole, application=application(terms=(AUTUMN, SPRING), ends_on=date(2027, 6, 6))
    )
    first, second = registrations(case)
    assert (first.bars, first.order and first.order.period) == ((), 1)
    assert set(second.bars) == {Bar.TOO_EARLY, Bar.EARLIER_PERIOD}
    assert (second.order and second.order.period, second.before) == (2, "ej_paborjad")
    begun = replace(year, periods=(replace(PERIOD, state="registrerad"), spring))
    later = replace(
        case,
        now=datetime(2027, 1, 10, tzinfo=UTC),
        exchange=exchange(begun, last_day=date(2027, 6, 6), registered_terms=(AUTUMN,)),
    )
    (second,) = registrations(later)
    assert second.bars == ()


def test_what_cannot_be_named_by_an_admission_is_named_by_stay_and_term() -> None:
    (found,) = registrations(unregistered(exchange=None))
    assert (found.order, found.key) == (None, "registration:ladok:P1-1:HT26")


def test_a_term_that_our_calendar_does_not_know_is_never_over() -> None:
    assert not bars(unregistered(calendar={}, now=datetime(2027, 1, 20, tzinfo=UTC)))
