"""What we did ourselves: a decision that was not taken, a registration of ours that does not stand."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from tests.support.stay_rules import incoming, said, speaks_well
from tests.support.stays import (
    AUTUMN,
    EXCHANGE,
    FIRST_VERSION,
    LA,
    LAST,
    NOMINATION,
    NOW,
    STAY,
    STUDENT,
    a_stay,
    an_incoming_stay,
    seen,
)

from mobility_bridge.domain.discrepancy import Owner, Severity
from mobility_bridge.domain.learning_agreement import ChangesProposal
from mobility_bridge.domain.nomination import NominationStatus
from mobility_bridge.domain.ownership import System
from mobility_bridge.domain.record import RecordKind
from mobility_bridge.domain.stay import DecisionState, OurDecision, StayCase
from mobility_bridge.domain.write import Write, WriteState

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
TAKEN, LOST = "DECISION_NOT_TAKEN", "WRITE_REFUSED"
PROPOSED = replace(
    LA,
    first_version=None,
    changes_proposal=ChangesProposal("c1", replace(FIRST_VERSION, receiving_hei_signature=None)),
)
EMPTIED = replace(LA, first_version=None)
AFTER = datetime(LAST.year, LAST.month, LAST.day, 12, tzinfo=NOW.tzinfo) + DAY


def decision(on: str = "learning_agreement", *, days: float = -5, **facts: Any) -> OurDecision:
    at = NOW + timedelta(days=days)
    proposal = "c1" if on == "learning_agreement" else "p1"
    base = OurDecision(on, proposal, approve=True, state=DecisionState.FAILED, decided_at=at, sent_at=at)
    return replace(base, **{"outcome": "rejected", **facts})


def unknown(**facts: Any) -> OurDecision:
    return decision(state=DecisionState.UNKNOWN, approve=False, outcome="cannot_tell", **facts)


def nominated(status: NominationStatus, *decisions: OurDecision, **facts: Any) -> StayCase:
    nomination = replace(
        NOMINATION,
        sending_hei=NOMINATION.receiving_hei,
        receiving_hei=NOMINATION.sending_hei,
        status=status,
    )
    return an_incoming_stay(nomination=seen(RecordKind.NOMINATION, nomination), decisions=decisions, **facts)


def agreed(*decisions: OurDecision, la: Any = PROPOSED, **facts: Any) -> StayCase:
    return incoming(la, decisions=decisions, **facts)


PENDING = NominationStatus.PENDING


@pytest.mark.parametrize(
    ("case", "owner", "severity", "command"),
    [
        (lambda: agreed(decision()), Owner.US, Severity.BLOCKING, "la approve P1-1"),
        (lambda: agreed(decision(approve=False)), Owner.US, Severity.BLOCKING, "la comment P1-1"),
        (
            lambda: agreed(decision(outcome="never_shown")),
            Owner.PARTNER,
            Severity.BLOCKING,
            "la approve P1-1",
        ),
        (
            lambda: nominated(PENDING, decision("nomination")),
            Owner.US,
            Severity.BLOCKING,
            "nominations approve P1-1",
        ),
        (
            lambda: nominated(PENDING, decision("nomination", approve=False, outcome="not_offered")),
            Owner.PARTNER,
            Severity.BLOCKING,
            "nominations reject P1-1",
        ),
        (lambda: agreed(decision(outcome="protected_identity")), Owner.US, Severity.BLOCKING, None),
        (lambda: agreed(unknown(), la=EMPTIED), Owner.US, Severity.WARNING, None),
        (lambda: agreed(unknown(), la=EMPTIED, gone_at=NOW), Owner.US, Severity.WARNING, None),
        (lambda: agreed(unknown()), Owner.US, Severity.WARNING, "la comment P1-1"),
    ],
)
def test_a_decision_that_came_to_nothing_is_said_once_with_how_to_take_it_again(
    case: Callable[[], StayCase], owner: Owner, severity: Severity, command: str | None
) -> None:
    (finding,) = said(case(), TAKEN)
    assert speaks_well(finding)
    assert (finding.owner, finding.severity) == (owner, severity)
    for sentence in (finding.next_step.en, finding.next_step.sv):
        before, _, _ = sentence.rpartition("mobility-bridge students explain")
        assert before.count("mobility-bridge ") == (command is not None)
        assert command is None or f"mobility-bridge {command}." in before
    assert finding.due_on is not None


@pytest.mark.parametrize(
    "case",
    [
        pytest.param(
            lambda: agreed(decision(), decision(days=-1, state=DecisionState.QUEUED)), id="later one"
        ),
        pytest.param(lambda: agreed(decision(state=DecisionState.CONFLICT)), id="conflict"),
        pytest.param(lambda: agreed(unknown(days=-70), la=LA), id="somebody signed since"),
        pytest.param(
            lambda: agreed(decision(state=DecisionState.UNKNOWN, outcome="")), id="still looked for"
        ),
        pytest.param(lambda: agreed(decision(proposal_id="c0")), id="another proposal waits"),
        pytest.param(lambda: agreed(unknown(proposal_id="c0")), id="a further proposal waits"),
        pytest.param(lambda: agreed(decision(), gone_at=NOW), id="the agreement is gone"),
        pytest.param(lambda: agreed(decision(), now=AFTER), id="the stay is over"),
        pytest.param(agreed, id="nothing decided"),
        pytest.param(
            lambda: nominated(NominationStatus.APPROVED, decision("nomination")), id="decided elsewhere"
        ),
        pytest.param(lambda: nominated(NominationStatus.CANCELLED, decision("nomination")), id="called off"),
        pytest.param(lambda: a_stay(decisions=(decision(),)), id="our own student"),
    ],
)
def test_a_decision_that_is_settled_or_not_ours_any_more_is_not_said(case: Callable[[], StayCase]) -> None:
    assert said(case(), TAKEN) == []


def test_a_failed_decision_is_one_discrepancy() -> None:
    """What never got there is not lost at the partner's."""
    case = nominated(PENDING, decision("nomination"))
    assert len(said(case, TAKEN)) == 1
    assert said(case, "NOMINATION_DECISION_LOST") == []
    sent = nominated(PENDING, decision("nomination", state=DecisionState.SENT))
    assert said(sent, TAKEN) == []
    assert len(said(sent, "NOMINATION_DECISION_LOST")) == 1


def a_write(state: WriteState = WriteState.REFUSED, **facts: Any) -> Write:
    base = Write(
        write_id=1,
        key="registration:ladok:abroad:1",
        kind="registration",
        field="term",
        to=System.LADOK,
        about=f"{STAY} {AUTUMN.code}",
        order='["stu", "abroad", 1]',
        before="ej_paborjad",
        after="registrerad",
        asked_by="mobility-bridge",
        reason="REGISTRATION_MISSING",
        asked_at=NOW - DAY,
        state=state,
        student_id=STUDENT,
        stay_id=STAY,
        attempts=1,
        sent_at=NOW - DAY,
    )
    return replace(base, **facts)


def written(*writes: Write, **facts: Any) -> StayCase:
    """A stay that is not registered, and what we wrote about it."""
    exchange = replace(EXCHANGE, registrations=(), registered_terms=())
    return a_stay(**{"exchange": exchange, "writes": writes, **facts})


@pytest.mark.parametrize(
    ("write", "owner", "reason"),
    [
        (a_write(detail="obstacle: held"), Owner.US, "it was refused (obstacle: held)."),
        (a_write(WriteState.REFUTED), Owner.OPERATIONS, "it was taken and does not show."),
        (a_write(WriteState.SENT), Owner.OPERATIONS, "nobody knows whether it took effect."),
        (
            a_write(WriteState.SENT, sent_at=NOW, detail="timeout"),
            Owner.OPERATIONS,
            "nobody knows whether it took effect (timeout).",
        ),
        (
            a_write(WriteState.SENT, sent_at=None),
            Owner.OPERATIONS,
            "nobody knows whether it took effect.",
        ),
    ],
)
def test_a_registration_of_ours_that_does_not_stand_is_said(write: Write, owner: Owner, reason: str) -> None:
    (finding,) = said(written(write), LOST)
    assert speaks_well(finding)
    assert finding.owner is owner
    assert finding.text.en == f"Our registration for HT26 in Ladok: {reason}"
    assert "mobility-bridge students register P1-1 --why" in finding.next_step.en
    assert (finding.place, finding.due_on) == ("HT26", date(2026, 8, 31))


def test_of_several_writes_for_a_term_the_newest_counts() -> None:
    old, new = a_write(), a_write(WriteState.REFUTED, write_id=2, key="registration:ladok:other:1")
    (finding,) = said(written(new, old), LOST)
    assert finding.owner is Owner.OPERATIONS


@pytest.mark.parametrize(
    "case",
    [
        pytest.param(written, id="nothing written"),
        pytest.param(lambda: written(a_write(), exchange=EXCHANGE), id="registered since"),
        pytest.param(lambda: written(a_write(WriteState.QUEUED)), id="not tried yet"),
        pytest.param(lambda: written(a_write(WriteState.SENT, sent_at=NOW)), id="just being sent"),
        pytest.param(
            lambda: written(a_write(WriteState.SENT, asked_at=NOW - HOUR, detail="timeout")), id="looked for"
        ),
        pytest.param(lambda: written(a_write(), now=AFTER), id="the stay is over"),
        pytest.param(lambda: written(a_write(), deceased=True), id="not active"),
    ],
)
def test_a_registration_that_stands_or_is_not_wanted_any_more_is_not_said(
    case: Callable[[], StayCase],
) -> None:
    assert said(case(), LOST) == []
