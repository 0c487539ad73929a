"""The large scenario: over a hundred agreements, most of them in order, and every kind of trouble once."""

from datetime import date

from mobility_bridge.sandbox.scenarios import (
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
    script = Script("default", today)
    for part in (everyday, hashes, identity, terms, approvals, calendar, network):
        part.play(script)
    script.partner_codes.update(network.PARTNER_CODES)
    return script.finished()
