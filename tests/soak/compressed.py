"""An hour with all kinds of trouble in half a minute: one process, one event loop, a clock that runs faster.

The daemon is the real one, and so are its scheduler, the wire and the store; only its hours are short.
"""

import asyncio
import io
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from tests.soak.invariants import broken, differences
from tests.soak.troubles import Troubles
from tests.support.clock import HurriedClock

from mobility_bridge.bootstrap import Bridge, build, load_settings
from mobility_bridge.cli.sandbox import write_config
from mobility_bridge.domain.discrepancy import DiscrepancyState
from mobility_bridge.kit.logs import BridgeLog
from mobility_bridge.sandbox.faults import MOBILITY_ONLINE
from mobility_bridge.sandbox.host import Plan, Sandbox
from mobility_bridge.scheduler import Daemon
from mobility_bridge.services.sync import Wanted, sync
from mobility_bridge.store import migrate

PACE = 200
"""Seconds of the story in one of the machine: a minute passes in 0.3 s, in which each job comes a few times."""
SLOW_S = 2.0
SETTINGS = {
    # By the machine's clock, as all that the wire does: a slow partner takes twice that.
    "MOBILITY_BRIDGE__ADAPTERS__EWP__CONNECT_S": str(SLOW_S / 2),
    "MOBILITY_BRIDGE__ADAPTERS__EWP__TOTAL_S": str(SLOW_S / 2),
    "MOBILITY_BRIDGE__SCHEDULE__LOCAL_EVERY_S": "60",
    "MOBILITY_BRIDGE__SCHEDULE__SWEEP_EVERY_S": "60",
    "MOBILITY_BRIDGE__SCHEDULE__FULL_SWEEP_EVERY_S": "300",
    "MOBILITY_BRIDGE__SCHEDULE__APPROVALS_EVERY_S": "120",
    "MOBILITY_BRIDGE__SCHEDULE__REFRESH_EVERY_S": "20",
    "MOBILITY_BRIDGE__SCHEDULE__COMPARE_EVERY_S": "20",
    "MOBILITY_BRIDGE__SCHEDULE__NOTIFY_EVERY_S": "15",
    "MOBILITY_BRIDGE__NOTIFY__MAX_RETRY_S": "120",
    # What time alone would excuse for a few days is said at once.
    "MOBILITY_BRIDGE__RULES__MAPPING_GRACE_DAYS": "0",
    "MOBILITY_BRIDGE__RULES__APPROVAL_GRACE_DAYS": "0",
    "MOBILITY_BRIDGE__RULES__ANSWER_GRACE_DAYS": "0",
    "MOBILITY_BRIDGE__RULES__TERMINATION_GRACE_DAYS": "0",
}


@dataclass
class InProcess:
    """The sandbox of this process as the troubles see it."""

    sandbox: Sandbox

    def switch(self, partner: str, fault: str, *, on: bool) -> None:
        if partner == MOBILITY_ONLINE:
            self.sandbox.application.mobility_online.switch(fault, on=on)
        else:
            self.sandbox.stage.switch(partner, fault, on=on)

    def change(self, iia_id: str) -> None:
        self.sandbox.stage.change_ours(iia_id)

    def approve(self, iia_id: str) -> None:
        self.sandbox.stage.approve_ours(iia_id)

    def agreements(self) -> list[str]:
        return list(self.sandbox.stage.world.ours)

    def advance(self) -> None:
        self.sandbox.stage.advance()

    def repair(self) -> None:
        self.sandbox.stage.repair()
        self.sandbox.application.mobility_online.repair()


@dataclass
class Soak:
    """A bridge and its world on one clock, and the daemon that drives it."""

    clock: HurriedClock
    sandbox: Sandbox
    bridge: Bridge
    daemon: Daemon
    written: io.StringIO = field(default_factory=io.StringIO)

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.written.getvalue().splitlines()]

    async def believe_shrunk(self) -> None:
        """Say what an operator has to say: what was split or forgotten for a while is whole again."""
        found = await self.bridge.context.store.read(
            lambda uow: uow.discrepancies.select(states=[DiscrepancyState.OPEN], code="INDEX_SHRUNK")
        )
        partners = tuple(item.finding.subject.partner_hei_id for item in found)
        wanted = tuple(hei_id for hei_id in partners if hei_id is not None)
        if wanted:
            await sync(self.bridge.context, Wanted(partners=wanted, full=True, accept_shrink=True))

    @asynccontextmanager
    async def fresh(self) -> AsyncIterator[Bridge]:
        """A bridge that never saw any of it, after two rounds; it tells nobody, lest partners follow it."""
        async with _bridge(self.sandbox, self.clock, io.StringIO(), "fresh") as bridge:
            for _ in range(2):
                await sync(bridge.context, Wanted(full=True, send=False))
            yield bridge


@asynccontextmanager
async def soaking(folder: Path, scenario: str) -> AsyncIterator[Soak]:
    """Start a world, a bridge and its daemon; stop them in the end."""
    clock = HurriedClock(PACE)
    sandbox = Sandbox(folder, Plan(scenario), clock.now)
    write_config(folder)
    await sandbox.start()
    sandbox.stage.slow_s = SLOW_S
    written = io.StringIO()
    try:
        async with _bridge(sandbox, clock, written, "bridge") as bridge:
            daemon = Daemon(bridge.context, pace=PACE)
            running = asyncio.create_task(daemon.run())
            try:
                yield Soak(clock, sandbox, bridge, daemon, written)
            finally:
                daemon.stop("the hour is over")
                await running
    finally:
        await sandbox.stop()


@asynccontextmanager
async def _bridge(
    sandbox: Sandbox, clock: HurriedClock, written: io.StringIO, name: str
) -> AsyncIterator[Bridge]:
    environ = {
        **SETTINGS,
        "MOBILITY_BRIDGE__STORE__URL": f"sqlite:///{name}.sqlite3",
        "MOBILITY_BRIDGE__PATHS__STATE_DIR": f"state-{name}",
    }
    loaded = load_settings(sandbox.folder / "mobility-bridge.toml", environ)
    migrate.upgrade(loaded.settings.store.url)
    async with build(loaded, clock=clock, log=BridgeLog(written, level="debug")) as bridge:
        yield bridge


async def hour(soak: Soak, seed: int, *, minutes: int = 60, acts: int = 0) -> Troubles:
    """Let an hour pass in which everything goes wrong, then mend it."""
    await soak.clock.sleep(60)
    troubles = Troubles(InProcess(soak.sandbox), Random(seed), acts_left=acts)
    for _ in range(minutes):
        troubles.step()
        await soak.clock.sleep(60)
    troubles.end()
    return troubles


async def settled(soak: Soak, within_s: float) -> list[str]:
    """Wait until the bridge says what a fresh one says, so many seconds of the machine at the most.

    Returns what is left to say then.
    """
    deadline = time.monotonic() + within_s
    store = soak.bridge.context.store
    await soak.clock.sleep(15 * 60)
    async with soak.fresh() as fresh:
        while True:
            await soak.believe_shrunk()
            left = [*await broken(store), *await differences(store, fresh.context.store)]
            if not left or time.monotonic() > deadline:
                return left
            await soak.clock.sleep(60)
