"""An outgoing student's story, over HTTP, in four systems: found in time, and gone after the registration."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.followed import Followed, followed

SECRETS = ("Alma", "Testa", "Provina", "2003-02-14", "20030214", "alma.012@")


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Followed]:
    with followed(tmp_path) as found:
        yield found


def test_an_unregistered_student_is_found_and_gone_after_the_registration(stage: Followed) -> None:
    stage.leave()
    stage.sync()
    assert "REGISTRATION_MISSING" in stage.codes()
    found = stage.played.command("discrepancies", "list", "--json").json
    (missing,) = [each for each in found if each["code"] == "REGISTRATION_MISSING"]
    assert (missing["severity"], missing["owner"]) == ("blocking", "us")

    stage.register()
    stage.sync()
    assert "REGISTRATION_MISSING" not in stage.codes()


def test_one_stay_is_seen_in_every_system(stage: Followed) -> None:
    stage.leave(in_ladok="registered")
    stage.sync()
    (stay,) = stage.stays()
    assert stay["partner_hei_id"] == "brava.example"
    assert "REGISTRATION_MISSING" not in stage.codes()
    assert "STUDENT_UNKNOWN_IN_SIS" not in stage.codes()


def test_nothing_about_the_student_is_in_the_log(stage: Followed, tmp_path: Path) -> None:
    stage.leave()
    stage.sync()
    written = (tmp_path / "bridge.log.jsonl").read_text()
    assert len(written.splitlines()) > 10
    for line in written.splitlines():
        json.loads(line)
    for secret in SECRETS:
        assert secret not in written
