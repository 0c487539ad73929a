"""What is missed is registered once, whatever happens in between; what is refused is left to people."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import pytest
from tests.support.stays import APPLICATION, FIRST, LAST, REGISTRATION
from tests.support.student_world import ADMITTED, AT, KNOWN, STU, FakeRegistry, World, a_world

from mobility_bridge.domain.evidence import Exchange
from mobility_bridge.domain.identifiers import LadokUid
from mobility_bridge.domain.ownership import Ownership
from mobility_bridge.domain.record import StayId, StudentId
from mobility_bridge.domain.registration import Admission, Participation, StudyPeriod
from mobility_bridge.domain.registry_student import StudentProtected
from mobility_bridge.domain.write import Write, WriteState
from mobility_bridge.errors import Unreachable, UsageError
from mobility_bridge.ports.registry import (
    RegistrationOrder,
    RegistrationOutcome,
    RegistrationState,
    RegistryReading,
    WriteOutcome,
    WritePowers,
)
from mobility_bridge.services.apply import (
    WritesReport,
    apply_writes,
    plan_by_hand,
    register_by_hand,
    standing,
)
from mobility_bridge.services.compare import compare
from mobility_bridge.services.plan import plan_sync
from mobility_bridge.services.plan_writes import plan_writes, switched_off
from mobility_bridge.services.sync import Wanted
from mobility_bridge.services.write_log import LEASE

S = RegistrationState
ABROAD = LadokUid("abroad")
PERIOD = StudyPeriod(index=1, starts_on=FIRST, ends_on=LAST, state="ej_paborjad")
COURSE = Admission(
    as_of=AT,
    admission_uid=ABROAD,
    student_uid=STU,
    occasion_uid=LadokUid("course"),
    within_occasion_uids=(LadokUid("occ"),),
    periods=(PERIOD,),
)
TOLD = replace(REGISTRATION, admission_uid=ABROAD, occasion_uid=LadokUid("course"), period=1)
OWNED = Ownership.of({"registration": {"term": {"write_to": ["ladok"]}}})


class DeadError(BaseException):
    """The process ends here."""


@dataclass
class WritingRegistry(FakeRegistry):
    """A registry that registers, as careful as the real one; `ends` are outcomes to give instead, in order."""

    on: bool = True
    per_run: int = 10
    registered: bool = False
    made: int = 0
    ends: list[RegistrationState] = field(default_factory=list)
    unreachable: bool = False
    asked_to: int = 0

    def powers(self) -> WritePowers:
        return WritePowers(self.on, "adapters.ladok.registration", per_run=self.per_run)

    def seen(self) -> Participation:
        state = "registrerad" if self.registered else "ej_paborjad"
        return Participation(
            as_of=AT, admission_uid=ABROAD, student_uid=STU, periods=(replace(PERIOD, state=state),)
        )

    async def participations(self, student_uid: LadokUid) -> RegistryReading:
        assert student_uid == STU
        if self.unreachable:
            raise Unreachable("no answer", system="ladok", reason="timeout", evidence=[an_exchange()])
        return RegistryReading((self.seen(),), exchanges=(an_exchange(),))

    async def register(self, orders: Sequence[RegistrationOrder]) -> Sequence[RegistrationOutcome]:
        assert self.on
        (order,) = orders
        assert order == RegistrationOrder(STU, ABROAD, 1)
        self.asked_to += 1
        before = self.seen()
        state = self.ends.pop(0) if self.ends else S.DONE
        if state is S.FAILED:
            return [WriteOutcome(order, S.FAILED, detail="timeout", exchanges=(an_exchange(),))]
        if self.registered:
            state = S.ALREADY
        elif state in (S.DONE, S.UNKNOWN):
            self.registered, self.made = True, self.made + 1
        after = self.seen() if state in (S.DONE, S.ALREADY, S.REFUTED) else None
        return [WriteOutcome(order, state, before, after, detail="code", exchanges=(an_exchange(),))]


def an_exchange() -> Exchange:
    return Exchange("ladok", None, "studiedeltagande", "GET", "https://ladok.example/x", AT, "1")


@dataclass
class Writing:
    world: World
    registry: WritingRegistry

    @property
    def context(self) -> Any:
        return self.world.bridge.context

    def with_context(self, **facts: Any) -> None:
        self.world.bridge = replace(self.world.bridge, context=replace(self.context, **facts))

    async def apply(self) -> WritesReport:
        return await apply_writes(self.context)

    async def one(self) -> Write:
        (found,) = (await self.apply()).looked_at
        return found

    async def writes(self) -> list[Write]:
        return list(await self.world.bridge.store.read(lambda uow: uow.writes.select()))

    async def evidence(self) -> int:
        return await self.world.bridge.store.read(lambda uow: uow.evidence.count())

    def say(self, *facts: Any) -> None:
        self.registry.facts += facts


@pytest.fixture
async def writing() -> Writing:
    """A student who is missed in the registry, which may be written."""
    world = a_world()
    registry = WritingRegistry([*world.registry.facts, KNOWN, ADMITTED, COURSE])
    made = Writing(world, registry)
    made.with_context(registry=registry, ownership=OWNED)
    await made.world.round()
    assert "REGISTRATION_MISSING" in await world.codes()
    return made


async def test_who_is_missed_is_registered_and_the_old_value_kept(writing: Writing) -> None:
    before = await writing.evidence()
    write = await writing.one()
    assert (write.state, write.before, write.found) == (WriteState.DONE, "ej_paborjad", "registrerad")
    assert (write.key, write.student_id, write.stay_id) == (
        "registration:ladok:abroad:1",
        StudentId("P1"),
        StayId("P1-1"),
    )
    assert (write.attempts, write.by_hand, write.evidence) == (1, False, (before + 1,))
    assert write.sent_at is not None
    assert write.ended_at is not None
    assert (writing.registry.made, await writing.apply()) == (1, WritesReport())
    assert [line["event"] for line in writing.world.bridge.lines if line["event"].startswith("write.")] == [
        "write.asked",
        "write.settled",
    ]


async def test_a_plan_writes_nothing_anywhere(writing: Writing) -> None:
    (planned,) = (await plan_writes(writing.context)).registrations
    assert (planned.ready, planned.before, planned.after) == (True, "ej_paborjad", "registrerad")
    assert await standing(writing.context, [planned]) == {planned.intended.key: "ej_paborjad"}
    steps = [each for each in await plan_sync(writing.context, Wanted()) if each.after is not None]
    assert [(each.what, each.before, each.after) for each in steps] == [
        ("write registration", "ej_paborjad", "registrerad")
    ]
    assert (await writing.writes(), writing.registry.asked_to) == ([], 0)
    only = Wanted(sources=("mobility_online",))
    assert not [
        each for each in await plan_sync(replace(writing.context, sources=(Named(),)), only) if each.after
    ]


class Named:
    name = "mobility_online"


@pytest.mark.parametrize(
    ("on", "owned", "named"),
    [
        (False, False, ["adapters.ladok.registration", "paths.ownership_file"]),
        (True, False, ["paths.ownership_file"]),
        (False, True, ["adapters.ladok.registration"]),
        (True, True, []),
    ],
)
async def test_both_switches_are_needed_and_each_is_named(
    writing: Writing, *, on: bool, owned: bool, named: list[str]
) -> None:
    writing.registry.on = on
    writing.with_context(ownership=OWNED if owned else Ownership())
    off = switched_off(writing.context)
    assert [each.partition(":")[0] for each in off] == named
    if named:
        assert await writing.apply() == WritesReport(off=off)
        (step,) = [each for each in await plan_sync(writing.context, Wanted()) if each.after is not None]
        assert step.what == "leave registration"
        with pytest.raises(UsageError) as refused:
            await register_by_hand(writing.context, "P1-1", by="kim", why="asked")
        assert all(each in str(refused.value) for each in named)
    else:
        await writing.apply()
    assert writing.registry.made == (not named)


async def test_nothing_is_planned_without_a_registry_or_where_students_are_not_followed(
    writing: Writing,
) -> None:
    settings = writing.context.settings
    quiet = settings.model_copy(update={"students": settings.students.model_copy(update={"enabled": False})})
    for context in (replace(writing.context, registry=None), replace(writing.context, settings=quiet)):
        assert (await plan_writes(context)).registrations == ()
        assert await apply_writes(context) == WritesReport()
        assert switched_off(context)


async def test_a_student_whose_identity_is_protected_is_never_written(writing: Writing) -> None:
    writing.say(StudentProtected(as_of=AT, student_uid=STU))
    await writing.world.round()
    assert (await writing.apply()).looked_at == ()
    with pytest.raises(UsageError, match="protected"):
        await register_by_hand(writing.context, "P1-1", by="kim", why="asked")
    assert await writing.writes() == []


async def test_one_who_is_protected_after_a_write_was_asked_for_is_not_written(writing: Writing) -> None:
    writing.registry.ends = [S.FAILED]
    assert (await writing.one()).state is WriteState.QUEUED
    writing.say(StudentProtected(as_of=AT, student_uid=STU))
    await writing.world.round()
    write = await writing.one()
    assert (write.state, writing.registry.made) == (WriteState.MOVED, 0)
    assert "protected" in write.detail


@pytest.mark.parametrize(
    ("end", "state", "detail"),
    [
        (S.OBSTACLE, WriteState.REFUSED, "obstacle: code"),
        (S.NOT_ADMITTED, WriteState.REFUSED, "not_admitted: code"),
        (S.REFUSED, WriteState.REFUSED, "code"),
        (S.REFUTED, WriteState.REFUTED, "code"),
    ],
)
async def test_what_is_refused_is_left_to_people(
    writing: Writing, end: RegistrationState, state: WriteState, detail: str
) -> None:
    writing.registry.ends = [end]
    write = await writing.one()
    assert (write.state, write.detail) == (state, detail)
    assert writing.world.bridge.events("write.refused")[0]["outcome"] == detail
    await writing.world.round()
    assert "WRITE_REFUSED" in await writing.world.codes()
    assert (await writing.apply()).looked_at == ()
    writing.world.bridge.clock.move(timedelta(days=1, seconds=1).total_seconds())
    again = await writing.apply()
    assert len(again.looked_at) == (1 if state is WriteState.REFUSED else 0)
    report = (
        await register_by_hand(writing.context, "P1-1", by="kim", why="removed")
        if not again.looked_at
        else again
    )
    assert (report.count(WriteState.DONE), writing.registry.made) == (1, 1)
    await compare(writing.context)
    assert "WRITE_REFUSED" not in await writing.world.codes()


async def test_a_write_that_nobody_can_confirm_is_said_after_an_hour(writing: Writing) -> None:
    writing.registry.ends = [S.UNKNOWN, S.UNKNOWN]
    await writing.apply()
    await compare(writing.context)
    assert "WRITE_REFUSED" not in await writing.world.codes()
    writing.registry.registered = False
    writing.world.bridge.clock.move(3601)
    await writing.apply()
    await compare(writing.context)
    assert "WRITE_REFUSED" in await writing.world.codes()
    await writing.apply()
    await compare(writing.context)
    assert "WRITE_REFUSED" not in await writing.world.codes()


async def test_a_write_of_which_nobody_knows_is_looked_for_before_it_is_made_again(writing: Writing) -> None:
    writing.registry.ends = [S.UNKNOWN]
    write = await writing.one()
    assert (write.state, write.detail) == (WriteState.SENT, "code")
    assert writing.world.bridge.events("write.delayed")
    again = await writing.one()
    assert (again.write_id, again.state, again.detail) == (write.write_id, WriteState.DONE, "already")
    assert (again.before, again.attempts, writing.registry.made) == ("ej_paborjad", 2, 1)


async def test_a_write_of_which_nobody_knows_is_settled_by_what_the_feed_tells(writing: Writing) -> None:
    writing.registry.ends = [S.UNKNOWN]
    await writing.apply()
    writing.say(replace(TOLD, as_of=AT + timedelta(days=60)))
    await writing.world.round()
    write = await writing.one()
    assert (write.state, write.detail) == (WriteState.DONE, "told_by_the_registry")
    assert (writing.registry.asked_to, writing.registry.made) == (1, 1)


async def test_a_write_that_waits_is_not_made_when_somebody_else_made_it(writing: Writing) -> None:
    writing.registry.ends = [S.FAILED]
    await writing.apply()
    writing.say(replace(TOLD, as_of=AT + timedelta(days=60)))
    await writing.world.round()
    assert (await writing.one()).state is WriteState.MOVED
    assert writing.registry.made == 0


@pytest.mark.parametrize(
    ("registered", "unreachable", "state"),
    [(True, False, WriteState.DONE), (False, False, WriteState.SENT), (False, True, WriteState.SENT)],
)
async def test_switched_off_in_between_a_write_is_looked_for_and_not_made(
    writing: Writing, *, registered: bool, unreachable: bool, state: WriteState
) -> None:
    writing.registry.ends = [S.UNKNOWN]
    await writing.apply()
    writing.registry.registered, writing.registry.unreachable = registered, unreachable
    writing.registry.on = False
    assert (await writing.one()).state is state
    assert writing.registry.asked_to == 1


async def test_what_waits_is_held_while_writing_is_switched_off(writing: Writing) -> None:
    writing.registry.ends = [S.FAILED]
    await writing.apply()
    writing.registry.on = False
    report = await writing.apply()
    assert (report.held, report.looked_at) == (1, ())


async def test_no_more_is_written_in_one_run_than_is_allowed(writing: Writing) -> None:
    writing.registry.per_run = 0
    report = await writing.apply()
    assert (report.left, report.looked_at[0].detail) == (1, "limit")
    assert (await writing.apply()).left == 1
    writing.registry.per_run = 1
    assert (await writing.one()).state is WriteState.DONE


async def test_a_person_may_register_before_the_bridge_would(writing: Writing) -> None:
    clock = writing.world.bridge.clock
    clock.move(-timedelta(days=20).total_seconds())
    (planned,) = await plan_by_hand(writing.context, "P1-1")
    assert planned.ready
    assert (await writing.apply()).looked_at == ()
    report = await register_by_hand(writing.context, "P1-1", by="kim", why="leaves early")
    (write,) = report.looked_at
    assert (write.state, write.asked_by, write.reason) == (WriteState.DONE, "kim", "leaves early")
    assert "leaves early" not in repr(write)


async def test_a_stay_with_nothing_missing_is_refused_by_hand(writing: Writing) -> None:
    writing.say(replace(TOLD, as_of=AT + timedelta(days=60)))
    await writing.world.round()
    with pytest.raises(UsageError, match="no registration is missing"):
        await register_by_hand(writing.context, "P1-1", by="kim", why="asked")


class Cut:
    """A store, and a registry's answer, at one step of which the process ends."""

    def __init__(self, inner: Any, at: int) -> None:
        self._inner, self.at, self.steps = inner, at, 0

    def step(self) -> None:
        self.steps += 1
        if self.steps == self.at:
            raise DeadError

    async def read(self, work: Any) -> Any:
        return await self._inner.read(work)

    async def write(self, work: Callable[[Any], Any]) -> Any:
        def unit(uow: Any) -> Any:
            result = work(uow)
            self.step()
            return result

        self.step()
        result = await self._inner.write(unit)
        self.step()
        return result


@pytest.mark.parametrize("at", range(1, 13))
async def test_killed_at_any_step_it_is_written_once_and_the_old_value_kept(
    writing: Writing, at: int
) -> None:
    whole = writing.context
    store = Cut(whole.store, at)
    real: Callable[..., Awaitable[Any]] = writing.registry.register

    async def register(orders: Any) -> Any:
        store.step()
        found = await real(orders)
        store.step()
        return found

    writing.registry.register = register  # type: ignore[method-assign]
    dead = False
    try:
        await apply_writes(replace(whole, store=store))
    except DeadError:
        dead = True
    assert dead is (at <= 11), "every step was tried"
    writing.registry.register = real  # type: ignore[method-assign]
    writing.with_context(store=whole.store)
    await writing.apply()
    (write,) = await writing.writes()
    assert write.attempts <= 1, "another process may still be at it"
    writing.world.bridge.clock.move(LEASE.total_seconds())
    await writing.apply()
    (write,) = await writing.writes()
    assert (write.state, write.before, write.found) == (WriteState.DONE, "ej_paborjad", "registrerad")
    assert (writing.registry.made, len(write.evidence)) == (1, 1)


async def test_told_to_stop_in_the_middle_the_next_run_looks_at_once(writing: Writing) -> None:
    async def stopped(orders: Any) -> Any:
        writing.registry.registered = True
        raise asyncio.CancelledError

    real = writing.registry.register
    writing.registry.register = stopped  # type: ignore[method-assign]
    with pytest.raises(asyncio.CancelledError):
        await writing.apply()
    writing.registry.register = real  # type: ignore[method-assign]
    (left,) = await writing.writes()
    assert (left.state, left.detail) == (WriteState.SENT, "interrupted")
    write = await writing.one()
    assert (write.state, write.detail, write.attempts) == (WriteState.DONE, "already", 2)
    assert writing.registry.made == 0


async def test_a_write_that_left_and_is_not_wanted_any_more_is_looked_for_and_not_made_again(
    writing: Writing,
) -> None:
    writing.registry.ends = [S.UNKNOWN]
    await writing.apply()
    writing.registry.registered = False
    writing.world.applications.said[:] = [replace(APPLICATION, cancelled=True)]
    await writing.world.round()
    write = await writing.one()
    assert (write.state, write.detail, write.found) == (
        WriteState.MOVED,
        "not_wanted_any_more",
        "ej_paborjad",
    )
    assert writing.registry.asked_to == 1


async def test_of_a_student_who_was_erased_meanwhile_nothing_is_kept_again(writing: Writing) -> None:
    real = writing.registry.register

    async def erased(orders: Any) -> Any:
        (write,) = await writing.writes()
        blank = replace(write, key="erased:1", order="", before="", state=WriteState.MOVED)
        await writing.world.bridge.store.write(lambda uow: uow.writes.save(blank))
        return await real(orders)

    writing.registry.register = erased  # type: ignore[method-assign]
    write = await writing.one()
    assert (write.key, write.order, write.before) == ("erased:1", "", "")
