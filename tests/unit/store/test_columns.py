from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.dialects.sqlite import dialect

from mobility_bridge.store.columns import Digest, Instant, from_micros, to_micros


@given(st.datetimes(timezones=st.just(UTC)))
def test_every_instant_survives_as_whole_microseconds(instant: datetime):
    assert from_micros(to_micros(instant)) == instant


def test_the_zone_is_forgotten_but_not_the_instant():
    evening = datetime(2026, 10, 25, 2, 30, tzinfo=timezone(timedelta(hours=1)))

    assert from_micros(to_micros(evening)) == datetime(2026, 10, 25, 1, 30, tzinfo=UTC)


def test_an_instant_without_a_zone_is_refused():
    with pytest.raises(ValueError, match="without a time zone"):
        Instant().process_bind_param(datetime(2026, 11, 2), dialect())  # noqa: DTZ001 - the point of the test


@pytest.mark.parametrize("text", ["", "abc", "A" * 64, "g" * 64, "a" * 63, "a" * 65, "a" * 64 + "\n"])
def test_what_is_no_digest_is_refused(text: str):
    with pytest.raises(ValueError, match="not a SHA-256"):
        Digest().process_bind_param(text, dialect())
