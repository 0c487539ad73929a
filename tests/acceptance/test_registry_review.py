"""The registry itself is read over HTTP, and agrees with what its feed told."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.followed import Followed, followed


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Followed]:
    with followed(tmp_path, {"MOBILITY_BRIDGE__ADAPTERS__LADOK__CALLS_PER_S": "20"}) as found:
        yield found


def test_a_review_reads_everybody_whom_we_follow_and_finds_nothing_missed(stage: Followed) -> None:
    stage.leave()
    stage.sync()
    before = stage.codes()
    review = stage.sync("--source", "ladok", "--full")["students"]["review"]
    assert review["error"] is None
    assert review["students"] >= 1
    assert review["asked"] >= 8
    assert review["missed"] == {}
    assert stage.codes() == before
    stage.register()
    again = stage.sync("--source", "ladok", "--full")["students"]["review"]
    assert (again["error"], again["missed"]) == (None, {})
    assert stage.codes() == before - {"REGISTRATION_MISSING"}
