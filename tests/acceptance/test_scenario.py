"""The demo says of each agreement exactly what the scenario means to show, and of the others nothing."""

from tests.acceptance.conftest import Demo
from tests.support.expected import differences

from mobility_bridge.sandbox.folder import remember
from mobility_bridge.sandbox.scenarios import scenario_named


def test_demo_finds_exactly_what_the_scenario_means_to_show(demo: Demo) -> None:
    memory = remember(demo.folder / "sandbox")
    assert memory is not None
    scenario = scenario_named(memory.scenario, memory.today)
    found = differences(scenario, memory.act, demo.data["discrepancies"])
    assert not found, "\n".join(map(str, found))
