"""Learning agreements to be: who gets one, what stands in it, and who is left out with which reason."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from tests.support.dashboard import dashboard, put, written
from tests.support.stays import APPLICATION, AUTUMN, NOMINATION, OMOBILITY, PERSON, SPRING
from tests.support.student_world import ADMITTED, AT, BRAVA, KNOWN, STU, US, World, a_world, record
from tests.unit.services.test_lists import THEIRS, with_lists

from mobility_bridge.domain.application import CourseList, CourseListKind, CourseRow
from mobility_bridge.domain.identifiers import ApplicationId, HeiId, OmobilityId
from mobility_bridge.domain.nomination import NominationStatus
from mobility_bridge.domain.person import Direction, PersonName
from mobility_bridge.domain.record import RecordKind
from mobility_bridge.domain.registry_student import StudentProtected
from mobility_bridge.errors import NotOffered
from mobility_bridge.ports.lists import PrefilledAgreement
from mobility_bridge.ports.student_sources import ReadRecord, RecordReading, StudentApi
from mobility_bridge.services.lists import ingest_lists
from mobility_bridge.services.prefill import Prefilled, prefill

ROWS = (
    CourseRow("1", "BR1", "Sea", Decimal("7.5")),
    CourseRow("2", "BR2", "Ice", Decimal(15), deleted=True),
    CourseRow("3", None, "Wind", Decimal(5)),
)
BO = replace(
    PERSON,
    names=(PersonName("Bo", "Lind"),),
    birth_date=date(2001, 2, 1),
    email="bo@nordhav.example",
    civic_number=None,
    global_id=None,
)


class Lists:
    """Takes down what is to be written."""

    name, configured, whole = "dashboard", False, False

    def __init__(self) -> None:
        self.asked: list[PrefilledAgreement] = []
        self.real = dashboard()

    def write(self, agreements: Any, template: bytes | None = None) -> Any:
        self.asked = list(agreements)
        return self.real.write(agreements, template)


class Courses:
    """Our mobility system's course lists."""

    def __init__(self, applications: Any, kind: CourseListKind, rows: tuple[CourseRow, ...]) -> None:
        self._applications, self._kind, self._rows = applications, kind, rows
        self.name = applications.name

    def __getattr__(self, name: str) -> Any:
        return getattr(self._applications, name)

    async def read_courses(self, ids: Any) -> RecordReading:
        return RecordReading(tuple(self._read(each) for each in ids), complete=True)

    def _read(self, each: ApplicationId) -> ReadRecord:
        said = CourseList(each, self._kind, self._rows)
        return record(RecordKind.COURSE_LIST, US, each, said, self.name)


def the_world(
    kind: CourseListKind = CourseListKind.LEARNING_AGREEMENT, rows: tuple[CourseRow, ...] = ROWS
) -> tuple[World, Lists]:
    """One student of ours whom Brava expects, and who has no learning agreement."""
    world, lists = a_world(), Lists()
    world.students.objects[US, StudentApi.LEARNING_AGREEMENTS] = {}
    context = replace(
        world.bridge.context,
        lists=lists,  # type: ignore[arg-type]
        applications=(Courses(world.applications, kind, rows),),  # type: ignore[arg-type]
    )
    return replace(world, bridge=replace(world.bridge, context=context)), lists


async def run(world: World, **more: Any) -> Prefilled:
    await world.round()
    return await prefill(world.bridge.context, AUTUMN, **more)


async def test_what_every_system_knows_stands_in_one_row() -> None:
    world, lists = the_world()
    world.registry.facts += [KNOWN, ADMITTED]

    done = await run(world)

    (asked,) = lists.asked
    assert asked.name == "application 700101"
    assert dict(asked.values) == {
        "sending_hei_id": US,
        "receiving_hei_id": BRAVA,
        "starts_on": APPLICATION.starts_on,
        "ends_on": APPLICATION.ends_on,
        "omobility_id": OMOBILITY,
        "isced_f_code": "0533",
        "academic_year": "2026/2027",
        "eqf_level": 6,
        "sending_iia_id": "nh-1",
        "receiving_iia_id": "br-1",
        "sending_ounit_id": None,
        "receiving_ounit_id": None,
    }
    assert [(each.table, each.code, each.title, each.credits) for each in asked.courses] == [
        ("A", "BR1", "Sea", Decimal("7.5")),
        ("A", None, "Wind", Decimal(5)),
    ]
    assert (asked.student.names[0].family_name, asked.student.email) == ("Ek", PERSON.email)
    assert asked.student.civic_number is None
    assert (done.file.written, done.refused, done.existing) == (("application 700101",), (), 0)
    (event,) = world.bridge.events("lists.written")
    assert (event["agreements"], event["refused"], event["rows"]) == (1, 0, 2)
    assert "Alma" not in world.bridge.written.getvalue()


async def test_who_has_a_learning_agreement_needs_none() -> None:
    world, lists = the_world()
    world.students.objects[US, StudentApi.LEARNING_AGREEMENTS] = a_world().students.objects[
        US, StudentApi.LEARNING_AGREEMENTS
    ]

    done = await run(world)

    assert (lists.asked, done.existing, done.file.rows) == ([], 1, 0)


async def test_who_stands_on_a_list_needs_none_either(tmp_path: Path) -> None:
    world, lists = the_world()
    put(tmp_path / "las.csv", written([{**THEIRS, "Status": "draft", "First version signed": ""}]))
    await ingest_lists(with_lists(world, tmp_path).bridge.context)

    assert (await run(world)).existing == 1
    assert lists.asked == []


async def test_a_protected_identity_is_in_no_file_and_told_by_our_own_name_for_the_stay() -> None:
    world, lists = the_world()
    world.registry.facts += [KNOWN, ADMITTED, StudentProtected(as_of=AT, student_uid=STU)]

    done = await run(world)

    assert lists.asked == []
    (refused,) = done.refused
    assert refused.name == "stay P1-1"
    assert refused.reasons[0].startswith("the identity is protected")
    assert b"Alma" not in done.file.content


async def test_a_stay_of_two_people_is_left_out() -> None:
    world, lists = the_world()
    esi = "urn:schac:personalUniqueCode:int:esi:nordhav.example:0007"
    said = replace(NOMINATION, student=replace(PERSON, global_id=esi))
    world.students.objects[US, StudentApi.NOMINATIONS] = {OMOBILITY: said}

    done = await run(world)

    assert lists.asked == []
    assert [each.name for each in done.refused] == ["application 700101"]
    assert "two people" in done.refused[0].reasons[0]


@pytest.mark.parametrize(
    ("facts", "more"),
    [
        ({"terms": (SPRING,), "starts_on": date(2027, 1, 18), "ends_on": date(2027, 6, 6)}, {}),
        ({"cancelled": True}, {}),
        ({"direction": Direction.INCOMING, "omobility_id": None}, {}),
        ({}, {"partner": HeiId("alderton.example")}),
    ],
    ids=["another term", "cancelled", "incoming", "another partner"],
)
async def test_others_are_not_asked_about(facts: dict[str, Any], more: dict[str, Any]) -> None:
    world, lists = the_world()
    world.applications.said = [replace(APPLICATION, **facts)]
    world.students.objects[US, StudentApi.NOMINATIONS] = {}

    done = await run(world, **more)

    assert (lists.asked, done.refused, done.existing) == ([], (), 0)


@pytest.mark.parametrize(
    ("term", "chosen"),
    [("2026/2027-1/2", True), ("2026/2027-2/2", False), ("2026/2027-1/1", True), (None, False)],
)
async def test_a_nomination_alone_is_told_by_its_mobility_term_and_days(
    term: str | None, *, chosen: bool
) -> None:
    world, lists = the_world()
    world.applications.said = []
    planned = replace(
        NOMINATION,
        sending_academic_term_ewp_id=term,
        planned_arrival_date=date(2026, 9, 1),
        planned_departure_date=date(2027, 1, 20),
    )
    world.students.objects[US, StudentApi.NOMINATIONS] = {OMOBILITY: planned}

    await run(world)

    assert [(each.name, each.values["starts_on"]) for each in lists.asked] == (
        [(f"mobility {OMOBILITY}", date(2026, 9, 1))] if chosen else []
    )


async def test_what_nobody_says_is_refused_by_name() -> None:
    world, _ = the_world(CourseListKind.TRANSCRIPT)
    world.applications.said = [replace(APPLICATION, starts_on=None, ends_on=None)]
    world.students.objects[US, StudentApi.NOMINATIONS] = {}

    done = await run(world)

    (refused,) = done.refused
    assert refused.name == "application 700101"
    assert set(refused.reasons) >= {
        "academic_year: not known",
        "starts_on: not known",
        "ends_on: not known",
        "courses: none is known",
    }


async def test_the_registrys_days_stand_in_and_rejected_nominations_have_none() -> None:
    world, lists = the_world(rows=())
    other = replace(
        APPLICATION,
        application_id=ApplicationId("4242"),
        person_id="99",
        person=BO,
        omobility_id=OmobilityId("NH-OM-2"),
    )
    rejected = replace(
        NOMINATION, omobility_id=OmobilityId("NH-OM-2"), student=BO, status=NominationStatus.REJECTED
    )
    world.applications.said = [replace(APPLICATION, starts_on=None, ends_on=None), other]
    world.students.objects[US, StudentApi.NOMINATIONS]["NH-OM-2"] = rejected
    world.registry.facts += [KNOWN, ADMITTED]

    await run(world)

    (asked,) = lists.asked
    assert asked.name == "application 700101"
    assert asked.values["starts_on"] is not None
    assert asked.courses == ()


async def test_without_a_system_that_takes_files_nothing_is_written() -> None:
    with pytest.raises(NotOffered):
        await prefill(a_world().bridge.context, AUTUMN)
