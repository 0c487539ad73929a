"""Values of documents that may be wrong: read exactly, or not at all and told."""

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from lxml import etree

from mobility_adapters.ewp.lenient import LenientReader, names
from mobility_bridge.domain.discrepancy import Severity
from mobility_bridge.domain.planned_day import PlannedDay
from mobility_bridge.kit.xml import Element

NS = "urn:example:documents"


def element(text: str, name: str = "value") -> Element:
    root = etree.Element(f"{{{NS}}}{name}")
    root.text = text
    return root


def told(reader: LenientReader) -> list[str]:
    return [each.code for each in reader.problems]


@pytest.mark.parametrize(
    ("written", "moment"),
    [
        ("2026-05-04T09:12:00+02:00", datetime(2026, 5, 4, 9, 12, tzinfo=timezone(timedelta(hours=2)))),
        (" 2026-05-04T09:12:00Z\n", datetime(2026, 5, 4, 9, 12, tzinfo=UTC)),
        ("2026-05-04T09:12:00.123456789Z", datetime(2026, 5, 4, 9, 12, 0, 123_456, tzinfo=UTC)),
        ("2026-05-04T09:12:00.5-11:30", datetime(2026, 5, 4, 20, 42, 0, 500_000, tzinfo=UTC)),
        ("2026-12-31T24:00:00Z", datetime(2027, 1, 1, tzinfo=UTC)),
    ],
)
def test_a_moment_is_read_with_its_offset(written: str, moment: datetime) -> None:
    reader = LenientReader()

    assert reader.instant(element(written)) == moment
    assert told(reader) == []


def test_a_moment_without_offset_is_in_utc_and_told() -> None:
    reader = LenientReader()

    assert reader.instant(element("2026-05-04T09:12:00")) == datetime(2026, 5, 4, 9, 12, tzinfo=UTC)
    assert told(reader) == ["SEM-34"]


@pytest.mark.parametrize(
    "written",
    [
        *("", "2026-05-04", "2026-05-04 09:12:00Z", "20260504T091200Z", "2026-W19-1T09:12:00Z"),
        *("2026-05-04T09:12Z", "2026-02-30T09:12:00Z", "2026-05-04T25:00:00Z", "2026-05-04T24:00:01Z"),
        *("12026-05-04T09:12:00Z", "-2026-05-04T09:12:00Z", "9999-12-31T24:00:00Z", "٢٠٢٦-05-04T09:12:00Z"),
    ],
)
def test_what_is_no_moment_is_left_out_and_told(written: str) -> None:
    reader = LenientReader()

    assert reader.instant(element(written)) is None
    assert told(reader) == ["UNREADABLE"]


@pytest.mark.parametrize("written", ["2026-01-31", " 2026-01-31Z", "2026-01-31+14:00", "2026-01-31-05:00\n"])
def test_a_day_is_read_without_its_zone(written: str) -> None:
    reader = LenientReader()

    assert reader.day(element(written)) == date(2026, 1, 31)
    assert told(reader) == []


@pytest.mark.parametrize(
    "written", ["", "31.01.2026", "2026-02-29", "20260131", "2026-01", "2026-01-31T00:00:00"]
)
def test_what_is_no_day_is_left_out_and_told(written: str) -> None:
    reader = LenientReader()

    assert reader.day(element(written)) is None
    assert told(reader) == ["UNREADABLE"]


@pytest.mark.parametrize("written", ["2026-06", " 2026-06Z", "2026-06+02:00"])
def test_a_month_is_read_without_its_zone(written: str) -> None:
    assert LenientReader().month(element(written)) == PlannedDay(2026, 6)


@pytest.mark.parametrize("written", ["", "2026", "2026-13", "2026-06-01", "0000-01", "06/2026"])
def test_what_is_no_month_is_left_out_and_told(written: str) -> None:
    reader = LenientReader()

    assert reader.month(element(written)) is None
    assert told(reader) == ["UNREADABLE"]


@pytest.mark.parametrize(("written", "number"), [("02", 2), (" +7\n", 7), ("-0", 0)])
def test_a_whole_number_may_have_sign_and_noughts(written: str, number: int) -> None:
    assert LenientReader().integer(element(written)) == number


@pytest.mark.parametrize("written", ["", "1.0", "٣", "1 2", "1e3", "9" * 19])
def test_what_is_no_whole_number_is_left_out_and_told(written: str) -> None:
    reader = LenientReader()

    assert reader.integer(element(written), Severity.WARNING) is None
    assert [each.severity for each in reader.problems] == [Severity.WARNING]


@pytest.mark.parametrize(("written", "number"), [("7.50", "7.5"), (" +.5", "0.5"), ("10.", "10")])
def test_a_decimal_is_exact(written: str, number: str) -> None:
    assert LenientReader().decimal(element(written)) == Decimal(number)


@pytest.mark.parametrize(
    ("written", "code"),
    [("7,5", "XML-12"), ("1,000.5", "UNREADABLE"), ("", "UNREADABLE"), ("NaN", "UNREADABLE")],
)
def test_a_decimal_comma_is_told_apart_from_other_nonsense(written: str, code: str) -> None:
    reader = LenientReader()

    assert reader.decimal(element(written)) is None
    assert told(reader) == [code]


def test_parts_are_taken_by_name_and_the_rest_is_told() -> None:
    # given
    root = etree.fromstring(
        f'<a xmlns="{NS}" xmlns:o="urn:example:other"><b>1</b><b>2</b><c>3</c><c>4</c><o:d>5</o:d><e>6</e></a>'
    )
    expected = names(NS, "b", "c", "d", several=("c",)).taking("urn:example:other", code="XML-99")
    reader = LenientReader()

    # when
    parts = reader.parts(root, expected)

    # then
    assert {name: each.text for name, each in parts.items()} == {"b": "1", "c": "3", "d": "5"}
    assert [(each.code, each.path) for each in reader.problems] == [
        ("REPEATED", "/a/b[2]"),
        ("XML-99", "/a/d"),
        ("UNKNOWN", "/a/e"),
    ]


def test_a_message_quotes_no_text() -> None:
    reader = LenientReader()

    reader.day(element("born in the spring", "birth-date"))

    assert "spring" not in reader.problems[0].message
