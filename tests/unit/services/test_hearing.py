"""Systems that were heard: only then is what they do not say missing, and only while that is not long ago."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from tests.support.bridges import a_bridge
from tests.support.stays import APPLICATION, FIRST, LA, LAST, NOMINATION, OMOBILITY, PERSON, REGISTRATION
from tests.support.student_world import (
    ADMITTED,
    AT,
    BRAVA,
    KNOWN,
    OFFERED,
    STU,
    US,
    World,
    a_world,
)
from tests.unit.services.test_stay_agreement import agree, cases, unnamed

from mobility_bridge.domain.identifiers import ApplicationId, HeiId, LadokUid, OmobilityId
from mobility_bridge.domain.incoming_mobility import ActualDates
from mobility_bridge.domain.learning_agreement import MobilityInstitution
from mobility_bridge.domain.nomination import NominationSide
from mobility_bridge.domain.person import Direction
from mobility_bridge.domain.result import CreditTransfer
from mobility_bridge.domain.stay import Heard
from mobility_bridge.errors import Unreachable
from mobility_bridge.ports.student_sources import RecordAnswer, StudentApi
from mobility_bridge.services.compare import compare
from mobility_bridge.services.students import read_students

CEDRONA = HeiId("cedrona.example")


def days(count: float) -> float:
    return count * 86_400


def at(world: World, day: date) -> None:
    """Let it be noon of that day."""
    noon = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
    world.bridge.clock.move((noon - world.bridge.clock.now()).total_seconds())


@pytest.fixture
def world() -> World:
    """One outgoing student whom all systems know, registered."""
    built = a_world()
    built.registry.facts += [KNOWN, ADMITTED, REGISTRATION]
    return built


@pytest.fixture
def incoming() -> World:
    """One student of Brava's who comes, registered."""
    built = a_world()
    built.students.objects.clear()
    sides = {"sending_hei": NominationSide(BRAVA), "receiving_hei": NominationSide(US)}
    la = {"sending_hei": MobilityInstitution(BRAVA, "Physics"), "receiving_hei": MobilityInstitution(US)}
    built.students.objects[BRAVA, StudentApi.NOMINATIONS] = {OMOBILITY: replace(NOMINATION, **sides)}
    built.students.objects[BRAVA, StudentApi.LEARNING_AGREEMENTS] = {OMOBILITY: replace(LA, **la)}
    built.applications.said[:] = [replace(APPLICATION, direction=Direction.INCOMING, omobility_id=None)]
    occasion: Any = replace(OFFERED[1], direction=Direction.INCOMING)
    built.registry.facts[1] = occasion
    built.registry.facts += [KNOWN, ADMITTED, REGISTRATION]
    return built


async def heard(world: World) -> frozenset[Heard]:
    (case,) = await cases(world)
    return case.heard


# The partner's interfaces, for those who go.


async def test_an_arrival_is_missed_only_where_arrivals_are_served(world: World) -> None:
    at(world, FIRST + timedelta(days=15))
    await world.round()
    assert "ARRIVAL_MISSING" not in await world.codes()
    world.students.objects[BRAVA, StudentApi.ARRIVALS] = {}
    await world.round()
    assert "ARRIVAL_MISSING" in await world.codes()


async def test_a_departure_is_missed_after_an_arrival(world: World) -> None:
    world.students.objects[BRAVA, StudentApi.ARRIVALS] = {OMOBILITY: ActualDates(OMOBILITY, FIRST)}
    at(world, LAST + timedelta(days=22))
    await world.round()
    assert "DEPARTURE_MISSING" in await world.codes()
    assert "ARRIVAL_MISSING" not in await world.codes()


async def test_a_transcript_is_missed_only_where_transcripts_are_served(world: World) -> None:
    at(world, LAST + timedelta(weeks=11))
    await world.round()
    assert "TOR_MISSING" not in await world.codes()
    world.students.objects[BRAVA, StudentApi.TRANSCRIPTS] = {}
    await world.round()
    assert "TOR_MISSING" in await world.codes()


async def test_credits_transferred_without_a_transcript_are_said_where_one_would_be_shown(
    world: World,
) -> None:
    world.registry.facts.append(
        CreditTransfer(
            as_of=AT,
            credit_transfer_uid=LadokUid("transfer"),
            student_uid=STU,
            occasion_uid=LadokUid("occ"),
            decided_on=LAST,
        )
    )
    at(world, LAST + timedelta(days=5))
    await world.round()
    assert "TRANSFER_BEFORE_TOR" not in await world.codes()
    world.students.objects[BRAVA, StudentApi.TRANSCRIPTS] = {}
    await world.round()
    assert "TRANSFER_BEFORE_TOR" in await world.codes()


# Our own host, for those who come.


async def test_a_registered_student_who_does_not_come_is_said_where_our_host_tells_arrivals(
    incoming: World,
) -> None:
    at(incoming, FIRST + timedelta(days=15))
    await incoming.round()
    assert not {"REGISTERED_NOT_ARRIVED", "ARRIVAL_MISSING"} & {*await incoming.codes()}
    incoming.students.objects[US, StudentApi.ARRIVALS] = {}
    await incoming.round()
    assert {"REGISTERED_NOT_ARRIVED", "ARRIVAL_MISSING"} <= {*await incoming.codes()}
    incoming.students.objects[US, StudentApi.ARRIVALS][OMOBILITY] = ActualDates(OMOBILITY, FIRST)
    await incoming.round()
    assert not {"REGISTERED_NOT_ARRIVED", "ARRIVAL_MISSING"} & {*await incoming.codes()}
    (case,) = await cases(incoming)
    assert case.arrival is not None
    assert (case.direction, case.partner_hei_id) == (Direction.INCOMING, BRAVA)


async def test_our_own_transcript_is_missed_where_our_host_serves_transcripts(incoming: World) -> None:
    at(incoming, LAST + timedelta(weeks=11))
    await incoming.round()
    assert "TOR_MISSING" not in await incoming.codes()
    incoming.students.objects[US, StudentApi.TRANSCRIPTS] = {}
    await incoming.round()
    assert "TOR_MISSING" in await incoming.codes()


async def test_an_arrival_that_our_host_takes_back_is_gone(incoming: World) -> None:
    await incoming.round()  # our host is asked before the partners tell who comes
    incoming.students.objects[US, StudentApi.ARRIVALS] = {OMOBILITY: ActualDates(OMOBILITY, FIRST)}
    await incoming.round()
    del incoming.students.objects[US, StudentApi.ARRIVALS][OMOBILITY]
    await incoming.round()
    (case,) = await cases(incoming)
    assert case.arrival is not None
    assert not case.arrival.live


async def test_an_id_that_two_partners_use_is_not_asked_for(incoming: World) -> None:
    other = replace(
        NOMINATION,
        student=replace(PERSON, global_id=None, civic_number=None),
        sending_hei=NominationSide(CEDRONA),
        receiving_hei=NominationSide(US),
    )
    incoming.students.objects[CEDRONA, StudentApi.NOMINATIONS] = {OMOBILITY: other}
    context = incoming.bridge.context
    await read_students(context, [BRAVA, CEDRONA])
    await compare(context)
    incoming.students.objects[US, StudentApi.ARRIVALS] = {OMOBILITY: ActualDates(OMOBILITY, FIRST)}
    await read_students(context, [BRAVA, CEDRONA])
    await compare(context)
    assert [case.arrival for case in await cases(incoming)] == [None, None]


# Our own systems.


async def test_a_system_that_fails_for_days_is_heard_no_more_and_then_again(world: World) -> None:
    world.registry.facts.remove(REGISTRATION)
    await world.round()
    assert "REGISTRATION_MISSING" in await world.codes()
    broken = Unreachable("no answer", system="ladok", reason="timeout")
    working = world.registry.events

    def failing(position: Any) -> Any:
        del position
        raise broken

    world.registry.events = failing  # type: ignore[method-assign]
    for passed, said in ((3, True), (2, False)):
        world.bridge.clock.move(days(passed))
        await read_students(world.bridge.context, [BRAVA])
        await compare(world.bridge.context)
        assert ("REGISTRATION_MISSING" in await world.codes()) == said
    world.registry.events = working  # type: ignore[method-assign]
    await world.round()
    assert "REGISTRATION_MISSING" in await world.codes()


async def test_students_compared_before_a_system_was_read_are_looked_at_again(world: World) -> None:
    """The registry knows nothing of this student, so nothing of what it says would have them looked at."""
    world.registry.facts[:] = OFFERED
    silent = replace(world.bridge.context, registry=None)
    await read_students(silent, [BRAVA])
    await compare(silent)
    assert "REGISTRATION_MISSING" not in await world.codes()
    assert Heard.REGISTRY not in await heard(world)
    await world.round()
    assert Heard.REGISTRY in await heard(world)
    assert "STUDENT_UNKNOWN_IN_SIS" in await world.codes()


async def test_half_a_reading_of_applications_does_not_count_as_heard(world: World) -> None:
    world.applications.complete = False
    await world.round()
    assert Heard.APPLICATIONS not in await heard(world)
    world.applications.complete = True
    await world.round()
    assert Heard.APPLICATIONS in await heard(world)
    world.applications.complete = False
    world.bridge.clock.move(days(3))
    await world.round()
    assert Heard.APPLICATIONS in await heard(world)


async def test_arrivals_of_which_only_a_part_could_be_read_are_not_heard(world: World) -> None:
    """Three mobilities, two ids a request: the first request is answered, the second never is."""
    for number in (2, 3):
        other = replace(NOMINATION, omobility_id=OmobilityId(f"NH-OM-{number}"))
        world.students.objects[US, StudentApi.NOMINATIONS][other.omobility_id] = other
    world.students.objects[BRAVA, StudentApi.ARRIVALS] = {}
    answer = world.students.fetch_records

    async def partly(hei_id: HeiId, api: StudentApi, ids: Any, known: object = None) -> RecordAnswer:
        if api is StudentApi.ARRIVALS and len(ids) < 2:
            raise Unreachable("no answer", system="ewp", reason="timeout", hei_id=hei_id)
        return await answer(hei_id, api, ids, known)

    world.students.fetch_records = partly  # type: ignore[method-assign]
    report = await read_students(world.bridge.context, [BRAVA])
    await compare(world.bridge.context)
    assert [error.reason for error in report.errors] == ["timeout"]
    assert all(Heard.ARRIVALS not in case.heard for case in await cases(world))


# Agreements.


async def test_agreements_are_heard_from_our_system_and_the_partner_together(world: World) -> None:
    await world.round()
    assert Heard.AGREEMENTS not in await heard(world)
    await world.bridge.sync(sources=("mobility_online",))
    assert Heard.AGREEMENTS not in await heard(world)
    await world.bridge.sync()
    assert Heard.AGREEMENTS in await heard(world)


async def test_half_a_reading_of_our_agreements_is_not_enough(world: World) -> None:
    world.bridge.source.complete = False
    await world.bridge.sync()
    assert Heard.AGREEMENTS not in await heard(world)
    world.bridge.source.complete = True
    await world.bridge.sync()
    world.bridge.source.complete = False
    world.bridge.clock.move(days(2))
    await world.bridge.sync()
    assert Heard.AGREEMENTS in await heard(world)
    world.bridge.clock.move(days(3))
    await world.bridge.sync()
    assert Heard.AGREEMENTS not in await heard(world)


async def test_an_agreement_that_the_partner_lists_and_does_not_give_may_be_the_one_that_is_missed(
    world: World,
) -> None:
    unnamed(world)
    partner = world.bridge.network[BRAVA]
    partner.put("br-1", ours="nh-1")
    partner.errors["get"] = Unreachable("no answer", system="ewp", reason="timeout", hei_id=BRAVA)
    await world.bridge.sync()
    assert Heard.AGREEMENTS not in await heard(world)
    assert "NO_AGREEMENT_FOR_NOMINATION" not in await world.codes()
    partner.errors.clear()
    partner.copies.clear()
    await world.bridge.sync(full=True)
    await world.bridge.sync(full=True)
    assert "NO_AGREEMENT_FOR_NOMINATION" in await world.codes()


async def test_a_partner_whose_index_fails_for_days_is_heard_no_more(world: World) -> None:
    unnamed(world)
    await world.bridge.sync()
    assert "NO_AGREEMENT_FOR_NOMINATION" in await world.codes()
    world.bridge.network[BRAVA].errors["index"] = Unreachable(
        "no answer", system="ewp", reason="timeout", hei_id=BRAVA
    )
    world.bridge.clock.move(days(5))
    await world.bridge.sync()
    assert "NO_AGREEMENT_FOR_NOMINATION" not in await world.codes()
    assert "PARTNER_UNREACHABLE" in await world.codes()


async def test_how_long_a_system_counts_as_heard_is_configured(world: World) -> None:
    settings = a_bridge(students={"enabled": True, "rules": {"heard_days": 30}}).context.settings
    patient = replace(world.bridge.context, settings=settings)
    world = replace(world, bridge=replace(world.bridge, context=patient))
    agree(world)
    await world.bridge.sync()
    world.bridge.clock.move(days(20))
    assert Heard.AGREEMENTS in await heard(world)
    assert Heard.REGISTRY in await heard(world)


async def test_only_the_students_of_a_partner_that_is_newly_heard_are_looked_at_again(world: World) -> None:
    other = replace(APPLICATION, application_id=ApplicationId("9"), person_id="9", partner_hei_id=CEDRONA)
    person = replace(PERSON, civic_number=None, global_id=None, birth_date=date(2001, 1, 1))
    world.applications.said.append(replace(other, person=person, omobility_id=None))
    await world.round()
    world.students.objects[BRAVA, StudentApi.TRANSCRIPTS] = {}
    await read_students(world.bridge.context, [BRAVA])
    before = len(world.bridge.events("comparison.finished"))
    await compare(world.bridge.context)
    (line,) = world.bridge.events("comparison.finished")[before:]
    assert line["compared"] == 1 + 2  # our systems and the one student of Brava's
