"""The stage hands' door to Ladok: what is in it, and what people do in its web interface.

`GET /_control/ladok/{state|people|agreements|occasions|admissions|calls}` reads,
`POST /_control/ladok/{act}` with the act's arguments as JSON does one act; see `ladok_acts.ACTS`.
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict, is_dataclass
from typing import Any

from mobility_bridge.sandbox.ladok import FAULTS, Ladok
from mobility_bridge.sandbox.ladok_acts import ACTS, PERSON_IN_CHARGE
from mobility_bridge.sandbox.ladok_world import AGREEMENT, LadokWorld

Json = dict[str, Any]


class LadokControl:
    """Answers control requests about one Ladok."""

    def __init__(self, ladok: Ladok) -> None:
        self._ladok = ladok
        self._reads: Mapping[str, Callable[[LadokWorld], Any]] = {
            "state": self._state,
            "people": lambda world: _listed(world.people),
            "agreements": lambda world: [
                asdict(each) for each in world.educations.values() if each.type_id == AGREEMENT
            ],
            "occasions": lambda world: _listed(world.occasions),
            "admissions": lambda world: [
                {**asdict(each), "state": each.state} for each in world.admissions.values()
            ],
            "calls": lambda _: [asdict(each) for each in self._ladok.calls],
        }

    def respond(self, method: str, name: str, order: Json) -> Any:
        """Answer one request; None for one that does not exist. Raises UsageError."""
        world = self._ladok.world()
        if method == "GET" and name in self._reads:
            return self._reads[name](world)
        if method != "POST" or name not in ACTS:
            return None
        who = str(order.pop("who", f"{PERSON_IN_CHARGE}@{world.code}"))
        made = self._ladok.hands.act(name, who, **order)
        return asdict(made) if is_dataclass(made) and not isinstance(made, type) else {"done": name}

    def _state(self, world: LadokWorld) -> Json:
        return {
            "faults": {name: name in self._ladok.faults for name in FAULTS},
            "meaning": FAULTS,
            "assumptions": world.assumed,
            "events": len(world.entries),
            "people": len(world.people),
            "admissions": len(world.admissions),
            "collector_s": world.collector_s,
            "requests": dict(sorted(self._ladok.received.items())),
        }


def _listed(everything: Mapping[str, Any]) -> list[Json]:
    return [asdict(each) for each in everything.values()]
