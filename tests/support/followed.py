"""A sandbox in a thread, and a bridge beside it that follows students."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.support.played import Played

from mobility_bridge.domain.term import Term
from mobility_bridge.sandbox.config import render_config, render_ladok
from mobility_bridge.sandbox.host import Plan, Sandbox

STUDENTS = "\n[students]\nenabled = true\n"


class Followed:
    """The stage, and the commands that a user would type."""

    def __init__(self, folder: Path, sandbox: Sandbox, environ: Mapping[str, str]) -> None:
        self.played = Played(folder, environ)
        self.sandbox = sandbox

    def sync(self, *more: str, expected_exit: int = 0) -> dict[str, Any]:
        done = self.played.command("sync", "--json", *more)
        assert done.code == expected_exit, done.out + done.err
        found: dict[str, Any] = done.json
        return found

    def codes(self) -> set[str]:
        """What is open, by code."""
        return {code for code, _ in self.played.codes()}

    def stays(self) -> list[dict[str, Any]]:
        listed = self.played.command("students", "list", "--json")
        assert listed.code == 0, listed.err
        found: list[dict[str, Any]] = listed.json
        return found

    def switch(self, who: str, fault: str, *, on: bool = True) -> None:
        self.sandbox.stage.switch(who, fault, on=on)

    def leave(self, **facts: Any) -> Any:
        """One of our students is abroad this term."""
        given = {
            "omobility_id": "NH-OM-1",
            "partner": "brava.example",
            "given_names": "Alma Testa",
            "family_name": "Provina",
            "born": "2003-02-14",
            "serial": 12,
            "term": this_term(),
            "in_ladok": "admitted",
            **facts,
        }
        return self.sandbox.stage.about_students("add_outgoing", **given)

    def come(self, **facts: Any) -> Any:
        """A partner's student is here this term."""
        given = {
            "omobility_id": "BR-OM-1",
            "partner": "brava.example",
            "given_names": "Bruno Esempio",
            "family_name": "Modello",
            "born": "2002-06-30",
            "serial": 345,
            "woman": False,
            "term": this_term(),
            **facts,
        }
        return self.sandbox.stage.about_students("add_incoming", **given)

    def register(self) -> None:
        """The student who is abroad is registered in Ladok for the term."""
        admissions = self.sandbox.stage.world.ladok.admissions.values()
        (term_abroad,) = [each for each in admissions if each.within is not None]
        self.sandbox.stage.in_ladok("register", "handlaggare@NHU", admission_uid=term_abroad.uid)


def this_term() -> str:
    return Term.containing(datetime.now(UTC).date()).period_code


@contextmanager
def followed(folder: Path, environ: Mapping[str, str] | None = None) -> Iterator[Followed]:
    """Run the sandbox, without any student yet, while the block runs."""
    sandbox = Sandbox(folder, Plan("clean"))
    written = render_config(folder) + render_ladok(folder) + STUDENTS
    (folder / "mobility-bridge.toml").write_text(written)
    sandbox.stage.world.ladok.collector_s = 0
    with sandbox.in_thread():
        stage = Followed(folder, sandbox, environ or {})
        assert stage.played.command("db", "upgrade").code == 0
        yield stage
