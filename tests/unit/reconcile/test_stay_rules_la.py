"""Learning agreements: whether there is one, whether it is agreed in time, whether what was agreed still stands."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from tests.support.stay_rules import found, incoming, outgoing, said, speaks_well
from tests.support.stays import (
    FIRST,
    FIRST_VERSION,
    LA,
    NOMINATION,
    NOW,
    STUDIED,
    a_stay,
    an_incoming_stay,
    arrived,
    component,
    seen,
    signature,
)

from mobility_bridge.domain.discrepancy import Owner, Severity
from mobility_bridge.domain.learning_agreement import (
    ChangesProposal,
    ComponentLists,
    ComponentStatus,
    LaComponent,
    LaSignature,
    LearningAgreement,
    ReasonCode,
)
from mobility_bridge.domain.nomination import NominationStatus
from mobility_bridge.domain.planned_day import PlannedDay
from mobility_bridge.domain.record import RecordKind
from mobility_bridge.domain.stay import DecisionState, Heard, OurDecision, Seen, StayCase
from mobility_bridge.reconcile import stay_days
from mobility_bridge.reconcile.stay_la import signed_at, signer_digest

DAY = timedelta(days=1)
LATE = datetime(2026, 12, 1, 12, tzinfo=UTC)
IN_NOVEMBER = datetime(2026, 11, 1, 12, tzinfo=UTC)
STARTED = datetime(2026, 9, 1, 12, tzinfo=UTC)
PROPOSAL = ChangesProposal("c1", replace(FIRST_VERSION, receiving_hei_signature=None))
PROPOSED = replace(LA, first_version=None, changes_proposal=PROPOSAL)


def nomination(status: NominationStatus) -> Seen[Any]:
    return seen(RecordKind.NOMINATION, replace(NOMINATION, status=status))


def decision(*, days: float = -5, state: DecisionState = DecisionState.SENT, **facts: Any) -> OurDecision:
    at = NOW + timedelta(days=days)
    base = OurDecision(
        "learning_agreement", "c1", approve=True, state=state, decided_at=at, sent_at=at, signed_at=at
    )
    return replace(base, **facts)


def signed(at: datetime, **facts: Any) -> ComponentLists:
    signature = FIRST_VERSION.receiving_hei_signature
    assert signature is not None
    return replace(FIRST_VERSION, receiving_hei_signature=replace(signature, timestamp=at, **facts))


RECEIVER = FIRST_VERSION.receiving_hei_signature
assert RECEIVER is not None
OUR_DIGEST = signer_digest(RECEIVER)
FIVE_DAYS_AGO = NOW - 5 * DAY


@pytest.mark.parametrize(
    ("code", "case"),
    [
        ("LA_NOT_APPROVED_AT_START", lambda: outgoing(PROPOSED, now=STARTED)),
        ("LA_NOT_APPROVED_AT_START", lambda: a_stay(learning_agreement=None, now=STARTED)),
        ("LA_NOT_APPROVED_AT_START", lambda: incoming(PROPOSED, now=STARTED)),
        ("LA_MISSING", lambda: a_stay(learning_agreement=None)),
        ("LA_MISSING", lambda: an_incoming_stay(learning_agreement=None)),
        ("LA_MISSING", lambda: outgoing(PROPOSED, gone_at=NOW)),
        ("LA_WITHOUT_NOMINATION", lambda: a_stay(nomination=None)),
        ("LA_WITHOUT_NOMINATION", lambda: a_stay(nomination=nomination(NominationStatus.REJECTED))),
        ("LA_PENDING_TOO_LONG", lambda: outgoing(replace(LA, changes_proposal=PROPOSAL))),
        ("LA_PENDING_TOO_LONG", lambda: incoming(unsigned_by_sender())),
        ("LA_DELETED_AFTER_SIGNED", lambda: incoming(LA, gone_at=NOW)),
        ("LA_FIRST_VERSION_CHANGED", lambda: incoming(changed(), (LA, NOW - DAY))),
        (
            "LA_FIRST_VERSION_CHANGED",
            lambda: outgoing(changed(), (changed(), NOW), (LA, NOW - DAY), (LA, NOW - 2 * DAY)),
        ),
        ("LA_DECISION_LOST", lambda: incoming(LA, decisions=(decision(),))),
        (
            "LA_DECISION_LOST",
            lambda: incoming(LA, decisions=(decision(state=DecisionState.UNKNOWN, sent_at=None),)),
        ),
        (
            "LA_DECISION_LOST",
            lambda: incoming(LA, decisions=(decision(signer_digest=OUR_DIGEST), decision(days=-59))),
        ),
        (
            "LA_SIGNATURE_ALTERED",
            lambda: incoming(
                replace(LA, first_version=signed(NOW - 4 * DAY)),
                decisions=(decision(signer_digest=OUR_DIGEST),),
            ),
        ),
        (
            "LA_SIGNATURE_ALTERED",
            lambda: incoming(
                replace(LA, first_version=signed(FIVE_DAYS_AGO, signer_name="Somebody Else")),
                decisions=(decision(signer_digest=OUR_DIGEST),),
            ),
        ),
    ],
)
def test_a_fact_out_of_order_is_said_once(code: str, case: Callable[[], StayCase]) -> None:
    findings = said(case(), code)
    assert len(findings) == 1
    assert speaks_well(findings[0])


@pytest.mark.parametrize(
    ("code", "case"),
    [
        ("LA_NOT_APPROVED_AT_START", lambda: outgoing(PROPOSED)),
        ("LA_NOT_APPROVED_AT_START", lambda: a_stay(now=STARTED)),
        (
            "LA_NOT_APPROVED_AT_START",
            lambda: a_stay(application=None, nomination=None, learning_agreement=None, now=STARTED),
        ),
        ("LA_NOT_APPROVED_AT_START", lambda: incoming(PROPOSED, now=STARTED, arrival=arrived())),
        ("LA_NOT_APPROVED_AT_START", lambda: outgoing(LA, now=STARTED, gone_at=NOW)),
        ("LA_NOT_APPROVED_AT_START", lambda: outgoing(PROPOSED, now=STARTED, heard=frozenset())),
        ("LA_MISSING", lambda: a_stay(learning_agreement=None, now=STARTED)),
        ("LA_MISSING", lambda: a_stay(learning_agreement=None, heard=frozenset({Heard.NOMINATIONS}))),
        (
            "LA_MISSING",
            lambda: a_stay(learning_agreement=None, nomination=nomination(NominationStatus.PENDING)),
        ),
        (
            "LA_MISSING",
            lambda: a_stay(learning_agreement=None, nomination=nomination(NominationStatus.CANCELLED)),
        ),
        ("LA_WITHOUT_NOMINATION", lambda: a_stay(nomination=nomination(NominationStatus.CANCELLED))),
        ("LA_WITHOUT_NOMINATION", lambda: a_stay(nomination=None, heard=frozenset())),
        ("LA_PENDING_TOO_LONG", lambda: outgoing(replace(LA, changes_proposal=PROPOSAL), now=NOW - 50 * DAY)),
        ("LA_DELETED_AFTER_SIGNED", lambda: outgoing(LA, gone_at=NOW)),
        ("LA_DELETED_AFTER_SIGNED", lambda: incoming(PROPOSED, gone_at=NOW)),
        (
            "LA_DELETED_AFTER_SIGNED",
            lambda: incoming(LA, gone_at=NOW, nomination=nomination(NominationStatus.CANCELLED)),
        ),
        ("LA_FIRST_VERSION_CHANGED", lambda: incoming(LA, (LA, NOW - DAY), (PROPOSED, NOW - 2 * DAY))),
        ("LA_FIRST_VERSION_CHANGED", lambda: incoming(LA, (PROPOSED, NOW - DAY))),
        ("LA_DECISION_LOST", lambda: incoming(LA, decisions=(decision(days=-0.5),))),
        ("LA_DECISION_LOST", lambda: incoming(LA, decisions=(decision(),), confirmed_at=NOW - 6 * DAY)),
        ("LA_DECISION_LOST", lambda: incoming(LA, decisions=(decision(approve=False),))),
        ("LA_DECISION_LOST", lambda: incoming(LA, decisions=(decision(state=DecisionState.CONFLICT),))),
        (
            "LA_DECISION_LOST",
            lambda: incoming(replace(LA, first_version=signed(FIVE_DAYS_AGO)), decisions=(decision(),)),
        ),
        (
            "LA_SIGNATURE_ALTERED",
            lambda: incoming(
                replace(LA, first_version=signed(FIVE_DAYS_AGO, signer_name=" rui  SOL")),
                decisions=(decision(signer_digest=OUR_DIGEST),),
            ),
        ),
        (
            "LA_SIGNATURE_ALTERED",
            lambda: incoming(
                replace(LA, first_version=signed(NOW - 4 * DAY)),
                decisions=(decision(signer_digest=OUR_DIGEST), decision(signed_at=NOW - 4 * DAY, days=-6)),
            ),
        ),
        ("LA_SIGNATURE_ALTERED", lambda: outgoing(LA, decisions=(decision(signer_digest=OUR_DIGEST),))),
    ],
)
def test_what_is_nearly_so_is_left_alone(code: str, case: Callable[[], StayCase]) -> None:
    assert said(case(), code) == []


def unsigned_by_sender() -> LearningAgreement:
    lists = replace(PROPOSAL.lists, sending_hei_signature=None)
    return replace(LA, changes_proposal=replace(PROPOSAL, lists=lists))


def changed() -> LearningAgreement:
    assert FIRST_VERSION.components_studied is not None
    return replace(
        LA, first_version=replace(FIRST_VERSION, components_studied=FIRST_VERSION.components_studied[1:])
    )


def test_a_stay_in_order_says_nothing_about_its_agreement() -> None:
    for case in (a_stay(), an_incoming_stay()):
        assert [
            finding.code for finding in found(case) if finding.code.startswith(("LA_", "COMP_", "CREDIT_"))
        ] == []


def test_a_missing_agreement_is_grave_close_to_the_first_day() -> None:
    early, close = (
        said(a_stay(learning_agreement=None, now=now), "LA_MISSING")[0] for now in (NOW, NOW + 20 * DAY)
    )
    assert (early.severity, close.severity) == (Severity.WARNING, Severity.BLOCKING)
    assert (early.owner, early.due_on) == (Owner.US, FIRST)


def test_a_missing_agreement_of_an_unknown_first_day_is_no_more_than_a_warning() -> None:
    case = a_stay(learning_agreement=None, application=None, exchange=None)
    finding = said(case, "LA_MISSING")[0]
    assert (finding.severity, finding.due_on) == (Severity.WARNING, None)


def test_a_partners_student_waits_for_us() -> None:
    assert said(incoming(unsigned_by_sender()), "LA_PENDING_TOO_LONG")[0].owner is Owner.US
    assert (
        said(outgoing(replace(LA, changes_proposal=PROPOSAL)), "LA_PENDING_TOO_LONG")[0].owner
        is Owner.PARTNER
    )


def test_a_changed_first_version_is_dated_from_when_it_changed() -> None:
    case = incoming(
        changed(), (changed(), NOW - DAY), (LA, NOW - 9 * DAY), (PROPOSED, NOW - 20 * DAY), changed_at=NOW
    )
    finding = said(case, "LA_FIRST_VERSION_CHANGED")[0]
    assert finding.values["since"] == date(2026, 7, 31).isoformat()
    assert finding.values["field"] == "components-studied"


def later(at: datetime, **facts: Any) -> ComponentLists:
    """Changes that all signed on one day."""
    signature = LaSignature(at, "Kim Berg", "Coordinator", "kim.berg@nordhav.example")
    return ComponentLists(
        student_signature=LaSignature(at),
        sending_hei_signature=signature,
        **{"receiving_hei_signature": signature, **facts},
    )


def proposing(lists: ComponentLists, proposal_id: str = "c1", **facts: Any) -> LearningAgreement:
    return replace(LA, changes_proposal=ChangesProposal(proposal_id, lists), **facts)


def deleting(*components: LaComponent, **facts: Any) -> tuple[LaComponent, ...]:
    reason = {"reason_code": ReasonCode.NOT_AVAILABLE, **facts}
    return tuple(replace(each, status=ComponentStatus.DELETED, **reason) for each in components)


def inserting(*components: LaComponent) -> tuple[LaComponent, ...]:
    return tuple(replace(each, status=ComponentStatus.INSERTED, reason_text="wanted") for each in components)


NEW = component("New course", "BR9")
IN_JULY = datetime(2026, 7, 30, 9, tzinfo=UTC)
DROPPED = later(IN_JULY, components_studied=deleting(STUDIED[0]))
ADDED = later(IN_JULY, components_studied=inserting(NEW))
BLENDED = replace(
    LA,
    first_version=replace(FIRST_VERSION, components_studied=None, blended_mobility_components=STUDIED[:1]),
    changes_proposal=ChangesProposal("c1", later(IN_JULY)),
)
REFUSED = decision(approve=False, days=-2)


@pytest.mark.parametrize(
    ("code", "case", "times"),
    [
        ("LA_SIGNATURE_MISSING", lambda: outgoing(first(receiving_hei_signature=None)), 1),
        (
            "LA_SIGNATURE_MISSING",
            lambda: outgoing(first(student_signature=None, sending_hei_signature=None)),
            2,
        ),
        (
            "LA_SIGNATURE_MISSING",
            lambda: outgoing(replace(LA, first_version=signed(IN_JULY, signer_email=" "))),
            1,
        ),
        (
            "LA_SIGNATURE_MISSING",
            lambda: outgoing(proposing(later(IN_JULY, receiving_hei_signature=None))),
            0,
        ),
        ("LA_SIGNATURE_ORDER", lambda: outgoing(first(receiving_hei_signature=signature(-2))), 1),
        ("LA_SIGNATURE_ORDER", lambda: outgoing(first(student_signature=at_minute(4))), 0),
        ("LA_SIGNATURE_ORDER", lambda: outgoing(first(student_signature=at_minute(6))), 1),
        ("LA_SIGNATURE_ORDER", lambda: outgoing(first(sending_hei_signature=LaSignature(None))), 0),
        ("LA_SIGNATURE_FUTURE", lambda: outgoing(first(receiving_hei_signature=signature(70))), 1),
        ("LA_SIGNATURE_FUTURE", lambda: incoming(first(receiving_hei_signature=signature(70))), 1),
        ("LA_SIGNATURE_FUTURE", lambda: outgoing(first(student_signature=naive()), confirmed_at=NOW), 0),
        ("LA_SIGNATURE_FUTURE", lambda: a_stay(learning_agreement=None), 0),
        (
            "LA_SIGNED_AFTER_START",
            lambda: outgoing(first(receiving_hei_signature=signature(100)), now=LATE),
            1,
        ),
        ("LA_SIGNED_AFTER_START", lambda: outgoing(LA, arrival=arrived(date(2026, 6, 2))), 1),
        ("LA_SIGNED_AFTER_START", lambda: outgoing(LA, arrival=arrived(date(2026, 6, 3))), 0),
        ("LA_SIGNED_AFTER_START", lambda: outgoing(PROPOSED), 0),
        ("LA_SIGNED_AFTER_START", lambda: outgoing(untimed()), 0),
        (
            "LA_DIFF_ORPHAN_DELETE",
            lambda: outgoing(proposing(later(IN_JULY, components_studied=deleting(NEW)))),
            1,
        ),
        (
            "LA_DIFF_ORPHAN_DELETE",
            lambda: incoming(
                replace(LA, approved_changes=later(IN_JULY, components_studied=deleting(NEW, NEW)))
            ),
            2,
        ),
        ("LA_DIFF_ORPHAN_DELETE", lambda: outgoing(proposing(DROPPED)), 0),
        (
            "LA_DIFF_ORPHAN_DELETE",
            lambda: outgoing(proposing(later(IN_JULY, components_studied=inserting(STUDIED[0])))),
            0,
        ),
        (
            "LA_REASON_INVALID",
            lambda: outgoing(proposing(later(IN_JULY, components_studied=(NEW,)), first_version=None)),
            0,
        ),
        ("LA_DIFF_ORPHAN_DELETE", lambda: outgoing(proposing(DROPPED, first_version=None)), 0),
        (
            "LA_DIFF_DUPLICATE_INSERT",
            lambda: outgoing(proposing(later(IN_JULY, components_studied=inserting(STUDIED[0])))),
            1,
        ),
        ("LA_DIFF_DUPLICATE_INSERT", lambda: outgoing(proposing(ADDED)), 0),
        ("LA_DIFF_NOT_CUMULATIVE", lambda: incoming(proposing(ADDED, approved_changes=DROPPED)), 1),
        ("LA_DIFF_NOT_CUMULATIVE", lambda: incoming(proposing(later(IN_JULY), approved_changes=ADDED)), 1),
        ("LA_DIFF_NOT_CUMULATIVE", lambda: outgoing(proposing(ADDED, approved_changes=DROPPED)), 0),
        ("LA_DIFF_NOT_CUMULATIVE", lambda: incoming(proposing(DROPPED, approved_changes=DROPPED)), 0),
        ("LA_DIFF_NOT_CUMULATIVE", lambda: incoming(replace(LA, approved_changes=DROPPED)), 0),
        ("LA_PROPOSAL_ID_DRIFT", lambda: incoming(proposing(ADDED, "c2"), (proposing(ADDED), NOW)), 1),
        ("LA_PROPOSAL_ID_DRIFT", lambda: incoming(proposing(ADDED), (proposing(DROPPED), NOW)), 1),
        ("LA_PROPOSAL_ID_DRIFT", lambda: incoming(proposing(ADDED), (proposing(DROPPED, "c2"), NOW)), 0),
        (
            "LA_PROPOSAL_ID_DRIFT",
            lambda: incoming(proposing(ADDED, isced_f_code="0532"), (proposing(ADDED), NOW)),
            0,
        ),
        ("LA_PROPOSAL_ID_DRIFT", lambda: incoming(proposing(ADDED), (LA, NOW)), 0),
        ("LA_PROPOSAL_ID_DRIFT", lambda: incoming(proposing(ADDED), decisions=(REFUSED,), changed_at=NOW), 1),
        ("LA_PROPOSAL_ID_DRIFT", lambda: incoming(proposing(ADDED), decisions=(REFUSED,)), 0),
        (
            "LA_PROPOSAL_ID_DRIFT",
            lambda: incoming(
                proposing(ADDED), decisions=(decision(approve=False, sent_at=None),), changed_at=NOW
            ),
            0,
        ),
        ("LA_CHANGE_LATE", lambda: outgoing(proposing(later(IN_NOVEMBER)), now=LATE), 1),
        ("LA_CHANGE_LATE", lambda: outgoing(proposing(later(IN_NOVEMBER - 45 * DAY)), now=LATE), 0),
        ("LA_CHANGE_LATE", lambda: outgoing(replace(LA, approved_changes=slow()), now=LATE), 1),
        ("LA_CHANGE_LATE", lambda: outgoing(proposing(ComponentLists()), now=LATE), 0),
        ("LA_CHANGE_LATE", lambda: full_year(proposing(later(datetime(2027, 2, 1, tzinfo=UTC)))), 0),
        ("LA_CHANGE_LATE", lambda: full_year(proposing(later(datetime(2027, 3, 1, tzinfo=UTC)))), 1),
        ("LA_CHANGE_LATE", lambda: undated(proposing(later(IN_NOVEMBER))), 0),
        ("LA_CHANGE_LATE", lambda: a_stay(learning_agreement=None), 0),
        ("LA_SHORT_TERM_CHANGED", lambda: outgoing(BLENDED), 1),
        ("LA_SHORT_TERM_CHANGED", lambda: outgoing(replace(BLENDED, first_version=None)), 0),
        ("LA_SHORT_TERM_CHANGED", lambda: outgoing(proposing(ADDED)), 0),
        ("LA_REASON_INVALID", lambda: outgoing(proposing(later(IN_JULY, components_studied=(NEW,)))), 1),
        ("LA_REASON_INVALID", lambda: outgoing(proposing(unexplained(reason_code=None))), 1),
        (
            "LA_REASON_INVALID",
            lambda: outgoing(proposing(unexplained(reason_code=ReasonCode.EXTENDING_MOBILITY))),
            1,
        ),
        ("LA_REASON_INVALID", lambda: outgoing(proposing(ADDED, approved_changes=DROPPED)), 0),
    ],
)
def test_signatures_and_changes(code: str, case: Callable[[], StayCase], times: int) -> None:
    findings = said(case(), code)
    assert len(findings) == times
    assert all(map(speaks_well, findings))


def first(**facts: Any) -> LearningAgreement:
    return replace(LA, first_version=replace(FIRST_VERSION, **facts))


def at_minute(minute: int) -> LaSignature:
    """The student's signature so many minutes after the sending university's."""
    return LaSignature(datetime(2026, 6, 2, 10, minute, tzinfo=UTC))


def naive() -> LaSignature:
    return LaSignature(datetime(2026, 6, 1))  # noqa: DTZ001 - as a document without offsets has it


def untimed() -> LearningAgreement:
    nobody = LaSignature(None, "Kim Berg", "Coordinator", "kim.berg@nordhav.example")
    return first(student_signature=nobody, sending_hei_signature=nobody, receiving_hei_signature=nobody)


def unexplained(**facts: Any) -> ComponentLists:
    return later(IN_JULY, components_studied=deleting(STUDIED[0], **facts))


def slow() -> ComponentLists:
    return later(
        IN_JULY, receiving_hei_signature=LaSignature(IN_JULY + 15 * DAY, "A", "B", "c@brava.example")
    )


def full_year(la: LearningAgreement) -> StayCase:
    return outgoing(replace(la, end=PlannedDay(2027, 6)), now=datetime(2027, 4, 1, tzinfo=UTC))


def undated(la: LearningAgreement) -> StayCase:
    return outgoing(replace(la, start=None, end=None), application=None, exchange=None, now=LATE)


def test_a_document_without_offsets_is_read_as_utc() -> None:
    assert signed_at(naive()) == datetime(2026, 6, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    "facts",
    [
        {"learning_agreement": None},
        {"nomination": None, "application": None, "exchange": None},
        {"learning_agreement": None, "decisions": (decision(),)},
        {
            "learning_agreement": None,
            "nomination": None,
            "application": None,
            "exchange": None,
            "heard": frozenset(),
        },
    ],
)
def test_rules_bear_a_case_of_which_next_to_nothing_is_known(facts: dict[str, Any]) -> None:
    for case in (a_stay(**facts), an_incoming_stay(**facts)):
        assert all(finding.subject == case.subject for finding in found(case))


def test_the_day_on_which_a_proposal_has_waited_too_long_is_looked_at_again() -> None:
    case = outgoing(proposing(later(IN_JULY)), now=IN_JULY)
    assert not said(case, "LA_PENDING_TOO_LONG")
    again = date(2026, 8, 14)
    assert again in set(stay_days._days(case))
    assert said(replace(case, now=datetime(2026, 8, 14, 9, 1, tzinfo=UTC)), "LA_PENDING_TOO_LONG")
    assert date(2026, 8, 14) not in set(stay_days._days(outgoing(proposing(ComponentLists()), now=IN_JULY)))


def test_the_day_on_which_a_decision_of_ours_must_show_is_looked_at_again() -> None:
    assert date(2026, 7, 29) in set(stay_days._days(incoming(LA, decisions=(decision(),))))
