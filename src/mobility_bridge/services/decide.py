"""A named person decides on what a partner proposes: what is decided is kept, and queued, before anything is sent."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from mobility_bridge.domain.identifiers import HeiId
from mobility_bridge.domain.learning_agreement import LaSignature
from mobility_bridge.domain.ownership import System
from mobility_bridge.domain.record import RecordKind
from mobility_bridge.domain.stay import DecisionState, OurDecision, Seen, StayCase
from mobility_bridge.errors import UsageError
from mobility_bridge.ports.decisions import StoredDecision
from mobility_bridge.ports.store import UnitOfWork
from mobility_bridge.ports.student_sources import Signer
from mobility_bridge.reconcile.decisions import Refusal, Wish, lost, objects, proposal_id, refusal
from mobility_bridge.reconcile.stay_la import signer_digest
from mobility_bridge.services.context import Context
from mobility_bridge.services.decided import earlier_on
from mobility_bridge.services.student_views import the_cases
from mobility_bridge.services.subjects import student_key

REPEATED = "repeated"
"""The outcome of a decision that never showed and was taken once more."""


@dataclass(frozen=True, slots=True)
class Order:
    """What somebody wants: `mobility` is a mobility's id or a stay's, `partner` whose it is where that is not clear.

    `text` is what the partner reads, `why` what stays with us.
    """

    on: RecordKind
    mobility: str
    approve: bool
    by: str
    why: str = field(repr=False)
    text: str | None = field(default=None, repr=False)
    proposal_id: str | None = None
    partner: HeiId | None = None
    signer: Signer | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Planned:
    """What would be decided: on which object as it stands now."""

    case: StayCase = field(repr=False)
    seen: Seen[Any] = field(repr=False)
    decision: StoredDecision


def may_send(context: Context, on: RecordKind) -> bool:
    """Whether the operator lets decisions of this kind leave: by default they do not."""
    return context.ownership.may_write(on.value, "decision", System.PARTNER)


async def decide(context: Context, order: Order) -> StoredDecision:
    """Keep a decision, to be sent to the partner.

    Raises:  UsageError when it may not be taken: switched off, nobody's or somebody else's to decide, not what waits
             now, decided already, no words for the partner, no signer.
    """
    now = context.clock.now()

    def work(uow: UnitOfWork) -> StoredDecision:
        planned = _plan(uow, context, order, now)
        _give_up_lost(uow, planned, now)
        made = uow.decisions.add(planned.decision)
        student_id = planned.case.subject.student_id
        if student_id is not None:
            uow.work.mark_to_compare([student_key(student_id)], now)
        return made

    made = await context.store.write(work)
    context.log.event(
        "decision.made",
        decision_id=made.decision_id,
        about=made.on.value,
        decision=made.verb,
        partner_hei_id=made.partner_hei_id,
    )
    return made


async def plan_decision(context: Context, order: Order) -> Planned:
    """Say what `decide` would keep, and keep nothing. Raises as `decide`."""
    now = context.clock.now()
    return await context.store.read(lambda uow: _plan(uow, context, order, now))


def _plan(uow: UnitOfWork, context: Context, order: Order, now: datetime) -> Planned:
    if not may_send(context, order.on):
        raise UsageError(
            f"decisions on {_plural(order.on)} are not sent from here: nobody allowed it",
            next_step=f'Allow it in the ownership file: write_to = ["partner"] under [{order.on}.decision].',
        )
    if context.students is None:
        context.the_network()
    case, seen = _the_object(uow, context, order)
    wish = Wish(order.on, seen.said.omobility_id, order.approve, order.text, order.proposal_id)
    earlier = earlier_on(uow, seen, order.on)
    found = refusal(case, seen, wish, [each.as_ours() for each in earlier])
    if found is not None:
        raise UsageError(found.sentence, next_step=found.next_step)
    return Planned(case, seen, _made(context, order, seen, now))


def _made(context: Context, order: Order, seen: Seen[Any], now: datetime) -> StoredDecision:
    signer = _signer(context, order) if order.on is RecordKind.LEARNING_AGREEMENT else None
    record = seen.stored.record
    waits = proposal_id(seen.said)
    assert waits is not None
    return StoredDecision(
        decision_id=0,
        on=order.on,
        partner_hei_id=record.key.holder_hei_id,
        omobility_id=seen.said.omobility_id,
        proposal_id=waits,
        approve=order.approve,
        text_digest=record.digest,
        by=order.by,
        decided_at=now,
        state=DecisionState.QUEUED,
        document=record.document.sha256 if record.document is not None else None,
        why=order.why,
        comment=None if order.approve else (order.text or "").strip(),
        signer=signer,
        # Whole seconds: hosts write times with and without fractions, and it must be known again.
        signed_at=now.replace(microsecond=0) if signer is not None else None,
        signer_digest=_digest(signer),
        next_attempt_at=now,
    )


def _signer(context: Context, order: Order) -> Signer:
    """Who signs for us: who is named with the order, else whom the settings name."""
    given = order.signer
    configured = context.settings.students.signer
    if given is None:
        given = Signer(configured.name, configured.position, configured.email)
    if not (given.name.strip() and given.position.strip() and given.email.strip()):
        raise UsageError(
            "a learning agreement is signed with a name, a position and an e-mail address",
            next_step="Fill [students.signer] in the configuration, or give --signer-name, --signer-position and "
            "--signer-email.",
        )
    return given


def _digest(signer: Signer | None) -> str | None:
    if signer is None:
        return None
    return signer_digest(LaSignature(None, signer.name, signer.position, signer.email))


def _the_object(uow: UnitOfWork, context: Context, order: Order) -> tuple[StayCase, Seen[Any]]:
    """The one object that an order means: the one with this id, else the only one that waits for us."""
    cases = the_cases(context, uow, order.mobility, order.partner)
    found = [(case, seen) for case in cases for seen in objects(case, order.on)]
    name = order.mobility.strip().rpartition("/")[2]
    exact = [(case, seen) for case, seen in found if seen.said.omobility_id == name]
    found = exact or found
    if len(found) > 1:
        found = [(case, seen) for case, seen in found if _waits(case, seen)] or found
    if len(found) == 1:
        return found[0]
    if not found:
        raise UsageError(
            f"no {order.on.value.replace('_', ' ')} is known for {order.mobility}",
            next_step=f"Run: mobility-bridge students show {order.mobility}",
        )
    ids = ", ".join(sorted(f"{_holder(seen)}/{seen.said.omobility_id}" for _, seen in found))
    raise UsageError(
        f"{order.mobility} means several {_plural(order.on)}: {ids}", next_step="Name one of them."
    )


def _waits(case: StayCase, seen: Seen[Any]) -> bool:
    return seen.live and not case.outgoing and bool(seen.said.awaits_receiver)


def _holder(seen: Seen[Any]) -> HeiId:
    return seen.stored.record.key.holder_hei_id


def _plural(on: RecordKind) -> str:
    return f"{on.value.replace('_', ' ')}s"


def _give_up_lost(uow: UnitOfWork, planned: Planned, now: datetime) -> None:
    """End what was sent long ago and never showed: this decision takes its place."""
    decision = planned.decision
    for each in earlier_on(uow, planned.seen, decision.on):
        if each.proposal_id == decision.proposal_id and lost(planned.case, planned.seen, each.as_ours()):
            uow.decisions.save(
                replace(
                    each, state=DecisionState.FAILED, outcome=REPEATED, finished_at=now, next_attempt_at=None
                )
            )


def still_forbidden(
    case: StayCase, seen: Seen[Any], decision: StoredDecision, others: Iterable[StoredDecision]
) -> Refusal | None:
    """Why a decision that waits may not be sent now; None when it may."""
    wish = Wish(decision.on, decision.omobility_id, decision.approve, decision.comment, decision.proposal_id)
    earlier: Sequence[OurDecision] = [
        each.as_ours() for each in others if each.decision_id < decision.decision_id
    ]
    return refusal(case, seen, wish, earlier)
