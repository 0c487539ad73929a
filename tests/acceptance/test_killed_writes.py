"""Registering is killed at every step; it is made once, never lost, and what stood there before is kept."""

import asyncio
import shutil
import signal
from pathlib import Path
from typing import Any

import pytest
from tests.support.followed import Followed, followed
from tests.support.killing import ANYWHERE, Death, Server
from tests.support.killing_writes import Life

from mobility_bridge.domain.write import Write, WriteState
from mobility_bridge.services.write_log import LEASE
from mobility_bridge.store import open_store
from mobility_bridge.store.chain import verify

SWITCHES = {
    "MOBILITY_BRIDGE__PATHS__OWNERSHIP_FILE": "owners.toml",
    "MOBILITY_BRIDGE__ADAPTERS__LADOK__REGISTRATION": "true",
}


def kept(database: Path) -> tuple[list[Write], list[bytes]]:
    """Every write, and the answers that are its evidence; the chain holds."""

    async def read() -> Any:
        store = open_store(f"sqlite:///{database}")
        try:
            return await store.read(look)
        finally:
            await store.close()

    def look(uow: Any) -> tuple[list[Write], list[bytes]]:
        _, breaks = verify(uow.evidence.scan(limit=10_000))
        assert list(breaks) == []
        writes = list(uow.writes.select())
        numbers = [number for each in writes for number in each.evidence]
        return writes, [uow.evidence.get(number).exchange.body for number in numbers]

    found: tuple[list[Write], list[bytes]] = asyncio.run(read())
    return found


def unregistered(stage: Followed) -> None:
    """Everything in Ladok as it was."""
    ladok = stage.sandbox.stage.world.ladok
    for each in ladok.admissions.values():
        if each.within is not None and each.periods[0].state == "registrerad":
            stage.sandbox.stage.in_ladok("unregister", "handlaggare@NHU", admission_uid=each.uid)


@pytest.mark.slow
def test_a_registration_killed_at_every_step_is_made_once_and_the_old_value_kept(tmp_path: Path) -> None:
    (tmp_path / "owners.toml").write_text('[registration]\nterm = { write_to = ["ladok"] }\n')
    with followed(tmp_path) as stage, Server("tests.support.killing_writes") as server:
        # given
        stage.leave()
        stage.sync()
        before, counts = tmp_path / "before.sqlite3", tmp_path / "steps"
        shutil.copy(tmp_path / "bridge.sqlite3", before)

        def life(trial: int, **more: Any) -> Life:
            database, delivered = tmp_path / f"{trial}.sqlite3", tmp_path / f"{trial}.delivered"
            if not database.exists():
                shutil.copy(before, database)
                delivered.write_text("")
            return Life(stage.played.config, database, delivered, SWITCHES, **more)

        assert server.run(life(0, counts=counts)) == 0
        steps = int(counts.read_text())
        assert steps >= 20

        for trial in range(1, steps + 1):
            unregistered(stage)

            # when
            assert server.run(life(trial, death=Death(ANYWHERE, trial))) == -signal.SIGKILL
            ended = life(trial, ahead_s=LEASE.total_seconds())
            assert server.run(ended) == 0

            # then
            (write,), answers = kept(ended.database)
            assert (write.state, write.found) == (WriteState.DONE, "registrerad"), trial
            assert write.before == "ej_paborjad", trial
            answered = ended.delivered.read_text().split()
            assert len(answered) <= 1, "asked to register twice"
            assert any(b"registrerad" in each for each in answers), trial
