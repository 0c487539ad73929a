"""The operator's list of courses: read whole, or refused with every reason."""

from decimal import Decimal

import pytest

from mobility_bridge.domain.term import Term
from mobility_bridge.errors import UsageError
from mobility_bridge.ports.sinks import CatalogueCourse
from mobility_bridge.services.course_list import read_course_list

AUTUMN, SPRING = Term(2026, autumn=True), Term(2027, autumn=False)
GEOLOGY = CatalogueCourse(
    "NH1101",
    AUTUMN,
    "Geology of the sea",
    Decimal("7.5"),
    "en",
    (6, 7),
    "GEO",
    12,
    "https://nordhav.example/geology",
)
CSV = """number;term;name;credits;language;eqf_levels;study_field;places;description_url;withdrawn
NH1101;HT26;Geology of the sea;7,5;EN;6 7;GEO;12;https://nordhav.example/geology;

NH2000;VT27;;;;;;;;yes
"""
TOML = """
[[courses]]
number = "NH1101"
term = "HT2026"
name = "Geology of the sea"
credits = 7.5
language = "en"
eqf_levels = [6, 7]
study_field = "GEO"
places = 12
description_url = "https://nordhav.example/geology"
[[courses]]
number = "NH2000"
term = "VT27"
withdrawn = true
"""


def problems(name: str, data: str | bytes) -> str:
    with pytest.raises(UsageError) as refused:
        read_course_list(name, data if isinstance(data, bytes) else data.encode())
    return refused.value.message


@pytest.mark.parametrize(
    ("name", "text"),
    [("courses.csv", CSV), ("courses.csv", "\ufeff" + CSV), ("Courses.TOML", TOML)],
)
def test_both_forms_say_the_same(name: str, text: str) -> None:
    found = read_course_list(name, text.encode())
    assert found.offered == (GEOLOGY,)
    assert found.withdrawn == (("NH2000", SPRING),)


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_what_is_left_empty_is_not_said(delimiter: str) -> None:
    text = "number,term,name,places\nNH1,HT26,Sea,\n".replace(",", delimiter)
    assert read_course_list("a.csv", text.encode()).offered == (CatalogueCourse("NH1", AUTUMN, "Sea"),)


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (",HT26,Sea,,,,,", "number is empty"),
        ("NH1,autumn,Sea,,,,,", "term is no term"),
        ("NH1,HT26,,,,,,", "name is empty"),
        ("NH1,HT26,=A1,,,,,", "name is a formula"),
        ("NH1,HT26,Sea,many,,,,", "credits is no number"),
        ("NH1,HT26,Sea,-1,,,,", "credits is no number"),
        ("NH1,HT26,Sea,NaN,,,,", "credits is no number"),
        ("NH1,HT26,Sea,,English,,,", "language is no language tag"),
        ("NH1,HT26,Sea,,,9,,", "eqf_levels is no list"),
        ("NH1,HT26,Sea,,,high,,", "eqf_levels is no list"),
        ("NH1,HT26,Sea,,,,-2,", "places is no number"),
        ("NH1,HT26,Sea,,,,few,", "places is no number"),
        ("NH1,HT26,Sea,,,,,javascript:x", "description_url is no address"),
        ("NH1,HT26,Sea,,,,,,more", "more cells than columns"),
        ("NH2,HT26,Lake,,,,,", "NH2 in HT26 stands there twice"),
        ('NH1,HT26,"Sea', "line 3"),
    ],
)
def test_a_row_that_cannot_be_read_is_named_with_its_line(row: str, reason: str) -> None:
    text = f"number,term,name,credits,language,eqf_levels,places,description_url\nNH2,HT26,Lake,,,,,\n{row}\n"
    said = problems("a.csv", text)
    assert reason in said
    assert "line 3" in said


@pytest.mark.parametrize(
    ("name", "text", "reason"),
    [
        ("a.csv", "number,term\nNH1,HT26\n", "no column name"),
        ("a.csv", "number,term,name,colour\n", "unknown column 'colour'"),
        ("a.csv", "number,term,name,name\n", "column name stands there twice"),
        ("a.csv", "", "no column number"),
        ("a.csv", b"number,term,name\nNH1,HT26,\xc5land\n", "not UTF-8"),
        ("a.csv", "number,term,name,withdrawn\nNH1,HT26,Sea,perhaps\n", "withdrawn is neither yes nor no"),
        ("a.toml", "courses = 1\n", "tables [[courses]] are expected"),
        ("a.toml", "[[courses\n", "not TOML"),
        ("a.toml", "[other]\n", "unknown table 'other'"),
        (
            "a.toml",
            '[[courses]]\nnumber = "NH1"\nterm = "HT26"\nname = "Sea"\nplase = 3\n',
            "unknown column 'plase'",
        ),
    ],
)
def test_a_file_that_cannot_be_read_is_refused(name: str, text: str | bytes, reason: str) -> None:
    assert reason in problems(name, text)


def test_of_very_many_mistakes_the_first_are_named_and_the_others_counted() -> None:
    said = problems("a.csv", "number,term,name\n" + ",HT26,Sea\n" * 25)
    assert said.count("number is empty") == 20
    assert said.endswith("and 5 more")
