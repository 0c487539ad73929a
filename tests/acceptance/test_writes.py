"""The bridge registers a student in Ladok over HTTP: once, beside what stood there, and only when it may."""

import contextlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from tests.support.followed import Followed, followed

OWNED = {"MOBILITY_BRIDGE__PATHS__OWNERSHIP_FILE": "owners.toml"}
SWITCHED = {"MOBILITY_BRIDGE__ADAPTERS__LADOK__REGISTRATION": "true"}
QUICK = {
    "MOBILITY_BRIDGE__ADAPTERS__LADOK__READ_ATTEMPTS": "2",
    "MOBILITY_BRIDGE__ADAPTERS__LADOK__READ_TIMEOUT_S": "3",
}
MISSED = "REGISTRATION_MISSING"
REFUSED = "WRITE_REFUSED"
LADOK = "adapters.ladok.registration"


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Followed]:
    """One student of ours abroad is not registered; the bridge knows, and may write."""
    with missed(tmp_path) as found:
        set_switches(found, {**OWNED, **SWITCHED})
        yield found


@contextlib.contextmanager
def missed(folder: Path) -> Iterator[Followed]:
    (folder / "owners.toml").write_text('[registration]\nterm = { write_to = ["ladok"] }\n')
    with followed(folder, QUICK) as found:
        found.leave()
        found.sync()
        assert MISSED in found.codes()
        yield found


def set_switches(stage: Followed, switches: Mapping[str, str]) -> None:
    stage.played.environ = {**QUICK, **switches}


def planned(stage: Followed) -> list[dict[str, Any]]:
    """The writes that a dry run shows."""
    done = stage.played.command("sync", "--source", "ladok", "--dry-run", "--json")
    assert done.code == 0, done.err
    return [step for step in done.json if step["after"] is not None]


def registered(stage: Followed) -> list[str]:
    """Who registered somebody in Ladok."""
    return [
        each.saved_by
        for each in stage.sandbox.stage.world.ladok.admissions.values()
        for period in each.periods
        if period.state == "registrerad"
    ]


def round_of_ladok(stage: Followed, expected_exit: int = 0) -> list[dict[str, Any]]:
    """Follow the feed, compare, write; what became of each write."""
    found: list[dict[str, Any]] = stage.sync("--source", "ladok", expected_exit=expected_exit)["writes"][
        "looked_at"
    ]
    return found


def register_by_hand(stage: Followed, *more: str, code: int = 0) -> Any:
    done = stage.played.command(
        "students", "register", "P1-1", "--by", "kim", "--why", "asked by phone", "--json", *more
    )
    assert done.code == code, done.out + done.err
    return json.loads(done.out) if done.out else done.err


def test_a_missed_student_is_registered_once_and_missed_no_more(stage: Followed, tmp_path: Path) -> None:
    # given
    (step,) = planned(stage)
    assert (step["what"], step["whom"]) == ("write registration", "ladok")
    assert (step["before"], step["after"]) == ("ej_paborjad", "registrerad")
    for text in ("Stands there now", "ej_paborjad", "registrerad"):
        assert text in stage.played.command("sync", "--dry-run").out
    assert registered(stage) == []

    # when
    (write,) = round_of_ladok(stage)

    # then
    assert (write["state"], write["before"], write["found"]) == ("done", "ej_paborjad", "registrerad")
    assert (write["asked_by"], write["attempts"]) == ("mobility-bridge", 1)
    assert len(registered(stage)) == 1
    bodies = [stage.played.command("evidence", "show", str(number)).out for number in write["evidence"]]
    assert any("ej_paborjad" in each for each in bodies[:2]), "the old value is among the evidence"
    assert round_of_ladok(stage) == []
    assert MISSED not in stage.codes()
    assert planned(stage) == []
    told = stage.played.command("students", "explain", "P1", "--json").json["timeline"]
    assert [
        each["what"] for each in told if each["about"] == "registration HT26" or each["system"] == "bridge"
    ].count("sent") == 1
    log = (tmp_path / "bridge.log.jsonl").read_text()
    assert '"write.settled"' in log
    assert not [secret for secret in ("Alma", "Provina", "20030214", "asked by phone") if secret in log]


@pytest.mark.parametrize(
    ("switches", "named"),
    [
        ({}, (LADOK, "paths.ownership_file")),
        (OWNED, (LADOK,)),
        (SWITCHED, ("paths.ownership_file",)),
    ],
)
def test_nothing_is_written_while_either_switch_is_off(
    tmp_path: Path, switches: dict[str, str], named: tuple[str, ...]
) -> None:
    with missed(tmp_path) as stage:
        set_switches(stage, switches)
        (step,) = planned(stage)
        assert step["what"] == "leave registration"
        refused = register_by_hand(stage, code=2)
        for name in (LADOK, "paths.ownership_file"):
            assert (name in step["detail"]) is (name in refused) is (name in named)
        assert round_of_ladok(stage) == []
        assert registered(stage) == []


def test_a_person_registers_a_student_by_hand(stage: Followed) -> None:
    (shown,) = register_by_hand(stage, "--dry-run")["writes"]
    assert (shown["before"], shown["after"], shown["bars"]) == ("ej_paborjad", "registrerad", [])
    assert registered(stage) == []
    (write,) = register_by_hand(stage)["looked_at"]
    assert (write["state"], write["asked_by"]) == ("done", "kim")
    told = stage.played.command("students", "explain", "P1").out
    assert "asked by kim" in told
    round_of_ladok(stage)
    assert "no registration is missing" in register_by_hand(stage, code=2)


def test_a_registration_that_somebody_removes_is_not_made_again_by_itself(stage: Followed) -> None:
    round_of_ladok(stage)
    round_of_ladok(stage)
    (admission,) = [
        each for each in stage.sandbox.stage.world.ladok.admissions.values() if each.within is not None
    ]
    stage.sandbox.stage.in_ladok("unregister", "handlaggare@NHU", admission_uid=admission.uid)
    assert round_of_ladok(stage) == []
    assert MISSED in stage.codes()
    (step,) = planned(stage)
    assert "written_before" in step["detail"]
    assert registered(stage) == []


def test_somebody_else_was_quicker(stage: Followed) -> None:
    stage.register()
    (write,) = register_by_hand(stage)["looked_at"]
    assert (write["state"], write["detail"], write["before"]) == ("done", "already", "registrerad")
    assert registered(stage) == ["handlaggare@NHU"]


def test_an_obstacle_is_said_and_shows_until_a_person_removes_it(stage: Followed) -> None:
    ladok = stage.sandbox.stage.world.ladok
    (admission,) = [each for each in ladok.admissions.values() if each.within is not None]
    ladok.occasion(admission.occasion_uid).cancelled = True
    (write,) = round_of_ladok(stage)
    assert (write["state"], write["detail"]) == ("refused", "obstacle: mock.registrering.hinder.installt")
    assert stage.played.command("status", "--offline", "--json").json["writes"] == [
        {"about": "P1-1 HT26", "to": "ladok", "state": "refused", "detail": write["detail"]}
    ]
    assert "refused" in stage.played.command("students", "explain", "P1").out
    assert round_of_ladok(stage) == []
    assert {MISSED, REFUSED} <= set(stage.codes())
    ladok.occasion(admission.occasion_uid).cancelled = False
    (write,) = register_by_hand(stage)["looked_at"]
    assert write["state"] == "done"
    assert stage.played.command("status", "--offline", "--json").json["writes"] == []
    round_of_ladok(stage)
    assert REFUSED not in stage.codes()


def test_a_protected_student_is_never_written(stage: Followed) -> None:
    (student,) = {each.student_uid for each in stage.sandbox.stage.world.ladok.admissions.values()}
    stage.sandbox.stage.in_ladok("protect_person", "handlaggare@NHU", student_uid=student)
    assert round_of_ladok(stage) == []
    assert "protected" in register_by_hand(stage, code=2)
    assert registered(stage) == []


@pytest.mark.parametrize("fault", ["stale_lock", "times_out_after_write", "throttles"])
def test_what_ladok_does_wrong_in_passing_is_coped_with(stage: Followed, fault: str) -> None:
    stage.switch("ladok", fault)
    round_of_ladok(stage)
    stage.switch("ladok", fault, on=False)
    round_of_ladok(stage)
    assert len(registered(stage)) == 1
    assert MISSED not in stage.codes()
    assert stage.played.command("status", "--offline", "--json").json["writes"] == []


def test_while_ladok_is_closed_a_write_waits_and_is_then_made_once(stage: Followed, tmp_path: Path) -> None:
    stage.switch("ladok", "maintenance_window")
    (write,) = round_of_ladok(stage, 3)
    assert (write["state"], write["attempts"]) == ("queued", 0)
    assert registered(stage) == []
    assert '"write.delayed"' in (tmp_path / "bridge.log.jsonl").read_text()
    stage.switch("ladok", "maintenance_window", on=False)
    (again,) = round_of_ladok(stage)
    assert (again["write_id"], again["state"], again["attempts"]) == (write["write_id"], "done", 1)
    assert len(registered(stage)) == 1
