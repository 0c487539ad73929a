"""What we did ourselves and what came of it: a decision that was not taken, a write that does not stand.

Source: EWP mobilities: conflicts and idempotency; Ladok: locking, a time-out after a write is unknown.
"""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any, Final

from mobility_bridge.domain.discrepancy import Owner, Severity, Text
from mobility_bridge.domain.record import RecordKind
from mobility_bridge.domain.stay import DecisionState, OurDecision, Seen, StayCase
from mobility_bridge.domain.write import Write, WriteState
from mobility_bridge.reconcile.decision_effects import Effect, effect
from mobility_bridge.reconcile.decisions import objects
from mobility_bridge.reconcile.rule import Observation, rule
from mobility_bridge.reconcile.stay_advice import advice
from mobility_bridge.reconcile.stay_days import first_day, last_day
from mobility_bridge.reconcile.stay_state import in_question
from mobility_bridge.reconcile.writes import registrations

UNCONFIRMED_AFTER: Final = timedelta(hours=1)
"""Until then the next runs look for a write of which nobody knows."""
_NOTHING_KNOWN: Final = (Effect.CANNOT_TELL, Effect.STILL_OPEN)
_THE_PARTNERS: Final = frozenset({"never_shown", "not_offered"})
_PROTECTED: Final = "protected_identity"
_ENDS: Final = {WriteState.REFUSED: "write_refused", WriteState.REFUTED: "write_refuted"}


def _over(case: StayCase) -> bool:
    last = last_day(case)
    return last is not None and case.today > last


@rule(
    code="DECISION_NOT_TAKEN",
    severity=Severity.BLOCKING,
    owner=Owner.US,
    title=Text("A decision of ours was not taken", "Ett beslut av oss togs inte emot"),
    text=Text(
        "Our decision of {decided} on {about} does not count at {partner_hei_id}, as far as we know: {reason}.",
        "Vårt beslut {decided} om {about} gäller såvitt vi vet inte hos {partner_hei_id}: {reason}.",
    ),
    next_step=advice(
        "Settle it with {partner_hei_id}[, or decide once more: mobility-bridge {command}].",
        "Red ut det med {partner_hei_id}[, eller besluta på nytt: mobility-bridge {command}].",
    ),
    source="EWP mobilities: conflicts and idempotency",
)
def our_decision_was_not_taken(case: StayCase) -> Iterator[Observation]:
    """The latest decision on an object failed, or nobody can tell what became of it, and it is still ours to settle.

    Source: EWP mobilities: conflicts and idempotency.
    """
    if case.outgoing or not in_question(case) or _over(case):
        return
    for on in (RecordKind.NOMINATION, RecordKind.LEARNING_AGREEMENT):
        ours = [each for each in case.decisions if each.on == on]
        latest = max(ours, key=lambda each: each.decided_at, default=None)
        shown = [each for each in objects(case, on) if each.live]
        if latest is None or not _unsettled(latest, shown):
            continue
        known = latest.state is DecisionState.FAILED
        values = {
            "about": str(on),
            "decided": latest.decided_at.date().isoformat(),
            "reason": latest.outcome,
            "command": _again(case, latest, shown),
        }
        yield Observation(
            str(on),
            values,
            first_day(case),
            severity=None if known else Severity.WARNING,
            owner=Owner.PARTNER if latest.outcome in _THE_PARTNERS else None,
        )


def _unsettled(decision: OurDecision, shown: Sequence[Seen[Any]]) -> bool:
    """Whether it came to nothing, or nobody knows, and what it was about was not settled or replaced since."""
    effects = _effects(decision, shown)
    if decision.state is DecisionState.FAILED:
        return Effect.STILL_OPEN in effects
    if decision.state is not DecisionState.UNKNOWN or decision.outcome != Effect.CANNOT_TELL:
        return False
    return all(each in _NOTHING_KNOWN for each in effects)


def _effects(decision: OurDecision, shown: Sequence[Seen[Any]]) -> list[Effect]:
    """What each object shows of it; of a first version that was refused a partner may show nothing any more."""
    return [effect(decision, each.said, None) for each in shown] or [effect(decision, None, None)]


def _again(case: StayCase, decision: OurDecision, shown: Sequence[Seen[Any]]) -> str:
    """How to take the decision again; empty where its proposal is gone, or nothing may leave about the student."""
    if Effect.STILL_OPEN not in _effects(decision, shown) or decision.outcome == _PROTECTED:
        return ""
    if decision.on == RecordKind.NOMINATION:
        words = "nominations approve" if decision.approve else "nominations reject"
    else:
        words = "la approve" if decision.approve else "la comment"
    return f"{words} {case.subject.stay_id}"


@rule(
    code="WRITE_REFUSED",
    severity=Severity.WARNING,
    owner=Owner.US,
    title=Text("What we wrote does not stand", "Det vi skrev gäller inte"),
    text=Text(
        "Our registration for {term} in {system}: {reason}[ ({detail})].",
        "Vår registrering för {term} i {system}: {reason}[ ({detail})].",
    ),
    next_step=advice(
        "Put right what stands against it in {system}, then: mobility-bridge students register {stay_id} --why WHY.",
        "Åtgärda hindret i {system} och kör sedan: mobility-bridge students register {stay_id} --why ORSAK.",
    ),
    source="Ladok: adapter rules 1 and 3; locking",
)
def our_write_does_not_stand(case: StayCase) -> Iterator[Observation]:
    """A registration of ours was refused, is not shown, or nobody knows of it, and the term is still missing.

    Source: Ladok: adapter rules 1 and 3; a time-out after a write is unknown.
    """
    if not case.writes or not in_question(case) or _over(case):
        return
    missing = {each.about: each for each in registrations(case)}
    newest = {each.about: each for each in sorted(case.writes, key=lambda each: each.write_id)}
    for about, write in newest.items():
        reason = _trouble(case, write)
        if reason is None or about not in missing:
            continue
        term = missing[about].term.code
        values = {"term": term, "system": write.to.value, "reason": reason, "detail": write.detail}
        owner = Owner.US if write.state is WriteState.REFUSED else Owner.OPERATIONS
        yield Observation(term, values, missing[about].due_on, owner=owner)


def _trouble(case: StayCase, write: Write) -> str | None:
    """Why people should look at a write; None for one that the next run may still settle."""
    if write.state is WriteState.SENT:
        since = write.asked_at if write.detail or write.sent_at is None else write.sent_at
        return "write_unconfirmed" if case.now > since + UNCONFIRMED_AFTER else None
    return _ENDS.get(write.state)
