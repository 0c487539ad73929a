"""Applications and the catalogue, played: the rules of the reference, and the stage hands' door."""

import json
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

import httpx
import pytest
from lxml import etree
from tests.support.fixtures import PUBLISHED, needs_published
from tests.support.mobility_online import AUTHORITY
from tests.support.mobility_online_students import AUTUMN_TEXT, YEAR_TEXT, add, add_incoming, offer, played
from tests.support.sandbox import stage

from mobility_bridge.errors import UsageError
from mobility_bridge.sandbox.control import Control
from mobility_bridge.sandbox.mobility_online import MobilityOnline, Tenant
from mobility_bridge.sandbox.mobility_online_desk import Habits
from mobility_bridge.sandbox.mobility_online_soap import contract
from mobility_bridge.sandbox.mobility_online_students import MoStudents
from mobility_bridge.sandbox.stage import Stage

READ, MASTER, SET = "GetApplicationDataService", "GetMasterDataService", "SetMasterDataService"
SEARCH = "getSpecifiedApplicationDataBySearchParametersWithFurtherSearchRestrictions"
PLAIN = "getApplicationDataBySearchParameters"
COURSES = "getCoursesOfSemesterBySearchParameters"
NOT_CANCELLED = {"elementName": "is_storniert", "elementType": "boolean", "elementValueBoolean": "false"}
BEAN = "{http://bean.service.mo-simulator.invalid/xsd}"
APPLYING = {
    "direction": "OUT",
    "partner": "alderton.example",
    "given_names": "Alva",
    "family_name": "Ample",
    "born": "2003-05-11",
}


def some() -> MoStudents:
    students = MoStudents()
    add(students)
    add(students, semester=YEAR_TEXT, study_field="0541", cancelled=True)
    add_incoming(students)
    return students


async def _said(
    application: MobilityOnline, service: str, operation: str, omit: str = "", **said: Any
) -> httpx.Response:
    """Call an operation with every argument but one, nil where nothing is said."""
    known = contract(service)
    arguments = {**dict.fromkeys(known.operations[operation]), "authority": AUTHORITY, **said}
    inside = "".join(_written(name, value) for name, value in arguments.items() if name != omit)
    body = (
        "<e:Envelope xmlns:e='http://www.w3.org/2003/05/soap-envelope' "
        "xmlns:x='http://www.w3.org/2001/XMLSchema-instance' "
        f"xmlns:s='{known.namespace}' xmlns:b='{known.bean_namespace}'>"
        f"<e:Body><s:{operation}>{inside}</s:{operation}></e:Body></e:Envelope>"
    )
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(application), base_url="https://mo.example"
    ) as client:
        return await client.post(f"/services/{service}.{service}HttpsSoap12Endpoint", content=body)


def _written(name: str, value: Any, prefix: str = "s") -> str:
    if isinstance(value, list):
        return "".join(_written(name, each, prefix) for each in value)
    if value is None:
        return f"<{prefix}:{name} x:nil='true'/>"
    if isinstance(value, Mapping):
        value = "".join(_written(part, each, "b") for part, each in value.items())
    return f"<{prefix}:{name}>{value}</{prefix}:{name}>"


def _ids(answer: httpx.Response) -> list[str | None]:
    assert answer.status_code == 200, answer.text
    return [each.text for each in etree.fromstring(answer.content).iter(f"{BEAN}applicationID")]


async def _found(application: MobilityOnline, **said: Any) -> list[str | None]:
    restricted = {"furtherSearchRestrictions": NOT_CANCELLED, **said}
    return _ids(await _said(application, READ, SEARCH, **restricted))


async def test_a_search_that_leaves_a_field_out_is_a_fault_unless_lenient() -> None:
    for field in contract(READ).operations[PLAIN][1:]:
        assert (await _said(played(some()), READ, PLAIN, omit=field)).status_code == 500
        assert (await _said(played(some(), strict=False), READ, PLAIN, omit=field)).status_code == 200


@pytest.mark.parametrize(
    ("search", "ids"),
    [
        ({}, ["700101", "700103"]),
        ({"applicationType": "IN"}, ["700103"]),
        ({"personType": "T"}, []),
        ({"semesterDescription": AUTUMN_TEXT}, ["700101", "700103"]),
        ({"semesterDescription": "Autumn semester"}, []),
        ({"semesterDescription": YEAR_TEXT}, []),
        ({"firstName": "Alex", "lastName": "Ample"}, ["700101"]),
        ({"birthday": "11.05.2003", "email": "chiara@alderton.example"}, ["700103"]),
        ({"matriculationNumber": "alex0042"}, ["700101"]),
        ({"exchangeProgramNumber": "412", "academicYearDescription": "2026/2027"}, ["700101", "700103"]),
        ({"studyFieldDescription": "Field 0541"}, []),
    ],
)
async def test_search_fields_and_restrictions_are_joined_with_and(
    search: dict[str, str], ids: list[str]
) -> None:
    assert await _found(played(some()), **search) == ids


@pytest.mark.parametrize(
    ("restrictions", "ids"),
    [
        ([{**NOT_CANCELLED, "elementValueBoolean": "true"}], ["700102"]),
        ([{"elementName": "studr_id", "elementType": "integer", "elementValue": "50541"}], ["700102"]),
        ([NOT_CANCELLED, {"elementName": "studr_id", "elementType": "integer", "elementValue": "50541"}], []),
        ([{**NOT_CANCELLED, "elementName": "no_such_element"}], []),
    ],
)
async def test_restrictions_look_into_both_lists(restrictions: list[Any], ids: list[str]) -> None:
    assert await _found(played(some()), furtherSearchRestrictions=restrictions) == ids


async def test_a_restriction_of_another_type_is_a_fault() -> None:
    said = {"furtherSearchRestrictions": {**NOT_CANCELLED, "elementType": "text"}}
    assert (await _said(played(some()), READ, SEARCH, **said)).status_code == 500


async def test_an_empty_restriction_list_shortens_the_result_where_the_switch_says_so() -> None:
    assert len(await _found(played(some()), furtherSearchRestrictions=None)) == 2
    everything = played(some(), habits=Habits(empty_restrictions="all"))
    assert len(await _found(everything, furtherSearchRestrictions=None)) == 3
    assert len(_ids(await _said(played(some()), READ, PLAIN))) == 3


async def test_wanted_elements_filter_both_lists_and_unknown_names_are_ignored() -> None:
    wanted = [{"elementName": name} for name in ("p_id", "is_registriert", "firstName", "file")]
    said = {"furtherSearchRestrictions": NOT_CANCELLED, "specifiedElementsForReturn": wanted}
    root = etree.fromstring((await _said(played(some()), READ, SEARCH, **said)).content)
    assert {each.text for each in root.iter(f"{BEAN}elementName")} == {"p_id", "is_registriert"}
    assert next(root.iter(f"{BEAN}firstName")).text == "Alex"


async def test_all_value_slots_are_filled_and_flags_stand_beside_the_form_only() -> None:
    root = etree.fromstring(
        (await _said(played(some()), READ, "getApplicationDataByID", applicationID=700101)).content
    )
    lists: dict[str, dict[str | None, Any]] = {}
    for each in root.iter(f"{BEAN}applicationDataElements", f"{BEAN}nonUsedApplicationDataElements"):
        lists.setdefault(each.tag.removeprefix(BEAN), {})[each.findtext(f"{BEAN}elementName")] = each
    form, beside = lists["applicationDataElements"], lists["nonUsedApplicationDataElements"]
    host = form["inst_id_gast"]
    assert [
        host.findtext(f"{BEAN}{slot}")
        for slot in ("elementValue", "comboboxFirstValue", "comboboxSecondValue")
    ] == [
        "1101",
        "IRLALDERT01",
        "University of Alderton",
    ]
    assert form["bew_dat_von"].findtext(f"{BEAN}elementValue") == "01.09.2026"
    assert {"is_storniert", "is_registriert", "is_abgeschlossen"} <= set(beside)
    assert not set(beside) & set(form)
    assert beside["is_registriert"].findtext(f"{BEAN}elementDescription") == "Registered"


async def test_ids_can_be_searched_and_a_single_object_that_is_absent_is_nil() -> None:
    answer = await _said(played(some()), READ, "getApplicationIdsBySearchParameters", applicationType="OUT")
    assert b">700101<" in answer.content
    assert b">700102<" in answer.content
    for empty in ("nil", "missing", "empty"):
        none = await _said(played(some(), empty_lists=empty), READ, "getApplicationDataByID", applicationID=1)
        assert b'nil="true"' in none.content


async def test_transcript_rows_carry_grades_and_agreed_rows_do_not() -> None:
    students = some()
    students.agree(700103, [("NH1101", "Geology", "7.5")])
    students.grade(700103, [("NH1101", "Geology", "7.5", "B")])
    agreed = await _said(played(students), READ, "getCoursesOfLearningAgreement", applicationID=700103)
    graded = await _said(played(students), READ, "getCoursesOfTranscript", applicationID=700103)
    assert etree.fromstring(agreed.content).find(f".//{BEAN}hostGrade").text is None  # type: ignore[union-attr]
    assert etree.fromstring(graded.content).find(f".//{BEAN}hostGrade").text == "B"  # type: ignore[union-attr]


@needs_published
async def test_rows_look_like_the_sample_of_the_reference() -> None:
    sample = etree.parse(PUBLISHED / "mobility-online/examples/04-la-courses-response.xml")
    students = some()
    students.agree(700103, [("NH1101", "Geology", "7.5")])
    ours = etree.fromstring(
        (await _said(played(students), READ, "getCoursesOfLearningAgreement", applicationID=700103)).content
    )
    row = ours.find(".//{http://service.mo-simulator.invalid}return")
    other = sample.find(".//{http://service.mo-simulator.invalid}return")
    assert row is not None
    assert other is not None
    assert [each.tag for each in row] == [each.tag for each in other]


async def test_the_catalogue_is_searched_added_to_changed_and_removed_from() -> None:
    students = MoStudents()
    offer(students)
    application = played(students)
    course = {
        "courseNumber": "NH2",
        "courseName": "History",
        "semester": AUTUMN_TEXT,
        "applicationType": "IN",
        "academicYear": {"description": "2026/2027"},
        "courseType": {"number": "lv"},
        "language": {"description": "English"},
        "ectsCredits": "7.5",
        "freePlaces": "-2",
        "studyLevels": [{"number": "B"}, {"description": "Master"}],
    }
    added = await _said(application, SET, "addCoursePerSemester", course=course)
    assert b">41002<" in added.content
    made = students.catalogue[41002]
    assert (made.course_type, made.language, made.levels, made.places) == ("LV", "EN", ("B", "M"), -2)
    said = {"semesterDescription": AUTUMN_TEXT, "applicationType": "IN", "courseNumber": "NH2"}
    assert b">History<" in (await _said(application, MASTER, COURSES, **said)).content
    named = await _said(application, MASTER, COURSES, studyLevels={"number": "M"}, language={"number": "EN"})
    assert named.content.count(b"courseNumber>N") == 2
    update = {"courseID": "41002", "courseNumber": "NH2", "courseName": "Other"}
    assert b">true<" in (await _said(application, SET, "updateCoursePerSemester", course=update)).content
    assert students.catalogue[41002].credits is None
    gone = await _said(application, SET, "removeCoursePerSemesterByCourseID", courseID=41002)
    assert b">true<" in gone.content
    assert list(students.catalogue) == [41001]


@pytest.mark.parametrize(
    "course",
    [
        {"courseNumber": "X", "language": {"number": "xx"}},
        {"courseNumber": "X", "ectsCredits": "many"},
        {"courseNumber": "X", "freePlaces": "few"},
        None,
    ],
)
async def test_a_course_that_cannot_be_is_a_fault(course: dict[str, Any] | None) -> None:
    students = MoStudents()
    answer = await _said(played(students), SET, "addCoursePerSemester", course=course)
    assert answer.status_code == 500
    assert not students.catalogue


async def test_an_unknown_course_is_false_or_a_fault() -> None:
    calls: tuple[tuple[str, dict[str, Any]], ...] = (
        ("updateCoursePerSemester", {"course": {"courseID": "1"}}),
        ("removeCoursePerSemesterByCourseID", {"courseID": 1}),
    )
    for operation, said in calls:
        assert b">false<" in (await _said(played(some()), SET, operation, **said)).content
        strict = played(some(), habits=Habits(unknown_courses="fault"))
        assert (await _said(strict, SET, operation, **said)).status_code == 500


async def test_removing_a_term_removes_what_was_added_by_hand_too() -> None:
    students = MoStudents()
    offer(students)
    offer(students, number="NH2")
    offer(students, semester="Spring semester 2027")
    said = {"semester": AUTUMN_TEXT, "academicYear": {"description": "2026/2027"}}
    await _said(played(students), SET, "removeCoursesPerSemesterBySearchParameters", **said)
    assert [course.semester for course in students.catalogue.values()] == ["Spring semester 2027"]


def test_numbers_are_never_given_twice() -> None:
    students = some()
    del students.applications[700103]
    assert add(students).application_id == 700104
    assert add(students, person_id=90301).person_id == 90301


def _does(played_on: Stage, method: str, act: str, /, **order: Any) -> tuple[int, Any]:
    status, text = Control(played_on).respond(
        method, f"/_control/mobility-online/{act}", json.dumps(order).encode()
    )
    return status, json.loads(text)


def test_the_stage_hands_do_everything_and_it_can_be_played_again() -> None:
    hands = stage()
    status, made = _does(hands, "POST", "apply", **APPLYING, courses=[["GEO210", "Coasts", "15"]])
    assert status == 200
    number = made["application_id"]
    acts: tuple[tuple[str, dict[str, Any]], ...] = (
        ("tick", {"step": "is_nominiert"}),
        ("change_application", {"ends_on": "2027-02-01", "gender": "w"}),
        ("choose_courses", {"courses": [["LAN110", "Language", "15"]]}),
        ("grade_courses", {"courses": [["LAN110", "Language", "15", "A"]]}),
        ("cancel_application", {}),
    )
    for act, order in acts:
        assert _does(hands, "POST", act, application_id=number, **order)[0] == 200
    assert _does(hands, "POST", "offer_course", number="NH1", name="One", points="7.5")[0] == 200
    assert _does(hands, "POST", "change_course", course_id=41001, places=3)[0] == 200
    (told,) = _does(hands, "GET", "applications")[1]
    assert (told["cancelled"], told["rows"]) == (True, 2)
    assert "Ample" not in str(told)
    again = stage()
    again.replay(hands.journal, {})
    assert again.world.mobility_online == hands.world.mobility_online
    assert _does(hands, "POST", "withdraw_course", course_id=41001)[0] == 200
    assert _does(hands, "GET", "catalogue")[1] == []
    assert "incoming" in _does(hands, "POST", "file_oddities")[1]
    assert _does(hands, "GET", "calls")[0] == 200
    assert _does(hands, "GET", "nothing")[0] == 404


@pytest.mark.parametrize(
    ("act", "order"),
    [
        ("apply", {**APPLYING, "direction": "BACK"}),
        ("apply", {**APPLYING, "partner": "nobody.example"}),
        ("apply", {**APPLYING, "term": "soon"}),
        ("apply", {**APPLYING, "shoe_size": 39}),
        ("tick", {"application_id": 1, "step": "is_nominiert"}),
        ("change_application", {"application_id": 1, "shoe_size": 39}),
        ("offer_course", {"number": "1", "name": "A", "points": "1", "term": "soon"}),
        ("change_course", {"course_id": 1}),
        ("withdraw_course", {"course_id": 1}),
    ],
)
def test_what_cannot_be_done_is_refused_and_not_remembered(act: str, order: dict[str, Any]) -> None:
    hands = stage()
    status, _ = _does(hands, "POST", act, **order)
    assert status == 400
    assert not hands.journal


def test_a_step_that_is_none_is_refused() -> None:
    hands = stage()
    made = hands.in_mobility_online("apply", **APPLYING)
    with pytest.raises(UsageError):
        hands.in_mobility_online("tick", application_id=made.application_id, step="is_happy")
    with pytest.raises(UsageError):
        hands.in_mobility_online("dance")


async def test_what_a_program_writes_is_kept_in_the_journal() -> None:
    hands = stage()
    tenant = Tenant(
        "nordhav",
        tuple,
        students=lambda: hands.world.mobility_online,
        written=lambda operation, bean: hands.in_mobility_online("write", operation=operation, bean=bean),
    )
    application = MobilityOnline({AUTHORITY: tenant})
    course = {"courseNumber": "NH2", "semester": AUTUMN_TEXT, "ectsCredits": "7.5"}
    await _said(application, SET, "addCoursePerSemester", course=course)
    refused = await _said(application, SET, "addCoursePerSemester", course={"ectsCredits": "many"})
    assert refused.status_code == 500
    assert len(hands.journal) == 1
    again = stage()
    again.replay(json.loads(json.dumps(hands.journal)), {})
    assert again.world.mobility_online.catalogue[41001].credits == Decimal("7.5")


def test_a_stay_begins_with_an_application_unless_told_otherwise() -> None:
    hands = stage()
    who = {"partner": "alderton.example", "family_name": "Ample", "born": "2003-05-11"}
    hands.about_students(
        "add_outgoing", omobility_id="o-1", given_names="Alva", serial=41, whole_year=True, **who
    )
    hands.about_students(
        "add_incoming", omobility_id="i-1", given_names="Bror", serial=42, term="VT2027", **who
    )
    hands.about_students(
        "add_outgoing", omobility_id="o-2", given_names="Cid", serial=43, in_mobility_online=False, **who
    )
    out, back = list(hands.world.mobility_online)
    assert (out.application_type, out.semester) == ("OUT", "Academic year 2026/2027")
    assert (back.application_type, back.semester) == ("IN", "Spring semester 2027")
    assert out.civic_number is not None
    assert out.birth_date == date(2003, 5, 11)
    assert [row.number for row in hands.world.mobility_online.agreed[out.application_id]] == [
        "GEO210",
        "LAN110",
    ]
