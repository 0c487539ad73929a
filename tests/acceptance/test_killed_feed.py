"""Following the feed is killed at every kind of instant; the position is exact, no event is lost or doubled."""

import random
import shutil
import signal
import sqlite3
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from tests.support.killing import ANYWHERE, Death, Server
from tests.support.killing_feed import Life, state_of

from mobility_bridge.store.migrate import upgrade

SEED = 20261124
PAGES = 46
"""With ten entries on each: more than two commits of many pages."""
KILLS, TRIALS = 104, 52
LONGEST_MS = 60.0


def a_store(folder: Path, name: str) -> Path:
    """An empty store, copied: making one takes longer than a life."""
    empty, database = folder / "empty.sqlite3", folder / f"{name}.sqlite3"
    if not empty.exists():
        upgrade(f"sqlite:///{empty}")
    shutil.copy(empty, database)
    return database


def integrity(database: Path) -> str:
    connection = sqlite3.connect(database)
    try:
        return str(connection.execute("PRAGMA integrity_check").fetchone()[0])
    finally:
        connection.close()


def undisturbed(folder: Path, server: Server) -> tuple[Mapping[str, Any], int]:
    """What a run that nobody disturbs leaves behind, and its steps."""
    database, counts = a_store(folder, "undisturbed"), folder / "steps"
    assert server.run(Life(database, PAGES, counts=counts)) == 0
    return state_of(database), int(counts.read_text())


def lives(trial: int, steps: int, database: Path) -> Iterator[Life]:
    """Two that end early: at one of the steps that all trials together go through, then at some instant or step.

    The second goes on after a death and dies, too.
    """
    chance = random.Random(SEED + trial)
    yield Life(database, PAGES, Death(ANYWHERE, 1 + trial % TRIALS * steps // TRIALS))
    if trial % 2:
        yield Life(database, PAGES, after_ms=chance.uniform(1, LONGEST_MS))
    else:
        yield Life(database, PAGES, Death(ANYWHERE, chance.randint(1, 1 + steps // 4)))


@pytest.mark.slow
def test_a_feed_killed_at_any_instant_ends_where_an_undisturbed_one_does(tmp_path: Path) -> None:
    with Server("tests.support.killing_feed") as server:
        expected, steps = undisturbed(tmp_path, server)
        assert len(expected["events"]) > PAGES * 8
        assert expected["page_twice"] == []
        kills = trial = 0
        while kills < KILLS:
            database = a_store(tmp_path, f"trial-{trial}")
            for life in lives(trial, steps, database):
                code = server.run(life)
                assert code in (0, -signal.SIGKILL), life
                kills += code != 0
            assert server.run(Life(database, PAGES)) == 0
            assert state_of(database) == expected, list(lives(trial, steps, database))
            assert integrity(database) == "ok"
            database.unlink()
            trial += 1
