"""What a partner's document, read again, says of a decision that we sent. Pure.

Source: EWP mobilities: conflicts and idempotency; receiving side; nomination in version 3.
"""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from mobility_bridge.domain.learning_agreement import LaSignature, LearningAgreement
from mobility_bridge.domain.nomination import Nomination, NominationStatus
from mobility_bridge.domain.stay import OurDecision
from mobility_bridge.reconcile.stay_la import signed_at, signer_digest

OK: Final = 200
CONFLICT: Final = 409
_SECOND: Final = timedelta(seconds=1)
_DAY: Final = timedelta(days=1)


class Effect(StrEnum):
    """What became of a decision, as far as the document shows it.

    TOOK_EFFECT: it stands. STILL_OPEN: the same proposal waits. OTHERWISE: another decision than ours stands.
    REPLACED: another proposal waits. CANCELLED, WITHDRAWN: there is nothing left to decide. CANNOT_TELL: the proposal
    is gone, and a refusal leaves no trace by which to know whether it was ours.
    """

    TOOK_EFFECT = "took_effect"
    STILL_OPEN = "still_open"
    OTHERWISE = "decided_otherwise"
    REPLACED = "replaced"
    CANCELLED = "cancelled"
    WITHDRAWN = "withdrawn"
    CANNOT_TELL = "cannot_tell"


def effect(
    decision: OurDecision, said: Nomination | LearningAgreement | None, answered: int | None
) -> Effect:
    """Say what the object as it is now shows; None is one that is not shown any more.

    `answered` is the HTTP status of our only attempt, or of any that was answered 200; None where an answer was lost.
    """
    taken = answered == OK
    if isinstance(said, Nomination):
        return _on_nomination(decision, said, taken=taken)
    if said is None and decision.on == "nomination":
        return Effect.TOOK_EFFECT if taken and not decision.approve else Effect.WITHDRAWN
    return _on_approval(decision, said) if decision.approve else _on_comment(decision, said, answered)


def _on_nomination(decision: OurDecision, said: Nomination, *, taken: bool) -> Effect:
    if said.status is NominationStatus.CANCELLED:
        return Effect.CANCELLED
    if said.proposal_id != decision.proposal_id:
        # A rejected nomination may be handed in anew at once; an approved one only as another nomination.
        return Effect.TOOK_EFFECT if taken and not decision.approve else Effect.REPLACED
    if said.status in (NominationStatus.PENDING, None):
        return Effect.STILL_OPEN
    same = (said.status is NominationStatus.APPROVED) is decision.approve
    return Effect.TOOK_EFFECT if same else Effect.OTHERWISE


def _on_approval(decision: OurDecision, said: LearningAgreement | None) -> Effect:
    if said is None:
        return Effect.WITHDRAWN
    signatures = _received(said)
    if any(_is_ours(decision, each) for each in signatures):
        return Effect.TOOK_EFFECT
    if said.changes_proposal is not None:
        return _open_or_replaced(decision, said)
    return Effect.OTHERWISE if _since(decision, signatures) else Effect.WITHDRAWN


def _on_comment(decision: OurDecision, said: LearningAgreement | None, answered: int | None) -> Effect:
    proposal = said.changes_proposal if said is not None else None
    if proposal is not None and proposal.proposal_id == decision.proposal_id:
        return Effect.STILL_OPEN
    if answered == OK:
        return Effect.TOOK_EFFECT
    if proposal is not None:
        return Effect.REPLACED
    if said is not None and _since(decision, _received(said)):
        return Effect.OTHERWISE
    return Effect.WITHDRAWN if answered == CONFLICT else Effect.CANNOT_TELL


def _open_or_replaced(decision: OurDecision, said: LearningAgreement) -> Effect:
    assert said.changes_proposal is not None
    same = said.changes_proposal.proposal_id == decision.proposal_id
    return Effect.STILL_OPEN if same else Effect.REPLACED


def _received(said: LearningAgreement) -> list[LaSignature]:
    """The receiving HEI's signatures under what is agreed."""
    found = (
        lists.receiving_hei_signature
        for lists in (said.first_version, said.approved_changes)
        if lists is not None
    )
    return [each for each in found if each is not None]


def _is_ours(decision: OurDecision, signature: LaSignature) -> bool:
    """Whether it is the signature that went with the decision.

    Nobody else signs in the same second; some hosts write their own time beside the signer's name.
    """
    moment = signed_at(signature)
    if moment is None or decision.signed_at is None:
        return False
    if abs(moment - decision.signed_at) < _SECOND:
        return True
    return moment > decision.signed_at and signer_digest(signature) == decision.signer_digest


def _since(decision: OurDecision, signatures: list[LaSignature]) -> bool:
    """Whether somebody signed for us about when we decided, or later."""
    moments: list[datetime | None] = [signed_at(each) for each in signatures]
    return any(each is not None and each >= decision.decided_at - _DAY for each in moments)
