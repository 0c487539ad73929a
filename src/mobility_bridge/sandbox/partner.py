"""One partner's EWP host: a correct one, until faults say otherwise.

Source: EWP IIAs API 7.0.0, IIAs Approval API 2.0.0, CNR APIs 3.0.0 and 2.0.0, Echo API 2.0.1.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from urllib.parse import parse_qsl

from cryptography.hazmat.primitives.asymmetric import rsa

from mobility_bridge.sandbox import documents
from mobility_bridge.sandbox.cast import Hei
from mobility_bridge.sandbox.faults import Answer
from mobility_bridge.sandbox.fingerprint import hash_of
from mobility_bridge.sandbox.keys import KeyRing
from mobility_bridge.sandbox.recipes import declared_hash
from mobility_bridge.sandbox.signature import (
    Received,
    RefusedError,
    check_request,
    digest,
    http_date,
    parse,
    signature_header,
)
from mobility_bridge.sandbox.stage import Stage
from mobility_bridge.sandbox.student_apis import StudentApis
from mobility_bridge.sandbox.world import OWN_HEI_ID, PartnerApproval, PartnerCopy

HOSTS = ("localhost", "127.0.0.1")
_YEAR = re.compile(r"[0-9]{4}/[0-9]{4}")
_DATE_TIME = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?(Z|[+-][0-9]{2}:[0-9]{2})?"
)
Parameters = Mapping[str, list[str]]


@dataclass(frozen=True, slots=True)
class Sent:
    """An answer as it goes out."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes


class PartnerHost:
    """Answers for one HEI."""

    def __init__(
        self, hei: Hei, stage: Stage, ring: KeyRing, client_keys: Mapping[str, rsa.RSAPublicKey]
    ) -> None:
        self._hei = hei
        self._stage = stage
        self._ring = ring
        self._client_keys = client_keys
        self._endpoints: Mapping[str, tuple[str, Callable[[Parameters], Answer]]] = {
            "iias/index": ("GET POST", self._index),
            "iias/get": ("GET POST", self._get),
            "iias-approval": ("GET POST", self._approvals),
            "iia-cnr": ("POST", self._iia_cnr),
            "iia-approval-cnr": ("POST", self._approval_cnr),
            "echo": ("GET POST", self._echo),
        }
        self._students = StudentApis(hei.hei_id, stage, limit=hei.max_omobility_ids)

    async def respond(self, endpoint: str, request: Received) -> Sent:
        """Answer one request. Raises DroppedError when the connection is to be closed instead."""
        self._stage.requests[f"{self._hei.hei_id} {endpoint}"] += 1
        faults = self._stage.faults_of(self._hei.hei_id)
        for fault in faults:
            await fault.arrives(endpoint, self._stage.slow_s)
        answer = self._answer(endpoint, request)
        key_name = self._hei.hei_id
        for fault in faults:
            answer = fault.answer(endpoint, answer)
            key_name = fault.key(key_name)
        now = self._stage.clock()
        sent = signed_answer(request, answer, self._ring.servers[key_name], now, self._hei)
        body = sent.body
        for fault in faults:
            body = fault.sent(endpoint, body)
        return replace(sent, body=body)

    def _answer(self, endpoint: str, request: Received) -> Answer:
        try:
            check_request(request, self._client_keys, HOSTS, self._stage.clock())
            if self._hei.student_apis and self._students.offers(endpoint):
                # The only client key that partners know is ours.
                return self._students.respond(endpoint, request, OWN_HEI_ID)
            return self._handler(endpoint, request.method)(_parameters(request))
        except RefusedError as refused:
            return refusal(refused)

    def _handler(self, endpoint: str, method: str) -> Callable[[Parameters], Answer]:
        if endpoint not in self._endpoints:
            raise RefusedError(404, f"There is nothing at {endpoint}.")
        methods, handle = self._endpoints[endpoint]
        if method not in methods.split():
            raise RefusedError(405, f"{endpoint} takes {methods}, not {method}.")
        return handle

    def _index(self, parameters: Parameters) -> Answer:
        years = parameters.get("receiving_academic_year_id", [])
        if not all(_YEAR.fullmatch(year) for year in years):
            raise RefusedError(400, "receiving_academic_year_id wants values such as 2026/2027.")
        since = _since(parameters.get("modified_since", []))
        if not self._hei.since_honoured:
            since = None
        ids = [
            each.copy.iia_id
            for each in self._copies()
            if not each.unlisted
            and (since is None or self._modified_at(each) > since)
            and (not years or any(_covers(each, year) for year in years))
        ]
        for fault in self._stage.faults_of(self._hei.hei_id):
            ids = fault.index(ids)
        return Answer(200, documents.index_response(ids))

    def _get(self, parameters: Parameters) -> Answer:
        wanted = _ids(parameters, self._hei.max_iia_ids)
        copies = [each.copy for each in self._copies() if each.copy.iia_id in wanted and not each.unreadable]
        return Answer(200, documents.get_response((copy, declared_hash(copy)) for copy in copies))

    def _approvals(self, parameters: Parameters) -> Answer:
        wanted = _ids(parameters, self._hei.max_approval_ids)
        world = self._stage.world
        given = world.partner_approvals(self._hei.hei_id)
        approvals = [self._current(given[each]) for each in dict.fromkeys(wanted) if each in given]
        for fault in self._stage.faults_of(self._hei.hei_id):
            approvals = fault.approvals(approvals, world)
        return Answer(200, documents.approval_response(approvals), approvals=tuple(approvals))

    def _iia_cnr(self, parameters: Parameters) -> Answer:
        self._stage.notify(self._hei.hei_id, "iia", _one_id(parameters))
        return Answer(200, documents.cnr_response())

    def _approval_cnr(self, parameters: Parameters) -> Answer:
        self._stage.notify(self._hei.hei_id, "iia_approval", _one_id(parameters))
        return Answer(200, documents.approval_cnr_response())

    def _echo(self, parameters: Parameters) -> Answer:
        return Answer(200, documents.echo_response([OWN_HEI_ID], parameters.get("echo", [])))

    def _copies(self) -> list[PartnerCopy]:
        world = self._stage.world
        copies = list(world.partner_copies(self._hei.hei_id).values())
        for fault in self._stage.faults_of(self._hei.hei_id):
            copies = fault.copies(copies, world)
        return copies

    def _modified_at(self, copy: PartnerCopy) -> datetime:
        return max(copy.modified_at, self._stage.touched_at.get(self._hei.hei_id, copy.modified_at))

    def _current(self, approval: PartnerApproval) -> PartnerApproval:
        ours = self._stage.world.ours.get(approval.iia_id)
        if not approval.follows or ours is None:
            return approval
        return replace(approval, iia_hash=hash_of(ours.copy))


def signed_answer(request: Received, answer: Answer, key: rsa.RSAPrivateKey, now: datetime, hei: Hei) -> Sent:
    """An answer with the headers and the signature that a host with these habits gives it."""
    values = {hei.date_header: http_date(now), "digest": digest(answer.body)}
    if "x-request-id" in request.headers:
        values["x-request-id"] = request.headers["x-request-id"]
    authorization = parse(request.headers.get("authorization", "").partition(" ")[2])
    if authorization is not None:
        values["x-request-signature"] = authorization.signature
    values["content-type"] = answer.content_type
    values.update(answer.headers)
    names = list(values)
    if hei.signs_target:
        names.insert(0, "(request-target)")
    target = {"(request-target)": f"{request.method.lower()} {request.target}"}
    values["signature"] = signature_header(key, names, {**values, **target})
    # An unsigned Date is what web servers add; it must not disturb those that sign Original-Date.
    values.setdefault("date", http_date(now))
    return Sent(answer.status, tuple(values.items()), answer.body)


def _parameters(request: Received) -> dict[str, list[str]]:
    if request.method == "POST":
        text = request.body.decode("utf-8", "replace")
    else:
        text = request.target.partition("?")[2]
    found: dict[str, list[str]] = {}
    for name, value in parse_qsl(text, keep_blank_values=True):
        found.setdefault(name, []).append(value)
    return found


def _ids(parameters: Parameters, limit: int) -> list[str]:
    ids = parameters.get("iia_id", [])
    if not ids:
        raise RefusedError(400, "iia_id is missing.")
    if len(ids) > limit:
        raise RefusedError(400, f"iia_id: {len(ids)} values given, at most {limit} accepted.")
    return ids


def _one_id(parameters: Parameters) -> str:
    ids = parameters.get("iia_id", [])
    if len(ids) != 1:
        raise RefusedError(400, f"iia_id is wanted once, not {len(ids)} times.")
    return ids[0]


def _since(values: list[str]) -> datetime | None:
    if not values:
        return None
    if len(values) > 1 or not _DATE_TIME.fullmatch(values[0]):
        raise RefusedError(400, "modified_since wants one date with time and zone.")
    try:
        since = datetime.fromisoformat(values[0])
    except ValueError:
        raise RefusedError(400, "modified_since is not a date that exists.") from None
    return since if since.tzinfo else since.replace(tzinfo=UTC)


def _covers(copy: PartnerCopy, year: str) -> bool:
    return any(each.first_year[:4] <= year[:4] <= each.last_year[:4] for each in copy.copy.conditions)


def refusal(refused: RefusedError) -> Answer:
    headers: tuple[tuple[str, str], ...] = ()
    if refused.status == 401:
        headers = (("www-authenticate", 'Signature realm="EWP"'), ("want-digest", "SHA-256"))
    return Answer(refused.status, documents.error_response(refused.message), headers=headers)
