"""Transcripts of records: in time, of the right student, complete, as promised."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from tests.support.stay_rules import found, outgoing, said, speaks_well
from tests.support.stays import (
    EXCHANGE,
    LA,
    LAST,
    LONG_AGO,
    NOW,
    PERSON,
    STUDIED,
    a_stay,
    an_incoming_stay,
)
from tests.support.transcripts import ISSUED, RESULTS, came, course, report, tor

from mobility_bridge.domain.contact import LangString
from mobility_bridge.domain.discrepancy import Owner, Severity
from mobility_bridge.domain.identifiers import HeiId, LadokUid
from mobility_bridge.domain.learning_agreement import LearningAgreement
from mobility_bridge.domain.person import Person
from mobility_bridge.domain.result import CreditTransfer, StudentResult
from mobility_bridge.domain.stay import StayCase
from mobility_bridge.domain.transcript import (
    GradeFrequency,
    IscedTable,
    ReportStatus,
    ResultStatus,
    Tor,
    TorIssuer,
    TorLearner,
)

AFTER = datetime(2027, 2, 20, 12, tzinfo=UTC)
DAY = timedelta(days=1)
RUNNING, FAILED = ResultStatus.IN_PROGRESS, ResultStatus.FAILED
TABLE = (IscedTable("0533", (GradeFrequency("A", Decimal(10)),)),)
LEFT = replace(EXCHANGE, withdrawn=True)
US_ISSUES = TorIssuer(HeiId("nordhav.example"))


def home(said_of: Tor, *earlier: Any, **facts: Any) -> StayCase:
    """Our student is back, and a transcript came."""
    return a_stay(**{"transcript": came(said_of, *earlier), "now": AFTER, **facts})


def gone(said_of: Tor, **facts: Any) -> StayCase:
    """A partner's student has left, and we serve a transcript."""
    ours = replace(said_of, reports=tuple(replace(each, issuer=US_ISSUES) for each in said_of.reports))
    given = {"transcript": came(ours), "now": AFTER, "results": HELD, "results_read_at": AFTER}
    return an_incoming_stay(**{**given, **facts})


def result(code: str | None, credits_given: str | None = "7.5") -> StudentResult:
    return StudentResult(
        as_of=LONG_AGO,
        result_uid=LadokUid(f"r{code}"),
        student_uid=LadokUid("stu"),
        course_code=code,
        credits=Decimal(credits_given) if credits_given else None,
    )


HELD = tuple(result(each.los_code) for each in STUDIED)


def learner(**facts: Any) -> Tor:
    return tor(learner=TorLearner(Person(**facts)))


def decided(on: date | None) -> Any:
    transfer = CreditTransfer(as_of=LONG_AGO, credit_transfer_uid=LadokUid("ct"), decided_on=on)
    return replace(EXCHANGE, transfers=(transfer,))


def with_ids(**facts: Any) -> LearningAgreement:
    assert LA.first_version is not None
    studied = (replace(STUDIED[0], los_code=None, **facts), *STUDIED[1:])
    return replace(LA, first_version=replace(LA.first_version, components_studied=studied))


BETTER = tor(*RESULTS[1:], replace(RESULTS[0], result_label="A"))


@pytest.mark.parametrize(
    ("code", "case", "times"),
    [
        ("TOR_STUDENT_MISMATCH", lambda: home(learner(birth_date=date(2001, 1, 1))), 1),
        (
            "TOR_STUDENT_MISMATCH",
            lambda: home(learner(global_id="urn:schac:personalUniqueCode:int:esi:x:1")),
            1,
        ),
        ("TOR_STUDENT_MISMATCH", lambda: home(learner(birth_date=date(2001, 1, 1)), nomination=None), 1),
        (
            "TOR_STUDENT_MISMATCH",
            lambda: home(learner(birth_date=date(2001, 1, 1)), nomination=None, learning_agreement=None),
            0,
        ),
        ("TOR_STUDENT_MISMATCH", lambda: home(learner(global_id=(PERSON.global_id or "").upper())), 0),
        ("TOR_STUDENT_MISMATCH", lambda: home(learner()), 0),
        ("TOR_STUDENT_MISMATCH", lambda: home(tor()), 0),
        (
            "TOR_ISSUER_MISMATCH",
            lambda: home(tor(reports=(report(issuer=TorIssuer(HeiId("corvo.example"))),))),
            1,
        ),
        ("TOR_ISSUER_MISMATCH", lambda: home(tor(reports=(report(issuer=TorIssuer(None)),))), 0),
        ("TOR_ISSUER_MISMATCH", lambda: home(tor(), partner_hei_id=None), 0),
        ("LA_COURSE_NOT_IN_TOR", lambda: home(tor(*RESULTS[1:])), 1),
        ("LA_COURSE_NOT_IN_TOR", lambda: home(tor(reports=(report(*RESULTS[1:], status=None),))), 1),
        (
            "LA_COURSE_NOT_IN_TOR",
            lambda: home(tor(reports=(report(*RESULTS[1:], status=ReportStatus.SELECTION),))),
            0,
        ),
        ("LA_COURSE_NOT_IN_TOR", lambda: home(learner(birth_date=date(2001, 1, 1))), 0),
        ("LA_COURSE_NOT_IN_TOR", lambda: home(tor(*RESULTS[1:], nested("BR1"))), 0),
        ("LA_COURSE_NOT_IN_TOR", lambda: home(tor(), learning_agreement=None), 0),
        (
            "LA_COURSE_NOT_IN_TOR",
            lambda: outgoing(
                with_ids(loi_id="L1"), transcript=came(tor(*RESULTS[1:], course("X", loi_id="L1"))), now=AFTER
            ),
            0,
        ),
        (
            "LA_COURSE_NOT_IN_TOR",
            lambda: outgoing(
                with_ids(), transcript=came(tor(*RESULTS[1:], course("X", los_id="CR/BR1"))), now=AFTER
            ),
            0,
        ),
        (
            "LA_COURSE_NOT_IN_TOR",
            lambda: outgoing(
                with_ids(los_id=None),
                transcript=came(tor(*RESULTS[1:], course("X", titles=(LangString("COURSE 1"),)))),
                now=AFTER,
            ),
            0,
        ),
        ("TOR_COMPONENT_FAILED", lambda: home(tor(course("BR1", status=FAILED), *RESULTS[1:])), 1),
        ("TOR_COMPONENT_FAILED", lambda: home(tor(course("BR1", "0"), *RESULTS[1:])), 1),
        ("TOR_COMPONENT_FAILED", lambda: home(tor(course("ZZ", "0"), *RESULTS)), 0),
        (
            "TOR_COMPONENT_FAILED",
            lambda: gone(
                tor(course("BR1", status=FAILED)),
            ),
            0,
        ),
        ("TOR_COMPONENT_FAILED", lambda: home(tor(), learning_agreement=None), 0),
        ("TOR_MISSING", lambda: a_stay(now=datetime(2027, 3, 29, tzinfo=UTC)), 1),
        ("TOR_MISSING", lambda: a_stay(now=datetime(2027, 3, 28, tzinfo=UTC)), 0),
        ("TOR_MISSING", lambda: a_stay(now=datetime(2027, 5, 1, tzinfo=UTC), heard=frozenset()), 0),
        ("TOR_MISSING", lambda: a_stay(now=datetime(2027, 5, 1, tzinfo=UTC), exchange=LEFT), 0),
        ("TOR_MISSING", lambda: home(tor(), now=datetime(2027, 5, 1, tzinfo=UTC)), 0),
        ("TOR_INCOMPLETE", lambda: home(tor(course("BR1", status=RUNNING), *RESULTS[1:])), 1),
        (
            "TOR_INCOMPLETE",
            lambda: home(tor(reports=(report(*RESULTS, status=ReportStatus.PARTIAL_TEMPORARY),))),
            1,
        ),
        ("TOR_INCOMPLETE", lambda: home(tor(course("BR1", status=RUNNING)), now=NOW + 60 * DAY), 0),
        ("TOR_INCOMPLETE", lambda: home(tor(reports=(report(*RESULTS, status=None),))), 0),
        ("TOR_CREDIT_MISMATCH", lambda: home(tor(course("BR1", "5"), *RESULTS[1:])), 1),
        ("TOR_CREDIT_MISMATCH", lambda: home(tor(course("BR1", "7.50"), *RESULTS[1:])), 0),
        ("TOR_CREDIT_MISMATCH", lambda: home(tor(course("BR1", None), *RESULTS[1:])), 0),
        ("TOR_COURSE_NOT_IN_LA", lambda: home(tor(*RESULTS, course("ZZ"))), 1),
        ("TOR_COURSE_NOT_IN_LA", lambda: home(tor(*RESULTS[1:], nested("BR1"))), 0),
        ("TOR_COURSE_NOT_IN_LA", lambda: home(tor(course("P", None, parts=RESULTS))), 0),
        ("TOR_DOUBLE_CREDIT", lambda: home(tor(course("P", "30", parts=RESULTS))), 1),
        ("TOR_DOUBLE_CREDIT", lambda: home(tor(course("P", None, parts=RESULTS))), 0),
        ("TOR_DOUBLE_CREDIT", lambda: gone(tor(course("P", "30", parts=RESULTS))), 0),
        ("TOR_YEAR_MISMATCH", lambda: home(tor(receiving_academic_year_id="2025/2026")), 1),
        ("TOR_YEAR_MISMATCH", lambda: home(tor(receiving_academic_year_id=None)), 0),
        ("TOR_YEAR_MISMATCH", lambda: home(tor(receiving_academic_year_id="2025/2026"), nomination=None), 0),
        ("TOR_TOO_EARLY", lambda: early(ISSUED.replace(year=2026, month=11)), 1),
        ("TOR_TOO_EARLY", lambda: early(datetime(2026, 11, 1)), 1),  # noqa: DTZ001 - as written without offset
        ("TOR_TOO_EARLY", lambda: early(None), 0),
        ("TOR_TOO_EARLY", lambda: early(ISSUED), 0),
        ("TOR_TOO_EARLY", lambda: home(tor()), 0),
        ("TOR_GRADE_NOT_CONVERTIBLE", lambda: home(graded("B", "05331")), 1),
        ("TOR_GRADE_NOT_CONVERTIBLE", lambda: home(graded("A", None)), 1),
        ("TOR_GRADE_NOT_CONVERTIBLE", lambda: home(graded("A", "05331")), 0),
        ("TOR_GRADE_NOT_CONVERTIBLE", lambda: home(tor(course("BR1", result_label="Q"))), 0),
        (
            "TOR_REISSUED_AFTER_DECISION",
            lambda: home(BETTER, (tor(), LONG_AGO), exchange=decided(date(2027, 1, 30))),
            1,
        ),
        (
            "TOR_REISSUED_AFTER_DECISION",
            lambda: home(tor(), (tor(), LONG_AGO), exchange=decided(date(2027, 1, 30))),
            0,
        ),
        (
            "TOR_REISSUED_AFTER_DECISION",
            lambda: home(BETTER, (tor(), LONG_AGO), exchange=decided(date(2027, 2, 1))),
            0,
        ),
        ("TOR_REISSUED_AFTER_DECISION", lambda: home(BETTER, (tor(), LONG_AGO), exchange=decided(None)), 0),
        ("TOR_REISSUED_AFTER_DECISION", lambda: home(BETTER, exchange=decided(date(2027, 1, 30))), 0),
        ("TOR_VS_SIS_RESULT", lambda: gone(tor(), results=HELD[1:]), 1),
        ("TOR_VS_SIS_RESULT", lambda: gone(tor(), results=(result("BR1", "5"), *HELD[1:])), 1),
        ("TOR_VS_SIS_RESULT", lambda: gone(tor(), results=(result("BR1", None), result(None), *HELD[1:])), 0),
        (
            "TOR_VS_SIS_RESULT",
            lambda: gone(tor(course("BR1", status=FAILED), *RESULTS[1:]), results=HELD[1:]),
            0,
        ),
        ("TOR_VS_SIS_RESULT", lambda: gone(tor(), results=(), heard=frozenset()), 0),
        ("TOR_VS_SIS_RESULT", lambda: gone(tor(), results=HELD[1:], results_read_at=None), 0),
        ("TOR_VS_SIS_RESULT", lambda: gone(tor(), results=HELD[1:], results_read_at=LONG_AGO), 0),
        ("TOR_VS_SIS_RESULT", lambda: gone(tor()), 0),
        ("TOR_RELEASED_WITHOUT_RESULTS", lambda: gone(tor(*RESULTS[1:]), results=HELD[1:]), 1),
        ("TOR_RELEASED_WITHOUT_RESULTS", lambda: gone(tor(*RESULTS[1:])), 0),
        ("TOR_RELEASED_WITHOUT_RESULTS", lambda: gone(tor(*RESULTS[1:]), learning_agreement=None), 0),
    ],
)
def test_transcripts(code: str, case: Callable[[], StayCase], times: int) -> None:
    findings = said(case(), code)
    assert len(findings) == times
    assert all(map(speaks_well, findings))


def nested(code: str) -> Any:
    """A course whose credits stand at its parts."""
    return course(code, None, parts=(course("part 1", "3.5"), course("part 2", "4")))


def graded(label: str, field: str | None) -> Tor:
    return tor(course("BR1", result_label=label, isced_code=field), grade_conversion_table=TABLE)


def early(issued: datetime | None) -> StayCase:
    running = report(course("BR1", status=RUNNING), issue_date=issued)
    generated = None if issued is None else ISSUED
    return home(tor(reports=(running,), generated_date=generated), now=NOW + 120 * DAY)


def test_a_transcript_in_order_says_nothing() -> None:
    for case in (home(tor()), gone(tor())):
        assert not [each.code for each in found(case) if "TOR" in each.code]


def test_a_missing_transcript_becomes_grave_and_is_owed_by_whoever_taught() -> None:
    late, later = (a_stay(now=datetime(2027, month, 29, tzinfo=UTC)) for month in (3, 4))
    assert said(late, "TOR_MISSING")[0].severity is Severity.WARNING
    assert said(later, "TOR_MISSING")[0].severity is Severity.BLOCKING
    assert said(late, "TOR_MISSING")[0].due_on == LAST + timedelta(weeks=10)
    assert said(an_incoming_stay(now=later.now), "TOR_MISSING")[0].owner is Owner.US


def test_no_grade_is_in_any_finding() -> None:
    for case in (
        home(graded("Zz9", "0533")),
        home(BETTER, (tor(), LONG_AGO), exchange=decided(date(2027, 1, 30))),
    ):
        assert not any("Zz9" in str((each.values, each.text)) for each in found(case))
