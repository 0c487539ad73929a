"""Send what people decided, once; and look what became of it.

Before a decision leaves, it is noted as being sent, with the outcome unknown. From then on the partner's document is
read again before anything is sent a second time: whoever is killed in between finds there whether it took effect.
"""

import asyncio
import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from mobility_bridge.domain.evidence import Exchange
from mobility_bridge.domain.record import RecordKey, RecordKind
from mobility_bridge.domain.stay import DecisionState, Seen, StayCase
from mobility_bridge.errors import ExternalError, NotOffered, Rejected, Unreachable, UsageError
from mobility_bridge.ports.decisions import StoredDecision
from mobility_bridge.ports.store import UnitOfWork
from mobility_bridge.ports.student_sources import (
    Decision,
    DecisionSent,
    ProposalDecision,
    StudentApi,
    StudentNetwork,
)
from mobility_bridge.reconcile.decision_effects import CONFLICT, OK, Effect, effect
from mobility_bridge.reconcile.decisions import objects, proposal_id
from mobility_bridge.services.ask_students import SOURCE, fetch_objects
from mobility_bridge.services.attempts import partner_by_partner, pause_s
from mobility_bridge.services.context import Context
from mobility_bridge.services.decide import may_send, still_forbidden
from mobility_bridge.services.decided import earlier_on
from mobility_bridge.services.health import exchanges_of, loggable
from mobility_bridge.services.stays import StayGathering
from mobility_bridge.services.subjects import student_key

APIS: Final = {
    RecordKind.NOMINATION: StudentApi.NOMINATIONS,
    RecordKind.LEARNING_AGREEMENT: StudentApi.LEARNING_AGREEMENTS,
}
LOOK_AGAIN: Final = (timedelta(minutes=15), timedelta(hours=1), timedelta(days=1))
"""When to look again, after it was sent, for a decision that was answered well and does not show; later every day.

Source: EWP mobilities: known trouble, missing notification after an update.
"""
GIVE_UP_LOOKING: Final = timedelta(days=30)
PATIENT_ATTEMPTS: Final = 4
"""How often a partner is tried that does not know our key, or is not in the catalogue: both may be on the way."""
_UNAUTHORISED: Final = 401
_NO_SUCH_INTERFACE: Final = ("no_api", "old_version")
_NEVER_SHOWN, _REFUSED, _REJECTED, _NOT_OFFERED, _UNSENDABLE = (
    "never_shown",
    "refused",
    "rejected",
    "not_offered",
    "unsendable",
)
_FOUND: Final = {Effect.TOOK_EFFECT: DecisionState.CONFIRMED, Effect.CANNOT_TELL: DecisionState.UNKNOWN}
_SHARE_OF_LEASE: Final = 0.8


@dataclass(frozen=True, slots=True)
class DecisionsReport:
    """What one pass over the decisions gave: each as it stands now. `held` wait because sending is switched off."""

    looked_at: tuple[StoredDecision, ...] = ()
    held: int = 0

    def __add__(self, other: "DecisionsReport") -> "DecisionsReport":
        return DecisionsReport(self.looked_at + other.looked_at, self.held + other.held)

    def count(self, *states: DecisionState) -> int:
        """How many stand so."""
        return sum(each.state in states for each in self.looked_at)


async def send_decisions(
    context: Context, *, only: int | None = None, rng: random.Random | None = None
) -> DecisionsReport:
    """Send, or look after, every decision whose time has come; `only` the one with this number.

    Each partner's in their order, and no more of a partner's once it cannot be reached.
    """
    network = context.students
    if network is None or not context.settings.students.enabled:
        return DecisionsReport()
    due = await context.store.write(lambda uow: _due(uow, context))
    chosen = [each for each in due if only in (None, each.decision_id)]
    chance = rng if rng is not None else random.Random()  # noqa: S311 - jitter, not a secret
    sender = _Sender(context, network, chance)
    return sum(await partner_by_partner(chosen, sender.one_partner), DecisionsReport())


def _due(uow: UnitOfWork, context: Context) -> list[StoredDecision]:
    """What is due, when those are settled of which an ordinary reading has shown the effect already."""
    now = context.clock.now()
    for each in uow.decisions.under_way():
        stored = uow.records.get(_key(each))
        if each.state is not DecisionState.SENT or stored is None or each.sent_at is None:
            continue
        if stored.confirmed_at <= each.sent_at or not stored.live:
            continue
        if effect(each.as_ours(), stored.record.facts, OK) is Effect.TOOK_EFFECT:
            _write(uow, context, _ended(each, DecisionState.CONFIRMED, Effect.TOOK_EFFECT, now))
    return list(uow.decisions.due(now))


class _Sender:
    """One pass."""

    def __init__(self, context: Context, network: StudentNetwork, chance: random.Random) -> None:
        self._context = context
        self._network = network
        self._chance = chance

    async def one_partner(self, decisions: Sequence[StoredDecision]) -> DecisionsReport:
        report = DecisionsReport()
        for position, decision in enumerate(decisions):
            if not may_send(self._context, decision.on) and decision.state is DecisionState.QUEUED:
                report += DecisionsReport(held=1)
                continue
            after, reached = await self._one(decision)
            report += DecisionsReport((after,))
            if not reached and after.next_attempt_at is not None:
                rest = decisions[position + 1 :]
                await self._context.store.write(lambda uow: _postpone(uow, rest, after.next_attempt_at))  # noqa: B023 - run at once
                break
        return report

    async def _one(self, decision: StoredDecision) -> tuple[StoredDecision, bool]:
        """Take one decision as far as it gets; whether the partner could be reached."""
        if decision.state is not DecisionState.QUEUED:
            decision, again, reached = await self._look(decision)
            if not again:
                return decision, reached
            if not may_send(self._context, decision.on):
                decision = self._later(decision)  # nothing can come of asking the partner in every pass
                await self._save(decision)
                return decision, reached
        return await self._send(decision)

    async def _send(self, decision: StoredDecision) -> tuple[StoredDecision, bool]:
        taken, ours = await self._context.store.write(lambda uow: _take(uow, self._context, decision))
        if not ours:
            if not taken.under_way:  # else somebody else is sending it, and says what becomes of it
                self._say_settled(taken)
            return taken, True
        try:
            after, error = await self._post(taken)
        except BaseException:  # stopped in the middle: nobody knows, so whoever comes next may look at once
            at_once = replace(taken, next_attempt_at=self._context.clock.now())
            await asyncio.shield(self._save(at_once))
            raise
        if error is not None:
            self._say_delayed(after, error)
        if not after.under_way:
            self._say_settled(after)
            return after, True
        if after.state is DecisionState.QUEUED:
            return after, not isinstance(error, Unreachable)
        after, _, reached = await self._look(after, soon=error is None or after.answered == CONFLICT)
        return after, reached

    async def _post(self, taken: StoredDecision) -> tuple[StoredDecision, ExternalError | None]:
        """Send once; what was answered is kept before anything else is done."""
        patience_s = self._context.settings.notify.lease_s * _SHARE_OF_LEASE
        try:
            async with asyncio.timeout(patience_s):
                sent = await self._call(taken)
        except TimeoutError:
            error: ExternalError = Unreachable(
                f"{taken.partner_hei_id} did not answer within {patience_s:.0f} s",
                system=SOURCE,
                reason="timeout",
                hei_id=taken.partner_hei_id,
            )
        except ExternalError as failed:
            error = failed
        except UsageError:  # what its format cannot carry; its words may quote what was written
            after = _ended(taken, DecisionState.FAILED, _UNSENDABLE, self._context.clock.now())
            await self._save(after)
            return after, None
        else:
            now = self._context.clock.now()
            after = replace(
                taken, state=DecisionState.SENT, answered=OK, messages=sent.messages, next_attempt_at=now
            )
            await self._save(after, sent.exchanges)
            self._context.log.event(
                "decision.sent",
                **_named(after),
                decision=after.verb,
                attempt=after.attempts,
                request_id=sent.exchanges[-1].request_id if sent.exchanges else None,
            )
            return after, None
        after = self._after_failure(taken, error)
        await self._save(after, exchanges_of(error))
        error.alone().evidence = ()
        return after, error

    async def _call(self, taken: StoredDecision) -> DecisionSent:
        order = ProposalDecision(
            taken.partner_hei_id,
            taken.omobility_id,
            taken.proposal_id,
            Decision.APPROVE if taken.approve else Decision.REFUSE,
            taken.comment,
        )
        if taken.on is RecordKind.NOMINATION:
            return await self._network.decide_nomination(order)
        if taken.signer is None or taken.signed_at is None:
            raise UsageError("the decision carries no signature")
        return await self._network.decide_learning_agreement(order, taken.signer, taken.signed_at)

    def _after_failure(self, taken: StoredDecision, error: ExternalError) -> StoredDecision:
        """The row after a failed attempt: the error's class says whether anybody may have acted on it."""
        now, settings = self._context.clock.now(), self._context.settings.notify
        later = now + timedelta(seconds=pause_s(taken.attempts - 1, settings, self._chance.random()))
        may_wait = taken.attempts < PATIENT_ATTEMPTS
        if isinstance(error, Rejected):
            tried = replace(taken, answered=error.status, messages=error.user_messages)
            if error.status == CONFLICT:
                return replace(tried, next_attempt_at=now)
            if error.status == _UNAUTHORISED and may_wait:
                return replace(tried, state=DecisionState.QUEUED, next_attempt_at=later)
            return _ended(tried, DecisionState.FAILED, _REJECTED, now)
        if isinstance(error, NotOffered):
            if may_wait and error.reason not in _NO_SUCH_INTERFACE:
                return replace(taken, state=DecisionState.QUEUED, next_attempt_at=later)
            return _ended(taken, DecisionState.FAILED, _NOT_OFFERED, now)
        return replace(taken, next_attempt_at=later)

    async def _look(
        self, decision: StoredDecision, *, soon: bool = True
    ) -> tuple[StoredDecision, bool, bool]:
        """Read the object again: the decision as it stands then, whether it may be sent again, and whether the
        partner could be reached. With `soon` False a decision that is still open keeps its time.
        """
        context = self._context
        try:
            await fetch_objects(
                context,
                self._network,
                decision.partner_hei_id,
                APIS[decision.on],
                [decision.omobility_id],
            )
        except ExternalError as error:
            if soon:
                decision = self._later(decision)
            await self._save(decision, exchanges_of(error))
            error.alone().evidence = ()
            self._say_delayed(decision, error)
            return decision, False, not error.retryable
        after, again = await context.store.write(lambda uow: _settle(uow, context, decision))
        if not after.under_way:
            self._say_settled(after)
        return after, again and soon, True

    async def _save(self, decision: StoredDecision, exchanges: Sequence[Exchange] = ()) -> None:
        def work(uow: UnitOfWork) -> None:
            uow.evidence.append(exchanges)
            _write(uow, self._context, decision)

        await self._context.store.write(work)

    def _later(self, decision: StoredDecision) -> StoredDecision:
        """The same, to be looked at again when the partner had time."""
        pause = pause_s(decision.attempts, self._context.settings.notify, self._chance.random())
        return replace(decision, next_attempt_at=self._context.clock.now() + timedelta(seconds=pause))

    def _say_delayed(self, decision: StoredDecision, error: ExternalError) -> None:
        at = decision.next_attempt_at
        self._context.log.event(
            "decision.delayed",
            **_named(decision),
            state=decision.state.value,
            attempt=decision.attempts,
            next_attempt_at=at.isoformat() if at is not None else None,
            error=error.word,
            reason=error.reason,
            detail=loggable(error),
            status=getattr(error, "status", None),
        )

    def _say_settled(self, decision: StoredDecision) -> None:
        self._context.log.event(
            "decision.settled",
            **_named(decision),
            decision=decision.verb,
            state=decision.state.value,
            outcome=decision.outcome,
            attempts=decision.attempts,
            status=decision.answered,
        )


def _settle(uow: UnitOfWork, context: Context, decision: StoredDecision) -> tuple[StoredDecision, bool]:
    """Write what the object as just read says of a decision; and whether it may be sent again."""
    now = context.clock.now()
    stored = uow.records.get(_key(decision))
    said = stored.record.facts if stored is not None and stored.live else None
    # Of several attempts any may have been the one that counted, so only a single refusal says that none did.
    answered = decision.answered if decision.answered == OK or decision.attempts == 1 else None
    found = effect(decision.as_ours(), said, answered)
    after, again = _after_look(decision, found, now)
    if after.state is DecisionState.CONFLICT and said is not None:
        after = replace(after, present_proposal_id=proposal_id(said))
    _write(uow, context, after)
    return after, again


def _after_look(decision: StoredDecision, found: Effect, now: datetime) -> tuple[StoredDecision, bool]:
    if found is not Effect.STILL_OPEN:
        return _ended(decision, _FOUND.get(found, DecisionState.CONFLICT), found, now), False
    if decision.answered == CONFLICT:
        return _ended(decision, DecisionState.CONFLICT, _REFUSED, now), False
    if decision.state is not DecisionState.SENT:
        return decision, True
    sent_at = decision.sent_at or decision.decided_at
    if now >= sent_at + GIVE_UP_LOOKING:
        return _ended(decision, DecisionState.FAILED, _NEVER_SHOWN, now), False
    times = [sent_at + pause for pause in LOOK_AGAIN]
    at = next((each for each in times if each > now), now + LOOK_AGAIN[-1])
    return replace(decision, next_attempt_at=at), False


def _take(uow: UnitOfWork, context: Context, decision: StoredDecision) -> tuple[StoredDecision, bool]:
    """Note that a decision is being sent, unless it may not be any more, or somebody else sends it."""
    now = context.clock.now()
    place = _place(uow, context, decision)
    if place is None:
        ended = _ended(decision, DecisionState.CONFLICT, Effect.WITHDRAWN, now)
        _write(uow, context, ended)
        return ended, False
    case, seen = place
    forbidden = still_forbidden(case, seen, decision, earlier_on(uow, seen, decision.on))
    if forbidden is not None:
        safe = forbidden.code in ("protected_identity", "wrong_person")
        state = DecisionState.FAILED if safe else DecisionState.CONFLICT
        ended = _ended(decision, state, forbidden.code, now)
        ended = replace(ended, present_proposal_id=None if safe else proposal_id(seen.said))
        _write(uow, context, ended)
        return ended, False
    until = now + timedelta(seconds=context.settings.notify.lease_s)
    taken = uow.decisions.take(decision, now, until)
    if taken is None:
        return uow.decisions.get(decision.decision_id) or decision, False
    return taken, True


def _place(uow: UnitOfWork, context: Context, decision: StoredDecision) -> tuple[StayCase, Seen[Any]] | None:
    """The stay and the object that a decision is about, as they are known now."""
    stored = uow.records.get(_key(decision))
    if stored is None or stored.student_id is None:
        return None
    student_id = uow.students.current(stored.student_id)
    for case in StayGathering(context, uow, context.clock.now(), names=False).cases(student_id):
        for seen in objects(case, decision.on):
            if seen.stored.record.key == stored.record.key:
                return case, seen
    return None


def _ended(decision: StoredDecision, state: DecisionState, outcome: str, now: datetime) -> StoredDecision:
    return replace(decision, state=state, outcome=str(outcome), finished_at=now, next_attempt_at=None)


def _write(uow: UnitOfWork, context: Context, decision: StoredDecision) -> None:
    """Keep a decision as it stands, and have its student compared anew.

    Whoever was erased while the partner was asked stays so.
    """
    held = uow.decisions.get(decision.decision_id)
    uow.decisions.save(decision.erased() if held is not None and held.is_erased else decision)
    stored = uow.records.get(_key(decision))
    if stored is not None and stored.student_id is not None:
        student_id = uow.students.current(stored.student_id)
        uow.work.mark_to_compare([student_key(student_id)], context.clock.now())


def _postpone(uow: UnitOfWork, rest: Sequence[StoredDecision], until: datetime | None) -> None:
    """Let the others of a partner that cannot be reached wait as long as the one that was tried."""
    for each in rest:
        if uow.decisions.get(each.decision_id) == each:  # nobody else has done something about it since
            uow.decisions.save(replace(each, next_attempt_at=until))


def _key(decision: StoredDecision) -> RecordKey:
    return RecordKey(SOURCE, decision.on, decision.partner_hei_id, decision.omobility_id)


def _named(decision: StoredDecision) -> dict[str, Any]:
    return {
        "decision_id": decision.decision_id,
        "about": decision.on.value,
        "partner_hei_id": decision.partner_hei_id,
    }
