"""The stage hands' door: what goes on, and what shall happen next, as JSON under `/_control/`."""

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

from mobility_bridge.errors import UsageError
from mobility_bridge.sandbox import mobility_online_control, student_control
from mobility_bridge.sandbox.fingerprint import hash_of
from mobility_bridge.sandbox.ladok_control import LadokControl
from mobility_bridge.sandbox.scenarios.story import Shows, codes_in
from mobility_bridge.sandbox.stage import Stage

Json = dict[str, Any]
PREFIX = "/_control/"
_DOORS = {"mobility-online/": mobility_online_control, "students/": student_control}
_CHANGES = ("condition", "number", "terms", "last_year")


class Control:
    """Answers control requests about one stage, and about the Ladok on it."""

    def __init__(self, stage: Stage, ladok: LadokControl | None = None) -> None:
        self._stage = stage
        self._ladok = ladok
        self._reads: Mapping[str, Callable[[], Any]] = {
            "state": self._state,
            "received": self._received,
            "expected": self._expected,
            "agreements": self._agreements,
        }
        self._writes: Mapping[str, Callable[[Json], Any]] = {
            "faults": self._faults,
            "advance": self._advance,
            "change": self._change,
            "approve": self._approve,
            "repair": self._repair,
        }

    def respond(self, method: str, path: str, body: bytes) -> tuple[int, bytes]:
        """Answer one request with a status and a JSON text."""
        name = path.removeprefix(PREFIX)
        try:
            if method == "GET" and name in self._reads:
                return 200, _text(self._reads[name]())
            if method == "POST" and name in self._writes:
                return 200, _text(self._writes[name](_order(body)))
            if self._ladok is not None and name.startswith("ladok/"):
                said = self._ladok.respond(method, name.removeprefix("ladok/"), _order(body))
                if said is not None:
                    return 200, _text(said)
            for prefix, door in _DOORS.items():
                if name.startswith(prefix):
                    said = door.respond(self._stage, method, name.removeprefix(prefix), _order(body))
                    if said is not None:
                        return 200, _text(said)
        except UsageError as error:
            return 400, _text({"error": error.message, "next_step": error.next_step})
        return 404, _text({"error": f"there is no {method} {path}"})

    def _state(self) -> Json:
        stage = self._stage
        return {
            "scenario": stage.scenario.name,
            "act": stage.act,
            "acts": stage.scenario.acts,
            "title": stage.scenario.act(stage.act).title,
            "today": stage.world.today.isoformat(),
            "faults": stage.fault_names,
            "requests": dict(sorted(stage.requests.items())),
            "agreements": {
                "ours": len(stage.world.ours),
                "theirs": {hei_id: len(copies) for hei_id, copies in stage.world.theirs.items()},
            },
        }

    def _received(self) -> list[Json]:
        notices = self._stage.notices.values()
        return [{**asdict(notice), "at": notice.at.isoformat()} for notice in notices]

    def _expected(self) -> list[Json]:
        scenario, act = self._stage.scenario, self._stage.act
        agreements = [
            {
                "kind": "agreement",
                "name": entry.name,
                "partner": entry.partner,
                "iia_id": entry.iia_id,
                "partner_iia_ids": list(entry.partner_iia_ids),
                "codes": list(entry.codes(act)),
                "unseen": list(entry.unseen),
                "invalid": entry.invalid,
            }
            for entry in scenario.entries
        ]
        return [
            *_shown("partner", scenario.partner_shows, act),
            *_shown("source", scenario.source_shows, act),
            *agreements,
        ]

    def _agreements(self) -> list[Json]:
        return [
            {
                "iia_id": ours.iia_id,
                "iia_code": ours.copy.iia_code,
                "partner": ours.partner_hei_id,
                "partner_iia_id": ours.copy.other_iia_id,
                "status": ours.status,
                "iia_hash": hash_of(ours.copy),
                "modified_on": ours.modified_on.isoformat(),
            }
            for ours in self._stage.world.our_agreements()
        ]

    def _faults(self, order: Json) -> Json:
        on = order.get("on", True)
        if not isinstance(on, bool):
            raise UsageError("on is neither true nor false")
        if "slow_s" in order:
            self._stage.slow_s = float(order["slow_s"])
        partner, fault = _word(order, "partner"), _word(order, "fault")
        self._stage.switch(partner, fault, on=on)
        return {"faults": self._stage.fault_names}

    def _advance(self, _order: Json) -> Json:
        return {"act": self._stage.advance()}

    def _change(self, order: Json) -> Json:
        changes = {key: order[key] for key in _CHANGES if key in order}
        return self._after(order, lambda iia_id: self._stage.change_ours(iia_id, **changes))

    def _approve(self, order: Json) -> Json:
        return self._after(order, self._stage.approve_ours)

    def _repair(self, _order: Json) -> Json:
        self._stage.repair()
        return {"faults": self._stage.fault_names}

    def _after(self, order: Json, event: Callable[[str], None]) -> Json:
        iia_id = _word(order, "iia_id")
        event(iia_id)
        return {"iia_id": iia_id, "iia_hash": hash_of(self._stage.world.ours[iia_id].copy)}


def _shown(kind: str, everybody: Mapping[str, Shows], act: int) -> list[Json]:
    return [
        {"kind": kind, "name": name, "codes": list(codes_in(shows, act))} for name, shows in everybody.items()
    ]


def _order(body: bytes) -> Json:
    try:
        order = json.loads(body or b"{}")
    except ValueError:
        raise UsageError("the order is not JSON") from None
    if not isinstance(order, dict):
        raise UsageError("the order is not a JSON object")
    return order


def _word(order: Json, name: str) -> str:
    value = order.get(name)
    if not isinstance(value, str):
        raise UsageError(f"{name} is missing or not a text")
    return value


def _text(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, default=str).encode()
