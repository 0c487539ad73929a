"""Carry out what the operator lets the bridge write to the student registry, once.

A write is kept before anything is sent, and noted as sent before it is: from then on the registry is looked at before
anything else, so whoever is killed in between finds there whether it took effect. What came of it is committed
together with the evidence, among which is what stood there before.

Source: Ladok: adapter rules 1 and 3; locking; a time-out after a write is unknown.
"""

import asyncio
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import Final

from mobility_bridge.domain.evidence import Exchange
from mobility_bridge.domain.fact import Fact
from mobility_bridge.domain.identifiers import LadokUid
from mobility_bridge.domain.ownership import System
from mobility_bridge.domain.record import StudentId
from mobility_bridge.domain.registration import REGISTERED as REGISTERED_STATES
from mobility_bridge.domain.registration import Participation
from mobility_bridge.domain.stay import StayCase
from mobility_bridge.domain.write import BRIDGE, Write, WriteState
from mobility_bridge.errors import ExternalError, UsageError
from mobility_bridge.ports.registry import (
    RegistrationOrder,
    RegistrationOutcome,
    RegistrationState,
    StudentRegistry,
)
from mobility_bridge.ports.store import UnitOfWork
from mobility_bridge.reconcile.stay_terms import exchanges
from mobility_bridge.reconcile.writes import FIELD, KIND, MISSING, NOT_BEGUN, REGISTERED
from mobility_bridge.services.context import Context
from mobility_bridge.services.forgotten import Sieve
from mobility_bridge.services.health import exchanges_of
from mobility_bridge.services.plan_writes import PlannedWrite, missed, of_cases, switched_off
from mobility_bridge.services.stays import StayGathering
from mobility_bridge.services.student_views import the_cases, the_student
from mobility_bridge.services.subjects import student_key
from mobility_bridge.services.write_log import INTERRUPTED, in_flight, say_asked, say_outcome

_SENT: Final = frozenset(
    {
        RegistrationState.DONE,
        RegistrationState.REFUSED,
        RegistrationState.REFUTED,
        RegistrationState.UNKNOWN,
    }
)
"""Outcomes of orders that left: they count against the limit of a run."""
_UNREACHED: Final = frozenset({RegistrationState.FAILED, RegistrationState.UNKNOWN})
_ENDS: Final[Mapping[RegistrationState, WriteState]] = {
    RegistrationState.DONE: WriteState.DONE,
    RegistrationState.ALREADY: WriteState.DONE,
    RegistrationState.OBSTACLE: WriteState.REFUSED,
    RegistrationState.REFUSED: WriteState.REFUSED,
    RegistrationState.NOT_ADMITTED: WriteState.REFUSED,
    RegistrationState.REFUTED: WriteState.REFUTED,
}
_IN_VAIN: Final = 3
"""After so many in a row that could not be made for want of an answer, the rest waits for the next run."""
TOLD, ALREADY, LIMIT = "told_by_the_registry", "already", "limit"


@dataclass(frozen=True, slots=True)
class WritesReport:
    """What one pass gave: each write as it stands now. `held` wait because writing is switched off (`off` says by
    what), `left` because the run had made as many as it may.
    """

    looked_at: tuple[Write, ...] = ()
    held: int = 0
    left: int = 0
    off: tuple[str, ...] = ()

    def count(self, *states: WriteState) -> int:
        """How many stand so."""
        return sum(each.state in states for each in self.looked_at)


class _Next(Enum):
    WRITE = "write"
    LOOK = "look"
    NOTHING = "nothing"


async def apply_writes(context: Context) -> WritesReport:
    """Ask for every registration that is missed and may be made, and carry out what was asked for."""
    registry = context.registry
    if registry is None or not context.settings.students.enabled:
        return WritesReport()
    off = switched_off(context)
    if not off:
        asked = await context.store.write(lambda uow: _ask_missed(uow, context))
        for each in asked:
            say_asked(context, each)
    waiting = await context.store.read(_waiting)
    return await _Applier(context, registry, off).run(waiting)


async def register_by_hand(context: Context, stay: str, *, by: str, why: str) -> WritesReport:
    """Register a student for every term of a stay that can be registered now, because a person says so.

    Raises:  UsageError naming every switch that is off, and what forbids each registration when none may be made.
    """
    off = switched_off(context)
    if off:
        raise UsageError(
            f"the bridge registers nobody: switched off by {' and '.join(off)}",
            next_step="Turn on each of them; both the adapter and the ownership file have a say.",
        )
    asked = await context.store.write(lambda uow: _ask_by_hand(uow, context, stay, by, why))
    for each in asked:
        say_asked(context, each)
    assert context.registry is not None
    return await _Applier(context, context.registry, off).run(asked)


async def plan_by_hand(context: Context, stay: str) -> list[PlannedWrite]:
    """Say what `register_by_hand` would do about a stay, and what forbids it. Raises UsageError for no stay."""
    return await context.store.read(lambda uow: _of_stay(uow, context, stay))


async def standing(context: Context, planned: Iterable[PlannedWrite]) -> dict[str, str]:
    """Look in the registry what stands now where something would be written, by key; writes nothing.

    Raises:  Unreachable, Rejected, InvalidDocument.
    """
    found = {}
    for each in planned:
        order = each.intended.order
        if order is not None and context.registry is not None:
            reading = await context.registry.participations(order.student_uid)
            found[each.intended.key] = _state_in(reading.facts, order) or NOT_BEGUN
    return found


def _of_stay(uow: UnitOfWork, context: Context, stay: str) -> list[PlannedWrite]:
    wanted = {case.subject.stay_id for case in the_cases(context, uow, stay)}
    student_id = the_student(context, uow, stay)
    gathering = StayGathering(context, uow, context.clock.now(), names=False)
    planned = of_cases(uow, gathering.cases(student_id), gathering.now, by_hand=True)
    return [each for each in planned if each.intended.case.subject.stay_id in wanted]


def _ask_missed(uow: UnitOfWork, context: Context) -> list[Write]:
    """Keep a write for each that is ready and not asked for yet."""
    ready = [each for each in missed(uow, context) if each.ready and not each.under_way]
    return [uow.writes.ask(_asked(context, each, BRIDGE, MISSING)) for each in ready]


def _ask_by_hand(uow: UnitOfWork, context: Context, stay: str, by: str, why: str) -> list[Write]:
    planned = _of_stay(uow, context, stay)
    ready = [each for each in planned if each.ready]
    if not ready:
        said = "; ".join(f"{each.intended.about}: {', '.join(each.bars)}" for each in planned)
        raise UsageError(
            f"{stay} cannot be registered by the bridge: {said or 'no registration is missing'}",
            next_step=f"Run: mobility-bridge students explain {stay}",
        )
    return [uow.writes.ask(_asked(context, each, by, why)) for each in ready]


def _asked(context: Context, planned: PlannedWrite, by: str, why: str) -> Write:
    intended = planned.intended
    order, subject = intended.order, intended.case.subject
    assert order is not None
    return Write(
        write_id=0,
        key=intended.key,
        kind=KIND,
        field=FIELD,
        to=System.LADOK,
        about=intended.about,
        order=json.dumps([order.student_uid, order.admission_uid, order.period]),
        before=planned.before,
        after=planned.after,
        asked_by=by,
        reason=why,
        asked_at=context.clock.now(),
        student_id=subject.student_id,
        stay_id=subject.stay_id,
    )


def _order(write: Write) -> RegistrationOrder:
    student_uid, admission_uid, period = json.loads(write.order)
    return RegistrationOrder(LadokUid(student_uid), LadokUid(admission_uid), period)


def _waiting(uow: UnitOfWork) -> list[Write]:
    """What is open, oldest first; what may have taken effect before what was never sent."""
    found = [*uow.writes.select(states=[WriteState.SENT, WriteState.QUEUED], kind=KIND)]
    return sorted(found, key=lambda each: (_failed(each), each.state is WriteState.QUEUED, each.write_id))


def _failed(write: Write) -> bool:
    """Whether it was tried in vain: it goes behind the others, so that one that always fails holds nobody up."""
    return write.detail not in ("", LIMIT)


class _Applier:
    """One pass over what was asked for."""

    def __init__(self, context: Context, registry: StudentRegistry, off: Sequence[str]) -> None:
        self._context = context
        self._registry = registry
        self._off = tuple(off)
        self._limit = registry.powers().per_run

    async def run(self, waiting: Sequence[Write]) -> WritesReport:
        ended: list[Write] = []
        written = held = left = in_vain = 0
        for position, each in enumerate(waiting):
            if self._off and each.state is WriteState.QUEUED:
                held += 1
                continue
            if written >= self._limit and each.state is WriteState.QUEUED:
                left += 1
                ended.append(await self._wait(each))
                continue
            after, state = await self._one(each)
            ended.append(after)
            written += state in _SENT
            in_vain = in_vain + 1 if state in _UNREACHED else 0
            if in_vain == _IN_VAIN:
                ended += waiting[position + 1 :]
                break
        return WritesReport(tuple(ended), held, left, self._off)

    async def _one(self, write: Write) -> tuple[Write, RegistrationState | None]:
        context = self._context
        taken, then = await context.store.write(lambda uow: self._take(uow, write))
        if then is _Next.NOTHING:
            say_outcome(context, taken)
            return taken, None
        if then is _Next.LOOK:
            return await self._look(taken)
        try:
            (outcome,) = await self._registry.register([_order(taken)])
        except asyncio.CancelledError:
            await asyncio.shield(self._save(replace(taken, detail=INTERRUPTED), ()))
            raise
        after = self._after(write, taken, outcome)
        await self._save(after, outcome.exchanges)
        return await self._kept(after), outcome.state

    def _take(self, uow: UnitOfWork, write: Write) -> tuple[Write, _Next]:
        """Say what is to be done about a write as everything is known now; note that it is being sent."""
        context = self._context
        held = uow.writes.get(write.write_id) or write
        if not held.state.open or held.student_id is None or in_flight(context, held):
            return held, _Next.NOTHING
        gathering = StayGathering(context, uow, context.clock.now(), names=False)
        cases = gathering.cases(uow.students.current(held.student_id))
        planned = of_cases(uow, cases, gathering.now, by_hand=held.by_hand)
        same = next((each for each in planned if each.intended.key == held.key), None)
        if same is not None and same.ready and not self._off:
            taken = replace(
                held,
                state=WriteState.SENT,
                attempts=held.attempts + 1,
                sent_at=context.clock.now(),
                detail="",
            )
            uow.writes.save(taken)
            return taken, _Next.WRITE
        if _told(cases, _order(held)):
            state = WriteState.DONE if held.state is WriteState.SENT else WriteState.MOVED
            return self._settled(uow, replace(held, state=state, found=REGISTERED, detail=TOLD))
        if held.state is WriteState.SENT:
            return held, _Next.LOOK
        why = "nothing_to_register" if same is None else ", ".join(same.bars)
        return self._settled(uow, replace(held, state=WriteState.MOVED, detail=why))

    def _settled(self, uow: UnitOfWork, write: Write) -> tuple[Write, _Next]:
        now = self._context.clock.now()
        ended = replace(write, ended_at=now)
        uow.writes.save(ended)
        _compare_again(uow, self._context, ended)
        return ended, _Next.NOTHING

    async def _look(self, write: Write) -> tuple[Write, RegistrationState | None]:
        """Look what became of a write that was sent and may not be sent again."""
        try:
            reading = await self._registry.participations(_order(write).student_uid)
        except ExternalError as error:
            after = replace(write, detail=error.reason)
            await self._save(after, exchanges_of(error))
            error.alone().evidence = ()
            return await self._kept(after), RegistrationState.FAILED
        found = _state_in(reading.facts, _order(write))
        after = replace(write, found=found)
        if found in REGISTERED_STATES:
            after = replace(after, state=WriteState.DONE)
        elif reading.complete and not self._off:
            after = replace(after, state=WriteState.MOVED, detail="not_wanted_any_more")
        await self._save(after, reading.exchanges)
        return await self._kept(after), None

    def _after(self, before: Write, taken: Write, outcome: RegistrationOutcome) -> Write:
        """The write after an attempt; before the first one, what stood there is now known from the registry."""
        order, detail = outcome.order, outcome.detail
        stood = _state_in([outcome.before], order) if outcome.before is not None else ""
        found = _state_in([each for each in (outcome.after, outcome.before) if each is not None][:1], order)
        if outcome.state in (RegistrationState.FAILED, RegistrationState.LIMIT):
            return replace(before, detail=detail or LIMIT)
        if before.state is WriteState.QUEUED and stood:
            taken = replace(taken, before=stood)
        state = _ENDS.get(outcome.state, WriteState.SENT)
        if outcome.state is RegistrationState.ALREADY:
            detail = ALREADY
        elif outcome.state in (RegistrationState.OBSTACLE, RegistrationState.NOT_ADMITTED):
            detail = ": ".join(filter(None, (outcome.state.value, detail)))
        return replace(taken, state=state, found=found, detail=detail)

    async def _wait(self, write: Write) -> Write:
        """Note that a write waits for the next run."""
        waits = replace(write, detail=LIMIT)
        if waits != write:
            await self._context.store.write(lambda uow: uow.writes.save(waits))
        return await self._kept(waits)

    async def _save(self, write: Write, exchanges: Sequence[Exchange]) -> None:
        context = self._context

        def work(uow: UnitOfWork) -> None:
            now = context.clock.now()
            sieve = Sieve(uow, context.own_hei_id)
            numbers = (*write.evidence, *sieve.exchanges(exchanges, now))
            ended_at = None if write.state.open else now
            if _still_mine(uow, write):
                uow.writes.save(replace(write, evidence=numbers, ended_at=ended_at))
            _compare_again(uow, context, write)

        await context.store.write(work)

    async def _kept(self, write: Write) -> Write:
        """The write as the store has it; what became of it is logged."""
        kept = await self._context.store.read(lambda uow: uow.writes.get(write.write_id)) or write
        say_outcome(self._context, kept)
        return kept


def _still_mine(uow: UnitOfWork, write: Write) -> bool:
    """Whether the write is still the same: its student may have been erased while it was made."""
    held = uow.writes.get(write.write_id)
    return held is not None and held.key == write.key


def _told(cases: Iterable[StayCase], order: RegistrationOrder) -> bool:
    """Whether the registry has told of the registration since."""
    return any(
        period.index == order.period and period.registered
        for case in cases
        for exchange in exchanges(case)
        for course in exchange.courses
        if course.admission_uid == order.admission_uid
        for period in course.periods
    )


def _state_in(facts: Iterable[Fact], order: RegistrationOrder) -> str:
    """In which state the ordered period stands; empty where it does not show."""
    return next(
        (
            period.state or NOT_BEGUN
            for each in facts
            if isinstance(each, Participation) and each.admission_uid == order.admission_uid
            for period in each.periods
            if period.index == order.period
        ),
        "",
    )


def _compare_again(uow: UnitOfWork, context: Context, write: Write) -> None:
    if write.student_id is not None:
        student_id: StudentId = uow.students.current(write.student_id)
        uow.work.mark_to_compare([student_key(student_id)], context.clock.now())
