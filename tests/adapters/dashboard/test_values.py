"""What stands in a cell: read strictly, refused with a code and never quoted."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from tests.support.dashboard import packaged_mapping

from mobility_adapters.dashboard import values
from mobility_bridge.domain.la_listing import ListedState
from mobility_bridge.domain.term import Term

ZONE = ZoneInfo("Europe/Stockholm")
WORDS = packaged_mapping().words


@pytest.mark.parametrize(
    "text",
    [
        "31/08/2026",
        "31.08.2026",
        "31.8.2026",
        "2026-08-31",
        "2026-08-31Z",
        "2026-08-31+02:00",
        "31/08/2026 14:05",
        "31/08/2026 14:05:59",
        "2026-08-31T23:30:00",
        "2026-08-31T23:30:00+02:00",
        "2026-08-30T22:30:00Z",
    ],
)
def test_a_day_may_be_written_in_many_ways(text: str):
    assert values.day(text, ZONE) == date(2026, 8, 31)


@pytest.mark.parametrize(
    "text", ["08/31/2026", "31/08/26", "31/08.2026", "20260831", "2026-W36-1", "2026-13-01", "soon", "45899"]
)
def test_what_is_no_clear_day_is_none(text: str):
    with pytest.raises(values.Unreadable, match=r"^not_a_date$"):
        values.day(text, ZONE)


@pytest.mark.parametrize(("text", "number"), [("7,5", "7.5"), ("7.5", "7.5"), ("30", "30"), ("0,25", "0.25")])
def test_credits_may_have_a_comma(text: str, number: str):
    assert values.decimal(text) == Decimal(number)


@pytest.mark.parametrize("text", ["1.234,5", "1 234", "thirty", "-3", "7,5 hp", "1e3"])
def test_what_could_mean_two_numbers_is_none(text: str):
    with pytest.raises(values.Unreadable):
        values.decimal(text)


@pytest.mark.parametrize("text", ["2026/2027", "2026/27", "2026-2027", "2026\u20132027", "2026 / 2027"])
def test_an_academic_year_is_read_as_people_write_it(text: str):
    assert values.academic_year(text) == "2026/2027"


@pytest.mark.parametrize(
    ("text", "term"),
    [
        ("HT26", Term(2026, autumn=True)),
        ("höstterminen 2026", Term(2026, autumn=True)),
        ("Autumn  semester 2026", Term(2026, autumn=True)),
        ("VT 2027", Term(2027, autumn=False)),
        ("Spring semester 27", Term(2027, autumn=False)),
    ],
)
def test_a_term_is_read_in_every_language_of_the_mapping(text: str, term: Term):
    assert values.term(text, WORDS) == term


@pytest.mark.parametrize(
    ("read", "code"),
    [
        (lambda: values.term("otoño 2026", WORDS), "not_a_term"),
        (lambda: values.term("autumn", WORDS), "not_a_term"),
        (lambda: values.academic_year("2026/2029"), "not_an_academic_year"),
        (lambda: values.academic_year("2026"), "not_an_academic_year"),
        (lambda: values.state("klar", WORDS), "not_a_known_state"),
        (lambda: values.flag("maybe", WORDS), "neither_yes_nor_no"),
        (lambda: values.identifier("two words"), "not_an_id"),
        (lambda: values.identifier("x" * 65), "not_an_id"),
        (lambda: values.hei("S  STOCKHO01"), "not_a_schac_id"),
        (lambda: values.email("nobody"), "not_an_address"),
        (lambda: values.country("Sweden"), "not_a_country_code"),
        (lambda: values.iia_hash("abc"), "not_a_hash"),
    ],
)
def test_a_refusal_names_a_code_and_never_the_text(read: Callable[[], Any], code: str):
    with pytest.raises(values.Unreadable) as caught:
        read()

    assert (caught.value.code, str(caught.value)) == (code, code)


def test_words_have_meanings_whatever_their_case():
    assert values.state("Changes  Signed", WORDS) is ListedState.SIGNED
    assert values.state("closed", WORDS) is None
    assert values.flag("JA", WORDS) is True
    assert values.flag("No", WORDS) is False
    assert values.hei("ALDERTON.example") == "alderton.example"
    assert values.country("se") == "SE"


@pytest.mark.parametrize(("cell", "text"), [("  a ", "a"), ("'=1+1", "=1+1"), ("'t Hooft", "'t Hooft")])
def test_a_cell_loses_blanks_and_a_spreadsheets_guard_only(cell: str, text: str):
    assert values.plain(cell) == text
