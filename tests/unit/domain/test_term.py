"""Terms: how they are written, which days they hold, which follows which."""

from datetime import date

import pytest

from mobility_bridge.domain.academic_year import AcademicYear
from mobility_bridge.domain.term import Term, terms_between


@pytest.mark.parametrize("text", ["HT26", "ht26", "HT 26", "HT2026", " HT26 "])
def test_a_term_is_read_however_it_is_written(text: str) -> None:
    assert Term.parse(text) == Term(2026, autumn=True)


@pytest.mark.parametrize("text", ["", "HT", "HT1926", "ST26", "2026", "HT 2026/2027"])
def test_what_is_no_term_is_not_guessed(text: str) -> None:
    assert Term.parse(text) is None


def test_terms_follow_one_another() -> None:
    autumn = Term(2026, autumn=True)
    assert autumn.following == Term(2027, autumn=False)
    assert autumn.following.following == Term(2027, autumn=True)
    assert autumn.following.preceding == autumn
    assert autumn < autumn.following < autumn.following.following


def test_both_terms_of_a_year_belong_to_the_same_academic_year() -> None:
    autumn = Term(2026, autumn=True)
    assert autumn.academic_year == autumn.following.academic_year == AcademicYear(2026)


def test_a_term_is_written_for_people_and_for_the_registry() -> None:
    spring = Term(2027, autumn=False)
    assert (str(spring), spring.period_code) == ("VT27", "VT2027")


@pytest.mark.parametrize(
    ("first", "last", "codes"),
    [
        (date(2026, 8, 31), date(2027, 1, 17), ["HT26"]),
        (date(2026, 8, 31), date(2027, 6, 6), ["HT26", "VT27"]),
        (date(2027, 2, 15), date(2027, 8, 5), ["VT27"]),
        (date(2027, 1, 7), date(2027, 1, 21), ["VT27"]),
        (date(2026, 8, 31), date(2026, 12, 20), ["HT26"]),
        (date(2027, 1, 18), date(2027, 6, 6), ["VT27"]),
        (date(2027, 2, 1), date(2027, 1, 1), []),
    ],
)
def test_a_stay_takes_terms(first: date, last: date, codes: list[str]) -> None:
    assert [term.code for term in terms_between(first, last)] == codes
