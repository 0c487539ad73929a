"""Civic numbers: read in every way that people write them, and refused without being shown."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mobility_bridge.domain.civic_number import (
    CivicNumber,
    CivicNumberFault,
    CivicNumberKind,
    check_digit,
    european_student_identifier,
    read_civic_number,
)

TODAY = date(2026, 11, 23)
DAYS = st.dates(date(1880, 1, 1), TODAY)
ENDS = st.integers(0, 999)


def made(day: date, end: int, added: int = 0) -> str:
    ten = f"{day:%y%m}{day.day + added:02}{end:03}"
    return f"{day:%Y%m}{day.day + added:02}{end:03}{check_digit(ten)}"


@given(DAYS, ENDS)
def test_a_number_is_read_with_and_without_its_hyphen(day: date, end: int) -> None:
    text = made(day, end)
    expected = CivicNumber(text, CivicNumberKind.PERSONAL)
    for written in (text, f"{text[:8]}-{text[8:]}", f" {text[:8]} {text[8:]}\n"):
        assert read_civic_number(written, today=TODAY) == expected
    assert expected.birth_date == day
    assert not expected.temporary


@given(st.dates(TODAY - timedelta(days=36_000), TODAY), ENDS)
def test_ten_digits_mean_the_latest_century_that_is_not_ahead(day: date, end: int) -> None:
    text = made(day, end)
    read = read_civic_number(text[2:], today=TODAY)
    assert isinstance(read, CivicNumber)
    assert read.text[2:] == text[2:]
    assert read.birth_date <= TODAY
    assert read.birth_date.replace(year=read.birth_date.year) > date(1926, 11, 22)


@given(st.dates(date(1827, 1, 1), date(1926, 11, 23)), ENDS)
def test_a_plus_sign_means_a_hundred_years_or_more(day: date, end: int) -> None:
    text = made(day, end)
    assert read_civic_number(f"{text[2:8]}+{text[8:]}", today=TODAY) == CivicNumber(
        text, CivicNumberKind.PERSONAL
    )


@given(DAYS, ENDS, st.integers(0, 11), st.integers(1, 9))
def test_one_digit_changed_is_always_noticed(day: date, end: int, place: int, by: int) -> None:
    text = made(day, end)
    changed = text[:place] + str((int(text[place]) + by) % 10) + text[place + 1 :]
    read = read_civic_number(changed, today=TODAY)
    if place >= 2:
        assert isinstance(read, CivicNumberFault)


@given(DAYS, ENDS)
def test_sixty_added_to_the_day_is_a_coordination_number(day: date, end: int) -> None:
    read = read_civic_number(made(day, end, 60), today=TODAY)
    assert isinstance(read, CivicNumber)
    assert (read.kind, read.birth_date, read.temporary) == (CivicNumberKind.COORDINATION, day, True)


@given(DAYS, ENDS, st.sampled_from("TP"))
def test_an_interim_number_is_not_put_to_the_check_digit_test(day: date, end: int, letter: str) -> None:
    text = f"{day:%Y%m%d}{letter}{end:03}"
    for written in (text, text.lower(), f"{text[:8]}-{text[8:]}"):
        assert read_civic_number(written, today=TODAY) == CivicNumber(text, CivicNumberKind.INTERIM)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", CivicNumberFault.FORM),
        ("19121212121", CivicNumberFault.FORM),
        ("１９１２１２１２１２１２", CivicNumberFault.FORM),
        ("191213121212", CivicNumberFault.DATE),
        ("190002291212", CivicNumberFault.DATE),
        ("000012121212", CivicNumberFault.DATE),
        ("191212121213", CivicNumberFault.CHECK_DIGIT),
    ],
    ids=lambda value: value.value if isinstance(value, CivicNumberFault) else "text",
)
def test_what_is_no_number_is_named_by_what_is_wrong(text: str, fault: CivicNumberFault) -> None:
    assert read_civic_number(text, today=TODAY) is fault


@given(st.text(max_size=20))
def test_no_text_is_too_strange(text: str) -> None:
    assert read_civic_number(text, today=TODAY) is not None


def test_a_number_never_shows_itself() -> None:
    read = read_civic_number("191212121212", today=TODAY)
    assert "1212" not in repr(read)


def test_the_national_key_is_lower_cased_in_the_identifier() -> None:
    assert (
        european_student_identifier(" 5F0B6D1E-3C5A-4F0E-9B57-1F2F5F3C9A01 ")
        == "urn:schac:personalUniqueCode:int:esi:ladok.se:externtstudentuid-5f0b6d1e-3c5a-4f0e-9b57-1f2f5f3c9a01"
    )
