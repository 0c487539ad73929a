"""The stage hands' door to Mobility-Online: its applications and catalogue, and what happens next there.

`GET /_control/mobility-online/{applications|catalogue|calls}` reads, `POST /_control/mobility-online/{act}` with
the act's arguments as JSON does one act; see `mobility_online_acts.ACTS`.
"""

from dataclasses import asdict
from typing import Any

from mobility_bridge.sandbox.faults import MOBILITY_ONLINE
from mobility_bridge.sandbox.mobility_online_acts import ACTS, told
from mobility_bridge.sandbox.mobility_online_students import MoApplication
from mobility_bridge.sandbox.stage import Stage

Json = dict[str, Any]


def respond(stage: Stage, method: str, name: str, order: Json) -> Any:
    """Answer one request; None for one that does not exist. Raises UsageError."""
    if (method, name) == ("GET", "applications"):
        return told(stage.world)
    if (method, name) == ("GET", "catalogue"):
        return [asdict(each) for each in stage.world.mobility_online.catalogue.values()]
    if (method, name) == ("GET", "calls"):
        return dict(getattr(stage.systems.get(MOBILITY_ONLINE), "calls", {}))
    if method == "POST" and name in ACTS:
        return _shown(stage.in_mobility_online(name, **order))
    return None


def _shown(made: Any) -> Any:
    """What an act made; of an application its number alone."""
    if isinstance(made, MoApplication):
        return {"application_id": made.application_id}
    if isinstance(made, tuple):
        return [asdict(row) for row in made]
    return made if isinstance(made, dict) else asdict(made)
