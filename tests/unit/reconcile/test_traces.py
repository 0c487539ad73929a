"""What a nomination says of the days of a stay."""

from dataclasses import replace
from datetime import date

import pytest
from tests.support.stays import NOMINATION, US, seen

from mobility_bridge.domain.record import RecordKind
from mobility_bridge.reconcile.traces import trace

AUTUMN = (date(2026, 8, 1), date(2027, 1, 31))
SPRING = (date(2027, 1, 1), date(2027, 8, 31))


@pytest.mark.parametrize(
    ("term", "year", "days"),
    [
        ("2026/2027-1/2", "2026/2027", AUTUMN),
        ("2026/2027-2/2", "2026/2027", SPRING),
        ("2026/2026-2/2", "2026/2027", AUTUMN),
        ("2027/2027-1/2", "2026/2027", SPRING),
        ("2026/2027-1/1", "2026/2027", (date(2026, 9, 1), date(2027, 8, 31))),
        ("2027/2027-1/1", "2026/2027", (date(2027, 1, 1), date(2027, 12, 31))),
        (None, "2026/2026", (date(2026, 1, 1), date(2026, 12, 31))),
        ("autumn", "2026/2027", (date(2026, 9, 1), date(2027, 8, 31))),
        (None, None, (None, None)),
    ],
)
def test_a_nominated_term_is_the_term_of_that_half_of_the_world(
    term: str | None, year: str | None, days: tuple[date | None, date | None]
) -> None:
    said = replace(NOMINATION, sending_academic_term_ewp_id=term, receiving_academic_year_id=year)
    found = trace(seen(RecordKind.NOMINATION, said).stored, US)
    assert (found.first_day, found.last_day) == days
