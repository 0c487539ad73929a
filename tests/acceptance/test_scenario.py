"""The large scenario, played on its days: in every act the bridge says exactly what is meant, over all acts
everything that it can say, and in the end nothing more.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.acceptance.conftest import Demo
from tests.support.expected import Difference, differences, repeated

from mobility_bridge.bootstrap import Bridge, build, load_settings
from mobility_bridge.cli.discrepancies import as_data
from mobility_bridge.cli.sandbox import write_config
from mobility_bridge.domain.discrepancy import DiscrepancyState
from mobility_bridge.kit.clock import ShiftedClock
from mobility_bridge.reconcile.registry import AGREEMENT_RULES, PARTNER_RULES, SOURCE_RULES
from mobility_bridge.sandbox.folder import remember
from mobility_bridge.sandbox.host import Plan, Sandbox
from mobility_bridge.sandbox.scenarios import scenario_named
from mobility_bridge.sandbox.scenarios.default import TROUBLES
from mobility_bridge.services.compare import CompareReport
from mobility_bridge.services.sync import SyncReport, Wanted, sync

EVERY_CODE = {rule.code for rules in (AGREEMENT_RULES, PARTNER_RULES, SOURCE_RULES) for rule in rules} - {
    # A feed with gaps is played by tests of its own.
    "FEED_EVENT_MISSED",
    "FEED_PAGE_MISSING",
    # A certificate that ends soon: tests/unit/services/test_registry_review.py.
    "CERTIFICATE_EXPIRES",
}


@dataclass
class Performance:
    """What the bridge said: act by act, and in two further rounds after the last."""

    acts: list[list[dict[str, Any]]] = field(default_factory=list)
    wrong: list[list[Difference]] = field(default_factory=list)
    further: list[SyncReport] = field(default_factory=list)
    further_open: list[list[dict[str, Any]]] = field(default_factory=list)


@pytest.fixture(scope="module")
def performance(tmp_path_factory: pytest.TempPathFactory) -> Performance:
    folder = tmp_path_factory.mktemp("scenario")
    clock = ShiftedClock()
    played = Sandbox(folder / "sandbox", Plan("default", today=clock.now().date()), clock.now)
    with played.in_thread():
        return asyncio.run(_performed(played, clock, write_config(folder / "sandbox", beside=folder)))


async def _performed(played: Sandbox, clock: ShiftedClock, file: Path) -> Performance:
    told, scenario = Performance(), played.stage.scenario
    async with build(load_settings(file), clock=clock) as bridge:
        for number, act in enumerate(scenario.plot, start=1):
            clock.behind = act.ago
            if number > 1:
                played.stage.advance()
            await sync(bridge.context, Wanted(full=number > 1))
            told.acts.append(await _open(bridge))
            told.wrong.append(differences(scenario, number, told.acts[-1]))
        for full in (True, False):
            told.further.append(await sync(bridge.context, Wanted(full=full)))
            told.further_open.append(await _open(bridge))
    return told


async def _open(bridge: Bridge) -> list[dict[str, Any]]:
    found = await bridge.context.store.read(
        lambda uow: uow.discrepancies.select(states=[DiscrepancyState.OPEN])
    )
    return [as_data(item) for item in found]


def _without_looking(found: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(({**item, "last_seen_at": None} for item in found), key=lambda item: str(item["id"]))


def test_each_act_shows_exactly_what_it_is_meant_to_show(performance: Performance) -> None:
    wrong = [(act, *map(str, found)) for act, found in enumerate(performance.wrong, start=1) if found]
    assert not wrong, "\n".join(map(str, wrong))


def test_every_rule_has_its_turn(performance: Performance) -> None:
    shown = {item["code"] for found in performance.acts for item in found if not _of_a_stay(item)}
    assert shown == EVERY_CODE


def test_a_student_who_is_to_leave_unregistered_is_found_in_time_and_gone_after_the_registration(
    performance: Performance,
) -> None:
    codes = [{item["code"] for item in found if _of_a_stay(item)} for found in performance.acts]
    assert ["REGISTRATION_MISSING" in each for each in codes] == [False] * 5 + [True, False]
    (found,) = [item for item in performance.acts[5] if item["code"] == "REGISTRATION_MISSING"]
    assert found["due_on"] - datetime.now(UTC).date() >= timedelta(days=9)
    # Some come up only in certain weeks of a term.
    assert TROUBLES >= codes[-1] >= {"LA_VERSION_DRIFT", "NAME_MISMATCH"}


def _of_a_stay(item: dict[str, Any]) -> bool:
    return bool(item["subject_kind"] == "stay")


def test_troubles_of_partners_and_systems_are_over_when_the_weather_is_fair(performance: Performance) -> None:
    weather = {rule.code for rules in (PARTNER_RULES, SOURCE_RULES) for rule in rules}
    lasting = {"VERSION_MISMATCH", "API_MISSING", "PARTNER_NOT_IN_CATALOGUE", "INDEX_NOT_FILTERED"}
    last = {item["code"] for item in performance.acts[-1]}
    assert last & weather == lasting


def test_further_rounds_change_nothing(performance: Performance) -> None:
    for report, found in zip(performance.further, performance.further_open, strict=True):
        assert report.errors == ()
        assert report.compared == CompareReport(report.compared.compared)
        assert _without_looking(found) == _without_looking(performance.acts[-1])


def test_every_sentence_is_whole(performance: Performance) -> None:
    for found in performance.acts:
        assert repeated(found) == []
        for item in found:
            for text in (*item["text"].values(), *item["next_step"].values()):
                assert not any(gap in text for gap in ("{", "}", "  ", " .", " ,", "()", ": –", "– –", ": ."))


def test_demo_ends_with_exactly_what_the_scenario_means_to_show(demo: Demo) -> None:
    memory = remember(demo.folder / "sandbox")
    assert memory is not None
    scenario = scenario_named(memory.scenario, memory.today)
    assert memory.act == scenario.acts
    found = differences(scenario, memory.act, demo.data["discrepancies"])
    assert not found, "\n".join(map(str, found))
