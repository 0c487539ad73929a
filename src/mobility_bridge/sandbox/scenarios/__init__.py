"""What the sandbox can play: by name, for any day."""

from collections.abc import Callable, Mapping
from datetime import date

from mobility_bridge.errors import UsageError
from mobility_bridge.sandbox.scenarios import clean, default, students
from mobility_bridge.sandbox.scenarios.story import Scenario

SCENARIOS: Mapping[str, Callable[[date], Scenario]] = {
    "default": default.scenario,
    "clean": clean.scenario,
    "year": students.year,
    "students": students.troubles,
}

WITH_STUDENTS = frozenset({"default", "year", "students"})
"""Those in which students go and come; in the others there are agreements only."""


def scenario_named(name: str, today: date) -> Scenario:
    """Build a scenario as it is on `today`. Raises UsageError for a name that does not exist."""
    if name not in SCENARIOS:
        raise UsageError(
            f"there is no scenario {name!r}", next_step=f"Choose one of: {', '.join(SCENARIOS)}."
        )
    return SCENARIOS[name](today)
