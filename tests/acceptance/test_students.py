"""An outgoing student's story, over HTTP, in four systems: found in time, and gone after the registration."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from tests.support.played import Played

from mobility_bridge.domain.term import Term
from mobility_bridge.sandbox.config import render_config, render_ladok
from mobility_bridge.sandbox.host import Plan, Sandbox

SECRETS = ("Alma", "Testa", "Provina", "2003-02-14", "20030214", "alma.012@")


class Stage:
    """A sandbox in a thread, a bridge that follows students, and one student on the way to Brava."""

    def __init__(self, folder: Path, sandbox: Sandbox) -> None:
        self.played = Played(folder, {})
        self.sandbox = sandbox

    def sync(self) -> dict[str, Any]:
        done = self.played.command("sync", "--json")
        assert done.code == 0, done.err
        found: dict[str, Any] = done.json
        return found

    def codes(self) -> set[str]:
        return {code for code, _ in self.played.codes()}


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    sandbox = Sandbox(tmp_path, Plan("clean"))
    written = render_config(tmp_path) + render_ladok(tmp_path) + "\n[students]\nenabled = true\n"
    (tmp_path / "mobility-bridge.toml").write_text(written)
    sandbox.stage.world.ladok.collector_s = 0
    with sandbox.in_thread():
        assert Played(tmp_path, {}).command("db", "upgrade").code == 0
        yield Stage(tmp_path, sandbox)


def leave(stage: Stage, **facts: Any) -> Any:
    """A student who is abroad this term."""
    term = Term.containing(datetime.now(UTC).date()).period_code
    given = {
        "omobility_id": "NH-OM-1",
        "partner": "brava.example",
        "given_names": "Alma Testa",
        "family_name": "Provina",
        "born": "2003-02-14",
        "serial": 12,
        "term": term,
        "in_ladok": "admitted",
        **facts,
    }
    return stage.sandbox.stage.about_students("add_outgoing", **given)


def test_an_unregistered_student_is_found_and_gone_after_the_registration(stage: Stage) -> None:
    leave(stage)
    stage.sync()
    assert "REGISTRATION_MISSING" in stage.codes()
    found = stage.played.command("discrepancies", "list", "--json").json
    (missing,) = [each for each in found if each["code"] == "REGISTRATION_MISSING"]
    assert (missing["severity"], missing["owner"]) == ("blocking", "us")

    admissions = stage.sandbox.stage.world.ladok.admissions.values()
    (term_abroad,) = [each for each in admissions if each.within is not None]
    stage.sandbox.stage.in_ladok("register", "handlaggare@NHU", admission_uid=term_abroad.uid)
    stage.sync()
    assert "REGISTRATION_MISSING" not in stage.codes()


def test_one_stay_is_seen_in_every_system(stage: Stage) -> None:
    leave(stage, in_ladok="registered")
    stage.sync()
    listed = stage.played.command("students", "list", "--json")
    assert listed.code == 0, listed.err
    assert len(listed.json) == 1, listed.out
    (stay,) = listed.json
    assert stay["partner_hei_id"] == "brava.example"
    assert "REGISTRATION_MISSING" not in stage.codes()
    assert "STUDENT_UNKNOWN_IN_SIS" not in stage.codes()


def test_nothing_about_the_student_is_in_the_log(stage: Stage, tmp_path: Path) -> None:
    leave(stage)
    stage.sync()
    written = (tmp_path / "bridge.log.jsonl").read_text()
    assert len(written.splitlines()) > 10
    for line in written.splitlines():
        json.loads(line)
    for secret in SECRETS:
        assert secret not in written
