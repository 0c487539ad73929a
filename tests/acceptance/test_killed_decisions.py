"""Deciding is killed at every step; no decision is lost, and none reaches the partner twice."""

import asyncio
import random
import shutil
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.support.followed import Followed, followed
from tests.support.killing import ANYWHERE, Death, Server
from tests.support.killing_decisions import Life

from mobility_bridge.ports.decisions import StoredDecision
from mobility_bridge.store import open_store

SEED = 20261124
STRIDE = 3
"""All decisions are sent alike: one is killed at every step, the others at every third."""
MOBILITY = "BR-OM-1"
LEASE_S = 11
"""Seconds by which each restart comes later: what the dead one had taken is free again."""
ENVIRON = {
    "MOBILITY_BRIDGE__PATHS__OWNERSHIP_FILE": "ownership.toml",
    "MOBILITY_BRIDGE__NOTIFY__LEASE_S": "10",
}
ALLOWED = (
    '[nomination.decision]\nwrite_to = ["partner"]\n[learning_agreement.decision]\nwrite_to = ["partner"]\n'
)
ORDERS = {
    "approved agreement": ("learning_agreement", True, None),
    "comment": ("learning_agreement", False, "GIS200 is full."),
    "approved nomination": ("nomination", True, None),
    "rejected nomination": ("nomination", False, "No place is left."),
}


@dataclass
class Scene:
    """A partner's student who waits for our decision, and the store as it was before anybody took it."""

    stage: Followed
    server: Server
    folder: Path
    waiting: Any
    trials: int = 0

    def life(self, name: str, trial: Path, **more: Any) -> Life:
        kind, approve, text = ORDERS[name]
        order = (kind, f"brava.example/{MOBILITY}", approve, text)
        return Life(
            self.stage.played.config,
            trial.with_suffix(".sqlite3"),
            trial.with_suffix(".delivered"),
            ENVIRON,
            **{"order": order, **more},
        )

    def begin(self) -> Path:
        """Everything as it was: the partner holds what waits, and the store knows of no decision."""
        self.trials += 1
        trial = self.folder / f"trial-{self.trials}"
        shutil.copy(self.folder / "bridge.sqlite3", trial.with_suffix(".sqlite3"))
        trial.with_suffix(".delivered").write_text("")
        self.stage.sandbox.stage.world.stays.by_id[MOBILITY] = self.waiting
        return trial

    def held(self) -> Any:
        return self.stage.sandbox.stage.world.stays.stay(MOBILITY)


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    (tmp_path / "ownership.toml").write_text(ALLOWED)
    with followed(tmp_path, ENVIRON) as stage, Server("tests.support.killing_decisions") as server:
        stage.come(status="pending", la="proposed", in_ladok="absent")
        stage.sync()
        yield Scene(stage, server, tmp_path, stage.sandbox.stage.world.stays.stay(MOBILITY))


def decisions(trial: Path) -> list[StoredDecision]:
    async def read() -> list[StoredDecision]:
        store = open_store(f"sqlite:///{trial.with_suffix('.sqlite3')}")
        try:
            return list(await store.read(lambda uow: uow.decisions.of_mobilities({MOBILITY})))
        finally:
            await store.close()

    return asyncio.run(read())


def taken(name: str, held: Any) -> bool:
    """Whether the partner holds our decision, once."""
    if name == "approved agreement":
        return held.la.first is not None and len(held.la.decided) == 1
    if name == "comment":
        return [each.comment for each in held.la.refusals] == ["GIS200 is full."]
    return bool(held.status == name.partition(" ")[0])


def steps_in_peace(scene: Scene, name: str) -> int:
    trial, counts = scene.begin(), scene.folder / "steps"
    assert scene.server.run(scene.life(name, trial, counts=counts)) == 0
    (decision,) = decisions(trial)
    assert (decision.state, decision.attempts) == ("confirmed", 1)
    assert trial.with_suffix(".delivered").read_text() == "200\n"
    assert taken(name, scene.held())
    return int(counts.read_text())


@pytest.mark.slow
@pytest.mark.parametrize("name", ORDERS)
def test_a_decision_killed_at_any_step_is_neither_lost_nor_doubled(scene: Scene, name: str) -> None:
    steps = steps_in_peace(scene, name)
    assert steps > 15
    chance = random.Random(f"{SEED} {name}")
    stride = 1 if name == next(iter(ORDERS)) else STRIDE
    for step in range(chance.randint(1, stride), steps + 1, stride):
        trial = scene.begin()
        died = scene.server.run(scene.life(name, trial, death=Death(ANYWHERE, step)))
        assert died == -signal.SIGKILL, step
        again = Death(ANYWHERE, chance.randint(1, steps))
        if step % 2:
            scene.server.run(scene.life(name, trial, ahead_s=LEASE_S, death=again))
        assert scene.server.run(scene.life(name, trial, ahead_s=2 * LEASE_S)) == 0, (step, again)
        (decision,) = decisions(trial)
        assert taken(name, scene.held()), (step, again)
        assert not decision.under_way, (step, again)
        assert trial.with_suffix(".delivered").read_text() == "200\n", (step, again)
        unseen = ("unknown", "cannot_tell") if name == "comment" else ("confirmed", "took_effect")
        assert (decision.state, decision.outcome) in {("confirmed", "took_effect"), unseen}, (step, again)
        assert decision.attempts <= 3
