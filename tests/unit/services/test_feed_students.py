"""What the registry's feed says of people and of what they are admitted to, in whatever order it comes."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace

import pytest
from tests.support.stays import APPLICATION, EXCHANGE, PERSON, REGISTRATION
from tests.support.student_world import ADMITTED, AT, KNOWN, OFFERED, STU, World, a_world

from mobility_bridge.domain.fact import Fact
from mobility_bridge.domain.identifiers import LadokUid
from mobility_bridge.domain.occasion import Commitment, OccasionCancelled
from mobility_bridge.domain.registry_student import CivicNumberChanged, LadokStudent, StudentReplaced
from mobility_bridge.ports.registry import FeedBatch, FeedPosition
from mobility_bridge.ports.store import UnitOfWork
from mobility_bridge.services.offered import mark_offered

TWO, THREE = LadokUid("two"), LadokUid("three")
INTERIM, COORDINATION, PERMANENT = "20030214T101", "200302740009", PERSON.civic_number
OLD = StudentReplaced(as_of=AT, student_uid=STU, replaced_by=TWO)
OLDER = StudentReplaced(as_of=AT, student_uid=TWO, replaced_by=THREE)
NAMELESS = replace(PERSON, global_id=None, email=None, civic_number=None)


def known(uid: LadokUid, civic_number: str | None) -> LadokStudent:
    person = replace(NAMELESS, ladok_student_uid=uid, civic_number=civic_number)
    return LadokStudent(as_of=AT, student_uid=uid, person=person)


@pytest.fixture
def world() -> World:
    return a_world()


async def students(world: World) -> int:
    return len(await world.bridge.store.read(lambda uow: uow.students.select()))


@pytest.mark.parametrize("chain", [(OLD, OLDER), (OLDER, OLD)], ids=["oldest first", "newest first"])
async def test_whoever_stands_for_a_student_now_is_the_same_student(
    world: World, chain: Sequence[Fact]
) -> None:
    admitted = replace(ADMITTED, student_uid=THREE)
    registered = replace(REGISTRATION, student_uid=THREE)
    world.registry.facts += [KNOWN]
    await world.round()
    world.registry.facts += [*chain, known(THREE, INTERIM), admitted, registered]
    await world.round()
    assert await students(world) == 1
    codes = await world.codes()
    assert "PERSON_MISMATCH" not in codes
    assert "REGISTRATION_MISSING" not in codes


async def test_entries_that_stand_for_each_other_in_a_ring_end_the_search(world: World) -> None:
    world.registry.facts += [KNOWN, OLD, replace(OLDER, replaced_by=STU)]
    await world.round()
    assert await students(world) == 1


async def test_an_entry_that_was_replaced_describes_nobody(world: World) -> None:
    world.registry.facts += [replace(KNOWN, person=replace(PERSON, ladok_student_uid=STU))]
    await world.round()
    mistaken = known(STU, "200302141111")
    world.registry.facts += [mistaken, OLD, known(TWO, PERMANENT)]
    await world.round()
    assert "PERSON_MISMATCH" not in await world.codes()


@pytest.mark.parametrize("before", [INTERIM, COORDINATION])
async def test_a_temporary_number_that_becomes_a_permanent_one_is_one_student(
    world: World, before: str
) -> None:
    world.applications.said = [replace(APPLICATION, person=replace(NAMELESS, civic_number=before))]
    await world.round()
    changed = CivicNumberChanged(as_of=AT, student_uid=STU, earlier=before, present=PERMANENT)
    world.registry.facts += [KNOWN, changed, ADMITTED, REGISTRATION]
    await world.round()
    assert await students(world) == 1
    assert "PERSON_MISMATCH" not in await world.codes()


async def test_an_admission_may_come_before_its_occasion(world: World) -> None:
    about_others = [each for each in OFFERED if not isinstance(each, Commitment)]
    commitment = next(each for each in OFFERED if isinstance(each, Commitment))
    world.registry.facts[:] = [KNOWN, ADMITTED, commitment, REGISTRATION]
    await world.round()
    assert "REGISTRATION_MISSING" in await world.codes()
    world.registry.facts += about_others
    await world.round()
    assert "REGISTRATION_MISSING" not in await world.codes()


async def test_an_occasion_that_changes_has_its_students_looked_at_again(world: World) -> None:
    assert EXCHANGE.occasion is not None
    world.registry.facts += [KNOWN, ADMITTED, REGISTRATION]
    await world.round()
    assert "OCCASION_CANCELLED" not in await world.codes()
    world.registry.facts.append(OccasionCancelled(as_of=AT, occasion_uid=EXCHANGE.occasion.occasion_uid))
    await world.round()
    assert "OCCASION_CANCELLED" in await world.codes()


async def test_a_value_that_cannot_be_read_in_an_event_is_told_and_the_rest_has_its_effect(
    world: World,
) -> None:
    inner = world.registry.events

    async def odd(position: FeedPosition | None) -> AsyncIterator[FeedBatch]:
        async for batch in inner(position):
            first, *others = batch.events
            problems = (("Personnummer", "fails its test of check_digit"),)
            yield replace(batch, events=(replace(first, problems=problems), *others))

    world.registry.facts[:] = [KNOWN]
    world.registry.events = odd  # type: ignore[method-assign]
    await world.round()
    (told,) = world.bridge.events("feed.remarked")
    assert (told["notice"], told["detail"]) == (
        "unreadable",
        "E Personnummer: fails its test of check_digit",
    )
    assert await world.bridge.store.read(lambda uow: uow.facts.get(KNOWN.key)) == KNOWN


UNKNOWN_PARTNER = (replace(OFFERED[0], removed=True), OFFERED[1])
ANOTHER_PACKAGE = replace(OFFERED[0], exchange=False)


@pytest.mark.parametrize(
    ("held", "changed", "marked"),
    [
        pytest.param(OFFERED, replace(OFFERED[1], status=4), True, id="an occasion at the partner"),
        pytest.param(OFFERED[:2], replace(OFFERED[1], status=4), True, id="at a party of no known domain"),
        pytest.param((), replace(OFFERED[1], exchange=True), True, id="an exchange without its agreement"),
        pytest.param((), OFFERED[1], False, id="an occasion without its package"),
        pytest.param(UNKNOWN_PARTNER, OFFERED[1], False, id="an occasion of a package taken away"),
        pytest.param((), OFFERED[0], True, id="an agreement"),
        pytest.param((), ANOTHER_PACKAGE, False, id="a package that is no exchange"),
        pytest.param((), OFFERED[3], True, id="the domain of a party"),
        pytest.param(
            (), OccasionCancelled(as_of=AT, occasion_uid=LadokUid("other")), False, id="an unknown occasion"
        ),
    ],
)
async def test_only_what_is_offered_for_exchange_has_students_looked_at_again(
    world: World, held: Sequence[Fact], changed: Fact, *, marked: bool
) -> None:
    world.registry.facts[:] = [KNOWN]
    await world.round()

    def work(uow: UnitOfWork) -> Sequence[str]:
        uow.facts.apply(held, AT)
        mark_offered(uow, [changed], AT)
        return [each for each in uow.work.to_compare(10) if each.startswith("student:")]

    assert bool(await world.bridge.store.write(work)) is marked
