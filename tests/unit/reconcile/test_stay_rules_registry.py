"""The student registry against the other systems: one fact out of order gives one finding."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest
from tests.support.stay_findings import codes, findings
from tests.support.stays import (
    AGREEMENT,
    APPLICATION,
    AUTUMN,
    BRAVA,
    CALENDAR,
    EXCHANGE,
    FIRST,
    LA,
    LAST,
    LONG_AGO,
    NOMINATION,
    OMOBILITY,
    SPRING,
    US,
    a_stay,
    an_incoming_stay,
    arrived,
    seen,
)

from mobility_bridge.domain.discrepancy import Severity, Subject, SubjectKind
from mobility_bridge.domain.exchange import ExchangeParticipation
from mobility_bridge.domain.identifiers import HeiId, LadokUid
from mobility_bridge.domain.incoming_mobility import ActualDates, ReceiverVerdict
from mobility_bridge.domain.learning_agreement import ChangesProposal, ComponentLists
from mobility_bridge.domain.nomination import NominationStatus
from mobility_bridge.domain.occasion import ExternalParty
from mobility_bridge.domain.person import Direction
from mobility_bridge.domain.planned_day import PlannedDay
from mobility_bridge.domain.record import RecordKind, StayId, StudentId
from mobility_bridge.domain.stay import Heard, OtherStay, SaidOfPerson, Seen, StayCase
from mobility_bridge.domain.term import Term
from mobility_bridge.reconcile import registry

RULES = registry._REGISTRY
FIRST_STAY = Subject(SubjectKind.STAY, BRAVA, stay_id=StayId("P1-0"), student_id=StudentId("P1"))
CALA = HeiId("cala.example")
SUMMER = date(2027, 6, 6)
Make = Callable[[], StayCase]


def at(year: int, month: int, day: int) -> datetime:
    return datetime(year, month, day, 12, tzinfo=UTC)


def exchange(**facts: Any) -> ExchangeParticipation:
    return replace(EXCHANGE, **facts)


def application(**facts: Any) -> Seen[Any]:
    return seen(RecordKind.APPLICATION, replace(APPLICATION, **facts), source="mobility_online")


def nomination(status: NominationStatus, **facts: Any) -> Seen[Any]:
    said = replace(NOMINATION, status=status, written_status=str(status))
    return seen(RecordKind.NOMINATION, said, **facts)


def la(**facts: Any) -> Seen[Any]:
    return seen(RecordKind.LEARNING_AGREEMENT, replace(LA, **facts))


def unregistered(**facts: Any) -> StayCase:
    case = a_stay(exchange=exchange(registrations=(), registered_terms=()), now=at(2026, 8, 20))
    return replace(case, **facts)


def unadmitted(**facts: Any) -> StayCase:
    return replace(a_stay(exchange=None), **facts)


def two_terms(**facts: Any) -> StayCase:
    """A year abroad by application and learning agreement."""
    both = application(terms=(AUTUMN, SPRING), full_year=True, ends_on=SUMMER)
    case = a_stay(application=both, learning_agreement=la(end=PlannedDay.on(SUMMER)))
    return replace(case, **facts)


def expected(**facts: Any) -> StayCase:
    """An incoming student before the registry's deadline."""
    return replace(an_incoming_stay(now=at(2026, 6, 20)), **facts)


def elsewhere(**facts: Any) -> OtherStay:
    other = OtherStay(StayId("P1-0"), Direction.OUTGOING, CALA, FIRST, LAST, active=True)
    return replace(other, **facts)


def nowhere_else(**facts: Any) -> StayCase:
    return replace(a_stay(application=None, nomination=None, learning_agreement=None), **facts)


def withdrawn(**facts: Any) -> ExchangeParticipation:
    return exchange(withdrawn=True, withdrawn_on=date(2026, 7, 1), **facts)


CASES: tuple[tuple[tuple[str, ...], Make], ...] = (
    (("REGISTRATION_MISSING",), unregistered),
    (("REGISTRATION_MISSING",), lambda: unregistered(now=at(2026, 11, 1))),
    (("REGISTRATION_MISSING", "ADMISSION_MISSING"), lambda: unregistered(exchange=None)),
    (
        ("REGISTRATION_MISSING", "ADMISSION_MISSING"),
        lambda: unregistered(exchange=None, known_to_registry=None),
    ),
    (
        ("REGISTRATION_MISSING",),
        lambda: unregistered(exchange=None, nomination=nomination(NominationStatus.PENDING)),
    ),
    (("ADMISSION_MISSING",), unadmitted),
    (
        ("EXTENDED_ONE_SIDED",),
        lambda: two_terms(application=application(terms=(AUTUMN, SPRING), extended=True)),
    ),
    (
        ("EXTENDED_ONE_SIDED",),
        lambda: two_terms(
            application=seen(
                RecordKind.APPLICATION,
                replace(APPLICATION, terms=(AUTUMN, SPRING)),
                (APPLICATION, LONG_AGO),
            )
        ),
    ),
    (
        ("EXTENDED_ONE_SIDED",),
        lambda: a_stay(exchange=exchange(last_day=SUMMER, registered_terms=(AUTUMN, SPRING))),
    ),
    (
        ("REGISTERED_FOR_OTHER_TERM",),
        lambda: a_stay(exchange=exchange(registered_terms=(SPRING,))),
    ),
    (
        ("REGISTERED_FOR_OTHER_TERM",),
        lambda: a_stay(exchange=exchange(registered_terms=(AUTUMN.preceding, AUTUMN))),
    ),
    (("REGISTERED_ON_OTHER_AGREEMENT",), lambda: a_stay(exchange=exchange(partner_hei_id=CALA))),
    (
        ("REGISTERED_ON_OTHER_AGREEMENT",),
        lambda: a_stay(exchange=exchange(partner_hei_id=CALA, agreement=None)),
    ),
    (
        ("REGISTERED_ON_OTHER_AGREEMENT",),
        lambda: unadmitted(other_stays=(elsewhere(in_registry=True, elsewhere=False),)),
    ),
    (("NOT_ESTABLISHED",), lambda: expected(exchange=None, known_to_registry=False)),
    (("NOT_LINKED_OR_ADMITTED",), lambda: expected(exchange=None)),
    (
        ("ARRIVED_NOT_REGISTERED",),
        lambda: an_incoming_stay(
            arrival=arrived(), now=at(2026, 9, 20), exchange=exchange(registrations=(), registered_terms=())
        ),
    ),
    (("REGISTERED_NOT_ARRIVED",), lambda: an_incoming_stay(now=at(2026, 9, 20))),
    (
        ("REGISTRY_AGREEMENT_MISSING",),
        lambda: unadmitted(registry_agreement_exists=False, occasion_exists=False),
    ),
    (("OCCASION_MISSING",), lambda: unadmitted(occasion_exists=False)),
    (("OCCASION_CANCELLED",), lambda: a_stay(exchange=exchange(cancelled_occasion=True))),
    (("OCCASION_CANCELLED",), lambda: a_stay(exchange=exchange(cancelled_occasion=True, occasion=None))),
    (
        ("AGREEMENT_ENDS_BEFORE_TERM",),
        lambda: a_stay(agreement=replace(AGREEMENT, last_day=date(2026, 12, 31))),
    ),
    (
        ("AGREEMENT_ENDS_BEFORE_TERM",),
        lambda: a_stay(
            exchange=exchange(
                party=ExternalParty(as_of=LONG_AGO, external_party_id="7", valid_to=date(2026, 9, 30))
            )
        ),
    ),
    (("ACTIVE_BUT_WITHDRAWN",), lambda: a_stay(exchange=withdrawn())),
    (
        ("ACTIVE_BUT_WITHDRAWN",),
        lambda: a_stay(exchange=exchange(interrupted=True, interrupted_on=date(2026, 7, 1))),
    ),
    (("WITHDRAWN_ONE_SIDED",), lambda: a_stay(exchange=withdrawn(), nomination=None)),
    (("WITHDRAWN_ONE_SIDED",), lambda: an_incoming_stay(exchange=withdrawn(), application=None)),
    (("WITHDRAWN_ONE_SIDED",), lambda: a_stay(application=application(cancelled=True))),
    (("CANCELLED_BUT_ACTIVE",), lambda: a_stay(nomination=nomination(NominationStatus.CANCELLED))),
    (
        ("CANCELLED_BUT_ACTIVE",),
        lambda: a_stay(
            exchange=None,
            nomination=nomination(NominationStatus.CANCELLED),
            learning_agreement=la(changes_proposal=ChangesProposal("p2", ComponentLists())),
        ),
    ),
    (
        ("CANCELLED_BUT_ACTIVE",),
        lambda: a_stay(exchange=None, arrival=arrived(), nomination=nomination(NominationStatus.CANCELLED)),
    ),
    (
        ("CANCELLED_BUT_ACTIVE",),
        lambda: a_stay(exchange=None, arrival=arrived(), nomination=nomination(NominationStatus.REJECTED)),
    ),
    (
        ("INTERRUPTED_ONE_SIDED",),
        lambda: a_stay(
            now=at(2026, 11, 1), exchange=exchange(interrupted=True, interrupted_on=date(2026, 10, 5))
        ),
    ),
    (
        ("INTERRUPTED_ONE_SIDED",),
        lambda: a_stay(now=at(2026, 11, 1), arrival=arrived(FIRST, date(2026, 10, 5))),
    ),
    (
        ("SIS_EXCHANGE_PERIOD_DRIFT",),
        lambda: a_stay(exchange=exchange(first_day=date(2026, 9, 28))),
    ),
    (
        ("SIS_EXCHANGE_PERIOD_DRIFT",),
        lambda: a_stay(exchange=exchange(last_day=date(2026, 12, 20))),
    ),
    (
        ("DOUBLE_EXCHANGE",),
        lambda: a_stay(exchange_others=(exchange(admission_uid=LadokUid("adm2"), occasion=None),)),
    ),
    (("DOUBLE_EXCHANGE",), lambda: a_stay(other_stays=(elsewhere(in_registry=True),))),
    (("ORPHANED_EXCHANGE",), nowhere_else),
)


@pytest.mark.parametrize(
    ("expected_codes", "make"), CASES, ids=[f"{'+'.join(codes)}-{n}" for n, (codes, _) in enumerate(CASES)]
)
def test_each_fact_out_of_order_gives_its_code(expected_codes: tuple[str, ...], make: Make) -> None:
    assert codes(RULES, make()) == list(expected_codes)


def test_every_rule_is_shown_to_fire() -> None:
    assert {rule.code for rule in RULES} == {code for expected_codes, _ in CASES for code in expected_codes}


NEAR_MISSES: dict[str, Make] = {
    "the outgoing stay in order": a_stay,
    "no agreement is known": lambda: a_stay(agreement=None),
    "the incoming stay in order": an_incoming_stay,
    "departure is still far": lambda: unregistered(now=at(2026, 8, 1)),
    "the stay was over long ago": lambda: unregistered(now=at(2028, 8, 1)),
    "the registry was not heard": lambda: unregistered(exchange=None, heard=frozenset({Heard.APPLICATIONS})),
    "the student died": lambda: unregistered(deceased=True),
    "the stay is cancelled": lambda: unregistered(application=application(cancelled=True), exchange=None),
    "the nomination is rejected": lambda: unregistered(
        exchange=None, nomination=nomination(NominationStatus.REJECTED)
    ),
    "all records are gone": lambda: unregistered(
        exchange=None,
        application=seen(RecordKind.APPLICATION, APPLICATION, gone_at=LONG_AGO),
        nomination=None,
        learning_agreement=None,
    ),
    "a traineeship": lambda: unregistered(exchange=None, application=application(traineeship=True)),
    "unknown to the registry": lambda: unregistered(exchange=None, known_to_registry=False),
    "another person": lambda: unregistered(
        persons=(
            SaidOfPerson("ladok", replace(a_stay().persons[0].person, civic_number="199001012384")),
            SaidOfPerson("ewp", replace(a_stay().persons[0].person, civic_number="199101012383")),
        )
    ),
    "admission is not due": lambda: unadmitted(now=at(2026, 6, 15)),
    "admission before the partner's answer": lambda: unadmitted(
        nomination=nomination(NominationStatus.PENDING)
    ),
    "the second term is not due": two_terms,
    "the second term has an exchange of its own": lambda: two_terms(
        now=at(2027, 1, 10),
        exchange_others=(
            exchange(
                admission_uid=LadokUid("adm2"),
                first_day=date(2027, 1, 18),
                last_day=SUMMER,
                registered_terms=(SPRING,),
            ),
        ),
    ),
    "a year of which the registry says no days": lambda: two_terms(
        exchange=exchange(first_day=None, last_day=None, registered_terms=(AUTUMN, SPRING)),
        now=at(2027, 1, 10),
    ),
    "no partner on the exchange": lambda: a_stay(exchange=exchange(partner_hei_id=None)),
    "a stay elsewhere in another year": lambda: unadmitted(
        now=at(2026, 6, 1),
        other_stays=(
            elsewhere(
                in_registry=True, elsewhere=False, first_day=date(2025, 8, 31), last_day=date(2026, 1, 17)
            ),
            elsewhere(in_registry=True, elsewhere=False, first_day=None),
            elsewhere(in_registry=True, elsewhere=False, direction=Direction.INCOMING),
            elsewhere(in_registry=True, elsewhere=False, partner_hei_id=BRAVA),
        ),
    ),
    "not yet accepted": lambda: expected(
        exchange=None, known_to_registry=False, nomination=nomination(NominationStatus.PENDING)
    ),
    "the registry was not heard of whom it does not know": lambda: expected(
        exchange=None, known_to_registry=False, heard=frozenset()
    ),
    "nobody may be established before there is an occasion": lambda: expected(
        exchange=None, occasion_exists=False, occasion_terms=(SPRING,), now=at(2026, 3, 20)
    ),
    "an application nobody has looked at": lambda: unadmitted(
        nomination=None,
        application=seen(RecordKind.APPLICATION, APPLICATION, gone_at=LONG_AGO),
    ),
    "much too early to establish": lambda: expected(
        exchange=None, known_to_registry=False, now=at(2026, 3, 20)
    ),
    "nobody knows when it is": lambda: expected(
        exchange=None,
        known_to_registry=False,
        learning_agreement=None,
        application=application(terms=(), starts_on=None),
    ),
    "arrived the other day": lambda: an_incoming_stay(
        arrival=arrived(), now=at(2026, 9, 5), exchange=exchange(registrations=(), registered_terms=())
    ),
    "arrivals were not heard": lambda: an_incoming_stay(
        now=at(2026, 9, 20), heard=frozenset(Heard) - {Heard.ARRIVALS}
    ),
    "registered, and arriving these days": lambda: an_incoming_stay(now=at(2026, 9, 5)),
    "accepted without any trace but the exchange": lambda: nowhere_else(
        now=at(2026, 8, 20),
        exchange=exchange(registered_terms=()),
        direction=Direction.OUTGOING,
        heard=frozenset({Heard.REGISTRY}),
    ),
    "arrived and registered": lambda: an_incoming_stay(now=at(2026, 9, 20), arrival=arrived()),
    "the occasion of this term exists": lambda: a_stay(
        exchange=None, occasion_exists=False, occasion_terms=(AUTUMN,), now=at(2026, 6, 1)
    ),
    "the agreement is not needed yet": lambda: unadmitted(
        registry_agreement_exists=False, now=at(2026, 3, 1)
    ),
    "the term without agreement is over": lambda: unadmitted(
        registry_agreement_exists=False,
        now=at(2027, 3, 1),
        direction=Direction.INCOMING,
        known_to_registry=None,
    ),
    "the agreement ended with its year": lambda: a_stay(
        agreement=replace(AGREEMENT, last_day=date(2026, 8, 31), last_academic_year="2025/2026")
    ),
    "the agreement ended after the stay": lambda: a_stay(
        agreement=replace(AGREEMENT, last_day=date(2027, 1, 10)), now=at(2027, 3, 1)
    ),
    "no days to measure the agreement by": lambda: a_stay(
        exchange=None,
        now=at(2026, 3, 1),
        learning_agreement=None,
        application=application(terms=(), starts_on=None),
    ),
    "withdrawn on both sides": lambda: a_stay(exchange=withdrawn(), application=application(cancelled=True)),
    "moved to another occasion": lambda: a_stay(
        exchange=exchange(),
        exchange_others=(exchange(admission_uid=LadokUid("old"), replaced=True, withdrawn=True),),
    ),
    "cancelled on both sides": lambda: a_stay(
        exchange=withdrawn(), nomination=nomination(NominationStatus.CANCELLED)
    ),
    "cancelled after the arrival": lambda: a_stay(
        exchange=None,
        arrival=arrived(date(2026, 3, 1)),
        nomination=nomination(NominationStatus.CANCELLED),
    ),
    "cancelled after the exchange": lambda: a_stay(
        exchange=exchange(completed=True), nomination=nomination(NominationStatus.CANCELLED)
    ),
    "interrupted near the end": lambda: a_stay(
        now=at(2027, 1, 16), exchange=exchange(interrupted=True, interrupted_on=date(2027, 1, 14))
    ),
    "interrupted, and gone that day": lambda: a_stay(
        now=at(2026, 11, 1),
        arrival=arrived(FIRST, date(2026, 10, 5)),
        exchange=exchange(interrupted=True, interrupted_on=date(2026, 10, 5)),
    ),
    "interrupted on a day nobody knows": lambda: a_stay(exchange=exchange(interrupted=True)),
    "left early, with everything done": lambda: a_stay(
        now=at(2026, 11, 1), arrival=arrived(FIRST, date(2026, 10, 5)), exchange=exchange(completed=True)
    ),
    "left when planned": lambda: a_stay(now=at(2027, 1, 20), arrival=arrived(FIRST, date(2027, 1, 10))),
    "one exchange after the other": lambda: a_stay(
        other_stays=(elsewhere(in_registry=True, first_day=date(2026, 1, 18), last_day=date(2026, 6, 6)),)
    ),
    "the other stay tells of the double": lambda: a_stay(
        other_stays=(elsewhere(in_registry=True, stay_id=StayId("P1-2")),)
    ),
    "applications were not heard": lambda: nowhere_else(heard=frozenset({Heard.REGISTRY})),
    "the lonely exchange is over": lambda: nowhere_else(now=at(2027, 3, 1)),
    "the lonely exchange is that of another stay": lambda: nowhere_else(
        other_stays=(
            elsewhere(active=False),
            elsewhere(direction=Direction.INCOMING),
            elsewhere(first_day=None),
            elsewhere(first_day=date(2025, 9, 1), last_day=date(2025, 12, 1)),
            elsewhere(),
        )
    ),
    "the year abroad is one stay elsewhere and an exchange per term in the registry": lambda: two_terms(
        now=at(2027, 1, 10),
        other_stays=(
            elsewhere(
                partner_hei_id=BRAVA,
                in_registry=True,
                elsewhere=False,
                first_day=date(2027, 1, 18),
                last_day=SUMMER,
                admitted_terms=(SPRING,),
                registered_terms=(SPRING,),
            ),
        ),
    ),
    "the second half of a year is that of another stay": lambda: nowhere_else(
        other_stays=(elsewhere(partner_hei_id=BRAVA, in_registry=True),), subject=FIRST_STAY
    ),
    "the registry does not name the partner": lambda: unregistered(
        exchange=None,
        other_stays=(
            elsewhere(
                partner_hei_id=None,
                in_registry=True,
                elsewhere=False,
                admitted_terms=(AUTUMN,),
                registered_terms=(AUTUMN,),
            ),
        ),
    ),
    "a stay of which nothing is there": lambda: nowhere_else(exchange=None),
}


@pytest.mark.parametrize("make", NEAR_MISSES.values(), ids=NEAR_MISSES)
def test_what_is_nearly_out_of_order_is_left_alone(make: Make) -> None:
    assert codes(RULES, make()) == []


def test_a_missing_registration_is_due_on_the_day_of_departure_and_says_what_is_lost() -> None:
    (found,) = findings(RULES, unregistered())
    assert (found.severity, found.place, found.due_on) == (Severity.BLOCKING, "HT26", FIRST)
    assert "insurance" in found.text.en
    assert "student finance" in found.text.en
    assert "försäkring" in found.text.sv
    assert "Admitted" not in found.text.en
    found, admission = findings(RULES, unregistered(exchange=None))
    assert "Admitted to an exchange occasion: no." in found.text.en
    assert admission.severity is Severity.BLOCKING


def test_a_second_term_counts_from_its_own_first_day() -> None:
    found = findings(RULES, two_terms(now=at(2027, 1, 10)))
    assert [(each.code, each.place, each.due_on) for each in found] == [
        ("REGISTRATION_MISSING", "VT27", date(2027, 1, 18)),
        ("ADMISSION_MISSING", "VT27", date(2027, 1, 18)),
    ]
    found = findings(RULES, two_terms(now=at(2026, 12, 25), calendar={}))
    assert {(each.place, each.due_on) for each in found} == {("VT27", date(2027, 1, 1))}


def test_an_admission_is_a_warning_while_there_is_time() -> None:
    (found,) = findings(RULES, unadmitted())
    assert (found.severity, found.due_on) == (Severity.WARNING, FIRST)


def test_what_the_registry_lacks_is_due_on_its_deadline_and_grave_after_it() -> None:
    facts: dict[str, Any] = {"exchange": None, "occasion_exists": False}
    (early,) = findings(RULES, a_stay(now=at(2026, 6, 20), **facts))
    assert (early.severity, early.place, early.due_on) == (Severity.WARNING, "HT26", date(2026, 7, 1))
    (late,) = findings(RULES, a_stay(now=at(2026, 7, 20), **facts))
    assert late.severity is Severity.BLOCKING
    (early,) = findings(RULES, expected(exchange=None, known_to_registry=False))
    assert (early.severity, early.due_on) == (Severity.WARNING, date(2026, 7, 1))
    (here,) = findings(RULES, expected(exchange=None, arrival=arrived(date(2026, 6, 19))))
    assert here.severity is Severity.BLOCKING


def test_a_term_without_a_deadline_must_be_ready_when_it_starts() -> None:
    calendar = {AUTUMN: replace(CALENDAR[AUTUMN], registry_deadline=None)}
    (found,) = findings(RULES, unadmitted(occasion_exists=False, calendar=calendar))
    assert found.due_on == FIRST


def test_registration_here_is_due_on_the_deadline_of_the_calendar() -> None:
    calendar = {AUTUMN: replace(CALENDAR[AUTUMN], registration_deadline=date(2026, 9, 7))}
    case = an_incoming_stay(
        arrival=arrived(), calendar=calendar, exchange=exchange(registrations=(), registered_terms=())
    )
    assert codes(RULES, replace(case, now=at(2026, 9, 7))) == []
    (found,) = findings(RULES, replace(case, now=at(2026, 9, 8)))
    assert found.due_on == date(2026, 9, 7)
    (found,) = findings(RULES, replace(case, now=at(2026, 9, 20), calendar={}))
    assert found.due_on == date(2026, 9, 14)


def test_a_nomination_without_an_application_is_enough_to_expect_a_registration() -> None:
    july = la(start=PlannedDay.on(date(2026, 7, 20)), end=PlannedDay.on(date(2026, 12, 4)))
    taken = exchange(first_day=date(2026, 7, 20), registrations=(), registered_terms=())
    case = unregistered(application=None, learning_agreement=july, exchange=taken)
    (found,) = findings(RULES, case)
    assert (found.place, found.due_on) == ("HT26", date(2026, 7, 20))
    between = la(start=PlannedDay.on(date(2026, 6, 20)), end=PlannedDay.on(date(2026, 7, 4)))
    places = {
        each.place for each in findings(RULES, replace(case, learning_agreement=between, exchange=None))
    }
    assert places == {Term(2026, autumn=False).code}


def test_an_accepted_student_without_a_nomination_is_told_by_the_application() -> None:
    case = expected(exchange=None, known_to_registry=False, nomination=None)
    assert codes(RULES, case) == ["NOT_ESTABLISHED"]
    assert codes(RULES, replace(case, application=application(pipeline=()))) == []
    assert codes(RULES, replace(case, application=None)) == []
    verified = seen(RecordKind.ARRIVAL, ActualDates(OMOBILITY, verdict=ReceiverVerdict.VERIFIED))
    assert codes(RULES, replace(case, application=application(pipeline=()), arrival=verified)) == [
        "NOT_ESTABLISHED"
    ]


def test_a_year_that_the_agreement_does_not_cover_is_told_by_that_alone() -> None:
    ended = replace(AGREEMENT, last_day=date(2026, 12, 31))
    assert codes(RULES, a_stay(agreement=replace(ended, fits_year=False))) == []
    later = replace(ended, first_academic_year="2027/2028")
    assert codes(RULES, a_stay(agreement=later)) == []
    assert codes(RULES, a_stay(agreement=replace(ended, last_academic_year=None))) == [
        "AGREEMENT_ENDS_BEFORE_TERM"
    ]
    assert codes(RULES, a_stay(agreement=ended, nomination=None)) == ["AGREEMENT_ENDS_BEFORE_TERM"]


def test_subjects_name_nobody() -> None:
    case = unregistered(
        subject=Subject(SubjectKind.STAY, BRAVA, stay_id=StayId("P7-1"), student_id=StudentId("P7"))
    )
    (found,) = findings(RULES, case)
    assert "P7" in found.next_step.en
    assert US not in found.text.en
