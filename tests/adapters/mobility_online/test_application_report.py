"""The exported report over applications as a second way in."""

from datetime import date
from pathlib import Path

import pytest
from tests.support.fixtures import PUBLISHED, needs_published
from tests.support.mobility_online_students import (
    AUTUMN,
    SPRING,
    YEAR_TEXT,
    add,
    add_incoming,
    built,
    facts,
    mappings_with,
    played,
    reads,
)

from mobility_adapters.mobility_online.applications import MobilityOnlineApplications
from mobility_bridge.domain.application import Application, PipelineStep
from mobility_bridge.domain.person import Direction, PersonName
from mobility_bridge.errors import InvalidDocument
from mobility_bridge.sandbox.mobility_online_report import application_report, application_rows
from mobility_bridge.sandbox.mobility_online_students import MoStudents

SAMPLE = PUBLISHED / "mobility-online/examples/report-export-sample.xml"
TEXTS = (
    ("[applications.programmes]", '[applications.programmes]\n"Erasmus SMS" = "SMS"'),
    ("[applications.study_levels]", '[applications.study_levels]\nBachelor = "B"'),
    ("[applications.study_fields]", '[applications.study_fields]\n"Field 0613" = "0613"'),
    (
        "[applications.institutions]",
        '[applications.institutions]\n"University of Alderton" = "alderton.example"',
    ),
)


def some() -> MoStudents:
    students = MoStudents()
    add(students, second_last_name="Beispiel")
    add_incoming(students)
    add(students, semester=YEAR_TEXT, ends_on=date(2027, 6, 6), cancelled=True)
    return students


def exported(
    folder: Path, *changes: tuple[str, str], rows: bytes | None = None
) -> MobilityOnlineApplications:
    data = application_report(application_rows(some()), None) if rows is None else rows
    (folder / "applications.xml").write_bytes(data)
    found = built(
        None,
        folder,
        mappings_with(folder, *changes),
        base_url=None,
        authority=None,
        applications_report_file="applications.xml",
    ).applications
    assert isinstance(found, MobilityOnlineApplications)
    return found


async def test_both_ways_tell_the_same_of_an_application(tmp_path: Path) -> None:
    over_soap = facts(await reads(played(some()), tmp_path).read_applications([AUTUMN]))
    from_report = facts(await exported(tmp_path, *TEXTS).read_applications([AUTUMN]))
    names = (
        "direction",
        "person",
        "partner_hei_id",
        "partner_name",
        "terms",
        "full_year",
        "starts_on",
        "ends_on",
    )
    names += ("programme", "study_level", "isced_f_code", "step", "cancelled", "problems")
    for one, other in zip(over_soap, from_report, strict=True):
        assert {name: getattr(one, name) for name in names} == {name: getattr(other, name) for name in names}


async def test_a_report_is_read_anew_each_time_and_cut_to_the_terms(tmp_path: Path) -> None:
    source = exported(tmp_path, *TEXTS)
    assert [told.application_id for told in facts(await source.read_applications([SPRING]))] == ["700103"]
    assert len((await source.read_applications([AUTUMN])).records) == 3
    (tmp_path / "applications.xml").unlink()
    with pytest.raises(InvalidDocument):
        await source.read_applications([AUTUMN])


async def test_texts_that_stand_in_no_table_are_named(tmp_path: Path) -> None:
    first = facts(await exported(tmp_path).read_applications([AUTUMN]))[0]
    assert set(first.problems) == {
        ("aust_prog_id", "Erasmus SMS"),
        ("stud_niveau_id", "Bachelor"),
        ("studr_id", "Field 0613"),
        ("inst_id_gast", "University of Alderton"),
    }


async def test_two_rows_with_one_number_are_named_and_make_it_incomplete(tmp_path: Path) -> None:
    rows = list(application_rows(some()))
    twice = application_report([*rows, {**rows[0], "BEW_DAT_VON": "02.09.2026"}], None)
    reading = await exported(tmp_path, *TEXTS, rows=twice).read_applications([AUTUMN])
    assert not reading.complete
    assert reading.problems == (("application 700101", "two different rows have this number"),)
    assert len(reading.records) == 2


async def test_rows_about_staff_are_left_out(tmp_path: Path) -> None:
    rows = [{**row, "KZ_BEW_PERS": "T"} for row in application_rows(some())]
    reading = await exported(tmp_path, rows=application_report(rows, None)).read_applications([AUTUMN])
    assert reading.complete
    assert reading.records == ()


async def test_half_a_report_and_another_report_are_refused(tmp_path: Path) -> None:
    whole = application_report(application_rows(some()), None)
    source = exported(tmp_path)
    with pytest.raises(InvalidDocument):
        source.import_report(whole[: len(whole) // 2])
    with pytest.raises(InvalidDocument) as caught:
        source.import_report(whole.replace(b"BEW_ID", b"VERTR_ID"))
    assert "BEW_ID" in caught.value.message


async def test_without_an_address_course_lists_say_why_there_are_none(tmp_path: Path) -> None:
    reading = await exported(tmp_path).read_courses(["700101"])  # type: ignore[list-item]
    assert not reading.complete
    assert reading.records == ()
    assert any("address" in what for _, what in reading.problems)


@needs_published
def test_the_published_sample_is_read(tmp_path: Path) -> None:
    names = (
        (
            "[applications.institutions]",
            '[applications.institutions]\n"Example Partner University" = "partner.example"',
        ),
    )
    more = (
        ("[applications.programmes]", '[applications.programmes]\n"Erasmus SMS" = "SMS"'),
        ("[applications.study_fields]", '[applications.study_fields]\n"Computer science" = "0613"'),
    )
    (told,) = facts(exported(tmp_path, *names, *more).import_report(SAMPLE.read_bytes()))
    assert isinstance(told, Application)
    assert (told.application_id, told.direction) == ("700101", Direction.OUTGOING)
    assert told.person.names == (PersonName("Alex", "Ample"),)
    assert told.person.birth_date == date(2003, 5, 11)
    assert (told.terms, told.full_year) == ((AUTUMN,), False)
    assert (told.starts_on, told.ends_on) == (date(2026, 9, 1), date(2027, 1, 22))
    assert (told.partner_hei_id, told.programme, told.isced_f_code) == ("partner.example", "SMS", "0613")
    assert told.pipeline == (PipelineStep("bew_status_id", done=True, label="Nominated"),)
    assert told.modified_at is not None
    assert told.credits_earned is None
    # The export has no column that tells cancelled applications, and nobody may assume that there are none.
    assert told.problems == (("is_storniert", "missing"),)
