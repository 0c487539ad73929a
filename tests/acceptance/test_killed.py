"""The process is killed again and again in the middle of its work; nothing is lost and nobody is told wrongly.

Two sandboxes, each in a process of its own, are played side by side. In both, agreements change, partners
approve and notifications wait. A bridge that is left in peace shows what must come out. Then the same round is
killed at hundreds of points, restarted and killed again; when it is at last left in peace, it must arrive at
the same state, with every notification delivered to the partner it was meant for.
"""

import asyncio
import json
import random
import shutil
import signal
import sqlite3
from collections import Counter
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields, is_dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from tests.support.bridges import dump
from tests.support.killing import ANYWHERE, TOLD, Death, Round, Server
from tests.support.played import Played, play

from mobility_bridge.bootstrap import build, load_settings
from mobility_bridge.domain.identifiers import IiaId
from mobility_bridge.domain.notification import CnrState
from mobility_bridge.services.outbox import notify_again
from mobility_bridge.store import open_store

SEED = 20261123
KILLS = 208
SANDBOXES = 2
DEATHS_IN_A_ROW = (ANYWHERE, TOLD, ANYWHERE, TOLD)
TRIALS = KILLS // len(DEATHS_IN_A_ROW)
LEASE_S = 11
"""Seconds by which each restart comes later: what the dead one had claimed is free again."""

Told = Counter[tuple[str, str, str]]


@dataclass
class World:
    """A sandbox in which much has just changed, a store that knows nothing of it yet, and what must come out."""

    played: Played
    server: Server
    before: Path
    steps: Mapping[str, int]
    state: Any
    expected: Told
    trials: int = 0

    def fresh_store(self) -> Path:
        self.trials += 1
        database = self.before.with_name(f"trial-{self.trials}.sqlite3")
        shutil.copy(self.before, database)
        return database


def told(played: Played) -> Told:
    """How often each partner took which notification."""
    found = played.control("GET", "received")
    return Counter({(item["partner"], item["kind"], item["iia_id"]): item["count"] for item in found})


def state_of(database: Path) -> Any:
    """Everything that the store says, but for the times of day."""

    async def read() -> Any:
        store = open_store(f"sqlite:///{database}")
        try:
            return timeless(await dump(store))
        finally:
            await store.close()

    return asyncio.run(read())


def timeless(value: Any) -> Any:
    if isinstance(value, datetime):
        return "at some time"
    if isinstance(value, Mapping):
        return {key: timeless(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [timeless(item) for item in value]
    if is_dataclass(value):
        return {field.name: timeless(getattr(value, field.name)) for field in fields(value)}
    return value


def in_peace(played: Played, server: Server, database: Path, **more: Any) -> None:
    assert server.run(Round(played.config, database, **more)) == 0


def set_the_scene(played: Played, server: Server) -> World:
    """Read everything once; then half of our agreements change, partners approve, two are told again by hand."""
    database = played.folder / "bridge.sqlite3"
    in_peace(played, server, database)
    ids = [item["iia_id"] for item in played.control("GET", "agreements")]
    for iia_id in ids[::2]:
        played.control("POST", "change", iia_id=iia_id, number=7)
    for iia_id in ids[::4]:
        played.control("POST", "approve", iia_id=iia_id)
    asyncio.run(tell_again(played.config, ids[1::6]))
    before = played.folder / "before.sqlite3"
    shutil.copy(database, before)
    counts = played.folder / "steps.json"
    in_peace(played, server, database, counts=counts)
    expected = told(played)
    assert set(expected.values()) == {1}
    assert {kind for _, kind, _ in expected} == {"iia", "iia_approval"}
    world = World(played, server, before, json.loads(counts.read_text()), state_of(database), expected)
    in_peace(played, server, database)
    assert state_of(database) == world.state, "a second round in peace changes nothing"
    assert told(played) == expected
    return world


async def tell_again(config: Path, ids: list[str]) -> None:
    async with build(load_settings(config, {})) as bridge:
        for iia_id in ids:
            queued = await notify_again(bridge.context, IiaId(iia_id))
            assert len(queued.notifications) == 2


def deaths(world: World, trial: int) -> Iterator[Death]:
    """Where to die in one trial: first at one of the steps that all trials together go through from end to end,
    then anywhere, or between a partner's answer and its being remembered, while there is something left to tell.
    """
    chance = random.Random(SEED + trial)
    yield Death(ANYWHERE, 1 + trial % TRIALS * world.steps[ANYWHERE] // TRIALS)
    for kind in DEATHS_IN_A_ROW[1:]:
        yield Death(kind, chance.randint(1, world.steps[kind] // (2 if kind == TOLD else 1)))


def try_it(world: World, trial: int) -> int:
    """Kill the same round several times in a row, then let it be; return how often it died."""
    database = world.fresh_store()
    before = told(world.played)
    kills = 0
    for attempt, death in enumerate(deaths(world, trial)):
        code = world.server.run(Round(world.played.config, database, attempt * LEASE_S, death))
        assert code in (0, -signal.SIGKILL), (trial, death)
        kills += code != 0
    in_peace(world.played, world.server, database, ahead_s=len(DEATHS_IN_A_ROW) * LEASE_S)
    check(world, database, before, trial)
    database.unlink()
    return kills


def check(world: World, database: Path, before: Told, trial: int) -> None:
    assert state_of(database) == world.state, trial
    received = told(world.played) - before
    assert set(received) == set(world.expected), f"{trial}: lost, or sent to somebody else"
    connection = sqlite3.connect(database)
    try:
        states = {state for (state,) in connection.execute("SELECT state FROM notifications")}
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    finally:
        connection.close()
    assert states == {CnrState.DELIVERED.value}


def kill_until(world: World, first: int, wanted: int) -> int:
    kills, trial = 0, first
    while kills < wanted:
        kills += try_it(world, trial)
        trial += SANDBOXES
    return kills


@pytest.mark.slow
def test_a_bridge_killed_at_hundreds_of_points_ends_where_one_in_peace_does(tmp_path: Path) -> None:
    def one_sandbox(number: int) -> int:
        with play(tmp_path / f"sandbox-{number}", "clean") as played, Server() as server:
            return kill_until(set_the_scene(played, server), number, KILLS // SANDBOXES)

    with ThreadPoolExecutor(SANDBOXES) as pool:
        kills = sum(pool.map(one_sandbox, range(SANDBOXES)))
    assert kills >= 200
