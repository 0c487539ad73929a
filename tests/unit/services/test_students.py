"""Students from four systems: one stay, told apart from others, and missed where it is missing."""

from collections.abc import AsyncIterator
from dataclasses import replace
from functools import partial

import pytest
from tests.support.bridges import a_bridge
from tests.support.stays import APPLICATION, EXCHANGE, PERSON, REGISTRATION
from tests.support.student_world import ADMITTED, AT, BRAVA, KNOWN, STU, World, a_world

from mobility_bridge.domain.identifiers import ApplicationId, LadokUid
from mobility_bridge.domain.person import Person, PersonName
from mobility_bridge.domain.record import RecordKind
from mobility_bridge.domain.registry_student import LadokStudent
from mobility_bridge.domain.result import CreditTransfer, ResultDecided
from mobility_bridge.errors import Unreachable
from mobility_bridge.ports.registry import FeedBatch, FeedPosition
from mobility_bridge.ports.store import UnitOfWork
from mobility_bridge.services.feed import follow_feed, rewind_feed
from mobility_bridge.services.students import read_named, read_students


@pytest.fixture
def world() -> World:
    return a_world()


async def test_an_unregistered_student_is_found_in_time_and_gone_after_the_registration(world: World) -> None:
    world.registry.facts += [KNOWN, ADMITTED]
    await world.round()
    assert "REGISTRATION_MISSING" in await world.codes()
    world.registry.facts.append(REGISTRATION)
    world.bridge.clock.move(60)
    await world.round()
    assert "REGISTRATION_MISSING" not in await world.codes()


async def test_four_systems_tell_of_one_stay(world: World) -> None:
    world.registry.facts += [KNOWN, ADMITTED, REGISTRATION]
    await world.round()
    students = await world.bridge.store.read(lambda uow: uow.students.select())
    assert len(students) == 1
    (stay,) = await world.bridge.store.read(lambda uow: uow.students.stays(students[0]))
    assert (stay.partner_hei_id, stay.direction) == (BRAVA, APPLICATION.direction)
    records = await world.bridge.store.read(lambda uow: uow.records.of_student(students[0]))
    assert {each.record.key.kind for each in records} == {
        RecordKind.APPLICATION,
        RecordKind.NOMINATION,
        RecordKind.LEARNING_AGREEMENT,
    }
    assert {each.stay_id for each in records} == {stay.stay_id}


async def test_two_exchanges_of_one_term_have_two_names(world: World) -> None:
    second = replace(ADMITTED, admission_uid=LadokUid("second"))
    world.registry.facts += [KNOWN, ADMITTED, second]
    await world.round()
    await world.round()
    (student,) = await world.bridge.store.read(lambda uow: uow.students.select())
    stays = await world.bridge.store.read(lambda uow: uow.students.stays(student))
    assert len(stays) == 3, "the application's, and one of each exchange"
    assert (await world.codes()).count("DOUBLE_EXCHANGE") == 1


async def test_credits_for_an_exchange_of_somebody_else_are_found(world: World) -> None:
    assert EXCHANGE.occasion is not None
    theirs = replace(EXCHANGE.occasion, occasion_uid=LadokUid("theirs"))
    own = CreditTransfer(
        as_of=AT, credit_transfer_uid=LadokUid("own"), student_uid=STU, occasion_uid=ADMITTED.occasion_uid
    )
    strayed = replace(own, credit_transfer_uid=LadokUid("strayed"), occasion_uid=theirs.occasion_uid)
    world.registry.facts += [KNOWN, ADMITTED, REGISTRATION, theirs, own, strayed]
    await world.round()
    assert (await world.codes()).count("TRANSFER_OTHER_STUDENT") == 1


async def test_a_second_round_changes_nothing(world: World) -> None:
    world.registry.facts += [KNOWN, ADMITTED]
    await world.round()
    before = await world.codes()
    lines = len(world.bridge.lines)
    await world.round()
    assert await world.codes() == before
    assert not [line for line in world.bridge.lines[lines:] if line["event"].startswith("discrepancy.")]


async def test_courses_are_read_again_though_their_application_never_changed(world: World) -> None:
    ids = (APPLICATION.application_id,)
    await world.round()
    await world.round()
    assert world.applications.asked_courses == [ids], "nothing changed, and they were just read"
    world.bridge.clock.move(world.bridge.context.settings.schedule.full_sweep_every_s)
    await world.round()
    assert world.applications.asked_courses == [ids, ids]
    await read_students(world.bridge.context, full=True)
    assert world.applications.asked_courses == [ids, ids, ids]


async def test_one_system_alone_can_be_read(world: World) -> None:
    world.registry.facts += [KNOWN, ADMITTED]
    report = await read_named(world.bridge.context, ["mobility_online"])
    assert ([each.source for each in report.applications], report.feed) == (["mobility_online"], None)
    report = await read_named(world.bridge.context, ["ladok"])
    assert report.applications == ()
    assert report.feed is not None


async def test_an_event_takes_effect_once_however_often_it_comes(world: World) -> None:
    world.registry.facts += [KNOWN, ADMITTED]
    first = await follow_feed(world.bridge.context)
    again = await follow_feed(world.bridge.context)
    assert (first.changed, again.changed) == (len(world.registry.facts), 0)
    assert world.registry.asked[1] == FeedPosition(1, f"entry-{len(world.registry.facts)}")


async def test_people_of_the_registry_who_go_nowhere_are_not_followed(world: World) -> None:
    stranger = Person(names=(PersonName("Bo", "Ek"),), ladok_student_uid="other")
    world.registry.facts.append(LadokStudent(as_of=AT, student_uid=LadokUid("other"), person=stranger))
    world.applications.said.clear()
    world.students.objects.clear()
    await world.round()
    assert await world.bridge.store.read(lambda uow: uow.students.select()) == []


async def test_namesakes_are_two_students_and_a_proposal(world: World) -> None:
    twin = replace(
        APPLICATION,
        application_id=ApplicationId("2"),
        person_id="7",
        omobility_id=None,
        person=replace(PERSON, civic_number=None, global_id=None),
    )
    world.applications.said.append(twin)
    await world.round()
    assert len(await world.bridge.store.read(lambda uow: uow.students.select())) == 2
    (match,) = await world.bridge.store.read(lambda uow: uow.students.matches())
    assert "birth_date" in match.reasons


async def test_half_a_reading_deletes_no_application(world: World) -> None:
    await world.round()
    world.applications.said.clear()
    world.applications.complete = False
    await world.round()
    students = await world.bridge.store.read(lambda uow: uow.students.select())
    records = await world.bridge.store.read(lambda uow: uow.records.of_student(students[0]))
    assert all(each.live for each in records)


async def test_a_system_that_fails_does_not_keep_the_others_back(world: World) -> None:
    world.applications.error = Unreachable("no answer", system="mobility_online", reason="timeout")
    report = await read_students(world.bridge.context, [BRAVA])
    assert [error.reason for error in report.errors] == ["timeout"]
    assert sum(each.changed for each in report.asked) == 2
    assert world.bridge.events("source.failed")


async def test_students_are_not_followed_unless_switched_on(world: World) -> None:
    settings = a_bridge().context.settings
    context = replace(world.bridge.context, settings=settings)
    report = await read_students(context, [BRAVA])
    assert (report.applications, report.feed, report.asked) == ((), None, ())
    assert await world.bridge.store.read(lambda uow: uow.students.select()) == []


async def test_nothing_personal_is_logged(world: World) -> None:
    world.registry.facts += [KNOWN, ADMITTED]
    await world.round()
    text = world.bridge.written.getvalue()
    for secret in ("Alma", 'Ek"', "2003", "0000", "alma@"):
        assert secret not in text


async def test_a_position_that_is_moved_meanwhile_is_not_written_over(world: World) -> None:
    world.registry.facts += [KNOWN, ADMITTED]
    await follow_feed(world.bridge.context)
    inner = world.registry.events

    async def overtaken(position: FeedPosition | None) -> AsyncIterator[FeedBatch]:
        async for batch in inner(position):
            if len(world.registry.asked) == 2:  # a person types the command while the page is on its way
                await rewind_feed(world.bridge.context, 1)
            yield batch

    world.registry.events = overtaken  # type: ignore[method-assign]
    report = await follow_feed(world.bridge.context)
    assert report.pages == 1, "what was read from the former position was not kept"
    assert world.registry.asked[-1] == FeedPosition(1), "and the run went on from the new one"
    assert len(world.bridge.events("feed.moved")) == 1


async def test_a_position_that_never_rests_ends_the_run(world: World) -> None:
    world.registry.facts += [KNOWN]
    await follow_feed(world.bridge.context)
    inner = world.registry.events

    async def overtaken(position: FeedPosition | None) -> AsyncIterator[FeedBatch]:
        async for batch in inner(position):
            await world.bridge.store.write(partial(_elsewhere, batch))
            yield batch

    def _elsewhere(batch: FeedBatch, uow: UnitOfWork) -> None:
        name = f"{batch.position.entry_id}-{len(world.registry.asked)}"
        uow.set_cursor("ladok.feed", FeedPosition(1, name).cursor())

    world.registry.events = overtaken  # type: ignore[method-assign]
    report = await follow_feed(world.bridge.context)
    assert (report.pages, report.error) == (0, None)
    assert len(world.bridge.events("feed.moved")) == 10


async def test_grades_of_people_who_are_not_followed_are_not_kept(world: World) -> None:
    await world.round()
    mine, strange = (
        ResultDecided(as_of=AT, result_uid=LadokUid(f"result-{uid}"), student_uid=LadokUid(uid))
        for uid in (STU, "other")
    )
    world.registry.facts += [KNOWN, ADMITTED]
    await follow_feed(world.bridge.context)
    world.registry.facts += [mine, strange]
    await follow_feed(world.bridge.context)
    held = await world.bridge.store.read(lambda uow: uow.facts.get_many([mine.key, strange.key]))
    assert held == {mine.key: mine}
