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
    student_year,
    terms,
)
from mobility_bridge.sandbox.scenarios.script import Script
from mobility_bridge.sandbox.scenarios.story import Scenario
from mobility_bridge.sandbox.scenarios.student_cast import Cast


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
    student_year.live(script, cast)
    return script.finished()
