"""What a partner's document says of a decision that we sent."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.support.stays import FIRST_VERSION, LA, NOMINATION

from mobility_bridge.domain.learning_agreement import (
    ChangesProposal,
    ComponentLists,
    LaSignature,
    LearningAgreement,
)
from mobility_bridge.domain.nomination import NominationStatus
from mobility_bridge.domain.stay import DecisionState, OurDecision
from mobility_bridge.reconcile.decision_effects import Effect, effect
from mobility_bridge.reconcile.stay_la import signer_digest

AT = datetime(2026, 8, 1, 12, tzinfo=UTC)
OURS = LaSignature(AT, "Kim Berg", "Coordinator", "kim.berg@nordhav.example")
UNSIGNED = replace(FIRST_VERSION, receiving_hei_signature=None)
EARLIER = replace(OURS, timestamp=AT - timedelta(days=90))


def a_decision(on: str, *, approve: bool = True, **facts: Any) -> OurDecision:
    usual: dict[str, Any] = (
        {"signed_at": AT, "signer_digest": signer_digest(OURS)} if on != "nomination" else {}
    )
    return OurDecision(on, "p1", approve, DecisionState.UNKNOWN, AT, AT, **{**usual, **facts})


def signed(by: LaSignature | None) -> ComponentLists:
    return replace(FIRST_VERSION, receiving_hei_signature=by)


def an_la(
    first: LaSignature | None = None, changes: LaSignature | None = None, proposal: str | None = None
) -> LearningAgreement:
    """An agreement with these signatures of ours, and a proposal of this id."""
    return replace(
        LA,
        first_version=signed(first) if first else None,
        approved_changes=signed(changes) if changes else None,
        changes_proposal=ChangesProposal(proposal, UNSIGNED) if proposal else None,
    )


@pytest.mark.parametrize(
    ("approve", "status", "proposal", "answered", "expected"),
    [
        (True, NominationStatus.APPROVED, "p1", None, Effect.TOOK_EFFECT),
        (False, NominationStatus.REJECTED, "p1", None, Effect.TOOK_EFFECT),
        (True, NominationStatus.REJECTED, "p1", 409, Effect.OTHERWISE),
        (False, NominationStatus.APPROVED, "p1", 409, Effect.OTHERWISE),
        (True, NominationStatus.PENDING, "p1", None, Effect.STILL_OPEN),
        (True, None, "p1", 200, Effect.STILL_OPEN),
        (True, NominationStatus.CANCELLED, "p1", 200, Effect.CANCELLED),
        (True, NominationStatus.PENDING, "p2", None, Effect.REPLACED),
        (True, NominationStatus.PENDING, "p2", 200, Effect.REPLACED),
        (False, NominationStatus.PENDING, "p2", 409, Effect.REPLACED),
        (False, NominationStatus.PENDING, "p2", 200, Effect.TOOK_EFFECT),
    ],
)
def test_a_nomination_shows_what_stands(
    *,
    approve: bool,
    status: NominationStatus | None,
    proposal: str,
    answered: int | None,
    expected: Effect,
) -> None:
    said = replace(NOMINATION, status=status, proposal_id=proposal)
    assert effect(a_decision("nomination", approve=approve), said, answered) is expected


@pytest.mark.parametrize(
    ("approve", "answered", "expected"),
    [
        (False, 200, Effect.TOOK_EFFECT),
        (False, None, Effect.WITHDRAWN),
        (True, 200, Effect.WITHDRAWN),
    ],
)
def test_a_nomination_that_is_not_shown_was_withdrawn_unless_we_rejected_it(
    *, approve: bool, answered: int | None, expected: Effect
) -> None:
    assert effect(a_decision("nomination", approve=approve), None, answered) is expected


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (an_la(first=OURS), Effect.TOOK_EFFECT),
        (an_la(first=EARLIER, changes=OURS), Effect.TOOK_EFFECT),
        (an_la(first=OURS, proposal="p2"), Effect.TOOK_EFFECT),
        (an_la(first=replace(OURS, timestamp=AT + timedelta(hours=1))), Effect.TOOK_EFFECT),
        (an_la(first=replace(OURS, signer_name="Rui Sol")), Effect.TOOK_EFFECT),
        (an_la(proposal="p1"), Effect.STILL_OPEN),
        (an_la(first=EARLIER, proposal="p1"), Effect.STILL_OPEN),
        (an_la(proposal="p2"), Effect.REPLACED),
        (
            an_la(first=replace(OURS, timestamp=AT + timedelta(hours=1), signer_name="Rui Sol")),
            Effect.OTHERWISE,
        ),
        (an_la(first=replace(OURS, timestamp=AT - timedelta(hours=1))), Effect.OTHERWISE),
        (an_la(first=EARLIER), Effect.WITHDRAWN),
        (an_la(first=replace(OURS, timestamp=None)), Effect.WITHDRAWN),
        (None, Effect.WITHDRAWN),
    ],
)
@pytest.mark.parametrize("answered", [None, 200, 409])
def test_an_approval_stands_where_our_signature_is(
    said: LearningAgreement | None, expected: Effect, answered: int | None
) -> None:
    assert effect(a_decision("learning_agreement"), said, answered) is expected


def test_a_decision_that_carried_no_signature_is_never_known_again() -> None:
    decision = a_decision("learning_agreement", signed_at=None, signer_digest=None)
    assert effect(decision, an_la(first=OURS), 200) is Effect.OTHERWISE


@pytest.mark.parametrize(
    ("said", "answered", "expected"),
    [
        (an_la(proposal="p1"), 200, Effect.STILL_OPEN),
        (an_la(proposal="p1"), None, Effect.STILL_OPEN),
        (None, 200, Effect.TOOK_EFFECT),
        (an_la(first=EARLIER), 200, Effect.TOOK_EFFECT),
        (an_la(proposal="p2"), None, Effect.REPLACED),
        (an_la(first=OURS), 409, Effect.OTHERWISE),
        (an_la(first=EARLIER), 409, Effect.WITHDRAWN),
        (None, 409, Effect.WITHDRAWN),
        (None, None, Effect.CANNOT_TELL),
        (an_la(first=EARLIER), None, Effect.CANNOT_TELL),
    ],
)
def test_a_comment_leaves_no_trace_but_the_proposal_that_is_gone(
    said: LearningAgreement | None, answered: int | None, expected: Effect
) -> None:
    assert effect(a_decision("learning_agreement", approve=False), said, answered) is expected
