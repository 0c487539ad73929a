"""Reading applications over SOAP, against the simulator."""

import asyncio
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import httpx
import pytest
from tests.support.mobility_online import AUTHORITY
from tests.support.mobility_online_students import (
    AUTUMN,
    AUTUMN_TEXT,
    DONE,
    SPRING,
    SPRING_TEXT,
    YEAR_TEXT,
    add,
    add_incoming,
    built,
    facts,
    mappings_with,
    played,
    reads,
)

from mobility_bridge.domain.application import Application, PipelineStep
from mobility_bridge.domain.person import Direction, PersonName
from mobility_bridge.domain.record import RecordKey, RecordKind
from mobility_bridge.errors import ExternalError, InvalidDocument, Rejected, Unreachable
from mobility_bridge.sandbox.ladok_numbers import civic_number
from mobility_bridge.sandbox.mobility_online_desk import Habits
from mobility_bridge.sandbox.mobility_online_students import MoStudents

SEARCH = "getSpecifiedApplicationDataBySearchParametersWithFurtherSearchRestrictions"
BY_ID = "getApplicationDataByID"
FIELDS = [
    "firstName",
    "lastName",
    "secondLastName",
    "birthday",
    "matriculationNumber",
    "email",
    "applicationType",
    "personType",
    "exchangeProgramNumber",
    "academicYearDescription",
    "semesterDescription",
    "studyFieldDescription",
    "login",
]


def some() -> MoStudents:
    students = MoStudents()
    add(students)
    add_incoming(students)
    return students


async def test_an_application_says_what_the_form_says(tmp_path: Path) -> None:
    students = MoStudents()
    add(
        students,
        second_last_name="Beispiel",
        nationality="Italy",
        department="Department of Computing",
        credits_earned="30,00",
        credits_recognised="22,50",
        traineeship=True,
        extended=True,
        level="M",
    )
    reading = await reads(played(students), tmp_path).read_applications([AUTUMN])
    (read,) = reading.records
    assert read.record.key == RecordKey(
        "mobility_online", RecordKind.APPLICATION, "nordhav.example", "700101"
    )  # type: ignore[arg-type]
    assert read.record.problems == ()
    told: Application = read.record.facts
    assert (told.direction, told.person_id) == (Direction.OUTGOING, "90301")
    assert (told.partner_hei_id, told.partner_institution_id) == ("alderton.example", "1101")
    assert told.partner_name == "University of Alderton"
    assert (told.terms, told.full_year) == ((AUTUMN,), False)
    assert (told.starts_on, told.ends_on) == (date(2026, 9, 1), date(2027, 1, 22))
    assert (told.programme, told.study_level, told.isced_f_code) == ("SMS", "M", "0613")
    assert (told.credits_earned, told.credits_recognised) == (Decimal(30), Decimal("22.5"))
    assert (told.traineeship, told.extended, told.cancelled) == (True, True, False)
    assert told.department == "Department of Computing"
    person = told.person
    assert person.names == (PersonName("Alex", "Ample Beispiel"), PersonName("Alex", "Ample"))
    assert (person.birth_date, person.gender, person.citizenship) == (date(2003, 5, 11), 1, "IT")
    assert (person.home_student_number, person.civic_number) == ("alex0042", None)
    assert (person.global_id or "").endswith(":nordhav.example:42")
    assert person.email == "alex.ample@students.nordhav.example"


async def test_the_partner_of_an_incoming_student_is_the_home_institution(tmp_path: Path) -> None:
    students = MoStudents()
    add_incoming(students)
    (told,) = facts(await reads(played(students), tmp_path).read_applications([AUTUMN]))
    assert (told.direction, told.partner_hei_id) == (Direction.INCOMING, "alderton.example")
    assert told.problems == ()


async def test_the_last_step_done_is_the_present_status(tmp_path: Path) -> None:
    students = MoStudents()
    add(students, done=(*DONE, "is_nominiert"))
    (told,) = facts(await reads(played(students), tmp_path).read_applications([AUTUMN]))
    assert told.step == "is_nominiert"
    assert [step.name for step in told.pipeline] == [
        *DONE,
        "is_nominiert",
        "is_zusage_gast",
        "is_abgeschlossen",
    ]
    assert PipelineStep("is_registriert", done=True, label="Registered") in told.pipeline


async def test_every_search_field_is_sent_and_a_restriction_is_always_there(tmp_path: Path) -> None:
    reading = await reads(played(some()), tmp_path).read_applications([AUTUMN])
    bodies = [each.request_body.decode() for each in reading.exchanges if each.api == SEARCH]
    assert len(bodies) == 8  # two directions, a term and its year, cancelled and not
    for body in bodies:
        assert all(f":{name}" in body for name in FIELDS)
        assert body.count(":furtherSearchRestrictions>") == 2
        assert AUTHORITY not in body
    assert sum(AUTUMN_TEXT in body for body in bodies) == 4
    assert sum(YEAR_TEXT in body for body in bodies) == 4


async def test_what_no_comparison_needs_is_not_asked_for(tmp_path: Path) -> None:
    students = MoStudents()
    add(students, civic_number="200305112391")
    reading = await reads(played(students), tmp_path).read_applications([AUTUMN])
    crossed = b"".join(each.request_body + each.body for each in reading.exchanges if each.api == SEARCH)
    for name in (b"p_sozial_ver_nr", b"bew_geb_ort", b"bew_tel_nr_kontakt", b"is_beihilfe", b"file"):
        assert name not in crossed


async def test_what_is_sent_unasked_is_not_kept(tmp_path: Path) -> None:
    class Talkative(httpx.AsyncBaseTransport):
        inner = httpx.ASGITransport(played(some()))

        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            response = await self.inner.handle_async_request(request)
            body = await response.aread()
            return httpx.Response(200, content=body.replace(b">is_praktikum<", b">p_sozial_ver_nr<"))

    source = built(Talkative(), tmp_path).applications
    assert source is not None
    for read in (await source.read_applications([AUTUMN])).records:
        assert b"p_sozial_ver_nr" not in read.document


async def test_two_terms_share_the_question_for_their_year(tmp_path: Path) -> None:
    students = some()
    add(students, semester=YEAR_TEXT, ends_on=date(2027, 6, 6))
    add(students, semester=SPRING_TEXT, starts_on=date(2027, 1, 18), ends_on=date(2027, 6, 6))
    application = played(students)
    reading = await reads(application, tmp_path).read_applications([AUTUMN, SPRING])
    assert application.calls[SEARCH] == 12
    assert [told.terms for told in facts(reading)] == [(AUTUMN,), (AUTUMN,), (AUTUMN, SPRING), (SPRING,)]
    assert [told.full_year for told in facts(reading)] == [False, False, True, False]


async def test_the_shortening_of_an_empty_restriction_list_never_bites(tmp_path: Path) -> None:
    students = MoStudents()
    for _ in range(7):
        add(students)
    for habit in (Habits("truncated"), Habits("all")):
        reading = await reads(played(students, habits=habit), tmp_path).read_applications([AUTUMN])
        assert len(reading.records) == 7


async def test_nothing_there_is_a_complete_reading_of_nothing(tmp_path: Path) -> None:
    for empty in ("nil", "empty"):
        reading = await reads(played(MoStudents(), empty_lists=empty), tmp_path).read_applications([AUTUMN])
        assert reading.complete
        assert reading.records == ()


async def test_the_same_answer_gives_the_same_digest_and_a_changed_one_another(tmp_path: Path) -> None:
    students = some()
    source = reads(played(students), tmp_path)
    first, second = (await source.read_applications([AUTUMN]), await source.read_applications([AUTUMN]))
    assert [r.record.digest for r in first.records] == [r.record.digest for r in second.records]
    assert [r.document for r in first.records] == [r.document for r in second.records]
    students.applications[700101] = replace(students.applications[700101], ends_on=date(2027, 2, 1))
    third = await source.read_applications([AUTUMN])
    assert third.records[0].record.digest != first.records[0].record.digest
    assert third.records[1].record.digest == first.records[1].record.digest


async def test_a_mended_mapping_changes_the_digest_of_those_it_concerns(tmp_path: Path) -> None:
    students = some()
    add(students, programme="CIVIS")
    gap = mappings_with(tmp_path, ('841 = "CIVIS"\n', ""))
    before = await reads(played(students), tmp_path, gap).read_applications([AUTUMN])
    after = await reads(played(students), tmp_path).read_applications([AUTUMN])
    assert before.records[2].record.problems == (("aust_prog_id", "841"),)
    same = [a.record.digest == b.record.digest for a, b in zip(before.records, after.records, strict=True)]
    assert same == [True, True, False]


async def test_a_stored_document_is_decoded_with_todays_mappings(tmp_path: Path) -> None:
    source = reads(played(some()), tmp_path)
    (read, _) = (await source.read_applications([AUTUMN])).records
    assert read.record.document is not None
    assert source.decode(read.document, read.record.document, read.record.as_of) == read.record.facts
    with pytest.raises(InvalidDocument):
        source.decode(b"{}", read.record.document, read.record.as_of)
    with pytest.raises(InvalidDocument):
        source.decode(read.document, replace(read.record.document, format="x"), read.record.as_of)


async def test_a_civic_number_is_read_only_where_the_mapping_says_so(tmp_path: Path) -> None:
    students = MoStudents()
    number = civic_number(date(2003, 5, 11), 239)
    add(students, civic_number=f"{number[:8]}-{number[8:]}")
    add(students, civic_number=f"{number[:11]}{(int(number[11]) + 1) % 10}")
    on = mappings_with(tmp_path, ("civic_number = false", "civic_number = true"))
    right, wrong = facts(await reads(played(students), tmp_path, on).read_applications([AUTUMN]))
    assert (right.person.civic_number, right.problems) == (number, ())
    assert wrong.person.civic_number is None
    assert wrong.problems == (("p_sozial_ver_nr", "check_digit"),)


@pytest.mark.parametrize(
    ("fault", "error", "reason"),
    [
        ("mo_soap_fault", Rejected, "soap_fault"),
        ("mo_wrong_authority", Rejected, "soap_fault"),
        ("mo_503", Unreachable, "http_5xx"),
        ("mo_html_page", InvalidDocument, "doctype"),
        ("mo_half_answer", InvalidDocument, "not_xml"),
        ("mo_missing_return", InvalidDocument, "content"),
        ("mo_wsdl_unavailable", Unreachable, "http_5xx"),
    ],
)
async def test_a_fault_of_every_call_is_an_error_with_its_evidence(
    fault: str, error: type[ExternalError], reason: str, tmp_path: Path
) -> None:
    application = played(some())
    application.switch(fault)
    with pytest.raises(error) as caught:
        await reads(application, tmp_path, read_attempts=1).read_applications([AUTUMN])
    assert caught.value.reason == reason
    assert caught.value.evidence


async def test_a_failed_question_makes_the_reading_incomplete_and_hides_nothing_else(tmp_path: Path) -> None:
    application = played(some())
    application.switch("mo_soap_fault", operation=SEARCH, arguments={"applicationType": "IN"})
    reading = await reads(application, tmp_path).read_applications([AUTUMN])
    assert not reading.complete
    assert [told.direction for told in facts(reading)] == [Direction.OUTGOING]
    assert ("applications IN " + AUTUMN_TEXT) in [where for where, _ in reading.problems]


async def test_the_text_of_a_fault_about_people_stays_in_the_evidence(tmp_path: Path) -> None:
    application = played(some())
    application.switch("mo_soap_fault", operation=SEARCH, arguments={"applicationType": "IN"})
    reading = await reads(application, tmp_path).read_applications([AUTUMN])
    assert all("SIM-900" not in what for _, what in reading.problems)
    assert any(b"SIM-900" in each.body for each in reading.exchanges)


async def test_a_damaged_application_never_hides_the_others(tmp_path: Path) -> None:
    students = some()
    add(students)
    application = played(students)
    application.switch("mo_damaged_application", arguments={"applicationType": "OUT"})
    reading = await reads(application, tmp_path).read_applications([AUTUMN])
    assert not reading.complete
    assert [told.application_id for told in facts(reading)] == ["700102", "700103"]
    assert reading.problems == (("application without number", "no_number"),)


async def test_an_application_that_changes_while_it_is_read_is_asked_for_alone(tmp_path: Path) -> None:
    students = some()
    application = played(students)
    inner = httpx.ASGITransport(application)

    class Meanwhile(httpx.AsyncBaseTransport):
        """Somebody cancels between the two questions."""

        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            if b">true</" in request.content:
                while application.calls[SEARCH] < 2:  # noqa: ASYNC110 - the simulator has no event for it
                    await asyncio.sleep(0.001)
                students.applications[700102] = replace(students.applications[700102], cancelled=True)
            response = await inner.handle_async_request(request)
            return httpx.Response(response.status_code, content=await response.aread())

    source = built(Meanwhile(), tmp_path).applications
    assert source is not None
    reading = await source.read_applications([AUTUMN])
    assert reading.complete
    assert [told.cancelled for told in facts(reading)] == [False, True]
    assert application.calls[BY_ID] == 1


async def test_a_settling_call_that_fails_leaves_the_reading_incomplete(tmp_path: Path) -> None:
    students = some()
    application = played(students)
    application.switch("mo_soap_fault", operation=BY_ID)
    inner = httpx.ASGITransport(application)

    class TwoTongues(httpx.AsyncBaseTransport):
        """Shows one application under the question for cancelled ones, too."""

        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            content = request.content.replace(b">true</", b">false</")
            changed = httpx.Request(request.method, request.url, headers=request.headers, content=content)
            changed.headers["Content-Length"] = str(len(content))
            response = await inner.handle_async_request(changed)
            return httpx.Response(response.status_code, content=await response.aread())

    source = built(TwoTongues(), tmp_path).applications
    assert source is not None
    reading = await source.read_applications([AUTUMN])
    assert not reading.complete
    assert reading.records == ()
    assert [where for where, _ in reading.problems] == ["application 700101", "application 700102"]


async def test_without_the_table_of_applications_none_are_offered(tmp_path: Path) -> None:
    text = Path("config/mappings/mobility_online.toml")
    folder = mappings_with(tmp_path)
    whole = (folder / text.name).read_text(encoding="utf-8")
    (folder / text.name).write_text(whole.partition("# --- Applications")[0], encoding="utf-8")
    offered = built(httpx.ASGITransport(played(some())), tmp_path, folder)
    assert offered.applications is None
    assert offered.agreements is not None


async def test_a_reading_says_no_word_about_a_person(tmp_path: Path) -> None:
    students = some()
    secrets = ("Zsazsa", "Quist-Secret", "secret@home.example", "1999-13-77", "Not A Number", "Nowhereland")
    add(
        students,
        first_name=secrets[0],
        last_name=secrets[1],
        email=secrets[2],
        nationality=secrets[5],
        overrides=(
            ("bew_geb_datum", secrets[3]),
            ("bew_anz_ects", secrets[4]),
            ("bew_geschlecht", secrets[4]),
            ("stud_niveau_id", secrets[4]),
        ),
    )
    reading = await reads(played(students), tmp_path).read_applications([AUTUMN])
    shown = repr((reading.records, reading.problems, facts(reading)))
    assert not [each for each in secrets if each in shown]
    assert ("bew_geb_datum", "not_a_date") in facts(reading)[2].problems
    assert ("bew_anz_ects", "not_a_number") in facts(reading)[2].problems


async def test_calls_wait_for_each_other_beyond_the_configured_number(tmp_path: Path) -> None:
    under_way, most = 0, 0

    class Counting(httpx.AsyncBaseTransport):
        inner = httpx.ASGITransport(played(some(), call_s=0.005))

        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            nonlocal under_way, most
            under_way += 1
            most = max(most, under_way)
            try:
                return await self.inner.handle_async_request(request)
            finally:
                under_way -= 1

    source = built(Counting(), tmp_path, parallel_calls=2).applications
    assert source is not None
    await source.read_applications([AUTUMN, SPRING])
    assert most == 2
