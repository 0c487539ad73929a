"""What people read of writes: what stood there, what became of it, what waits and why."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from tests.unit.cli.conftest import Command

from mobility_bridge.cli import catalogue, register, sync, sync_students
from mobility_bridge.domain.ownership import System
from mobility_bridge.domain.term import Term
from mobility_bridge.domain.write import Write, WriteState
from mobility_bridge.ports.sinks import CatalogueAct, CatalogueChange, CataloguePlan
from mobility_bridge.services.apply import WritesReport
from mobility_bridge.services.plan import Step
from mobility_bridge.services.write_courses import CoursesPlan, CoursesReport

AUTUMN = Term(2026, autumn=True)
WRITE = Write(
    write_id=7,
    key="registration:ladok:adm:1",
    kind="registration",
    field="term",
    to=System.LADOK,
    about="P1-1 HT26",
    order="[]",
    before="ej_paborjad",
    after="registrerad",
    asked_by="kim",
    reason="asked on the phone",
    asked_at=datetime(2026, 8, 1, tzinfo=UTC),
    state=WriteState.REFUSED,
    detail="not_admitted",
    evidence=(3, 4),
)


@pytest.fixture(autouse=True)
def wide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")


def test_a_round_tells_of_each_write_and_of_what_waits(capsys: pytest.CaptureFixture[str]) -> None:
    sync_students.show_writes(WritesReport((WRITE,), held=2, left=3, off=("a.b", "c.d")))
    said = capsys.readouterr().out
    for text in ("P1-1 HT26", "ej_paborjad", "registrerad", "refused", "not admitted", "3, 4"):
        assert text in said
    assert "2 writes wait: switched off by a.b and c.d." in said
    assert "3 writes wait for the next run" in said
    assert "asked on the phone" not in said
    assert "asked on the phone" not in str(sync_students.write_data(WRITE))


def test_a_round_without_writes_says_nothing_of_them(capsys: pytest.CaptureFixture[str]) -> None:
    sync_students.show_writes(WritesReport(off=("a.b",)))
    sync.show_plan([Step("index", "brava.example", "everything")])
    assert "rite" not in capsys.readouterr().out.replace("written", "")


def test_a_plan_by_hand_shows_what_stands_there_now(capsys: pytest.CaptureFixture[str]) -> None:
    planned = SimpleNamespace(
        intended=SimpleNamespace(about="P1-1 HT26", key="one"),
        before="ej_paborjad",
        after="registrerad",
        bars=("not_admitted",),
    )
    looked: Any = SimpleNamespace(planned=[planned], now={"one": "avbrott"}, off=("a.b",))
    register._show_plan(cast("register._Looked", looked))
    said = capsys.readouterr().out
    for text in ("P1-1 HT26", "avbrott", "registrerad", "not admitted", "switched off by a.b"):
        assert text in said
    assert "ej_paborjad" not in said


def test_a_plan_by_hand_without_anything_to_register_says_why(capsys: pytest.CaptureFixture[str]) -> None:
    looked: Any = SimpleNamespace(planned=[], now={}, off=())
    register._show_plan(cast("register._Looked", looked))
    assert "not one of ours abroad" in capsys.readouterr().out


def test_a_plan_of_courses_shows_each_field_beside_what_stands_there(
    capsys: pytest.CaptureFixture[str],
) -> None:
    change = CatalogueChange(
        CatalogueAct.UPDATE,
        "NH1",
        AUTUMN,
        {"courseName": "Sea", "language": "EN"},
        {"courseName": "Ocean", "language": "EN", "freePlaces": "3"},
    )
    plan = CataloguePlan((change,), 4, problems=(("NH2", "doubled"),))
    catalogue._show_plan(CoursesPlan(plan, ("a.b",), ("course.places",)))
    said = capsys.readouterr()
    for text in ("NH1", "HT26", "Sea", "Ocean", "freePlaces", "4 courses stand", "switched off by a.b"):
        assert text in said.out
    assert "EN" not in said.out
    assert "NH2 is left alone: doubled." in said.err
    assert "course.places" in said.err


def test_a_report_of_courses_tells_what_became_of_each(capsys: pytest.CaptureFixture[str]) -> None:
    write = replace(WRITE, about="add NH1 HT26", state=WriteState.REFUTED, detail="refuted")
    catalogue._show_report(CoursesReport((write,), 2, 1))
    said = capsys.readouterr().out
    for text in ("add NH1 HT26", "refuted", "3, 4", "2 courses stood", "1 writes wait"):
        assert text in said


def test_checking_the_configuration_says_what_may_be_written(typed: Command, config: Path) -> None:
    assert "lets the bridge write nothing" in typed("config", "check", "--offline", "--config", config).out
    (config.parent / "owners.toml").write_text('[registration]\nterm = { write_to = ["ladok"] }\n')
    table = '[paths]\nownership_file = "owners.toml"\n'
    text = config.read_text()
    config.write_text(text.replace("[paths]\n", table) if "[paths]" in text else f"{text}\n{table}")
    said = typed("config", "check", "--offline", "--config", config).out
    assert "lets the bridge write registration.term to ladok" in said
    assert '"ladok"' in typed("config", "show", "--config", config).out
    (config.parent / "owners.toml").write_text('[registration]\nterms = { write_to = ["ladok"] }\n')
    refused = typed("config", "check", "--offline", "--config", config)
    assert refused.code == 2
    assert "owners.toml: registration.terms" in refused.err
