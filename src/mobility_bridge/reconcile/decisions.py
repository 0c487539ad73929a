"""Whether a decision of ours may be taken on a proposal now. Pure: the case says what is known and what time it is.

Source: EWP mobilities: receiving side; the proposal id; conflicts and idempotency; nomination in version 3.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

from mobility_bridge.domain.identifiers import OmobilityId
from mobility_bridge.domain.learning_agreement import LearningAgreement
from mobility_bridge.domain.nomination import Nomination, NominationStatus
from mobility_bridge.domain.record import RecordKind
from mobility_bridge.domain.stay import DecisionState, OurDecision, Seen, StayCase
from mobility_bridge.reconcile.stay_state import wrong_person

_UNDER_WAY: Final = (DecisionState.QUEUED, DecisionState.UNKNOWN, DecisionState.SENT)


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody wants to decide. `proposal_id` is what they looked at; None means whatever waits now."""

    on: RecordKind
    omobility_id: OmobilityId
    approve: bool
    text: str | None = field(default=None, repr=False)
    proposal_id: str | None = None

    @property
    def verb(self) -> str:
        if self.approve:
            return "approve"
        return "reject" if self.on is RecordKind.NOMINATION else "comment"

    @property
    def thing(self) -> str:
        name = "nomination" if self.on is RecordKind.NOMINATION else "learning agreement"
        return f"{name} {self.omobility_id}"


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a decision may not be taken: a stable word, one sentence, and what to do instead. Nothing personal."""

    code: str
    sentence: str
    next_step: str


_Check = Callable[[StayCase, Seen[Any], Wish, Sequence[OurDecision]], Refusal | None]


def objects(case: StayCase, on: RecordKind) -> tuple[Seen[Any], ...]:
    """The nominations, or the learning agreements, of a stay: the first one is what rules look at."""
    first, others = (
        (case.nomination, case.nomination_others)
        if on is RecordKind.NOMINATION
        else (case.learning_agreement, case.learning_agreement_others)
    )
    return () if first is None else (first, *others)


def proposal_id(said: Nomination | LearningAgreement) -> str | None:
    """The id of what waits for the receiving HEI's decision, or, for a nomination, of what was decided on."""
    if isinstance(said, Nomination):
        return said.proposal_id
    return None if said.changes_proposal is None else said.changes_proposal.proposal_id


def refusal(case: StayCase, seen: Seen[Any], wish: Wish, earlier: Sequence[OurDecision]) -> Refusal | None:
    """Say why this decision may not be taken now; None when it may.

    `seen` is the object that it is about, `earlier` are our former decisions on that object.
    """
    by_kind = _ON_NOMINATION if wish.on is RecordKind.NOMINATION else _ON_LA
    checks: tuple[_Check, ...] = (_direction, _person, _shown, *by_kind, _current, _repeated, _text)
    found = (check(case, seen, wish, earlier) for check in checks)
    return next((each for each in found if each is not None), None)


def _look(case: StayCase, wish: Wish) -> str:
    name = case.subject.stay_id or case.subject.student_id
    if wish.on is RecordKind.NOMINATION:
        return f"Run: mobility-bridge students explain {name}"
    return f"Run: mobility-bridge la show {name}"


def _direction(case: StayCase, seen: Seen[Any], wish: Wish, _: Sequence[OurDecision]) -> Refusal | None:
    receiver = seen.said.receiving_hei.hei_id
    if not case.outgoing and receiver == case.own_hei_id:
        return None
    return Refusal(
        "not_ours_to_decide",
        f"{receiver or 'another university'} receives the student of {wish.thing}, and only it decides",
        "Incoming students are listed by: mobility-bridge mobilities list --direction incoming",
    )


def _person(case: StayCase, _seen: Seen[Any], wish: Wish, _: Sequence[OurDecision]) -> Refusal | None:
    if case.protected or any(each.person.protected for each in case.persons):
        return Refusal(
            "protected_identity",
            f"the student of {wish.thing} has a protected identity, about whom nothing leaves this program",
            "Settle it with the partner by the routine for protected identities.",
        )
    if wrong_person(case):
        return Refusal(
            "wrong_person",
            f"the systems describe two people in stay {case.subject.stay_id}, so nobody decides on {wish.thing} yet",
            f"Find out who is meant: mobility-bridge students explain {case.subject.student_id}",
        )
    return None


def _shown(case: StayCase, seen: Seen[Any], wish: Wish, _: Sequence[OurDecision]) -> Refusal | None:
    if seen.live:
        return None
    return Refusal(
        "withdrawn",
        f"{case.partner_hei_id} does not show {wish.thing} any more",
        "Read it again, or ask the partner: mobility-bridge sync",
    )


def _status(_case: StayCase, seen: Seen[Nomination], wish: Wish, _: Sequence[OurDecision]) -> Refusal | None:
    status = seen.said.status
    if seen.said.awaits_receiver:
        return None
    if status is None:
        return Refusal(
            "no_status",
            f"{wish.thing} does not say in which state it is",
            "Ask the partner to mend it: see the problems in mobility-bridge nominations list --json",
        )
    if status is NominationStatus.CANCELLED:
        sentence, step = "is cancelled, which is final", "A student who comes all the same is nominated anew."
    elif status is NominationStatus.REJECTED:
        sentence, step = "is rejected already", "Wait until the partner hands it in anew."
    elif wish.approve:
        sentence, step = "is approved already", "Nothing is left to do."
    else:
        sentence = "is approved, and an approved nomination cannot be rejected any more"
        step = "Ask the partner to cancel it."
    return Refusal(f"already_{status.value}", f"{wish.thing} {sentence}", step)


def _readable(case: StayCase, seen: Seen[Any], wish: Wish, _: Sequence[OurDecision]) -> Refusal | None:
    """Version 2 knows no proposals: whoever decides there answers through an interface of their own."""
    if (proposal_id(seen.said) or "").strip():
        return None
    return Refusal(
        "no_proposal_id",
        f"{wish.thing} carries no proposal id, so a decision could mean any text",
        f"Tell {case.partner_hei_id} by e-mail; its version of the interface takes no decisions.",
    )


def _waiting(case: StayCase, seen: Seen[LearningAgreement], wish: Wish, _: Any) -> Refusal | None:
    if seen.said.changes_proposal is not None:
        return None
    return Refusal(
        "nothing_proposed",
        f"nothing in {wish.thing} waits for us" + (": it is approved" if seen.said.is_approved else ""),
        _look(case, wish),
    )


def _signed(case: StayCase, seen: Seen[LearningAgreement], wish: Wish, _: Any) -> Refusal | None:
    """Student and sending HEI sign before us; what lacks either is a draft."""
    proposal = seen.said.changes_proposal
    assert proposal is not None  # `_waiting` was asked before
    lists = proposal.lists
    lacking = [
        name
        for name, signature in (
            ("student", lists.student_signature),
            ("partner", lists.sending_hei_signature),
        )
        if signature is None
    ]
    if not lacking:
        return None
    return Refusal(
        "draft",
        f"the {' and the '.join(lacking)} did not sign the proposal in {wish.thing} yet",
        f"Wait, or ask {case.partner_hei_id}; those two sign before us.",
    )


def _current(case: StayCase, seen: Seen[Any], wish: Wish, _: Sequence[OurDecision]) -> Refusal | None:
    now = proposal_id(seen.said)
    if wish.proposal_id in (None, now):
        return None
    return Refusal(
        "not_current",
        f"proposal {wish.proposal_id} of {wish.thing} was replaced; {now} waits now",
        f"Look at the new one and decide again. {_look(case, wish)}",
    )


def _repeated(case: StayCase, seen: Seen[Any], wish: Wish, earlier: Sequence[OurDecision]) -> Refusal | None:
    now = proposal_id(seen.said)
    for each in (each for each in earlier if each.proposal_id == now):
        if each.state in _UNDER_WAY and not lost(case, seen, each):
            return Refusal(
                "under_way",
                f"a decision on this proposal of {wish.thing} is under way: {each.state} since {_minute(each)}",
                "Wait for its outcome: mobility-bridge sync",
            )
        if each.state is DecisionState.CONFIRMED and not _came_back(seen, each):
            return Refusal(
                "already_decided",
                f"we decided on this proposal of {wish.thing} on {_minute(each)}",
                f"Ask {case.partner_hei_id} why it is still shown as open, or wait for a new proposal.",
            )
    return None


def lost(case: StayCase, seen: Seen[Any], decision: OurDecision) -> bool:
    """Whether a decision that was answered well has not shown for so long that it may be sent once more."""
    if decision.state is not DecisionState.SENT or decision.sent_at is None:
        return False
    patience = timedelta(hours=case.thresholds.decision_lost_hours)
    return seen.stored.confirmed_at >= decision.sent_at + patience


def _came_back(seen: Seen[Any], decision: OurDecision) -> bool:
    """Whether a refused proposal was gone, or another one, and is shown again: then it wants a new decision."""
    return decision.sent_at is not None and seen.stored.changed_at > decision.sent_at


def _minute(decision: OurDecision) -> str:
    return f"{decision.sent_at or decision.decided_at:%Y-%m-%d %H:%M}"


def _text(_case: StayCase, _seen: Seen[Any], wish: Wish, _: Sequence[OurDecision]) -> Refusal | None:
    if wish.approve or (wish.text or "").strip():
        return None
    return Refusal(
        "text_missing",
        f"who says no to {wish.thing} has to say why to the partner",
        "Add --text with the words that the partner shall read.",
    )


_ON_NOMINATION: Final[tuple[_Check, ...]] = (_status, _readable)
_ON_LA: Final[tuple[_Check, ...]] = (_waiting, _signed, _readable)


def deciding(case: StayCase, on: RecordKind) -> Iterator[Seen[Any]]:
    """The objects of a stay that wait for our decision."""
    for each in objects(case, on):
        if each.live and each.said.awaits_receiver:
            yield each
