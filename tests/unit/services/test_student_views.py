"""Students as people look at them: nothing is written, nobody is named in a list, protected people never are."""

from dataclasses import replace
from datetime import timedelta

import pytest
from tests.support.stays import APPLICATION, LA, NOMINATION, OMOBILITY, PERSON, REGISTRATION
from tests.support.student_world import ADMITTED, AT, BRAVA, KNOWN, STU, US, World, a_world

from mobility_bridge.domain.identifiers import ApplicationId, HeiId
from mobility_bridge.domain.person import Direction, Person
from mobility_bridge.domain.registry_student import StudentProtected
from mobility_bridge.domain.term import Term
from mobility_bridge.errors import NotOffered, StoreError, UsageError
from mobility_bridge.ports.registry import FeedPosition
from mobility_bridge.ports.student_sources import StudentApi
from mobility_bridge.ports.students import MatchState
from mobility_bridge.services.compare import compare
from mobility_bridge.services.feed import cursor_name, follow_feed, rewind_feed
from mobility_bridge.services.matches import confirm_match, reject_match, undo_match
from mobility_bridge.services.student_timeline import Happening, explain_student
from mobility_bridge.services.student_views import Chosen, list_nominations, list_stays, show_student
from mobility_bridge.services.students import read_students

HT26 = Term(2026, autumn=True)


@pytest.fixture
async def world() -> World:
    """One outgoing student whom all systems know, admitted and not registered."""
    built = a_world()
    built.registry.facts += [KNOWN, ADMITTED]
    await built.round()
    return built


async def test_a_stay_is_one_row_with_its_systems_and_what_is_open(world: World) -> None:
    (stay,) = await list_stays(world.bridge.context, Chosen())
    assert (stay.stay_id, stay.student_id, stay.terms) == ("P1-1", "P1", (HT26,))
    assert stay.shown_by == (
        "mobility_online application",
        "ewp nomination",
        "ewp learning_agreement",
        "ladok exchange",
    )
    assert stay.discrepancies[0].finding.severity == "blocking"
    assert "REGISTRATION_MISSING" in {each.finding.code for each in stay.discrepancies}
    assert "Alma" not in repr(stay)


@pytest.mark.parametrize(
    ("chosen", "number"),
    [
        (Chosen(term=HT26), 1),
        (Chosen(term=HT26.following), 0),
        (Chosen(partner=BRAVA), 1),
        (Chosen(partner=US), 0),
        (Chosen(direction=Direction.OUTGOING), 1),
        (Chosen(direction=Direction.INCOMING), 0),
    ],
)
async def test_stays_are_chosen_by_term_partner_and_direction(
    world: World, chosen: Chosen, number: int
) -> None:
    assert len(await list_stays(world.bridge.context, chosen)) == number
    assert len(await list_nominations(world.bridge.context, chosen)) == number


async def test_looking_names_no_stay() -> None:
    world = a_world()
    await read_students(world.bridge.context, [BRAVA])
    (stay,) = await list_stays(world.bridge.context, Chosen())
    assert stay.stay_id == "P1-?"
    assert not await world.bridge.store.read(lambda uow: uow.students.stays(stay.student_id))


@pytest.mark.parametrize("text", ["P1", "p1", "P1-1", OMOBILITY, f"{US}/{OMOBILITY}", "700101"])
async def test_a_student_is_found_by_any_of_their_ids(world: World, text: str) -> None:
    view = await show_student(world.bridge.context, text)
    assert view.student_id == "P1"
    assert {each.person.names[0].given_names for each in view.persons} == {"Alma"}


async def test_a_student_is_found_by_a_discrepancy(world: World) -> None:
    (stay,) = await list_stays(world.bridge.context, Chosen())
    found = await show_student(world.bridge.context, stay.discrepancies[0].discrepancy_id)
    assert found.student_id == "P1"


@pytest.mark.parametrize("text", ["P9", "P1-9", "nothing", "D-0000"])
async def test_an_id_that_nobody_has_is_refused_with_a_next_step(world: World, text: str) -> None:
    with pytest.raises(UsageError) as caught:
        await show_student(world.bridge.context, text)
    assert caught.value.next_step == "Run: mobility-bridge students list"


async def test_of_a_protected_identity_nothing_personal_is_shown(world: World) -> None:
    world.registry.facts.append(StudentProtected(as_of=AT, student_uid=STU))
    await world.round()
    found = await explain_student(world.bridge.context, "P1")
    assert found.view.protected
    assert found.view.persons == ()
    assert not [each for each in found.facts if each.personal]


async def test_the_timeline_tells_what_each_system_said_and_when(world: World) -> None:
    changed = replace(NOMINATION, comment="another", proposal_id="p2")
    world.students.objects[US, StudentApi.NOMINATIONS] = {OMOBILITY: changed}
    world.bridge.clock.move(60)
    await read_students(world.bridge.context, [BRAVA], full=True)
    del world.students.objects[US, StudentApi.LEARNING_AGREEMENTS][OMOBILITY]
    world.registry.facts.append(REGISTRATION)
    world.bridge.clock.move(60)
    await read_students(world.bridge.context, [BRAVA], full=True)
    await compare(world.bridge.context)

    found = await explain_student(world.bridge.context, "P1")
    said = [(each.system, each.about, each.what, each.detail) for each in found.timeline]
    nomination, la = f"nomination {OMOBILITY}", f"learning_agreement {OMOBILITY}"
    assert (f"ewp {US}", nomination, Happening.FIRST_SEEN, "") in said
    assert (f"ewp {US}", nomination, Happening.CHANGED, "proposal id, comment") in said
    assert (f"ewp {US}", la, Happening.GONE, "") in said
    registered = next(each for each in found.timeline if each.about == "registration")
    assert registered.detail == "starts 2026-08-31, ends 2027-01-17, credits 30"
    admitted = next(each for each in found.timeline if each.about == "admission")
    assert (admitted.system, admitted.at, admitted.detail) == ("ladok", AT, "agreement UABRA")
    assert {Happening.OPENED, Happening.RESOLVED} <= {
        each.what for each in found.timeline if each.system == "bridge"
    }
    assert [each.at for each in found.timeline] == sorted(each.at for each in found.timeline)


async def test_differences_stand_side_by_side(world: World) -> None:
    said = replace(LA.student, family_name="EK", birth_date=None, email="a@b.example")
    other = replace(LA, student=said, isced_clarification="another document")
    world.students.objects[US, StudentApi.LEARNING_AGREEMENTS] = {OMOBILITY: other}
    await read_students(world.bridge.context, [BRAVA], full=True)
    found = await explain_student(world.bridge.context, "P1")
    differing = {each.name: each for each in found.facts if each.differs}
    assert set(differing) == {"e-mail"}
    assert {letter for _, _, letter in differing["e-mail"].sides} == {"A", "B"}
    assert "Alma" not in repr(found.facts)
    terms = next(each for each in found.facts if each.name == "terms")
    assert {system: value for system, value, _ in terms.sides} == {
        "mobility_online application": "HT26",
        "ladok": "HT26",
    }


async def twins() -> World:
    """Two applications that may be of one person."""
    world = a_world()
    world.applications.said.append(
        replace(
            APPLICATION,
            application_id=ApplicationId("2"),
            person_id="7",
            omobility_id=None,
            person=replace(PERSON, civic_number=None, global_id=None),
        )
    )
    await world.round()
    return world


async def number_of_students(world: World) -> int:
    return len(await world.bridge.store.read(lambda uow: uow.students.select()))


async def test_a_person_joins_two_students_and_takes_it_back() -> None:
    world = await twins()
    context = world.bridge.context
    before = [(each.student_id, each.stay_id) for each in await list_stays(context, Chosen())]
    match = await confirm_match(context, 1, by="kim", reason="same passport")
    assert (match.state, match.decided_by, match.reason) == (MatchState.CONFIRMED, "kim", "same passport")
    assert await number_of_students(world) == 1
    await world.round()
    assert {each.student_id for each in await list_stays(context, Chosen())} == {"P1"}
    decided = [each for each in (await explain_student(context, "P2")).timeline if each.what == "decided"]
    assert [each.detail for each in decided] == ["confirmed by kim"]

    match = await undo_match(context, 1, by="bo", reason="a mistake")
    assert match.state is MatchState.PROPOSED
    assert match.reason == "a mistake (undone: confirmed by kim: same passport)"
    assert await number_of_students(world) == 2
    await world.round()
    after = [(each.student_id, each.stay_id) for each in await list_stays(context, Chosen())]
    assert sorted(after) == sorted(before)
    assert [line["decision"] for line in world.bridge.events("match.decided")] == ["confirmed", "proposed"]


async def test_a_rejected_pair_is_not_proposed_again() -> None:
    world = await twins()
    await reject_match(world.bridge.context, 1, by="kim", reason="two sisters")
    await world.round()
    matches = await world.bridge.store.read(lambda uow: uow.students.matches())
    assert [each.state for each in matches] == [MatchState.REJECTED]
    assert await number_of_students(world) == 2


async def test_a_decision_that_the_state_forbids_is_refused() -> None:
    context = (await twins()).bridge.context
    with pytest.raises(UsageError, match="no proposed match has the number 9"):
        await confirm_match(context, 9, by="kim", reason="r")
    with pytest.raises(UsageError, match="nothing has been decided about match 1"):
        await undo_match(context, 1, by="kim", reason="r")
    await reject_match(context, 1, by="kim", reason="r")
    with pytest.raises(UsageError, match="match 1 was rejected by kim") as caught:
        await confirm_match(context, 1, by="bo", reason="r")
    assert caught.value.next_step == "Take that back first: mobility-bridge students match undo 1"


async def test_a_rewound_feed_is_read_again_without_doubling_anything(world: World) -> None:
    context, store = world.bridge.context, world.bridge.store
    events = len(world.registry.facts)
    before = await store.read(lambda uow: uow.facts.of_student(STU))
    assert await rewind_feed(context, 1) == events
    held = await store.read(lambda uow: uow.cursor(cursor_name(world.registry)))  # type: ignore[arg-type]
    assert FeedPosition.parse(held or "") == FeedPosition(1)
    report = await follow_feed(context)
    assert (report.events, report.changed) == (events, 0)
    assert await store.read(lambda uow: uow.facts.of_student(STU)) == before


async def test_a_feed_is_not_rewound_to_what_was_never_read(world: World) -> None:
    with pytest.raises(UsageError, match="only up to page 1"):
        await rewind_feed(world.bridge.context, 2)
    with pytest.raises(UsageError, match="not at all"):
        await rewind_feed(a_world().bridge.context, 1)
    with pytest.raises(NotOffered):
        await rewind_feed(replace(world.bridge.context, registry=None), 1)


async def test_a_position_that_cannot_be_read_is_said_and_rewound(world: World) -> None:
    context, name = world.bridge.context, cursor_name(world.registry)  # type: ignore[arg-type]
    await context.store.write(lambda uow: uow.set_cursor(name, "nonsense"))
    with pytest.raises(StoreError, match="no position in a feed") as caught:
        await follow_feed(context)
    assert caught.value.next_step == "Run: mobility-bridge ladok feed rewind --to 1"
    await rewind_feed(context, 1)
    assert (await follow_feed(context)).error is None


async def test_the_timeline_tells_what_the_registry_said_before(world: World) -> None:
    world.registry.facts.append(REGISTRATION)
    await world.round()
    recalled = replace(REGISTRATION, removed=True, as_of=AT + timedelta(days=200), reason="avbrott")
    world.registry.facts.append(recalled)
    world.bridge.clock.move(60)
    await world.round()
    found = await explain_student(world.bridge.context, "P1")
    told = [(each.what, each.at) for each in found.timeline if each.about == "registration"]
    assert told == [(Happening.SAID, REGISTRATION.as_of), (Happening.REMOVED, recalled.as_of)]


async def test_a_list_by_partner_shows_who_waits_to_be_compared_too(world: World) -> None:
    world.bridge.clock.move(60)
    other = replace(
        APPLICATION, application_id=ApplicationId("77"), person_id="77", omobility_id=None, person=Person()
    )
    world.applications.said.append(other)
    await read_students(world.bridge.context, [])
    listed = await list_stays(world.bridge.context, Chosen(partner=BRAVA))
    assert [each.student_id for each in listed] == ["P1", "P2"]
    assert await list_stays(world.bridge.context, Chosen(partner=HeiId("alderton.example"))) == []
