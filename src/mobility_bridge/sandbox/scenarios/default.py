"""The large scenario: over a hundred agreements, most of them in order, and every kind of trouble once; and beside
them an academic year of students, of whom one is about to leave without being registered.
"""

from datetime import date

from mobility_bridge.sandbox.scenarios import (
    acts,
    approvals,
    calendar,
    departure,
    everyday,
    hashes,
    identity,
    network,
    student_stories,
    student_year,
    terms,
)
from mobility_bridge.sandbox.scenarios.script import Script
from mobility_bridge.sandbox.scenarios.story import Scenario
from mobility_bridge.sandbox.scenarios.student_cast import Cast

TROUBLES = frozenset(
    {"LA_VERSION_DRIFT", "TRANSFER_MISSING", "NOT_ESTABLISHED", "NAME_MISMATCH", "CREDIT_IMBALANCE"}
)
"""What goes wrong with some students; the scenario `students` shows everything that can."""


def scenario(today: date) -> Scenario:
    script = Script("default", today, acts.PLOT)
    for part in (everyday, hashes, identity, terms, approvals, calendar, network):
        part.play(script)
    script.partner_shows.update(network.PARTNER_SHOWS | acts.PARTNER_SHOWS)
    script.source_shows.update(acts.SOURCE_SHOWS)
    student_year.prepare(script)
    cast = Cast(today)
    student_year.year_of(cast)
    departure.play(script, cast)
    for story in student_stories.all_of_them():
        if story.code in TROUBLES:
            story.lives(cast)
    student_year.live(script, cast)
    return script.finished()
