"""What the bridge would write to the student registry, beside what stands there, and what forbids the rest.

Nothing here asks anybody or writes anything: what stands there is as the registry last told it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from mobility_bridge.domain.discrepancy import DiscrepancyState
from mobility_bridge.domain.ownership import System
from mobility_bridge.domain.record import StudentId
from mobility_bridge.domain.stay import StayCase
from mobility_bridge.domain.write import Write, WriteState
from mobility_bridge.kit.batches import batched
from mobility_bridge.ports.store import UnitOfWork
from mobility_bridge.reconcile.engine import evaluate_stay
from mobility_bridge.reconcile.protection import any_protected
from mobility_bridge.reconcile.writes import FIELD, KIND, MISSING, REGISTERED, Bar, Intended, registrations
from mobility_bridge.services.context import Context
from mobility_bridge.services.stays import StayGathering

PAUSE: Final = timedelta(days=1)
"""How long a write that was refused is left alone: obstacles are removed by people."""
WAIVED_BY_HAND: Final = frozenset({Bar.TOO_EARLY})
"""What a person may overrule by asking for the write themselves."""

_TOGETHER: Final = 200

WRITTEN, REFUSED_LATELY, REFUTED = "written_before", "refused_lately", "refuted"
"""Why a write that nothing else forbids is not made again by itself."""


@dataclass(frozen=True, slots=True)
class PlannedWrite:
    """One registration. `bars`: why it is not made; with none it is. `latest` is the newest write of its key."""

    intended: Intended
    bars: tuple[str, ...] = ()
    latest: Write | None = None

    @property
    def ready(self) -> bool:
        return not self.bars

    @property
    def under_way(self) -> bool:
        return self.latest is not None and self.latest.state.open

    @property
    def before(self) -> str:
        """What stands there, as the registry last told it."""
        return self.intended.before

    @property
    def after(self) -> str:
        """What shall stand there."""
        return REGISTERED


@dataclass(frozen=True, slots=True)
class WritesPlan:
    """What would be written now. `off` names the switches that forbid all of it."""

    registrations: tuple[PlannedWrite, ...] = ()
    off: tuple[str, ...] = ()


def switched_off(context: Context) -> tuple[str, ...]:
    """Name every switch that must be turned before the bridge registers anybody; none: it may."""
    off = []
    if not context.settings.students.enabled:
        off.append("students.enabled")
    if context.registry is None:
        off.append("adapters.ladok")
    else:
        powers = context.registry.powers()
        if not powers.registration:
            off.append(powers.registration_key)
    if not context.ownership.may_write(KIND, FIELD, System.LADOK):
        off.append(f'paths.ownership_file: write_to = ["{System.LADOK}"] under [{KIND}.{FIELD}]')
    return tuple(off)


async def plan_writes(context: Context) -> WritesPlan:
    """Say what a round would register, for every student who is missed."""
    if not context.settings.students.enabled or context.registry is None:
        return WritesPlan()
    found = await context.store.read(lambda uow: tuple(missed(uow, context)))
    return WritesPlan(found, switched_off(context))


def missed(uow: UnitOfWork, context: Context) -> Iterable[PlannedWrite]:
    """The registrations of all stays of which one is missed; what somebody took notice of is left to them."""
    stays = {
        each.finding.subject.stay_id
        for each in uow.discrepancies.select(states=[DiscrepancyState.OPEN], code=MISSING)
        if each.finding.subject.stay_id is not None
    }
    gathering = StayGathering(context, uow, context.clock.now(), names=False)
    owners = dict.fromkeys(
        uow.students.current(StudentId(stay.partition("-")[0])) for stay in sorted(stays, key=_by_number)
    )
    for some in batched(list(owners), _TOGETHER):
        gathering.ahead(some)
        for student_id in some:
            for each in of_cases(uow, gathering.cases(student_id), gathering.now):
                if each.intended.case.subject.stay_id in stays:
                    yield each


def of_cases(
    uow: UnitOfWork, cases: Sequence[StayCase], now: datetime, *, by_hand: bool = False
) -> list[PlannedWrite]:
    """The registrations missing in the stays of one student; a protected identity forbids all of them."""
    protected = any_protected(cases)
    intended = [
        each for case in cases if case.outgoing for each in registrations(case, evaluate_stay(case).findings)
    ]
    latest = uow.writes.latest([each.key for each in intended])
    planned = []
    for each in intended:
        bars: list[str] = [bar for bar in each.bars if not (by_hand and bar in WAIVED_BY_HAND)]
        if protected and Bar.PROTECTED not in bars:
            bars.append(Bar.PROTECTED)
        earlier = latest.get(each.key)
        if not by_hand and earlier is not None:
            bars.extend(_once_is_enough(earlier, now))
        planned.append(PlannedWrite(each, tuple(map(str, bars)), earlier))
    return planned


def _once_is_enough(earlier: Write, now: datetime) -> Iterable[str]:
    """Why the bridge does not repeat a write by itself: whoever took it back had a reason."""
    if earlier.state is WriteState.DONE:
        yield WRITTEN
    elif earlier.state is WriteState.REFUTED:
        yield REFUTED
    elif earlier.state is WriteState.REFUSED and now < (earlier.ended_at or earlier.asked_at) + PAUSE:
        yield REFUSED_LATELY


def _by_number(stay_id: str) -> tuple[int, str]:
    return len(stay_id), stay_id
