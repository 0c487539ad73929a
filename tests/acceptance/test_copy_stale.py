"""A copy that was not read for days is said to be old, over HTTP, and is not any more when it was read again."""

import asyncio
from datetime import timedelta
from pathlib import Path

from tests.support.followed import STUDENTS, this_term

from mobility_bridge.bootstrap import Bridge, build, load_settings
from mobility_bridge.domain.discrepancy import DiscrepancyState
from mobility_bridge.kit.clock import ShiftedClock
from mobility_bridge.sandbox.config import render_config, render_ladok
from mobility_bridge.sandbox.host import Plan, Sandbox
from mobility_bridge.services.sync import Wanted, sync
from mobility_bridge.store import migrate

PARTNER = "brava.example"


def test_what_a_silent_partner_showed_days_ago_is_old(tmp_path: Path) -> None:
    asyncio.run(_goes_silent(tmp_path))


async def _goes_silent(folder: Path) -> None:
    clock = ShiftedClock(timedelta(days=8))
    sandbox = Sandbox(folder, Plan("clean"), clock.now)
    sandbox.stage.world.ladok.collector_s = 0
    sandbox.stage.about_students(
        "add_incoming",
        omobility_id="BR-OM-1",
        partner=PARTNER,
        given_names="Bruno Esempio",
        family_name="Modello",
        born="2002-06-30",
        serial=345,
        term=this_term(),
    )
    file = folder / "mobility-bridge.toml"
    file.write_text(render_config(folder) + render_ladok(folder) + STUDENTS)
    settings = load_settings(file)
    migrate.upgrade(settings.settings.store.url)
    with sandbox.in_thread():
        async with build(settings, clock=clock) as bridge:
            await sync(bridge.context, Wanted())
            assert "COPY_STALE" not in await _codes(bridge)

            sandbox.stage.switch(PARTNER, "answers_503", on=True)
            clock.behind = timedelta()
            await sync(bridge.context, Wanted(full=True))
            assert "COPY_STALE" in await _codes(bridge)

            sandbox.stage.switch(PARTNER, "answers_503", on=False)
            await sync(bridge.context, Wanted(full=True))
            assert "COPY_STALE" not in await _codes(bridge)


async def _codes(bridge: Bridge) -> list[str]:
    found = await bridge.context.store.read(
        lambda uow: uow.discrepancies.select(states=[DiscrepancyState.OPEN])
    )
    return [each.finding.code for each in found]
