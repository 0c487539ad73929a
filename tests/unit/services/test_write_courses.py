"""The catalogue is written as a list says: what is allowed, once, and with what stood there kept."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from tests.support.bridges import Bridge, a_bridge

from mobility_bridge.domain.evidence import Exchange
from mobility_bridge.domain.ownership import Ownership
from mobility_bridge.domain.term import Term
from mobility_bridge.domain.write import Write, WriteState
from mobility_bridge.errors import InvalidDocument, Rejected, Unreachable, UsageError
from mobility_bridge.ports.sinks import (
    CatalogueAct,
    CatalogueChange,
    CatalogueCourse,
    CatalogueOutcome,
    CataloguePlan,
    CatalogueWritten,
)
from mobility_bridge.services.course_list import CourseRows
from mobility_bridge.services.write_courses import CoursesReport, plan_courses, switched_off, write_courses
from mobility_bridge.services.write_log import LEASE

AUTUMN = Term(2026, autumn=True)
SEA = CatalogueCourse("NH1", AUTUMN, "Sea", credits=Decimal("7.5"), places=3)
ROWS = CourseRows((SEA,), (("NH9", AUTUMN),))
ALL = {"offered", "withdrawn", "credits", "places"}


def owned(*fields: str) -> Ownership:
    return Ownership.of({"course": {each: {"write_to": ["mobility_online"]} for each in fields}})


def an_exchange() -> Exchange:
    at = datetime(2026, 8, 1, tzinfo=UTC)
    return Exchange("mobility_online", None, "x", "POST", "https://mobility.example/", at, "1")


class DeadError(BaseException):
    """The process ends here."""


@dataclass
class FakeCatalogue:
    """A catalogue that holds names by course, as careful as the real one."""

    standing: dict[str, dict[str, str]] = field(default_factory=lambda: {"NH9": {"courseName": "Old"}})
    ends: list[Any] = field(default_factory=list)
    name: str = "mobility_online"
    planned_with: list[CatalogueCourse] = field(default_factory=list)
    made: int = 0
    dies: str = ""

    async def plan(
        self, offered: Sequence[CatalogueCourse], withdrawn: Sequence[tuple[str, Term]] = ()
    ) -> CataloguePlan:
        self.planned_with = list(offered)
        wanted = {each.number: {"courseName": each.name} for each in offered} | dict.fromkeys(
            number for number, _ in withdrawn
        )
        changes = []
        for number, after in wanted.items():
            before = self.standing.get(number)
            if before != after:
                act = CatalogueAct.REMOVE if after is None else CatalogueAct.ADD
                act = CatalogueAct.UPDATE if after is not None and before is not None else act
                changes.append(CatalogueChange(act, number, AUTUMN, before, after))
        return CataloguePlan(tuple(changes), len(wanted) - len(changes), (an_exchange(),))

    async def carry_out(self, change: CatalogueChange) -> CatalogueWritten:
        if self.dies == "before":
            raise DeadError
        end = self.ends.pop(0) if self.ends else None
        if isinstance(end, BaseException):
            raise end
        before = self.standing.get(change.number)
        if before == change.after:
            return CatalogueWritten(CatalogueOutcome.DONE_BEFORE, before, before, (an_exchange(),))
        if end is None:
            self.made += 1
            self.standing.pop(change.number, None)
            if change.after is not None:
                self.standing[change.number] = dict(change.after)
        if self.dies == "after":
            raise DeadError
        now = self.standing.get(change.number)
        return CatalogueWritten(end or CatalogueOutcome.DONE, before, now, (an_exchange(),))


@dataclass
class Writing:
    bridge: Bridge
    catalogue: FakeCatalogue

    async def write(self, rows: CourseRows = ROWS, limit: int = 10, **facts: Any) -> CoursesReport:
        context = replace(self.bridge.context, **facts)
        return await write_courses(context, rows, by="kim", why="the new term", limit=limit)

    async def kept(self) -> list[Write]:
        return sorted(
            await self.bridge.store.read(lambda uow: uow.writes.select()), key=lambda each: each.write_id
        )


@pytest.fixture
def writing() -> Writing:
    bridge, catalogue = a_bridge(), FakeCatalogue()
    context = replace(bridge.context, catalogue=catalogue, ownership=owned(*ALL))
    return Writing(replace(bridge, context=context), catalogue)


async def test_a_plan_shows_what_stands_there_and_writes_nothing(writing: Writing) -> None:
    found = await plan_courses(writing.bridge.context, ROWS)
    assert [(each.act, each.before, each.after) for each in found.plan.changes] == [
        (CatalogueAct.ADD, None, {"courseName": "Sea"}),
        (CatalogueAct.REMOVE, {"courseName": "Old"}, None),
    ]
    assert (found.off, found.left_out, await writing.kept()) == ((), (), [])
    assert await writing.bridge.store.read(lambda uow: uow.evidence.count()) == 0


async def test_what_the_list_says_is_written_once_and_what_stood_there_kept(writing: Writing) -> None:
    report = await writing.write()
    assert [(each.field, each.state) for each in report.looked_at] == [
        ("offered", WriteState.DONE),
        ("withdrawn", WriteState.DONE),
    ]
    gone = report.looked_at[1]
    assert (gone.before, gone.after, gone.found) == ('{"courseName": "Old"}', "", "")
    assert (gone.asked_by, gone.reason, len(gone.evidence)) == ("kim", "the new term", 2)
    again = await writing.write()
    assert (again.looked_at, again.unchanged, writing.catalogue.made) == ((), 2, 2)
    assert len(writing.bridge.events("write.asked")) == len(writing.bridge.events("write.settled")) == 2


@pytest.mark.parametrize(
    ("on", "fields", "named"),
    [
        (False, (), ["adapters.mobility_online.course_catalogue", "[course.offered]", "[course.withdrawn]"]),
        (True, ("offered",), ["[course.withdrawn]"]),
        (True, ("withdrawn",), ["[course.offered]"]),
        (False, ("offered", "withdrawn"), ["adapters.mobility_online.course_catalogue"]),
    ],
)
async def test_every_switch_is_needed_and_each_is_named(
    writing: Writing, *, on: bool, fields: tuple[str, ...], named: list[str]
) -> None:
    facts = {"catalogue": writing.catalogue if on else None, "ownership": owned(*fields)}
    off = switched_off(replace(writing.bridge.context, **facts), ROWS)
    assert len(off) == len(named)
    assert all(name in each for name, each in zip(named, off, strict=True))
    with pytest.raises(UsageError) as refused:
        await writing.write(**facts)
    assert all(name in str(refused.value) for name in named)
    assert (writing.catalogue.made, await writing.kept()) == (0, [])
    if on:
        assert (await plan_courses(replace(writing.bridge.context, **facts), ROWS)).off == off
    else:
        with pytest.raises(UsageError):
            await plan_courses(replace(writing.bridge.context, **facts), ROWS)


async def test_fields_that_nobody_allowed_are_left_alone_and_named(writing: Writing) -> None:
    report = await writing.write(ownership=owned("offered", "withdrawn", "places"))
    assert report.left_out == ("course.credits",)
    (sent,) = writing.catalogue.planned_with
    assert (sent.credits, sent.places) == (None, 3)


@pytest.mark.parametrize(
    ("end", "state", "detail"),
    [
        (CatalogueOutcome.MOVED, WriteState.MOVED, "moved"),
        (CatalogueOutcome.REFUTED, WriteState.REFUTED, "refuted"),
        (Rejected("no", system="mobility_online", reason="fault"), WriteState.REFUSED, "fault"),
        (InvalidDocument("twice", system="mobility_online", reason="content"), WriteState.SENT, "content"),
    ],
)
async def test_what_goes_wrong_with_one_course_is_its_outcome(
    writing: Writing, end: Any, state: WriteState, detail: str
) -> None:
    writing.catalogue.ends = [end]
    report = await writing.write()
    assert (report.looked_at[0].state, report.looked_at[0].detail) == (state, detail)
    assert report.looked_at[1].state is WriteState.DONE


async def test_when_nobody_answers_the_rest_waits_and_is_settled_first_by_the_next_run(
    writing: Writing,
) -> None:
    silent = Unreachable("no answer", system="mobility_online", reason="timeout", evidence=[an_exchange()])
    writing.catalogue.ends = [silent, silent]
    report = await writing.write()
    assert [each.state for each in report.looked_at] == [WriteState.SENT]
    assert report.left == 1
    still = await writing.write()
    assert (still.left, writing.catalogue.made) == (1, 0)
    again = await writing.write()
    assert [each.state for each in again.looked_at] == [WriteState.DONE, WriteState.DONE]
    assert (len(await writing.kept()), writing.catalogue.made) == (2, 2)


async def test_no_more_is_written_in_one_run_than_is_allowed(writing: Writing) -> None:
    report = await writing.write(limit=1)
    assert (len(report.looked_at), report.left) == (1, 1)
    assert [each.state for each in (await writing.write(limit=1)).looked_at] == [WriteState.DONE]
    assert writing.catalogue.made == 2


@pytest.mark.parametrize(("dies", "detail"), [("before", ""), ("after", "done_before")])
async def test_killed_in_the_middle_a_course_is_written_once(
    writing: Writing, dies: str, detail: str
) -> None:
    writing.catalogue.dies = dies
    with pytest.raises(DeadError):
        await writing.write()
    writing.catalogue.dies = ""
    early = await writing.write()
    assert [each.about for each in early.looked_at] == ["remove NH9 HT26"], (
        "another process may still be at it"
    )
    writing.bridge.clock.move(LEASE.total_seconds())
    report = await writing.write()
    assert [each.state for each in report.looked_at] == [WriteState.DONE]
    assert report.looked_at[0].detail == detail
    assert (len(await writing.kept()), writing.catalogue.made) == (2, 2)


async def test_told_to_stop_in_the_middle_the_next_run_looks_at_once(writing: Writing) -> None:
    writing.catalogue.ends = [asyncio.CancelledError()]
    with pytest.raises(asyncio.CancelledError):
        await writing.write()
    report = await writing.write()
    assert [each.state for each in report.looked_at] == [WriteState.DONE, WriteState.DONE]
    assert (len(await writing.kept()), writing.catalogue.made) == (2, 2)
