"""What is old goes, kind by kind; nothing of a stay that is still living; what nobody signed goes first."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from tests.support.stays import LA, NOMINATION
from tests.support.student_world import ADMITTED, KNOWN, STU, US, World, a_world
from tests.unit.services.test_privacy import said

from mobility_bridge.domain.discrepancy import DiscrepancyState
from mobility_bridge.domain.nomination import NominationStatus
from mobility_bridge.domain.record import RecordKey, RecordKind, StudentId
from mobility_bridge.ports.student_sources import StudentApi
from mobility_bridge.services.retention import Kept, retain, retain_if_due
from mobility_bridge.settings.model import RetentionSettings

P1 = StudentId("P1")
NOMINATED = RecordKey("ewp", RecordKind.NOMINATION, US, str(NOMINATION.omobility_id))


@pytest.fixture
async def world() -> World:
    """A student abroad; the learning agreement has changed twice, once without a signature."""
    made = a_world()
    made.registry.facts += [KNOWN, ADMITTED]
    await made.round()
    await made.bridge.store.write(
        lambda uow: uow.evidence.append([said("<las>old</las>"), said("<i/>", "iias.get")])
    )
    served = made.students.objects[US, StudentApi.LEARNING_AGREEMENTS]
    for url in ("https://a.example", "https://b.example"):
        made.bridge.clock.move(60)
        served[str(LA.omobility_id)] = replace(LA, learning_outcomes_url=url)
        await made.round()
    return made


def later(world: World, days: float) -> None:
    world.bridge.clock.move(timedelta(days=days).total_seconds())


async def numbers(world: World, *, dry_run: bool = True) -> dict[Kept, int]:
    return {step.kind: step.number for step in await retain(world.bridge.context, dry_run=dry_run)}


async def count(world: World) -> tuple[int, int]:
    def look(uow: Any) -> tuple[int, int]:
        records = uow.records.of_student(P1)
        return len(records), sum(len(uow.records.history(each.record.key)) for each in records)

    return await world.bridge.store.read(look)


async def test_nothing_of_a_living_stay_is_touched(world: World) -> None:
    before = await count(world)
    assert set((await numbers(world, dry_run=False)).values()) == {0}
    assert await count(world) == before


async def test_a_dry_run_counts_what_goes_and_changes_nothing(world: World) -> None:
    later(world, 900)
    before = await count(world)
    planned = await numbers(world)
    assert await count(world) == before
    done = await numbers(world, dry_run=False)
    assert planned == done
    assert done[Kept.DRAFTS] == 2
    assert done[Kept.EVIDENCE] == 1
    assert done[Kept.STAYS] == 0
    assert set((await numbers(world)).values()) == {0}
    assert len(world.bridge.events("privacy.retained")) == 1


async def test_bodies_of_students_go_and_those_of_agreements_stay(world: World) -> None:
    later(world, 900)
    await numbers(world, dry_run=False)
    records = await world.bridge.store.read(lambda uow: uow.evidence.scan())
    assert [each.exchange.body for each in records] == [b"", b"<i/>"]


async def test_a_student_goes_when_the_last_stay_is_long_over_and_may_come_again(world: World) -> None:
    later(world, 3000)
    done = await numbers(world, dry_run=False)
    assert done[Kept.STAYS] == 1
    assert await count(world) == (0, 0)
    (erasure,) = await world.bridge.store.read(lambda uow: uow.privacy.erasures())
    assert (erasure.students, erasure.by) == ((P1,), "mobility-bridge")
    assert not await world.bridge.store.read(lambda uow: uow.facts.of_student(STU))

    # The old ids are known again; the person is not, and a new stay is followed.
    world.registry.facts.clear()
    world.applications.said.clear()
    await world.round()
    assert not await world.bridge.store.read(lambda uow: uow.students.select())
    new = replace(NOMINATION, omobility_id="NH-OM-9")
    world.students.objects[US, StudentApi.NOMINATIONS] = {"NH-OM-9": new}
    await world.round()
    assert len(await world.bridge.store.read(lambda uow: uow.students.select())) == 1


async def test_a_refused_nomination_goes_and_is_followed_again_only_when_it_says_something_else() -> None:
    # given
    world = a_world()
    refused = replace(NOMINATION, status=NominationStatus.REJECTED)
    served = {str(NOMINATION.omobility_id): refused}
    world.students.objects = {(US, StudentApi.NOMINATIONS): served}
    world.applications.said.clear()
    world.registry.facts.clear()
    await world.round()
    later(world, 200)

    # when
    done = await numbers(world, dry_run=False)
    await world.round()

    # then
    assert done[Kept.REFUSED] == 1
    assert await world.bridge.store.read(lambda uow: uow.records.get(NOMINATED)) is None
    served[str(NOMINATION.omobility_id)] = NOMINATION
    await world.round()
    assert await world.bridge.store.read(lambda uow: uow.records.get(NOMINATED)) is not None


async def test_the_daemon_does_it_once_a_day_where_it_is_switched_on(world: World) -> None:
    later(world, 900)
    await retain_if_due(world.bridge.context)
    assert (await count(world))[1] == 2, "it is off by default"
    settings = world.bridge.context.settings.model_copy(update={"retention": RetentionSettings(enabled=True)})
    context = replace(world.bridge.context, settings=settings)

    await retain_if_due(context)
    await retain_if_due(context)

    assert (await count(world))[1] == 0
    assert len(world.bridge.events("privacy.retained")) == 1


async def test_resolved_discrepancies_of_ended_stays_go_and_others_stay(world: World) -> None:
    (found,) = await world.bridge.store.read(lambda uow: uow.discrepancies.select())
    now = world.bridge.clock.now()
    settled = replace(found, state=DiscrepancyState.RESOLVED, resolved_at=now)
    recent = replace(
        settled,
        discrepancy_id="D-recent",
        finding=replace(found.finding, place="elsewhere"),
        resolved_at=now + timedelta(days=800),
    )
    for each in (settled, recent):
        await world.bridge.store.write(lambda uow, each=each: uow.discrepancies.save(each, None))  # type: ignore[misc]
    assert (await numbers(world))[Kept.DISCREPANCIES] == 0

    later(world, 900)
    done = await numbers(world, dry_run=False)

    left = await world.bridge.store.read(lambda uow: uow.discrepancies.select())
    assert done[Kept.DISCREPANCIES] == 1
    assert [each.discrepancy_id for each in left] == ["D-recent"]


def test_no_kind_is_kept_longer_than_the_stays() -> None:
    with pytest.raises(ValueError, match="stays_days"):
        RetentionSettings(stays_days=400, evidence_days=500)
