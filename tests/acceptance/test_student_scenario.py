"""A year of students, played over HTTP: those in perfect order show nothing, and each story shows its code.

All stories are played beside each other in one sandbox, and read by one bridge, act by act.
"""

import asyncio
from collections import defaultdict
from datetime import UTC, date, datetime, time
from pathlib import Path

import pytest
from tests.support.untold import NEVER

from mobility_bridge.bootstrap import Bridge, build, load_settings
from mobility_bridge.cli.sandbox import write_config
from mobility_bridge.domain.discrepancy import DiscrepancyState
from mobility_bridge.domain.record import IdentityKey, IdentityKeyKind, StudentId
from mobility_bridge.kit.clock import ShiftedClock
from mobility_bridge.ports.store import UnitOfWork
from mobility_bridge.reconcile.registry import STAY_RULES
from mobility_bridge.sandbox.host import Plan, Sandbox
from mobility_bridge.sandbox.scenarios.student_instances import Instance
from mobility_bridge.sandbox.scenarios.student_stories import all_of_them
from mobility_bridge.sandbox.scenarios.students import mobilities_of
from mobility_bridge.services.compare import compare
from mobility_bridge.services.registry_review import review_registry
from mobility_bridge.services.sync import Wanted, sync

TODAY = date(2026, 11, 24)
"""Every story is told of this day, in the middle of a term."""

STORIES = all_of_them()


class Year:
    """What was said in the end: codes by mobility, and those of students with none."""

    def __init__(self) -> None:
        self.codes: dict[str, set[str]] = defaultdict(set)
        self.errors: list[str] = []


@pytest.fixture(scope="session")
def year(tmp_path_factory: pytest.TempPathFactory) -> Year:
    return asyncio.run(_played(tmp_path_factory.mktemp("students")))


async def _played(folder: Path) -> Year:
    clock = ShiftedClock()
    since = clock.now() - datetime.combine(TODAY, time(10), UTC)
    clock.behind = since
    sandbox = Sandbox(folder, Plan("students", today=TODAY), clock.now)
    config = write_config(folder)
    told = Year()
    with sandbox.in_thread():
        async with build(load_settings(config), clock=clock) as bridge:
            for number, act in enumerate(sandbox.stage.scenario.plot, start=1):
                clock.behind = since + act.ago
                if number > 1:
                    sandbox.stage.advance()
                report = await sync(bridge.context, Wanted(full=number > 1))
                told.errors += map(str, report.errors)
            reviewed = await review_registry(bridge.context, full=True)
            assert reviewed is not None
            assert reviewed.error is None
            await compare(bridge.context)
            await _hear(bridge, sandbox, told)
    return told


async def _hear(bridge: Bridge, sandbox: Sandbox, told: Year) -> None:
    whose: dict[StudentId, str] = {}
    mobile = sandbox.stage.world.stays.by_id.values()

    def work(uow: UnitOfWork) -> None:
        for stay in mobile:
            key = IdentityKey(IdentityKeyKind.OMOBILITY, f"{stay.sending_hei_id}/{stay.omobility_id}")
            applied = IdentityKey(IdentityKeyKind.GLOBAL_ID, stay.student.global_id.lower())
            for found in uow.students.by_keys([key, applied]).values():
                whose[uow.students.current(found)] = stay.omobility_id
        for item in uow.discrepancies.select(states=[DiscrepancyState.OPEN]):
            student = item.finding.subject.student_id
            if student is not None:
                told.codes[whose.get(student, str(student))].add(item.finding.code)

    await bridge.context.store.read(work)


def _names() -> list[str]:
    return [each.name for each in STORIES]


@pytest.mark.parametrize("story", STORIES, ids=_names())
def test_each_story_shows_its_code_and_nothing_else(year: Year, story: Instance) -> None:
    theirs = mobilities_of(TODAY)[story.name]
    assert set().union(*(year.codes[each] for each in theirs)) == story.codes


def test_students_in_perfect_order_show_nothing(year: Year) -> None:
    in_stories = {each for theirs in mobilities_of(TODAY).values() for each in theirs}
    others = {name: sorted(codes) for name, codes in year.codes.items() if codes and name not in in_stories}
    assert others == {}


def test_nothing_failed_while_the_year_was_read(year: Year) -> None:
    assert year.errors == []


def test_every_rule_has_a_story_or_a_reason() -> None:
    told = {each.code for each in STORIES}
    known = {rule.code for rule in STAY_RULES}
    assert told <= known
    assert known - told == set(NEVER)
