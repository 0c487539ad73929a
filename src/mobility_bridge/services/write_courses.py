"""The catalogue of courses for incoming students is made to say what the operator's list says, where that is allowed.

The same care as for the student registry: every write is kept before it is sent, noted as sent before it is, looked up
before and after by the door, and what stood there is kept.
"""

import asyncio
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from mobility_bridge.domain.evidence import Exchange
from mobility_bridge.domain.ownership import System
from mobility_bridge.domain.term import Term
from mobility_bridge.domain.write import Write, WriteState
from mobility_bridge.errors import InvalidDocument, Rejected, Unreachable, UsageError
from mobility_bridge.ports.sinks import (
    CatalogueAct,
    CatalogueChange,
    CatalogueCourse,
    CatalogueFacts,
    CatalogueOutcome,
    CataloguePlan,
    CatalogueSink,
)
from mobility_bridge.ports.store import UnitOfWork
from mobility_bridge.services.context import Context
from mobility_bridge.services.course_list import CourseRows
from mobility_bridge.services.health import exchanges_of
from mobility_bridge.services.write_log import INTERRUPTED, in_flight, say_asked, say_outcome

KIND: Final = "course"
OFFERED, WITHDRAWN = "offered", "withdrawn"
SWITCH: Final = "adapters.mobility_online.course_catalogue"
_OPTIONAL: Final = {
    "credits": None,
    "language": None,
    "eqf_levels": (),
    "study_field": None,
    "places": None,
    "description_url": None,
}
"""Fields that are left alone where the operator does not let them be written, and what then is said of them."""
_ENDS: Final = {
    CatalogueOutcome.DONE: WriteState.DONE,
    CatalogueOutcome.DONE_BEFORE: WriteState.DONE,
    CatalogueOutcome.MOVED: WriteState.MOVED,
    CatalogueOutcome.REFUTED: WriteState.REFUTED,
}


@dataclass(frozen=True, slots=True)
class CoursesPlan:
    """What would be written, beside what stands there. `off`: the switches that forbid it; `left_out`: fields of the
    list that are not written because nobody allowed it.
    """

    plan: CataloguePlan
    off: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CoursesReport:
    """What was written: each write as it stands now. `left` wait for the next run, `problems` are courses left alone."""

    looked_at: tuple[Write, ...] = ()
    unchanged: int = 0
    left: int = 0
    problems: tuple[tuple[str, str], ...] = ()
    left_out: tuple[str, ...] = ()


def switched_off(context: Context, rows: CourseRows) -> tuple[str, ...]:
    """Name every switch that forbids what a list asks for."""
    off = [] if context.catalogue is not None else [SWITCH]
    for name, wanted in ((OFFERED, rows.offered), (WITHDRAWN, rows.withdrawn)):
        if wanted and not context.ownership.may_write(KIND, name, System.MOBILITY_ONLINE):
            off.append(f'paths.ownership_file: write_to = ["{System.MOBILITY_ONLINE}"] under [{KIND}.{name}]')
    return tuple(off)


async def plan_courses(context: Context, rows: CourseRows) -> CoursesPlan:
    """Read the catalogue and say what would change; nothing is written anywhere.

    Raises:  UsageError while the adapter's own switch is off; Unreachable, Rejected, InvalidDocument.
    """
    off = switched_off(context, rows)
    if context.catalogue is None:
        raise _forbidden(off)
    offered, left_out = _allowed(context, rows.offered)
    return CoursesPlan(await context.catalogue.plan(offered, rows.withdrawn), off, left_out)


async def write_courses(
    context: Context, rows: CourseRows, *, by: str, why: str, limit: int
) -> CoursesReport:
    """Settle what an earlier run left open, then make the catalogue say what the list says.

    Raises:  UsageError naming every switch that is off; Unreachable, Rejected, InvalidDocument when the catalogue
             cannot be read. What goes wrong with one course is its outcome.
    """
    off = switched_off(context, rows)
    if off or context.catalogue is None:
        raise _forbidden(off)
    writer = _Writer(context, context.catalogue, limit)
    await writer.run(await context.store.read(_open))
    if writer.stopped:
        return writer.report(CataloguePlan((), 0), ())
    offered, left_out = _allowed(context, rows.offered)
    plan = await context.catalogue.plan(offered, rows.withdrawn)
    asked = await context.store.write(lambda uow: _ask(uow, context, plan, by, why))
    for each in asked:
        say_asked(context, each)
    await writer.run(asked)
    return writer.report(plan, left_out)


def _forbidden(off: Iterable[str]) -> UsageError:
    return UsageError(
        f"the catalogue of courses is not written: switched off by {' and '.join(off)}",
        next_step="Turn on each of them; both the adapter and the ownership file have a say.",
    )


def _allowed(
    context: Context, courses: Sequence[CatalogueCourse]
) -> tuple[list[CatalogueCourse], tuple[str, ...]]:
    """The courses without what may not be written."""
    forbidden = {
        name: nothing
        for name, nothing in _OPTIONAL.items()
        if not context.ownership.may_write(KIND, name, System.MOBILITY_ONLINE)
    }
    left_out = [name for name in forbidden if any(getattr(each, name) for each in courses)]
    changes: dict[str, Any] = dict(forbidden)
    return [replace(each, **changes) for each in courses], tuple(f"{KIND}.{name}" for name in left_out)


def _open(uow: UnitOfWork) -> list[Write]:
    return sorted(
        uow.writes.select(states=[WriteState.SENT, WriteState.QUEUED], kind=KIND),
        key=lambda each: each.write_id,
    )


def _ask(uow: UnitOfWork, context: Context, plan: CataloguePlan, by: str, why: str) -> list[Write]:
    numbers = tuple(uow.evidence.append(plan.exchanges))
    return [uow.writes.ask(_asked(context, each, by, why, numbers)) for each in plan.changes]


def _asked(context: Context, change: CatalogueChange, by: str, why: str, evidence: tuple[int, ...]) -> Write:
    code = change.term.code
    return Write(
        write_id=0,
        key=f"{KIND}:{System.MOBILITY_ONLINE}:{change.number}:{code}",
        kind=KIND,
        field=WITHDRAWN if change.act is CatalogueAct.REMOVE else OFFERED,
        to=System.MOBILITY_ONLINE,
        about=f"{change.act} {change.number} {code}",
        order=json.dumps([change.act, change.number, code, change.before, change.after]),
        before=_text(change.before),
        after=_text(change.after),
        asked_by=by,
        reason=why,
        asked_at=context.clock.now(),
        evidence=evidence,
    )


def _change(write: Write) -> CatalogueChange:
    act, number, code, before, after = json.loads(write.order)
    term = Term.parse(code)
    assert term is not None
    return CatalogueChange(CatalogueAct(act), number, term, before, after)


def _text(facts: CatalogueFacts | None) -> str:
    return "" if facts is None else json.dumps(facts, ensure_ascii=False, sort_keys=True)


class _Writer:
    """One run."""

    def __init__(self, context: Context, sink: CatalogueSink, limit: int) -> None:
        self._context = context
        self._sink = sink
        self._limit = limit
        self._ended: list[Write] = []
        self._left = 0
        self.stopped = False

    def report(self, plan: CataloguePlan, left_out: tuple[str, ...]) -> CoursesReport:
        return CoursesReport(tuple(self._ended), plan.unchanged, self._left, plan.problems, left_out)

    async def run(self, writes: Sequence[Write]) -> None:
        """One after the other; when Mobility-Online cannot be reached the rest waits."""
        for each in writes:
            if self.stopped or len(self._ended) >= self._limit:
                self._left += 1
                continue
            taken = await self._context.store.write(lambda uow: self._take(uow, each))  # noqa: B023 - run at once
            if taken is None:
                self._left += 1
            else:
                self._ended.append(await self._one(taken))

    def _take(self, uow: UnitOfWork, write: Write) -> Write | None:
        """Note that a write is being sent; None when somebody else may just be sending it, or has."""
        held = uow.writes.get(write.write_id)
        if held is None or not held.state.open or in_flight(self._context, held):
            return None
        now = self._context.clock.now()
        taken = replace(held, state=WriteState.SENT, attempts=held.attempts + 1, sent_at=now, detail="")
        uow.writes.save(taken)
        return taken

    async def _one(self, taken: Write) -> Write:
        """Make one write."""
        try:
            done = await self._sink.carry_out(_change(taken))
        except asyncio.CancelledError:
            await asyncio.shield(self._save(replace(taken, detail=INTERRUPTED), ()))
            raise
        except Rejected as error:
            after, exchanges = (
                replace(taken, state=WriteState.REFUSED, detail=error.reason),
                exchanges_of(error),
            )
            error.alone().evidence = ()
        except (Unreachable, InvalidDocument) as error:
            after, exchanges = replace(taken, detail=error.reason), exchanges_of(error)
            self.stopped = isinstance(error, Unreachable)
            error.alone().evidence = ()
        else:
            detail = "" if done.outcome is CatalogueOutcome.DONE else done.outcome.value
            after = replace(taken, state=_ENDS[done.outcome], found=_text(done.now), detail=detail)
            exchanges = done.exchanges
        return await self._save(after, exchanges)

    async def _save(self, write: Write, exchanges: Sequence[Exchange]) -> Write:
        now = self._context.clock.now()

        def work(uow: UnitOfWork) -> Write:
            numbers = (*write.evidence, *uow.evidence.append(exchanges))
            ended = replace(write, evidence=numbers, ended_at=None if write.state.open else now)
            uow.writes.save(ended)
            return ended

        ended = await self._context.store.write(work)
        say_outcome(self._context, ended)
        return ended
