"""What goes wrong with applications in real life, each as one case.

Source: Mobility-Online: seed data that a simulator must have (rule S21), and where each was seen.
"""

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from tests.support.mobility_online_students import (
    AUTUMN,
    SPRING,
    YEAR_TEXT,
    add,
    add_incoming,
    facts,
    mappings_with,
    offer,
    played,
    reads,
    writes,
)
from tests.support.sandbox import stage

from mobility_bridge.domain.application import Application
from mobility_bridge.domain.term import Term
from mobility_bridge.ports.sinks import CatalogueCourse
from mobility_bridge.sandbox.mobility_online_students import MoPartner, MoStudents

STRANGER = MoPartner(2955, "AU-000-9001", "Overseas College", "Korea")


async def _one(tmp_path: Path, *, incoming: bool = False, **said: Any) -> Application:
    students = MoStudents()
    (add_incoming if incoming else add)(students, **said)
    reading = await reads(played(students), tmp_path).read_applications([AUTUMN])
    assert reading.complete
    (told,) = facts(reading)
    assert told.problems == reading.records[0].record.problems
    return told


async def test_a_full_year_stay_is_found_by_either_term_and_once(tmp_path: Path) -> None:
    students = MoStudents()
    add(students, semester=YEAR_TEXT, ends_on=date(2027, 6, 6))
    for terms in ([AUTUMN], [SPRING], [AUTUMN, SPRING]):
        (told,) = facts(await reads(played(students), tmp_path).read_applications(terms))
        assert (told.terms, told.full_year) == ((AUTUMN, SPRING), True)


async def test_a_cancelled_application_is_seen_as_cancelled(tmp_path: Path) -> None:
    told = await _one(tmp_path, cancelled=True)
    assert told.cancelled
    assert told.problems == ()


async def test_a_double_degree_is_an_application_like_any_other(tmp_path: Path) -> None:
    assert (await _one(tmp_path, double_degree=True)).problems == ()


async def test_an_outgoing_student_without_a_student_number_is_reported(tmp_path: Path) -> None:
    told = await _one(tmp_path, student_number=None)
    assert told.person.home_student_number is None
    assert told.problems == (("bew_ber_matr_nr", "missing"),)
    assert (await _one(tmp_path, incoming=True)).problems == ()


async def test_an_unmapped_host_country_is_named(tmp_path: Path) -> None:
    told = await _one(tmp_path, partner=STRANGER)
    assert ("lcd_id_gast", "Korea") in told.problems


async def test_an_unmapped_citizenship_is_named_by_its_number_alone(tmp_path: Path) -> None:
    told = await _one(tmp_path, nationality="Korea")
    assert told.person.citizenship is None
    ((element, code),) = told.problems
    assert element == "lcd_id_nat"
    assert code.isdecimal()


async def test_an_institution_outside_the_table_is_none_and_named_by_its_number(tmp_path: Path) -> None:
    told = await _one(tmp_path, partner=STRANGER)
    assert (told.partner_hei_id, told.partner_institution_id) == (None, "2955")
    assert told.partner_name == "Overseas College"
    assert ("inst_id_gast", "2955") in told.problems


async def test_a_second_nationality_changes_nothing(tmp_path: Path) -> None:
    told = await _one(tmp_path, second_nationality="Italy")
    assert (told.person.citizenship, told.problems) == ("SE", ())


@pytest.mark.parametrize(("text", "number"), [("w", 2), ("W", 2), ("m", 1)])
async def test_a_gender_is_read_in_either_case(text: str, number: int, tmp_path: Path) -> None:
    assert (await _one(tmp_path, gender=text)).person.gender == number


async def test_a_gender_of_another_kind_is_a_problem_that_does_not_repeat_it(tmp_path: Path) -> None:
    told = await _one(tmp_path, gender="Q")
    assert told.person.gender is None
    assert told.problems == (("bew_geschlecht", "unknown"),)


@pytest.mark.parametrize(
    ("element", "text", "problem"),
    [
        ("bew_dat_von", "31.02.2026", ("bew_dat_von", "not_a_date")),
        ("bew_dat_bis", "soon", ("bew_dat_bis", "not_a_date")),
        ("bew_geb_datum", "2003/05/11", ("bew_geb_datum", "not_a_date")),
        ("bew_geb_datum", "11.05.2093", ("bew_geb_datum", "in_the_future")),
        ("bew_anz_ects2", "thirty", ("bew_anz_ects2", "not_a_number")),
        ("bew_anz_ects", "-7,50", ("bew_anz_ects", "negative")),
        ("aust_prog_id", "99", ("aust_prog_id", "99")),
        ("stud_niveau_id", "7", ("stud_niveau_id", "7")),
        ("studr_id", "123456", ("studr_id", "123456")),
    ],
)
async def test_a_value_that_cannot_be_read_is_none_and_named(
    element: str, text: str, problem: tuple[str, str], tmp_path: Path
) -> None:
    told = await _one(tmp_path, overrides=((element, text),))
    assert told.problems == (problem,)


@pytest.mark.parametrize("text", ["2026-09-01", "01.09.2026"])
async def test_a_date_is_read_in_either_form(text: str, tmp_path: Path) -> None:
    assert (await _one(tmp_path, overrides=(("bew_dat_von", text),))).starts_on == date(2026, 9, 1)


@pytest.mark.parametrize("text", ["7,50", "7.5", "7,5"])
async def test_credits_are_read_with_comma_or_point(text: str, tmp_path: Path) -> None:
    assert str((await _one(tmp_path, credits_earned=text)).credits_earned).startswith("7.5")


async def test_a_direction_other_than_the_one_asked_for_is_taken_as_written(tmp_path: Path) -> None:
    told = await _one(tmp_path, overrides=(("kz_bew_art", "IN"),))
    assert told.direction.value == "incoming"
    assert ("inst_id_heim", "missing") in told.problems


async def test_a_direction_that_is_none_makes_the_reading_incomplete(tmp_path: Path) -> None:
    students = MoStudents()
    add(students, overrides=(("kz_bew_art", "BACK"),))
    add(students)
    reading = await reads(played(students), tmp_path).read_applications([AUTUMN])
    assert not reading.complete
    assert reading.problems == (("application 700101", "direction"),)
    assert len(reading.records) == 1


async def test_a_term_text_that_stands_nowhere_is_named_and_the_application_kept(tmp_path: Path) -> None:
    students = MoStudents()
    add(students, overrides=(("sem_id", "Midsummer 2026"),))
    (told,) = facts(await reads(played(students), tmp_path).read_applications([AUTUMN]))
    assert told.terms == ()
    assert told.problems == (("sem_id", "Midsummer 2026"),)


async def test_a_term_text_of_its_own_is_asked_for_and_understood(tmp_path: Path) -> None:
    students = MoStudents()
    add(students, semester="Summer school 2026")
    named = (
        "[applications.terms.exceptions]",
        '[applications.terms.exceptions]\n"Summer school 2026" = ["HT26"]',
    )
    source = reads(played(students), tmp_path, mappings_with(tmp_path, named))
    (told,) = facts(await source.read_applications([AUTUMN]))
    assert told.terms == (AUTUMN,)
    assert facts(await source.read_applications([Term(2027, autumn=True)])) == []


async def test_a_removed_course_row_stays_flagged(tmp_path: Path) -> None:
    students = MoStudents()
    made = add_incoming(students)
    students.agree(
        made.application_id, [("NH1101", "Geology of the sea", "7.5"), ("NH1102", "History", "7.5")]
    )
    students.agree(made.application_id, [("NH1102", "History", "7.5")])
    (read,) = (await reads(played(students), tmp_path).read_courses(["700101"])).records  # type: ignore[list-item]
    assert [(row.number, row.deleted) for row in read.record.facts.rows] == [
        ("NH1101", True),
        ("NH1102", False),
    ]


async def test_a_catalogue_number_that_nobody_knows_is_no_reason_to_drop_the_row(tmp_path: Path) -> None:
    students = MoStudents()
    made = add_incoming(students)
    offer(students)
    students.agree(made.application_id, [("XX9999", "Not offered", "7.5")])
    (read,) = (await reads(played(students), tmp_path).read_courses(["700101"])).records  # type: ignore[list-item]
    assert [row.number for row in read.record.facts.living] == ["XX9999"]


async def test_negative_free_places_in_the_catalogue_are_kept_as_they_are(tmp_path: Path) -> None:
    students = MoStudents()
    offer(students, places=-1)
    catalogue = writes(played(students), tmp_path)
    plan = await catalogue.plan([CatalogueCourse("NH1101", AUTUMN, "Marine geology")])
    (change,) = plan.changes
    assert (change.before or {})["freePlaces"] == (change.after or {})["freePlaces"] == "-1"


async def test_payments_files_and_bank_accounts_are_never_asked_for(tmp_path: Path) -> None:
    students = MoStudents()
    add(students)
    application = played(students)
    source = reads(application, tmp_path)
    await source.read_applications([AUTUMN, SPRING])
    await source.read_courses(["700101"])  # type: ignore[list-item]
    assert set(application.calls) == {
        "wsdl",
        "getSpecifiedApplicationDataBySearchParametersWithFurtherSearchRestrictions",
        "getCoursesOfLearningAgreement",
    }


async def test_all_oddities_of_the_sandbox_are_read_side_by_side(tmp_path: Path) -> None:
    hands = stage()
    made = hands.in_mobility_online("file_oddities")
    students = hands.world.mobility_online
    reading = await reads(played(students), tmp_path).read_applications([AUTUMN, SPRING])
    assert reading.complete
    told = {int(each.application_id): each for each in facts(reading)}
    problems = {kind: [element for element, _ in told[number].problems] for kind, number in made.items()}
    assert {kind: elements for kind, elements in problems.items() if elements} == {
        "no_student_number": ["bew_ber_matr_nr"],
        "unknown_country": ["lcd_id_nat"],
        "unknown_institution": ["lcd_id_gast", "inst_id_gast"],
        "damaged_date": ["bew_dat_bis"],
        "damaged_credits": ["bew_anz_ects2"],
    }
    assert [kind for kind, number in made.items() if told[number].cancelled] == ["cancelled"]
    assert [kind for kind, number in made.items() if told[number].full_year] == ["full_year"]
