"""The large scenario: over a hundred agreements, most of them in order, and every kind of trouble once."""

from datetime import date

from mobility_bridge.sandbox.scenarios import (
    acts,
    approvals,
    calendar,
    everyday,
    hashes,
    identity,
    network,
    terms,
)
from mobility_bridge.sandbox.scenarios.script import Script
from mobility_bridge.sandbox.scenarios.story import Scenario


def scenario(today: date) -> Scenario:
    script = Script("default", today, acts.PLOT)
    for part in (everyday, hashes, identity, terms, approvals, calendar, network):
        part.play(script)
    script.partner_shows.update(network.PARTNER_SHOWS | acts.PARTNER_SHOWS)
    script.source_shows.update(acts.SOURCE_SHOWS)
    return script.finished()
