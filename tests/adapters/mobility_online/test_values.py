"""Texts are read strictly."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from mobility_adapters.mobility_online import values

STOCKHOLM = ZoneInfo("Europe/Stockholm")


@pytest.mark.parametrize("text", ["01.09.2026", "2026-09-01", "2026-09-01Z", "2026-09-01+02:00"])
def test_a_date_is_dotted_or_iso(text: str) -> None:
    assert values.day(text) == date(2026, 9, 1)


@pytest.mark.parametrize(("text", "number"), [("10", "10"), ("30,00", "30"), ("7.50", "7.5"), ("0", "0")])
def test_a_decimal_has_a_comma_or_a_point(text: str, number: str) -> None:
    assert values.decimal(text) == Decimal(number)
    assert values.plain(values.decimal(text)) == number


@pytest.mark.parametrize(
    ("read", "text"),
    [
        (values.day, "31.02.2026"),
        (values.day, "1.9.2026"),
        (values.day, "09/01/2026"),
        (values.day, "2026-13-01"),
        (values.day, "20260901"),
        (values.decimal, "1.000,00"),
        (values.decimal, "1e3"),
        (values.decimal, "NaN"),
        (values.decimal, ""),
        (values.integer, "2.0"),
        (values.integer, "٢"),
        (values.boolean, "yes"),
        (values.boolean, "True"),
    ],
)
def test_what_is_not_clearly_a_value_is_refused(read: Callable[[str], object], text: str) -> None:
    with pytest.raises(ValueError):
        read(text)


def test_a_moment_without_a_zone_is_the_institutions() -> None:
    assert values.instant("2026-09-01T12:00:00", STOCKHOLM) == datetime(2026, 9, 1, 10, tzinfo=UTC)
    assert values.instant("2026-09-01T12:00:00Z", STOCKHOLM) == datetime(2026, 9, 1, 12, tzinfo=UTC)
    assert values.instant("01.09.2026", STOCKHOLM) == datetime(2026, 8, 31, 22, tzinfo=UTC)
