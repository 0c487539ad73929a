"""Credit transfer: decided in time, for what was passed, and as the learning agreement promised."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from tests.support.stay_rules import found, said, speaks_well
from tests.support.stays import (
    EXCHANGE,
    FIRST_VERSION,
    LA,
    LONG_AGO,
    NOMINATION,
    RECOGNIZED,
    a_stay,
    an_incoming_stay,
    component,
    seen,
)
from tests.support.transcripts import ISSUED, RESULTS, came, course, report, tor

from mobility_bridge.domain.discrepancy import Severity
from mobility_bridge.domain.exchange import ExchangeParticipation
from mobility_bridge.domain.identifiers import LadokUid
from mobility_bridge.domain.learning_agreement import ChangesProposal, ComponentStatus
from mobility_bridge.domain.nomination import NominationStatus
from mobility_bridge.domain.record import RecordKind
from mobility_bridge.domain.result import CreditTarget, CreditTransfer
from mobility_bridge.domain.stay import StayCase
from mobility_bridge.domain.transcript import ReportStatus, ResultStatus

AFTER = datetime(2027, 2, 20, 12, tzinfo=UTC)
DECIDED = date(2027, 2, 10)
PROMISED = tuple((str(each.los_code), "7.5") for each in RECOGNIZED)


def target(code: str | None, given: str | None = "7.5") -> CreditTarget:
    return CreditTarget(kind="kurs", course_code=code, credits=Decimal(given) if given else None)


def transferred(*targets: tuple[str | None, str | None], **facts: Any) -> ExchangeParticipation:
    """Credits were transferred to these courses."""
    base = CreditTransfer(
        as_of=LONG_AGO,
        credit_transfer_uid=LadokUid("ct"),
        student_uid=LadokUid("stu"),
        targets=tuple(target(code, given) for code, given in targets),
        decided_on=DECIDED,
    )
    return replace(EXCHANGE, transfers=(replace(base, **facts),))


def done(*targets: tuple[str | None, str | None], **facts: Any) -> StayCase:
    """The transcript came, and these credits were transferred."""
    return a_stay(
        **{
            "exchange": transferred(*(targets or PROMISED)),
            "transcript": came(tor()),
            "now": AFTER,
            **facts,
        }
    )


def waiting(**facts: Any) -> StayCase:
    return a_stay(**{"transcript": came(tor()), "now": AFTER, **facts})


def promising(*components: Any) -> Any:
    lists = replace(FIRST_VERSION, components_recognized=components)
    return seen(RecordKind.LEARNING_AGREEMENT, replace(LA, first_version=lists))


NEW = replace(component("New home course", "NH9"), status=ComponentStatus.INSERTED)
PROPOSED = seen(
    RecordKind.LEARNING_AGREEMENT,
    replace(
        LA,
        changes_proposal=ChangesProposal(
            "c1", replace(FIRST_VERSION, components_studied=(), components_recognized=(NEW,))
        ),
    ),
)
CONDITIONAL = promising(replace(RECOGNIZED[0], recognition_conditions="if passed"), *RECOGNIZED[1:])
CANCELLED = seen(RecordKind.NOMINATION, replace(NOMINATION, status=NominationStatus.CANCELLED))
PARTIAL = tor(reports=(report(*RESULTS, status=ReportStatus.PARTIAL_TEMPORARY),))
NOTHING_PASSED = tor(course("BR1", status=ResultStatus.FAILED))
STRAYED = transferred(*PROMISED).transfers
SHORT = (*PROMISED[:3], (PROMISED[3][0], "5"))


@pytest.mark.parametrize(
    ("code", "case", "times"),
    [
        ("TRANSFER_OTHER_STUDENT", lambda: done(strayed=STRAYED), 1),
        ("TRANSFER_OTHER_STUDENT", lambda: done(strayed=(replace(STRAYED[0], decided_on=None),)), 1),
        ("TRANSFER_OTHER_STUDENT", done, 0),
        ("TRANSFER_OTHER_STUDENT", lambda: done(nomination=CANCELLED, strayed=STRAYED), 0),
        ("TRANSFER_ON_UNSIGNED_VERSION", lambda: done(("NH9", "30"), learning_agreement=PROPOSED), 1),
        ("TRANSFER_ON_UNSIGNED_VERSION", lambda: done(learning_agreement=PROPOSED), 0),
        ("TRANSFER_ON_UNSIGNED_VERSION", lambda: done(learning_agreement=None), 0),
        ("TRANSFER_SUM_LOW", lambda: done(*SHORT), 1),
        ("TRANSFER_SUM_LOW", lambda: done((None, "20")), 1),
        ("TRANSFER_SUM_LOW", lambda: done(*PROMISED[:3]), 0),
        ("TRANSFER_SUM_LOW", lambda: done(*SHORT, learning_agreement=CONDITIONAL), 0),
        ("TRANSFER_SUM_LOW", lambda: done(*SHORT, (None, None)), 0),
        ("TRANSFER_SUM_LOW", lambda: done(*SHORT, transcript=None), 0),
        ("TRANSFER_SUM_LOW", done, 0),
        ("TRANSFER_SUM_HIGH", lambda: done(*PROMISED, ("NH9", "5")), 1),
        ("TRANSFER_SUM_HIGH", lambda: done(transcript=came(tor(course("P", None, parts=RESULTS[:3])))), 1),
        ("TRANSFER_SUM_HIGH", lambda: done(transcript=came(tor(course("BR1", None)))), 0),
        ("TRANSFER_SUM_HIGH", lambda: done(transcript=None), 0),
        ("TRANSFER_SUM_HIGH", done, 0),
        ("TRANSFER_MISSING", waiting, 1),
        ("TRANSFER_MISSING", lambda: waiting(transcript=came(PARTIAL)), 0),
        ("TRANSFER_MISSING", lambda: waiting(transcript=came(NOTHING_PASSED)), 0),
        ("TRANSFER_MISSING", lambda: waiting(heard=frozenset()), 0),
        ("TRANSFER_MISSING", lambda: waiting(exchange=transferred(*PROMISED, removed=True)), 1),
        ("TRANSFER_MISSING", done, 0),
        ("TRANSFER_COMPONENT_MISSING", lambda: done(*PROMISED[:3]), 1),
        ("TRANSFER_COMPONENT_MISSING", lambda: done((None, "30")), 0),
        ("TRANSFER_COMPONENT_MISSING", waiting, 0),
        ("TRANSFER_NOT_IN_LA", lambda: done(*PROMISED, ("NH9", "5")), 1),
        ("TRANSFER_NOT_IN_LA", lambda: done(("NH9", "30"), learning_agreement=PROPOSED), 0),
        ("TRANSFER_NOT_IN_LA", lambda: done(("NH9", "30"), learning_agreement=promising()), 0),
        ("TRANSFER_NOT_IN_LA", lambda: done(("nh1", "30")), 0),
        ("TRANSFER_NOT_IN_LA", lambda: done(("NH9", "30"), learning_agreement=None), 0),
        (
            "TRANSFER_BEFORE_TOR",
            lambda: done(exchange=transferred(*PROMISED, decided_on=date(2027, 1, 31))),
            1,
        ),
        ("TRANSFER_BEFORE_TOR", lambda: done(exchange=transferred(*PROMISED, decided_on=None)), 0),
        ("TRANSFER_BEFORE_TOR", lambda: done(transcript=None), 1),
        ("TRANSFER_BEFORE_TOR", lambda: done(transcript=came(tor(reports=(), generated_date=None))), 0),
        (
            "TRANSFER_BEFORE_TOR",
            lambda: done(
                exchange=transferred(*PROMISED, decided_on=date(2027, 1, 31)),
                transcript=came(tor(), (tor(reports=(report(issue_date=LONG_AGO),)), LONG_AGO)),
            ),
            0,
        ),
    ],
)
def test_credit_transfer(code: str, case: Callable[[], StayCase], times: int) -> None:
    findings = said(case(), code)
    assert len(findings) == times
    assert all(map(speaks_well, findings))


def test_a_transfer_in_order_says_nothing() -> None:
    assert not [each.code for each in found(done()) if each.code.startswith("TRANSFER")]


def test_a_partners_student_has_no_transfer_here() -> None:
    case = an_incoming_stay(exchange=transferred(*PROMISED, student_uid=LadokUid("other")), now=AFTER)
    assert not [each.code for each in found(case) if each.code.startswith("TRANSFER")]


def test_a_missing_transfer_becomes_grave() -> None:
    first = said(waiting(), "TRANSFER_MISSING")[0]
    later = said(waiting(now=AFTER + timedelta(weeks=4)), "TRANSFER_MISSING")[0]
    assert (first.severity, later.severity) == (Severity.WARNING, Severity.BLOCKING)
    assert first.due_on == ISSUED.date() + timedelta(weeks=5)
