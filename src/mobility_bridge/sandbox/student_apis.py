"""The APIs about students, served for one university: as the sending one of some, the receiving one of others.

Source: EWP mobilities: parameters 1.5, permissions 1.6, invalid input 1.7, conflicts 3.6, nominations 4.3.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import parse_qsl

from mobility_bridge.kit.xml import Element, XmlRefused, parse
from mobility_bridge.sandbox import student_documents as documents
from mobility_bridge.sandbox.faults import Answer, DroppedError, Fault
from mobility_bridge.sandbox.signature import Received, RefusedError
from mobility_bridge.sandbox.stage import Stage
from mobility_bridge.sandbox.students import Stay, decide

_YEAR: Final = re.compile(r"[0-9]{4}/[0-9]{4}")
_DATE_TIME: Final = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?(Z|[+-][0-9]{2}:[0-9]{2})"
)
_BODY_LIMIT: Final = 1_000_000
CNRS: Final = ("omobility-cnr", "omobility-la-cnr", "imobility-cnr", "imobility-tor-cnr")
AS_SENDER: Final = (
    "omobilities/index",
    "omobilities/get",
    "omobilities/update",
    "omobility-las/index",
    "omobility-las/get",
    "omobility-las/update",
)
AS_RECEIVER: Final = ("imobilities/get", "imobility-tors/index", "imobility-tors/get")
Parameters = Mapping[str, list[str]]


@dataclass(frozen=True, slots=True)
class Asked:
    """A call of one endpoint: by whom, with which parameters, or with which document."""

    caller: str
    parameters: Parameters
    body: bytes


class StudentApis:
    """Answers for one university. `name` is by which its faults are switched; `offered` which endpoints it has."""

    def __init__(
        self,
        hei_id: str,
        stage: Stage,
        *,
        limit: int = 5,
        offered: Sequence[str] = (*AS_SENDER, *AS_RECEIVER, *CNRS),
        name: str | None = None,
    ) -> None:
        self._hei_id = hei_id
        self._stage = stage
        self._limit = limit
        self._offered = offered
        self._name = name or hei_id
        self._handlers: Mapping[str, Callable[[Asked], Answer]] = {
            "omobilities/index": self._nominations_index,
            "omobilities/get": self._nominations_get,
            "omobilities/update": self._nominations_update,
            "omobility-las/index": self._las_index,
            "omobility-las/get": self._las_get,
            "omobility-las/update": self._las_update,
            "imobilities/get": self._imobilities_get,
            "imobility-tors/index": self._tors_index,
            "imobility-tors/get": self._tors_get,
            **{api: self._notified(api) for api in CNRS},
        }

    def offers(self, endpoint: str) -> bool:
        return endpoint in self._offered

    def respond(self, endpoint: str, request: Received, caller: str) -> Answer:
        """Answer one call of a known caller. Raises RefusedError, and DroppedError for no answer at all."""
        posts_only = endpoint in CNRS or endpoint.endswith("/update")
        methods = ("POST",) if posts_only else ("GET", "POST")
        if request.method not in methods:
            raise RefusedError(405, f"{endpoint} does not take {request.method}.")
        parameters: dict[str, list[str]] = {}
        if not endpoint.endswith("/update"):
            parameters = _parameters(request)
        answer = self._handlers[endpoint](Asked(caller, parameters, request.body))
        if endpoint.endswith("/update") and any(each.swallows_updates for each in self._faults()):
            raise DroppedError
        return answer

    def _faults(self) -> list[Fault]:
        return self._stage.faults_of(self._name)

    def _shown(self, stays: Iterable[Stay]) -> list[Stay]:
        found = list(stays)
        for fault in self._faults():
            found = fault.stays(found)
        return found

    def _sent(self, caller: str) -> list[Stay]:
        """The mobilities of our own students that this caller may see."""
        stays = self._stage.world.stays.sent_by(self._hei_id)
        return [each for each in stays if caller in (each.sending_hei_id, each.receiving_hei_id)]

    def _received(self, caller: str) -> list[Stay]:
        stays = self._stage.world.stays.received_by(self._hei_id)
        return [each for each in stays if caller in (each.sending_hei_id, each.receiving_hei_id)]

    def _nominations_index(self, asked: Asked) -> Answer:
        found = _since(self._sent(asked.caller), asked.parameters, lambda each: each.modified_at)
        found = _in_year(found, asked.parameters)
        found = _of_person(found, asked.parameters)
        wanted = asked.parameters.get("activity_attributes", [])
        found = [each for each in found if not wanted or each.nomination.activity in wanted]
        return Answer(200, documents.omobilities_index(each.omobility_id for each in found))

    def _nominations_get(self, asked: Asked) -> Answer:
        wanted = self._ids(asked.parameters)
        found = [each for each in self._sent(asked.caller) if each.omobility_id in wanted]
        return Answer(200, documents.omobilities_get(self._shown(found)))

    def _nominations_update(self, asked: Asked) -> Answer:
        order = _order(asked.body, "omobilities-update-request")
        how, stay = self._decided_on(order, asked.caller)
        proposal_id = _needed(order, "proposal-id")
        comment = _needed(order, "comment") if how == "reject-proposal-v1" else None
        if self._conflicts():
            self._stage.about_students("resubmit", omobility_id=stay.omobility_id)
            return Answer(409, documents.conflict("There is a newer proposal."))
        approve = how == "approve-proposal-v1"
        after = decide(stay, proposal_id, approve=approve, comment=comment)
        if after is None:
            return Answer(409, documents.conflict("This is not the current proposal, or it is decided."))
        if after is not stay:
            self._stage.about_students(
                "decide_nomination", omobility_id=stay.omobility_id, approve=approve, comment=comment
            )
        return Answer(200, documents.omobilities_updated("Thank you."))

    def _las_index(self, asked: Asked) -> Answer:
        self._insist_on_sender(asked.parameters)
        found = [each for each in self._sent(asked.caller) if each.la is not None and each.la.visible]
        found = _since(found, asked.parameters, lambda each: each.modified_at)
        found = _of_person(_in_year(found, asked.parameters), asked.parameters)
        receivers = asked.parameters.get("receiving_hei_id", [])
        found = [each for each in found if not receivers or each.receiving_hei_id in receivers]
        kinds = asked.parameters.get("mobility_type", [])
        found = [each for each in found if not kinds or (each.la and each.la.mobility_type in kinds)]
        return Answer(200, documents.las_index(each.omobility_id for each in found))

    def _las_get(self, asked: Asked) -> Answer:
        self._insist_on_sender(asked.parameters)
        wanted = self._ids(asked.parameters)
        found = [
            each
            for each in self._sent(asked.caller)
            if each.omobility_id in wanted and each.la is not None and each.la.visible
        ]
        return Answer(200, documents.las_get(self._shown(found)))

    def _las_update(self, asked: Asked) -> Answer:
        order = _order(asked.body, "omobility-las-update-request")
        how, stay = self._decided_on(order, asked.caller)
        if _needed(order, "sending-hei-id") != stay.sending_hei_id:
            raise RefusedError(400, "sending-hei-id is not that of this mobility.")
        proposal_id, signature = _needed(order, "changes-proposal-id"), _signature(order)
        comment = _needed(order, "comment") if how == "comment-proposal-v1" else None
        if self._conflicts():
            self._stage.about_students("resubmit_la", omobility_id=stay.omobility_id)
            return Answer(409, documents.conflict("There is a newer proposal."))
        la = stay.la
        if la is None or la.proposal is None or la.proposal.proposal_id != proposal_id:
            return Answer(409, documents.conflict("This is not the current proposal."))
        act = "approve_la" if comment is None else "refuse_la"
        more = {} if comment is None else {"comment": comment}
        self._stage.about_students(
            act, omobility_id=stay.omobility_id, proposal_id=proposal_id, signature=signature, **more
        )
        return Answer(200, documents.las_updated("Thank you."))

    def _conflicts(self) -> bool:
        return any(each.conflicts_on_updates for each in self._faults())

    def _decided_on(self, order: Element, caller: str) -> tuple[str, Stay]:
        """Which update it is, and what about. Only the receiving university may decide."""
        known = ("approve-proposal-v1", "comment-proposal-v1", "reject-proposal-v1")
        how = next((_local(each) for each in order if _local(each) in known), None)
        if how is None:
            raise RefusedError(400, "The update is of no known type.")
        stay = self._stage.world.stays.by_id.get(_needed(order, "omobility-id"))
        if stay is None or stay.sending_hei_id != self._hei_id or stay.receiving_hei_id != caller:
            raise RefusedError(400, "There is no such mobility.")
        return how, stay

    def _imobilities_get(self, asked: Asked) -> Answer:
        wanted = self._ids(asked.parameters)
        found = [each for each in self._received(asked.caller) if each.omobility_id in wanted]
        return Answer(200, documents.imobilities_get(self._shown(found)))

    def _tors_index(self, asked: Asked) -> Answer:
        found = [each for each in self._received(asked.caller) if each.transcript is not None]
        found = _since(found, asked.parameters, lambda each: each.received_at)
        return Answer(200, documents.tors_index(each.omobility_id for each in found))

    def _tors_get(self, asked: Asked) -> Answer:
        wanted = self._ids(asked.parameters)
        found = [
            e for e in self._received(asked.caller) if e.omobility_id in wanted and e.transcript is not None
        ]
        return Answer(200, documents.tors_get(self._shown(found)))

    def _notified(self, api: str) -> Callable[[Asked], Answer]:
        def take(asked: Asked) -> Answer:
            if api == "omobility-la-cnr" and len(asked.parameters.get("sending_hei_id", [])) != 1:
                raise RefusedError(400, "sending_hei_id is wanted once.")
            for each in self._ids(asked.parameters):
                self._stage.notify_student(self._hei_id, api.removesuffix("-cnr"), each)
            return Answer(200, documents.cnr_response(api))

        return take

    def _ids(self, parameters: Parameters) -> list[str]:
        ids = parameters.get("omobility_id", [])
        if not ids:
            raise RefusedError(400, "omobility_id is missing.")
        if len(ids) > self._limit:
            raise RefusedError(400, f"omobility_id: {len(ids)} values given, at most {self._limit} accepted.")
        return ids

    def _insist_on_sender(self, parameters: Parameters) -> None:
        given = parameters.get("sending_hei_id", [])
        if len(given) != 1:
            raise RefusedError(400, f"sending_hei_id is wanted once, not {len(given)} times.")
        if given[0] != self._hei_id:
            raise RefusedError(400, f"This is not the host of {given[0]}.")


def _parameters(request: Received) -> dict[str, list[str]]:
    text = request.body.decode("utf-8", "replace")
    if request.method == "GET":
        text = request.target.partition("?")[2]
    found: dict[str, list[str]] = {}
    for name, value in parse_qsl(text, keep_blank_values=True):
        found.setdefault(name, []).append(value)
    return found


def _since(stays: list[Stay], parameters: Parameters, moment: Callable[[Stay], datetime]) -> list[Stay]:
    values = parameters.get("modified_since", [])
    if not values:
        return stays
    if len(values) > 1 or not _DATE_TIME.fullmatch(values[0]):
        raise RefusedError(400, "modified_since wants one date with time and zone; a plus is written %2B.")
    try:
        since = datetime.fromisoformat(values[0]).astimezone(UTC)
    except ValueError:
        raise RefusedError(400, "modified_since is not a date that exists.") from None
    return [each for each in stays if moment(each) > since]


def _in_year(stays: list[Stay], parameters: Parameters) -> list[Stay]:
    years = parameters.get("receiving_academic_year_id", [])
    if len(years) > 1 or not all(_YEAR.fullmatch(year) for year in years):
        raise RefusedError(400, "receiving_academic_year_id wants one value such as 2026/2027.")
    return [each for each in stays if not years or each.nomination.receiving_year in years]


def _of_person(stays: list[Stay], parameters: Parameters) -> list[Stay]:
    wanted = parameters.get("global_id", [])
    return [each for each in stays if not wanted or each.student.global_id in wanted]


def _order(body: bytes, root: str) -> Element:
    try:
        order = parse(body, limit=_BODY_LIMIT)
    except XmlRefused:
        raise RefusedError(400, "The body is not XML.") from None
    if _local(order) != root:
        raise RefusedError(400, f"The body is not a {root}.")
    return order


def _local(element: Element) -> str:
    return str(element.tag).rpartition("}")[2]


def _needed(order: Element, name: str) -> str:
    for each in order.iter():
        if _local(each) == name and (each.text or "").strip():
            return (each.text or "").strip()
    raise RefusedError(400, f"{name} is missing.")


def _signature(order: Element) -> dict[str, Any]:
    """The signature as plain values; only its time is required."""
    found = next((each for each in order.iter() if _local(each) == "signature"), None)
    if found is None:
        raise RefusedError(400, "signature is missing.")
    values = {_local(each).removeprefix("signer-"): (each.text or "").strip() for each in found}
    try:
        values["at"] = datetime.fromisoformat(values.pop("timestamp", "")).isoformat()
    except ValueError:
        raise RefusedError(400, "timestamp is missing or not a date with time.") from None
    known = {"name": "name", "position": "position", "email": "email", "app": "application", "at": "at"}
    return {known[name]: value for name, value in values.items() if name in known}
