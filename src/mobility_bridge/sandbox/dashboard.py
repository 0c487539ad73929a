"""The EWP Dashboard: the node that serves what we say of students, and trades in CSV.

Over the network, for our own client key and for the partners: `ewp/omobilities/{index,get,update}` and
`ewp/omobility-las/{index,get,update}` of those whom we send, `ewp/imobilities/get` and
`ewp/imobility-tors/{index,get}` of those who come.
For people: `csv/learning-agreements.csv` and `csv/agreements.csv` to take out, `POST
csv/learning-agreements.csv` to hand in pre-filled ones; the answer is a verdict for each row.

Source: EWP mobilities: permissions 1.6, learning agreement lifecycle 3; the CSV columns are this sandbox's own.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from mobility_bridge.errors import UsageError
from mobility_bridge.sandbox import dashboard_csv
from mobility_bridge.sandbox.cast import LISTED, NORDHAV
from mobility_bridge.sandbox.faults import DASHBOARD, FAULTS, STUDENT_FAULTS, Answer
from mobility_bridge.sandbox.keys import DASHBOARD as KEY
from mobility_bridge.sandbox.keys import KeyRing
from mobility_bridge.sandbox.partner import HOSTS, Sent, refusal, signed_answer
from mobility_bridge.sandbox.signature import Received, RefusedError, check_request, key_id
from mobility_bridge.sandbox.stage import Stage
from mobility_bridge.sandbox.student_apis import StudentApis
from mobility_bridge.sandbox.world import OWN_HEI_ID

_OFFERED: Final = (
    "omobilities/index",
    "omobilities/get",
    "omobilities/update",
    "omobility-las/index",
    "omobility-las/get",
    "omobility-las/update",
    "imobilities/get",
    "imobility-tors/index",
    "imobility-tors/get",
)
_OF_HOSTS: Final = (
    "signs_with_old_key",
    "answers_503",
    "answers_slowly",
    "answers_garbage",
    "truncates_body",
    "invalid_error_document",
    "refuses_us",
)
DASHBOARD_FAULTS: Final = (
    *_OF_HOSTS,
    "missing_family_name",
    "unknown_reason_code",
    "changes_do_not_apply",
    "conflict_on_update",
    "swallows_update_answer",
)
"""What can be switched on: the partners' faults that mean something here."""


class Dashboard:
    """Answers for the Dashboard; `faults` and `switch` make it one of the stage's systems."""

    def __init__(self, stage: Stage, ring: KeyRing) -> None:
        self._stage = stage
        self._ring = ring
        self._apis = StudentApis(
            OWN_HEI_ID, stage, limit=NORDHAV.max_omobility_ids, offered=_OFFERED, name=DASHBOARD
        )
        keys = {OWN_HEI_ID: ring.client, **{hei.hei_id: ring.servers[hei.hei_id] for hei in LISTED}}
        self._keys = {key_id(key.public_key()): key.public_key() for key in keys.values()}
        self._callers: Mapping[str, str] = {key_id(key.public_key()): name for name, key in keys.items()}
        self._on: list[str] = []

    @property
    def faults(self) -> list[str]:
        """Names of the faults that are on."""
        return list(self._on)

    def switch(self, name: str, *, on: bool) -> None:
        """Switch one fault on or off. Raises UsageError for a name that is none."""
        if name not in DASHBOARD_FAULTS:
            raise UsageError(
                f"the Dashboard has no fault {name!r}",
                next_step=f"Choose one of: {', '.join(DASHBOARD_FAULTS)}.",
            )
        self._on = [each for each in self._on if each != name] + ([name] if on else [])

    def repair(self) -> None:
        """Switch every fault off."""
        self._on = []

    async def respond(self, path: str, request: Received) -> Sent:
        """Answer one call below `/dashboard/`. Raises DroppedError."""
        self._stage.requests[f"dashboard {path}"] += 1
        if path.startswith("ewp/"):
            return await self._network(path.removeprefix("ewp/"), request)
        return self._people(path, request)

    async def _network(self, endpoint: str, request: Received) -> Sent:
        known = {**FAULTS, **STUDENT_FAULTS}
        faults = [known[name] for name in self._on]
        for fault in faults:
            await fault.arrives(endpoint, self._stage.slow_s)
        answer, key_name = self._answer(endpoint, request), KEY
        for fault in faults:
            answer = fault.answer(endpoint, answer)
            key_name = fault.key(key_name)
        now = self._stage.clock()
        sent = signed_answer(request, answer, self._ring.servers[key_name], now, NORDHAV)
        body = sent.body
        for fault in faults:
            body = fault.sent(endpoint, body)
        return replace(sent, body=body)

    def _answer(self, endpoint: str, request: Received) -> Answer:
        if not self._apis.offers(endpoint):
            return refusal(RefusedError(404, f"There is nothing at {endpoint}."))
        try:
            caller = self._callers[check_request(request, self._keys, HOSTS, self._stage.clock())]
            return self._apis.respond(endpoint, request, caller)
        except RefusedError as refused:
            return refusal(refused)

    def _people(self, path: str, request: Received) -> Sent:
        if "answers_503" in self._on:
            return Sent(
                503, (("content-type", "text/html"),), b"<html><body>Down for maintenance</body></html>"
            )
        world = self._stage.world
        if (request.method, path) == ("GET", "csv/learning-agreements.csv"):
            return _csv(dashboard_csv.learning_agreements(world))
        if (request.method, path) == ("GET", "csv/agreements.csv"):
            return _csv(dashboard_csv.agreements(world))
        if (request.method, path) == ("POST", "csv/learning-agreements.csv"):
            verdicts = dashboard_csv.take(self._stage, request.body)
            return _csv(dashboard_csv.answer(verdicts))
        return Sent(404, (("content-type", "text/plain"),), b"not found")


def _csv(text: str) -> Sent:
    return Sent(200, (("content-type", "text/csv; charset=utf-8"),), text.encode())
