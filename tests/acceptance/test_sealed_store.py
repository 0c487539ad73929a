"""With a key nothing of a student can be read in the store's files; an erased one is gone from them and stays so."""

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

# Nothing as short as a first name: what is sealed is base64, in which four letters turn up by chance.
SECRETS = (
    "Alma Testa",
    "Provina",
    "2003-02-14",
    "20030214",
    "alma.012@",
    "esi:",
    "Bertil",
    "Exempla",
    "20011130",
)


class Stage:
    """A sandbox in a thread and a bridge beside it whose store is sealed; two students on the way to Brava."""

    def __init__(self, folder: Path, sandbox: Sandbox) -> None:
        self.folder = folder
        self.played = Played(folder, {})
        self.sandbox = sandbox
        term = Term.containing(datetime.now(UTC).date()).period_code
        for number, (given, family, born) in enumerate(
            (("Alma Testa", "Provina", "2003-02-14"), ("Bertil", "Exempla", "2001-11-30")), 1
        ):
            facts = {
                "omobility_id": f"NH-OM-{number}",
                "partner": "brava.example",
                "given_names": given,
                "family_name": family,
                "born": born,
                "serial": 10 + number,
                "term": term,
                "in_ladok": "admitted",
            }
            sandbox.stage.about_students("add_outgoing", **facts)

    def typed(self, *words: str, code: int = 0) -> Any:
        done = self.played.command(*words)
        assert done.code == code, done.out + done.err
        return done

    def raw(self) -> bytes:
        return b"".join(file.read_bytes() for file in self.folder.glob("bridge.sqlite3*"))

    def student(self, family_name: str) -> str:
        for each in self.typed("students", "list", "--json").json:
            shown = self.typed("students", "show", each["student_id"], "--json").json
            if any(person["family_name"] == family_name for person in shown["persons"]):
                return str(each["student_id"])
        raise AssertionError(family_name)


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    sandbox = Sandbox(tmp_path, Plan("clean"))
    written = render_config(tmp_path) + render_ladok(tmp_path) + "\n[students]\nenabled = true\n"
    key = tmp_path / "store.key"
    assert Played(tmp_path, {}).command("db", "keys", "create", str(key)).code == 0
    assert "[store]\n" in written
    written = written.replace("[store]\n", f'[store]\nkeys = [{{ file = "{key}" }}]\n')
    (tmp_path / "mobility-bridge.toml").write_text(written)
    sandbox.stage.world.ladok.collector_s = 0
    with sandbox.in_thread():
        assert Played(tmp_path, {}).command("db", "upgrade").code == 0
        yield Stage(tmp_path, sandbox)


def test_nothing_of_a_student_can_be_read_in_the_files_of_a_sealed_store(stage: Stage) -> None:
    stage.typed("sync", "--json")
    assert len(stage.typed("students", "list", "--json").json) == 2
    raw = stage.raw()
    assert len(raw) > 100_000
    assert not [secret for secret in SECRETS if secret.lower().encode() in raw.lower()]
    assert stage.typed("evidence", "verify", "--json").json["problems"] == []
    log = (stage.folder / "bridge.log.jsonl").read_text()
    assert not [secret for secret in SECRETS if secret in log]


def test_an_erased_student_is_not_brought_back_by_any_system(stage: Stage, tmp_path: Path) -> None:
    # given
    stage.typed("sync", "--json")
    alma, bertil = stage.student("Provina"), stage.student("Exempla")
    out = tmp_path / "alma.json"
    stage.typed("privacy", "export", alma, "--out", str(out))
    held = out.read_text("utf-8")
    assert "Provina" in held
    assert "Exempla" not in held
    bodies = [each["body_is"] for each in json.loads(held)["evidence"]]
    assert bodies.count("whole") + bodies.count("part") > 2

    # when
    done = stage.typed("privacy", "erase", alma, "--by", "karin", "--why", "asked", "--json").json
    stage.typed("ladok", "feed", "rewind", "--to", "1")
    stage.typed("sync", "--full", "--json")

    # then
    assert done["counts"]["records"] >= 2
    assert [each["student_id"] for each in stage.typed("students", "list", "--json").json] == [bertil]
    assert stage.typed("students", "show", alma, code=2).err.startswith(
        f"no student or stay has the id {alma}"
    )
    verified = stage.typed("evidence", "verify", "--json").json
    assert verified["problems"] == []
    assert verified["erased_bodies"] >= done["counts"]["evidence"] > 0
    recognised = [
        json.loads(line)
        for line in (stage.folder / "bridge.log.jsonl").read_text().splitlines()
        if "privacy.recognised" in line
    ]
    assert {"ladok", "mobility_online"} <= {line["source"] for line in recognised}


def test_without_a_key_an_erased_student_is_gone_from_the_files_as_well(stage: Stage) -> None:
    config = stage.folder / "mobility-bridge.toml"
    text = "\n".join(line for line in config.read_text().splitlines() if not line.startswith("keys = "))
    config.write_text(text)
    stage.typed("sync", "--json")
    alma = stage.student("Provina")
    assert b"Provina" in stage.raw()
    stage.typed("privacy", "erase", alma, "--why", "asked")
    stage.typed("sync", "--full", "--json")
    raw = stage.raw()
    assert not [
        secret for secret in ("Provina", "20030214", "2003-02-14", "alma.011@") if secret.encode() in raw
    ]
