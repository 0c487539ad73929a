"""The catalogue, compared and written: looked up before, verified after, the old value kept."""

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import httpx
import pytest
from tests.support.mobility_online import AUTHORITY
from tests.support.mobility_online_students import AUTUMN, AUTUMN_TEXT, SPRING, built, offer, played, writes

from mobility_bridge.errors import ConfigError, InvalidDocument, Rejected, Unreachable
from mobility_bridge.ports.sinks import CatalogueAct, CatalogueCourse, CatalogueOutcome
from mobility_bridge.sandbox.mobility_online_desk import Habits
from mobility_bridge.sandbox.mobility_online_students import MoStudents

ADD, UPDATE, REMOVE = "addCoursePerSemester", "updateCoursePerSemester", "removeCoursePerSemesterByCourseID"
SEARCH = "getCoursesOfSemesterBySearchParameters"
GEOLOGY = CatalogueCourse(
    number="NH1101",
    term=AUTUMN,
    name="Geology of the sea",
    credits=Decimal("7.5"),
    language="en",
    eqf_levels=(6, 7),
    places=12,
)


def some() -> MoStudents:
    students = MoStudents()
    offer(students)
    return students


async def test_a_course_that_stands_as_it_should_needs_no_write(tmp_path: Path) -> None:
    application = played(some())
    plan = await writes(application, tmp_path).plan([GEOLOGY])
    assert (plan.changes, plan.unchanged, plan.problems) == ((), 1, ())
    assert set(application.calls) == {"wsdl", SEARCH}


async def test_a_plan_asks_once_for_each_term_and_writes_nothing(tmp_path: Path) -> None:
    students = some()
    application = played(students)
    wanted = [
        replace(GEOLOGY, name="Marine geology"),
        replace(GEOLOGY, number="NH2000"),
        replace(GEOLOGY, term=SPRING),
    ]
    plan = await writes(application, tmp_path).plan(wanted)
    assert [(each.act, each.number, each.term) for each in plan.changes] == [
        (CatalogueAct.UPDATE, "NH1101", AUTUMN),
        (CatalogueAct.ADD, "NH2000", AUTUMN),
        (CatalogueAct.ADD, "NH1101", SPRING),
    ]
    assert application.calls[SEARCH] == 2
    assert len(students.catalogue) == 1
    first = plan.changes[0]
    assert (first.before or {})["courseName"] == "Geology of the sea"
    assert (first.after or {})["courseName"] == "Marine geology"


async def test_a_course_that_somebody_added_by_hand_is_left_alone(tmp_path: Path) -> None:
    students = some()
    plan = await writes(played(students), tmp_path).plan([], withdrawn=[("NH9999", AUTUMN)])
    assert plan.changes == ()
    assert len(students.catalogue) == 1


async def test_a_course_is_added_with_everything_that_is_known_of_it(tmp_path: Path) -> None:
    students = MoStudents()
    catalogue = writes(played(students), tmp_path)
    (change,) = (await catalogue.plan([GEOLOGY])).changes
    written = await catalogue.carry_out(change)
    assert (written.outcome, written.before) == (CatalogueOutcome.DONE, None)
    assert (written.now or {})["courseID"] == "41001"
    (course,) = students.catalogue.values()
    assert (course.number, course.name, course.semester) == ("NH1101", "Geology of the sea", AUTUMN_TEXT)
    assert (course.academic_year, course.application_type) == ("2026/2027", "IN")
    assert (course.language, course.levels, course.course_type) == ("EN", ("B", "M"), "LV")
    assert (course.credits, course.places) == (Decimal("7.5"), 12)
    assert [each.api for each in written.exchanges if each.api != "wsdl"] == [SEARCH, ADD, SEARCH]
    assert all(AUTHORITY.encode() not in each.request_body for each in written.exchanges)


async def test_an_update_keeps_what_it_does_not_speak_of(tmp_path: Path) -> None:
    students = some()
    catalogue = writes(played(students), tmp_path)
    (change,) = (await catalogue.plan([replace(GEOLOGY, name="Marine geology", places=8)])).changes
    written = await catalogue.carry_out(change)
    assert written.outcome is CatalogueOutcome.DONE
    assert written.before == change.before
    course = students.catalogue[41001]
    assert (course.name, course.places) == ("Marine geology", 8)
    assert (course.max_participants, course.study_area, course.course_type) == (30, "NAT", "SE")


async def test_a_withdrawn_course_is_removed_by_its_id(tmp_path: Path) -> None:
    students = some()
    offer(students, number="NH1102")
    application = played(students)
    catalogue = writes(application, tmp_path)
    (change,) = (await catalogue.plan([], withdrawn=[("NH1101", AUTUMN)])).changes
    written = await catalogue.carry_out(change)
    assert (written.outcome, written.now) == (CatalogueOutcome.DONE, None)
    assert (written.before or {})["courseName"] == "Geology of the sea"
    assert [course.number for course in students.catalogue.values()] == ["NH1102"]
    assert application.calls[REMOVE] == 1


async def test_a_write_that_was_done_already_is_not_done_again(tmp_path: Path) -> None:
    application = played(MoStudents())
    catalogue = writes(application, tmp_path)
    (change,) = (await catalogue.plan([GEOLOGY])).changes
    await catalogue.carry_out(change)
    assert (await catalogue.carry_out(change)).outcome is CatalogueOutcome.DONE_BEFORE
    assert application.calls[ADD] == 1


async def test_a_course_that_moved_since_the_plan_is_not_overwritten(tmp_path: Path) -> None:
    students = some()
    application = played(students)
    catalogue = writes(application, tmp_path)
    (change,) = (await catalogue.plan([replace(GEOLOGY, name="Marine geology")])).changes
    students.catalogue[41001] = replace(students.catalogue[41001], name="Changed by hand")
    written = await catalogue.carry_out(change)
    assert written.outcome is CatalogueOutcome.MOVED
    assert students.catalogue[41001].name == "Changed by hand"
    assert UPDATE not in application.calls


async def test_a_write_that_was_said_to_be_done_and_was_not_is_refuted(tmp_path: Path) -> None:
    application = played(some())
    catalogue = writes(application, tmp_path)
    (change,) = (await catalogue.plan([replace(GEOLOGY, name="Marine geology")])).changes
    application.switch("mo_loses_writes")
    written = await catalogue.carry_out(change)
    assert written.outcome is CatalogueOutcome.REFUTED
    assert (written.now or {})["courseName"] == "Geology of the sea"


@pytest.mark.parametrize("fault", ["mo_swallows_write_answer", "mo_half_answer", "mo_missing_return"])
async def test_a_lost_answer_is_settled_by_looking_and_nothing_is_written_twice(
    fault: str, tmp_path: Path
) -> None:
    students = MoStudents()
    application = played(students)
    catalogue = writes(application, tmp_path)
    (change,) = (await catalogue.plan([GEOLOGY])).changes
    application.switch(fault, operation=ADD)
    assert (await catalogue.carry_out(change)).outcome is CatalogueOutcome.DONE
    assert application.calls[ADD] == len(students.catalogue) == 1


async def test_a_write_that_never_arrived_is_refuted(tmp_path: Path) -> None:
    application = played(MoStudents())
    catalogue = writes(application, tmp_path)
    (change,) = (await catalogue.plan([GEOLOGY])).changes
    application.switch("mo_503", operation=ADD)
    assert (await catalogue.carry_out(change)).outcome is CatalogueOutcome.REFUTED
    assert application.calls[ADD] == 1


async def test_a_refused_write_is_an_error_with_its_evidence(tmp_path: Path) -> None:
    application = played(MoStudents())
    catalogue = writes(application, tmp_path)
    (change,) = (await catalogue.plan([replace(GEOLOGY, language="xx")])).changes
    with pytest.raises(Rejected) as caught:
        await catalogue.carry_out(change)
    assert "SIM-008" in caught.value.message
    assert [getattr(each, "api", None) for each in caught.value.evidence][-1] == ADD


async def test_a_course_that_is_gone_when_it_is_updated_is_moved_or_refuted(tmp_path: Path) -> None:
    for habit in (Habits(unknown_courses="false"), Habits(unknown_courses="fault")):
        students = some()
        application = played(students, habits=habit)
        catalogue = writes(application, tmp_path)
        (change,) = (await catalogue.plan([replace(GEOLOGY, name="Marine geology")])).changes
        del students.catalogue[41001]
        assert (await catalogue.carry_out(change)).outcome is CatalogueOutcome.MOVED


async def test_a_number_that_stands_twice_is_named_and_left_alone(tmp_path: Path) -> None:
    students = some()
    catalogue = writes(played(students), tmp_path)
    (change,) = (await catalogue.plan([replace(GEOLOGY, name="Marine geology")])).changes
    offer(students)
    plan = await catalogue.plan([replace(GEOLOGY, name="Marine geology")])
    assert (plan.changes, plan.problems) == ((), (("NH1101", "doubled"),))
    with pytest.raises(InvalidDocument):
        await catalogue.carry_out(change)


async def test_a_level_without_a_mapping_is_named_and_left_alone(tmp_path: Path) -> None:
    plan = await writes(played(MoStudents()), tmp_path).plan([replace(GEOLOGY, eqf_levels=(5,))])
    assert (plan.changes, plan.problems) == ((), (("NH1101", "level_not_mapped"),))


async def test_a_term_that_cannot_be_read_is_an_error_and_not_an_empty_catalogue(tmp_path: Path) -> None:
    application = played(some())
    application.switch("mo_503")
    with pytest.raises(Unreachable):
        await writes(application, tmp_path, read_attempts=1).plan([GEOLOGY])


async def test_a_look_up_without_a_number_goes_back_as_the_text_it_came_as(tmp_path: Path) -> None:
    students = some()
    inner = httpx.ASGITransport(played(students))

    class Unnumbered(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            response = await inner.handle_async_request(request)
            body = (await response.aread()).replace(b"<bean:number>NAT</bean:number>", b"")
            return httpx.Response(response.status_code, content=body)

    catalogue = built(Unnumbered(), tmp_path, course_catalogue=True).catalogue
    assert catalogue is not None
    (change,) = (await catalogue.plan([replace(GEOLOGY, name="Marine geology")])).changes
    assert (change.before or {})["studyArea.description"] == "Natural sciences"
    assert (await catalogue.carry_out(change)).outcome is CatalogueOutcome.DONE
    assert students.catalogue[41001].study_area == "NAT"


def test_the_catalogue_is_offered_only_where_it_is_switched_on(tmp_path: Path) -> None:
    transport = httpx.ASGITransport(played(some()))
    assert built(transport, tmp_path).catalogue is None
    assert built(transport, tmp_path, course_catalogue=True).catalogue is not None


def test_a_catalogue_without_terms_is_a_configuration_error(tmp_path: Path) -> None:
    name = "mobility_online.toml"
    folder = tmp_path / "mappings"
    folder.mkdir()
    for file in Path("config/mappings").glob("mobility_online*.toml"):
        (folder / file.name).write_bytes(file.read_bytes())
    whole = (folder / name).read_text(encoding="utf-8")
    (folder / name).write_text(whole.partition("# --- Applications")[0], encoding="utf-8")
    with pytest.raises(ConfigError):
        built(httpx.ASGITransport(played(some())), tmp_path, folder, course_catalogue=True)
