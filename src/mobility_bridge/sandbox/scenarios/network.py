"""Partners whose place in the network is the trouble. Source: EWP agreements: known trouble with approvals and notifications, VERSION_MISMATCH."""

from dataclasses import replace

from mobility_bridge.sandbox.cast import GAMMAL, HOLLIN, TALLBY
from mobility_bridge.sandbox.scenarios.rewrites import Rewrite
from mobility_bridge.sandbox.scenarios.script import Script, Situation, Terms
from mobility_bridge.sandbox.scenarios.story import Shows

PARTNER_SHOWS: dict[str, Shows] = {
    GAMMAL.hei_id: {1: ("VERSION_MISMATCH",)},
    TALLBY.hei_id: {1: ("API_MISSING",)},
    HOLLIN.hei_id: {1: ("PARTNER_NOT_IN_CATALOGUE",)},
}
"""What the partners themselves show from the first reading on."""


def _renumbered(letter: str) -> Rewrite:
    return lambda copy: replace(copy, iia_code=f"{copy.iia_code[:11]}{letter}")


def play(script: Script) -> None:
    fresh = Situation("offered", age_days=1)
    script.shows("partner on version 6", script.pair(GAMMAL.hei_id, Terms(fields=("0312",)), fresh))
    script.shows("partner that cannot be notified", script.pair(TALLBY.hei_id, Terms(fields=("0215",))))
    unheard = script.pair("dunmore.example", Terms(fields=("0232",), places_in=3))
    unheard.changes_ours(
        3, "we give our copy another number, and the partner's host hangs up", _renumbered("B")
    )
    unheard.changes_ours(6, "we give our copy its last number, and the partner is told", _renumbered("C"))
    script.shows("partner that takes no notification", unheard)
    script.shows("partner that left the network", script.pair(HOLLIN.hei_id, Terms(fields=("0611",)), fresh))
