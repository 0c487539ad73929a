"""Partners whose place in the network is the trouble. Source: agreements reference 6.4, VERSION_MISMATCH."""

from mobility_bridge.sandbox.cast import GAMMAL, HOLLIN, TALLBY
from mobility_bridge.sandbox.scenarios.script import Script, Situation, Terms

PARTNER_CODES = {
    GAMMAL.hei_id: ("VERSION_MISMATCH",),
    TALLBY.hei_id: ("API_MISSING",),
    HOLLIN.hei_id: ("PARTNER_NOT_IN_CATALOGUE",),
    "fjordal.example": ("INDEX_NOT_FILTERED",),
}
"""What the partners themselves show from the first reading on."""


def play(script: Script) -> None:
    fresh = Situation("offered", age_days=1)
    script.shows("partner on version 6", script.pair(GAMMAL.hei_id, Terms(fields=("0312",)), fresh))
    script.shows("partner that cannot be notified", script.pair(TALLBY.hei_id, Terms(fields=("0215",))))
    script.shows("partner that left the network", script.pair(HOLLIN.hei_id, Terms(fields=("0611",)), fresh))
