"""Places, ends and successors of agreements."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from tests.support.cases import OURS, THEIRS, condition, iia, incoming

from mobility_bridge.domain.agreement import MobilityKind, SubjectArea
from mobility_bridge.domain.places import ExpiryState
from mobility_bridge.reconcile.calendar import decision_day, months_before
from mobility_bridge.reconcile.isced import is_official_title, related
from mobility_bridge.reconcile.places import (
    balance,
    continues,
    covered_twice,
    expand,
    expiry,
    one_direction_only,
)


def years(first: str, last: str) -> dict[str, object]:
    return {"receiving_first_academic_year_id": first, "receiving_last_academic_year_id": last}


def test_a_condition_counts_in_its_first_and_its_last_year() -> None:
    assert [(each.start_year, each.number) for each in expand(condition())] == [
        (2026, 2),
        (2027, 2),
        (2028, 2),
    ]


@pytest.mark.parametrize(
    ("first", "last"),
    [
        ("2026/2027", "2025/2026"),
        ("2026/2027", "2027/2027"),
        ("2026", "2027/2028"),
        ("1000/1001", "2026/2027"),
    ],
)
def test_years_that_make_no_range_are_not_counted(first: str, last: str) -> None:
    assert list(expand(condition(**years(first, last)))) == []


def test_the_balance_is_incoming_less_outgoing_per_kind_and_year() -> None:
    terms = iia(condition(), incoming(mobilities_per_year=5, total_per_year=Decimal(20)))
    found = balance(OURS, THEIRS, [terms])
    assert [(each.kind, each.start_year, each.agreed, each.agreed_total) for each in found] == [
        (MobilityKind.STUDENT_STUDIES, year, 3, Decimal(10)) for year in (2026, 2027, 2028)
    ]
    assert not any(each.incomplete or each.approximate or each.total_incomplete for each in found)


def test_numbers_not_defined_are_left_out_and_marked() -> None:
    terms = iia(condition(mobilities_not_yet_defined=True, total_per_year=None), incoming())
    first = balance(OURS, THEIRS, [terms])[0]
    assert (first.outgoing, first.incoming, first.incomplete, first.total_incomplete) == (0, 2, True, True)


def test_southern_years_are_aligned_by_their_start_and_marked() -> None:
    terms = iia(condition(**years("2026/2026", "2026/2026")), incoming(**years("2026/2027", "2026/2027")))
    (only,) = balance(OURS, THEIRS, [terms])
    assert (only.outgoing, only.incoming, only.approximate) == (2, 2, True)


def test_terminated_agreements_and_other_universities_count_nothing() -> None:
    assert balance(OURS, THEIRS, [iia(terminated=True)]) == ()
    assert balance(OURS, THEIRS, [iia(condition(receiving_hei_id="third.example"))]) == ()


@pytest.mark.parametrize(
    ("today", "state"),
    [
        (date(2026, 8, 31), ExpiryState.NOT_STARTED),
        (date(2026, 9, 1), ExpiryState.RUNNING),
        (date(2027, 9, 1), ExpiryState.EXPIRING),
        (date(2029, 8, 31), ExpiryState.EXPIRING),
        (date(2029, 9, 1), ExpiryState.EXPIRED),
    ],
)
def test_an_agreement_is_somewhere_in_its_time(today: date, state: ExpiryState) -> None:
    assert expiry(iia(), today).state is state


def test_an_agreement_may_be_partly_over() -> None:
    terms = iia(condition(**years("2024/2025", "2024/2025")), incoming())
    found = expiry(terms, date(2026, 10, 1))
    assert found.state is ExpiryState.PARTLY_EXPIRED
    assert (found.first_end_on, found.last_end_on) == (date(2025, 8, 31), date(2029, 8, 31))
    assert found.decide_by == date(2027, 1, 31)
    assert expiry(terms, date(2029, 2, 1)).decide_by is None


def test_an_agreement_without_readable_years_has_no_known_end() -> None:
    assert expiry(iia(condition(**years("x", "y"))), date(2026, 10, 1)).state is ExpiryState.UNKNOWN


def test_a_successor_adjoins_or_overlaps_and_ends_later() -> None:
    later = iia(condition(**years("2029/2030", "2031/2032")))
    assert continues(iia(), later)
    assert not continues(later, iia())
    assert not continues(iia(), iia(condition(**years("2030/2031", "2031/2032"))))
    assert not continues(
        iia(), iia(condition(**years("2029/2030", "2031/2032"), subject_areas=(SubjectArea("0911"),)))
    )
    assert not continues(iia(), iia(condition(**years("2029/2030", "?"))))


def test_places_offered_by_two_agreements_for_the_same_years_are_found() -> None:
    longer = iia(condition(**years("2028/2029", "2030/2031")))
    (found,) = covered_twice([iia(), longer])
    assert (found.one, found.other, found.first_start_year, found.last_start_year) == (0, 1, 2028, 2028)
    assert covered_twice([iia(), replace(longer, terminated_as_a_whole=True)]) == ()
    assert covered_twice([iia(), iia(condition(**years("2029/2030", "2030/2031")))]) == ()


def test_a_kind_of_mobility_that_goes_one_way_is_named() -> None:
    terms = iia(condition(), incoming(), condition(kind=MobilityKind.STAFF_TEACHING))
    assert one_direction_only(terms) == (MobilityKind.STAFF_TEACHING,)


def test_decisions_for_the_coming_year_fall_on_the_last_of_january() -> None:
    assert decision_day(date(2026, 1, 31)) == date(2026, 1, 31)
    assert decision_day(date(2026, 2, 1)) == date(2027, 1, 31)


def test_months_are_counted_back_to_a_day_that_exists() -> None:
    assert months_before(date(2026, 8, 31), 6) == date(2026, 2, 28)
    assert months_before(date(2026, 1, 15), 18) == date(2024, 7, 15)
    assert months_before(date(2026, 1, 31), 1) == date(2025, 12, 31)


def test_fields_of_education_know_their_broader_forms_and_titles() -> None:
    assert related("0231", "0230")
    assert related("1030", "1031")
    assert not related("0231", "0232")
    assert not related("1000", "1")
    assert is_official_title("0231", "language acquisition")
    assert not is_official_title("9999", "Unknown")
