"""Components and credits of a learning agreement, and whether other systems say the same."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from tests.support.stay_rules import incoming, outgoing, said, speaks_well
from tests.support.stays import (
    FIRST_VERSION,
    LA,
    LONG_AGO,
    NOMINATION,
    RECOGNIZED,
    STUDIED,
    a_stay,
    component,
    seen,
)

from mobility_bridge.domain.application import CourseList, CourseListKind, CourseRow
from mobility_bridge.domain.discrepancy import Owner
from mobility_bridge.domain.identifiers import ApplicationId, HeiId, LadokUid
from mobility_bridge.domain.learning_agreement import (
    ChangesProposal,
    ComponentStatus,
    LaCredit,
    LaStudent,
    LearningAgreement,
    TermId,
)
from mobility_bridge.domain.planned_day import PlannedDay
from mobility_bridge.domain.record import RecordKind
from mobility_bridge.domain.result import StudentResult
from mobility_bridge.domain.stay import Seen, StayCase

ROWS = tuple(CourseRow(str(at), each.los_code, each.title, Decimal("7.5")) for at, each in enumerate(STUDIED))


def lists(**tables: Any) -> LearningAgreement:
    return replace(LA, first_version=replace(FIRST_VERSION, **tables))


def studied(*credits_each: str) -> LearningAgreement:
    """So many courses abroad, and as much to recognise."""
    abroad = tuple(component(f"A {at}", f"A{at}", each) for at, each in enumerate(credits_each))
    home = tuple(component(f"B {at}", f"B{at}", each) for at, each in enumerate(credits_each))
    return lists(components_studied=abroad, components_recognized=home)


def blended(credits_abroad: str = "3", description: str | None = "online weeks") -> LearningAgreement:
    part = replace(component("Week", "W1", credits_abroad), short_description=description)
    return lists(components_studied=None, components_recognized=None, blended_mobility_components=(part,))


def local_credits(*, at_home: bool = False) -> LearningAgreement:
    odd = replace(component("Odd", "O1"), credits=(LaCredit("points", Decimal(4)),))
    return lists(components_recognized=(odd,)) if at_home else lists(components_studied=(odd, *STUDIED))


def courses(*rows: CourseRow, kind: CourseListKind = CourseListKind.LEARNING_AGREEMENT) -> Seen[Any]:
    said_of = CourseList(ApplicationId("700101"), kind, rows)
    return seen(RecordKind.COURSE_LIST, said_of, source="mobility_online")


def in_term(number: int, total: int = 2) -> LearningAgreement:
    return lists(components_studied=(replace(STUDIED[0], term_id=TermId(number, total)), *STUDIED[1:]))


def result(code: str, day: date | None, **facts: Any) -> StudentResult:
    return StudentResult(
        as_of=LONG_AGO,
        result_uid=LadokUid(f"r{code}"),
        student_uid=LadokUid("stu"),
        course_code=code,
        examined_on=day,
        **facts,
    )


def from_day(first: date, last: date, la: LearningAgreement = LA) -> LearningAgreement:
    return replace(la, start=PlannedDay.on(first), end=PlannedDay.on(last))


def announced(**facts: Any) -> LearningAgreement:
    return replace(LA, changes_proposal=ChangesProposal("c1", FIRST_VERSION, LaStudent(**facts)))


def nominated(**facts: Any) -> Seen[Any]:
    return seen(RecordKind.NOMINATION, replace(NOMINATION, **facts))


DRAFT = replace(
    LA,
    changes_proposal=ChangesProposal(
        "c1",
        replace(
            FIRST_VERSION,
            components_studied=(replace(STUDIED[0], status=ComponentStatus.DELETED),),
            components_recognized=(),
        ),
    ),
)


@pytest.mark.parametrize(
    ("code", "case", "times"),
    [
        ("LA_VERSION_DRIFT", lambda: a_stay(courses=courses(*ROWS[1:])), 1),
        ("LA_VERSION_DRIFT", lambda: a_stay(courses=courses(*ROWS, CourseRow("9", None, None, None))), 1),
        (
            "LA_VERSION_DRIFT",
            lambda: a_stay(courses=courses(*ROWS[1:], replace(ROWS[0], credits=Decimal(5)))),
            1,
        ),
        ("LA_VERSION_DRIFT", lambda: a_stay(courses=courses(*ROWS)), 0),
        ("LA_VERSION_DRIFT", lambda: a_stay(courses=courses(*ROWS[1:], replace(ROWS[0], number=None))), 0),
        ("LA_VERSION_DRIFT", lambda: a_stay(courses=courses(*ROWS[1:], replace(ROWS[0], credits=None))), 0),
        ("LA_VERSION_DRIFT", lambda: a_stay(courses=courses(*ROWS, replace(ROWS[0], deleted=True))), 0),
        ("LA_VERSION_DRIFT", lambda: a_stay(courses=courses()), 0),
        ("LA_VERSION_DRIFT", lambda: a_stay(courses=courses(*ROWS[1:]), learning_agreement=None), 0),
        ("LA_VERSION_DRIFT", lambda: a_stay(courses=courses(ROWS[0], kind=CourseListKind.TRANSCRIPT)), 0),
        ("LA_VERSION_DRIFT", lambda: outgoing(DRAFT, courses=courses(*ROWS[1:])), 0),
        ("LA_VERSION_DRIFT", lambda: outgoing(DRAFT, courses=courses(*ROWS[2:])), 1),
        (
            "LA_VERSION_DRIFT",
            lambda: outgoing(replace(LA, first_version=None), courses=courses(*ROWS[1:])),
            0,
        ),
        ("LA_HEADER_DRIFT", lambda: a_stay(nomination=nominated(receiving_academic_year_id="2027/2028")), 1),
        ("LA_HEADER_DRIFT", lambda: a_stay(nomination=nominated(eqf_level_studied_at_departure=7)), 1),
        ("LA_HEADER_DRIFT", lambda: a_stay(nomination=nominated(nominee_isced_f_code="0231")), 1),
        ("LA_HEADER_DRIFT", lambda: a_stay(nomination=nominated(nominee_isced_f_code="053")), 0),
        ("LA_HEADER_DRIFT", lambda: a_stay(nomination=nominated(eqf_level_studied_at_departure=None)), 0),
        ("LA_HEADER_DRIFT", lambda: a_stay(nomination=other_university()), 1),
        ("LA_HEADER_DRIFT", lambda: a_stay(nomination=None), 0),
        ("LA_STUDENT_DRIFT", lambda: outgoing(replace(LA, student=replace(LA.student, gender=1))), 1),
        ("LA_STUDENT_DRIFT", lambda: outgoing(replace(LA, student=replace(LA.student, gender=9))), 0),
        (
            "LA_STUDENT_DRIFT",
            lambda: outgoing(replace(LA, student=replace(LA.student, gender=1)), nomination=None),
            0,
        ),
        ("LA_STUDENT_DRIFT", lambda: outgoing(announced(family_name="Ask", birth_date=date(2003, 2, 14))), 1),
        ("LA_STUDENT_DRIFT", lambda: outgoing(announced(family_name="Ek")), 0),
        ("LA_STUDENT_DRIFT", lambda: a_stay(learning_agreement=None), 0),
        ("CREDIT_SUM_LOW", lambda: outgoing(studied("10", "10")), 1),
        ("CREDIT_SUM_LOW", lambda: outgoing(studied("10", "10", "10")), 0),
        ("CREDIT_SUM_LOW", lambda: incoming(studied("7.5")), 1),
        ("CREDIT_SUM_LOW", lambda: outgoing(blended("2.5")), 1),
        ("CREDIT_SUM_LOW", lambda: outgoing(blended()), 0),
        ("CREDIT_SUM_LOW", lambda: outgoing(local_credits()), 0),
        ("CREDIT_SUM_LOW", lambda: outgoing(doctoral()), 0),
        (
            "CREDIT_SUM_LOW",
            lambda: outgoing(from_day(date(2026, 8, 31), date(2026, 10, 29), studied("15"))),
            0,
        ),
        (
            "CREDIT_SUM_LOW",
            lambda: outgoing(from_day(date(2026, 8, 31), date(2026, 10, 29), studied("14.5"))),
            1,
        ),
        ("CREDIT_SUM_LOW", lambda: outgoing(replace(studied("29"), end=None)), 1),
        ("CREDIT_SUM_HIGH", lambda: outgoing(studied("20", "20.5")), 1),
        ("CREDIT_SUM_HIGH", lambda: outgoing(studied("20", "20")), 0),
        (
            "CREDIT_SUM_HIGH",
            lambda: outgoing(replace(studied("99"), start=None), application=None, exchange=None),
            0,
        ),
        (
            "CREDIT_SUM_LOW",
            lambda: outgoing(replace(studied("1"), start=None), application=None, exchange=None),
            0,
        ),
        ("CREDIT_IMBALANCE", lambda: outgoing(lists(components_recognized=RECOGNIZED[1:])), 1),
        (
            "CREDIT_IMBALANCE",
            lambda: outgoing(lists(components_recognized=(*RECOGNIZED, component("S", "S", "2.5")))),
            0,
        ),
        ("CREDIT_IMBALANCE", lambda: outgoing(lists(components_recognized=())), 0),
        ("CREDIT_IMBALANCE", lambda: outgoing(conditional(RECOGNIZED[2:])), 0),
        ("CREDIT_IMBALANCE", lambda: incoming(lists(components_recognized=RECOGNIZED[1:])), 0),
        ("COMP_ALREADY_PASSED", lambda: a_stay(results=(result("nh1", date(2026, 6, 1)),)), 1),
        ("COMP_ALREADY_PASSED", lambda: a_stay(results=(result("NH1", date(2026, 9, 1)),)), 0),
        ("COMP_ALREADY_PASSED", lambda: a_stay(results=(result("NH1", None),)), 0),
        ("COMP_ALREADY_PASSED", lambda: a_stay(results=(result("NH9", date(2026, 6, 1)),)), 0),
        (
            "COMP_ALREADY_PASSED",
            lambda: a_stay(results=(result("NH1", date(2026, 6, 1), by_credit_transfer=True),)),
            0,
        ),
        ("COMP_ALREADY_PASSED", lambda: a_stay(learning_agreement=None), 0),
        (
            "COMP_TERM_MISMATCH",
            lambda: outgoing(from_day(date(2026, 8, 31), date(2026, 12, 20), in_term(2))),
            1,
        ),
        (
            "COMP_TERM_MISMATCH",
            lambda: outgoing(from_day(date(2027, 3, 1), date(2027, 6, 20), in_term(1))),
            1,
        ),
        ("COMP_TERM_MISMATCH", lambda: outgoing(from_day(date(2026, 8, 31), date(2026, 12, 20))), 0),
        ("COMP_TERM_MISMATCH", lambda: outgoing(in_term(2)), 0),
        (
            "COMP_TERM_MISMATCH",
            lambda: outgoing(southern(date(2026, 2, 20), date(2026, 5, 30), in_term(2))),
            1,
        ),
        (
            "COMP_TERM_MISMATCH",
            lambda: outgoing(southern(date(2026, 8, 1), date(2026, 12, 1), in_term(1))),
            1,
        ),
        ("COMP_TERM_MISMATCH", lambda: outgoing(replace(in_term(2), receiving_academic_year_id=None)), 0),
        ("VIRTUAL_PART_MISSING", lambda: outgoing(blended(description=None)), 1),
        ("VIRTUAL_PART_MISSING", lambda: outgoing(blended()), 0),
        ("VIRTUAL_PART_MISSING", lambda: outgoing(LA), 0),
        ("COMP_DUPLICATE", lambda: outgoing(lists(components_studied=(*STUDIED, STUDIED[0]))), 1),
        ("COMP_DUPLICATE", lambda: outgoing(LA), 0),
        ("CREDIT_SCHEME_UNKNOWN", lambda: outgoing(local_credits()), 1),
        (
            "CREDIT_SCHEME_UNKNOWN",
            lambda: outgoing(lists(components_studied=(replace(STUDIED[0], credits=()),))),
            0,
        ),
        ("CREDIT_SCHEME_UNKNOWN", lambda: a_stay(learning_agreement=None), 0),
        ("COMP_DUPLICATE", lambda: a_stay(learning_agreement=None), 0),
        ("RECOGNITION_CONDITION_SET", lambda: outgoing(conditional(RECOGNIZED)), 1),
        ("RECOGNITION_CONDITION_SET", lambda: incoming(conditional(RECOGNIZED)), 0),
        ("RECOGNITION_CONDITION_SET", lambda: outgoing(LA), 0),
    ],
)
def test_components_and_credits(code: str, case: Callable[[], StayCase], times: int) -> None:
    findings = said(case(), code)
    assert len(findings) == times
    assert all(map(speaks_well, findings))


def conditional(home: tuple[Any, ...]) -> LearningAgreement:
    return lists(components_recognized=(replace(home[0], recognition_conditions=""), *home[1:]))


def doctoral() -> LearningAgreement:
    return lists(
        components_studied=None,
        components_recognized=None,
        short_term_doctoral_components=(component("Laboratory", "L1", "1"),),
    )


def southern(first: date, last: date, la: LearningAgreement) -> LearningAgreement:
    return replace(from_day(first, last, la), receiving_academic_year_id="2026/2026")


def other_university() -> Seen[Any]:
    return nominated(receiving_hei=replace(NOMINATION.receiving_hei, hei_id=HeiId("corvo.example")))


def test_what_differs_is_named_on_both_sides() -> None:
    rows = (*ROWS[2:], replace(ROWS[1], credits=Decimal(5)), CourseRow("9", "XX1", "Other", Decimal(5)))
    finding = said(a_stay(courses=courses(*rows)), "LA_VERSION_DRIFT")[0]
    assert finding.values == {"local": "XX1", "partner": "BR1", "credits": "BR2"}
    assert "Only with us: XX1" in finding.text.en


def test_a_local_scheme_is_asked_of_whoever_teaches() -> None:
    assert said(outgoing(local_credits()), "CREDIT_SCHEME_UNKNOWN")[0].owner is Owner.PARTNER
    assert said(outgoing(local_credits(at_home=True)), "CREDIT_SCHEME_UNKNOWN")[0].owner is Owner.US
    assert said(incoming(local_credits()), "CREDIT_SCHEME_UNKNOWN")[0].owner is Owner.US


def test_nothing_personal_is_in_a_finding_about_the_student() -> None:
    finding = said(outgoing(announced(given_names="Alva", family_name="Ask")), "LA_STUDENT_DRIFT")
    assert {each.values["field"] for each in finding} == {"given-names", "family-name"}
    assert not any("Ask" in each.text.en or "Alva" in str(each.values) for each in finding)


def test_a_stay_after_its_end_is_still_looked_at() -> None:
    case = outgoing(studied("10"), now=datetime(2027, 3, 1, tzinfo=UTC))
    assert said(case, "CREDIT_SUM_LOW")
