"""Exported lists: kept beside what the network serves, gone only when all is listed, and nothing of erased students."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from tests.support.bridges import Bridge, a_bridge
from tests.support.dashboard import AGREEMENT, LINE, dashboard, put, written
from tests.support.stays import LA, OMOBILITY, PERSON
from tests.support.student_world import BRAVA, US, World, a_world

from mobility_bridge.domain.identifiers import HeiId
from mobility_bridge.domain.partner import Health
from mobility_bridge.domain.planned_day import PlannedDay
from mobility_bridge.domain.record import RecordKind
from mobility_bridge.errors import InvalidDocument, NotOffered, UsageError
from mobility_bridge.ports.student_sources import StudentApi
from mobility_bridge.services.compare import compare
from mobility_bridge.services.ingest import ingest
from mobility_bridge.services.lists import LISTS, ListsReport, ingest_lists
from mobility_bridge.services.overview import overview
from mobility_bridge.services.plan import plan_sync
from mobility_bridge.services.privacy import erase
from mobility_bridge.services.student_timeline import explain_student
from mobility_bridge.services.students import read_named, read_our_students, read_students
from mobility_bridge.services.sync import Wanted

THEIRS = {
    **LINE,
    "Omobility ID": str(OMOBILITY),
    "Receiving HEI ID": str(BRAVA),
    "Given names": "Alma",
    "Family name": "Ek",
    "Email": "alma@student.nordhav.example",
    "ESI": str(PERSON.global_id),
}
OTHER = {
    **LINE,
    "Omobility ID": "NH-OM-77",
    "Receiving HEI ID": str(BRAVA),
    "Given names": "Bo",
    "Family name": "Lind",
    "Email": "bo@student.nordhav.example",
    "ESI": "",
    "Date of birth": "01/02/2001",
}


def with_lists(world: World, *exports: Path, **more: Any) -> World:
    context = replace(world.bridge.context, lists=dashboard(*exports, **more))
    return replace(world, bridge=replace(world.bridge, context=context))


@pytest.fixture
def world(tmp_path: Path) -> World:
    return with_lists(a_world(), tmp_path)


def lay(folder: Path, *lines: Mapping[str, str], name: str = "las.csv", minutes_old: int = 10) -> Path:
    return put(folder / name, written(lines), minutes_old=minutes_old)


async def take(world: World) -> ListsReport:
    report = await ingest_lists(world.bridge.context)
    await compare(world.bridge.context)
    return report


async def listed(world: World) -> set[str]:
    """Mobilities that lists name."""
    return set(
        await world.bridge.store.read(lambda uow: uow.records.digests("dashboard", RecordKind.LISTING, US))
    )


async def health(world: World) -> Health | None:
    return await world.bridge.store.read(lambda uow: uow.partners.health(HeiId("dashboard")).get(LISTS))


async def test_a_line_enters_the_stay_beside_the_networks_copy(world: World, tmp_path: Path) -> None:
    await world.round()
    lay(tmp_path, {**THEIRS, "Status": "draft", "First version signed": ""})

    report = await take(world)

    assert (report.read, report.changed, report.gone, report.complete) == (1, 1, 0, True)
    (student,) = await world.bridge.store.read(lambda uow: uow.students.select())
    kept = await world.bridge.store.read(lambda uow: uow.records.of_student(student))
    sources = {each.record.key.source: each for each in kept if each.record.key.kind is RecordKind.LISTING}
    las = [each for each in kept if each.record.key.kind is RecordKind.LEARNING_AGREEMENT]
    assert set(sources) == {"dashboard"}
    assert [each.live for each in las] == [True]
    assert {each.stay_id for each in kept} == {las[0].stay_id}
    assert "LA_LIST_DRIFT" in await world.codes()


@pytest.mark.parametrize(
    ("cells", "state"),
    [
        ({}, "approved"),
        ({"Status": "draft", "First version signed": ""}, "not signed by all"),
        ({"Status": "changes waiting for receiving HEI"}, "proposal waits"),
        ({"Status": "closed", "First version signed": ""}, None),
    ],
)
async def test_a_list_stands_side_by_side_with_the_other_systems(
    world: World, tmp_path: Path, cells: dict[str, str], state: str | None
) -> None:
    await world.round()
    lay(tmp_path, {**THEIRS, **cells})
    await take(world)

    told = await explain_student(world.bridge.context, str(OMOBILITY))

    said = {each.name: {system: text for system, text, _ in each.sides} for each in told.facts}
    assert said["learning agreement"].get("dashboard list") == state
    assert said["first day"]["dashboard list"] == "2026-08-31"


async def test_the_same_file_read_again_changes_nothing_and_is_evidence_once(
    world: World, tmp_path: Path
) -> None:
    file = lay(tmp_path, THEIRS)
    await take(world)
    again = await take(world)
    by_hand = await ingest_lists(world.bridge.context, [file])

    assert (again.changed, by_hand.changed) == (0, 0)
    kept = await world.bridge.store.read(lambda uow: uow.evidence.select())
    assert [each.exchange.url for each in kept] == ["file:las.csv"] * 2


async def test_a_line_that_stays_as_it_was_in_a_later_export_is_compared_with_what_changed_since(
    tmp_path: Path,
) -> None:
    world = with_lists(a_world(), tmp_path)
    lay(tmp_path, THEIRS, minutes_old=200 * 1440)
    await world.round()
    moved = replace(LA, start=PlannedDay.on(date(2026, 9, 7)))
    world.students.objects[US, StudentApi.LEARNING_AGREEMENTS] = {OMOBILITY: moved}
    world.bridge.clock.move(86_400)
    await read_students(world.bridge.context, [BRAVA], full=True)
    await compare(world.bridge.context)
    assert "LA_LIST_DRIFT" not in await world.codes()

    lay(tmp_path, THEIRS)
    assert (await take(world)).changed == 0

    assert "LA_LIST_DRIFT" in await world.codes()
    assert await world.bridge.store.read(lambda uow: list(uow.work.to_compare())) == []


async def test_an_older_file_changes_nothing(world: World, tmp_path: Path) -> None:
    await take_one(world, lay(tmp_path, THEIRS, minutes_old=5))
    report = await take_one(world, lay(tmp_path, {**THEIRS, "Status": "draft"}, minutes_old=50))

    assert (report.read, report.changed) == (1, 0)


async def take_one(world: World, file: Path) -> ListsReport:
    return await ingest_lists(world.bridge.context, [file])


@pytest.mark.parametrize(
    ("whole", "lines", "gone"),
    [
        (True, [OTHER], 1),
        (False, [OTHER], 0),
        (True, [OTHER, {**OTHER, "Omobility ID": ""}], 0),
    ],
    ids=["all is listed", "some are listed", "a row is unreadable"],
)
async def test_what_is_no_longer_listed_is_gone_only_where_all_was_read(
    tmp_path: Path, *, whole: bool, lines: list[Mapping[str, str]], gone: int
) -> None:
    world = with_lists(a_world(), tmp_path, whole=whole)
    lay(tmp_path, THEIRS, OTHER)
    await take(world)
    lay(tmp_path, *lines, minutes_old=5)

    report = await take(world)

    assert report.gone == gone
    assert await listed(world) == {"NH-OM-77", *(() if gone else (str(OMOBILITY),))}


async def test_a_whole_list_that_suddenly_names_nobody_is_not_believed(tmp_path: Path) -> None:
    world = with_lists(a_world(), tmp_path, whole=True)
    lay(tmp_path, THEIRS)
    await take(world)
    put(tmp_path / "las.csv", written([THEIRS]).splitlines(keepends=True)[0], minutes_old=5)

    report = await take(world)

    assert (report.complete, report.gone) == (True, 0)
    assert await listed(world) == {str(OMOBILITY)}


async def test_a_file_read_by_hand_says_of_nothing_that_it_is_gone(tmp_path: Path) -> None:
    world = with_lists(a_world(), tmp_path, whole=True)
    lay(tmp_path, THEIRS)
    await take(world)

    report = await take_one(world, lay(tmp_path, OTHER, name="other.csv"))

    assert report.gone == 0
    assert await listed(world) == {str(OMOBILITY), "NH-OM-77"}


async def test_nothing_of_an_erased_student_is_kept_again(world: World, tmp_path: Path) -> None:
    await world.round()
    lay(tmp_path, THEIRS, OTHER)
    await take(world)
    await erase(world.bridge.context, "700101", by="me", why="asked for")
    lay(tmp_path, {**THEIRS, "Credits abroad": "15"}, OTHER, minutes_old=5)

    await take(world)

    assert await listed(world) == {"NH-OM-77"}
    kept = await world.bridge.store.read(lambda uow: [uow.evidence.get(n) for n in range(1, 9)])
    assert not any(b"alma@" in each.exchange.body for each in kept if each is not None)
    assert world.bridge.events("privacy.recognised")


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be", "utf-16-le", "windows-1252"])
async def test_an_erased_student_goes_from_a_file_in_any_encoding(
    world: World, tmp_path: Path, encoding: str
) -> None:
    await world.round()
    line = {**THEIRS, "Family name": "Ek", "Receiving HEI ID": str(BRAVA), "Given names": "Älma"}
    put(tmp_path / "las.csv", written([line, OTHER]).encode(encoding))
    report = await take(world)
    assert report.read == 2

    await erase(world.bridge.context, "700101", by="me", why="asked for")

    kept = await world.bridge.store.read(lambda uow: [uow.evidence.get(n) for n in range(1, 9)])
    bodies = [each.exchange.body for each in kept if each is not None and each.exchange.system == "dashboard"]
    assert bodies == [b""]


async def test_rows_left_out_are_told_and_remarks_are_not_held_against_the_file(
    world: World, tmp_path: Path
) -> None:
    lay(tmp_path, {**THEIRS, "Remarks": "x", "Status": "klar"})
    report = await take(world)
    assert (len(report.remarks), report.problems) == (2, ())
    assert await world.codes() == [each for each in await world.codes() if not each.startswith("SOURCE")]

    lay(tmp_path, THEIRS, {**OTHER, "Receiving HEI ID": "?"}, minutes_old=5)
    report = await take(world)
    found = await health(world)
    assert found is not None
    assert (found.failure_code, found.failing_since) == ("incomplete", None)
    assert "las.csv, line 3, column 'Receiving HEI ID'" in found.detail
    assert {"SOURCE_INCOMPLETE", "SOURCE_RECORD_UNREADABLE"} <= set(await world.codes())


async def test_nothing_to_read_is_a_failure_of_the_source(world: World) -> None:
    report = await ingest_lists(world.bridge.context, [])
    await compare(world.bridge.context)

    assert isinstance(report.error, InvalidDocument)
    assert "SOURCE_UNREACHABLE" in await world.codes()
    shown = await overview(replace(world.bridge.context, registry=None), probe=False)
    assert shown.lists is not None
    assert shown.lists.health is not None
    assert shown.lists.health.failing_since is not None
    assert "dashboard" not in {each.partner_hei_id for each in shown.partners}


async def test_a_round_reads_configured_files_and_asks_for_none_otherwise(tmp_path: Path) -> None:
    lay(tmp_path, THEIRS)
    configured, by_hand = with_lists(a_world(), tmp_path), with_lists(a_world())

    found = await read_our_students(configured.bridge.context)
    assert found.lists is not None
    assert found.lists.read == 1
    assert (await read_our_students(by_hand.bridge.context)).lists is None
    named = await read_named(by_hand.bridge.context, ["dashboard"])
    assert [each.reason for each in named.errors] == ["no_file"]
    assert (await read_named(configured.bridge.context, ["ladok"])).lists is None


async def test_a_mobility_known_from_a_list_alone_is_asked_for_at_the_receiving_university(
    tmp_path: Path,
) -> None:
    world = with_lists(a_world(), tmp_path)
    world.students.objects.clear()
    world.students.objects[BRAVA, StudentApi.ARRIVALS] = {}
    lay(tmp_path, OTHER)

    await world.round()

    assert [
        each["listed"] for each in world.bridge.events("students.asked") if each["api"] == "imobilities"
    ] == [1]


async def test_agreements_are_laid_beside_ours_once_ours_were_read(world: World, tmp_path: Path) -> None:
    lines = [
        {**AGREEMENT, "IIA ID": "a-1", "Partner IIA ID": "theirs"},
        {**AGREEMENT, "IIA ID": "a-2", "Partner HEI ID": "brava.example", "Partner IIA ID": "mine"},
        {**AGREEMENT, "IIA ID": "a-3", "Partner IIA ID": "", "In effect": "no"},
        {**AGREEMENT, "IIA ID": "nobodys"},
    ]
    file = put(tmp_path / "iias.csv", written(lines))
    assert (await take(world)).agreements is None

    for name, theirs in (("a-1", "theirs"), ("a-2", "other"), ("a-3", None), ("a-4", None)):
        world.bridge.source.put(name, theirs=theirs)
    await ingest(world.bridge.context, world.bridge.source)
    seen = (await take(world)).agreements

    assert seen is not None
    assert (seen.listed, seen.unknown, seen.missing) == (4, ("nobodys",), ("a-4",))
    assert {(iia_id, field) for iia_id, field in seen.other if field != "in effect"} == {
        ("a-2", "partner"),
        ("a-2", "partner's id"),
    }
    assert {"a-1", "a-3"} - {iia_id for iia_id, field in seen.other if field == "in effect"} != {"a-1", "a-3"}
    assert world.bridge.events("lists.read")[-1]["unknown"] == 1

    put(file, written([*lines, {**AGREEMENT, "IIA ID": ""}]))
    found = (await take(world)).agreements
    assert found is not None
    assert found.missing == ()


async def test_without_files_or_students_nothing_is_taken_in(tmp_path: Path) -> None:
    with pytest.raises(NotOffered):
        await ingest_lists(a_bridge().context)
    nobody = a_bridge()
    context = replace(nobody.context, lists=dashboard(tmp_path))
    with pytest.raises(UsageError, match="not followed"):
        await ingest_lists(context)


async def test_a_dry_run_names_the_files_that_would_be_read(tmp_path: Path) -> None:
    configured, by_hand = with_lists(a_world(), tmp_path).bridge, with_lists(a_world()).bridge
    off = a_bridge()
    off = replace(off, context=replace(off.context, lists=dashboard(tmp_path)))

    async def read(bridge: Bridge, *sources: str) -> bool:
        steps = await plan_sync(bridge.context, Wanted(sources))
        return ("read", "dashboard") in {(each.what, each.whom) for each in steps}

    assert await read(configured)
    assert await read(by_hand, "dashboard")
    assert not await read(by_hand)
    assert not await read(configured, "ewp")
    assert not await read(off)
    with pytest.raises(UsageError) as unknown:
        await read(configured, "dashbord")
    assert unknown.value.next_step is not None
    assert "dashboard" in unknown.value.next_step
