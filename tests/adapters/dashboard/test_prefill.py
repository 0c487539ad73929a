"""Pre-filled learning agreements: what is written, what is refused and why, and what a spreadsheet may not compute."""

import csv
import io
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from tests.support.dashboard import dashboard, packaged_mapping

from mobility_adapters.dashboard.lists import DashboardLists
from mobility_adapters.dashboard.mappings import DashboardMapping
from mobility_adapters.dashboard.prefill import escaped
from mobility_bridge.domain.person import Person, PersonName
from mobility_bridge.errors import InvalidDocument
from mobility_bridge.ports.lists import PrefilledAgreement, PrefilledCourse

PERSON = Person(
    names=(PersonName("Exempla", "Ficticia"),),
    birth_date=date(2003, 2, 4),
    email=" Exempla.F@Students.NORDHAV.example ",
)
COURSE = PrefilledCourse("A", "Coastal Geodynamics", "GEO210", Decimal("7.50"))
ONE = PrefilledAgreement(
    "application 4711",
    PERSON,
    {
        "omobility_id": "NHU-2026-0001",
        "receiving_hei_id": "alderton.example",
        "academic_year": "2026/2027",
        "starts_on": date(2026, 8, 31),
        "ends_on": date(2027, 1, 17),
    },
    (COURSE,),
)
HEADER = (
    "Omobility ID,Given names,Family name,Date of birth,Email,Receiving HEI ID,Receiving academic year,"
    "Start date,End date,Table,Code,Title,Credits\r\n"
)
NO_COURSES = "Omobility ID;Given names;Family name;Date of birth;Email;Receiving HEI ID;Receiving academic year;Start date;End date"


def said(**values: Any) -> PrefilledAgreement:
    return replace(ONE, values={**ONE.values, **values})


def of(**facts: Any) -> PrefilledAgreement:
    return replace(ONE, student=replace(PERSON, **facts))


def rows(content: bytes, encoding: str = "utf-8", delimiter: str = ",") -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode(encoding), newline=""), delimiter=delimiter))


def without(field: str, **prefill: Any) -> DashboardLists:
    """The adapter with a mapping that lacks one field of the pre-filled file."""
    mapping = packaged_mapping().model_dump()
    mapping["prefill"] = {**mapping["prefill"], **prefill}
    if field:
        mapping["prefill"]["columns"][field] = ()
    return dashboard(mapping=DashboardMapping.model_validate(mapping))


def test_a_row_has_dates_addresses_and_numbers_as_the_dashboard_wants_them():
    done = dashboard().write([replace(ONE, courses=(COURSE, replace(COURSE, table="B", code=None)))])

    assert done.content.decode().startswith(HEADER)
    first, second = rows(done.content)
    assert (first["Date of birth"], first["Start date"]) == ("04/02/2003", "31/08/2026")
    assert first["Email"] == "exempla.f@students.nordhav.example"
    assert (first["Credits"], second["Table"], second["Code"]) == ("7.5", "B", "")
    assert (done.written, done.rows, done.refused, done.unfilled) == (("application 4711",), 2, (), ())


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        (said(omobility_id=None), "omobility_id: not known"),
        (said(omobility_id="a b"), "omobility_id: not an id"),
        (said(receiving_hei_id=""), "receiving_hei_id: not known"),
        (said(academic_year=None), "academic_year: not known"),
        (said(academic_year="2026"), "academic_year: not an academic year"),
        (said(starts_on=None), "starts_on: not known"),
        (said(ends_on=date(2026, 8, 30)), "ends_on: lies before the start"),
        (of(names=()), "given_names: not known"),
        (of(names=(PersonName("Exempla", ""),)), "family_name: not known"),
        (of(birth_date=None), "birth_date: not known"),
        (of(email=None), "email: not known"),
        (of(email="nowhere"), "email: not an address"),
        (replace(ONE, courses=()), "courses: none is known"),
        (replace(ONE, courses=(replace(COURSE, table="C"),)), "course 1: neither of table A nor B"),
        (replace(ONE, courses=(COURSE, replace(COURSE, title=" "))), "course 2: no title"),
        (replace(ONE, courses=(replace(COURSE, credits=None),)), "course 1: no credits"),
        (replace(ONE, courses=(replace(COURSE, credits=Decimal(-1)),)), "course 1: less than no credits"),
    ],
)
def test_one_that_cannot_be_handed_in_is_refused_by_name_and_the_others_are_written(
    wrong: PrefilledAgreement, reason: str
):
    other = replace(said(omobility_id="NHU-2"), name="application 2")
    done = dashboard().write([wrong, other])

    (refused,) = done.refused
    assert refused.name == "application 4711"
    assert reason in refused.reasons
    assert done.written == ("application 2",)
    assert [each["Omobility ID"] for each in rows(done.content)] == ["NHU-2"]
    assert not any(secret in str(done) for secret in ("Exempla", "Ficticia", "exempla", "2003"))


def test_an_id_of_two_students_is_refused_for_both():
    done = dashboard().write([ONE, replace(ONE, name="application 2")])

    assert [each.reasons for each in done.refused] == [("omobility_id: stands for several students",)] * 2
    assert (done.written, done.content.decode()) == ((), HEADER)


@pytest.mark.parametrize("text", ["=1+1", "+46", "-1", "@SUM(A1)", "\n=1", "\uff1d1+1", "\tx", "\rx"])
def test_what_a_spreadsheet_would_compute_is_kept_from_it(text: str):
    assert escaped(text) == f"'{text}"
    done = dashboard().write([replace(ONE, courses=(replace(COURSE, title=text),))])

    assert rows(done.content)[0]["Title"] == f"'{text}"


def test_a_cell_with_delimiters_quotes_and_lines_stays_one_cell():
    done = dashboard().write([replace(ONE, courses=(replace(COURSE, title='Sea, "ice"\r\nand wind'),))])

    assert rows(done.content)[0]["Title"] == 'Sea, "ice"\r\nand wind'


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "windows-1252"])
def test_a_templates_header_row_delimiter_and_encoding_are_kept(encoding: str):
    head = f"{NO_COURSES};Höst ;ESI\n"
    template = f"{head}old;rows;are;not;kept".encode(encoding)
    done = dashboard().write([of(names=(PersonName("Åsa", "Ficticia"),))], template)

    assert done.content.decode(encoding).startswith(head)
    assert done.unfilled == ("Höst ", "ESI")
    (row,) = rows(done.content, encoding, ";")
    assert (row["Given names"], row["Höst "]) == ("Åsa", "")


def test_a_template_of_one_line_without_an_end_gets_one():
    done = dashboard().write([ONE], NO_COURSES.encode())

    assert done.content.decode().splitlines()[0] == NO_COURSES
    assert done.rows == 1


def test_a_name_that_the_templates_encoding_cannot_hold_is_refused_not_bent():
    template = f"{NO_COURSES};Höst\r\n".encode("windows-1252")
    done = dashboard().write([of(names=(PersonName("Łucja", "Ficticia"),))], template)

    assert done.refused[0].reasons == ("given_names: has a letter that windows-1252 cannot write",)
    assert done.rows == 0


@pytest.mark.parametrize(
    ("template", "why"),
    [
        (b"PK\x03\x04", "a spreadsheet"),
        (b"", "no header row"),
        (b"Omobility ID,Email\n", "lacks 'Receiving academic year', 'Date of birth'"),
        (f"{HEADER.strip()},EMAIL\n".encode(), "has more than once 'Email'"),
        (HEADER.replace("Table,", "").encode(), "none for the table"),
        (f"sep=|\n{HEADER.replace(',', '|')}".encode(), "another delimiter"),
    ],
)
def test_a_template_that_does_not_do_is_refused(template: bytes, why: str):
    with pytest.raises(InvalidDocument, match="The template cannot be filled") as refused:
        dashboard().write([ONE], template)
    assert why in refused.value.message


def test_without_columns_for_courses_there_is_one_row_each():
    mapping = packaged_mapping().model_dump()
    for field in ("table", "code", "title", "credits"):
        mapping["prefill"]["columns"][field] = ()
    done = dashboard(mapping=DashboardMapping.model_validate(mapping)).write([replace(ONE, courses=())])

    assert (done.rows, done.refused) == (1, ())


def test_the_mapping_says_delimiter_encoding_and_what_no_row_may_lack():
    lists = without("", delimiter=";", encoding="utf-16", required=["birth_date"])
    done = lists.write([said(academic_year=None), replace(said(omobility_id="2"), student=Person())])

    assert len(rows(done.content, "utf-16", ";")) == 1
    assert "birth_date: not known" in done.refused[0].reasons


def test_credits_need_no_column():
    done = without("credits").write([replace(ONE, courses=(replace(COURSE, credits=None),))])

    assert "Credits" not in rows(done.content)[0]
