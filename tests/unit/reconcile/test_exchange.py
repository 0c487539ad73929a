"""The registry's facts about one student, put together into exchanges."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from mobility_bridge.domain.fact import Fact
from mobility_bridge.domain.identifiers import HeiId, LadokUid
from mobility_bridge.domain.occasion import (
    Commitment,
    ExchangeAgreement,
    ExternalParty,
    Occasion,
    OccasionCancelled,
)
from mobility_bridge.domain.person import Direction
from mobility_bridge.domain.registration import (
    Admission,
    ExchangeStay,
    Interruption,
    OccasionBegun,
    PackageOccasion,
    Participation,
    Placement,
    Registration,
    StudyPeriod,
    Withdrawal,
)
from mobility_bridge.domain.result import CreditTransfer
from mobility_bridge.domain.term import Term
from mobility_bridge.reconcile.exchange import Offering, exchanges, strayed

AT = datetime(2026, 5, 18, 10, tzinfo=UTC)
BRAVA = HeiId("brava.example")
AUTUMN, SPRING = Term(2026, autumn=True), Term(2027, autumn=False)


def uid(name: str) -> LadokUid:
    return LadokUid(name)


AGREEMENT = ExchangeAgreement(
    as_of=AT, education_uid=uid("edu"), code="UABRA", external_party_id="7", exchange=True
)
OCCASION = Occasion(
    as_of=AT,
    occasion_uid=uid("occ"),
    education_uid=uid("edu"),
    code="UT262",
    periods=((date(2026, 8, 31), date(2027, 1, 17), None),),
    direction=Direction.OUTGOING,
)
PARTY = ExternalParty(as_of=AT, external_party_id="7", code="BRAVA01")
ADMITTED = Admission(as_of=AT, admission_uid=uid("adm"), student_uid=uid("stu"), occasion_uid=uid("occ"))
COMMITTED = Commitment(
    as_of=AT, occasion_uid=uid("course"), student_uid=uid("stu"), package_admission_uid=uid("adm")
)
REGISTERED = Registration(
    as_of=AT,
    registration_uid=uid("reg"),
    student_uid=uid("stu"),
    occasion_uid=uid("course"),
    starts_on=date(2026, 8, 31),
    ends_on=date(2027, 1, 17),
)


def offering(*more: Fact) -> Offering:
    return Offering.of([AGREEMENT, OCCASION, PARTY, *more], {"7": BRAVA})


def put_together(*facts: Fact, known: Offering | None = None) -> Any:
    found = exchanges(facts, known or offering())
    assert len(found) == 1
    return found[0]


def test_an_admission_to_an_agreements_occasion_is_an_exchange() -> None:
    found = put_together(ADMITTED)
    assert (found.partner_hei_id, found.direction, found.first_day) == (
        BRAVA,
        Direction.OUTGOING,
        date(2026, 8, 31),
    )
    assert (found.registered_terms, found.missing_terms) == ((), (AUTUMN,))


def test_an_admission_to_an_ordinary_programme_is_none() -> None:
    programme = replace(ADMITTED, occasion_uid=uid("programme"))
    assert exchanges([programme], offering()) == ()


def test_a_students_own_commitment_is_what_is_registered() -> None:
    found = put_together(ADMITTED, COMMITTED, REGISTERED)
    assert (found.registered_terms, found.missing_terms) == ((AUTUMN,), ())


def test_a_recalled_registration_registers_nothing() -> None:
    recalled = replace(REGISTERED, removed=True)
    assert put_together(ADMITTED, COMMITTED, recalled).missing_terms == (AUTUMN,)


def test_a_registration_inside_the_exchange_counts_without_a_commitment() -> None:
    inside = replace(
        REGISTERED, occasion_uid=uid("physics"), within=(PackageOccasion(occasion_uid=uid("occ")),)
    )
    assert put_together(ADMITTED, inside).registered_terms == (AUTUMN,)


def test_a_registration_elsewhere_does_not_count() -> None:
    assert put_together(ADMITTED, replace(REGISTERED, occasion_uid=uid("physics"))).registered_terms == ()


def test_a_year_is_registered_term_by_term() -> None:
    year = replace(OCCASION, periods=((date(2026, 8, 31), date(2027, 6, 6), None),))
    known = Offering.of([AGREEMENT, year], {})
    found = put_together(ADMITTED, COMMITTED, REGISTERED, known=known)
    assert found.missing_terms == (SPRING,)


def test_what_was_read_stands_in_for_what_the_feed_did_not_say() -> None:
    period = StudyPeriod(index=1, starts_on=date(2026, 8, 31), ends_on=date(2027, 1, 17), state="registrerad")
    read = Participation(
        as_of=AT,
        admission_uid=uid("adm"),
        student_uid=uid("stu"),
        occasion_uid=uid("occ"),
        begun=True,
        periods=(period,),
    )
    found = put_together(read)
    assert (found.registered_terms, found.begun) == ((AUTUMN,), True)


def test_a_removed_admission_is_no_exchange_even_if_it_was_read_before() -> None:
    read = Participation(as_of=AT, admission_uid=uid("adm"), student_uid=uid("stu"), occasion_uid=uid("occ"))
    assert exchanges([replace(ADMITTED, removed=True), read], offering()) == ()


def test_withdrawal_interruption_and_cancellation_show() -> None:
    withdrawn = Withdrawal(as_of=AT, admission_uid=uid("adm"), withdrawn_on=date(2026, 7, 1))
    broken = Interruption(
        as_of=AT, student_uid=uid("stu"), occasion_uid=uid("occ"), interrupted_on=date(2026, 10, 1)
    )
    begun = OccasionBegun(as_of=AT, student_uid=uid("stu"), occasion_uid=uid("occ"))
    cancelled = offering(OccasionCancelled(as_of=AT, occasion_uid=uid("occ")))
    found = put_together(ADMITTED, withdrawn, broken, begun, known=cancelled)
    assert (found.withdrawn, found.living, found.withdrawn_on) == (True, False, date(2026, 7, 1))
    assert (found.interrupted_on, found.begun, found.cancelled_occasion) == (date(2026, 10, 1), True, True)


LONGER = replace(OCCASION, occasion_uid=uid("year"), periods=((date(2026, 8, 31), date(2027, 6, 6), None),))
CHANGED = replace(
    ADMITTED, admission_uid=uid("new"), occasion_uid=uid("year"), earlier_admission_uid=uid("adm")
)


def test_what_was_registered_before_a_change_of_occasion_moves_over() -> None:
    before, after = exchanges([ADMITTED, CHANGED, COMMITTED, REGISTERED], offering(LONGER))
    assert (before.living, after.living) == (False, True)
    assert after.registered_terms == (AUTUMN,)
    assert after.missing_terms == (SPRING,)
    assert after.registrations == (REGISTERED,)


def test_a_shorter_occasion_takes_over_nothing_of_the_terms_that_it_does_not_have() -> None:
    spring = replace(
        REGISTERED, registration_uid=uid("reg-2"), starts_on=date(2027, 1, 18), ends_on=date(2027, 6, 6)
    )
    long, short = (
        replace(ADMITTED, occasion_uid=uid("year")),
        replace(CHANGED, occasion_uid=uid("occ")),
    )
    _, after = exchanges([long, short, COMMITTED, REGISTERED, spring], offering(LONGER))
    assert after.registered_terms == (AUTUMN,)
    assert after.registrations == (REGISTERED,)


def test_a_participation_read_after_a_change_counts_only_within_the_new_days() -> None:
    read = Participation(
        as_of=AT,
        admission_uid=uid("inside"),
        student_uid=uid("stu"),
        occasion_uid=uid("course"),
        periods=(
            StudyPeriod(index=1, starts_on=date(2026, 8, 31), ends_on=date(2027, 1, 17), state="registrerad"),
            StudyPeriod(index=2, starts_on=date(2027, 1, 18), ends_on=date(2027, 6, 6), state="registrerad"),
        ),
    )
    long, short = (
        replace(ADMITTED, occasion_uid=uid("year")),
        replace(CHANGED, occasion_uid=uid("occ")),
    )
    _, after = exchanges([long, short, COMMITTED, read], offering(LONGER))
    assert after.registered_terms == (AUTUMN,)


def test_a_registration_without_days_moves_over_and_stands_for_no_term() -> None:
    undated = replace(REGISTERED, starts_on=None, ends_on=None)
    _, after = exchanges([ADMITTED, CHANGED, COMMITTED, undated], offering(LONGER))
    assert after.registrations == (undated,)
    assert after.registered_terms == ()


def test_admissions_that_name_each_other_as_the_earlier_one_do_no_harm() -> None:
    ring = replace(ADMITTED, earlier_admission_uid=uid("new"))
    found = exchanges([ring, CHANGED, COMMITTED, REGISTERED], offering(LONGER))
    assert [each.living for each in found] == [False, False]


def test_a_change_of_occasion_replaces_the_earlier_admission() -> None:
    longer = replace(OCCASION, occasion_uid=uid("year"))
    changed = replace(
        ADMITTED, admission_uid=uid("new"), occasion_uid=uid("year"), earlier_admission_uid=uid("adm")
    )
    before, after = sorted(
        exchanges([ADMITTED, changed], offering(longer)), key=lambda each: each.admission_uid
    )
    assert (before.replaced, before.living, after.replaced) == (True, False, False)


def test_the_report_says_which_way_when_the_occasion_does_not() -> None:
    known = Offering.of([AGREEMENT, replace(OCCASION, direction=None)], {})
    row = ExchangeStay(
        as_of=AT,
        student_uid=uid("stu"),
        direction=Direction.INCOMING,
        agreement_code="UABRA",
        occasion_code="UT262",
    )
    assert put_together(ADMITTED, known=known).direction is None
    assert put_together(ADMITTED, row, known=known).direction is Direction.INCOMING


def test_a_credit_transfer_belongs_to_the_exchange_that_it_names() -> None:
    transfer = CreditTransfer(as_of=AT, credit_transfer_uid=uid("t"), occasion_uid=uid("occ"))
    elsewhere = replace(transfer, credit_transfer_uid=uid("u"), occasion_uid=uid("other"))
    assert put_together(ADMITTED, transfer, elsewhere).transfers == (transfer,)


def test_a_credit_transfer_for_an_exchange_that_the_student_was_never_on_has_strayed() -> None:
    theirs = replace(OCCASION, occasion_uid=uid("theirs"))
    package = replace(
        OCCASION, occasion_uid=uid("package"), education_uid=uid("no agreement"), exchange=False
    )
    known = offering(theirs, package)
    transfers = [
        CreditTransfer(as_of=AT, credit_transfer_uid=uid(name), occasion_uid=uid(name) if name else None)
        for name in ("occ", "theirs", "package", "")
    ]
    gone = replace(transfers[1], credit_transfer_uid=uid("gone"), removed=True)
    assert strayed([ADMITTED, *transfers, gone], known) == (transfers[1],)


COURSE = Admission(
    as_of=AT,
    admission_uid=uid("abroad"),
    student_uid=uid("stu"),
    occasion_uid=uid("course"),
    periods=(StudyPeriod(index=1, starts_on=date(2026, 8, 31), ends_on=date(2027, 1, 17)),),
)


def test_the_commitments_admission_is_what_can_be_registered() -> None:
    (course,) = put_together(ADMITTED, COMMITTED, COURSE).courses
    assert (course.admission_uid, course.occasion_uid, course.live) == (uid("abroad"), uid("course"), True)
    assert [each.registered for each in course.periods] == [False]


def test_an_admission_inside_the_exchange_can_be_registered_without_a_commitment() -> None:
    inside = replace(COURSE, within_occasion_uids=(uid("occ"),))
    placed = Placement(
        as_of=AT, admission_uid=uid("abroad"), within=(PackageOccasion(occasion_uid=uid("occ")),)
    )
    assert len(put_together(ADMITTED, inside).courses) == 1
    assert len(put_together(ADMITTED, COURSE, placed).courses) == 1
    assert put_together(ADMITTED, COURSE).courses == ()


def test_a_registered_period_shows_whatever_was_read_before() -> None:
    registered = replace(REGISTERED, admission_uid=uid("abroad"), period=1)
    (course,) = put_together(ADMITTED, COMMITTED, COURSE, registered).courses
    assert [each.registered for each in course.periods] == [True]
    again = replace(COURSE, periods=(replace(COURSE.periods[0], state="omregistrerad"),))
    (course,) = put_together(ADMITTED, COMMITTED, again, registered).courses
    assert course.periods[0].state == "omregistrerad"


def test_the_periods_are_those_that_were_said_last() -> None:
    read = Participation(
        as_of=AT + timedelta(days=1),
        admission_uid=uid("abroad"),
        student_uid=uid("stu"),
        occasion_uid=uid("course"),
        periods=(StudyPeriod(index=1, state="registrerad"),),
    )
    (course,) = put_together(ADMITTED, COMMITTED, COURSE, read).courses
    assert course.periods == read.periods


def test_a_commitment_lends_its_days_to_an_admission_without_any() -> None:
    days = replace(COMMITTED, periods=((date(2026, 8, 31), date(2027, 1, 17), None),))
    (course,) = put_together(ADMITTED, days, replace(COURSE, periods=())).courses
    assert [(each.index, each.starts_on) for each in course.periods] == [(1, date(2026, 8, 31))]
    unknown = replace(COURSE, periods=(), within_occasion_uids=(uid("occ"),))
    assert put_together(ADMITTED, unknown).courses[0].periods == ()


def test_a_course_that_was_left_or_changed_is_not_live() -> None:
    left = Withdrawal(as_of=AT, admission_uid=uid("abroad"))
    later = replace(COURSE, admission_uid=uid("later"), earlier_admission_uid=uid("abroad"))
    assert [each.live for each in put_together(ADMITTED, COMMITTED, COURSE, left).courses] == [False]
    assert [each.live for each in put_together(ADMITTED, COMMITTED, COURSE, later).courses] == [False, True]
