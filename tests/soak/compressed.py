"""An hour with all kinds of trouble in a few seconds: one process, one event loop, a clock that is moved."""

import io
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from tests.soak.troubles import Troubles
from tests.support.clock import VirtualClock

from mobility_bridge.bootstrap import Bridge, build, load_settings
from mobility_bridge.cli.sandbox import write_config
from mobility_bridge.domain.discrepancy import DiscrepancyState
from mobility_bridge.kit.logs import BridgeLog
from mobility_bridge.sandbox.faults import MOBILITY_ONLINE
from mobility_bridge.sandbox.host import Plan, Sandbox
from mobility_bridge.scheduler import JOBS, run_job
from mobility_bridge.services.sync import Wanted, sync
from mobility_bridge.store import migrate

SETTINGS = {
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
    """A bridge and its world on one clock."""

    clock: VirtualClock
    sandbox: Sandbox
    bridge: Bridge
    written: io.StringIO = field(default_factory=io.StringIO)
    failed_jobs: list[str] = field(default_factory=list)
    _next: dict[str, float] = field(default_factory=dict)

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.written.getvalue().splitlines()]

    async def pass_time(self, seconds: float) -> None:
        """Run every job whenever its interval has passed, as the daemon does."""
        until = self.clock.monotonic() + seconds
        schedule = self.bridge.context.settings.schedule
        while True:
            job = min(JOBS, key=lambda one: self._next.get(one.name, 0.0))
            at = self._next.get(job.name, 0.0)
            if at >= until:
                break
            if at > self.clock.monotonic():
                self.clock.move(at - self.clock.monotonic())
            if not await run_job(self.bridge.context, job):
                self.failed_jobs.append(job.name)
            self._next[job.name] = self.clock.monotonic() + job.interval(schedule)
        self.clock.move(max(0.0, until - self.clock.monotonic()))

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
    """Start a world and a bridge."""
    clock = VirtualClock()
    sandbox = Sandbox(folder, Plan(scenario), clock.now)
    write_config(folder)
    await sandbox.start()
    written = io.StringIO()
    try:
        async with _bridge(sandbox, clock, written, "bridge") as bridge:
            yield Soak(clock, sandbox, bridge, written)
    finally:
        await sandbox.stop()


@asynccontextmanager
async def _bridge(
    sandbox: Sandbox, clock: VirtualClock, written: io.StringIO, name: str
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
    """Let an hour pass in which everything goes wrong, then mend it and let things settle."""
    await soak.pass_time(60)
    troubles = Troubles(InProcess(soak.sandbox), Random(seed), acts_left=acts)
    for _ in range(minutes):
        troubles.step()
        await soak.pass_time(60)
    troubles.end()
    await soak.pass_time(15 * 60)
    await soak.believe_shrunk()
    await soak.pass_time(15 * 60)
    return troubles
