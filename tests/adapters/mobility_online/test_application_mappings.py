"""Terms in the tenant's language, and what a mapping file may say."""

from pathlib import Path

import pytest
from pydantic import ValidationError
from tests.support.mobility_online_students import AUTUMN, SPRING, mappings_with

from mobility_adapters.mobility_online.application_mappings import ApplicationMappings, TermTexts
from mobility_adapters.mobility_online.mappings import CodeMappings, load_mapping
from mobility_bridge.domain.academic_year import AcademicYear
from mobility_bridge.domain.person import Direction
from mobility_bridge.domain.term import Term

GERMAN = TermTexts(
    autumn=("Wintersemester {year}/{next_year}",),
    spring=("Sommersemester {year}",),
    full_year=("Studienjahr {year}/{next_year}",),
)
SWEDISH = TermTexts(
    autumn=("Hösttermin {year}", "HT {year}"),
    spring=("Vårtermin {year}", "Vårtermin {previous_year}/{year}"),
    full_year=("Läsår {year}/{next_year}",),
    exceptions={"Sommarkurs 2026": ("HT26",), "Helår 26": ("HT26", "VT27")},
)


@pytest.mark.parametrize(
    ("texts", "text", "terms"),
    [
        (GERMAN, "Wintersemester 2026/2027", (AUTUMN,)),
        (GERMAN, "Sommersemester 2027", (SPRING,)),
        (GERMAN, "Studienjahr 2026/2027", (AUTUMN, SPRING)),
        (GERMAN, "Wintersemester 2026/2028", None),
        (GERMAN, "wintersemester 2026/2027", None),
        (GERMAN, "Wintersemester 2026", None),
        (GERMAN, "", None),
        (SWEDISH, "Hösttermin 2026", (AUTUMN,)),
        (SWEDISH, "HT 2026", (AUTUMN,)),
        (SWEDISH, "Vårtermin 2026/2027", (SPRING,)),
        (SWEDISH, "Sommarkurs 2026", (AUTUMN,)),
        (SWEDISH, "Helår 26", (AUTUMN, SPRING)),
    ],
)
def test_a_term_text_is_read_whole_or_not_at_all(
    texts: TermTexts, text: str, terms: tuple[Term, ...] | None
) -> None:
    assert texts.read(text) == terms


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("Hösttermin", (AUTUMN,)),
        ("Vårtermin", (SPRING,)),
        ("Läsår", (AUTUMN, SPRING)),
        ("Midsommar", None),
    ],
)
def test_a_year_in_a_column_of_its_own_completes_the_text(text: str, terms: tuple[Term, ...] | None) -> None:
    assert SWEDISH.read(text, AcademicYear(2026)) == terms
    assert SWEDISH.read(text) is None


def test_every_text_of_the_terms_is_asked_for_once() -> None:
    assert SWEDISH.asked([AUTUMN, SPRING]) == (
        "Hösttermin 2026",
        "HT 2026",
        "Läsår 2026/2027",
        "Sommarkurs 2026",
        "Helår 26",
        "Vårtermin 2027",
        "Vårtermin 2026/2027",
    )
    assert all(SWEDISH.read(text) for text in SWEDISH.asked([AUTUMN, SPRING]))


def test_a_term_is_written_in_its_first_form() -> None:
    assert (SWEDISH.text(AUTUMN), SWEDISH.text(SPRING)) == ("Hösttermin 2026", "Vårtermin 2027")


@pytest.mark.parametrize("form", ["Autumn semester", "Autumn {term}", "Autumn {year} {"])
def test_a_form_without_a_year_or_with_other_marks_is_refused(form: str) -> None:
    with pytest.raises(ValidationError):
        TermTexts(autumn=(form,), spring=("S {year}",), full_year=("Y {year}",))


@pytest.mark.parametrize("codes", [(), ("summer",)])
def test_an_exception_that_means_no_term_is_refused(codes: tuple[str, ...]) -> None:
    with pytest.raises(ValidationError):
        TermTexts(
            autumn=("A {year}",), spring=("S {year}",), full_year=("Y {year}",), exceptions={"X": codes}
        )


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("M = 1\n", "M = 3\n"),
        ('50613 = "0613"', '50613 = "computing"'),
        ('global_id = "varchar_freifeld33"', 'global_id = "Varchar 33"'),
        ("civic_number = false", "civic_numbers = false"),
    ],
)
def test_a_mapping_file_that_makes_no_sense_is_refused_with_its_place(
    before: str, after: str, tmp_path: Path
) -> None:
    problems: list[tuple[str, str, str]] = []
    folder = mappings_with(tmp_path, (before, after))
    assert load_mapping(CodeMappings, folder / "mobility_online.toml", problems) is None
    assert [where.partition(": ")[2].partition(".")[0] for where, _, _ in problems] == ["applications"]


def test_steps_are_known_by_direction() -> None:
    found = load_mapping(CodeMappings, Path("config/mappings/mobility_online.toml"), [])
    assert found is not None
    assert isinstance(found.applications, ApplicationMappings)
    assert "is_nominiert" in found.applications.pipeline.of(Direction.OUTGOING)
    assert "is_nominiert" not in found.applications.pipeline.of(Direction.INCOMING)
