"""The scenarios of students: a year in perfect order, and every trouble that a student can be in."""

from datetime import date, timedelta

from mobility_bridge.sandbox.scenarios import student_stories
from mobility_bridge.sandbox.scenarios.script import Script
from mobility_bridge.sandbox.scenarios.story import Act, Scenario
from mobility_bridge.sandbox.scenarios.student_cast import Cast
from mobility_bridge.sandbox.scenarios.student_offers import conclude
from mobility_bridge.sandbox.scenarios.student_year import live, prepare, year_of

PLOT = (
    Act("everything is read for the first time", timedelta(days=60)),
    Act("five weeks later", timedelta(days=24)),
    Act("today"),
)
"""Long enough for what is to wait too long, and for what changes after it was read."""


def year(today: date) -> Scenario:
    """Students alone, with nothing wrong."""
    script = Script("year", today)
    prepare(script)
    cast = Cast(today)
    year_of(cast)
    live(script, cast)
    return script.finished()


def troubles(today: date) -> Scenario:
    """The same year, and beside it one instance of every rule; `mobilities_of` tells which are whose."""
    script = Script("students", today, PLOT)
    prepare(script)
    conclude(script)
    cast = Cast(today)
    year_of(cast)
    for each in student_stories.all_of_them():
        each.lives(cast)
    live(script, cast)
    return script.finished()


def mobilities_of(today: date) -> dict[str, tuple[str, ...]]:
    """The mobilities of each instance, by its name, as `troubles` numbers them on that day."""
    cast = Cast(today)
    year_of(cast)
    return {
        each.name: tuple(life.omobility_id for life in each.lives(cast))
        for each in student_stories.all_of_them()
    }
